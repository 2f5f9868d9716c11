"""What can be said of a chunk's frames before anything is followed through their bytes.

In: chunks, in order.  Out: their frames by shape, what their datagrams tell, and which conversation each of their TCP
segments belongs to.  What always holds: nothing here depends on what is followed, so that it can be done ahead.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dfilter.captures.index import Chunk
from dfilter.compile.columns import Columns, Findings
from dfilter.compile.deep import DeepPlan
from dfilter.compile.shaped import Branch
from dfilter.prune.conversations import Segments
from dfilter.prune.datagrams import Datagrams
from dfilter.prune.headers import Headers, Split
from dfilter.prune.segments import segments_of
from dfilter.prune.sent import Sent, sent_of
from dfilter.prune.survey import Survey
from dfilter.prune.tracks import Tracked, Tracks
from dfilter.slotted import slotted

Array = npt.NDArray[Any]


@slotted
class Prepared:
    """A chunk, prepared.

    Attributes:
        headers: its frames by shape.
        findings: what its datagrams tell; the last test is whether there is anything wanted at all.
        tracked: its segments.
        strays: how many frames no shape accounts for.
        sent: its datagrams.
        unfit: the rows of frames whose TCP header is longer than their segment.
    """

    chunk: Chunk
    headers: Headers
    findings: Findings
    strays: int
    unfit: Array
    sent: Sent
    tracked: Tracked


class Preparer:
    """Prepares chunks.

    Args:
        plan: the filters.
        tests: how many deep tests they have.
        datagrams: judges those of the shapes that have UDP.
        tunnels: UDP ports behind which there can be TCP.
        tracks: the conversations so far.
    """

    def __init__(self, plan: DeepPlan, tests: int, datagrams: Datagrams, tunnels: frozenset[int],
                 tracks: Tracks) -> None:  # fmt: skip
        self._plan = plan
        self._survey: Survey | None = None
        self._tests = tests
        self._datagrams = datagrams
        self._tracks = tracks
        self._tunnels = np.zeros(1 << 16, np.bool_)
        self._tunnels[sorted(tunnels)] = True

    @property
    def branches(self) -> tuple[Branch[Any], ...]:
        """The shapes that are told apart."""
        return self._plan.columns.branches

    def use_machine_code(self, *, thorough: bool) -> None:
        """From now on, where it can be had. `thorough`: as for `native.compile_function`."""
        self._survey = Survey.create(self._plan, thorough=thorough)
        self._tracks.use_machine_code()
        self._datagrams.use_machine_code(thorough=thorough)

    def prepare(self, chunk: Chunk) -> Prepared:
        """Prepare the next chunk; `TooManyError` where following conversations does not pay."""
        size = len(chunk)
        headers, segments, unfit, sent = self._split(chunk)
        empty = [[np.zeros(size, np.bool_) for _ in range(self._tests + 1)] for _ in range(2)]
        findings = Findings(empty[0], empty[1], np.full(size, -1, np.int64))
        self._datagrams.take(chunk.data, sent, findings)
        early = self._strays_of(headers, sent)
        strays = int(np.count_nonzero(early))
        early[unfit] = True
        for mask, sure in zip(findings.possible, findings.certain, strict=True):
            early |= mask & ~sure
        tracked = self._tracks.take(chunk, segments, np.flatnonzero(early))
        findings.streams[segments.rows] = tracked.rows
        return Prepared(chunk, headers, findings, strays, unfit, sent, tracked)

    def _split(self, chunk: Chunk) -> tuple[Headers, Segments, Array, Sent]:
        """The frames by shape, the segments, the rows of frames that have no shape after all, the datagrams."""
        if self._survey is not None:
            return self._survey.look(chunk)
        columns = Columns.of(chunk)
        shaped = self._plan.columns.split(chunk, columns)
        return Split(columns, shaped), *segments_of(chunk, shaped), sent_of(chunk, shaped)

    def _strays_of(self, headers: Headers, sent: Sent) -> Array:
        """The frames that no shape accounts for: without one, or tunnels."""
        stray = headers.shapeless
        stray[sent.rows[self._tunnels[sent.source_ports] | self._tunnels[sent.target_ports]]] = True
        return stray
