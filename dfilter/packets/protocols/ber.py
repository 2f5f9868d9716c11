"""A bounded reader of ASN.1's BER and DER encodings (ITU-T X.690), for the protocols that use them.

In: a region.  Out: `Element`s with absolute offsets.  What always holds: an element lies within what holds it, or the
read raises `Malformed` or `Truncated`; an indefinite length is closed by the first end-of-contents at its level, and
nesting is walked only as deep as `MAX_DEPTH`.
"""

from __future__ import annotations

from collections.abc import Iterator

from dfilter.packets.region import Malformed, Region
from dfilter.slotted import frozen

MAX_DEPTH = 32
"""Nesting of indefinite lengths that is followed; nobody nests as deep."""
MAX_TAG_OCTETS = 4

INTEGER, BIT_STRING, OCTET_STRING, OID, ENUMERATED = 0x02, 0x03, 0x04, 0x06, 0x0A
SEQUENCE, SET = 0x30, 0x31
CONTEXT = 0xA0


@frozen
class Element:
    """One tag-length-value.

    Attributes:
        identifier: the first identifier octet (class, constructed bit and low tag number).
        tag: the tag number.
        start: absolute offset of the first identifier octet.
        content: the region of the contents.
        end: absolute offset after the element.
    """

    identifier: int
    tag: int
    start: int
    content: Region
    end: int

    @property
    def constructed(self) -> bool:
        return bool(self.identifier & 0x20)

    @property
    def is_context(self) -> bool:
        """Is its class context-specific?"""
        return self.identifier >> 6 == 2

    @property
    def is_application(self) -> bool:
        return self.identifier >> 6 == 1

    def octets(self) -> bytes:
        return self.content.rest()

    def integer(self) -> int:
        """The contents as a two's complement number (X.690 section 8.3)."""
        return int.from_bytes(self.content.rest(), "big", signed=True)

    def unsigned(self) -> int:
        return int.from_bytes(self.content.rest(), "big")


def read_element(region: Region, at: int = 0, depth: int = 0) -> Element:
    """The element at `at`; a length that goes beyond the region raises `Malformed`."""
    identifier = region.u8(at)
    tag, position = identifier & 0x1F, at + 1
    if tag == 0x1F:
        tag = 0
        for _ in range(MAX_TAG_OCTETS):
            octet = region.u8(position)
            tag, position = tag << 7 | octet & 0x7F, position + 1
            if not octet & 0x80:
                break
        else:
            raise Malformed("a tag number without end")
    first = region.u8(position)
    position += 1
    if first == 0x80:
        return _indefinite(region, identifier, tag, at, position, depth)
    length = first
    if first & 0x80:
        count = first & 0x7F
        if count > 4:
            raise Malformed("a length of more than four octets")
        length = int.from_bytes(region.bytes(position, count), "big")
        position += count
    content = region.sub(position, length)
    return Element(identifier, tag, region.start + at, content, content.reported_end)


def _indefinite(region: Region, identifier: int, tag: int, at: int, position: int, depth: int) -> Element:
    if depth >= MAX_DEPTH:
        raise Malformed("indefinite lengths are nested too deep")
    start = position
    while region.u8(position) or region.u8(position + 1):
        position = read_element(region, position, depth + 1).end - region.start
    return Element(identifier, tag, region.start + at, region.sub(start, position - start), region.start + position + 2)


def elements(region: Region) -> Iterator[Element]:
    """The elements that lie one after the other in `region`."""
    at = 0
    while at < region.reported_length:
        element = read_element(region, at)
        yield element
        at = element.end - region.start


def inner(element: Element) -> Element:
    """The element that an explicit tag wraps."""
    return read_element(element.content)


def dotted(content: bytes) -> str:
    """An object identifier's contents as numbers joined by dots (X.690 section 8.19)."""
    arcs: list[int] = []
    arc = 0
    for octet in content[:128]:
        arc = arc << 7 | octet & 0x7F
        if octet & 0x80:
            continue
        if not arcs:
            first = min(arc // 40, 2)
            arcs = [first, arc - 40 * first]
        else:
            arcs.append(arc)
        arc = 0
    return ".".join(map(str, arcs))
