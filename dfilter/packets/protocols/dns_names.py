"""Domain names on the wire (RFC 1035 section 4.1.4), with their compression pointers.

In: a region and an offset in it.  Out: the name as text, and where the bytes after it start.
What always holds: a name is followed through no more bytes than the message has, so that loops end; where a
pointer led to a name that is too long or loops is remembered for the other names of the message, so that a message
full of such pointers takes no quadratic time.
"""

from __future__ import annotations

from dfilter.packets.region import Malformed, Region
from dfilter.slotted import frozen

MAX_NAME = 253
"""Bytes of labels and dots beyond which Wireshark 4.4 shows `TOO_LONG` (RFC 1035 section 2.3.4)."""

ROOT, TOO_LONG, LOOP = "<Root>", "<Name too long>", "<Name contains a pointer that loops>"
UNKNOWN_LABEL = "<Unknown extended label>"
_POINTER, _EXTENDED, _BIT_STRING = 0xC0, 0x40, 0x41
_CONTROLS = {code: f"\\{code:03o}" for code in (*range(32), 127)}


@frozen
class Name:
    """A domain name.

    Attributes:
        text: labels joined by dots, without a final one; what stands for the root and for names that are wrong.
        end: offset after the name's own bytes (after the first pointer).
        labels: one more than the text has dots.
        length: bytes of labels and dots, as `dns.qry.name.len` shows.
    """

    text: str
    end: int
    labels: int
    length: int


def read_name(region: Region, offset: int, base: int = 0) -> Name:
    """The name at `offset`; pointers count from `base`, the start of the message in the region."""
    labels: list[bytes] = []
    after_pointer = False
    end: int | None = None
    length, read, at = -1, 0, offset
    limit = region.reported_length - base
    wrong = _wrong_targets(region, base)
    followed: list[tuple[int, int]] = []
    while (size := region.u8(at)) != 0:
        kind = size & _POINTER
        if kind == _POINTER:
            target = base + ((size & 0x3F) << 8 | region.u8(at + 1))
            end = at + 2 if end is None else end
            read += 2
            if read > limit or target == at or target in wrong:
                text = wrong.get(target, LOOP)
                wrong.update((before, text) for before, _ in followed)
                return Name(text, end, 1, len(text))
            followed.append((target, length))
            at, after_pointer = target, True
            continue
        after_pointer = False
        if kind == _EXTENDED and size != _BIT_STRING:
            return Name(UNKNOWN_LABEL, at + 1 if end is None else end, 1, len(UNKNOWN_LABEL))
        if kind:
            raise Malformed(f"label type 0x{size:02x}")
        label = region.bytes(at + 1, size)
        at += 1 + size
        read += 1 + size
        length += 1 + size
        if length <= MAX_NAME:
            labels.append(label)
    end = at + 1 if end is None else end
    if length > MAX_NAME:
        wrong.update((target, TOO_LONG) for target, before in followed if length - before > MAX_NAME + 1)
        return Name(TOO_LONG, end, 1, len(TOO_LONG))
    if not labels:
        return Name(ROOT, end, 1, len(ROOT))
    raw = b".".join(labels)
    if after_pointer:  # a pointer to the root: Wireshark 4.4 shows the name, but counts nothing
        return Name(label_text(raw), end, 0, 0)
    return Name(label_text(raw), end, raw.count(b".") + 1, length)


_last_wrong: tuple[bytes, int, dict[int, str]] = (b"", 0, {})


def _wrong_targets(region: Region, base: int) -> dict[int, str]:
    """Targets of pointers in the message dissected last, where names are too long or loop: what they show."""
    global _last_wrong
    buf, start, found = _last_wrong
    if buf is not region.buf or start != region.start + base:
        found = {}
        _last_wrong = (region.buf, region.start + base, found)
    return found


def label_text(label: bytes) -> str:
    """Labels as text: bytes that are not UTF-8 become U+FFFD, control characters a backslash and three octal digits."""
    text = label.decode("utf-8", "replace")
    return text if text.isprintable() else text.translate(_CONTROLS)
