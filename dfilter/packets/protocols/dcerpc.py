"""DCE/RPC, connection oriented (C706 chapter 12, MS-RPCE section 2.2.2), over TCP and SMB pipes.

In: the bytes of a connection or a pipe.  Out: a layer for each fragment, and the security tokens in it.
What always holds: over TCP a conversation is taken for DCE/RPC only if its bytes look like it; stub data are not
taken apart.
"""

from __future__ import annotations

from collections import OrderedDict

from dfilter.packets.declare import Evidence, Protocol, computed_table
from dfilter.packets.protocols.cursor import Cursor, mask_table
from dfilter.packets.protocols.dcerpc_info import fragment_line
from dfilter.packets.protocols.gssapi import fill_verifier
from dfilter.packets.region import Malformed, Region
from dfilter.packets.streams.reassembly import NeedMore
from dfilter.packets.view import Layer, View
from dfilter.slotted import field, frozen, replace, slotted

REQUEST, RESPONSE, FAULT, BIND, BIND_ACK, BIND_NAK, ALTER, ALTER_RESP, AUTH3 = 0, 2, 3, 11, 12, 13, 14, 15, 16
_LAST_TYPE = 19
HEADER_LENGTH = 16
_SPNEGO, _NTLMSSP, _KERBEROS = 9, 10, 16
_PRIVACY = 6
"""The level of protection at which stub and padding are encrypted."""
_NEGOTIATION = (BIND, BIND_ACK, ALTER, ALTER_RESP, AUTH3)
_TIME_NEGOTIATION = bytes.fromhex("2c1cb76c12984045")
"""The first half of the syntax that negotiates features at bind time (MS-RPCE section 3.3.1.5.3)."""
_PROVIDER_REJECTION, _NEGOTIATE_ACK = 2, 3
MAX_CALLS = 4096
"""Calls of one connection that wait for their answer; the oldest is forgotten first."""

_FLAGS = mask_table("""
    dcerpc.cn_flags.object 0x80
    dcerpc.cn_flags.maybe 0x40
    dcerpc.cn_flags.dne 0x20
    dcerpc.cn_flags.mpx 0x10
    dcerpc.cn_flags.reserved 0x08
    dcerpc.cn_flags.cancel_pending 0x04
    dcerpc.cn_flags.last_frag 0x02
    dcerpc.cn_flags.first_frag 0x01
""")
_LOOK_AHEAD, _STATEFUL = ("dcerpc.response_in",), ("dcerpc.request_in", "dcerpc.time")

DCERPC = Protocol(
    "dcerpc",
    "DCERPC",
    fields=tuple(
        replace(declared, look_ahead=declared.name in _LOOK_AHEAD,
                stateful=declared.name in _LOOK_AHEAD + _STATEFUL)
        for declared in computed_table("""
            dcerpc.auth_ctx_id UINT32
            dcerpc.auth_info NONE
            dcerpc.auth_level UINT8
            dcerpc.auth_pad_len UINT8
            dcerpc.auth_padding BYTES
            dcerpc.auth_rsrvd UINT8
            dcerpc.auth_type UINT8
            dcerpc.cn_ack_reason UINT16
            dcerpc.cn_ack_result UINT16
            dcerpc.cn_ack_trans_id GUID
            dcerpc.cn_ack_trans_ver UINT32
            dcerpc.cn_alloc_hint UINT32
            dcerpc.cn_assoc_group UINT32
            dcerpc.cn_auth_len UINT16
            dcerpc.cn_bind_abstract_syntax NONE
            dcerpc.cn_bind_if_ver UINT16
            dcerpc.cn_bind_if_ver_minor UINT16
            dcerpc.cn_bind_to_uuid GUID
            dcerpc.cn_bind_trans NONE
            dcerpc.cn_bind_trans_btfn UINT16
            dcerpc.cn_bind_trans_btfn.01 BOOLEAN
            dcerpc.cn_bind_trans_btfn.02 BOOLEAN
            dcerpc.cn_bind_trans_id GUID
            dcerpc.cn_bind_trans_ver UINT32
            dcerpc.cn_call_id UINT32
            dcerpc.cn_cancel_count UINT8
            dcerpc.cn_ctx_id UINT16
            dcerpc.cn_ctx_id.no_bind NONE
            dcerpc.cn_ctx_item NONE
            dcerpc.stub_data BYTES
            dcerpc.cn_flags UINT8
            dcerpc.cn_flags.cancel_pending BOOLEAN
            dcerpc.cn_flags.dne BOOLEAN
            dcerpc.cn_flags.first_frag BOOLEAN
            dcerpc.cn_flags.last_frag BOOLEAN
            dcerpc.cn_flags.maybe BOOLEAN
            dcerpc.cn_flags.mpx BOOLEAN
            dcerpc.cn_flags.object BOOLEAN
            dcerpc.cn_flags.reserved BOOLEAN
            dcerpc.cn_frag_len UINT16
            dcerpc.cn_max_recv UINT16
            dcerpc.cn_max_xmit UINT16
            dcerpc.cn_num_ctx_items UINT8
            dcerpc.cn_num_results UINT8
            dcerpc.cn_num_trans_items UINT8
            dcerpc.cn_reject_reason UINT16
            dcerpc.cn_sec_addr STRINGZ
            dcerpc.cn_sec_addr_len UINT16
            dcerpc.cn_status UINT32
            dcerpc.drep BYTES
            dcerpc.drep.byteorder UINT8
            dcerpc.drep.character UINT8
            dcerpc.drep.fp UINT8
            dcerpc.obj_id GUID
            dcerpc.opnum UINT16
            dcerpc.pkt_type UINT8
            dcerpc.request_in FRAMENUM
            dcerpc.response_in FRAMENUM
            dcerpc.time RELATIVE_TIME
            dcerpc.ver UINT8
            dcerpc.ver_minor UINT8
        """)
    ),
    heuristics={"tcp": lambda view, region: looks_like(region)},
    evidence=Evidence(starts={"tcp": (((0, 0xFF, 5), (1, 0xFE, 0), (4, 0xEE, 0), (5, 0xFC, 0)),)}),
    carries=("gss-api", "ntlmssp", "data"),
    shares=("ntlmssp", "spnego"),
)  # fmt: skip


@slotted(eq=True)
class _Calls:
    """The contexts that were bound, and requests by call: frame, time and operation number."""

    bound: set[tuple[bytes, int]] = field(default_factory=set)
    waiting: OrderedDict[tuple[bytes, int], tuple[int, int, int]] = field(default_factory=OrderedDict)


@frozen
class _Fragment:
    """What the filler needs of a fragment; `opnum` also on a response, from its request."""

    kind: int
    little: bool
    opnum: int | None = None
    request: tuple[int, int] | None = None
    unbound: bool = False


def looks_like(region: Region) -> bool:
    """Version 5.0 or 5.1, a known type, and a data representation that exists."""
    if region.length < HEADER_LENGTH:
        return False
    head = region.bytes(0, HEADER_LENGTH)
    if head[0] != 5 or head[1] > 1 or head[2] > _LAST_TYPE:
        return False
    return head[4] & 0xEE == 0 and head[5] <= 3


@DCERPC.dissector
def dissect_dcerpc(view: View, region: Region) -> bool | None:
    at = 0
    while at < region.length:
        rest = region.sub(at)
        whole = region.length == region.reported_length and view.stream is not None and region.buf is not None
        streamed = whole and not view.by_name.get("smb2") and not view.by_name.get("smb")
        if streamed and at and rest.length < HEADER_LENGTH:
            raise NeedMore(rest.start, HEADER_LENGTH - rest.length)
        if not looks_like(rest):
            return False if at == 0 else None
        size = rest.le16(8) if rest.u8(4) >> 4 else rest.u16(8)
        if size < HEADER_LENGTH:
            return False if at == 0 else None
        if streamed and size > rest.length:
            raise NeedMore(rest.start, size - rest.length)
        _dissect_fragment(view, rest.clipped(0, size))
        at += size
    return None


def _dissect_fragment(view: View, region: Region) -> None:
    layer = view.push(DCERPC, region)
    kind, little = region.u8(2), bool(region.u8(4) >> 4)
    layer.state = _Fragment(kind, little)
    if not view.quoted:
        layer.state = _pair(view, layer, region, kind, little)
    token = _auth_token(region, little)
    if token is None:
        return
    auth_type, content = token
    protocols = view.session.catalogue.protocols
    if auth_type in (_SPNEGO, _KERBEROS):
        view.call_guarded(protocols["gss-api"], content)
    elif auth_type == _NTLMSSP and kind in _NEGOTIATION:
        view.call_guarded(protocols["ntlmssp"], content)


def _auth_token(region: Region, little: bool) -> tuple[int, Region] | None:
    """The kind of security and its token at the end of the fragment (MS-RPCE section 2.2.2.11)."""
    length = region.le16(10) if little else region.u16(10)
    at = region.reported_length - length - 8
    if length == 0 or at < HEADER_LENGTH or region.length < region.reported_length:
        return None
    return region.u8(at), region.sub(at + 8, length)


def _pair(view: View, layer: Layer, region: Region, kind: int, little: bool) -> _Fragment:
    """A response or fault answers the request of the same call on the same connection, if its context was bound."""
    session, frame, time = view.session, view.frame.number, view.frame.time or 0
    ends = b"".join(sorted(address + port.to_bytes(2, "big")
                           for address, port in zip(view.addresses, view.ports, strict=True)))  # fmt: skip
    calls = _calls(view)
    if kind in (BIND, ALTER):
        _note_contexts(calls, ends, region, little)
    if kind not in (REQUEST, RESPONSE, FAULT) or region.length < HEADER_LENGTH + 8:
        return _Fragment(kind, little)
    if (ends, region.le16(20) if little else region.u16(20)) not in calls.bound:
        return _Fragment(kind, little, unbound=True)
    key = (ends, region.le32(12) if little else region.u32(12))
    if kind == REQUEST:
        opnum = region.le16(22) if little else region.u16(22)
        if region.u8(3) & 1:
            calls.waiting[key] = (frame, time, opnum)
            if len(calls.waiting) > MAX_CALLS:
                calls.waiting.popitem(last=False)
        for answer in session.foresight_for("dcerpc.response_in", frame):
            for _ in range(_times_shown(region)):
                layer.add("dcerpc.response_in", answer, layer.start)
        return _Fragment(kind, little, opnum)
    found = calls.waiting.get(key)
    if found is None:
        return _Fragment(kind, little)
    session.foresee("dcerpc.response_in", found[0], frame)
    return _Fragment(kind, little, found[2], (found[0], time - found[1]))


def _times_shown(region: Region) -> int:
    """Wireshark shows the other frame of a call again with its arguments, which come with the last fragment."""
    return 2 if region.u8(3) & 2 else 1


def _note_contexts(calls: _Calls, ends: bytes, region: Region, little: bool) -> None:
    """The presentation contexts that a bind offers (MS-RPCE section 2.2.2.13)."""
    at, length = 28, region.length
    for _ in range(region.u8(24) if length > 24 else 0):
        if at + 4 > length or len(calls.bound) >= MAX_CALLS:
            return
        calls.bound.add((ends, region.le16(at) if little else region.u16(at)))
        at += 24 + 20 * region.u8(at + 2)


def _calls(view: View) -> _Calls:
    if view.stream is None:
        return view.session.memory("dcerpc", _Calls)
    calls = view.stream.conversation.state.setdefault("dcerpc", _Calls())
    assert isinstance(calls, _Calls)
    return calls


@DCERPC.filler
def fill_dcerpc(layer: Layer) -> None:
    region, fragment = layer.region, layer.state
    assert isinstance(fragment, _Fragment)
    cursor = Cursor(layer, region, big=not fragment.little)
    cursor.integers((("dcerpc.ver", 1), ("dcerpc.ver_minor", 1), ("dcerpc.pkt_type", 1)))
    flags = cursor.flags("dcerpc.cn_flags", 1, _FLAGS)
    drep, at = region.bytes(4, 4), cursor.absolute
    cursor.raw("dcerpc.drep", 4)
    layer.add("dcerpc.drep.byteorder", drep[0] >> 4, at, 1)
    layer.add("dcerpc.drep.character", drep[0] & 15, at, 1)
    layer.add("dcerpc.drep.fp", drep[1], at + 1, 1)
    cursor.integers((("dcerpc.cn_frag_len", 2), ("dcerpc.cn_auth_len", 2), ("dcerpc.cn_call_id", 4)))
    if fragment.kind in (BIND, ALTER):
        _fill_bind(cursor)
    elif fragment.kind in (BIND_ACK, ALTER_RESP):
        _fill_bind_ack(cursor)
    elif fragment.kind == BIND_NAK:
        cursor.u16("dcerpc.cn_reject_reason")
    elif fragment.kind in (REQUEST, RESPONSE, FAULT):
        _fill_call(cursor, fragment, flags)
        if fragment.unbound:
            _fill_stub(cursor, fragment)
    _fill_auth(layer, fragment)


def _fill_call(cursor: Cursor, fragment: _Fragment, flags: int) -> None:
    layer = cursor.layer
    cursor.u32("dcerpc.cn_alloc_hint")
    cursor.u16("dcerpc.cn_ctx_id")
    if fragment.kind == REQUEST:
        cursor.u16("dcerpc.opnum")
        if flags & 0x80:
            cursor.guid("dcerpc.obj_id")
        return
    cursor.u8("dcerpc.cn_cancel_count")
    cursor.skip(1)
    if fragment.kind == FAULT:
        cursor.u32("dcerpc.cn_status")
    if fragment.opnum is not None:
        layer.add("dcerpc.opnum", fragment.opnum, layer.start)
    if fragment.request is not None:
        for _ in range(_times_shown(layer.region) if fragment.kind == RESPONSE else 1):
            layer.add("dcerpc.request_in", fragment.request[0], layer.start)
        layer.add("dcerpc.time", fragment.request[1], layer.start)


def _fill_stub(cursor: Cursor, fragment: _Fragment) -> None:
    """The stub data of a call whose interface is not known, as no bind was seen."""
    cursor.layer.add("dcerpc.cn_ctx_id.no_bind", None)
    region = cursor.region
    end = region.reported_length
    token = _auth_token(region, not cursor.big)
    if token is not None:
        trailer = token[1].start - region.start - 8
        if region.u8(trailer + 1) == _PRIVACY:
            return
        end -= region.u8(trailer + 2)  # at the very end, not before the trailer: as Wireshark 4.4
    if fragment.kind != FAULT and end > cursor.at:
        cursor.captured("dcerpc.stub_data", end - cursor.at)


def _fill_bind(cursor: Cursor) -> None:
    cursor.integers((("dcerpc.cn_max_xmit", 2), ("dcerpc.cn_max_recv", 2), ("dcerpc.cn_assoc_group", 4)))
    count = cursor.u8("dcerpc.cn_num_ctx_items")
    cursor.skip(3)
    layer = cursor.layer
    for _ in range(count):
        start = cursor.absolute
        cursor.u16("dcerpc.cn_ctx_id")
        syntaxes = cursor.u8("dcerpc.cn_num_trans_items")
        layer.add("dcerpc.cn_ctx_item", None, start, 24 + 20 * syntaxes)
        cursor.skip(1)
        layer.add("dcerpc.cn_bind_abstract_syntax", None, cursor.absolute, 20)
        cursor.guid("dcerpc.cn_bind_to_uuid")
        cursor.integers((("dcerpc.cn_bind_if_ver", 2), ("dcerpc.cn_bind_if_ver_minor", 2)))
        for _ in range(syntaxes):
            layer.add("dcerpc.cn_bind_trans", None, cursor.absolute, 20)
            features = cursor.region.bytes(cursor.at, 8) == _TIME_NEGOTIATION
            cursor.guid("dcerpc.cn_bind_trans_id")
            if features:
                _add_features(cursor, cursor.at - 8)
            cursor.u32("dcerpc.cn_bind_trans_ver")


def _add_features(cursor: Cursor, at: int) -> None:
    """The bitmap of bind time features (MS-RPCE section 2.2.2.14)."""
    probe = Cursor(cursor.layer, cursor.region, at, big=cursor.big)
    probe.flags("dcerpc.cn_bind_trans_btfn", 2, (("dcerpc.cn_bind_trans_btfn.01", 1),
                                                 ("dcerpc.cn_bind_trans_btfn.02", 2)))  # fmt: skip


def _fill_bind_ack(cursor: Cursor) -> None:
    cursor.integers((("dcerpc.cn_max_xmit", 2), ("dcerpc.cn_max_recv", 2), ("dcerpc.cn_assoc_group", 4)))
    length = cursor.u16("dcerpc.cn_sec_addr_len")
    if length:
        text = cursor.region.bytes(cursor.at, length).split(b"\0", 1)[0].decode("latin-1")
        cursor.layer.add("dcerpc.cn_sec_addr", text, cursor.absolute, length)
        cursor.skip(length)
    cursor.at = (cursor.at + 3) & ~3
    results = cursor.u8("dcerpc.cn_num_results")
    cursor.skip(3)
    for _ in range(results):
        result = cursor.u16("dcerpc.cn_ack_result")
        if result == _NEGOTIATE_ACK:
            _add_features(cursor, cursor.at)
        elif result != 0:
            cursor.layer.add("dcerpc.cn_ack_reason", cursor.peek(2), cursor.absolute, 2)
        cursor.skip(2)
        cursor.guid("dcerpc.cn_ack_trans_id")
        cursor.u32("dcerpc.cn_ack_trans_ver")


def _fill_auth(layer: Layer, fragment: _Fragment) -> None:
    token = _auth_token(layer.region, fragment.little)
    if token is None:
        return
    auth_type, content = token
    at = content.start - layer.region.start - 8
    cursor = Cursor(layer, layer.region, at, big=not fragment.little)
    padding = layer.region.u8(at + 2)
    if padding and layer.region.u8(at + 1) != _PRIVACY:
        if padding > at - HEADER_LENGTH:
            raise Malformed("more padding than data")
        pad_at = layer.region.reported_length - padding if fragment.unbound else at - padding
        layer.add("dcerpc.auth_padding", layer.region.bytes(pad_at, padding), layer.start + pad_at, padding)
    layer.add("dcerpc.auth_info", None, cursor.absolute, content.length + 8)
    cursor.integers((("dcerpc.auth_type", 1), ("dcerpc.auth_level", 1), ("dcerpc.auth_pad_len", 1),
                     ("dcerpc.auth_rsrvd", 1), ("dcerpc.auth_ctx_id", 4)))  # fmt: skip
    if fragment.kind in _NEGOTIATION:
        return
    layer.add("dcerpc.auth_info", None, content.start, content.length)
    if auth_type == _NTLMSSP:
        fill_verifier(layer, content)


@DCERPC.info_line
def dcerpc_info(layer: Layer) -> str:
    return fragment_line(layer)
