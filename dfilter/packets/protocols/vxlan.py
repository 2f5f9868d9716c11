"""VXLAN (RFC 7348) with group policy, and Geneve (RFC 8926)."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, bits, computed_table, header
from dfilter.packets.protocols.inner import call_name, call_table
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

BRIDGED_ETHERNET = 0x6558

VXLAN = Protocol(
    "vxlan",
    "VXLAN",
    fields=(
        header("vxlan.flags", T.UINT16, 0),
        *bits((("vxlan.flag_g", 0x8000), ("vxlan.flag_i", 0x0800), ("vxlan.flag_d", 0x0040),
               ("vxlan.flag_a", 0x0008)), at=0, size=2),
        header("vxlan.flags_reserved", T.UINT16, 0, mask=0x77B7),
        header("vxlan.gbp", T.UINT16, 2),
        header("vxlan.vni", T.UINT24, 4),
        header("vxlan.reserved8", T.UINT8, 7),
    ),
    over={"udp.port": (4789, 8472)},
    carries=("eth",),
)  # fmt: skip

VXLAN_GPE = Protocol(
    "vxlan_gpe",
    "VXLAN GPE",
    over={"udp.port": (4790,)},
    carries=("vxlan", "eth", "ip", "ipv6", "nsh", "mpls", "data"),
)

GENEVE = Protocol(
    "geneve",
    "Geneve",
    fields=(
        header("geneve.version", T.UINT8, 0, mask=0xC0),
        header("geneve.flags", T.UINT8, 1),
        *bits((("geneve.flags.oam", 0x80), ("geneve.flags.critical", 0x40)), at=1),
        header("geneve.flags.reserved", T.BOOLEAN, 1, 1, 0x3F),
        header("geneve.proto_type", T.UINT16, 2),
        header("geneve.vni", T.UINT24, 4),
        header("geneve.reserved", T.UINT8, 7),
        *computed_table("""
            geneve.option.length        UINT8
            geneve.options              BYTES
            geneve.option.class         UINT16
            geneve.option.type          UINT8
            geneve.option.type.critical BOOLEAN
            geneve.option.unknown.data  BYTES
        """),
    ),
    over={"udp.port": (6081,)},
    carries=("eth", "ethertype", "data"),
)


@VXLAN.dissector
def dissect_vxlan(view: View, region: Region) -> None:
    view.push(VXLAN, region, 8)
    region.need(0, 8)
    call_name(view, "eth", region.sub(8))


@VXLAN_GPE.dissector
def dissect_vxlan_gpe(view: View, region: Region) -> None:
    """VXLAN with a next-protocol byte (draft-ietf-nvo3-vxlan-gpe), a `vxlan` layer too."""
    layer = view.push(VXLAN, region, 8)
    region.need(0, 8)
    layer.state = "gpe"
    name = {1: "ip", 2: "ipv6", 3: "eth", 4: "nsh", 5: "mpls"}.get(region.u8(3))
    payload = region.sub(8)
    if name is None:
        view.call_data(payload)
    else:
        call_name(view, name, payload)


@GENEVE.dissector
def dissect_geneve(view: View, region: Region) -> bool:
    if region.length and region.u8(0) >> 6:
        return False
    layer = view.push(GENEVE, region, 8)
    region.need(0, 8)
    length = 8 + (region.u8(0) & 0x3F) * 4
    layer.set_length(length)
    kind, payload = region.u16(2), region.sub(length)
    if kind == BRIDGED_ETHERNET:
        call_name(view, "eth", payload)
    else:
        call_table(view, "ethertype", kind, payload)
    return True


@GENEVE.filler
def fill_geneve(layer: Layer) -> None:
    region, start, add = layer.region, layer.start, layer.add
    size = (region.u8(0) & 0x3F) * 4
    add("geneve.option.length", size, start, 1)
    if not size:
        return
    add("geneve.options", region.bytes(8, size), start + 8, size)
    offset, stop = 8, 8 + size
    while offset + 4 <= stop:
        kind, length = region.u8(offset + 2), (region.u8(offset + 3) & 0x1F) * 4
        add("geneve.option.class", region.u16(offset), start + offset, 2)
        add("geneve.option.type", kind, start + offset + 2, 1)
        add("geneve.option.type.critical", bool(kind & 0x80), start + offset + 2, 1)
        add("geneve.option.length", 4 + length, start + offset + 3, 1)
        if length:
            add("geneve.option.unknown.data", region.clipped(offset + 4, length).rest(), start + offset + 4, length)
        offset += 4 + length
