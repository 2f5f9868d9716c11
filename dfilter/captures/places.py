"""Some frames of a capture by number, the second time that it is read.

In: the chunks of the first time, then numbers.  Out: frames.  What always holds: they are those that reading all of it
gives; of a plain pcap file no more is read than these frames, for which four bytes are kept of every frame.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from dfilter.captures.frame import Frame
from dfilter.captures.index import Chunk, RecordChunk, chunks_of
from dfilter.captures.read import Capture
from dfilter.captures.records import HEADER

Integers = npt.NDArray[np.int64]


class Places:
    """Where the frames of a capture lie."""

    def __init__(self) -> None:
        self._firsts: list[int] = []
        self._begins: list[int] = []
        self._captured: list[npt.NDArray[np.uint32]] = []
        self._known: tuple[int, list[int]] = (-1, [])
        """A chunk's place in these lists, and where the records of its frames begin in the file."""

    def note(self, chunk: Chunk) -> None:
        """Remember the next chunk, the first time."""
        if isinstance(chunk, RecordChunk) and len(chunk):
            self._firsts.append(chunk.first)
            self._begins.append(chunk.stop - int(chunk.captured.sum()) - HEADER * len(chunk))
            self._captured.append(chunk.captured.astype(np.uint32))

    def frames(self, capture: Capture, numbers: Integers, *, with_before: bool) -> Iterator[tuple[Frame, Frame | None]]:
        """The frames with these numbers, in ascending order; with each the one before it where that is wanted.

        Args:
            capture: the same one, opened again.

        Raises:
            CaptureError: the file is not what it was.
        """
        if not capture.plain_bytes:
            yield from _among_all(capture, numbers, with_before=with_before)
            return
        with capture:
            for number in numbers.tolist():
                before = self._frame(capture, number - 1) if with_before and number > 1 else None
                yield self._frame(capture, number), before

    def _frame(self, capture: Capture, number: int) -> Frame:
        turn = bisect_right(self._firsts, number) - 1
        if self._known[0] != turn:
            sizes = self._captured[turn].astype(np.int64) + HEADER
            self._known = turn, (np.cumsum(sizes) - sizes + self._begins[turn]).tolist()
        row = number - self._firsts[turn]
        return capture.plain_frame(self._known[1][row], int(self._captured[turn][row]), number)


def _among_all(capture: Capture, numbers: Integers, *, with_before: bool) -> Iterator[tuple[Frame, Frame | None]]:
    last: Frame | None = None
    for chunk in chunks_of(capture):
        low, high = np.searchsorted(numbers, (chunk.first, chunk.first + len(chunk)))
        for number in numbers[low:high].tolist():
            place, before = number - chunk.first, None
            if with_before:
                before = chunk.frame(place - 1) if place else last
            yield chunk.frame(place), before
        if with_before and len(chunk):
            last = chunk.frame(len(chunk) - 1)
