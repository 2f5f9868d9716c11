"""OSPF version 2 (RFC 2328) and 3 (RFC 5340): the header and the five kinds of packet.

In: the bytes behind IP.  Out: one layer.  What always holds: what the header's length leaves is authentication data or
a block of local signaling, not part of the packet.
"""

from __future__ import annotations

from collections.abc import Callable

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed_table, header
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.protocols.ospf_lsa import LSA_FIELDS, fill_lsa, fill_options, lsa_kind
from dfilter.packets.region import Malformed, Region
from dfilter.packets.view import Layer, View

PROTOCOL_NUMBER = 89
HELLO, DESCRIPTION, REQUEST, UPDATE, ACKNOWLEDGEMENT = range(1, 6)
NAMES = {HELLO: "hello", DESCRIPTION: "dbdesc", REQUEST: "lsreq", UPDATE: "lsupdate", ACKNOWLEDGEMENT: "lsack"}
HEADER_LENGTHS = {2: 24, 3: 16}
NO_AUTHENTICATION, SIMPLE, CRYPTOGRAPHIC = 0, 1, 2
LSA_HEADER_LENGTH = 20

OSPF = Protocol(
    "ospf",
    "OSPF",
    fields=(
        header("ospf.version", T.UINT8, 0),
        header("ospf.msg", T.UINT8, 1),
        header("ospf.packet_length", T.UINT16, 2),
        header("ospf.srcrouter", T.IPv4, 4),
        header("ospf.area_id", T.IPv4, 8),
        header("ospf.checksum", T.UINT16, 12),
        *computed_table("\n".join(f"ospf.msg.{name} BOOLEAN" for name in NAMES.values())),
        *computed_table("""
            ospf.header                         NONE
            ospf.auth.type                      UINT16
            ospf.auth.none                      BYTES
            ospf.auth.simple                    STRING
            ospf.auth.crypt.key_id              UINT8
            ospf.auth.crypt.data_length         UINT8
            ospf.auth.crypt.seq_nbr             UINT32
            ospf.auth.crypt.data                BYTES
            ospf.instance_id                    UINT8
            ospf.reserved                       BYTES
            ospf.hello                          NONE
            ospf.hello.network_mask             IPv4
            ospf.hello.interface_id             UINT32
            ospf.hello.hello_interval           UINT32
            ospf.hello.router_priority          UINT8
            ospf.hello.router_dead_interval     UINT32
            ospf.hello.designated_router        IPv4
            ospf.hello.backup_designated_router IPv4
            ospf.hello.active_neighbor          IPv4
            ospf.db.interface_mtu               UINT16
            ospf.dbd                            UINT8
            ospf.dbd.r                          BOOLEAN
            ospf.dbd.i                          BOOLEAN
            ospf.dbd.m                          BOOLEAN
            ospf.dbd.ms                         BOOLEAN
            ospf.db.dd_sequence                 UINT32
            ospf.ls.number_of_lsas              UINT32
        """),
        *computed_table(LSA_FIELDS),
    ),
    over={"ip.proto": (PROTOCOL_NUMBER,)},
)
DESCRIPTION_FLAGS = (("ospf.dbd.r", 8), ("ospf.dbd.i", 4), ("ospf.dbd.m", 2), ("ospf.dbd.ms", 1))


@OSPF.dissector
def dissect_ospf(view: View, region: Region) -> None:
    region.need(0, 4)
    view.push(OSPF, region)


@OSPF.filler
def fill_ospf(layer: Layer) -> None:
    region = layer.region
    version, kind, length = region.u8(0), region.u8(1), region.u16(2)
    size = HEADER_LENGTHS.get(version)
    if size is None:
        return
    cursor = Cursor(layer, region, 14, big=True)
    layer.add("ospf.header", None, layer.start, size)
    if kind in NAMES:
        layer.add(f"ospf.msg.{NAMES[kind]}", True, layer.start + 1, 1)
    if version == 2:
        _fill_authentication(cursor, length)
    else:
        cursor.u8("ospf.instance_id")
        cursor.raw("ospf.reserved", 1)
    cursor.at = size
    packet = PACKETS.get(kind)
    if packet is not None:
        packet(Cursor(layer, region.clipped(0, length), size, big=True), version)


def _fill_authentication(cursor: Cursor, length: int) -> None:
    kind = cursor.u16("ospf.auth.type")
    if kind == NO_AUTHENTICATION:
        cursor.raw("ospf.auth.none", 8)
    elif kind == SIMPLE:
        cursor.text("ospf.auth.simple", 8)
    elif kind == CRYPTOGRAPHIC:
        cursor.skip(2)
        cursor.u8("ospf.auth.crypt.key_id")
        size = cursor.u8("ospf.auth.crypt.data_length")
        cursor.u32("ospf.auth.crypt.seq_nbr")
        cursor.at = length
        cursor.raw("ospf.auth.crypt.data", size)


def _fill_hello(cursor: Cursor, version: int) -> None:
    cursor.mark("ospf.hello", cursor.left)
    if version == 2:
        cursor.raw("ospf.hello.network_mask", 4)
        cursor.integer("ospf.hello.hello_interval", 2)
        fill_options(cursor, version)
        cursor.u8("ospf.hello.router_priority")
        cursor.u32("ospf.hello.router_dead_interval")
    else:
        cursor.u32("ospf.hello.interface_id")
        cursor.u8("ospf.hello.router_priority")
        fill_options(cursor, version)
        cursor.integer("ospf.hello.hello_interval", 2)
        cursor.integer("ospf.hello.router_dead_interval", 2)
    cursor.raw("ospf.hello.designated_router", 4)
    cursor.raw("ospf.hello.backup_designated_router", 4)
    while cursor.left >= 4:
        cursor.raw("ospf.hello.active_neighbor", 4)


def _fill_description(cursor: Cursor, version: int) -> None:
    if version == 2:
        cursor.u16("ospf.db.interface_mtu")
        fill_options(cursor, version)
    else:
        cursor.raw("ospf.reserved", 1)
        fill_options(cursor, version)
        cursor.u16("ospf.db.interface_mtu")
        cursor.raw("ospf.reserved", 1)
    cursor.flags("ospf.dbd", 1, DESCRIPTION_FLAGS)
    cursor.u32("ospf.db.dd_sequence")
    _fill_headers(cursor, version)


def _fill_headers(cursor: Cursor, version: int) -> None:
    while cursor.left >= LSA_HEADER_LENGTH:
        fill_lsa(cursor, version, with_body=False)


def _fill_requests(cursor: Cursor, version: int) -> None:
    while cursor.left >= 12:
        if version == 2:
            cursor.u32("ospf.lsa")
            cursor.raw("ospf.link_state_id", 4)
        else:
            cursor.raw("ospf.reserved", 2)
            lsa_kind(cursor)
            cursor.raw("ospf.link_state_id", 4)
        cursor.raw("ospf.advrouter", 4)


def _fill_update(cursor: Cursor, version: int) -> None:
    for _ in range(cursor.u32("ospf.ls.number_of_lsas")):
        start = cursor.at
        length = fill_lsa(cursor, version, with_body=True)
        if length < LSA_HEADER_LENGTH:
            raise Malformed("an LSA shorter than its header")
        cursor.at = start + length


PACKETS: dict[int, Callable[[Cursor, int], None]] = {
    HELLO: _fill_hello, DESCRIPTION: _fill_description, REQUEST: _fill_requests, UPDATE: _fill_update,
    ACKNOWLEDGEMENT: _fill_headers,
}  # fmt: skip


@OSPF.info_line
def ospf_info(layer: Layer) -> str:
    names = ("Hello Packet", "DB Description", "LS Request", "LS Update", "LS Acknowledge")
    kind = layer.region.u8(1)
    return names[kind - 1] if 1 <= kind <= len(names) else "Unknown packet"
