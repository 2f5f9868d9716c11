"""ERSPAN types I, II and III (draft-foschiano-erspan): mirrored Ethernet frames in GRE."""

from __future__ import annotations

from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.protocols.inner import call_ip_version, call_name
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

TYPE_II, TYPE_III = 1, 2
ETHERNET_FRAME, IP_PACKET = 0, 2
GRE_SEQUENCE = 0x1000

ERSPAN = Protocol(
    "erspan",
    "ERSPAN",
    fields=computed_table("""
        erspan.version    UINT16
        erspan.vlan       UINT16
        erspan.cos        UINT16
        erspan.encap      UINT16
        erspan.bso        UINT16
        erspan.truncated  UINT16
        erspan.spanid     UINT16
        erspan.reserved   UINT32
        erspan.index      UINT32
        erspan.timestamp  UINT32
        erspan.sgt        UINT16
        erspan.p          UINT16
        erspan.ft         UINT16
        erspan.hw         UINT16
        erspan.direction  BOOLEAN
        erspan.gra        UINT16
        erspan.o          UINT16
        erspan.platid     UINT32
    """),
    over={"gre.proto": (0x88BE, 0x22EB)},
    carries=("eth", "ip", "ipv6", "data"),
)


@ERSPAN.dissector
def dissect_erspan(view: View, region: Region) -> None:
    """Type I, told by GRE's missing sequence number, has no header of its own."""
    gre = view.layer("gre")
    bare = gre is not None and gre.region.u16(2) == 0x88BE and not gre.region.u16(0) & GRE_SEQUENCE
    layer = view.push(ERSPAN, region)
    length = 0
    if not bare:
        version = region.u16(0) >> 12
        if version == TYPE_II:
            length = 8
        elif version == TYPE_III:
            length = 20 if region.u16(10) & 1 else 12
        else:
            return
    layer.state = length
    payload = region.sub(length)
    frame_type = region.u16(10) >> 10 & 0x1F if length >= 12 else ETHERNET_FRAME
    if frame_type == ETHERNET_FRAME:
        call_name(view, "eth", payload)
    elif frame_type == IP_PACKET:
        call_ip_version(view, payload)
    else:
        view.call_data(payload)


@ERSPAN.filler
def fill_erspan(layer: Layer) -> None:
    if not layer.state:
        return
    region, start, add = layer.region, layer.start, layer.add
    first, second = region.u16(0), region.u16(2)
    add("erspan.version", first >> 12, start, 2)
    add("erspan.vlan", first & 0x0FFF, start, 2)
    add("erspan.cos", second >> 13, start + 2, 2)
    add("erspan.encap" if layer.state == 8 else "erspan.bso", second >> 11 & 3, start + 2, 2)
    add("erspan.truncated", second >> 10 & 1, start + 2, 2)
    add("erspan.spanid", second & 0x03FF, start + 2, 2)
    if layer.state == 8:
        add("erspan.reserved", region.u32(4) >> 20, start + 4, 4)
        add("erspan.index", region.u32(4) & 0xFFFFF, start + 4, 4)
        return
    add("erspan.timestamp", region.u32(4), start + 4, 4)
    add("erspan.sgt", region.u16(8), start + 8, 2)
    word, at = region.u16(10), start + 10
    add("erspan.p", word >> 15, at, 2)
    add("erspan.ft", word >> 10 & 0x1F, at, 2)
    add("erspan.hw", word >> 4 & 0x3F, at, 2)
    add("erspan.direction", bool(word & 8), at, 2)
    add("erspan.gra", word >> 1 & 3, at, 2)
    add("erspan.o", word & 1, at, 2)
    if layer.state == 20:
        add("erspan.platid", region.u32(12) >> 26, start + 12, 4)
