"""The bytes of a capture in one piece of memory, which is used again and again.

In: a `Feed`.  Out: `Stretch`, which is what a feed is to a reader that goes from block to block, and lets others look
at everything that is there.  What always holds: memory is bounded by the piece and by the longest block; what lies in
the piece stays there until `refill`.
"""

from __future__ import annotations

from dfilter.captures.feed import Feed

PADDING = bytes(64)
"""After the last frame, so that columns can be read past its end."""

_LOW = 3
"""With less than one part in two to the power of this left, it is better to fill the piece again."""

_AT_ONCE = 1 << 12
"""Bytes that are copied to `buffer` at once, if no more are needed: some blocks without packets."""


class Stretch:
    """Reads on in one piece of memory.

    Attributes:
        space: the memory; behind the bytes of the capture follow as many as `PADDING` has.
        filled: bytes of the capture in it.
        place: of `buffer` in it.
        buffer: a copy of what was needed last.
        spilled: what was needed last did not lie in `space` as a whole, and `buffer` is all there is of it.
    """

    __slots__ = ("_base", "_ended", "_feed", "_size", "_view", "buffer", "filled", "place", "space", "spilled")

    def __init__(self, feed: Feed, size: int) -> None:
        self._feed = feed
        self._size = size
        self.space = bytearray(size + len(PADDING))
        self._view = memoryview(self.space)
        self._base = 0
        self._ended = False
        self.filled = self.place = 0
        self.buffer = b""
        self.spilled = True

    @property
    def name(self) -> str:
        """As of the feed."""
        return self._feed.name

    @property
    def damage(self) -> str | None:
        """As of the feed."""
        return self._feed.damage

    @property
    def offset(self) -> int:
        """Of `buffer` in the (decompressed) capture."""
        return self._feed.offset if self.spilled else self._base + self.place

    def is_low(self, position: int) -> bool:
        """Is it better to call `refill` before going on at `position` of `buffer`?"""
        if self.spilled:
            return True
        return not self._ended and self.filled - self.place - position < self._size >> _LOW

    def refill(self, position: int) -> None:
        """What is from `position` of `buffer` on comes to the front, and more behind it; `buffer` is empty."""
        kept = 0
        if self.spilled:
            self._feed.need(position, 0)
            self._base = self._feed.offset
        else:
            at = self.place + position
            kept = self.filled - at
            self._base += at
            self._view[:kept] = self._view[at : self.filled]
        self.filled = kept + self._feed.take(self._view[kept : self._size])
        self._ended = self.filled < self._size
        self.spilled = False
        self.move(0)

    def move(self, place: int) -> None:
        """Go on at this place of `space`."""
        self.place = place
        self.buffer = b""

    def need(self, position: int, size: int) -> bool:
        """As `Feed.need`; `buffer` holds little more than that, as long as it lies in `space`."""
        place = self.place + position
        if not self.spilled and place + size <= self.filled:
            self.place = place
            self.buffer = bytes(self._view[place : min(place + max(size, _AT_ONCE), self.filled)])
            return True
        self._spill(position)
        whole = self._feed.need(0, size)
        self.buffer = self._feed.buffer
        return whole

    def skip(self, position: int, size: int) -> bool:
        """As `Feed.skip`."""
        place = self.place + position + size
        if not self.spilled and place <= self.filled:
            self.move(place)
            return True
        self._spill(position)
        whole = self._feed.skip(0, size)
        self.buffer = self._feed.buffer
        return whole

    def _spill(self, position: int) -> None:
        """Give the feed back what is from `position` of `buffer` on."""
        if self.spilled:
            self._feed.need(position, 0)
            return
        place = self.place + position
        self._feed.untake(bytes(self._view[place : self.filled]))
        self.spilled = True
