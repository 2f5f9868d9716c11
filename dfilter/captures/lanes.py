"""Where the records of a plain pcap file begin, found at many places at once.

In: a stretch of the file that begins with a record.  Out: the offsets of its whole records, and where the first that
is not whole begins.  What always holds: the same offsets as walking from record to record gives.

Each record says where the next one begins, so a walk is one long chain.  Here it is cut into lanes: in each a record
header is guessed, numpy hops in all lanes at once, and a lane counts only if the chain before it ended exactly where
the lane began.  Where it did not, the chain goes on one by one until it meets a lane.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from dfilter.captures.records import Records

LANE = 1 << 15
"""Bytes from one guess to the next: guesses cost as much as a dozen hops."""

HOPS = 48
"""Hops between two looks at which lanes are through."""

_FEW = 8
"""Lanes for which numpy's cost per call is not worth it."""
_GUESSES = 24
_AGREEING = 3
"""Records that must look right in a row before a guess is tried."""
_CANDIDATES = 20_000
_SURE = 12
"""The same where a guess is dearer to try."""

Offsets = npt.NDArray[np.int64]
Words = npt.NDArray[Any]


class Lanes:
    """Finds records in stretches of one file.

    Args:
        order: "<" or ">", the file's byte order.
        limit: the most bytes that a record can hold.
    """

    def __init__(self, order: str, limit: int) -> None:
        self._unpack = struct.Struct(order + "IIII").unpack_from
        self._captured = struct.Struct(order + "I").unpack_from
        self._high = 2 if order == "<" else 0
        self._order = order
        self._limit = limit

    def start(self, size: int) -> None:
        """Data of `size` bytes is coming: lanes need all of it."""

    def walk(self, data: Any, end: int) -> None:
        """It is there up to byte `end`."""

    def found(self, data: Any) -> Records:
        """The records of the data, all of which is there."""
        return self.records(data, 0)

    def records(self, data: Any, begin: int) -> Records:
        """The whole records of `data`, the first of which begins at byte `begin`."""
        return Records.at(data, self._order, *self._places(data, begin))

    def _places(self, data: Any, begin: int) -> tuple[Offsets, int, int]:
        """(where whole records begin, where the first other one begins, its captured length or 0)."""
        starts = self._guess(data, begin)
        if len(starts) < _FEW:
            positions, stop, captured = self._walk(data, begin, frozenset())
            return np.array(positions, np.int64), stop, captured
        words: Words = np.ndarray((len(data) - 11,), self._order + "u4", data, 8, (1,))
        found = self._hop(words, np.array(starts, np.int64), len(data))
        return self._joined(data, words, found)

    def guess(self, data: bytes) -> int | None:
        """Where in `data` a record is likely to begin, wherever in the file `data` may be from."""
        size = len(data) - 15
        if size <= 0:
            return None
        fraction, captured, wire = (np.ndarray((size,), self._order + "u4", data, at, (1,)) for at in (4, 8, 12))
        likely = (captured <= wire) & (wire <= self._limit) & (captured > 0) & (fraction < 1_000_000_000)
        for at in np.flatnonzero(likely)[:_CANDIDATES].tolist():
            if self._looks_right(data, at, data[at + self._high : at + self._high + 2], _SURE):
                return int(at)
        return None

    def _guess(self, data: Any, begin: int) -> list[int]:
        """A likely record header in each lane, the certain one first."""
        starts = [begin]
        if len(data) < begin + _FEW * LANE:
            return starts
        mark = data[begin + self._high : begin + self._high + 2]
        for lane in range(begin + LANE, len(data) - LANE, LANE):
            found = self._guess_within(data, mark, lane, lane + LANE)
            if found is not None:
                starts.append(found)
        return starts

    def _guess_within(self, data: Any, mark: bytes, low: int, high: int) -> int | None:
        """Times of a capture lie close together: the high half of their seconds is what is looked for."""
        hit = data.find(mark, low, high)
        for _ in range(_GUESSES):
            if hit < 0:
                break
            if self._looks_right(data, hit - self._high, mark):
                return int(hit) - self._high
            hit = data.find(mark, hit + 1, high)
        return None

    def _looks_right(self, data: Any, at: int, mark: bytes, agreeing: int = _AGREEING) -> bool:
        unpack, high, last = self._unpack, self._high, len(data) - 16
        for _ in range(agreeing):
            _, fraction, captured, wire = unpack(data, at)
            if captured > wire or wire > self._limit or fraction >= 1_000_000_000:
                return False
            if data[at + high : at + high + 2] != mark:
                return False
            at += 16 + captured
            if at > last:
                return False
        return True

    def _hop(self, words: Words, starts: Offsets, size: int) -> _Found:
        """From every start on, until the next lane begins."""
        last = size - 16
        ends = np.append(starts[1:], last + 1)
        stops = starts.copy()
        lanes = np.arange(len(starts))
        current = starts
        pieces: list[Offsets] = []
        while len(lanes):
            hops = np.empty((HOPS + 1, len(lanes)), np.int64)
            hops[0] = current
            for step in range(HOPS):
                here, there = hops[step], hops[step + 1]
                np.add(here, words[here], out=there)
                there += 16
                np.minimum(there, last, out=there)  # a lane that is through runs on for nothing, but not off the end
            inside = hops[:-1] < ends
            stuck = hops[1:] == last  # it may be a header there, or what `minimum` made of a record not whole
            pieces.append(hops[:-1][inside & ~stuck])
            first_out = np.argmax(~inside | stuck, axis=0)
            through = ~inside[-1] | stuck[-1]
            stops[lanes[through]] = hops[first_out[through], np.flatnonzero(through)]
            lanes, ends, current = lanes[~through], ends[~through], hops[-1][~through]
        return _Found(np.sort(np.concatenate(pieces)), starts, stops)

    def _joined(self, data: Any, words: Words, found: _Found) -> tuple[Offsets, int, int]:
        """What of the lanes is on the chain from the first one."""
        broken = np.flatnonzero(found.stops[:-1] != found.starts[1:])
        if not len(broken):
            return self._finished(data, words, found.positions, int(found.stops[-1]))
        lane_of = {start: lane for lane, start in enumerate(found.starts.tolist())}
        pieces: list[Offsets] = []
        lane: int | None = 0
        position = int(found.starts[0])
        while lane is not None:
            after = broken[np.searchsorted(broken, lane) :]
            final = int(after[0]) if len(after) else len(found.starts) - 1
            beyond = found.starts[final + 1] if len(after) else found.stops[final]  # the next lane's are not ours
            low, high = np.searchsorted(found.positions, (found.starts[lane], beyond))
            pieces.append(found.positions[low:high])
            walked, position, _ = self._walk(data, int(found.stops[final]), lane_of.keys())
            pieces.append(np.array(walked, np.int64))
            lane = lane_of.get(position)
            if lane is not None and lane <= final:
                break
        positions = np.concatenate(pieces)
        return self._finished(data, words, positions, position)

    def _finished(self, data: Any, words: Words, positions: Offsets, stop: int) -> tuple[Offsets, int, int]:
        """Walk on from the last lane's end, unless a record before it claims the impossible."""
        impossible = np.flatnonzero(words[positions] > self._limit)
        if len(impossible):
            at = int(positions[impossible[0]])
            return positions[: impossible[0]], at, int(words[at])
        walked, stop, captured = self._walk(data, stop, frozenset())
        return np.append(positions, np.array(walked, np.int64)), stop, captured

    def _walk(self, data: Any, position: int, until: Any) -> tuple[list[int], int, int]:
        """From record to record, to one of `until` or to the first record that is not whole."""
        captured_at, limit = self._captured, self._limit
        positions: list[int] = []
        end = len(data)
        while position + 16 <= end and position not in until:
            (captured,) = captured_at(data, position + 8)
            stop = position + 16 + captured
            if stop > end or captured > limit:
                return positions, position, captured
            positions.append(position)
            position = stop
        return positions, position, 0


class _Found:
    """What the lanes found: all offsets in order; where each lane began; the first offset behind it."""

    __slots__ = ("positions", "starts", "stops")

    def __init__(self, positions: Offsets, starts: Offsets, stops: Offsets) -> None:
        self.positions = positions
        self.starts = starts
        self.stops = stops
