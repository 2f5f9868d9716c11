"""PPP (RFC 1661), in HDLC-like framing (RFC 1662) or bare, and the head of its control protocols."""

from __future__ import annotations

from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.protocols.inner import call_table
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

ALL_STATIONS = 0xFF
WITH_DIRECTION = 204
"""LINKTYPE_PPP_WITH_DIR: one byte in front says which way the packet went."""

PPP = Protocol(
    "ppp",
    "PPP",
    fields=computed_table("""
        ppp.direction  UINT8
        ppp.address    UINT8
        ppp.control    UINT8
        ppp.protocol   UINT16
    """),
    over={"link": (9, 50, WITH_DIRECTION), "gre.proto": (0x880B,)},
    carries=("ppp.protocol", "data"),
)

CONTROL_FIELDS = computed_table("""
    ppp.code        UINT8
    ppp.identifier  UINT8
    ppp.length      UINT16
    ppp.data        BYTES
""")


def _control(name: str, number: int) -> Protocol:
    fields = CONTROL_FIELDS if name == "lcp" else ()
    shared = () if name == "lcp" else tuple(field.name for field in CONTROL_FIELDS)
    return Protocol(name, name.upper(), fields=fields, shares=shared, over={"ppp.protocol": (number,)})


LCP, IPCP, IPV6CP, CCP, ECP, MPLSCP, CDPCP, BCP_NCP = (
    _control(name, number)
    for name, number in (("lcp", 0xC021), ("ipcp", 0x8021), ("ipv6cp", 0x8057), ("ccp", 0x80FD), ("ecp", 0x8053),
                         ("mplscp", 0x8281), ("cdpcp", 0x8207), ("bcp_ncp", 0x8031))
)  # fmt: skip


@PPP.dissector
def dissect_ppp(view: View, region: Region) -> None:
    layer = view.push(PPP, region, 2)
    at = 1 if view.frame.link_type == WITH_DIRECTION and region.start == 0 else 0
    if at:
        layer.add("ppp.direction", region.u8(0), region.start, 1)
    if region.u8(at) == ALL_STATIONS:
        layer.add("ppp.address", ALL_STATIONS, region.start + at, 1)
        layer.add("ppp.control", region.u8(at + 1), region.start + at + 1, 1)
        at += 2
    width = 1 if region.u8(at) & 1 else 2
    kind = region.u8(at) if width == 1 else region.u16(at)
    layer.add("ppp.protocol", kind, region.start + at, width)
    layer.set_length(at + width)
    call_table(view, "ppp.protocol", kind, region.sub(at + width))


def dissect_control(view: View, region: Region, protocol: Protocol) -> None:
    layer = view.push(protocol, region)
    length = region.u16(2)
    layer.add("ppp.code", region.u8(0), region.start, 1)
    layer.add("ppp.identifier", region.u8(1), region.start + 1, 1)
    layer.add("ppp.length", length, region.start + 2, 2)
    layer.set_length(max(length, 4))


def _bind(protocol: Protocol) -> None:
    protocol.dissect = lambda view, region: dissect_control(view, region, protocol)


for _protocol in (LCP, IPCP, IPV6CP, CCP, ECP, MPLSCP, CDPCP, BCP_NCP):
    _bind(_protocol)


@PPP.info_line
def ppp_info(layer: Layer) -> str:
    values = layer.computed("ppp.protocol")
    return f"protocol 0x{values[0]:04x}" if values else ""
