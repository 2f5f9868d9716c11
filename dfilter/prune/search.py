"""Conversations that are searched for something wanted, or that pass if they begin well: most hold nothing.

In: their segments.  Out: those that must be looked at one by one.  What always holds: passing over the others says and
leaves behind what looking at each in turn does; memory is bounded by the number of conversations.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

import numpy as np
import numpy.typing as npt

from dfilter.captures.pcap import Data
from dfilter.packets.declare import Bits
from dfilter.packets.routes import Course, Way, begins
from dfilter.prune.conversations import NEW, ODD
from dfilter.prune.tracks import Tracked

Array = npt.NDArray[Any]

FOLLOW = -1
"""In place of an answer: the segment begins a conversation to be followed."""

_TAIL = 8
"""Bytes kept of a searched direction: a pattern has nine at most."""


class Searcher:
    """Looks for what ways have patterns and beginnings of."""

    def __init__(self) -> None:
        self._tails: dict[int, bytes] = {}

    def forget(self, flow: int) -> None:
        """This direction is searched no longer."""
        self._tails.pop(flow, None)

    def look(self, data: Data, way: Way, flow: int, code: int, start: int, length: int) -> int | None:
        """Search one segment that has data: None where its conversation must be dissected, 0 or `FOLLOW`."""
        end = start + length
        if code & ODD or way.course is Course.GREET or begins(data, start, end, way.begins):
            return None
        if way.protocol is not None and begins(data, start, end, way.greetings):
            return FOLLOW if code & NEW else None
        if not way.patterns or not code & NEW:
            return 0
        joined = self._tails.get(flow, b"") + data[start:end]
        if any(pattern.search(joined) for pattern in way.patterns):
            return None
        self._tails[flow] = bytes(joined[-_TAIL:])
        return 0

    def pass_over(self, data: Data, way: Way, tracked: Tracked, chosen: Array) -> tuple[Array, Array]:
        """Of segments on one way: which must be looked at; and the rows of conversations that pass, all of them."""
        rows, codes = tracked.rows[chosen], tracked.codes[chosen]
        starts, lengths = tracked.starts[chosen], tracked.lengths[chosen]
        telling, done = codes & ODD != 0, rows[:0]
        if way.course is Course.GREET:
            counts = np.flatnonzero(telling | (lengths > 0))
            first = np.full(rows.max() + 1, -1)
            first[rows[counts[::-1]]] = counts[::-1]
            first = first[first >= 0]
            well = (codes[first] & (NEW | ODD) == NEW) & begin(data, starts[first], lengths[first], way.greetings)
            telling[first[~well]] = True
            done = rows[first[well]]
            telling &= ~among(rows, done)
        else:
            telling |= begin(data, starts, lengths, way.begins)
            if way.protocol is not None:
                telling |= begin(data, starts, lengths, way.greetings)
            if way.patterns:
                self._search(data, way, tracked, chosen, telling)
        return chosen[among(rows, rows[telling])], done

    def _search(self, data: Data, way: Way, tracked: Tracked, chosen: Array, telling: Array) -> None:
        """Search what the segments of each direction bring, in one piece; those of conversations in which something may
        be are `telling`, and the ends of all others are kept."""
        rows, starts, lengths = tracked.rows[chosen], tracked.starts[chosen], tracked.lengths[chosen]
        brings = (lengths > 0) & (tracked.codes[chosen] & NEW != 0) & ~among(rows, rows[telling])
        flows = 2 * rows + tracked.senders[chosen]
        order = np.flatnonzero(brings)
        if not len(order):
            return
        order = order[np.argsort(flows[order], kind="stable")]
        flows, starts, lengths = flows[order], starts[order], lengths[order]
        first = np.flatnonzero(np.append(True, flows[1:] != flows[:-1]))
        begun = flows[first].tolist()
        tails = [self._tails.get(flow, b"") for flow in begun]
        view = memoryview(data)
        pieces: list[bytes | memoryview] = []
        brought = [view[start:end] for start, end in zip(starts.tolist(), (starts + lengths).tolist(), strict=True)]
        for tail, low, high in zip(tails, first.tolist(), [*first[1:].tolist(), len(order)], strict=True):
            pieces.append(tail)
            pieces += brought[low:high]
        sizes = np.add.reduceat(lengths, first) + np.array(list(map(len, tails)))
        ends = np.cumsum(sizes).tolist()
        joined, hits = b"".join(pieces), set()
        for pattern in way.patterns:
            hit = pattern.search(joined)
            while hit is not None:  # it may begin in one direction and end in another: that does no harm
                place = bisect_right(ends, hit.start())
                hits.add(begun[place] >> 1)
                hit = pattern.search(joined, ends[place])
        if hits:
            telling |= among(rows, np.array(list(hits)))
        for flow, size, end in zip(begun, sizes.tolist(), ends, strict=True):
            if flow >> 1 not in hits:
                self._tails[flow] = joined[end - min(size, _TAIL) : end]


def begin(data: Data, starts: Array, lengths: Array, ways: tuple[Bits, ...]) -> Array:
    """Which stretches of the data begin in one of these ways, as `routes.begins` says of one."""
    words, found = np.frombuffer(data, np.uint8), np.zeros(len(starts), np.bool_)
    for bits in ways:
        fits = np.flatnonzero(lengths > max(offset for offset, _, _ in bits))
        for offset, mask, value in bits:
            fits = fits[words[starts[fits] + offset] & mask == value]
        found[fits] = True
    return found


def among(rows: Array, chosen: Array) -> Array:
    """Which of the rows are among the chosen ones."""
    marked = np.zeros(max(rows.max(initial=0), chosen.max(initial=0)) + 1, np.bool_)
    marked[chosen] = True
    found: Array = marked[rows]
    return found
