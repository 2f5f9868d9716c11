"""TCP conversations as columns: which conversation each segment belongs to, and whether it comes in its turn.

In: the headers of a chunk's TCP segments as arrays, in file order.  Out: for each the conversation's row and a code.
What always holds: rows are numbered as Wireshark numbers `tcp.stream`: in order of first appearance, and a SYN that
cannot belong to the conversation known on its ports begins another; a conversation costs about 200 bytes, its
segments nothing.

Sequence numbers are counted from the first one of their direction; what goes beyond 4 GiB is out of turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10

NEW, OLD, ODD, END, AGAIN, RESET, URGED, VAGUE = 1, 2, 4, 8, 16, 32, 64, 128
"""Codes of a segment: its data comes in its turn; was all sent before; neither, or something else about the segment
is out of the ordinary; it has FIN; it has the data of one segment before it again, none of which, or all of which, was
acknowledged since; it has RST; it is old, and the other end has said more than once that it waits; all of it was sent
before, but not so. AGAIN and VAGUE are told apart on demand only."""

MOST_BETWEEN = 4096
"""Segments of its conversation between a segment and its copy, beyond which that is out of the ordinary."""

MOST_REUSED = 256
"""Ports used again within one chunk, beyond which rows are too dear."""

_MASK = 0xFFFFFFFF
_HALF = 1 << 31

Array = npt.NDArray[Any]


class TooManyError(Exception):
    """So many conversations take the place of others that following them as columns does not pay."""


@dataclass(slots=True, eq=False)
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
        return cls(*(np.concatenate([getattr(part, item.name) for part in parts]) for item in fields(cls)))

    def __len__(self) -> int:
        return len(self.rows)

    def part(self, low: int, high: int) -> Segments:
        return Segments(*(getattr(self, item.name)[low:high] for item in fields(self)))


class Table:
    """All conversations of a capture so far.

    Attributes:
        count: how many.
        ports: of either end; `client`: index of the end that opened; `opened`: SYN or SYN-ACK was seen.
        repeats: acknowledgements said again, for either sender (never more than 255).
        before: row -> the row of the conversation that had its ports before.
    """

    def __init__(self, *, tells_copies: bool = True) -> None:
        self._tells_copies = tells_copies
        self._uses_machine = False
        self.count = 0
        self._rows: dict[int, int] = {}
        self.before: dict[int, int] = {}
        self.ports = np.zeros((2, 1024), np.uint16)
        self.client = np.zeros(1024, np.uint8)
        self.opened = np.zeros(1024, np.bool_)
        self.repeats = np.zeros((2, 1024), np.uint8)
        self._base = np.full((2, 1024), -1, np.int64)
        self._have = np.zeros((2, 1024), np.int64)
        self._told = np.zeros((2, 1024), np.bool_)
        """The other end's acknowledgement came before anything that this one sent."""
        self._last_ack = np.full((2, 1024), -1, np.int64)
        self._closed = np.zeros(1024, np.bool_)
        self._odd = np.zeros(1024, np.bool_)
        self._sent = np.zeros((2, 1024), np.bool_)

    def use_machine_code(self) -> None:
        """From now on, where it can be had."""
        self._uses_machine = True

    def take(self, segments: Segments) -> tuple[Array, Array, Array]:
        """The rows, codes and relative sequence numbers of segments that follow those taken before.

        Raises:
            TooManyError: ports are reused too often.
        """
        size = len(segments)
        rows, codes, places = np.zeros(size, np.int64), np.zeros(size, np.uint8), np.zeros(size, np.int64)
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
            rows[low : low + stop], codes[low : low + stop], places[low : low + stop] = self._take(part, group)
            low += stop
        return rows, codes, places

    def touch(self, one: Segments, quoted: bool) -> int:
        """The row of a single segment that lies where columns cannot follow it; `quoted`: in an ICMP error."""
        if not quoted:
            row = int(self.take(one)[0][0])
        else:
            key, sender = int(one.keys[0]), int(one.senders[0])
            known = self._rows.get(key, -1)
            base = int(self._base[sender, known]) if known >= 0 else -1
            reused = one.flags[0] & SYN and base >= 0 and (self._closed[known] or base != one.seq[0])
            row = self.count if known < 0 or reused else known
            if row == self.count:
                if reused:
                    self.before[row] = known
                self._insert(one.keys, one)
        self._odd[row] = True
        return row

    def _insert(self, keys: Array, firsts: Segments) -> None:
        """New rows, in the order given."""
        first, count = self.count, self.count + len(keys)
        while count > len(self.client):
            self._grow()
        self._rows.update(zip(keys.tolist(), range(first, count), strict=True))
        new = slice(first, count)
        swapped = firsts.senders == 1
        self.ports[0, new] = np.where(swapped, firsts.target_ports, firsts.source_ports)
        self.ports[1, new] = np.where(swapped, firsts.source_ports, firsts.target_ports)
        answer = firsts.flags & (SYN | ACK) == SYN | ACK
        self.client[new] = np.where(answer, 1 - firsts.senders, firsts.senders)
        self.opened[new] = firsts.flags & SYN != 0
        self.count = count

    def _grow(self) -> None:
        for name in ("ports", "client", "opened", "repeats", "_base", "_have", "_told", "_last_ack", "_closed", "_odd",
                     "_sent"):  # fmt: skip
            old = getattr(self, name)
            fill = -1 if name in ("_base", "_last_ack") else 0
            setattr(self, name, np.concatenate([old, np.full_like(old, fill)], axis=-1))

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
                base = (int(part.seq[other]) - (not flags & SYN)) & _MASK
            elif base < 0 and flags & ACK:
                base = (int(part.ack[other]) - 1) & _MASK
            closed = closed or _closes(flags)
        return base >= 0 and (closed or base != int(part.seq[place]))

    def _take(self, part: Segments, group: _Group) -> tuple[Array, Array, Array]:
        """Segments among which none begins another conversation on known ports."""
        fresh = np.flatnonzero(group.known < 0)
        if len(fresh):
            firsts = group.first[fresh]
            order = np.argsort(firsts)
            chosen = firsts[order]
            self._insert(part.keys[chosen], Segments(*(getattr(part, item.name)[chosen] for item in fields(part))))
            group.known[fresh[order]] = np.arange(self.count - len(fresh), self.count)
        found = group.known[group.of]
        codes, places = self._judge(part, group, found)
        return found, codes, places

    def _judge(self, part: Segments, group: _Group, found: Array) -> tuple[Array, Array]:
        """Codes and relative sequence numbers; what is known of the conversations moves on."""
        judged = self._judge_by_machine(part, found) if self._uses_machine else None
        codes, places, again = judged or self._judge_in_columns(part, group, found)
        if self._tells_copies and again.any():
            codes[again] |= VAGUE
            copies = self._copies(part, group, found, places, np.flatnonzero(again))
            codes[copies] ^= VAGUE | AGAIN
        return codes, places

    def _judge_by_machine(self, part: Segments, found: Array) -> tuple[Array, Array, Array] | None:
        from dfilter.captures.judge import judge

        columns = (found, part.senders, part.seq, part.ack, part.flags, part.window, part.length, part.whole)
        state = (self._base, self._have, self._told, self._last_ack, self._closed, self._odd, self._sent, self.repeats)
        return judge(columns, state, len(self.client))

    def _judge_in_columns(self, part: Segments, group: _Group, found: Array) -> tuple[Array, Array, Array]:
        order, rows = group.order, group.known
        of, sender, flags, length = group.of[order], part.senders[order], part.flags[order], part.length[order]
        seq, ack, mine = part.seq[order], part.ack[order], found[order]
        self._note_bases(group, _Sorted(of, sender, seq, ack, flags))
        place = (seq - self._base[sender, mine]) & _MASK
        end = place + length + (flags & (SYN | FIN) != 0)
        end[(end > _HALF) | (flags & RST != 0) | (end == place)] = 0
        starts = np.flatnonzero(np.append(True, of[1:] != of[:-1]))
        before = [self._reached(side, of, rows, starts, np.where(sender == side, end, 0)) for side in (0, 1)]
        own = np.where(sender == 0, before[0], before[1])
        other = np.where(sender == 0, before[1], before[0])
        data = (length > 0) & (flags & RST == 0)
        new = data & (place == own)
        old = data & (place + length <= own)
        theirs = self._base[1 - sender, mine]
        acked = (ack - theirs) & _MASK
        odd = (flags & ACK != 0) & (theirs >= 0) & (acked > other) & (acked < _HALF)
        late_fin = (flags & FIN != 0) & ~data & (place != own) & (end != own)
        odd |= (data & ~new & ~old) | late_fin | ~part.whole[order]
        odd |= (length == 0) & ((place - own) & _MASK > 0) & ((place - own) & _MASK < _HALF)
        odd |= ((part.window[order] == 0) & (flags & RST == 0)) | (data & (flags & SYN != 0)) | self._odd[mine]
        odd |= (flags & SYN != 0) & ((own > 1) | (other > 1) | self._told[sender, mine])
        self._note_repeats(_Sorted(of, sender, seq, ack, flags), rows, length)
        self._closed[mine[_closing(flags)]] = True
        again = (end > 0) & (end <= own) & ((length != 1) | (place + 1 != own) | (flags & (SYN | FIN) != 0))
        silent = self._silent_before(of, sender, rows)
        odd |= ((flags & RST != 0) & ((length > 0) | (flags & (SYN | FIN) != 0))) | (again & silent & data)
        again &= ~silent
        urged = old & (self.repeats[1 - sender, mine] > 1)
        codes, places = np.zeros(len(part), np.uint8), np.zeros(len(part), np.int64)
        agains = np.zeros(len(part), np.bool_)
        codes[order] = (new * NEW + old * OLD + odd * ODD + (flags & FIN != 0) * END + (flags & RST != 0) * RESET
                        + urged * URGED)  # fmt: skip
        places[order] = place
        agains[order] = again
        return codes, places, agains

    def _copies(self, part: Segments, group: _Group, found: Array, places: Array, again: Array) -> Array:
        """Which of the segments that were sent before are copies of one of this part."""
        order, of = group.order, group.of[group.order]
        sender, flags = part.senders[order], part.flags[order]
        acked = (part.ack[order] - self._base[1 - sender, found[order]]) & _MASK
        starts = np.flatnonzero(np.append(True, of[1:] != of[:-1]))
        at = np.empty(len(order), np.int64)
        at[order] = np.arange(len(order))
        copies = _copies(at[again], starts[of], _Sorted(of, sender, places[order], acked, flags), part.length[order])
        return order[np.flatnonzero(copies)]

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

    def _note_bases(self, group: _Group, part: _Sorted) -> None:
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
            self._base[side, rows[by_own]] = (part.seq[at] - ~syn) & _MASK
            self._have[side, rows[by_own]] = ~syn
            by_other = np.flatnonzero(unknown & (told < own))
            self._base[side, rows[by_other]] = (part.ack[told[by_other]] - 1) & _MASK
            self._have[side, rows[by_other]] = 1
            self._told[side, rows[by_other]] = True

    def _note_repeats(self, part: _Sorted, rows: Array, length: Array) -> None:
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


@dataclass(frozen=True, slots=True, eq=False)
class _Sorted:
    """Segments by conversation; within one in file order."""

    of: Array
    sender: Array
    seq: Array
    ack: Array
    flags: Array


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


def _copies(chosen: Array, firsts: Array, part: _Sorted, length: Array) -> Array:
    """Which of the chosen segments have the data of one before it again, and nothing between acknowledges a part of it.

    Args:
        firsts: for each segment the first one of its conversation.
        part: relative numbers; `ack`: in the sequence numbers of the other end.
    """
    found = np.zeros(len(length), np.bool_)
    for index in chosen[length[chosen] > 0].tolist():
        low = max(int(firsts[index]), index - MOST_BETWEEN)
        begin, size, before = part.seq[index], length[index], slice(low, index)
        mine = part.sender[before] == part.sender[index]
        same = np.flatnonzero(mine & (part.seq[before] == begin) & (length[before] == size))
        if len(same):
            between = slice(low + int(same[0]), index)
            acks = part.ack[between][(part.sender[between] != part.sender[index]) & (part.flags[between] & ACK != 0)]
            found[index] = not ((acks > begin) & (acks < begin + size)).any()
    return found


def _closes(flags: int) -> bool:
    return flags & RST != 0 or flags & (FIN | ACK) == FIN | ACK


def _closing(flags: Array) -> Array:
    closing: Array = (flags & RST != 0) | (flags & (FIN | ACK) == FIN | ACK)
    return closing
