"""The records of a stretch of a plain pcap file, by place.

In: a stretch, and where records begin in it.  Out: what their headers say.  What always holds: whatever finds them
(`lanes`, `hops`) finds the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dfilter.captures.limits import MAX_WIRE_LENGTH
from dfilter.slotted import frozen

HEADER = 16
"""Bytes of a record's header."""

Integers = npt.NDArray[np.int64]


@frozen(eq=False)
class Records:
    """Whole records.

    Attributes:
        starts: where the bytes of each one's frame begin.
        captured, wire: lengths in bytes.
        stop: where the first record begins that is not among them.
        claimed: the captured length that its header states; 0 without a header.
    """

    starts: Integers
    captured: Integers
    wire: Integers
    stop: int
    claimed: int

    @classmethod
    def at(cls, data: Any, order: str, positions: Integers, stop: int, claimed: int) -> Records:
        """Those whose headers begin at `positions`; `order` of bytes: "<" or ">"."""
        starts = positions + HEADER
        words: Any = np.ndarray((max(len(data) - 3, 0),), order + "u4", data, strides=(1,))
        captured = words[starts - 8].astype(np.int64)
        wire = np.minimum(words[starts - 4].astype(np.int64), MAX_WIRE_LENGTH)
        return cls(starts, captured, wire, stop, claimed)

    def __len__(self) -> int:
        return len(self.starts)
