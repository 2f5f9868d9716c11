"""TCP conversations as columns: which conversation each segment belongs to, and whether it comes in its turn.

In: the headers of a chunk's TCP segments as arrays, in file order.  Out: for each the conversation's row and a code.
What always holds: rows are numbered as Wireshark numbers `tcp.stream`: in order of first appearance, and a SYN that
cannot belong to the conversation known on its ports begins another; a conversation costs about 200 bytes, its
segments nothing.

Sequence numbers are counted from the first one of their direction; what goes beyond 4 GiB is out of turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dfilter.slotted import frozen, slotted

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10

NEW, OLD, ODD, END, AGAIN, RESET, URGED, VAGUE = 1, 2, 4, 8, 16, 32, 64, 128
"""Codes of a segment: its data comes in its turn; was all sent before; neither, or something else about the segment
is out of the ordinary; it has FIN; it has the data of one segment before it again, none of which, or all of which, was
acknowledged since, or is the same SYN; it has RST; it is old, and the other end has said more than once that it waits;
all of it was sent before, but not so, or it is the first of its direction and the other end told of others, or it
is new behind RST, or acknowledges without ACK. AGAIN and VAGUE are told apart on demand only."""

MOST_BETWEEN = 4096
"""Segments of its conversation between a segment and its copy, beyond which that is out of the ordinary."""

ROOM = 1024
"""Conversations for which there is room at first."""

MASK, HALF = 0xFFFFFFFF, 1 << 31
"""Of sequence numbers: all bits; what lies farther ahead lies behind."""

Array = npt.NDArray[Any]


class TooManyError(Exception):
    """So many conversations take the place of others that following them as columns does not pay."""


@slotted
class Segments:
    """TCP segments of a chunk, in file order; all arrays are of one length.

    Attributes:
        rows: place in the chunk.
        keys: of the two endpoints, whoever sends; `senders`: 0 or 1.
        ports: (of the sender, of the receiver).
        start, length: of the payload in the chunk's data.
        whole: the payload was captured to its end.
    """

    rows: Array
    keys: Array
    senders: Array
    source_ports: Array
    target_ports: Array
    seq: Array
    ack: Array
    flags: Array
    window: Array
    start: Array
    length: Array
    whole: Array

    @classmethod
    def single(cls, key: int, sender: int, ports: tuple[int, int], seq: int, ack: int, flags: int) -> Segments:
        """One segment, whose payload does not count."""
        columns = [np.array([value], np.int64) for value in (sender, *ports, seq, ack, flags, 1, 0, 0)]
        return cls(np.zeros(1, np.int64), np.array([key], np.uint64), columns[0], columns[1], columns[2], columns[3],
                   columns[4], columns[5], columns[6], columns[7], columns[8], np.ones(1, np.bool_))  # fmt: skip

    @classmethod
    def joined(cls, parts: Sequence[Segments]) -> Segments:
        """One after the other."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__match_args__))

    def __len__(self) -> int:
        return len(self.rows)

    def at(self, places: Array) -> Segments:
        return Segments(*(getattr(self, name)[places] for name in self.__match_args__))

    def part(self, low: int, high: int) -> Segments:
        return Segments(*(getattr(self, name)[low:high] for name in self.__match_args__))


class Table:
    """All conversations of a capture so far; `GroupedTable` and `JudgedTable` know how to go on.

    Attributes:
        count: how many.
        ports: of either end; `client`: index of the end that opened; `opened`: SYN or SYN-ACK was seen.
        repeats: acknowledgements said again, for either sender (never more than 255).
        before: row -> the row of the conversation that had its ports before.
    """

    def __init__(self, *, tells_copies: bool = True) -> None:
        self._tells_copies = tells_copies
        self.count = 0
        self.before: dict[int, int] = {}
        self.ports = np.zeros((2, ROOM), np.uint16)
        self.client = np.zeros(ROOM, np.uint8)
        self.opened = np.zeros(ROOM, np.bool_)
        self.repeats = np.zeros((2, ROOM), np.uint8)
        self._base = np.full((2, ROOM), -1, np.int64)
        self._have = np.zeros((2, ROOM), np.int64)
        self._told = np.zeros((2, ROOM), np.bool_)
        """The other end's acknowledgement came before anything that this one sent."""
        self._last_ack = np.full((2, ROOM), -1, np.int64)
        self._closed = np.zeros(ROOM, np.bool_)
        self._broken = np.zeros(ROOM, np.bool_)
        """Closed by RST."""
        self._odd = np.zeros(ROOM, np.bool_)
        self._sent = np.zeros((2, ROOM), np.bool_)

    def take(self, segments: Segments) -> tuple[Array, Array, Array]:
        """The rows, codes and relative sequence numbers of segments that follow those taken before.

        Raises:
            TooManyError: ports are reused too often.
        """
        rows, codes, places, again = self._take(segments)
        if self._tells_copies and again.any():
            codes[again] |= VAGUE
            codes[self._copies(segments, rows, places, again)] ^= VAGUE | AGAIN
        return rows, codes, places

    def touch(self, one: Segments, quoted: bool) -> int:
        """The row of a single segment that lies where columns cannot follow it; `quoted`: in an ICMP error."""
        if not quoted:
            row = int(self.take(one)[0][0])
        else:
            sender, known = int(one.senders[0]), self._row_of(one)
            base = int(self._base[sender, known]) if known >= 0 else -1
            reused = one.flags[0] & SYN and base >= 0 and (self._closed[known] or base != one.seq[0])
            row = self.count if known < 0 or reused else known
            if row == self.count:
                if reused:
                    self.before[row] = known
                self._meet(one)
        self._odd[row] = True
        return row

    def _take(self, segments: Segments) -> tuple[Array, Array, Array, Array]:
        """As `take`; and which segments are doubtful to the analysis: all of it was sent before; it is the first one of
        its direction and does not begin where the other end's acknowledgement says; it is new behind RST; or it has an
        acknowledgement without ACK."""
        raise NotImplementedError

    def _row_of(self, one: Segments) -> int:
        """The row that a single segment would have by its ports alone; -1 without one."""
        raise NotImplementedError

    def _meet(self, one: Segments) -> None:
        """A new row, with its first segment."""
        raise NotImplementedError

    def _note(self, firsts: Segments) -> None:
        """What the first segments of new rows tell."""
        new = slice(self.count, self.count + len(firsts))
        swapped = firsts.senders == 1
        self.ports[0, new] = np.where(swapped, firsts.target_ports, firsts.source_ports)
        self.ports[1, new] = np.where(swapped, firsts.source_ports, firsts.target_ports)
        answer = firsts.flags & (SYN | ACK) == SYN | ACK
        self.client[new] = np.where(answer, 1 - firsts.senders, firsts.senders)
        self.opened[new] = firsts.flags & SYN != 0
        self.count = new.stop

    def _grow(self) -> None:
        for name in ("ports", "client", "opened", "repeats", "_base", "_have", "_told", "_last_ack", "_closed",
                     "_broken", "_odd", "_sent"):  # fmt: skip
            old = getattr(self, name)
            fill = -1 if name in ("_base", "_last_ack") else 0
            setattr(self, name, np.concatenate([old, np.full_like(old, fill)], axis=-1))

    def _copies(self, segments: Segments, rows: Array, places: Array, again: Array) -> Array:
        """Which of the segments that were sent before are copies of one of these."""
        asked = np.zeros(self.count, np.bool_)
        asked[rows[again]] = True
        order = np.flatnonzero(asked[rows])
        order = order[np.argsort(rows[order], kind="stable")]
        mine, sender, flags = rows[order], segments.senders[order], segments.flags[order]
        begun = np.append(True, mine[1:] != mine[:-1])
        of = np.cumsum(begun) - 1
        acked = (segments.ack[order] - self._base[1 - sender, mine]) & MASK
        inside = Sorted(of, sender, places[order], acked, flags)
        return order[copies(np.flatnonzero(again[order]), np.flatnonzero(begun)[of], inside, segments.length[order])]


@frozen(eq=False)
class Sorted:
    """Segments by conversation; within one in file order."""

    of: Array
    sender: Array
    seq: Array
    ack: Array
    flags: Array


def copies(chosen: Array, firsts: Array, part: Sorted, length: Array) -> Array:
    """Which of the chosen segments are for certain sent again: they have the data of one before it, and nothing between
    acknowledges a part of it; or they are the same SYN, and nothing at all comes from the other end between.

    Args:
        firsts: for each segment the first one of its conversation.
        part: relative numbers; `ack`: in the sequence numbers of the other end.
    """
    found = np.zeros(len(length), np.bool_)
    for index in chosen[(length[chosen] > 0) | (part.flags[chosen] & SYN != 0)].tolist():
        low = max(int(firsts[index]), index - MOST_BETWEEN)
        begin, size, before = part.seq[index], length[index], slice(low, index)
        mine = part.sender[before] == part.sender[index]
        same = np.flatnonzero(mine & (part.seq[before] == begin) & (length[before] == size))
        if len(same) and not size:
            found[index] = mine[same[0] :].all() and part.flags[low + same[0]] == part.flags[index]
        elif len(same):
            between = slice(low + int(same[0]), index)
            acks = part.ack[between][(part.sender[between] != part.sender[index]) & (part.flags[between] & ACK != 0)]
            found[index] = not ((acks > begin) & (acks < begin + size)).any()
    return found
