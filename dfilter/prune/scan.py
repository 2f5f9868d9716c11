"""A capture through filters that need the frames before: most conversations are not dissected at all.

In: a capture that can be read twice, and filters.  Out: the numbers of the frames that they select.  What always
holds: they are those that dissecting every frame gives.

A first look at all frames, as columns, decides what it can, and finds which conversations must be dissected, and up
to which frame.  A second look dissects these, every frame of them from the first on, in file order; and with them the
frames that no conversation accounts for: those without a common shape, and datagrams.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dfilter.captures.frame import Frame
from dfilter.captures.places import Places
from dfilter.captures.read import Capture
from dfilter.compile.closures import build
from dfilter.compile.deep import STREAM, DeepPlan, build_deep
from dfilter.filter import Filter
from dfilter.native import THOROUGH, available, pays
from dfilter.packets.dispatch import catalogue
from dfilter.packets.protocols.tcp_facts import Tracker
from dfilter.packets.reader import PacketReader
from dfilter.packets.routes import Routes
from dfilter.packets.session import Needs, Session, needs_of
from dfilter.packets.shapes import ANY_FRAME, SHAPES, TAGGED_SHAPES, TUNNELS, ShapeKnowledge
from dfilter.packets.view import View
from dfilter.prune.ahead import EndedError, prepared_chunks
from dfilter.prune.conversations import TooManyError
from dfilter.prune.datagrams import Datagrams
from dfilter.prune.follow import Follower
from dfilter.prune.prepare import Prepared, Preparer
from dfilter.prune.probe import Probe
from dfilter.prune.samples import Samples
from dfilter.prune.shown import ANNOUNCERS, TIMES, Careful, DependsError, can_show, is_told
from dfilter.prune.tracks import Tracks
from dfilter.slotted import field, replace, slotted

Array = npt.NDArray[Any]

TRIED = 20_000
"""Frames after which it is asked whether most have a common shape; if not, dissecting all costs less."""


LOOK_BYTES = 1 << 23
"""Bytes of a plain capture that are looked at together: several times what a stateless scan takes, as there are several
times as many columns."""


class _UnsuitableError(Exception):
    """This capture is not one to prune."""


@slotted
class Remainder:
    """What the first look left to the second.

    Attributes:
        streams: for each frame the row of its conversation, -1 without one (of tunnelled segments: `inner`).
        others: numbers of frames to be dissected that belong to no row; `late`: those of them that the first look has
            not dissected.
        undecided: for each filter, the numbers of the frames that it must be asked about.
        certain: for each filter, the numbers of the frames that it selects for certain.
        inner: number of a frame -> rows of the segments in it that columns do not see.
        before: row of a conversation -> that of the one that had its ports before.
        places: where all frames lie.
        frames: how many there are; `first_time`: when the first of them was captured, ns.
        datagrams: where frames will be shown, (numbers, ports of either end) of frames with UDP.
    """

    streams: list[Array] = field(default_factory=list)
    others: list[Array] = field(default_factory=list)
    late: list[Array] = field(default_factory=list)
    undecided: list[list[Array]] = field(default_factory=list)
    certain: list[list[Array]] = field(default_factory=list)
    inner: dict[int, list[int]] = field(default_factory=dict)
    before: dict[int, int] = field(default_factory=dict)
    datagrams: list[tuple[Array, Array, Array]] = field(default_factory=list)
    places: Places = field(default_factory=Places)
    frames: int = 0
    first_time: int | None = None


class Pruner:
    """Filters made ready; `pruner_of` says for which.

    Attributes:
        plan: what decides of the frames.
        remainder: what the first look left.
    """

    def __init__(self, filters: Sequence[Filter], needs: Needs, plan: DeepPlan, tunnels: frozenset[int],
                 shown: Needs | None) -> None:  # fmt: skip
        self._filters = filters
        self._needs = shown or needs
        self._shows = shown is not None
        self._lists = shown is not None and shown.names is None
        self._tells_time = shown is not None and shown.wants(*TIMES)
        again = [name for name in plan.headers if "tcp" in catalogue().reachable(catalogue().carriers[name])]
        self.plan = plan if again else replace(plan, by_header=tuple(False for _ in filters))
        self._routes = Routes(catalogue(), plan.names.union(again), needs.reachable, plan.opened)
        version = filters[0].version
        tests = [build(test, PacketReader(version=version), version=version) for test in plan.tests]
        self._samples = Samples(tests, plan.names)
        self._follower = Follower(self._routes, self._samples, len(plan.tests), plan.analysed)
        self._is_early = self._routes.is_alone and not needs.look_ahead and not needs.second_look
        """Frames of no conversation are asked in the first look: nothing in conversations depends on them."""
        probe = Probe(needs if self._is_early else needs_of([STREAM]))
        tracks = Tracks(probe, filters, self._is_early, bool(plan.analysed))
        datagrams = Datagrams(self._routes, needs.reachable, self._samples, len(plan.tests))
        self._preparer = Preparer(plan, len(plan.tests), datagrams, tunnels, tracks)
        self._strays = 0
        self.remainder = Remainder(undecided=[[] for _ in filters], certain=[[] for _ in filters])
        self.dissected_frames = self.dissected_streams = 0

    @property
    def suits(self) -> bool:
        return not self._samples.holds_without

    @property
    def streams(self) -> int:
        return self._follower.count

    def look(self, capture: Capture) -> bool:
        """The first look; False where dissecting every frame is better."""
        is_much = len(self.plan.tests) > len(self.plan.analysed)  # the bytes of conversations are looked at
        if pays(capture.file_bytes) and available():
            thorough = capture.file_bytes >= THOROUGH
            self._preparer.use_machine_code(thorough=thorough)
            self._follower.use_machine_code(thorough=thorough)
            is_much = False
        try:
            for prepared in prepared_chunks(capture, self._preparer, LOOK_BYTES, is_much=is_much):
                self._look(prepared)
        except (_UnsuitableError, TooManyError, EndedError):
            return False
        if self._needs.second_look:
            self._ask_again()
        return True

    def _look(self, prepared: Prepared) -> None:
        chunk, findings, left = prepared.chunk, prepared.findings, self.remainder
        if chunk.has_secrets:
            raise _UnsuitableError
        if self._shows:
            rows, source, target = prepared.sent.rows, prepared.sent.source_ports, prepared.sent.target_ports
            left.datagrams.append((rows + chunk.first, source.astype(np.uint16), target.astype(np.uint16)))  # copies
        self._strays += prepared.strays
        if left.frames > TRIED and 2 * self._strays > left.frames:
            raise _UnsuitableError
        early, hits = prepared.tracked.early, prepared.tracked.hits
        left.inner.update(prepared.tracked.inner)
        left.before.update(prepared.tracked.before)
        self._is_early = self._is_early and not left.inner
        self._follower.take(chunk.data, chunk.first, prepared.tracked, findings)
        self.dissected_frames += len(early)
        fed = np.zeros(len(chunk), np.bool_)
        fed[early] = True
        certain, undecided = prepared.headers.settle(self.plan.columns, findings)
        loose, unfit = findings.streams < 0, prepared.unfit
        for mask in undecided:
            fed |= mask & loose
        more = np.flatnonzero(findings.possible[-1] & ~loose)
        for index in range(len(self._filters)):
            for rows in (unfit, more) if self.plan.by_header[index] else (unfit,):
                certain[index][rows] = False
                undecided[index][rows] = True
            if hits is not None:
                certain[index][early] = undecided[index][early] = False
                certain[index][hits[index]] = True
            left.certain[index].append(_numbers(certain[index], chunk.first))
            left.undecided[index].append(_numbers(undecided[index], chunk.first))
        left.others.append(_numbers(fed, chunk.first))
        fed[early] = False
        left.late.append(_numbers(fed, chunk.first))
        left.streams.append(findings.streams.astype(np.int32))
        if left.frames == 0 and len(chunk):
            left.first_time = chunk.frame(0).time
        left.places.note(chunk)
        left.frames += len(chunk)

    def _ask_again(self) -> None:
        """What a conversation turns out to hold, a second pass finds in its earlier frames too: ask about them."""
        left = self.remainder
        since = np.zeros(self.streams + 1, np.int64)
        since[list(self._follower.fed_from)] = list(self._follower.fed_from.values())
        first = 1
        for place, streams in enumerate(left.streams):
            earlier = np.arange(first, first + len(streams)) < since[streams]
            for pieces, asked in ((left.certain, False), (left.undecided, True)):
                for each in pieces:
                    mask = np.zeros(len(streams), np.bool_)
                    mask[each[place] - first] = True
                    mask[earlier] = asked
                    each[place] = _numbers(mask, first)
            first += len(streams)

    def select(self, reopen: Callable[[], Capture]) -> list[list[int]] | None:
        """The second look: for each filter the frames that it selects; None where the first look was in vain.

        Args:
            reopen: opens the capture once more, from its beginning.
        """
        rest = self._rest()
        if rest is None:
            return None
        more: list[list[int]] = [[] for _ in self._filters]
        asked = self._asked()
        for view in self._second_look(reopen, *rest):
            for index in asked.get(view.number, ()):
                if self._filters[index].test(view):
                    more[index].append(view.number)
        return [sorted(_joined(pieces).tolist() + found)
                for pieces, found in zip(self.remainder.certain, more, strict=True)]  # fmt: skip

    def views(self, reopen: Callable[[], Capture]) -> Iterator[View] | None:
        """The second look for one filter and what is shown: the frames that it selects; None as for `select`.

        Raises:
            DependsError: when its turn has come: a frame depends on others that were left out.
        """
        rest = self._rest()
        if rest is None:
            return None
        numbers, streams = rest
        is_careful = self._lists and len(numbers) < len(streams)
        return self._selected(self._second_look(reopen, numbers, streams, is_careful=is_careful), is_careful)

    def _selected(self, views: Iterator[View], is_careful: bool) -> Iterator[View]:
        selected, certain = self._filters[0].test, _joined(self.remainder.certain[0])
        asked = self._asked()
        for view in views:
            at = int(np.searchsorted(certain, view.number))
            if (at < len(certain) and certain[at] == view.number) or (view.number in asked and selected(view)):
                if is_careful and not is_told(view):
                    raise DependsError
                yield view

    def _second_look(self, reopen: Callable[[], Capture], numbers: Array, streams: Array,
                     *, is_careful: bool = False) -> Iterator[View]:  # fmt: skip
        """The views of the frames with these numbers; what later frames tell is found before."""
        if not len(numbers):
            return
        kind, foresight = Careful if is_careful else Session, None
        if self._needs.look_ahead or self._needs.second_look:
            session = kind(self._needs)
            for _ in self._dissected(self._frames(reopen(), session, numbers, streams), session):
                pass
            foresight = session.foreseen
        session = kind(self._needs, foresight=foresight)
        yield from self._dissected(self._frames(reopen(), session, numbers, streams), session)

    def _dissected(self, frames: Iterable[Frame], session: Session) -> Iterator[View]:
        for frame in frames:
            view = session.dissect(frame)
            if isinstance(session, Careful) and session.depends:
                raise DependsError
            yield view

    def _rest(self) -> tuple[Array, Array] | None:
        """(numbers of the frames to dissect, rows of all frames), after the first look; None where it was in vain."""
        left = self.remainder
        streams = _joined(left.streams)
        wanted = np.zeros(len(streams) + 1, np.bool_)
        wanted[_joined([_joined(pieces) for pieces in left.undecided])] = True
        if self._shows:
            wanted[_joined([_joined(pieces) for pieces in left.certain])] = True
        asked = np.flatnonzero(wanted)  # numpy.unique would load numpy.ma first
        others = _joined(left.late if self._is_early and not self._shows else left.others)
        until = np.zeros(self.streams + 1, np.int64)
        rows = streams[asked - 1]
        np.maximum.at(until, rows[rows >= 0], asked[rows >= 0])
        if not self._routes.is_alone:
            until[list(self._follower.fed_from)] = 1 << 62
        if self._lists:
            until[self._announcing()] = 1 << 62
        for number, inner in left.inner.items():  # their conversations meet others there
            until[inner] = np.maximum(until[inner], number)
        if self._shows:  # it shows in a conversation that its ports had another one before
            for row, before in sorted(left.before.items(), reverse=True):
                until[before] = max(until[before], until[row])
        until[-1] = 0
        if STREAM in self.plan.headers and self._routes.may_hide_tcp(self._follower.ports_of(np.flatnonzero(until))):
            return None
        if not len(asked):
            return asked, streams
        chosen = np.arange(1, len(streams) + 1) <= until[streams]
        chosen[others - 1] = True
        if self._shows and (rows < 0).any():
            self._choose_loose(asked[rows < 0], streams, chosen)
        self.dissected_streams = int(np.count_nonzero(until))
        numbers = np.flatnonzero(chosen) + 1
        self.dissected_frames += len(numbers)
        return numbers, streams

    def _frames(self, capture: Capture, session: Session, numbers: Array, streams: Array) -> Iterator[Frame]:
        """The frames with these numbers; the session learns the numbers of their conversations."""
        tracker: Tracker = session.memory("tcp", lambda: Tracker(session))
        for frame, before in self.remainder.places.frames(capture, numbers, with_before=self._tells_time):
            row = int(streams[frame.number - 1])
            if isinstance(session, Careful):
                session.in_tcp = row >= 0
            tracker.conversations.given = [row] if row >= 0 else self.remainder.inner.get(frame.number, [])[:]
            if before is not None:
                session.come_after(self.remainder.first_time, before.time)
            yield frame

    def _choose_loose(self, asked: Array, streams: Array, chosen: Array) -> None:
        """Choose the frames outside of conversations on which what these show can depend: the datagrams from or to
        their ports, and all that are none."""
        columns = zip(*self.remainder.datagrams, strict=True)
        numbers, first, second = map(_joined, columns) if self.remainder.datagrams else [_joined([])] * 3
        wanted, ports = np.zeros(len(streams) + 1, np.bool_), np.zeros(1 << 16, np.bool_)
        wanted[asked] = True
        those = wanted[numbers]
        ports[first[those]] = ports[second[those]] = True
        loose = streams < 0
        loose[numbers - 1] = ports[first] | ports[second]
        chosen |= loose

    def _announcing(self) -> Array:
        """The conversations that may tell of others."""
        table = catalogue().tables["tcp.port"]
        ports = [port for port, protocol in table.items() if protocol.name in ANNOUNCERS]
        known = self._follower.ports_of(np.arange(self.streams))
        return np.flatnonzero(np.isin(known, ports).any(axis=0))

    def _asked(self) -> dict[int, list[int]]:
        """Number of a frame -> indices of the filters that must be asked about it."""
        found: dict[int, list[int]] = {}
        for index, pieces in enumerate(self.remainder.undecided):
            for number in _joined(pieces).tolist():
                found.setdefault(number, []).append(index)
        return found


def pruner_of(filters: Sequence[Filter], needs: Needs, shown: Needs | None = None,
              fields: Iterable[str] = ()) -> Pruner | None:  # fmt: skip
    """What prunes for these filters; None where nothing can be gained.

    Args:
        shown: the needs of `fields`, which will be asked of the selected frames, together with `needs`; without it only
            the numbers of the frames count.
    """
    if shown is not None and not can_show(fields, shown):
        return None
    if needs.names is None or any(each.references or each.version != filters[0].version for each in filters):
        return None
    known = catalogue()
    knowledge = ShapeKnowledge(known)
    # TCP and UDP in tunnels are dissected: who speaks to whom there depends on more than their own headers
    shapes = (*SHAPES, *TAGGED_SHAPES, *(shape for shape in TUNNELS if shape.last == "icmp"))
    plan = build_deep([(each.plan.expression, each.fields) for each in filters], shapes, ANY_FRAME, knowledge)
    if plan is None:
        return None
    tunnels = knowledge.doubtful_ports(["tcp.stream"], next(shape for shape in SHAPES if shape.last == "udp"))
    if tunnels is None:
        return None
    pruner = Pruner(filters, needs, plan, tunnels, shown)
    return pruner if pruner.suits else None


def _joined(pieces: Sequence[Array]) -> Array:
    return np.concatenate(pieces) if pieces else np.zeros(0, np.int64)


def _numbers(mask: Array, first: int) -> Array:
    return np.flatnonzero(mask) + first
