"""6LoWPAN: IPv6 over IEEE 802.15.4, uncompressed (RFC 4944) or with compressed headers (RFC 6282).

In: the payload of a data frame.  Out: the `6lowpan` layer, and the IPv6 packet as it was before compression.  What
always holds: addresses of a context are built as if its prefix were zero; fragments and mesh headers are data.
"""

from __future__ import annotations

from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.protocols.inner import call_name
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

UNCOMPRESSED, IPHC = 0x41, 0x60
IPHC_MASK = 0xE0
UDP, NO_NEXT_HEADER = 17, 59
NHC_UDP, NHC_UDP_MASK = 0xF0, 0xF8
LINK_LOCAL = b"\xfe\x80" + bytes(6)
HOP_LIMITS = (0, 1, 64, 255)
SHORT_IID = b"\0\0\0\xff\xfe\0"
"""In front of a 16-bit address in an interface identifier."""

SIXLOWPAN = Protocol(
    "6lowpan",
    "6LoWPAN",
    fields=computed_table("""
        6lowpan.pattern          UINT8
        6lowpan.iphc.tf          UINT16
        6lowpan.iphc.nh          BOOLEAN
        6lowpan.iphc.hlim        UINT16
        6lowpan.iphc.cid         BOOLEAN
        6lowpan.iphc.sac         BOOLEAN
        6lowpan.iphc.sam         UINT16
        6lowpan.iphc.m           BOOLEAN
        6lowpan.iphc.dac         BOOLEAN
        6lowpan.iphc.dam         UINT16
        6lowpan.iphc.sci         UINT8
        6lowpan.iphc.dci         UINT8
        6lowpan.flow             UINT24
        6lowpan.class            UINT8
        6lowpan.next             UINT8
        6lowpan.hops             UINT8
        6lowpan.src              IPv6
        6lowpan.dst              IPv6
        6lowpan.nhc.pattern      UINT8
        6lowpan.nhc.udp.checksum BOOLEAN
        6lowpan.nhc.udp.ports    UINT8
        6lowpan.udp.src          UINT16
        6lowpan.udp.dst          UINT16
        6lowpan.udp.checksum     UINT16
    """),
    carries=("ipv6", "data"),
)


def is_dispatch(payload: Region) -> bool:
    """Does the payload begin with a dispatch value that is read here?"""
    first = payload.u8(0)
    return first == UNCOMPRESSED or first & IPHC_MASK == IPHC


@SIXLOWPAN.dissector
def dissect_sixlowpan(view: View, region: Region) -> None:
    layer = view.push(SIXLOWPAN, region)
    cursor = Cursor(layer, region, big=True)
    if region.u8(0) == UNCOMPRESSED:
        cursor.u8("6lowpan.pattern")
        layer.set_length(1)
        call_name(view, "ipv6", region.sub(1))
        return
    packet = _decompress(cursor)
    layer.set_length(cursor.at)
    call_name(view, "ipv6", Region(packet, 0, len(packet)))


def _link_identifier(layer: Layer, source: bool) -> bytes:
    """The interface identifier that the frame's own address gives (RFC 6282 section 3.2.2)."""
    wpan = layer.view.layer("wpan")
    address = b"" if wpan is None or wpan.state is None else wpan.state.source if source else wpan.state.target
    if len(address) == 8:
        address = address[::-1]
        return bytes((address[0] ^ 2,)) + address[1:]
    return SHORT_IID + address[::-1].rjust(2, b"\0")


def _decompress(cursor: Cursor) -> bytes:
    """The IPv6 packet; adds the fields on the way."""
    layer, word = cursor.layer, cursor.peek(2)
    layer.add("6lowpan.pattern", word >> 13, cursor.absolute, 1)
    flags = (("6lowpan.iphc.nh", 0x400), ("6lowpan.iphc.cid", 0x80), ("6lowpan.iphc.sac", 0x40),
             ("6lowpan.iphc.m", 0x08), ("6lowpan.iphc.dac", 0x04))  # fmt: skip
    numbers = (("6lowpan.iphc.tf", 0x1800), ("6lowpan.iphc.hlim", 0x300), ("6lowpan.iphc.sam", 0x30),
               ("6lowpan.iphc.dam", 0x03))  # fmt: skip
    cursor.parts(2, numbers, flags)
    if word & 0x80:
        cursor.parts(1, (("6lowpan.iphc.sci", 0xF0), ("6lowpan.iphc.dci", 0x0F)))
    first = _traffic(cursor, word >> 11 & 3)
    following = NO_NEXT_HEADER
    if not word & 0x400:
        following = cursor.u8("6lowpan.next")
    hops = HOP_LIMITS[word >> 8 & 3] or cursor.u8("6lowpan.hops")
    start = cursor.absolute
    source = _unicast(cursor, word >> 4 & 3, bool(word & 0x40), source=True)
    layer.add("6lowpan.src", source, start, 16)
    start = cursor.absolute
    target = _multicast(cursor, word & 3) if word & 8 else _unicast(cursor, word & 3, bool(word & 4), source=False)
    layer.add("6lowpan.dst", target, start, 16)
    payload = b""
    if not word & 0x400:
        payload = cursor.region.rest(cursor.at)
    elif cursor.left > 0 and cursor.peek(1) & NHC_UDP_MASK == NHC_UDP:
        following, payload = UDP, _datagram(cursor)
    return first + len(payload).to_bytes(2, "big") + bytes((following, hops)) + source + target + payload


def _traffic(cursor: Cursor, kind: int) -> bytes:
    """Version, traffic class and flow label (RFC 6282 section 3.2.1); the class lies rotated by two bits."""
    traffic = flow = 0
    if kind in (0, 2):
        octet = cursor.peek(1)
        traffic = (octet << 2 | octet >> 6) & 0xFF
        cursor.mark("6lowpan.class", 1, traffic)
        cursor.skip(1)
    if kind == 0:
        flow = cursor.peek(3) & 0xFFFFF
        cursor.mark("6lowpan.flow", 3, flow)
        cursor.skip(3)
    elif kind == 1:
        octet = cursor.peek(1)
        traffic, flow = octet >> 6, cursor.peek(3) & 0xFFFFF
        cursor.mark("6lowpan.flow", 3, flow)
        cursor.skip(3)
    return (6 << 28 | traffic << 20 | flow).to_bytes(4, "big")


def _unicast(cursor: Cursor, mode: int, of_context: bool, *, source: bool) -> bytes:
    """An address of which `mode` tells how much is there (RFC 6282 section 3.1.1)."""
    if mode == 0:
        return bytes(16) if of_context else _take(cursor, 16)
    prefix = bytes(8) if of_context else LINK_LOCAL
    if mode == 1:
        return prefix + _take(cursor, 8)
    if mode == 2:
        return prefix + SHORT_IID + _take(cursor, 2)
    return prefix + _link_identifier(cursor.layer, source)


def _multicast(cursor: Cursor, mode: int) -> bytes:
    if mode == 0:
        return _take(cursor, 16)
    if mode == 3:
        return b"\xff\x02" + bytes(13) + _take(cursor, 1)
    size = 6 if mode == 1 else 4
    data = _take(cursor, size)
    return b"\xff" + data[:1] + bytes(16 - 1 - size) + data[1:]


def _take(cursor: Cursor, size: int) -> bytes:
    data = cursor.region.bytes(cursor.at, size)
    cursor.skip(size)
    return data


def _datagram(cursor: Cursor) -> bytes:
    """A compressed UDP header (RFC 6282 section 4.3) and what follows."""
    kind = cursor.peek(1)
    cursor.layer.add("6lowpan.nhc.pattern", kind >> 3, cursor.absolute, 1)
    cursor.parts(1, (("6lowpan.nhc.udp.ports", 0x03),), (("6lowpan.nhc.udp.checksum", 0x04),))
    ports = kind & 3
    if ports == 3:
        octet = cursor.peek(1)
        source, target = 0xF0B0 | octet >> 4, 0xF0B0 | octet & 0x0F
        cursor.mark("6lowpan.udp.src", 1, source)
        cursor.mark("6lowpan.udp.dst", 1, target)
        cursor.skip(1)
    else:
        source = _port(cursor, "6lowpan.udp.src", short=ports == 2)
        target = _port(cursor, "6lowpan.udp.dst", short=ports == 1)
    checksum = 0 if kind & 4 else cursor.u16("6lowpan.udp.checksum")
    payload = cursor.region.rest(cursor.at)
    parts = (source, target, 8 + len(payload), checksum)
    return b"".join(part.to_bytes(2, "big") for part in parts) + payload


def _port(cursor: Cursor, name: str, *, short: bool) -> int:
    if not short:
        return cursor.u16(name)
    value = 0xF000 | cursor.peek(1)
    cursor.mark(name, 1, value)
    cursor.skip(1)
    return value
