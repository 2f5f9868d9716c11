"""The segments of each direction in a row, as they are followed.

In: tracked segments.  Out: values to go through one direction by jumps.  What always holds: within a `Run` the segments
of a direction are in the order of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from dfilter.captures.pcap import Data
from dfilter.packets.plain import Silent
from dfilter.prune.conversations import NEW
from dfilter.prune.tracks import Tracked
from dfilter.slotted import frozen

Array = npt.NDArray[Any]


@frozen(eq=False)
class Run:
    """Segments by direction, one value each.

    Attributes:
        ends: where they reach, in relative sequence numbers; `places`: where they begin.
        starts: of their payload in the chunk's data.
        rows: of their frames in the chunk.
        events: index of the next one that is not just data in its turn, itself included.
        telling: index of the next one that is not just one silent message, itself included, if that begins there.
    """

    ends: memoryview
    places: memoryview
    starts: memoryview
    codes: memoryview
    rows: memoryview
    events: memoryview
    telling: memoryview

    @classmethod
    def of(cls, data: Data, tracked: Tracked, chosen: Array, silents: Sequence[Silent], kinds: Array) -> Run:
        """`kinds`: for each segment 1 + the place of what is silent in its conversation, 0 for nothing."""
        codes, places = tracked.codes[chosen], tracked.places[chosen]
        starts, lengths = tracked.starts[chosen], tracked.lengths[chosen]
        told = np.ones(len(chosen), np.bool_)
        for place, silent in enumerate(silents, 1):
            those = np.flatnonzero((kinds == place) & (codes == NEW) & (lengths >= silent.header))
            told[those[_is_one(data, silent, starts[those], lengths[those])]] = False
        return cls((places + lengths).data, places.data, starts.data, codes.data, tracked.frames[chosen].data,
                   _next(codes != NEW).data, _next(told).data)  # fmt: skip


Passer = Callable[[Data, int, int, int], int]
"""Takes data, where in it relative sequence number 0 would be, where a message begins and where a segment ends; says
where the first message begins that is not silent, or not there."""


@cache
def passer_of(silent: Silent) -> Passer:
    """The function that goes from silent message to silent message."""
    heads, header, size_at = silent.heads, silent.header, silent.size_at
    far = len(next(iter(heads)))

    def passed(data: Data, base: int, place: int, end: int) -> int:
        while place + header <= end:
            at = base + place
            if bytes(data[at : at + far]) not in heads:
                break
            place += header + (data[at + size_at] << 8 | data[at + size_at + 1])
        return place

    return passed


def _is_one(data: Data, silent: Silent, starts: Array, lengths: Array) -> Array:
    """Which stretches of the data look like exactly one silent message."""
    words = np.frombuffer(data, np.uint8)
    size = words[starts + silent.size_at].astype(np.int64) << 8 | words[starts + silent.size_at + 1]
    begun = np.zeros(len(starts), np.bool_)
    for head in silent.heads:
        begun |= np.logical_and.reduce([words[starts + place] == byte for place, byte in enumerate(head)])
    fits: Array = begun & (size + silent.header == lengths)
    return fits


def _next(mask: Array) -> Array:
    """The index of the next true one, itself included; the length beyond the last."""
    indices = np.where(mask, np.arange(len(mask)), len(mask))
    return np.minimum.accumulate(indices[::-1])[::-1].copy()
