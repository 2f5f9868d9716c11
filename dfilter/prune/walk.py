"""TCP conversations followed in machine code, as far as their segments and messages are plain.

In: a chunk's segments, and where each direction's next message begins.  Out: the keys of the messages in each segment;
the segments that must be followed otherwise.  What always holds: what is said, and what is known of a direction after
it, is what `follow.Follower` says and knows without machine code.

`walk` is Python that `lowering` makes machine code of; tests run it as Python too.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from dfilter.captures.pcap import Data
from dfilter.lowering import Lowerable, compile_lowered
from dfilter.packets.plain import INSIDE, NOT_PLAIN, Bytes, Words
from dfilter.prune.conversations import END, NEW, ODD, OLD, RESET, URGED
from dfilter.prune.tracks import Tracked

Array = npt.NDArray[Any]

KNOWN, WAITING, WITHIN, CLOSED = 1, 2, 4, 8
"""What is known of a direction: there is a place where its next step is; the beginning of a message is kept, of which
more must come; that place is in the middle of a message; it has sent FIN or RST."""

MOST_KEYS = 4
"""Messages that may end in a segment; those with more are followed otherwise."""
_RECORD = 4 + MOST_KEYS
"""What is written down for a segment: its index, how many keys, where in the data its first message begins (-1: before
it) and its last one ends, the keys. Instead of how many -1: the conversation must be dissected from there on."""
_STOPPED, _LEFT = 1, 2


def advance(kind: int, data: Bytes, start: int, end: int, memory: int, told: Words) -> int:
    """A step of the protocol with this number (`plain.Plain.lowered`)."""
    raise NotImplementedError


def walk(data: Bytes, count: int, chosen: Words, rows: Words, senders: Words, codes: Bytes, places: Words,
         starts: Words, lengths: Words, kinds: Bytes, nexts: Words, pending: Words, memory: Words, states: Words,
         marks: Words, found: Words, over: Words, told: Words) -> int:  # fmt: skip
    """How many segments there is something to say of.

    Args:
        chosen: indices of the segments, `count` of them in file order; the columns that follow are those of `Tracked`.
        kinds: for each conversation 1 + the number of its protocol, 0 for one without lowered steps.
        nexts, pending, memory, states: for each direction, what is known.
        marks: for each direction 0; written: whether it must be followed otherwise.
        found: the records; `over`: segments to be followed otherwise, told[2] of them.
    """
    records, left, turn = 0, 0, 0
    while turn < count:
        index = chosen[turn]
        turn += 1
        flow = 2 * rows[index] + senders[index]
        code, place, state, kind = codes[index], places[index], states[flow], kinds[rows[index]]
        if marks[flow] == _STOPPED:
            continue
        if marks[flow] == _LEFT or kind == 0 or code & (ODD | RESET) != 0 or state & WAITING != 0:
            marks[flow] = _LEFT
            over[left] = index
            left += 1
            continue
        if code & OLD != 0:
            if code & URGED != 0:
                marks[flow] = _STOPPED
                found[records * _RECORD] = index
                found[records * _RECORD + 1] = -1
                records += 1
            continue
        if state & KNOWN == 0:
            state |= KNOWN
            nexts[flow] = place
        reach, fate = place + lengths[index], 0
        if code & NEW != 0 and state & CLOSED != 0:
            fate = _STOPPED
        elif code & NEW != 0 and reach >= nexts[flow]:
            base = starts[index] - place
            at, stop, keys, slot, later = base + nexts[flow], base + reach, 0, records * _RECORD, 0
            memo, within, begun = memory[flow], state & WITHIN, at
            if within != 0:
                begun = -1
            if pending[flow] != 0:
                found[slot + 4] = pending[flow]
                keys, begun = 1, -1
            whole = at
            while at < stop and fate == 0:
                far = advance(kind - 1, data, at, stop, memo, told)
                if far == NOT_PLAIN:
                    fate = _STOPPED
                elif far <= 0 or keys == MOST_KEYS:
                    fate = _LEFT
                else:
                    memo, key = told[1], told[0]
                    at += far
                    if key > 0 and at > stop:
                        later = key
                    elif key > 0:
                        found[slot + 4 + keys] = key
                        keys += 1
                        whole = at
                    within = WITHIN if key == INSIDE else 0
            if fate == 0:
                nexts[flow], pending[flow], memory[flow] = at - base, later, memo
                state = (state & ~WITHIN) | within
                if keys > 0:
                    found[slot], found[slot + 1], found[slot + 2], found[slot + 3] = index, keys, begun, whole
                    records += 1
        if fate == 0 and code & END != 0:
            state |= CLOSED
            if nexts[flow] != reach or state & WITHIN != 0:
                fate = _STOPPED
        states[flow] = state
        marks[flow] = fate
        if fate == _LEFT:
            over[left] = index
            left += 1
        elif fate == _STOPPED:
            found[records * _RECORD], found[records * _RECORD + 1] = index, -1
            records += 1
    told[2] = left
    return records


class Walker:
    """Walks; `create` only where machine code can be had.

    Args:
        function: `walk`, for the protocols whose lowered steps are known by number.
    """

    def __init__(self, function: Callable[..., int]) -> None:
        self._function = function
        self._told = array("q", [0, 0, 0])

    @classmethod
    def create(cls, steps: Sequence[Lowerable], *, thorough: bool = True) -> Walker | None:
        """A walker for protocols with these lowered steps; None without llvmlite. `thorough`: as for
        `native.compile_function`."""
        function = _lowered(tuple(steps), thorough)
        return None if function is None else cls(function)

    def walk(self, data: Data, tracked: Tracked, chosen: Array, kinds: bytearray,
             known: Sequence[array[int]]) -> tuple[Array, Array]:  # fmt: skip
        """Go on through the chosen segments: the records of what there is to say of them, and those left over.

        Args:
            kinds, known: as `walk` has `kinds`, and `nexts` to `states`.
        """
        count = len(chosen)
        found, over = np.empty((2 * count + 1, _RECORD), np.int64), np.empty(count, np.int64)
        marks = np.zeros(2 * len(kinds), np.int64)
        columns = (chosen, tracked.rows, tracked.senders, tracked.codes, tracked.places, tracked.starts,
                   tracked.lengths)  # fmt: skip
        words = [np.ascontiguousarray(each, each.dtype if each.dtype == np.uint8 else np.int64) for each in columns]
        types = np.frombuffer(kinds, np.uint8)
        size = self._function(np.frombuffer(data, np.uint8).ctypes.data, count, *(each.ctypes.data for each in words),
                              types.ctypes.data, *(each.buffer_info()[0] for each in known), marks.ctypes.data,
                              found.ctypes.data, over.ctypes.data, self._told.buffer_info()[0])  # fmt: skip
        return found[:size], over[: self._told[2]]


@cache
def _lowered(steps: tuple[Lowerable, ...], thorough: bool) -> Lowerable | None:
    return compile_lowered(walk, {advance: steps}, thorough=thorough)
