"""Cisco HDLC: LINKTYPE_C_HDLC, and its keepalive protocol SLARP."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed_table, header
from dfilter.packets.protocols.inner import call_name, call_table
from dfilter.packets.region import Malformed, Region
from dfilter.packets.view import Layer, View

SLARP_TYPE = 0x8035
CDP_TYPE = 0x2000
OSI_TYPE = 0xFEFE
"""Behind it comes one byte of padding, then an OSI network layer protocol."""
REQUEST, REPLY, KEEPALIVE = 0, 1, 2
RELIABLE = 0xFFFF

CHDLC = Protocol(
    "chdlc",
    "Cisco HDLC",
    fields=(
        header("chdlc.address", T.UINT8, 0),
        header("chdlc.control", T.UINT8, 1),
        header("chdlc.protocol", T.UINT16, 2),
    ),
    over={"link": (104, 112)},
    carries=("ethertype", "slarp", "osi", "cdp", "data"),
)

SLARP = Protocol(
    "slarp",
    "SLARP",
    fields=(
        header("slarp.ptype", T.UINT32, 0),
        *computed_table("""
            slarp.address       IPv4
            slarp.netmask       IPv4
            slarp.mysequence    UINT32
            slarp.yoursequence  UINT32
            slarp.reliability   UINT16
        """),
    ),
)


@CHDLC.dissector
def dissect_chdlc(view: View, region: Region) -> None:
    view.push(CHDLC, region, 4)
    kind = region.u16(2)
    if region.length == 4 < region.reported_length:
        raise region.beyond(region.start + 5)
    if kind == SLARP_TYPE:
        view.call(SLARP, region.sub(4))
    elif kind == OSI_TYPE:
        call_name(view, "osi", region.sub(5))
    elif kind == CDP_TYPE:
        call_name(view, "cdp", region.sub(4))
    elif view.lookup("ethertype", kind) is not None:
        call_table(view, "ethertype", kind, region.sub(4))
    else:
        call_table(view, "chdlc.protocol", kind, region.sub(4))


@SLARP.dissector
def dissect_slarp(view: View, region: Region) -> None:
    region.need(0, 4)
    view.push(SLARP, region, 14)


@SLARP.filler
def fill_slarp(layer: Layer) -> None:
    region, start = layer.region, layer.start
    kind = region.u32(0)
    if kind in (REQUEST, REPLY):
        layer.add("slarp.address", region.bytes(4, 4), start + 4, 4)
        layer.add("slarp.netmask", region.bytes(8, 4), start + 8, 4)
    elif kind == KEEPALIVE:
        layer.add("slarp.mysequence", region.u32(4), start + 4, 4)
        layer.add("slarp.yoursequence", region.u32(8), start + 8, 4)
        layer.add("slarp.reliability", region.u16(12), start + 12, 2)
        if region.u16(12) != RELIABLE:
            layer.view.damaged(Malformed("a reliability that is not 0xffff"))
