"""TCP segments of a chunk grouped by conversation, and judged as columns of numpy.

In: segments in file order.  Out: as `conversations.Table` says.  What always holds: as there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dfilter.prune.conversations import (
    ACK,
    END,
    FIN,
    HALF,
    MASK,
    NEW,
    ODD,
    OLD,
    RESET,
    RST,
    SYN,
    URGED,
    Segments,
    Sorted,
    Table,
    TooManyError,
)

MOST_REUSED = 256
"""Ports used again within one chunk, beyond which rows are too dear."""

Array = npt.NDArray[Any]


class GroupedTable(Table):
    """A table that goes on by groups of segments."""

    def __init__(self, *, tells_copies: bool = True) -> None:
        super().__init__(tells_copies=tells_copies)
        self._rows: dict[int, int] = {}

    def _row_of(self, one: Segments) -> int:
        return self._rows.get(int(one.keys[0]), -1)

    def _meet(self, firsts: Segments) -> None:
        """New rows, as many as first segments, in their order."""
        count = self.count + len(firsts)
        while count > len(self.client):
            self._grow()
        self._rows.update(zip(firsts.keys.tolist(), range(self.count, count), strict=True))
        self._note(firsts)

    def _take(self, segments: Segments) -> tuple[Array, Array, Array, Array]:
        size = len(segments)
        rows, codes, places = np.zeros(size, np.int64), np.zeros(size, np.uint8), np.zeros(size, np.int64)
        again = np.zeros(size, np.bool_)
        low = splits = 0
        while low < size:
            part = segments.part(low, size)
            group = _Group(part, self._rows)
            stop = self._first_reuse(part, group)
            if stop < len(part):
                splits += 1
                if splits > MOST_REUSED:
                    raise TooManyError
                if stop == 0:  # its turn: what was known of its ports is over
                    self.before[self.count] = self._rows.pop(int(part.keys[0]))
                    continue
                part = part.part(0, stop)
                group = _Group(part, self._rows)
            here = slice(low, low + stop)
            rows[here] = found = self._find(part, group)
            codes[here], places[here], again[here] = self._judge(part, group, found)
            low += stop
        return rows, codes, places, again

    def _first_reuse(self, part: Segments, group: _Group) -> int:
        """The first SYN that begins another conversation on ports already seen; the number of segments if none."""
        for place in np.flatnonzero(part.flags & SYN).tolist():
            rank = int(group.rank[place])
            row = int(group.known[group.of[place]])
            if row < 0 and (rank == 0 or (rank == 1 and self._is_answer(part, group.member(place, 0), place))):
                continue
            if self._starts_anew(part, group, place, row):
                return int(place)
        return len(part)

    def _is_answer(self, part: Segments, first: int, second: int) -> bool:
        """Does the second segment come from the other end, of whose numbers the first one says nothing?"""
        return bool(part.senders[first] != part.senders[second] and not part.flags[first] & ACK)

    def _starts_anew(self, part: Segments, group: _Group, place: int, row: int) -> bool:
        """Does a SYN not belong to its conversation, which has row `row` (-1: it began in this part)?"""
        sender = int(part.senders[place])
        base = int(self._base[sender, row]) if row >= 0 else -1
        closed = bool(self._closed[row]) if row >= 0 else False
        for rank in range(int(group.rank[place])):
            other = group.member(place, rank)
            flags = int(part.flags[other])
            if base < 0 and int(part.senders[other]) == sender:
                base = (int(part.seq[other]) - (not flags & SYN)) & MASK
            elif base < 0 and flags & ACK:
                base = (int(part.ack[other]) - 1) & MASK
            closed = closed or _closes(flags)
        return base >= 0 and (closed or base != int(part.seq[place]))

    def _find(self, part: Segments, group: _Group) -> Array:
        """The rows of segments among which none begins another conversation on known ports."""
        fresh = np.flatnonzero(group.known < 0)
        if len(fresh):
            firsts = group.first[fresh]
            order = np.argsort(firsts)
            self._meet(part.at(firsts[order]))
            group.known[fresh[order]] = np.arange(self.count - len(fresh), self.count)
        found: Array = group.known[group.of]
        return found

    def _judge(self, part: Segments, group: _Group, found: Array) -> tuple[Array, Array, Array]:
        """Codes, relative sequence numbers, and which are doubtful (as `Table._take`); what is known moves on."""
        order, rows = group.order, group.known
        of, sender, flags, length = group.of[order], part.senders[order], part.flags[order], part.length[order]
        seq, ack, mine = part.seq[order], part.ack[order], found[order]
        self._note_bases(group, Sorted(of, sender, seq, ack, flags))
        place = (seq - self._base[sender, mine]) & MASK
        end = place + length + (flags & (SYN | FIN) != 0)
        end[(end > HALF) | (flags & RST != 0) | (end == place)] = 0
        starts = np.flatnonzero(np.append(True, of[1:] != of[:-1]))
        before = [self._reached(side, of, rows, starts, np.where(sender == side, end, 0)) for side in (0, 1)]
        own = np.where(sender == 0, before[0], before[1])
        other = np.where(sender == 0, before[1], before[0])
        data = (length > 0) & (flags & RST == 0)
        new = data & (place == own)
        old = data & (place + length <= own)
        theirs = self._base[1 - sender, mine]
        acked = (ack - theirs) & MASK
        odd = (flags & ACK != 0) & (theirs >= 0) & (acked > other) & (acked < HALF)
        late_fin = (flags & FIN != 0) & ~data & (place != own) & (end != own)
        odd |= (data & ~new & ~old) | late_fin | ~part.whole[order]
        odd |= (length == 0) & ((place - own) & MASK > 0) & ((place - own) & MASK < HALF)
        odd |= ((part.window[order] == 0) & (flags & RST == 0)) | (data & (flags & SYN != 0)) | self._odd[mine]
        odd |= (flags & SYN != 0) & ((own > 1) | (other > 1) | self._told[sender, mine])
        self._note_repeats(Sorted(of, sender, seq, ack, flags), rows, length)
        self._closed[mine[_closing(flags)]] = True
        resets = flags & RST != 0
        told = np.cumsum(resets) - resets
        broken = self._broken[mine] | (told > told[starts][of])
        self._broken[mine[resets]] = True
        again = (end > 0) & ((end <= own) | old) & ((length != 1) | (place + 1 != own) | (flags & (SYN | FIN) != 0))
        silent = self._silent_before(of, sender, rows)
        odd |= ((flags & RST != 0) & ((length > 0) | (flags & (SYN | FIN) != 0))) | (again & silent & data)
        again = np.where(silent, place != own, again) | (new & broken) | ((flags & (ACK | RST) == 0) & (ack != 0))
        urged = old & (self.repeats[1 - sender, mine] > 1)
        codes, places = np.zeros(len(part), np.uint8), np.zeros(len(part), np.int64)
        agains = np.zeros(len(part), np.bool_)
        codes[order] = (new * NEW + old * OLD + odd * ODD + (flags & FIN != 0) * END + (flags & RST != 0) * RESET
                        + urged * URGED)  # fmt: skip
        places[order] = place
        agains[order] = again
        return codes, places, agains

    def _silent_before(self, of: Array, sender: Array, rows: Array) -> Array:
        """Which of the sorted segments are the first of their direction."""
        found = np.zeros(len(of), np.bool_)
        for side in (0, 1):
            chosen = np.flatnonzero(sender == side)
            first = chosen[np.append(True, of[chosen][1:] != of[chosen][:-1])] if len(chosen) else chosen
            theirs = rows[of[first]]
            found[first] = ~self._sent[side, theirs]
            self._sent[side, theirs] = True
        return found

    def _reached(self, side: int, of: Array, rows: Array, starts: Array, end: Array) -> Array:
        """How far one end had sent before each segment of the sorted ones; `end`: what each reaches, 0 for nothing."""
        shifted = np.append(0, end[:-1])
        shifted[starts] = self._have[side, rows]
        lift = of << 33
        reached: Array = np.maximum.accumulate(shifted + lift) - lift
        last = np.append(starts[1:], len(of)) - 1
        self._have[side, rows] = np.maximum(reached[last], end[last])
        return reached

    def _note_bases(self, group: _Group, part: Sorted) -> None:
        """The first sequence number of each direction: its own, or before that what the other end acknowledges."""
        rows = group.known
        for side in (0, 1):
            unknown = self._base[side, rows] < 0
            if not unknown.any():
                continue
            beyond = len(part.of)
            own, told = (np.full(len(rows), beyond) for _ in range(2))
            mine, theirs = part.sender == side, (part.sender != side) & (part.flags & ACK != 0)
            for at, chosen in ((own, np.flatnonzero(mine)), (told, np.flatnonzero(theirs))):
                at[part.of[chosen][::-1]] = chosen[::-1]
            by_own = np.flatnonzero(unknown & (own < told))
            at, syn = own[by_own], part.flags[own[by_own]] & SYN != 0
            self._base[side, rows[by_own]] = (part.seq[at] - ~syn) & MASK
            self._have[side, rows[by_own]] = ~syn
            by_other = np.flatnonzero(unknown & (told < own))
            self._base[side, rows[by_other]] = (part.ack[told[by_other]] - 1) & MASK
            self._have[side, rows[by_other]] = 1
            self._told[side, rows[by_other]] = True

    def _note_repeats(self, part: Sorted, rows: Array, length: Array) -> None:
        """Count acknowledgements that say again what their sender's last one said."""
        bare = (length == 0) & (part.flags & (SYN | FIN | RST) == 0)
        for side in (0, 1):
            chosen = np.flatnonzero((part.sender == side) & (part.flags & ACK != 0))
            if not len(chosen):
                continue
            of, ack = part.of[chosen], part.ack[chosen]
            first = np.append(True, of[1:] != of[:-1])
            said = np.append(0, ack[:-1])
            said[first] = self._last_ack[side, rows[of[first]]]
            again = rows[of[(said == ack) & bare[chosen]]]
            if len(again):
                total = np.bincount(again, minlength=1)
                some = np.flatnonzero(total)
                self.repeats[side, some] = np.minimum(self.repeats[side, some] + total[some], 255)
            last = np.append(first[1:], True)
            self._last_ack[side, rows[of[last]]] = ack[last]


class _Group:
    """Segments grouped by their keys.

    Attributes:
        of: each segment's group; `known`: each group's row, -1 for a new one; `first`: each group's first segment.
        order: the segments group by group; `rank`: each segment's place in its group.
    """

    def __init__(self, part: Segments, known: dict[int, int]) -> None:
        self.order = np.argsort(part.keys, kind="stable")
        keys = part.keys[self.order]
        self._starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
        sizes = np.diff(np.append(self._starts, len(keys)))
        numbers = np.repeat(np.arange(len(sizes)), sizes)
        self.of = np.empty(len(keys), np.int64)
        self.of[self.order] = numbers
        self.rank = np.empty(len(keys), np.int64)
        self.rank[self.order] = np.arange(len(keys)) - self._starts[numbers]
        self.first = self.order[self._starts]
        get = known.get
        self.known = np.array([get(key, -1) for key in keys[self._starts].tolist()], np.int64)

    def member(self, place: int, rank: int) -> int:
        """The segment of this rank in the group of the segment at `place`."""
        return int(self.order[self._starts[self.of[place]] + rank])


def _closes(flags: int) -> bool:
    return flags & RST != 0 or flags & (FIN | ACK) == FIN | ACK


def _closing(flags: Array) -> Array:
    closing: Array = (flags & RST != 0) | (flags & (FIN | ACK) == FIN | ACK)
    return closing
