"""Linux "cooked" captures: LINKTYPE_LINUX_SLL and LINKTYPE_LINUX_SLL2 (tcpdump.org's link types 113 and 276).

Both versions are layers of the protocol `sll`, as in Wireshark 4.4.
"""

from __future__ import annotations

from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.protocols.eth import call_ethertype, call_length_field, trailing
from dfilter.packets.protocols.inner import call_table
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

GRE_HARDWARE = 778
ETHERNET_ADDRESS, IPV4_ADDRESS = 6, 4
LINUX_TYPES_UP_TO = 0x05FF
"""Protocol numbers up to this one are Linux's own (sll.ltype), above them Ethernet types."""

RAW_802_3, LLC_TYPE = 0x0001, 0x0004

SLL = Protocol(
    "sll",
    "SLL",
    fields=computed_table("""
        sll.pkttype    UINT16
        sll.hatype     UINT16
        sll.halen      UINT16
        sll.ifindex    UINT32
        sll.src.eth    ETHER
        sll.src.ipv4   IPv4
        sll.src.other  BYTES
        sll.unused     BYTES
        sll.etype      UINT16
        sll.ltype      UINT16
        sll.gretype    UINT16
        sll.trailer    BYTES
    """),
    over={"link": (113, 276)},
    carries=("ethertype", "gre.proto", "llc", "data"),
    shares=("eth.padding",),
    joins=("eth.padding", "sll.trailer"),
)


@SLL.dissector
def dissect_sll(view: View, region: Region) -> None:
    second = view.frame.link_type == 276
    size = 20 if second else 16
    layer = view.push(SLL, region, size)
    kind = region.u16(0 if second else 14)
    hardware = region.u16(8 if second else 2)
    region.need(0, size)
    payload = region.sub(size)
    if hardware == GRE_HARDWARE:
        table = "gre.proto" if view.lookup("gre.proto", kind) else "ethertype"
        call_table(view, table, kind, payload)
    elif kind > LINUX_TYPES_UP_TO:
        layer.state = "ethertype"
        call_ethertype(view, kind, payload)
        if payload.reported_end < region.reported_end:
            trailing(view, layer, payload, "sll.trailer", has_fcs=False)
    elif kind == LLC_TYPE:
        view.call(view.session.catalogue.protocols["llc"], payload)
    elif kind == RAW_802_3:
        call_length_field(view, payload)
    else:
        view.call_data(payload)


@SLL.filler
def fill_sll(layer: Layer) -> None:
    region = layer.region
    if layer.view.frame.link_type == 276:
        _fill(layer, kind_at=0, hardware_at=8)
        layer.add("sll.ifindex", region.u32(4), layer.start + 4, 4)
        layer.add("sll.pkttype", region.u8(10), layer.start + 10, 1)
        layer.add("sll.halen", region.u8(11), layer.start + 11, 1)
        _fill_address(layer, region.u8(11), 12)
    else:
        _fill(layer, kind_at=14, hardware_at=2)
        layer.add("sll.pkttype", region.u16(0), layer.start, 2)
        layer.add("sll.halen", region.u16(4), layer.start + 4, 2)
        _fill_address(layer, region.u16(4), 6)


def _fill(layer: Layer, kind_at: int, hardware_at: int) -> None:
    region, start = layer.region, layer.start
    kind, hardware = region.u16(kind_at), region.u16(hardware_at)
    layer.add("sll.hatype", hardware, start + hardware_at, 2)
    name = "sll.etype" if kind > LINUX_TYPES_UP_TO else "sll.ltype"
    if hardware == GRE_HARDWARE:
        name = "sll.gretype"
    layer.add(name, kind, start + kind_at, 2)


def _fill_address(layer: Layer, length: int, at: int) -> None:
    """The sender's address, 8 bytes of room; what it does not need is unused."""
    region, start = layer.region, layer.start
    name = {ETHERNET_ADDRESS: "sll.src.eth", IPV4_ADDRESS: "sll.src.ipv4"}.get(length, "sll.src.other")
    length = min(length, 8)
    if length:
        layer.add(name, region.bytes(at, length), start + at, length)
    if length < 8:
        layer.add("sll.unused", region.bytes(at + length, 8 - length), start + at + length, 8 - length)
