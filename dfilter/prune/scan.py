"""A capture through filters that need the frames before: most conversations are not dissected at all.

In: a capture that can be read twice, and filters.  Out: the numbers of the frames that they select.  What always
holds: they are those that dissecting every frame gives.

A first look at all frames, as columns, decides what it can, and finds which conversations must be dissected, and up
to which frame.  A second look dissects these, every frame of them from the first on, in file order; and with them the
frames that no conversation accounts for: those without a common shape, and datagrams.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from dfilter.captures.conversations import Segments, Table, TooManyError
from dfilter.captures.frame import Frame
from dfilter.captures.index import Chunk, FrameChunk, chunks_of
from dfilter.captures.read import Capture
from dfilter.compile.closures import build
from dfilter.compile.columns import Columns, Findings, Shaped
from dfilter.compile.deep import STREAM, DeepPlan, build_deep
from dfilter.filter import Filter
from dfilter.packets.dispatch import catalogue
from dfilter.packets.protocols.tcp_facts import Tracker
from dfilter.packets.reader import PacketReader
from dfilter.packets.routes import Routes
from dfilter.packets.session import Needs, Session
from dfilter.packets.shapes import ANY_FRAME, SHAPES, TAGGED_SHAPES, ShapeKnowledge
from dfilter.prune.datagrams import Datagrams
from dfilter.prune.follow import Follower
from dfilter.prune.probe import Probe
from dfilter.prune.samples import Samples
from dfilter.prune.segments import segments_of

Array = npt.NDArray[Any]

TRIED = 20_000
"""Frames after which it is asked whether most have a common shape; if not, dissecting all costs less."""


class _UnsuitableError(Exception):
    """This capture is not one to prune."""


@dataclass(slots=True, eq=False)
class Remainder:
    """What the first look left to the second.

    Attributes:
        streams: for each frame the row of its conversation, -1 without one (of tunnelled segments: `inner`).
        others: numbers of frames to be dissected that belong to no row.
        undecided: for each filter, the numbers of the frames that it must be asked about.
        certain: for each filter, the numbers of the frames that it selects for certain.
        inner: number of a frame -> rows of the segments in it that columns do not see.
    """

    streams: list[Array] = field(default_factory=list)
    others: list[Array] = field(default_factory=list)
    undecided: list[list[Array]] = field(default_factory=list)
    certain: list[list[Array]] = field(default_factory=list)
    inner: dict[int, list[int]] = field(default_factory=dict)
    frames: int = 0


class Pruner:
    """Filters made ready; `pruner_of` says for which."""

    def __init__(self, filters: Sequence[Filter], needs: Needs, plan: DeepPlan, tunnels: frozenset[int]) -> None:
        self._filters = filters
        self._needs = needs
        self._tunnels = np.zeros(1 << 16, np.bool_)
        self._tunnels[sorted(tunnels)] = True
        again = [name for name in plan.headers if "tcp" in catalogue().reachable(catalogue().carriers[name])]
        self._plan = plan if again else replace(plan, by_header=tuple(False for _ in filters))
        self._routes = Routes(catalogue(), plan.names.union(again), needs.reachable)
        version = filters[0].version
        tests = [build(test, PacketReader(version=version), version=version) for test in plan.tests]
        self._samples = Samples(tests, plan.names)
        self._table = Table()
        self._follower = Follower(self._table, self._routes, self._samples, len(plan.tests))
        self._datagrams = Datagrams(self._routes, needs.reachable, self._samples, len(plan.tests))
        self._probe = Probe()
        self._strays = 0
        self.remainder = Remainder(undecided=[[] for _ in filters], certain=[[] for _ in filters])
        self.dissected_frames = self.dissected_streams = 0

    @property
    def suits(self) -> bool:
        return not self._samples.holds_without

    @property
    def streams(self) -> int:
        return self._table.count

    def look(self, capture: Capture) -> bool:
        """The first look; False where dissecting every frame is better."""
        try:
            for chunk in chunks_of(capture):
                self._look(chunk)
        except (_UnsuitableError, TooManyError):
            return False
        return True

    def _look(self, chunk: Chunk) -> None:
        if isinstance(chunk, FrameChunk) and any(_has_secrets(frame) for frame in chunk.frames):
            raise _UnsuitableError
        size, left = len(chunk), self.remainder
        columns = Columns.of(chunk)
        shaped = self._plan.columns.split(chunk, columns)
        empty = [[np.zeros(size, np.bool_) for _ in range(len(self._plan.tests) + 1)] for _ in range(2)]
        findings = Findings(empty[0], empty[1], np.full(size, -1, np.int64))  # the last: anything more at all
        strays, unfit = self._conversations(chunk, shaped, findings)
        for branch, chosen in shaped:
            chosen.findings = findings
            if branch.shape.last == "udp":
                self._datagrams.take(chunk, branch.shape, chosen, findings)
        columns.findings = findings
        certain, undecided = self._plan.columns.settle(columns, shaped)
        loose = findings.streams < 0
        fed = np.zeros(size, np.bool_)
        fed[strays] = fed[unfit] = True
        for mask in undecided:
            fed |= mask & loose
        for mask, sure in zip(findings.possible, findings.certain, strict=True):
            fed |= mask & ~sure & loose
        more = np.flatnonzero(findings.possible[-1] & ~loose)
        for index in range(len(self._filters)):
            for rows in (unfit, more) if self._plan.by_header[index] else (unfit,):
                certain[index][rows] = False
                undecided[index][rows] = True
            left.certain[index].append(_numbers(certain[index], chunk.first))
            left.undecided[index].append(_numbers(undecided[index], chunk.first))
        left.others.append(_numbers(fed, chunk.first))
        left.streams.append(findings.streams.astype(np.int32))
        left.frames += size

    def _conversations(self, chunk: Chunk, shaped: Sequence[Shaped], findings: Findings) -> tuple[Array, Array]:
        """Follow the chunk's TCP conversations; the rows of frames without a shape, and with a broken header."""
        segments, unfit = segments_of(chunk, shaped)
        stray = np.ones(len(chunk), np.bool_)
        for branch, columns in shaped:
            stray[columns.rows] = False
            if branch.shape.last == "udp":
                at = branch.shape.layers["udp"]
                tunnel = self._tunnels[columns.number(at, 2)] | self._tunnels[columns.number(at + 2, 2)]
                stray[columns.rows[tunnel]] = True
        strays = np.flatnonzero(stray)
        self._strays += len(strays)
        if self.remainder.frames > TRIED and 2 * self._strays > self.remainder.frames:
            raise _UnsuitableError
        low = 0
        for row in strays.tolist():
            inner = self._probe.segments(chunk.frame(row))
            if not inner:
                continue
            high = int(np.searchsorted(segments.rows, row))
            self._follow(chunk, segments.part(low, high), findings)
            low = high
            rows = [self._table.touch(segment, quoted) for segment, quoted in inner]
            for each in rows:
                self._follower.feed(each, chunk.first + row)
            self.remainder.inner[chunk.first + row] = rows
        self._follow(chunk, segments.part(low, len(segments)), findings)
        return strays, unfit

    def _follow(self, chunk: Chunk, segments: Segments, findings: Findings) -> None:
        if len(segments):
            rows, codes, places = self._table.take(segments)
            findings.streams[segments.rows] = rows
            self._follower.take(chunk.data, chunk.first, segments, rows, codes, places, findings)

    def rest(self) -> tuple[Array, Array] | None:
        """(numbers of the frames to dissect, rows of all frames), after the first look; None where it was in vain."""
        left = self.remainder
        streams = np.concatenate(left.streams) if left.streams else np.zeros(0, np.int32)
        undecided = [np.concatenate(pieces) for pieces in left.undecided if pieces]
        asked = np.unique(np.concatenate(undecided)) if undecided else np.zeros(0, np.int64)
        others = np.concatenate(left.others) if left.others else asked
        until = np.zeros(self._table.count + 1, np.int64)
        rows = streams[asked - 1]
        np.maximum.at(until, rows[rows >= 0], asked[rows >= 0])
        if not self._routes.is_alone:
            until[: self._table.count][self._follower.fed_from[: self._table.count] < np.iinfo(np.int64).max] = 1 << 62
        for number, inner in left.inner.items():  # their conversations meet others there
            until[inner] = np.maximum(until[inner], number)
        until[-1] = 0
        if STREAM in self._plan.headers and self._routes.may_hide_tcp(self._table.ports[:, np.flatnonzero(until)]):
            return None
        chosen = np.arange(1, len(streams) + 1) <= until[streams]
        chosen[others - 1] = True
        self.dissected_streams = int(np.count_nonzero(until))
        numbers = np.flatnonzero(chosen) + 1
        self.dissected_frames = len(numbers)
        return (numbers if len(asked) else numbers[:0]), streams

    def frames(self, capture: Capture, session: Session, numbers: Array, streams: Array) -> Iterator[Frame]:
        """The frames with these numbers; the session learns the numbers of their conversations."""
        tracker: Tracker = session.memory("tcp", lambda: Tracker(session))
        for chunk in chunks_of(capture):
            low, high = np.searchsorted(numbers, (chunk.first, chunk.first + len(chunk)))
            for number in numbers[low:high].tolist():
                row = int(streams[number - 1])
                tracker.conversations.given = [row] if row >= 0 else self.remainder.inner.get(number, [])[:]
                yield chunk.frame(number - chunk.first)

    def asked(self) -> dict[int, list[int]]:
        """Number of a frame -> indices of the filters that must be asked about it."""
        found: dict[int, list[int]] = {}
        for index, pieces in enumerate(self.remainder.undecided):
            for piece in pieces:
                for number in piece.tolist():
                    found.setdefault(number, []).append(index)
        return found

    def certain(self, index: int) -> Array:
        """The numbers of the frames that a filter selects for certain."""
        pieces = self.remainder.certain[index]
        return np.concatenate(pieces) if pieces else np.zeros(0, np.int64)


def pruner_of(filters: Sequence[Filter], needs: Needs) -> Pruner | None:
    """What prunes for these filters; None where nothing can be gained."""
    if needs.names is None or any(each.references or each.version != filters[0].version for each in filters):
        return None
    known = catalogue()
    knowledge = ShapeKnowledge(known)
    shapes = (*SHAPES, *TAGGED_SHAPES)
    plan = build_deep([(each.plan.expression, each.fields) for each in filters], shapes, ANY_FRAME, knowledge)
    if plan is None:
        return None
    tunnels = knowledge.doubtful_ports(["tcp.stream"], next(shape for shape in SHAPES if shape.last == "udp"))
    if tunnels is None:
        return None
    pruner = Pruner(filters, needs, plan, tunnels)
    return pruner if pruner.suits else None


def _numbers(mask: Array, first: int) -> Array:
    return np.flatnonzero(mask) + first


def _has_secrets(frame: Frame) -> bool:
    return bool(getattr(getattr(frame.origin, "section", None), "secrets", None))
