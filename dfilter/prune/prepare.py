"""What can be said of a chunk by itself, before it is known what came before it.

In: a chunk.  Out: its frames by shape, its TCP segments, and what its datagrams tell.  What always holds: nothing is
remembered from chunk to chunk, so that chunks can be prepared anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dfilter.captures.conversations import Segments
from dfilter.captures.index import Chunk
from dfilter.compile.columns import ColumnPlan, Columns, Findings, Shaped
from dfilter.prune.datagrams import Datagrams
from dfilter.prune.segments import segments_of
from dfilter.prune.survey import Survey

Array = npt.NDArray[Any]


@dataclass(slots=True, eq=False)
class Prepared:
    """A chunk, prepared.

    Attributes:
        columns: of all its frames; `shaped`: of those with a shape, by shape.
        findings: what its datagrams tell; the last test is whether there is anything wanted at all.
        strays: the frames that no shape accounts for.
        segments: those of its frames whose TCP header is whole; `unfit`: the rows of frames where it is not.
    """

    chunk: Chunk
    columns: Columns
    shaped: list[Shaped]
    findings: Findings
    strays: Array
    segments: Segments
    unfit: Array


class Preparer:
    """Prepares chunks.

    Args:
        plan: the filters.
        tests: how many deep tests they have.
        datagrams: judges those of the shapes that have UDP.
        tunnels: UDP ports behind which there can be TCP.
    """

    def __init__(self, plan: ColumnPlan, tests: int, datagrams: Datagrams, tunnels: frozenset[int]) -> None:
        self.plan = plan
        self._survey: Survey | None = None
        self._tests = tests
        self._datagrams = datagrams
        self._tunnels = np.zeros(1 << 16, np.bool_)
        self._tunnels[sorted(tunnels)] = True

    def use_machine_code(self) -> None:
        """From now on, where it can be had."""
        self._survey = Survey.create([branch.shape for branch in self.plan.branches])

    def prepare(self, chunk: Chunk) -> Prepared:
        size = len(chunk)
        columns = Columns.of(chunk)
        shaped, segments, unfit = self._split(chunk, columns)
        empty = [[np.zeros(size, np.bool_) for _ in range(self._tests + 1)] for _ in range(2)]
        findings = Findings(empty[0], empty[1], np.full(size, -1, np.int64))
        for branch, chosen in shaped:
            if branch.shape.last == "udp":
                self._datagrams.take(chunk, branch.shape, chosen, findings)
        return Prepared(chunk, columns, shaped, findings, self._strays_of(size, shaped), segments, unfit)

    def _split(self, chunk: Chunk, columns: Columns) -> tuple[list[Shaped], Segments, Array]:
        """The frames that have a shape, the segments, and the rows of frames that have none after all."""
        if self._survey is None:
            shaped = self.plan.split(chunk, columns)
            return shaped, *segments_of(chunk, shaped)
        found, segments, unfit = self._survey.look(chunk)
        return [(self.plan.branches[index], columns.at(rows)) for index, rows in found], segments, unfit

    def _strays_of(self, size: int, shaped: Sequence[Shaped]) -> Array:
        """The frames that no shape accounts for: without one, or tunnels."""
        stray = np.ones(size, np.bool_)
        for branch, columns in shaped:
            stray[columns.rows] = False
            if branch.shape.last == "udp":
                at = branch.shape.layers["udp"]
                tunnel = self._tunnels[columns.number(at, 2)] | self._tunnels[columns.number(at + 2, 2)]
                stray[columns.rows[tunnel]] = True
        return stray
