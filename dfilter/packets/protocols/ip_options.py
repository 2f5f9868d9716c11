"""IPv4 options (RFC 791 section 3.1, RFC 2113, RFC 1393, RFC 1063)."""

from __future__ import annotations

from dfilter.packets.view import Layer

OPTION_FIELDS = """
    ip.opt.type            UINT8
    ip.opt.type.copy       BOOLEAN
    ip.opt.type.class      UINT8
    ip.opt.type.number     UINT8
    ip.opt.len             UINT8
    ip.opt.ptr             UINT8
    ip.opt.ra              UINT16
    ip.opt.sid             UINT16
    ip.opt.mtu             UINT16
    ip.opt.overflow        UINT8
    ip.opt.flag            UINT8
    ip.opt.time_stamp      UINT32
    ip.opt.time_stamp_addr IPv4
    ip.opt.id_number       UINT16
    ip.opt.ohc             UINT16
    ip.opt.rhc             UINT16
    ip.opt.originator      IPv4
    ip.opt.padding         BYTES
    ip.opt.len.invalid     NONE
    ip.rec_rt              IPv4
    ip.src_rt              IPv4
    ip.cur_rt              IPv4
    ip.empty_rt            IPv4
"""

END, NOP, RECORD_ROUTE, TIMESTAMP, STREAM_ID, ROUTER_ALERT, TRACEROUTE = 0, 1, 7, 68, 136, 148, 82
KNOWN = frozenset({0, 1, 7, 11, 12, 25, 68, 82, 130, 131, 133, 134, 136, 137, 148, 149})
"""Option types whose fields Wireshark 4.4 shows; of others it shows a text only."""
_LENGTHS = {ROUTER_ALERT: 4, STREAM_ID: 4, TRACEROUTE: 12, 11: 4, 12: 4}
LOOSE_ROUTE, STRICT_ROUTE, MTU_PROBE, MTU_REPLY = 131, 137, 11, 12


def fill_options(layer: Layer, header_length: int, target: bytes) -> bytes:
    """Add the options' fields; the final destination (a source route moves it to its end)."""
    region, offset = layer.region, 20
    while offset < header_length:
        kind = region.u8(offset)
        at = layer.start + offset
        if kind not in KNOWN:
            length = region.u8(offset + 1) if offset + 1 < header_length else 0
            if length < 2 or offset + length > header_length:
                layer.add("ip.opt.len.invalid", None, at, 1)
                break
            offset += length
            continue
        layer.add("ip.opt.type", kind, at, 1)
        layer.add("ip.opt.type.copy", kind & 0x80 != 0, at, 1)
        layer.add("ip.opt.type.class", kind >> 5 & 3, at, 1)
        layer.add("ip.opt.type.number", kind & 0x1F, at, 1)
        if kind in (END, NOP):
            offset += 1
            if kind == END:
                _padding(layer, offset, header_length)
                break
            continue
        if offset + 1 >= header_length:
            layer.add("ip.opt.len.invalid", None, at, 1)
            break
        length = region.u8(offset + 1)
        layer.add("ip.opt.len", length, at + 1, 1)
        if length < 2 or offset + length > header_length:
            layer.add("ip.opt.len.invalid", None, at, 1)
            break
        if length != _LENGTHS.get(kind, length):
            layer.add("ip.opt.len.invalid", None, at, length)
        target = _fill_option(layer, kind, offset, length, target)
        offset += length
    return target


def _padding(layer: Layer, offset: int, header_length: int) -> None:
    if offset < header_length:
        length = header_length - offset
        layer.add("ip.opt.padding", layer.region.bytes(offset, length), layer.start + offset, length)


def _fill_option(layer: Layer, kind: int, offset: int, length: int, target: bytes) -> bytes:
    region, at = layer.region, layer.start + offset
    if kind == ROUTER_ALERT and length == 4:
        layer.add("ip.opt.ra", region.u16(offset + 2), at + 2, 2)
    elif kind == STREAM_ID and length == 4:
        layer.add("ip.opt.sid", region.u16(offset + 2), at + 2, 2)
    elif kind in (MTU_PROBE, MTU_REPLY) and length == 4:
        layer.add("ip.opt.mtu", region.u16(offset + 2), at + 2, 2)
    elif kind == TRACEROUTE and length == 12:
        layer.add("ip.opt.id_number", region.u16(offset + 2), at + 2, 2)
        layer.add("ip.opt.ohc", region.u16(offset + 4), at + 4, 2)
        layer.add("ip.opt.rhc", region.u16(offset + 6), at + 6, 2)
        layer.add("ip.opt.originator", region.bytes(offset + 8, 4), at + 8, 4)
    elif kind == TIMESTAMP and length >= 4:
        _fill_timestamps(layer, offset, length)
    elif kind in (RECORD_ROUTE, LOOSE_ROUTE, STRICT_ROUTE) and length >= 3:
        return _fill_route(layer, kind, offset, length, target)
    return target


def _fill_route(layer: Layer, kind: int, offset: int, length: int, target: bytes) -> bytes:
    """Routes: recorded addresses lie before the pointer, the way still to go (source routes) behind it."""
    region = layer.region
    pointer = region.u8(offset + 2)
    layer.add("ip.opt.ptr", pointer, layer.start + offset + 2, 1)
    final = target
    for position in range(3, length - 3, 4):
        address = region.bytes(offset + position, 4)
        if kind == RECORD_ROUTE:
            name = "ip.rec_rt" if position + 1 < pointer else "ip.empty_rt"
        else:
            name = "ip.rec_rt" if position + 1 < pointer else "ip.src_rt"
            if position + 1 >= pointer:
                final = address
        layer.add(name, address, layer.start + offset + position, 4)
    if final is not target:
        layer.add("ip.cur_rt", target, layer.start + 16, 4)
    return final


def _fill_timestamps(layer: Layer, offset: int, length: int) -> None:
    region, at = layer.region, layer.start + offset
    flag = region.u8(offset + 3)
    layer.add("ip.opt.ptr", region.u8(offset + 2), at + 2, 1)
    layer.add("ip.opt.overflow", flag >> 4, at + 3, 1)
    layer.add("ip.opt.flag", flag & 0x0F, at + 3, 1)
    with_addresses = flag & 0x0F in (1, 3)
    position = 4
    while position + (8 if with_addresses else 4) <= length:
        if with_addresses:
            layer.add("ip.opt.time_stamp_addr", region.bytes(offset + position, 4), at + position, 4)
            position += 4
        layer.add("ip.opt.time_stamp", region.u32(offset + position), at + position, 4)
        position += 4
