"""Which conversation each segment of a chunk belongs to, those included that columns do not see.

In: a chunk's segments, and the frames to be dissected at once, chunk by chunk.  Out: `Tracked`.  What always holds:
conversations are numbered in the order of the file, wherever their segments lie.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dfilter.captures.index import Chunk
from dfilter.filter import Filter
from dfilter.prune.conversations import Segments, Table
from dfilter.prune.grouped import GroupedTable
from dfilter.prune.judge import JudgedTable
from dfilter.prune.probe import Probe
from dfilter.slotted import field, slotted

Array = npt.NDArray[Any]


@slotted
class Tracked:
    """What is known of a chunk's segments.

    Attributes:
        frames: where in the chunk the frames of those are that columns see; `senders`, `starts`, `lengths`: as
            `Segments` has them; `rows`: of their conversations; `codes`, `places`: as `Table.take` has them.
        ports, client, opened: of the conversations that begin here, as `Table` has them.
        early: the frames that were dissected.
        hits: for each filter, those of them that it selects; None where that is not for certain.
        inner: number of a dissected frame -> rows of the segments in it.
        before: row of a conversation that begins here -> that of the one that had its ports before.
    """

    frames: Array
    senders: Array
    starts: Array
    lengths: Array
    rows: Array
    codes: Array
    places: Array
    ports: Array
    client: Array
    opened: Array
    early: Array
    hits: list[list[int]] | None
    inner: dict[int, list[int]] = field(default_factory=dict)
    before: dict[int, int] = field(default_factory=dict)


class Tracks:
    """All conversations of a capture.

    Args:
        probe: dissects the frames that are not left to columns.
        filters: they are asked about these frames, where `is_early`: nothing wanted of them depends on conversations.
        is_analysed: it matters what TCP's analysis finds.
    """

    def __init__(self, probe: Probe, filters: Sequence[Filter], is_early: bool, is_analysed: bool) -> None:
        self._is_analysed = is_analysed
        self._table: Table = GroupedTable(tells_copies=is_analysed)
        self._probe = probe
        self._filters = filters
        self._is_early = is_early

    def use_machine_code(self) -> None:
        """Before the first chunk, where it can be had."""
        self._table = JudgedTable.create(tells_copies=self._is_analysed) or self._table

    def take(self, chunk: Chunk, segments: Segments, early: Array) -> Tracked:
        """Go on with the next chunk, whose `early` frames are to be dissected.

        Raises:
            TooManyError: ports are reused too often.
        """
        count, low, inner = self._table.count, 0, {}
        pieces: list[tuple[Array, Array, Array]] = []
        hits: list[list[int]] = [[] for _ in self._filters]
        for row in early.tolist():
            view, found = self._probe.dissect(chunk.frame(row))
            if self._is_early:
                for compiled, selected in zip(self._filters, hits, strict=True):
                    if compiled.test(view):
                        selected.append(row)
            if found:
                high = int(np.searchsorted(segments.rows, row))
                pieces.append(self._table.take(segments.part(low, high)))
                low = high
                inner[chunk.first + row] = [self._table.touch(segment, quoted) for segment, quoted in found]
                self._is_early = False
        pieces.append(self._table.take(segments.part(low, len(segments))))
        rows, codes, places = (np.concatenate(columns) for columns in zip(*pieces, strict=True))
        new, table = slice(count, self._table.count), self._table
        reused, table.before = table.before, {}
        return Tracked(segments.rows, segments.senders, segments.start, segments.length, rows, codes, places,
                       table.ports[:, new].copy(), table.client[new].copy(), table.opened[new].copy(), early,
                       hits if self._is_early else None, inner, reused)  # fmt: skip
