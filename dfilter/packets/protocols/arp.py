"""ARP and RARP (RFC 826, RFC 903), announcements and probes (RFC 5227), addresses claimed twice.

In: one packet.  Out: its layer; where asked for, what earlier packets said of the same addresses.  What always
holds: a packet that does not hold all four addresses shows none of them; claims are remembered in bounded memory.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, computed_table, header
from dfilter.packets.region import Region
from dfilter.packets.streams.remembered import Remembered
from dfilter.packets.view import Layer, View

ETHERNET_HARDWARE = (1, 6)
IPV4_TYPE = 0x0800
UNSPECIFIED = bytes(4)
ATM_HARDWARE = 19

MAX_CLAIMS = 65_536
"""IPv4 addresses of which is remembered who claimed them; then the longest silent are forgotten."""

DUPLICATE_FIELDS = """
    arp.duplicate-address-detected            NONE
    arp.duplicate-address-frame               FRAMENUM
    arp.seconds-since-duplicate-address-frame UINT32
"""

ARP = Protocol(
    "arp",
    "ARP",
    fields=(
        header("arp.hw.type", T.UINT16, 0),
        header("arp.proto.type", T.UINT16, 2),
        header("arp.opcode", T.UINT16, 6),
        *computed_table("""
            arp.hw.size         UINT8
            arp.proto.size      UINT8
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
        *computed_table(DUPLICATE_FIELDS, stateful=True),
    ),
    over={"ethertype": (0x0806, 0x8035)},
)


@ARP.dissector
def dissect_arp(view: View, region: Region) -> None:
    if region.u16(0) == ATM_HARDWARE:
        _dissect_atm(view, region)
        return
    layer = view.push(ARP, region)
    length = 8 + 2 * (region.u8(4) + region.u8(5))
    layer.set_length(length)
    region.need(0, length)
    region.trim(length)
    layer.state = ()
    if _is_ethernet_ipv4(region) and view.session.needs.wants("arp.duplicate-address-detected",
            "arp.duplicate-address-frame", "arp.seconds-since-duplicate-address-frame"):  # fmt: skip
        layer.state = _find_duplicates(view, region)


def _dissect_atm(view: View, region: Region) -> None:
    """ARP over ATM (RFC 2225 section 8.5) has a length for each part of an address; it shows nothing if one is cut."""
    lengths = region.bytes(4, 2) + region.bytes(8, 4)
    total = 12 + sum(length & 0x3F for length in lengths)
    region.need(0, total)
    view.push(ARP, region, total)
    region.trim(total)


def _is_ethernet_ipv4(region: Region) -> bool:
    return region.u16(0) in ETHERNET_HARDWARE and region.u16(2) == IPV4_TYPE and region.bytes(4, 2) == b"\x06\x04"


def _find_duplicates(view: View, region: Region) -> tuple[tuple[int, int], ...]:
    """(frame, seconds ago) for each address here that another station claimed; replies tell of the target, too."""
    opcode = region.u16(6)
    claims = [(region.bytes(8, 6), region.bytes(14, 4))]
    if opcode == 2 and region.bytes(24, 4) != claims[0][1]:
        claims.append((region.bytes(18, 6), region.bytes(24, 4)))
    known: Remembered[bytes, tuple[bytes, int, int]]
    known = view.session.memory("arp", lambda: Remembered(MAX_CLAIMS))
    now, found = (view.time or 0) // 10**9, []
    for station, address in claims if opcode in (1, 2) else ():
        if address == UNSPECIFIED or station[0] & 1 or not any(station):  # groups claim nothing
            continue
        earlier = known.get(address)
        if earlier is not None and earlier[0] != station:
            found.append((earlier[1], now - earlier[2]))
        else:
            known.put(address, (station, view.number, now))
    return tuple(found)


@ARP.filler
def fill_arp(layer: Layer) -> None:
    region = layer.region
    if region.u16(0) == ATM_HARDWARE:
        return
    hw_size, proto_size = region.u8(4), region.u8(5)
    layer.add("arp.hw.size", hw_size, region.start + 4, 1)
    layer.add("arp.proto.size", proto_size, region.start + 5, 1)
    if layer.state is None:
        return
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
    if is_ipv4:
        _classify(layer, found)
    for frame, seconds in layer.state:
        layer.add("arp.duplicate-address-detected", None)
        layer.add("arp.duplicate-address-frame", frame)
        layer.add("arp.seconds-since-duplicate-address-frame", seconds & 0xFFFFFFFF)


def _classify(layer: Layer, parts: list[bytes]) -> None:
    """Gratuitous: sender and target protocol addresses are the same; a probe has no sender address."""
    opcode = layer.region.u16(6)
    _, sender, target_station, target = parts
    if opcode in (1, 2) and sender == target:
        layer.add("arp.isgratuitous", True)
    if opcode == 1 and sender == UNSPECIFIED and target != UNSPECIFIED:
        layer.add("arp.isprobe", True)
    if opcode == 1 and sender == target and not any(target_station):
        layer.add("arp.isannouncement", True)


@ARP.info_line
def arp_info(layer: Layer) -> str:
    """Who asks for whom, who answers; addresses that are claimed without being asked for."""
    region = layer.region
    if region.u16(0) == ATM_HARDWARE or layer.state is None:
        return "ARP"
    hardware, size = region.u8(4), region.u8(5)
    station = region.bytes(8, hardware)
    sender, target = (_address(region.bytes(at, size)) for at in (8 + hardware, 8 + 2 * hardware + size))
    opcode = region.u16(6)
    if opcode == 1:
        if layer.computed("arp.isannouncement"):
            return f"ARP Announcement for {sender}"
        if layer.computed("arp.isprobe"):
            return f"Who has {target}? (ARP Probe)"
        if layer.computed("arp.isgratuitous"):
            return f"Gratuitous ARP for {sender} (Request)"
        return f"Who has {target}? Tell {sender}"
    shown = station.hex(":") if region.u16(0) in ETHERNET_HARDWARE else station.hex()
    if opcode == 2:
        return f"Gratuitous ARP for {sender} (Reply)" if sender == target else f"{sender} is at {shown}"
    other = region.bytes(8 + hardware + size, hardware).hex(":")
    texts = {3: f"Who is {other}? Tell {shown}", 4: f"{other} is at {target}",
             8: f"Who is {other}? Tell {shown}", 9: f"{shown} is at {sender}"}  # fmt: skip
    return texts.get(opcode, f"Unknown ARP opcode 0x{opcode:04x}")


def _address(octets: bytes) -> str:
    return ".".join(map(str, octets)) if len(octets) == 4 else octets.hex()
