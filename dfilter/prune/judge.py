"""TCP segments one after the other in machine code: which conversation each belongs to, and whether it comes in turn.

In: segments in file order, and what is known of the conversations before them.  Out: rows, codes and relative sequence
numbers; what is known moves on.  What always holds: the same as `conversations.Table` finds with numpy, but that a
segment counts as asked for again (URGED) only by what came before it.

`judge` is Python that `lowering` makes machine code of; tests run it as Python too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from dfilter.lowering import Lowerable, compile_lowered
from dfilter.packets.plain import Bytes, Room, Words
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
    Table,
    TooManyError,
)

Array = npt.NDArray[Any]

_MOST_TRIES = 512
"""Slots that are looked at for a key: with a table that is three quarters empty, never so many."""


def judge(size: int, known: int, room: int, again: int,
          keys: Words, senders: Words, seqs: Words, acks: Words, flags: Words, windows: Words, lengths: Words,
          wholes: Bytes, table: Words, names: Words, base: Words, have: Words, told: Room, last: Words, closed: Room,
          broken: Room, odd: Bytes, sent: Room, repeats: Room, rows: Words, codes: Room, places: Words, agains: Room,
          firsts: Words, before: Words, done: Words) -> int:  # fmt: skip
    """How many conversations are known after as many segments as there is room for (`done`); -1: the table is too full.

    Args:
        known: conversations so far; there is room for `room` of them, and for four times as many in `table`.
        again: so many of them are to be entered in `table` first, which is empty.
        table: for each slot 1 + the row of the conversation whose key belongs there; `names`: the keys of rows.
        base to repeats: as `Table` has them; of either end one behind the other.
        rows, codes, places: written, as `Table.take` gives them; `agains`: whether it is doubtful, as
            `Table._take` has it.
        firsts, before: written for each row: its first segment; the row that had its ports before, or -1.
    """
    mask, row, index = 4 * room - 1, 0, 0
    while row < again:
        slot = slot_of(table, names, mask, names[row])
        if slot < 0:
            return -1
        row += 1
        table[slot] = row
    while index < size:
        sender, seq, ack, flag, length = senders[index], seqs[index], acks[index], flags[index], lengths[index]
        slot = slot_of(table, names, mask, keys[index])
        if slot < 0:
            return -1
        row = table[slot] - 1
        former, side = -1, sender * room
        if row >= 0 and flag & SYN and base[side + row] >= 0 and (closed[row] or base[side + row] != seq):
            former, row = row, -1  # it cannot belong there
        if row < 0:
            if known == room:
                break
            row = known
            known += 1
            table[slot], names[row], firsts[row], before[row] = known, keys[index], index, former
        mine, theirs = side + row, room - side + row
        if base[mine] < 0:
            has_counted = 0 if flag & SYN else 1
            base[mine], have[mine] = (seq - has_counted) & MASK, has_counted
        if base[theirs] < 0 and flag & ACK:
            base[theirs], have[theirs], told[theirs] = (ack - 1) & MASK, 1, 1

        own, other, place = have[mine], have[theirs], (seq - base[mine]) & MASK
        counts, is_data = flag & (SYN | FIN), length > 0 and not flag & RST
        end = place + length + (1 if counts else 0)
        if end > HALF or end == place or flag & RST:
            end = 0
        is_old = is_data and place + length <= own
        is_again = end > 0 and (end <= own or is_old) and (length != 1 or place + 1 != own or counts != 0)
        acked, gap = (ack - base[theirs]) & MASK, (place - own) & MASK
        code = 0
        if is_data and place == own:
            code = NEW
        elif is_old:
            code = OLD | (URGED if repeats[theirs] > 1 else 0)
        elif is_data:
            code = ODD
        if flag & ACK and base[theirs] >= 0 and other < acked < HALF:  # it acknowledges what was not seen
            code |= ODD
        if length == 0 and 0 < gap < HALF:
            code |= ODD
        if flag & FIN:
            code |= END | (ODD if not is_data and place != own and end != own else 0)
        if flag & SYN and (is_data or own > 1 or other > 1 or told[mine]):
            code |= ODD
        if flag & RST:
            code |= RESET | (ODD if length > 0 or counts else 0)
        elif windows[index] == 0:
            code |= ODD
        if not wholes[index] or odd[row] or (is_again and is_data and not sent[mine]):
            code |= ODD
        rows[index], codes[index], places[index] = row, code, place
        is_strange = (code & NEW and broken[row]) or (ack != 0 and not flag & (ACK | RST))
        agains[index] = is_strange or (is_again if sent[mine] else place != own)

        if flag & ACK:
            if last[mine] == ack and length == 0 and not flag & (SYN | FIN | RST) and repeats[mine] < 255:
                repeats[mine] += 1
            last[mine] = ack
        if flag & RST or flag & (FIN | ACK) == FIN | ACK:
            closed[row] = 1
        if flag & RST:
            broken[row] = 1
        sent[mine] = 1
        have[mine] = end if end > own else own
        index += 1
    done[0] = index
    return known


def slot_of(table: Words, names: Words, mask: int, key: int) -> int:
    """Where the row of a key stands, or belongs; -1 where no place for it is near."""
    slot, tries = key & mask, 0
    while tries < _MOST_TRIES:
        row = table[slot] - 1
        if row < 0 or names[row] == key:
            return slot
        slot, tries = (slot + 1) & mask, tries + 1
    return -1


class JudgedTable(Table):
    """A table that goes on by machine code; `create` only where that can be had.

    Args:
        function: `judge`, with arrays for what lies in rows.
    """

    def __init__(self, function: Callable[..., int], *, tells_copies: bool = True) -> None:
        super().__init__(tells_copies=tells_copies)
        self._function = function
        self._names = np.zeros(0, np.int64)
        self._fit()

    @classmethod
    def create(cls, *, tells_copies: bool = True) -> JudgedTable | None:
        function = _lowered()
        if function is None:
            return None

        def addressed(*given: Any) -> int:
            return function(*(each.ctypes.data if isinstance(each, np.ndarray) else each for each in given))

        return cls(addressed, tells_copies=tells_copies)

    def _fit(self) -> None:
        """As much room for keys as for rows; all of them are to be entered."""
        room = len(self.client)
        self._slots, self._again = np.zeros(4 * room, np.int64), self.count
        self._names = np.append(self._names, np.zeros(room - len(self._names), np.int64))

    def _row_of(self, one: Segments) -> int:
        return int(self._slots[self._slot_of(one)]) - 1

    def _meet(self, one: Segments) -> None:
        if self.count == len(self.client):
            self._grow()
            self._fit()
        self._slots[self._slot_of(one)] = self.count + 1
        self._names[self.count] = _signed(one.keys)[0]
        self._note(one)

    def _slot_of(self, one: Segments) -> int:
        if self._again:
            self._take(one.part(0, 0))
        slot = slot_of(self._slots, self._names, len(self._slots) - 1, int(_signed(one.keys)[0]))
        if slot < 0:
            raise TooManyError
        return slot

    def _take(self, segments: Segments) -> tuple[Array, Array, Array, Array]:
        size = len(segments)
        columns = (_signed(segments.keys), segments.senders, segments.seq, segments.ack, segments.flags,
                   segments.window, segments.length, segments.whole)  # fmt: skip
        given = [np.ascontiguousarray(each, each.dtype if each.dtype == np.bool_ else np.int64) for each in columns]
        rows, places = np.empty((2, size), np.int64)
        codes, again, done, low = np.empty(size, np.uint8), np.empty(size, np.bool_), np.zeros(1, np.int64), 0
        while True:
            room = len(self.client)
            firsts, before = np.empty((2, room), np.int64)
            arrays = (*(each[low:] for each in given), self._slots, self._names, self._base, self._have, self._told,
                      self._last_ack, self._closed, self._broken, self._odd, self._sent, self.repeats, rows[low:],
                      codes[low:], places[low:], again[low:], firsts, before, done)  # fmt: skip
            known = self._function(size - low, self.count, room, self._again, *arrays)
            if known < 0:
                raise TooManyError
            new, self._again = slice(self.count, known), 0
            for row in (np.flatnonzero(before[new] >= 0) + self.count).tolist():
                self.before[row] = int(before[row])
            self._note(segments.at(firsts[new] + low))
            low += int(done[0])
            if low == size:
                return rows, codes, places, again
            self._grow()
            self._fit()


def _signed(keys: Array) -> Array:
    return keys.view(np.int64)


@cache
def _lowered() -> Lowerable | None:
    return compile_lowered(judge)
