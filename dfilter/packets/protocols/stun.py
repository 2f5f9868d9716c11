"""STUN (RFC 8489) with the attributes of TURN and ICE, ChannelData (RFC 8656), and classic STUN (RFC 3489).

Messages are recognised on any UDP port: by the magic cookie and a length that fits exactly, or, without a cookie, by
one of the few classic types.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, computed_table, header
from dfilter.packets.region import Region
from dfilter.packets.streams.reassembly import wait_for
from dfilter.packets.view import Layer, View
from dfilter.slotted import slotted

_FIELDS = """
    stun.type UINT16
    stun.type.class UINT16
    stun.type.method UINT16
    stun.type.method-assignment UINT16
    stun.length UINT16
    stun.cookie BYTES
    stun.id BYTES
    stun.channel UINT16
    stun.network_version UINT8
    stun.attributes NONE
    stun.attribute UINT16
    stun.unknown_attribute NONE
    stun.value BYTES
    stun.att.type UINT16
    stun.att.type.comprehension UINT16
    stun.att.type.assignment UINT16
    stun.att.length UINT16
    stun.att.padding UINT16
    stun.att.reserved BYTES
    stun.att.family UINT8
    stun.att.port UINT16
    stun.att.ipv4 IPv4
    stun.att.ipv6 IPv6
    stun.att.port-xord BYTES
    stun.att.ipv4-xord BYTES
    stun.att.ipv6-xord BYTES
    stun.att.username STRING
    stun.att.hmac BYTES
    stun.att.error.class UINT8
    stun.att.error UINT8
    stun.att.error.reason STRING
    stun.att.realm STRING
    stun.att.nonce STRING
    stun.att.software STRING
    stun.att.channelnum UINT16
    stun.att.lifetime UINT32
    stun.att.transp UINT8
    stun.att.priority UINT32
    stun.att.tie-breaker BYTES
    stun.att.crc32 UINT32
"""
_LINKS = (
    computed("stun.response-in", T.FRAMENUM, look_ahead=True),
    computed("stun.response-to", T.FRAMENUM, stateful=True),
    computed("stun.time", T.RELATIVE_TIME, stateful=True),
    computed("stun.reqduplicate", T.FRAMENUM, stateful=True),
)
STUN = Protocol("stun", "STUN", fields=(*computed_table(_FIELDS), *_LINKS),
                over={"udp.port": (3478,), "tcp.port": (3478,)}, carries=("data",))  # fmt: skip
CLASSIC_STUN = Protocol(
    "classicstun",
    "CLASSIC-STUN",
    fields=(
        header("classicstun.type", T.UINT16, 0),
        header("classicstun.length", T.UINT16, 2),
        header("classicstun.id", T.BYTES, 4, 16),
    ),
)
STUN.carries = ("data", "classicstun")

HEADER = 20
COOKIE = bytes.fromhex("2112a442")
CLASSIC_TYPES = frozenset({0x0001, 0x0002, 0x0101, 0x0102, 0x0111, 0x0112})
REQUEST, INDICATION = 0, 1
LAST_METHOD = 0xFF
MAX_TRANSACTIONS = 65536
"""Transactions that are remembered; then the oldest is forgotten."""

PLAIN_ADDRESSES = frozenset({0x0001, 0x0002, 0x0004, 0x0005, 0x0007, 0x000B, 0x8023, 0x802B, 0x802C})
XOR_ADDRESSES = frozenset({0x0012, 0x0016, 0x0020, 0x8020})
TEXTS = {0x0006: "username", 0x0014: "realm", 0x0015: "nonce", 0x8022: "software"}
BYTES = {0x0008: "hmac", 0x8029: "tie-breaker", 0x802A: "tie-breaker"}
NUMBERS = {0x000D: "lifetime", 0x0024: "priority", 0x8028: "crc32"}
ERROR_CODE, CHANNEL_NUMBER, TRANSPORT, DATA, USE_CANDIDATE = 0x0009, 0x000C, 0x0019, 0x0013, 0x0025
OTHER_KNOWN = frozenset({0x0003, 0x000A, 0x0017, 0x0018, 0x001A, 0x001C, 0x001D, 0x001E, 0x0022, 0x0027, 0x002A,
                         0x8002, 0x8003, 0x8025, 0x8026, 0x8027, 0x8030, 0x8050, 0xC001, 0xC057})  # fmt: skip


@slotted(eq=True)
class _Transaction:
    request: int
    time: int
    response: int | None = None


def _method(kind: int) -> int:
    return kind & 0xF | (kind & 0xE0) >> 1 | (kind & 0x3E00) >> 2


def _class(kind: int) -> int:
    return (kind >> 4 & 1) | (kind >> 7 & 2)


def _is_message(region: Region) -> bool:
    if region.reported_length < HEADER or region.length < 8:
        return False
    kind = region.u16(0)
    fits = region.u16(2) + HEADER == region.reported_length
    return fits and kind < 0x4000 and _method(kind) <= LAST_METHOD and region.bytes(4, 4) == COOKIE


def _is_classic(region: Region) -> bool:
    if region.reported_length < HEADER or region.length < 4:
        return False
    return region.u16(0) in CLASSIC_TYPES and region.u16(2) + HEADER == region.reported_length


def _is_channel_data(view: View, region: Region) -> bool:
    """A channel's number and a length that fits, between ends that spoke STUN before."""
    if region.length < 4 or not 0x4000 <= region.u16(0) <= 0x7FFF:
        return False
    room = region.reported_length - 4 - region.u16(2)
    return 0 <= room < 4 and _ends(view) in view.session.memory("stun ends", OrderedDict)


def _ends(view: View) -> Any:
    return tuple(sorted(zip(view.addresses, view.ports, strict=True)))


def _looks_like(view: View, region: Region) -> bool:
    return _is_message(region) or _is_classic(region) or _is_channel_data(view, region)


STUN.heuristics = {"udp": _looks_like}


@STUN.dissector
def dissect_stun(view: View, region: Region) -> bool | None:
    if view.stream is None:
        return _dissect_message(view, region)
    at = 0
    while at < region.length:
        if region.length - at < HEADER:
            wait_for(region, at, HEADER - (region.length - at))
        size = HEADER + region.u16(at + 2)
        if at + size > region.length:
            wait_for(region, at, at + size - region.length)
        if _dissect_message(view, region.clipped(at, size)) is False:
            return False if at == 0 else None
        at += size
    return None


def _dissect_message(view: View, region: Region) -> bool | None:
    if _is_message(region):
        layer = view.push(STUN, region)
        _remember(view)
        if not view.quoted and view.session.needs.wants(*(field.name for field in _LINKS)):
            _link(layer)
        _dissect_data(view, region)
        return None
    if _is_classic(region):
        view.push(CLASSIC_STUN, region)
        return None
    if not _is_channel_data(view, region):
        return False
    view.push(STUN, region, 4)
    view.call_data(region.sub(4, region.u16(2)))
    return None


def _remember(view: View) -> None:
    ends: OrderedDict[Any, None] = view.session.memory("stun ends", OrderedDict)
    ends[_ends(view)] = None
    if len(ends) > MAX_TRANSACTIONS:
        ends.popitem(last=False)


def _dissect_data(view: View, region: Region) -> None:
    """What a DATA attribute carries between the relay and its client."""
    offset = HEADER
    while offset + 4 <= region.length:
        kind, size = region.u16(offset), region.u16(offset + 2)
        if offset + 4 + size > region.length:
            return
        if kind == DATA:
            view.call_data(region.sub(offset + 4, size))
        offset += 4 + size + -size % 4


def _link(layer: Layer) -> None:
    view, region = layer.view, layer.region
    kind = _class(region.u16(0))
    if kind == INDICATION or region.length < HEADER:
        return
    session, frame, time = view.session, view.frame.number, view.frame.time or 0
    transactions: OrderedDict[Any, _Transaction] = session.memory("stun", OrderedDict)
    key = (_ends(view), region.bytes(8, 12))
    transaction = transactions.get(key)
    if kind == REQUEST:
        if transaction is None:
            transaction = transactions[key] = _Transaction(frame, time)
            if len(transactions) > MAX_TRANSACTIONS:
                transactions.popitem(last=False)
        elif transaction.request != frame:
            layer.add("stun.reqduplicate", transaction.request)
        for number in session.foresight_for("stun.response-in", transaction.request)[:1]:
            layer.add("stun.response-in", number)
    elif transaction is not None:
        if transaction.response is None:
            transaction.response = frame
            session.foresee("stun.response-in", transaction.request, frame)
        elif transaction.response != frame:
            layer.add("stun.reqduplicate", transaction.response)
        layer.add("stun.response-to", transaction.request)
        layer.add("stun.time", time - transaction.time)


def _number(layer: Layer, name: str, offset: int, size: int) -> int:
    value = int.from_bytes(layer.region.bytes(offset, size), "big")
    layer.add("stun." + name, value, layer.start + offset, size)
    return value


def _raw(layer: Layer, name: str, offset: int, size: int) -> bytes:
    value = layer.region.bytes(offset, size)
    layer.add("stun." + name, value, layer.start + offset, size)
    return value


@STUN.filler
def fill_stun(layer: Layer) -> None:
    kind, at = layer.region.u16(0), layer.start
    if kind >= 0x4000:
        _number(layer, "channel", 0, 2)
        _number(layer, "length", 2, 2)
        return
    layer.add("stun.type", kind, at, 2)
    layer.add("stun.type.class", (kind & 0x0110) >> 4, at, 2)
    layer.add("stun.type.method", kind & 0x3EEF, at, 2)
    layer.add("stun.type.method-assignment", kind >> 13 & 1, at, 2)
    end = HEADER + _number(layer, "length", 2, 2)
    _raw(layer, "cookie", 4, 4)
    _raw(layer, "id", 8, 12)
    if end > HEADER:
        layer.add("stun.network_version", RFC_5389_OR_LATER, at + HEADER)
        layer.add("stun.attributes", None, at + HEADER, end - HEADER)
    offset = HEADER
    while end - offset >= 4:
        offset = _fill_attribute(layer, offset, end)


RFC_5389_OR_LATER = 3
"""What stun.network_version says of messages with the magic cookie."""


def _fill_attribute(layer: Layer, offset: int, end: int) -> int:
    region, at = layer.region, layer.start + offset
    kind, size = region.u16(offset), region.u16(offset + 2)
    if _is_known(kind):
        layer.add("stun.attribute", kind, at, 4 + size)
        layer.add("stun.att.type", kind, at, 2)
        layer.add("stun.att.type.comprehension", kind >> 15, at, 2)
        layer.add("stun.att.type.assignment", kind >> 14 & 1, at, 2)
    else:
        layer.add("stun.unknown_attribute", None)
    layer.add("stun.att.length", size, at + 2, 2)
    if size > end - offset - 4:
        return end
    _fill_value(layer, kind, offset + 4, size)
    padding = -size % 4
    if padding and offset + 4 + size + padding <= end:
        layer.add("stun.att.padding", padding, at + 4 + size, padding)
    return offset + 4 + size + padding


def _is_known(kind: int) -> bool:
    return kind in PLAIN_ADDRESSES or kind in XOR_ADDRESSES or kind in TEXTS or kind in BYTES or kind in NUMBERS or (
        kind in OTHER_KNOWN or kind in (ERROR_CODE, CHANNEL_NUMBER, TRANSPORT, DATA, USE_CANDIDATE))  # fmt: skip


def _fill_value(layer: Layer, kind: int, offset: int, size: int) -> None:
    region = layer.region
    if kind in PLAIN_ADDRESSES or kind in XOR_ADDRESSES:
        _fill_address(layer, offset, size, kind in XOR_ADDRESSES)
    elif kind in TEXTS:
        text = region.bytes(offset, size).split(b"\0", 1)[0].decode("utf-8", "replace")
        layer.add("stun.att." + TEXTS[kind], text, layer.start + offset, size)
    elif kind in BYTES:
        _raw(layer, "att." + BYTES[kind], offset, size)
    elif kind in NUMBERS:
        if size >= 4:
            _number(layer, "att." + NUMBERS[kind], offset, 4)
    elif kind == ERROR_CODE and size >= 4:
        _raw(layer, "att.reserved", offset, 2)
        _number(layer, "att.error.class", offset + 2, 1)
        _number(layer, "att.error", offset + 3, 1)
        if size > 4:
            text = region.bytes(offset + 4, size - 4).decode("utf-8", "replace")
            layer.add("stun.att.error.reason", text, layer.start + offset + 4, size - 4)
    elif kind == CHANNEL_NUMBER and size >= 4:
        _number(layer, "att.channelnum", offset, 2)
        _raw(layer, "att.reserved", offset + 2, 2)
    elif kind == TRANSPORT and size >= 4:
        _number(layer, "att.transp", offset, 1)
        _raw(layer, "att.reserved", offset + 1, 3)
    elif size:
        _raw(layer, "value", offset, size)


def _fill_address(layer: Layer, offset: int, size: int, xored: bool) -> None:
    """RFC 8489 sections 14.1 and 14.2."""
    if size < 4:
        return
    region, at = layer.region, layer.start + offset
    _raw(layer, "att.reserved", offset, 1)
    family = _number(layer, "att.family", offset + 1, 1)
    width, name = {1: (4, "att.ipv4"), 2: (16, "att.ipv6")}.get(family, (0, ""))
    port = region.u16(offset + 2)
    if xored:
        _raw(layer, "att.port-xord", offset + 2, 2)
        port ^= int.from_bytes(COOKIE[:2], "big")
    layer.add("stun.att.port", port, at + 2, 2)
    if not width or size < 4 + width:
        return
    address = region.bytes(offset + 4, width)
    if xored:
        _raw(layer, name + "-xord", offset + 4, width)
        address = bytes(a ^ b for a, b in zip(address, region.bytes(4, 16), strict=False))
    layer.add("stun." + name, address, at + 4, width)


@STUN.info_line
def stun_info(layer: Layer) -> str:
    kind = layer.region.u16(0)
    if kind >= 0x4000:
        return "ChannelData TURN Message"
    names = {1: "Binding", 3: "Allocate", 4: "Refresh", 6: "Send", 7: "Data", 8: "CreatePermission", 9: "Channel-Bind"}
    kinds = ("Request", "Indication", "Success Response", "Error Response")
    return f"{names.get(_method(kind), 'Unknown')} {kinds[_class(kind)]}"
