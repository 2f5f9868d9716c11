"""A reading position in a message whose fields follow each other.

In: a layer and a region of it.  Out: the layer's computed fields, added one after the other.
What always holds: a read either lies within the region or raises as `Region` does; the position only grows, so a
loop that reads at least one byte each time ends.
"""

from __future__ import annotations

from collections.abc import Iterable

from dfilter.packets.region import Malformed, Region
from dfilter.packets.view import Layer

_EPOCH_1601 = 11_644_473_600 * 10**7
"""100 ns ticks from 1601 to 1970."""
_NEVER = 0x7FFFFFFFFFFFFFFF


class Cursor:
    """Reads from `region` at `at` (relative to its start) and adds what it reads to `layer`."""

    __slots__ = ("at", "big", "layer", "region")

    def __init__(self, layer: Layer, region: Region, at: int = 0, *, big: bool = False) -> None:
        self.layer = layer
        self.region = region
        self.at = at
        self.big = big

    @property
    def absolute(self) -> int:
        """The position as an absolute offset."""
        return self.region.start + self.at

    @property
    def left(self) -> int:
        """Bytes from here to the end of the region, as reported."""
        return self.region.reported_end - self.absolute

    def peek(self, size: int, skip: int = 0) -> int:
        """The unsigned integer of `size` bytes here, `skip` bytes further on; the position stays."""
        data = self.region.bytes(self.at + skip, size)
        return int.from_bytes(data, "big" if self.big else "little")

    def skip(self, size: int) -> None:
        """Go over `size` bytes that hold no field; they need not be there."""
        self.at += max(size, 0)

    def integer(self, name: str, size: int) -> int:
        """The unsigned integer of `size` bytes."""
        value = self.peek(size)
        self.layer.add(name, value, self.absolute, size)
        self.at += size
        return value

    def u8(self, name: str) -> int:
        return self.integer(name, 1)

    def u16(self, name: str) -> int:
        return self.integer(name, 2)

    def u32(self, name: str) -> int:
        return self.integer(name, 4)

    def u64(self, name: str) -> int:
        return self.integer(name, 8)

    def integers(self, rows: Iterable[tuple[str, int]]) -> None:
        """Several integers (name, size) one after the other."""
        for name, size in rows:
            self.integer(name, size)

    def flags(self, name: str, size: int, rows: Iterable[tuple[str, int]]) -> int:
        """An integer and BOOLEAN fields (name, mask) that lie in it; `name` may be empty."""
        value, at = self.peek(size), self.absolute
        if name:
            self.layer.add(name, value, at, size)
        for bit_name, mask in rows:
            self.layer.add(bit_name, bool(value & mask), at, size)
        self.at += size
        return value

    def parts(self, size: int, numbers: Iterable[tuple[str, int]], flags: Iterable[tuple[str, int]] = ()) -> int:
        """Fields (name, mask) that share `size` bytes: numbers, shifted down to bit 0, then BOOLEANs."""
        value, at = self.peek(size), self.absolute
        for name, mask in numbers:
            self.layer.add(name, (value & mask) >> (mask & -mask).bit_length() - 1, at, size)
        for name, mask in flags:
            self.layer.add(name, bool(value & mask), at, size)
        self.at += size
        return value

    def mark(self, name: str, size: int, value: object = None) -> None:
        """A field that covers the `size` bytes from here on without reading them (NONE); the position stays."""
        self.layer.add(name, value, self.absolute, max(size, 0))

    def text(self, name: str, size: int) -> str:
        """`size` bytes of UTF-8 text, up to a NUL."""
        value = self.region.bytes(self.at, size).split(b"\0", 1)[0].decode("utf-8", "replace")
        self.layer.add(name, value, self.absolute, size)
        self.at += size
        return value

    def wrong(self, why: str) -> None:
        """Note that the packet says what it must not, where the reference goes on but calls it malformed."""
        if not self.layer.quoted:
            self.layer.view.damaged(Malformed(why))

    def raw(self, name: str, size: int) -> bytes:
        """`size` bytes as they are."""
        data = self.region.bytes(self.at, size)
        self.layer.add(name, data, self.absolute, size)
        self.at += size
        return data

    def captured(self, name: str, size: int) -> None:
        """Up to `size` bytes, as many as were captured; nothing if none."""
        part = self.region.clipped(self.at, size)
        if part.length > 0:
            self.layer.add(name, part.rest(), part.start, part.length)
        self.at += size

    def guid(self, name: str) -> bytes:
        """A GUID, whose first three parts are little-endian on the wire (MS-DTYP section 2.3.4.2)."""
        data = self.region.bytes(self.at, 16)
        value = data if self.big else data[3::-1] + data[5:3:-1] + data[7:5:-1] + data[8:]
        self.layer.add(name, value, self.absolute, 16)
        self.at += 16
        return value

    def filetime(self, name: str) -> None:
        """A FILETIME: 100 ns ticks since 1601, little-endian (MS-DTYP section 2.3.3)."""
        self.layer.add(name, from_filetime(self.region.le64(self.at)), self.absolute, 8)
        self.at += 8

    def utf16(self, name: str, size: int) -> str:
        """`size` bytes of UTF-16LE text, up to a NUL."""
        text = utf16_text(self.region.bytes(self.at, size))
        self.layer.add(name, text, self.absolute, size)
        self.at += size
        return text


def from_filetime(ticks: int) -> int:
    """Nanoseconds since 1970 of a FILETIME; 0 for "no time" and for "never", as Wireshark 4.4 shows them."""
    if ticks in (0, _NEVER):
        return 0
    return (ticks - _EPOCH_1601) * 100


def utf16_text(data: bytes) -> str:
    """UTF-16LE text up to its NUL; what does not decode is U+FFFD."""
    return data.decode("utf-16-le", "replace").split("\0", 1)[0]


def message_text(region: Region, at: int, unicode: bool) -> tuple[str, int, int]:
    """A string of SMB up to its NUL: text, start and length with the NUL; UTF-16 starts on an even offset."""
    if not unicode:
        data = region.rest(at).split(b"\0", 1)[0]
        return data.decode("latin-1"), at, len(data) + 1
    at += at & 1
    data = region.rest(at)
    size = next((i for i in range(0, len(data) - 1, 2) if data[i : i + 2] == b"\0\0"), len(data) & ~1)
    return utf16_text(data[:size]), at, min(size + 2, len(data))


def mask_table(text: str) -> tuple[tuple[str, int], ...]:
    """Rows (field name, mask) for `Cursor.flags`, one a line: name, white space, mask."""
    rows = (line.split() for line in text.splitlines() if line.strip())
    return tuple((name, int(mask, 0)) for name, mask in rows)
