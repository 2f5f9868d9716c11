"""Messages that span TCP segments.

In: the segments of one direction.  Out: whole messages, given to the protocol that asked for them.

A protocol that finds its message incomplete raises `NeedMore`: from which byte on, and how many more it wants.
The bytes from there are kept until they have come; then the protocol is called again, in the frame that brought
the last of them, on the bytes put together.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush

from dfilter.packets.region import Region
from dfilter.packets.streams.sequence import SEQ_MASK, seq_diff
from dfilter.slotted import field, slotted

ONE_MORE_SEGMENT = -1
"""The length is not known yet: call again with whatever the next segment brings."""

UNTIL_FIN = -2
"""The message ends where the sender closes the connection."""

MAX_ASSEMBLY = 64 * 1024 * 1024
"""Bytes of one message beyond which it is given up: hostile lengths must not eat memory."""


MAX_SEGMENTS = 65536
"""Segments of one message that are listed, or wait behind a gap: a flood of tiny ones must not eat memory."""


class NeedMore(Exception):  # noqa: N818 - a request, not an error
    """Raised by a protocol over TCP whose message is incomplete.

    Args:
        offset: absolute offset, in the buffer it was given, of the message's first byte.
        count: how many more bytes it needs after the last one there, or one of the two constants.
    """

    def __init__(self, offset: int, count: int) -> None:
        super().__init__(offset, count)
        self.offset = offset
        self.count = count


def wait_for(region: Region, at: int, count: int) -> None:
    """Ask for `count` more bytes of the message at `at`; of a segment that the capture cut no more can be known."""
    if region.length == region.reported_length:
        raise NeedMore(region.start + at, count)


def each_message(
    region: Region, header: int, length_of: Callable[[Region], int], take: Callable[[Region], object]
) -> bool:
    """Hand each message of a segment to `take`, one after the other, as soon as it is whole, or as far as it was
    captured in a segment that the capture cut; False where none begins.

    Args:
        header: how many bytes `length_of` needs.
        length_of: how long the message is that begins the region; 0 if none does: what is there is left alone.

    Raises `NeedMore` for a message that is incomplete, so ask only over TCP.
    """
    at = 0
    while at < region.reported_length:
        rest = region.sub(at)
        if rest.length < header:
            wait_for(rest, 0, header - rest.length)
            rest.need_all()
        length = length_of(rest)
        if not length:
            return at > 0
        if length > rest.length:
            wait_for(rest, 0, length - rest.length)
            take(rest.clipped(0, length))
            return True
        take(rest.sub(0, length))
        at += length
    return True


@slotted
class Assembly:
    """A message in the making.

    Attributes:
        seq: absolute sequence number of its first byte.
        wanted: its length in bytes as far as known, or a constant of this module.
        segments: (frame, offset in the message, length), in order of arrival.
        conflict: bytes that came twice differ.
        announced: the frame that its first frame names as its end so far; 0 for none.
        told: what its protocol said for the packet list before it asked for more (`View.told`).
    """

    seq: int
    wanted: int
    segments: list[tuple[int, int, int]] = field(default_factory=list)
    conflict: bool = False
    announced: int = 0
    told: tuple[str, str, bool] | None = None
    _data: bytearray = field(default_factory=bytearray)
    _later: dict[int, bytes] = field(default_factory=dict)
    _later_offsets: list[int] = field(default_factory=list)
    _later_bytes: int = 0

    @property
    def have(self) -> int:
        """Contiguous bytes from the start."""
        return len(self._data)

    def takes(self, seq: int, length: int, late: bool) -> bool:
        """Does a segment at `seq` belong to this message? One that is `late` must not just repeat its beginning."""
        offset = seq_diff(seq, self.seq)
        if late and offset == 0 and length <= self.have:
            return False
        if self.wanted < 0:
            return 0 <= offset <= self.have or (self.wanted == UNTIL_FIN and offset >= 0)
        return 0 <= offset < self.wanted

    def room(self, offset: int) -> int | None:
        """How many bytes from `offset` on belong to it; None for as many as there are."""
        return None if self.wanted < 0 else max(self.wanted - offset, 0)

    def add(self, frame: int, seq: int, data: bytes) -> None:
        """Take the bytes of one segment."""
        offset = seq_diff(seq, self.seq)
        last = self.segments[-1] if self.segments else (0, 0, 0)
        if last[0] == frame and last[1] + last[2] == offset:
            self.segments[-1] = (frame, last[1], last[2] + len(data))
        elif len(self.segments) < MAX_SEGMENTS:
            self.segments.append((frame, offset, len(data)))
        if offset <= self.have:
            shared = min(self.have - offset, len(data))
            if shared and self._data[offset : offset + shared] != data[:shared]:
                self.conflict = True
            self._data += data[self.have - offset :]
            self._take_later()
        else:
            self._keep_for_later(offset, data)

    def _keep_for_later(self, offset: int, data: bytes) -> None:
        """Keep what lies behind a gap, the longest of what begins at the same place."""
        known = self._later.get(offset)
        more = len(data) - len(known or b"")
        if more <= 0 or self._later_bytes + more > MAX_ASSEMBLY or len(self._later) >= MAX_SEGMENTS:
            return
        if known is None:
            heappush(self._later_offsets, offset)
        self._later[offset] = data
        self._later_bytes += more

    def _take_later(self) -> None:
        """Append what came before its turn, now that the gap before it is filled."""
        while self._later_offsets and self._later_offsets[0] <= self.have:
            offset = heappop(self._later_offsets)
            data = self._later.pop(offset)
            self._later_bytes -= len(data)
            self._data += data[self.have - offset :]

    def within(self, length: int) -> list[tuple[int, int, int]]:
        """The segments of the first `length` bytes, in order of the stream."""
        return sorted((part for part in self.segments if part[1] < length or not part[2]), key=lambda part: part[1])

    def overlaps(self, length: int) -> int:
        """How many segments repeat bytes of earlier ones."""
        reached = count = 0
        for _, start, size in self.within(length):
            count += size > 0 and start < reached
            reached = max(reached, start + size)
        return count

    def complete(self, finished: bool) -> bool:
        """Is everything there that was asked for?"""
        if self.wanted == ONE_MORE_SEGMENT:
            return True
        if self.wanted == UNTIL_FIN:
            return finished and not self._later
        return self.have >= self.wanted

    @property
    def oversized(self) -> bool:
        return self.have > MAX_ASSEMBLY or self.wanted > MAX_ASSEMBLY

    def join(self) -> bytes:
        return bytes(self._data)

    def tail(self, offset: int, wanted: int) -> Assembly:
        """A new assembly of the bytes from `offset` of this one on."""
        rest = Assembly((self.seq + offset) & SEQ_MASK, wanted)
        for frame, start, length in self.segments:
            if start + length > offset:
                cut = max(offset - start, 0)
                rest.segments.append((frame, start + cut - offset, length - cut))
        rest._data = self._data[offset:]
        return rest
