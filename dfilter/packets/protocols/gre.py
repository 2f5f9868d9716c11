"""GRE (RFC 2784, RFC 2890, RFC 1701) and its enhanced form for PPTP (RFC 2637)."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, bits, computed_table, header
from dfilter.packets.protocols.quotes import internet_checksum_ok
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

CHECKSUM, ROUTING, KEY, SEQUENCE, ACKNOWLEDGE = 0x8000, 0x4000, 0x2000, 0x1000, 0x0080
PPP_PROTOCOL = 0x880B
MAX_ROUTES = 256

GRE = Protocol(
    "gre",
    "GRE",
    fields=(
        header("gre.flags_and_version", T.UINT16, 0),
        *bits((("gre.flags.checksum", 0x8000), ("gre.flags.routing", 0x4000), ("gre.flags.key", 0x2000),
               ("gre.flags.sequence_number", 0x1000), ("gre.flags.strict_source_route", 0x0800)), at=0, size=2),
        header("gre.flags.recursion_control", T.UINT16, 0, mask=0x0700),
        header("gre.flags.version", T.UINT16, 0, mask=0x0007),
        header("gre.proto", T.UINT16, 2),
        *computed_table("""
            gre.flags.ack              BOOLEAN
            gre.flags.reserved         UINT16
            gre.checksum               UINT16
            gre.checksum.status        UINT8
            gre.offset                 UINT16
            gre.key                    UINT32
            gre.key.payload_length     UINT16
            gre.key.call_id            UINT16
            gre.sequence_number        UINT32
            gre.ack_number             UINT32
            gre.routing                NONE
            gre.routing.address_family UINT16
            gre.routing.sre_offset     UINT8
            gre.routing.src_length     UINT8
            gre.routing.information    BYTES
        """),
    ),
    over={"ip.proto": (47,), "udp.port": (4754,)},
    carries=("gre.proto", "ethertype", "data"),
)  # fmt: skip


WCCP, IPV4 = 0x883E, 0x0800
WCCP_HEADER = 4
"""A redirected packet of WCCP version 2 has a header of its own before it, one of version 1 has none."""


@GRE.dissector
def dissect_gre(view: View, region: Region) -> None:
    layer = view.push(GRE, region, 4)
    flags, kind = region.u16(0), region.u16(2)
    length = _header_length(region, flags)
    layer.set_length(length)
    region.need(0, length)
    if kind == PPP_PROTOCOL and flags & 7 == 1 and not flags & SEQUENCE:
        return  # an acknowledgement alone
    payload = region.sub(length)
    if payload.reported_length == 0:
        return
    if kind == WCCP and payload.length > WCCP_HEADER and payload.u8(0) >> 4 != 4:
        layer.set_length(length + WCCP_HEADER)
        payload, kind = payload.sub(WCCP_HEADER), IPV4
    elif kind == WCCP:
        kind = IPV4
    protocol = view.lookup("gre.proto", kind) or view.lookup("ethertype", kind)
    if protocol is not None:
        view.call(protocol, payload)
    elif not view.pass_over("gre.proto", kind, payload):
        view.call_data(payload)


def _header_length(region: Region, flags: int) -> int:
    length = 4
    if flags & (CHECKSUM | ROUTING):
        length += 4
    for bit in (KEY, SEQUENCE):
        length += 4 if flags & bit else 0
    if flags & 7 == 1 and flags & ACKNOWLEDGE:
        length += 4
    if flags & ROUTING:
        for _ in range(MAX_ROUTES):
            family, size = region.u16(length), region.u8(length + 3)
            length += 4 + size
            if family == 0 and size == 0:
                break
    return length


@GRE.filler
def fill_gre(layer: Layer) -> None:
    region, start, add = layer.region, layer.start, layer.add
    flags, offset = region.u16(0), 4
    enhanced = flags & 7 == 1
    if enhanced:
        add("gre.flags.ack", bool(flags & ACKNOWLEDGE), start, 2)
    add("gre.flags.reserved", flags >> 3 & (0x0F if enhanced else 0x1F), start, 2)
    if flags & (CHECKSUM | ROUTING):
        if flags & CHECKSUM:
            add("gre.checksum", region.u16(4), start + 4, 2)
            whole = region.end == region.reported_end
            add("gre.checksum.status", int(internet_checksum_ok(region.rest())) if whole else 2, start + 4)
        add("gre.offset", region.u16(6), start + 6, 2)
        offset += 4
    if flags & KEY:
        if enhanced:
            add("gre.key.payload_length", region.u16(offset), start + offset, 2)
            add("gre.key.call_id", region.u16(offset + 2), start + offset + 2, 2)
        else:
            add("gre.key", region.u32(offset), start + offset, 4)
        offset += 4
    for wanted, name in ((flags & SEQUENCE, "gre.sequence_number"),
                         (enhanced and flags & ACKNOWLEDGE, "gre.ack_number")):  # fmt: skip
        if wanted:
            add(name, region.u32(offset), start + offset, 4)
            offset += 4
    if flags & ROUTING:
        _fill_routes(layer, offset)


def _fill_routes(layer: Layer, offset: int) -> None:
    region, start, add = layer.region, layer.start, layer.add
    for _ in range(MAX_ROUTES):
        family, size = region.u16(offset), region.u8(offset + 3)
        add("gre.routing", None, start + offset, 4 + size)
        add("gre.routing.address_family", family, start + offset, 2)
        add("gre.routing.sre_offset", region.u8(offset + 2), start + offset + 2, 1)
        add("gre.routing.src_length", size, start + offset + 3, 1)
        if family == 0 and size == 0:
            return
        add("gre.routing.information", region.bytes(offset + 4, size), start + offset + 4, size)
        offset += 4 + size


@GRE.info_line
def gre_info(layer: Layer) -> str:
    return f"Encapsulated 0x{layer.region.u16(2):04x}" if layer.region.length >= 4 else ""
