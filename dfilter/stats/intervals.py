"""How much in each interval of time, as `tshark -z io,stat` counts it.

In: views, in file order.  Out: frames and bytes of each interval since the first frame of the capture.  What always
holds: memory grows with the intervals that have frames, at most `MAX_INTERVALS`.
"""

from __future__ import annotations

from typing import Final

from dfilter.errors import DfilterError
from dfilter.packets.view import View
from dfilter.slotted import field, frozen, slotted

MAX_INTERVALS: Final = 100_000
NANOSECONDS: Final = 10**9
_NICE: Final = (1, 2, 5)


class TooManyIntervalsError(DfilterError):
    """An interval so short that the capture has more of them than can be shown."""


@frozen
class Interval:
    """From `start` to `end`, ns since the first frame; of the last, `end` is the capture's."""

    start: int
    end: int
    frames: int
    bytes: int


@slotted(eq=True)
class Intervals:
    """Frames and bytes over time.

    Attributes:
        length: of an interval, ns.
        duration: from the first frame of the capture to its last, ns.
        grows: intervals are made longer where there are too many of them; else that is an error.
    """

    length: int = NANOSECONDS
    duration: int = 0
    grows: bool = False
    _counts: dict[int, list[int]] = field(default_factory=dict)

    def pass_by(self, view: View) -> None:
        """A frame, selected or not, goes by."""
        if view.time_relative is not None:
            self.duration = max(self.duration, view.time_relative)

    def add(self, view: View) -> None:
        """A frame that counts; one without a time, or from before the first, counts at the beginning."""
        index = max(view.time_relative or 0, 0) // self.length
        counts = self._counts.get(index)
        if counts is None:
            if len(self._counts) >= MAX_INTERVALS:
                if not self.grows:
                    raise TooManyIntervalsError(f"more than {MAX_INTERVALS} intervals: choose a longer one")
                self._become(self.summed(MAX_INTERVALS // 2))
                index = max(view.time_relative or 0, 0) // self.length
            counts = self._counts.setdefault(index, [0, 0])
        counts[0] += 1
        counts[1] += view.frame.wire_length

    def rows(self, at_most: int = MAX_INTERVALS) -> list[Interval]:
        """All intervals, also those without frames.

        Raises:
            TooManyIntervalsError: there are more than `at_most`.
        """
        count = self.duration // self.length + 1
        if count > at_most:
            raise TooManyIntervalsError(f"{count} intervals of {self.length / NANOSECONDS:g} seconds, more than "
                                        f"{at_most}: choose a longer one")  # fmt: skip
        rows = []
        for index in range(count):
            frames, octets = self._counts.get(index, (0, 0))
            end = min((index + 1) * self.length, max(self.duration, 1))
            rows.append(Interval(index * self.length, end, frames, octets))
        return rows

    def summed(self, at_most: int) -> Intervals:
        """The same with intervals so long that there are at most `at_most`: 1, 2, 5, 10, … times as long."""
        power = 1
        while True:
            for factor in _NICE:
                length = self.length * factor * power
                if self.duration // length < at_most:
                    return self._with(length)
            power *= 10

    def _with(self, length: int) -> Intervals:
        longer = Intervals(length, self.duration, self.grows)
        for index, (frames, octets) in self._counts.items():
            counts = longer._counts.setdefault(index * self.length // length, [0, 0])
            counts[0] += frames
            counts[1] += octets
        return longer

    def _become(self, other: Intervals) -> None:
        self.length, self._counts = other.length, other._counts
