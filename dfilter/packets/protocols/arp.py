"""ARP and RARP (RFC 826, RFC 903), announcements and probes (RFC 5227)."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, computed_table, header
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

ETHERNET_HARDWARE = (1, 6)
IPV4_TYPE = 0x0800
UNSPECIFIED = bytes(4)
STATIONS = {bytes(6), b"\xff" * 6}
"""Target hardware addresses that a gratuitous ARP request carries."""

ARP = Protocol(
    "arp",
    "ARP",
    fields=(
        header("arp.hw.type", T.UINT16, 0),
        header("arp.proto.type", T.UINT16, 2),
        header("arp.hw.size", T.UINT8, 4),
        header("arp.proto.size", T.UINT8, 5),
        header("arp.opcode", T.UINT16, 6),
        *computed_table("""
            arp.src.hw          BYTES
            arp.src.hw_mac      ETHER
            arp.src.proto       BYTES
            arp.src.proto_ipv4  IPv4
            arp.dst.hw          BYTES
            arp.dst.hw_mac      ETHER
            arp.dst.proto       BYTES
            arp.dst.proto_ipv4  IPv4
        """),
        computed("arp.isgratuitous", T.BOOLEAN),
        computed("arp.isprobe", T.BOOLEAN),
        computed("arp.isannouncement", T.BOOLEAN),
    ),
    over={"ethertype": (0x0806, 0x8035)},
)


@ARP.dissector
def dissect_arp(view: View, region: Region) -> None:
    layer = view.push(ARP, region)
    length = 8 + 2 * (region.u8(4) + region.u8(5))
    layer.set_length(length)
    region.need(0, length)
    region.trim(length)


@ARP.filler
def fill_arp(layer: Layer) -> None:
    region = layer.region
    hw_size, proto_size = region.u8(4), region.u8(5)
    is_mac = (region.u16(0) in ETHERNET_HARDWARE) and hw_size == 6
    is_ipv4 = region.u16(2) == IPV4_TYPE and proto_size == 4
    offset = 8
    found: list[bytes] = []
    for side in ("src", "dst"):
        for kind, size, known, suffix in (("hw", hw_size, is_mac, "_mac"), ("proto", proto_size, is_ipv4, "_ipv4")):
            value = region.bytes(offset, size)
            if size:
                name = f"arp.{side}.{kind}{suffix if known else ''}"
                layer.add(name, value, region.start + offset, size)
            found.append(value)
            offset += size
    if is_mac and is_ipv4:
        _classify(layer, found)


def _classify(layer: Layer, parts: list[bytes]) -> None:
    """Gratuitous: sender and target protocol addresses are the same; a probe has no sender address."""
    opcode = layer.region.u16(6)
    _, sender, target_station, target = parts
    if opcode in (1, 2) and sender == target and (opcode == 2 or target_station in STATIONS):
        layer.add("arp.isgratuitous", True)
    if opcode == 1 and sender == UNSPECIFIED and target != UNSPECIFIED:
        layer.add("arp.isprobe", True)
    if opcode == 1 and sender == target and target_station == bytes(6):
        layer.add("arp.isannouncement", True)


@ARP.info_line
def arp_info(layer: Layer) -> str:
    region = layer.region
    if region.length < 28 or region.u8(4) != 6 or region.u8(5) != 4:
        return "ARP"
    sender, target = (".".join(map(str, region.bytes(at, 4))) for at in (14, 24))
    if region.u16(6) == 1:
        return f"Who has {target}? Tell {sender}"
    if region.u16(6) == 2:
        return f"{sender} is at {region.bytes(8, 6).hex(':')}"
    return f"opcode {region.u16(6)}"
