"""A stretch of bytes to dissect, and what happens where it ends too early.

In: a buffer and bounds.  Out: `Region`, whose readers take offsets relative to its start.
What always holds: a read either lies within the captured bytes or raises `Truncated` (the capture cut the
packet there) or `Malformed` (the packet itself ends there, by its own lengths); never `IndexError`.
"""

from __future__ import annotations

Octets = bytes
"""The built-in type, which `Region.bytes` hides inside its class."""


class DissectionError(Exception):
    """Dissection of a frame ends here; what was read before counts."""


class Truncated(DissectionError):  # noqa: N818 - the condition's name, as in "_ws.short"
    """The bytes exist on the wire but were not captured (snap length)."""


class Malformed(DissectionError):  # noqa: N818 - the condition's name, as in "_ws.malformed"
    """The packet claims more than it holds."""


class Remarked(Malformed):
    """The packet is marked as damaged by a remark on one of its fields; its protocol's line says so itself."""


class Region:
    """`buf[start:end]` captured, of which the packet says it reaches to `reported_end`.

    Attributes:
        buf: the data source, a whole frame or a reassembled message.
        start, end: absolute offsets of the captured bytes; end <= len(buf).
        reported_end: absolute offset where the packet says it ends; >= end.
    """

    __slots__ = ("buf", "end", "reported_end", "start")

    def __init__(self, buf: Octets, start: int, end: int, reported_end: int | None = None) -> None:
        self.buf = buf
        self.start = start
        self.end = end
        self.reported_end = end if reported_end is None else reported_end

    @property
    def length(self) -> int:
        """Captured bytes."""
        return self.end - self.start

    @property
    def reported_length(self) -> int:
        return self.reported_end - self.start

    def beyond(self, stop: int) -> DissectionError:
        """The exception for a read that needs bytes up to the absolute offset `stop`."""
        if stop > self.reported_end:
            return Malformed(f"needs bytes up to {stop}, the packet ends at {self.reported_end}")
        return Truncated(f"needs bytes up to {stop}, captured up to {self.end}")

    def need(self, offset: int, length: int) -> int:
        """The absolute offset of `offset`, once it is sure that `length` bytes lie there."""
        at = self.start + offset
        if offset < 0 or length < 0 or at + length > self.end:
            raise self.beyond(at + length) if offset >= 0 and length >= 0 else Malformed("negative length")
        return at

    def need_all(self) -> None:
        """Raise `Truncated` if the capture does not hold all of it."""
        if self.end < self.reported_end:
            raise self.beyond(self.reported_end)

    def u8(self, offset: int) -> int:
        at = self.start + offset
        if offset < 0 or at >= self.end:
            raise self.beyond(at + 1)
        return self.buf[at]

    def u16(self, offset: int) -> int:
        at = self.need(offset, 2)
        buf = self.buf
        return buf[at] << 8 | buf[at + 1]

    def u24(self, offset: int) -> int:
        at = self.need(offset, 3)
        return int.from_bytes(self.buf[at : at + 3], "big")

    def u32(self, offset: int) -> int:
        at = self.need(offset, 4)
        return int.from_bytes(self.buf[at : at + 4], "big")

    def u48(self, offset: int) -> int:
        at = self.need(offset, 6)
        return int.from_bytes(self.buf[at : at + 6], "big")

    def u64(self, offset: int) -> int:
        at = self.need(offset, 8)
        return int.from_bytes(self.buf[at : at + 8], "big")

    def le16(self, offset: int) -> int:
        at = self.need(offset, 2)
        buf = self.buf
        return buf[at + 1] << 8 | buf[at]

    def le32(self, offset: int) -> int:
        at = self.need(offset, 4)
        return int.from_bytes(self.buf[at : at + 4], "little")

    def le64(self, offset: int) -> int:
        at = self.need(offset, 8)
        return int.from_bytes(self.buf[at : at + 8], "little")

    def bytes(self, offset: int, length: int) -> Octets:
        at = self.need(offset, length)
        return self.buf[at : at + length]

    def rest(self, offset: int = 0) -> Octets:
        """The captured bytes from `offset` on."""
        return self.buf[self.start + offset : self.end]

    def sub(self, offset: int, length: int | None = None) -> Region:
        """The region from `offset`, all that remains or `length` bytes as the packet reports them.

        A `length` that goes beyond the reported end raises `Malformed`; beyond the captured end it is cut.
        """
        start = self.start + offset
        if offset < 0 or start > self.reported_end:
            raise self.beyond(start)
        reported_end = self.reported_end if length is None else start + length
        if reported_end > self.reported_end or reported_end < start:
            raise Malformed(f"a part of {length} bytes does not fit")
        end = min(self.end, reported_end)
        return Region(self.buf, min(start, end), end, reported_end)

    def trim(self, length: int) -> None:
        """The protocol here says that it covers only `length` bytes; what follows belongs to the layer below."""
        self.reported_end = min(self.reported_end, self.start + max(length, 0))
        self.end = min(self.end, self.reported_end)

    def clipped(self, offset: int, length: int) -> Region:
        """Like `sub`, but a `length` that does not fit is cut to what there is."""
        start = min(self.start + offset, self.reported_end)
        reported_end = min(start + max(length, 0), self.reported_end)
        end = min(self.end, reported_end)
        return Region(self.buf, min(start, end), end, reported_end)
