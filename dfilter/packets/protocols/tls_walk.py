"""A cursor over TLS structures that adds a field for each number, vector or opaque it passes.

In: a region of plain TLS bytes and the layer to add to.  Out: fields of that layer.  What always holds: a vector
that claims more than its parent holds is noted (`malformed.buffer_too_small`) and ends its parent; a number beyond
the end of the region raises as `Region` does.
"""

from __future__ import annotations

from dfilter.packets.region import Malformed, Region
from dfilter.packets.view import Layer


class Walk:
    """The bytes from `at` to `end` (offsets in `region`) of one TLS structure (RFC 8446 section 3).

    Attributes:
        prefix: first part of the field names, "tls" or "dtls".
        foreign: the bytes are not in the layer's own buffer (a reassembled message), so fields cover nothing.
        wanted: the names that will be asked for, None for all; the others are not added.
    """

    __slots__ = ("at", "end", "foreign", "layer", "prefix", "region", "wanted")

    def __init__(self, layer: Layer, prefix: str, region: Region, at: int = 0, end: int | None = None) -> None:
        self.layer = layer
        self.prefix = prefix
        self.region = region
        self.at = at
        self.end = region.reported_length if end is None else end
        self.foreign = region.buf is not layer.buf
        self.wanted = layer.view.session.needs.names

    @property
    def left(self) -> int:
        """Bytes not passed yet; never negative."""
        return max(self.end - self.at, 0)

    def note(self, name: str, value: object, length: int = 0, at: int | None = None) -> None:
        """Add a field that covers `length` bytes from here (or from `at`) on, without moving."""
        full = f"{self.prefix}.{name}"
        if self.wanted is not None and full not in self.wanted:
            return
        start = self.region.start + (self.at if at is None else at)
        self.layer.add(full, value, 0 if self.foreign else start, 0 if self.foreign else length)

    def wants(self, *names: str) -> bool:
        """Will any of these fields be asked for?"""
        return self.wanted is None or any(f"{self.prefix}.{name}" in self.wanted for name in names)

    def peek(self, size: int) -> int:
        return int.from_bytes(self.region.bytes(self.at, size), "big")

    def number(self, name: str, size: int) -> int:
        """Pass an unsigned integer of `size` bytes in network order."""
        value = self.peek(size)
        self.note(name, value, size)
        self.at += size
        return value

    def opaque(self, name: str, size: int) -> bytes:
        """Pass `size` bytes as a BYTES field."""
        value = self.region.bytes(self.at, size)
        self.note(name, value, size)
        self.at += size
        return value

    def text(self, name: str, size: int) -> str:
        """Pass `size` bytes as a STRING field; what is not UTF-8 becomes U+FFFD."""
        value = self.region.bytes(self.at, size).split(b"\0", 1)[0].decode("utf-8", "replace")
        self.note(name, value, size)
        self.at += size
        return value

    def length(self, name: str, size: int) -> int:
        """Pass the length of a vector; one that does not fit is noted and ends the structure: 0."""
        if self.left < size:
            return self._too_small()
        value = self.number(name, size)
        return self._too_small() if value > self.left else value

    def _too_small(self) -> int:
        self.note("malformed.buffer_too_small", None, self.left)
        self.layer.view.damaged(Malformed("a vector larger than what holds it"))
        self.at = self.end
        return 0

    def inner(self, size: int) -> Walk:
        """The next `size` bytes as a walk of their own; this one passes them."""
        inside = Walk(self.layer, self.prefix, self.region, self.at, self.at + min(size, self.left))
        self.at = inside.end
        return inside

    def vector(self, name: str, size: int) -> Walk:
        """Pass a length of `size` bytes and the vector that follows it."""
        return self.inner(self.length(name, size))
