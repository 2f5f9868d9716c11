"""Runs of Enhanced Packet Blocks in a stretch of a pcapng file, found by looking at all of it at once.

In: a stretch of the file, and where in it a block begins.  Out: where the packets of the blocks from there on lie, as
far as one Enhanced Packet Block follows the other.  What always holds: only blocks of which the reader, too, makes a
frame, their options apart; the same blocks as walking from block to block gives.

Every block begins at a multiple of four bytes and ends with its length: a word that is the block's type, behind it a
length that is found again at its end, is almost always a block.  What looks like one inside a packet is told apart by
where the block before it ends.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dfilter.captures.blocks import Block
from dfilter.captures.limits import MAX_WIRE_LENGTH
from dfilter.slotted import frozen

HEAD: Final = 28
"""Bytes of an Enhanced Packet Block before its packet (draft-ietf-opsawg-pcapng, section 4.3)."""

SMALLEST: Final = HEAD + 4
"""Bytes of one without a packet."""

FEW = 8
"""Blocks for which numpy's cost per call is not worth it."""

Integers = npt.NDArray[np.int64]


@frozen(eq=False)
class Run:
    """Whole Enhanced Packet Blocks, one right behind the other.

    Attributes:
        starts: where the bytes of each one's packet begin.
        captured, wire: lengths in bytes.
        which: number of the interface.
        lengths: of the blocks.
    """

    starts: Integers
    captured: Integers
    wire: Integers
    which: Integers
    lengths: Integers

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def stop(self) -> int:
        """Where the last one ends."""
        return int(self.starts[-1] + self.lengths[-1]) - HEAD

    def first(self, count: int) -> Run:
        """So many of them."""
        return Run(*(each[:count] for each in (self.starts, self.captured, self.wire, self.which, self.lengths)))


class Runs:
    """Finds runs in stretches of one file."""

    def __init__(self) -> None:
        self._data: Any = b""
        self._size = 0
        self._order = ""
        self._words: npt.NDArray[Any] = np.zeros(0, np.uint32)
        self._blocks = _Likely.of(np.zeros(0, np.int64), np.zeros(0, np.int64))

    def enter(self, data: Any, size: int) -> None:
        """The next runs are looked for in the first `size` bytes of `data`, at the first of which a block begins."""
        self._data, self._size, self._order = data, size, ""

    def run(self, begin: int, order: str, limits: Integers) -> Run | None:
        """The blocks from byte `begin` on; None where they are too few.

        Args:
            order: of bytes in the section: "<" or ">".
            limits: for each interface, the most bytes that a packet can have.
        """
        if order != self._order:
            self._order = order
            self._words = np.frombuffer(self._data, order + "u4", self._size >> 2)
            self._blocks = _likely(self._words, order)
        found = self._blocks.chain(begin >> 2)
        return None if found is None else self._run(*found, limits)

    def _run(self, heads: Integers, ends: Integers, limits: Integers) -> Run | None:
        words = self._words
        which, captured, wire = (words[heads + at].astype(np.int64) for at in (2, 5, 6))
        lengths = (ends - heads) << 2
        sound = captured <= lengths - SMALLEST
        sound &= which < len(limits)
        if len(limits):
            sound &= captured <= limits[np.minimum(which, len(limits) - 1)]
        run = Run((heads << 2) + HEAD, captured, np.minimum(wire, MAX_WIRE_LENGTH), which, lengths)
        return run if sound.all() else run.first(int(np.argmin(sound)))


def _likely(words: npt.NDArray[Any], order: str) -> _Likely:
    """All that look like Enhanced Packet Blocks; everything is counted in words."""
    kind = np.array([Block.ENHANCED], order + "u4").view(np.uint32)[0]  # as it lies there: numpy is slow to turn words
    heads = np.flatnonzero(words.view(np.uint32) == kind)
    heads = heads[: np.searchsorted(heads, len(words) - (SMALLEST >> 2), "right")]
    lengths = words[heads + 1].astype(np.int64)
    ends = heads + (lengths >> 2)
    good = (lengths >= SMALLEST) & (lengths & 3 == 0) & (ends <= len(words))
    heads, lengths, ends = heads[good], lengths[good], ends[good]
    closed = words[ends - 1] == lengths
    return _Likely.of(heads[closed], ends[closed])


@frozen(eq=False)
class _Likely:
    """What looks like a block, in order.

    Attributes:
        heads, ends: where each begins, and what is behind it.
        last: those that the next one does not follow at once.
        next: for each of `last` the index of the one that does follow, -1 for none.
    """

    heads: Integers
    ends: Integers
    last: Integers
    next: Integers

    @classmethod
    def of(cls, heads: Integers, ends: Integers) -> _Likely:
        if not len(heads):
            return cls(heads, ends, heads, heads)
        last = np.append(np.flatnonzero(ends[:-1] != heads[1:]), len(heads) - 1)
        behind = np.searchsorted(heads, ends[last])
        there = heads[np.minimum(behind, len(heads) - 1)] == ends[last]
        return cls(heads, ends, last, np.where(there, behind, -1))

    def chain(self, head: int) -> tuple[Integers, Integers] | None:
        """The heads and ends of those that follow one another from `head` on; None where they are too few."""
        index = int(self.heads.searchsorted(head))
        if index == len(self.heads) or self.heads[index] != head:
            return None
        rank = int(self.last.searchsorted(index))
        last, following = int(self.last[rank]), int(self.next[rank])
        if following < 0:
            chosen = slice(index, last + 1)
            return None if last + 1 - index < FEW else (self.heads[chosen], self.ends[chosen])
        rows = self._linked(index, last, following)
        return None if len(rows) < FEW else (self.heads[rows], self.ends[rows])

    def _linked(self, index: int, last: int, following: int) -> Integers:
        """Indices of those on the chain, which leaves some out."""
        begins, lasts = [index], [last]
        while following >= 0:
            rank = int(self.last.searchsorted(following))
            begins.append(following)
            lasts.append(int(self.last[rank]))
            following = int(self.next[rank])
        steps = np.zeros(lasts[-1] + 2 - index, np.int64)
        steps[np.array(begins) - index] += 1
        steps[np.array(lasts) + 1 - index] -= 1
        return np.flatnonzero(np.cumsum(steps)) + index
