"""DCCP (RFC 4340): the header, without its options."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, header, union
from dfilter.packets.region import Malformed, Region
from dfilter.packets.view import Layer, View

REQUEST, RESPONSE, DATA, ACK, DATA_ACK, CLOSE_REQUEST, CLOSE, RESET, SYNC, SYNC_ACK = range(10)
WITH_ACK = frozenset({RESPONSE, ACK, DATA_ACK, CLOSE_REQUEST, CLOSE, RESET, SYNC, SYNC_ACK})
WITH_SERVICE = frozenset({REQUEST, RESPONSE})
SHORTEST = 12

DCCP = Protocol(
    "dccp",
    "DCCP",
    fields=(
        header("dccp.srcport", T.UINT16, 0),
        header("dccp.dstport", T.UINT16, 2),
        union("dccp.port", T.UINT16, "dccp.srcport", "dccp.dstport"),
        header("dccp.data_offset", T.UINT8, 4),
        header("dccp.ccval", T.UINT8, 5, mask=0xF0),
        header("dccp.cscov", T.UINT8, 5, mask=0x0F),
        header("dccp.checksum", T.UINT16, 6),
        header("dccp.res1", T.UINT8, 8, mask=0xE0),
        header("dccp.type", T.UINT8, 8, mask=0x1E),
        header("dccp.x", T.BOOLEAN, 8, 1, 0x01),
        computed("dccp.seq_raw", T.UINT64),
        computed("dccp.ack_raw", T.UINT64),
        computed("dccp.service_code", T.UINT32),
    ),
    over={"ip.proto": (33,)},
    carries=("data",),
)


@DCCP.dissector
def dissect_dccp(view: View, region: Region) -> None:
    layer = view.push(DCCP, region)
    if region.length < SHORTEST:
        raise region.beyond(region.start + SHORTEST)
    view.ports = (region.u16(0), region.u16(2))
    length = 4 * region.u8(4)
    if length < SHORTEST or length > region.reported_length:
        if not view.quoted:
            raise Malformed("the data offset does not fit")
        return
    layer.set_length(length)
    view.call_data(region.sub(length))


@DCCP.filler
def fill_dccp(layer: Layer) -> None:
    region, start = layer.region, layer.start
    kind, extended = region.u8(8) >> 1 & 15, region.u8(8) & 1
    at, width = (10, 6) if extended else (9, 3)
    layer.add("dccp.seq_raw", int.from_bytes(region.bytes(at, width), "big"), start + at, width)
    at += width
    if kind in WITH_ACK:
        at += 2 if extended else 1
        layer.add("dccp.ack_raw", int.from_bytes(region.bytes(at, width), "big"), start + at, width)
        at += width
    if kind in WITH_SERVICE:
        layer.add("dccp.service_code", region.u32(at), start + at, 4)
