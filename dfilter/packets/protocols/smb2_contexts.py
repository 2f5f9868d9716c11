"""SMB2's lists of contexts: on negotiation (MS-SMB2 section 2.2.3.1) and on create (section 2.2.13.2).

In: a message and the place of a list.  Out: the fields of its contexts.  What always holds: each step goes forward,
so that a list ends; a context whose name is not known shows its length only.
"""

from __future__ import annotations

from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.protocols.smb2_flags import ACCESS_MASK, LEASE_FLAGS, LEASE_STATE
from dfilter.packets.region import Region
from dfilter.packets.view import Layer

PREAUTH, ENCRYPTION, COMPRESSION, NETNAME, TRANSPORT, RDMA, SIGNING, POSIX = 1, 2, 3, 5, 6, 7, 8, 0x100
_N = "smb2.negotiate_context."


def fill_negotiate_contexts(cursor: Cursor, offset: int, count: int) -> None:
    """`count` contexts, each on a multiple of 8 bytes, from `offset` of the message."""
    cursor.at = offset
    for index in range(count):
        if index:
            cursor.at = (cursor.at + 7) & ~7
        if cursor.left < 8:
            return
        kind = cursor.u16(_N + "type")
        length = cursor.u16(_N + "data_length")
        cursor.raw("smb2.reserved", 4)
        start = cursor.at
        if length:
            _fill_negotiate_context(cursor, kind, length)
        cursor.at = start + length


def _fill_negotiate_context(cursor: Cursor, kind: int, length: int) -> None:
    if kind == PREAUTH:
        hashes = cursor.u16(_N + "hash_alg_count")
        salt = cursor.u16(_N + "salt_length")
        _fill_list(cursor, _N + "hash_algorithm", hashes)
        if salt:
            cursor.raw(_N + "salt", salt)
    elif kind == ENCRYPTION:
        _fill_list(cursor, _N + "cipher_id", cursor.u16(_N + "cipher_count"))
    elif kind == COMPRESSION:
        count = cursor.u16(_N + "comp_alg_count")
        cursor.skip(2)
        flags, at = cursor.peek(4), cursor.absolute
        cursor.flags(_N + "comp_alg_flags", 4, ((_N + "comp_alg_flags.chained", 1),))
        cursor.layer.add(_N + "comp_alg_flags.reserved", flags >> 1, at, 4)
        _fill_list(cursor, _N + "comp_alg_id", count)
    elif kind == NETNAME:
        cursor.utf16(_N + "netname", length)
    elif kind == TRANSPORT:
        cursor.u32(_N + "transport_flags")
    elif kind == RDMA:
        count = cursor.u16(_N + "rdma_transform_count")
        cursor.u16(_N + "rdma_transform_reserved1")
        cursor.u32(_N + "rdma_transform_reserved2")
        _fill_list(cursor, _N + "rdma_transform_id", count)
    elif kind == SIGNING:
        _fill_list(cursor, _N + "signing_id", cursor.u16(_N + "signing_alg_count"))
    elif kind == POSIX:
        cursor.raw(_N + "posix_reserved", length)
    else:
        cursor.raw("smb2.unknown", length)


def _fill_list(cursor: Cursor, name: str, count: int) -> None:
    for _ in range(count):
        cursor.u16(name)


def fill_create_contexts(layer: Layer, region: Region) -> None:
    """The list of create contexts that `region` holds."""
    while region.reported_length >= 16:
        cursor = Cursor(layer, region)
        step = cursor.u32("smb2.create.chain_offset")
        name_at, name_size = region.le16(4), region.le32(6)
        data_at, data_size = region.le16(10), region.le32(12)
        name = region.clipped(name_at, name_size)
        layer.add("smb2.tag", name.rest().decode("ascii", "replace"), name.start, name.length)
        _add_blob(layer, region, 4, name_at, name_size)
        _add_blob(layer, region, 10, data_at, data_size)
        data = region.clipped(data_at, data_size)
        layer.add("smb2.create.chain_data", None, data.start, data.length)
        if data.length:
            _fill_create_context(Cursor(layer, data), name.rest())
        if step < 16 or step >= region.reported_length:
            return
        region = region.sub(step)


def _add_blob(layer: Layer, region: Region, at: int, offset: int, length: int) -> None:
    layer.add("smb2.olb.offset", offset, region.start + at, 2)
    layer.add("smb2.olb.length", length, region.start + at + 2, 4)


def _fill_create_context(cursor: Cursor, name: bytes) -> None:
    response = bool(cursor.layer.state.response)
    if name == b"MxAc":
        _fill_maximal_access(cursor, response)
    elif name == b"RqLs":
        _fill_lease(cursor)
    elif name == b"QFid" and response:
        cursor.captured("smb2.qfid_fid", cursor.left)
    elif name == b"AlSi":
        cursor.u64("smb2.allocation_size")
    elif name == b"TWrp":
        cursor.filetime("smb2.twrp_timestamp")
    elif name == b"DHnQ":
        if response:
            cursor.u64("smb2.dhnq_buffer_reserved")
        else:
            cursor.guid("smb2.fid")
    elif name == b"DHnC":
        cursor.guid("smb2.fid")
    elif name in (b"DH2Q", b"DH2C"):
        _fill_durable(cursor, name, response)


def _fill_maximal_access(cursor: Cursor, response: bool) -> None:
    if response:
        cursor.u32("smb2.mxac_status")
        cursor.flags("smb.access_mask", 4, ACCESS_MASK)
    elif cursor.left >= 8:
        cursor.filetime("smb2.mxac_timestamp")


def _fill_lease(cursor: Cursor) -> None:
    cursor.guid("smb2.lease.lease_key")
    cursor.flags("smb2.lease.lease_state", 4, LEASE_STATE)
    cursor.flags("smb2.lease.lease_flags", 4, LEASE_FLAGS)
    cursor.u64("smb2.lease.lease_duration")
    if cursor.left >= 20:
        cursor.guid("smb2.lease.parent_lease_key")
        cursor.u16("smb2.lease.lease_oplock")
        cursor.u16("smb2.lease.lease_reserved")


def _fill_durable(cursor: Cursor, name: bytes, response: bool) -> None:
    persistent = (("smb2.dh2x.flags.persistent_handle", 2),)
    if response:
        cursor.u32("smb2.dh2x.timeout")
        cursor.u32("smb2.dh2x.flags")
    elif name == b"DH2Q":
        cursor.u32("smb2.dh2x.timeout")
        cursor.flags("smb2.dh2x.flags", 4, persistent)
        cursor.raw("smb2.dh2x.reserved", 8)
        cursor.guid("smb2.dh2x.create_guid")
    else:
        cursor.guid("smb2.fid")
        cursor.guid("smb2.dh2x.create_guid")
        cursor.flags("smb2.dh2x.flags", 4, persistent)
