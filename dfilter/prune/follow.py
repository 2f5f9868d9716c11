"""TCP conversations followed from segment to segment, as long as they are plain.

In: a chunk's segments with their rows and codes (`prune.conversations`).  Out: for each deep test the frames in
which it is true, those in which it can be, and the conversations that must be dissected.  What always holds: up to
the frame from which a conversation must be dissected, what is said of its frames is what dissecting says; memory is
bounded by the number of conversations.

A conversation is followed where its ports, or the first bytes of a segment, tell its protocol, and as long as its
segments come in their turn and its messages are plain (`plain.Plain`).  Segments sent again are not dissected by
Wireshark either; where one could count as a fast retransmission, which is, the conversation is given up.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dfilter.captures.pcap import Data
from dfilter.compile.columns import Findings
from dfilter.packets.declare import Protocol
from dfilter.packets.plain import INSIDE, WAIT
from dfilter.packets.routes import Course, Routes
from dfilter.prune.conversations import AGAIN, END, NEW, ODD, OLD, RESET, URGED, VAGUE
from dfilter.prune.runs import Run, passer_of
from dfilter.prune.samples import Samples
from dfilter.prune.search import FOLLOW, Searcher
from dfilter.prune.tracks import Tracked
from dfilter.prune.walk import CLOSED, KNOWN, WAITING, WITHIN, Walker
from dfilter.prune.ways import COURSES, Ways

Array = npt.NDArray[Any]

MOST_KEPT = 1 << 16
"""Answers that are kept."""
MOST_WAITING = 1 << 16
"""Bytes of a message's beginning that are kept until more of it comes."""
_UNSEEN = 0
"""In place of a conversation's course: no data was seen."""
_PASS, _FEED, _SEARCH, _FOLLOW, _GREET = (
    COURSES[each] for each in (Course.PASS, Course.FEED, Course.SEARCH, Course.FOLLOW, Course.GREET)
)
_SETTLED = frozenset((_PASS, _FEED))


class Follower:
    """All TCP conversations of a capture.

    Attributes:
        fed_from: row -> the number of the first frame that must be dissected.
    """

    def __init__(self, routes: Routes, samples: Samples, tests: int, analysed: dict[int, bool]) -> None:
        self._ports = array("H"), array("H")
        self._client = bytearray()
        self._opened = bytearray()
        self._ways = Ways(routes)
        self._way = array("i")
        """For each conversation the number of its way."""
        self._searcher = Searcher()
        self._samples = samples
        self._tests = tests
        self._analysed = analysed
        self._courses = bytearray()
        self._next, self._pending, self._memory, self._states = (array("q") for _ in range(4))
        """Of each followed direction: where its next step is, in relative sequence numbers; the key of the message that
        ends there, 0 if none does; what the steps remember; what is known of it (`walk.KNOWN` and the others)."""
        self._heads: dict[int, bytes] = {}
        """Of directions that wait for more of a message: its beginning, which lies before that place."""
        self._uses_machine = self._thorough = False
        self._walker: Walker | None = None
        self._walked = 0
        """Protocols whose lowered steps the walker knows."""
        self._kinds, self._quiet = bytearray(), bytearray()
        """For each conversation, as for its way in `_ways`."""
        self.fed_from: dict[int, int] = {}
        self._newly_fed: list[int] = []
        self._told = [0, 0]
        self._answers: dict[tuple[object, ...], int] = {}
        """What the tests say of messages, by their protocol's name and their keys."""

    def use_machine_code(self, *, thorough: bool) -> None:
        """From now on, where it can be had. `thorough`: as for `native.compile_function`."""
        self._uses_machine, self._thorough = True, thorough

    def feed(self, row: int, number: int) -> None:
        """From this frame on the conversation must be dissected."""
        if self._courses[row] == _FEED and row not in self.fed_from:
            return  # all of it must be, from its beginning
        self._courses[row] = _FEED
        self.fed_from[row] = min(self.fed_from.get(row, number), number)
        self._newly_fed.append(row)
        for flow in (2 * row, 2 * row + 1):
            self._heads.pop(flow, None)
            self._searcher.forget(flow)

    @property
    def count(self) -> int:
        """How many conversations there are so far."""
        return len(self._courses)

    def ports_of(self, rows: Array) -> Array:
        """Of either end of conversations."""
        return np.stack([np.frombuffer(side, np.uint16)[rows] for side in self._ports])

    def _meet(self, tracked: Tracked) -> None:
        """Conversations that begin."""
        missing = len(tracked.client)
        for side, ports in zip(self._ports, tracked.ports, strict=True):
            side.frombytes(ports.tobytes())
        self._client += tracked.client.tobytes()
        self._opened += tracked.opened.tobytes()
        self._courses.extend(bytes(missing))
        for known in (self._next, self._pending, self._memory, self._states):
            known.frombytes(bytes(2 * missing * known.itemsize))
        self._way.frombytes(bytes(missing * self._way.itemsize))
        self._quiet.extend(bytes(missing))
        self._kinds.extend(bytes(missing))

    def take(self, data: Data, first: int, tracked: Tracked, findings: Findings) -> None:
        """Follow a chunk's segments; `first`: the number of its first frame."""
        self._meet(tracked)
        rows, codes = tracked.rows, tracked.codes
        self._begin(rows[(tracked.lengths > 0) | (codes & (ODD | RESET) != 0)])
        told = (tracked.lengths > 0) | (codes & END != 0)
        course = np.frombuffer(self._courses, np.uint8)[rows]
        unusual = np.zeros(self.count, np.bool_)
        unusual[rows[codes & (ODD | RESET) != 0]] = True
        orderly = told & (course == _FOLLOW) & ~unusual[rows]
        over, failed = self._walk(data, tracked, np.flatnonzero(orderly), findings)
        others = (told | (codes & (ODD | RESET) != 0)) & ~orderly
        looked = self._pass_over(data, tracked, np.flatnonzero(others & ((course == _SEARCH) | (course == _GREET))))
        others = np.flatnonzero(others & (course == _FOLLOW))
        self._one_by_one(data, first, tracked, np.concatenate([over, others, looked]), findings)
        for row, at in failed.items():  # now: one direction can fail behind what the other one has left over
            self.feed(row, first + at)
        for number, inner in tracked.inner.items():  # what surrounds segments that columns do not see
            for row in inner:
                self.feed(row, number)
        if self._analysed:
            self._note_analysis(first, tracked, findings)
        course = np.frombuffer(self._courses, np.uint8)[rows]
        self._note_fed(first, tracked, np.flatnonzero(told & (course == _FEED)), findings)

    def _walk(self, data: Data, tracked: Tracked, chosen: Array,
              findings: Findings) -> tuple[Array, dict[int, int]]:  # fmt: skip
        """Follow conversations whose segments come in their turn: the segments that must be followed one by one, and
        the conversations that must be dissected, each with the frame of the chunk from which on."""
        if not len(chosen):
            return chosen, {}
        lowered = self._ways.lowered
        if self._uses_machine and self._walked < len(lowered):
            self._walker, self._walked = Walker.create(lowered, thorough=self._thorough), len(lowered)
            self._uses_machine = self._walker is not None
        if self._walker is None:
            return chosen[:0], self._walk_directions(data, tracked, chosen, findings)
        known = (self._next, self._pending, self._memory, self._states)
        found, over = self._walker.walk(data, tracked, chosen, self._kinds, known)
        return over, self._tell(data, tracked, found, findings)

    def _tell(self, data: Data, tracked: Tracked, found: Array, findings: Findings) -> dict[int, int]:
        """Write down what walking found (`walk.walk`); the conversations that must be dissected, as `_walk`."""
        rows, frames, counts = tracked.rows[found[:, 0]], tracked.frames[found[:, 0]], found[:, 1]
        places = self._ways.places[np.frombuffer(self._way, np.int32)[rows]]
        failed: dict[int, int] = {}
        alike = np.where(counts == 1, found[:, 4] << 8 | places, -1 - np.arange(len(found)))
        order = np.argsort(alike, kind="stable")
        lows = np.flatnonzero(np.append(True, alike[order[1:]] != alike[order[:-1]]))
        for those in np.split(order, lows[1:]) if len(order) else ():
            for turn, record in enumerate(those.tolist()):  # the first one stands for all, if there is an answer
                _, count, begin, end, *keys = found[record].tolist()
                whole = None if begin < 0 else (begin, end)
                protocol = self._protocol(int(rows[record]))
                answer = None if count < 0 else self._answer(protocol, keys[:count], data, whole)
                if answer is not None:
                    self._note(answer, frames[those[turn:]], findings)
                    break
                row, at = int(rows[record]), int(frames[record])
                failed[row] = min(failed.get(row, at), at)
        return failed

    def _walk_directions(self, data: Data, tracked: Tracked, chosen: Array, findings: Findings) -> dict[int, int]:
        """Follow each direction by itself, from step to step; the conversations that must be dissected, as `_walk`."""
        failed: dict[int, int] = {}
        flows = 2 * tracked.rows[chosen] + tracked.senders[chosen]
        order = np.argsort(flows, kind="stable")
        chosen, flows = chosen[order], flows[order]
        lows = np.flatnonzero(np.append(True, flows[1:] != flows[:-1]))
        kinds = np.frombuffer(self._quiet, np.uint8)[tracked.rows[chosen]]
        run = Run.of(data, tracked, chosen, self._ways.silents, kinds)
        for flow, low, high in zip(flows[lows].tolist(), lows.tolist(), [*lows[1:].tolist(), len(flows)], strict=True):
            at = self._walk_direction(data, flow, run, low, high, findings)
            if at is not None:
                failed[flow >> 1] = min(failed.get(flow >> 1, at), at)
        return failed

    def _walk_direction(self, data: Data, flow: int, run: Run, low: int, high: int, findings: Findings) -> int | None:
        """Go on through some segments of one direction; where dissecting must begin, if it must."""
        row, nexts, states, index = flow >> 1, self._next, self._states, low
        passed = passer_of(self._ways.silents[self._quiet[row] - 1]) if self._quiet[row] else None
        ends, codes, places, starts = run.ends, run.codes, run.places, run.starts
        while index < high:
            if states[flow] & KNOWN:
                index = bisect_left(ends, nexts[flow], index, min(run.events[index], high))
                if index == high:
                    break
            place, start, end, code = places[index], starts[index], ends[index], codes[index]
            if code == NEW and passed is not None and states[flow] == KNOWN and not self._pending[flow]:
                if run.telling[index] > index and nexts[flow] == place:
                    index = min(run.telling[index], high)
                    nexts[flow] = ends[index - 1]
                    continue
                nexts[flow] = reached = passed(data, start - place, nexts[flow], end)
                if reached >= end:
                    index += 1
                    continue
            answer = self._follow(data, row, flow, code, place, start, end - place)
            if answer is None:
                return run.rows[index]
            if answer:
                self._note(answer, run.rows[index], findings)
            index += 1
        return None

    def _pass_over(self, data: Data, tracked: Tracked, chosen: Array) -> Array:
        """The segments on ways to search or to greet that must be looked at."""
        ways, rest = np.frombuffer(self._way, np.int32)[tracked.rows[chosen]], [chosen[:0]]
        for number in np.flatnonzero(np.bincount(ways)).tolist():
            way = self._ways.known[number]
            telling, done = self._searcher.pass_over(data, way, tracked, chosen[ways == number])
            np.frombuffer(self._courses, np.uint8)[done] = _PASS
            rest.append(telling)
        return np.concatenate(rest)

    def _one_by_one(self, data: Data, first: int, tracked: Tracked, chosen: Array, findings: Findings) -> None:
        """Follow segments in the order of the file."""
        rows, courses = tracked.rows, self._courses
        columns = (rows, 2 * rows + tracked.senders, tracked.codes, tracked.places, tracked.starts, tracked.lengths,
                   tracked.frames)  # fmt: skip
        for row, flow, code, place, start, length, at in zip(*(each[chosen].tolist() for each in columns), strict=True):
            course = courses[row]
            if course in _SETTLED:
                continue
            if course == _FOLLOW and code == NEW and place + length < self._next[flow]:
                continue
            if not length and course != _FOLLOW:
                answer = None if code & ODD else 0
            else:
                answer = self._judge(data, row, flow, code, place, start, length, course)
            if answer is None:
                self.feed(row, first + at)
            elif answer:
                self._note(answer, at, findings)

    def _note(self, answer: int, at: int | Array, findings: Findings) -> None:
        for test in range(self._tests):
            if answer >> test & 1:
                findings.certain[test][at] = findings.possible[test][at] = True

    def _note_fed(self, first: int, tracked: Tracked, fed: Array, findings: Findings) -> None:
        """Anything can be in the segments that say something, of conversations that must be dissected."""
        frames = tracked.frames
        if self._newly_fed:
            since = np.zeros(self.count, np.int64)
            since[self._newly_fed] = [self.fed_from[row] for row in self._newly_fed]
            fed = fed[frames[fed] + first >= since[tracked.rows[fed]]]
            self._newly_fed.clear()
        for possible, certain in zip(findings.possible, findings.certain, strict=True):
            possible[frames[fed]] = True
            certain[frames[fed]] = False  # the other direction was followed beyond that

    def _note_analysis(self, first: int, tracked: Tracked, findings: Findings) -> None:
        """What the analysis of TCP finds where all is in the ordinary; other conversations must be dissected."""
        rows, codes, frames = tracked.rows, tracked.codes, tracked.frames
        for place in np.flatnonzero(codes & (ODD | VAGUE)).tolist():
            self.feed(int(rows[place]), first + int(frames[place]))
        fed = np.zeros(self.count, np.int64)
        fed[list(self.fed_from)] = list(self.fed_from.values())
        vague = (fed[rows] > 0) & (fed[rows] <= frames + first)
        again = (codes & AGAIN != 0) & ~vague
        for index, repeats in self._analysed.items():
            findings.possible[index][frames[vague]] = True
            if repeats:
                findings.certain[index][frames[again]] = findings.possible[index][frames[again]] = True

    def _judge(self, data: Data, row: int, flow: int, code: int, place: int, start: int, length: int,
               course: int) -> int | None:  # fmt: skip
        """The answer for a segment; None where the conversation must be dissected."""
        if course != _FOLLOW:
            answer = self._searcher.look(data, self._ways.known[self._way[row]], flow, code, start, length)
            if answer != FOLLOW:
                return answer
            self._courses[row] = _FOLLOW
        return self._follow(data, row, flow, code, place, start, length)

    def _begin(self, rows: Array) -> None:
        """Settle the courses of conversations, with their first data."""
        fresh = np.zeros(self.count, np.bool_)
        fresh[rows] = True
        courses = np.frombuffer(self._courses, np.uint8)
        rows = np.flatnonzero(fresh & (courses == _UNSEEN))
        client, opened = (np.frombuffer(each, np.uint8)[rows] for each in (self._client, self._opened))
        ways = self._ways.numbers(self.ports_of(rows), client, opened != 0)
        np.frombuffer(self._way, np.int32)[rows] = ways
        courses[rows] = self._ways.courses[ways]
        np.frombuffer(self._kinds, np.uint8)[rows] = self._ways.kinds[ways]
        np.frombuffer(self._quiet, np.uint8)[rows] = self._ways.quiet[ways]

    def _protocol(self, row: int) -> Protocol:
        """The one that is followed in a conversation."""
        return self._ways.protocols[int(self._ways.places[self._way[row]])]

    def _follow(self, data: Data, row: int, flow: int, code: int, place: int, start: int,
                length: int) -> int | None:  # fmt: skip
        """The answer for a segment; None where the conversation must be dissected."""
        if code & ODD:
            return None
        if code & OLD:
            return None if code & URGED else 0
        states = self._states
        if not states[flow] & KNOWN:
            states[flow] |= KNOWN
            self._next[flow] = place
        answer: int | None = 0
        end = place + length
        if code & NEW:
            if states[flow] & CLOSED:
                return None
            if end >= self._next[flow]:
                answer = self._steps(data, self._protocol(row), flow, place, start, length)
        if code & RESET:
            states[flow] |= CLOSED
            states[flow ^ 1] |= CLOSED
        if code & END:
            states[flow] |= CLOSED
            if self._next[flow] != end or states[flow] & (WAITING | WITHIN):
                return None
        return answer

    def _steps(self, data: Data, protocol: Protocol, flow: int, place: int, start: int,
               length: int) -> int | None:  # fmt: skip
        """Go on from message to message through a segment that reaches as far as the next step."""
        end = start + length
        at = start + self._next[flow] - place
        pending, memory, state, told = self._pending[flow], self._memory[flow], self._states[flow], self._told
        keys: list[int] = [pending] if pending else []
        is_begun = bool(pending or state & WITHIN)  # of its first message the beginning is not at hand
        if state & WAITING:
            head = self._heads.pop(flow)
            data = head + bytes(data[start:end])
            at, start, end, place = 0, 0, len(data), place - len(head)
            state ^= WAITING
        first = whole = at
        later = 0
        step = protocol.evidence.plain.step  # type: ignore[union-attr]
        assert step is not None
        while at < end:
            far = step(data, at, end, memory, told)
            if far < 0:
                return None
            if far == WAIT:
                if end - at > MOST_WAITING:
                    return None
                self._heads[flow] = bytes(data[at:end])
                state |= WAITING
                at = end
                break
            key, memory = told
            at += far
            if key > 0:
                if at > end:
                    later = key
                else:
                    keys.append(key)
                    whole = at
            state = state | WITHIN if key == INSIDE else state & ~WITHIN
        self._next[flow], self._pending[flow] = place + at - start, later
        self._memory[flow], self._states[flow] = memory, state
        return self._answer(protocol, keys, data, None if is_begun else (first, whole)) if keys else 0

    def _answer(self, protocol: Protocol, keys: Sequence[int], data: Data, whole: tuple[int, int] | None) -> int | None:
        """What the tests say of messages with these keys; `whole`: where in the data all of them are, if they are."""
        key = (protocol.name, *keys)
        answer = self._answers.get(key)
        if answer is not None:
            return answer
        if whole is not None:
            sample = bytes(data[slice(*whole)])
        else:  # not all of these messages is in this segment: others with their keys do as well
            example = protocol.evidence.plain.example if protocol.evidence.plain is not None else None
            sample = b"".join(example(each) for each in keys) if example is not None else b""
        answer = self._samples.ask(protocol, sample, stream=True) if sample else None
        if answer is not None:
            if len(self._answers) >= MOST_KEPT:
                self._answers.clear()
            self._answers[key] = answer
        return answer
