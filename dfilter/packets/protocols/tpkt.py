"""TPKT (RFC 1006, RFC 2126) and the ISO transport protocol inside it (ISO 8073, X.224), as far as its header.

In: the bytes of a stream.  Out: the layers `tpkt` and `cotp`.  What always holds: as in Wireshark 4.4, on port 102
bytes that do not begin a packet continue one; on port 3389 (remote desktop) they belong to something else.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, computed_table, header
from dfilter.packets.region import Region
from dfilter.packets.streams.reassembly import wait_for
from dfilter.packets.view import Layer, View

ISO_TSAP, REMOTE_DESKTOP = 102, 3389
VERSION = 3
HEADER_LENGTH = 4
CONNECT_REQUEST, CONNECT_CONFIRM, DISCONNECT_REQUEST, DATA = 0xE, 0xD, 0x8, 0xF
LAST_UNIT = 0x80
SHORT_DATA = 2
"""Length of a data unit's header in class 0."""

TPKT = Protocol(
    "tpkt",
    "TPKT",
    fields=computed_table("""
        tpkt.version           UINT16
        tpkt.reserved          UINT8
        tpkt.length            UINT16
        tpkt.continuation_data BYTES
    """),
    over={"tcp.port": (ISO_TSAP, REMOTE_DESKTOP)},
    carries=("cotp", "data", "tls"),  # remote desktop goes on in TLS once both ends agreed
)

COTP = Protocol(
    "cotp",
    "COTP",
    fields=(
        header("cotp.li", T.UINT8, 0),
        header("cotp.type", T.UINT8, 1, mask=0xF0),
        computed("cotp.eot", T.BOOLEAN),
        computed("cotp.destref", T.UINT16),
        computed("cotp.srcref", T.UINT16),
        computed("cotp.tpdu-number", T.UINT8),
    ),
    carries=("s7comm", "data"),
)


@TPKT.dissector
def dissect_tpkt(view: View, region: Region) -> bool:
    strict = REMOTE_DESKTOP in view.ports
    at = 0
    while at < region.length:
        rest = region.sub(at)
        if rest.length < HEADER_LENGTH:
            if strict:
                return at > 0
            wait_for(rest, 0, HEADER_LENGTH - rest.length)
        length = rest.u16(2)
        if rest.u8(0) != VERSION or (strict and (rest.u8(1) or length < HEADER_LENGTH)):
            if strict:
                return at > 0
            _continue(view, rest)
            return True
        if length > rest.length:
            wait_for(rest, 0, length - rest.length)
        length = max(length, HEADER_LENGTH)
        _dissect_packet(view, rest.clipped(0, length))
        at += length
    return True


def _continue(view: View, rest: Region) -> None:
    layer = view.push(TPKT, rest)
    layer.add("tpkt.continuation_data", rest.rest(), rest.start, rest.length)


def _dissect_packet(view: View, packet: Region) -> None:
    layer = view.push(TPKT, packet, HEADER_LENGTH)
    for name, at, size in (("version", 0, 1), ("reserved", 1, 1), ("length", 2, 2)):
        value = int.from_bytes(packet.bytes(at, size), "big")
        layer.add("tpkt." + name, value, packet.start + at, size)
    unit = packet.sub(HEADER_LENGTH)
    if unit.length == 0:
        return
    if unit.u8(0) + 1 > unit.reported_length:
        view.call_data(unit)
        return
    view.call(COTP, unit)


@COTP.dissector
def dissect_cotp(view: View, region: Region) -> None:
    length = region.u8(0) + 1
    view.push(COTP, region, length)
    if region.u8(1) >> 4 != DATA:
        return
    left = region.reported_length - length
    if left == 1:
        view.call_data(region.sub(length))  # what is longer, session or S7 protocols recognise
    elif left > 1:
        view.call(view.session.catalogue.protocols["s7comm"], region.sub(length))


@COTP.filler
def fill_cotp(layer: Layer) -> None:
    region, start = layer.region, layer.start
    kind = region.u8(1) >> 4
    if kind == DATA and region.u8(0) > SHORT_DATA:  # classes 2 to 4 name the connection and number the units
        layer.add("cotp.destref", region.u16(2), start + 2, 2)
        wide = region.u8(0) >= 7
        number = region.u32(4) if wide else region.u8(4)
        layer.add("cotp.tpdu-number", number & 0x7FFFFFFF if wide else number & 0x7F, start + 4, 4 if wide else 1)
        layer.add("cotp.eot", bool(region.u8(4) & LAST_UNIT), start + 4, 4 if wide else 1)
        return
    if kind == DATA:
        if region.u8(0) >= 2:
            layer.add("cotp.eot", bool(region.u8(2) & LAST_UNIT), start + 2, 1)
        return
    if region.u8(0) < 3:
        return
    layer.add("cotp.destref", region.u16(2), start + 2, 2)
    if kind in (CONNECT_REQUEST, CONNECT_CONFIRM, DISCONNECT_REQUEST) and region.u8(0) >= 5:
        layer.add("cotp.srcref", region.u16(4), start + 4, 2)
