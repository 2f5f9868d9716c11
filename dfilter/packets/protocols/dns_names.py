"""Domain names on the wire (RFC 1035 section 4.1.4), with their compression pointers.

In: a region and an offset in it.  Out: the name as text, and where the bytes after it start.
What always holds: pointers are followed a bounded number of times, so that loops end.
"""

from __future__ import annotations

from dataclasses import dataclass

from dfilter.packets.region import Malformed, Region

MAX_NAME = 1023
"""Characters of text beyond which a name is cut: pointers could make it grow without end."""

MAX_POINTERS = 128

_POINTER, _EXTENDED = 0xC0, 0x40
_ESCAPES = {ord("."): "\\.", ord("\\"): "\\\\"}
ROOT = "<Root>"


@dataclass(frozen=True, slots=True)
class Name:
    """A domain name.

    Attributes:
        text: labels joined by dots, without a final one; "<Root>" for the root.
        end: offset after the name's own bytes (after the first pointer).
        labels: how many labels it has, pointers followed.
        length: the length that `dns.qry.name.len` shows.
    """

    text: str
    end: int
    labels: int
    length: int


def read_name(region: Region, offset: int, base: int = 0) -> Name:
    """The name at `offset`; pointers count from `base`, the start of the message in the region."""
    labels: list[str] = []
    end: int | None = None
    total = pointers = 0
    at = offset
    while True:
        length = region.u8(at)
        if length == 0:
            at += 1
            break
        kind = length & 0xC0
        if kind == _POINTER:
            target = base + ((length & 0x3F) << 8 | region.u8(at + 1))
            end = at + 2 if end is None else end
            pointers += 1
            if pointers > MAX_POINTERS or target == at:
                raise Malformed("a loop of name pointers")
            at = target
            continue
        if kind:
            raise Malformed(f"label type 0x{length:02x}")
        label = region.bytes(at + 1, length)
        at += 1 + length
        if total < MAX_NAME:
            labels.append(label_text(label))
        total += length + 1
        if total > 64 * MAX_NAME:
            raise Malformed("a name without end")
    text = ".".join(labels)[:MAX_NAME]
    return Name(text or ROOT, at if end is None else end, len(labels), len(text) if labels else len(ROOT))


def label_text(label: bytes) -> str:
    """A label as text: bytes that are not UTF-8 become U+FFFD."""
    return label.decode("utf-8", "replace")
