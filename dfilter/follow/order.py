"""TCP segments into the order of their stream, as Wireshark 4.4 follows one.

In: the segments of one conversation, in file order.  Out: pieces.  What always holds: no byte of a direction comes
out twice; what came before its turn waits until the bytes before it come, or until the other end acknowledges more
than those, which makes them a gap; memory is bounded: what waits lies in a temporary file, at most `MAX_WAITING`
segments of it.

The rules were found by asking `tshark -z follow`: a direction begins with its first segment, whatever its number; an
acknowledgement counts with or without the ACK flag; of bytes sent twice the first to have its turn counts; of several
segments whose turn has come, the one that arrived first; a segment that the capture cut takes its place in full if its
turn has come on arrival, and only as far as captured if it waited.
"""

from __future__ import annotations

import heapq
import tempfile
import weakref
from collections.abc import Iterator
from dataclasses import dataclass

from dfilter.follow.pieces import Piece
from dfilter.packets.streams.sequence import SEQ_MASK, seq_diff
from dfilter.slotted import frozen

MAX_WAITING = 1_000_000
"""Segments of one direction that wait for their turn; one more, and the bytes before them count as lost."""

MAX_IN_MEMORY = 1 << 20
"""Bytes that wait in memory; more go to a file on disk."""


@frozen
class Segment:
    """One TCP segment; `length` is what it sent, `data` what of it was captured; `time` in ns."""

    frame: int
    time: int | None
    node: int
    seq: int
    ack: int
    syn: bool
    length: int
    data: bytes


class _Spool:
    """Bytes that wait, in a file; emptied when nothing waits any more."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=MAX_IN_MEMORY)  # noqa: SIM115 - lives as long as this
        weakref.finalize(self, self._file.close)
        self._end = 0
        self._held = 0

    @property
    def held(self) -> int:
        """Bytes that wait."""
        return self._held

    def put(self, data: bytes) -> int:
        """Where `data` lies from now on."""
        at = self._end
        self._file.seek(at)
        self._file.write(data)
        self._end += len(data)
        self._held += len(data)
        return at

    def take(self, at: int, length: int) -> bytes:
        self._file.seek(at)
        data = self._file.read(length)
        self._held -= length
        if not self._held:
            self._file.seek(0)
            self._file.truncate()
            self._end = 0
        return data


@dataclass(order=True, frozen=True, slots=True)
class _Waiting:
    """A segment that came before its turn; `seq` counts on from 32 bits, `arrival` numbers all that waited."""

    seq: int
    arrival: int
    frame: int
    time: int | None
    at: int
    length: int


class _Direction:
    """What one end sent.

    `next`: the number of the next byte, not wrapped at 32 bits; None before the first segment.
    """

    def __init__(self, node: int, spool: _Spool) -> None:
        self.next: int | None = None
        self._node = node
        self._spool = spool
        self._waiting: list[_Waiting] = []
        self._due: list[tuple[int, _Waiting]] = []
        self._arrivals = 0

    def begin(self, seq: int) -> None:
        self.next = seq

    def unwrapped(self, seq: int) -> int:
        """The number on from 32 bits that is nearest to what comes next."""
        assert self.next is not None
        return self.next + seq_diff(seq & SEQ_MASK, self.next & SEQ_MASK)

    def take(self, segment: Segment, seq: int) -> Iterator[Piece]:
        """A segment whose first byte has the number `seq`."""
        assert self.next is not None
        if seq > self.next:
            self._wait(segment, seq)
            if len(self._waiting) > MAX_WAITING:
                yield from self._give_up(segment.frame)
            return
        fresh = segment.data[self.next - seq :]
        if fresh:
            self.next = seq + segment.length
            yield Piece(segment.frame, segment.time, self._node, fresh)
            yield from self._release()

    def acknowledge(self, ack: int, frame: int) -> Iterator[Piece]:
        """The other end has everything before the number `ack`, also what the capture lacks."""
        while self._waiting and seq_diff(ack, self._waiting[0].seq & SEQ_MASK) > 0:
            yield from self._give_up(frame)

    def _wait(self, segment: Segment, seq: int) -> None:
        at = self._spool.put(segment.data)
        self._arrivals += 1
        waiting = _Waiting(seq, self._arrivals, segment.frame, segment.time, at, len(segment.data))
        heapq.heappush(self._waiting, waiting)

    def _give_up(self, frame: int) -> Iterator[Piece]:
        """The bytes before the first that waits are lost."""
        assert self.next is not None
        gap = self._waiting[0].seq - self.next
        self.next += gap
        yield Piece(frame, None, self._node, b"", gap)
        yield from self._release()

    def _release(self) -> Iterator[Piece]:
        """Everything that waited and whose turn has come."""
        while self._waiting or self._due:
            assert self.next is not None
            while self._waiting and self._waiting[0].seq <= self.next:
                waiting = heapq.heappop(self._waiting)
                heapq.heappush(self._due, (waiting.arrival, waiting))
            if not self._due:
                return
            first = heapq.heappop(self._due)[1]
            fresh = self._spool.take(first.at, first.length)[self.next - first.seq :]
            if fresh:
                self.next += len(fresh)
                yield Piece(first.frame, first.time, self._node, fresh)


class StreamOrder:
    """Puts the segments of one conversation in order."""

    def __init__(self) -> None:
        self._spool = _Spool()
        self._directions = (_Direction(0, self._spool), _Direction(1, self._spool))

    @property
    def held(self) -> int:
        """Bytes that wait for their turn; at the end those that the reference does not show either."""
        return self._spool.held

    def feed(self, segment: Segment) -> Iterator[Piece]:
        """The pieces whose turn has come with this segment."""
        yield from self._directions[1 - segment.node].acknowledge(segment.ack, segment.frame)
        direction = self._directions[segment.node]
        first = segment.seq + segment.syn  # a SYN takes a number (RFC 9293 section 3.4)
        if direction.next is None:
            direction.begin(first)
        if segment.data:
            yield from direction.take(segment, direction.unwrapped(first))
