"""One large capture on all processors: its parts are scanned at once.

In: an opened plain pcap file and filters that columns decide.  Out: the numbers of the frames that they select, and
how far into the file that goes.  What always holds: the result is that of one scan from the first frame to the last.

Where a part begins is guessed; it counts only if the part before it ends exactly there.  A process of its own decides
what the columns decide, and dissects what they leave, as long as dissection needs no memory of other frames; frames
that do (fragments) are handed back, and dissected here in the order of the file.
"""

from __future__ import annotations

import operator
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from dfilter.captures.index import Chunk, chunk_bytes, part_chunks
from dfilter.captures.progress import standing_for
from dfilter.captures.read import Capture, open_capture
from dfilter.errors import CaptureError
from dfilter.filter import Filter
from dfilter.packets.session import Needs, RawFrame, Session
from dfilter.processes import Other, processors
from dfilter.slotted import field, slotted

if TYPE_CHECKING:
    from dfilter.compile.columns import Plan

T = TypeVar("T")

LEAST_PART = 1 << 26
"""Bytes below which a part is not worth a process."""

MOST_PARTS = 8
MOST_KEPT = 1 << 25
"""Bytes of frames that a part hands back at most; one with more is scanned here."""

_PLACELESS = frozenset({"frame", "frame.len", "frame.cap_len"})
"""Fields of the frame that do not tell which frame of the capture it is."""


class Numbers(Protocol):
    """Where frame numbers go, in order: a list, or a `Tally`."""

    def append(self, number: int, /) -> object: ...
    def extend(self, numbers: Sequence[int], /) -> object: ...


class Tally:
    """Counts the numbers that it is given."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0

    def append(self, number: int, /) -> None:
        self.count += 1

    def extend(self, numbers: Sequence[int], /) -> None:
        self.count += len(numbers)


@slotted(eq=True)
class PartResult:
    """What one part of a capture holds.

    Attributes:
        stop: the byte of the file behind its last record.
        frames: how many frames it has.
        found: for each filter the places (0-based in the part) of frames that match.
        kept: frames for which other frames count, each with the filters that are undecided of it.
    """

    stop: int
    found: list[list[Any]]
    frames: int = 0
    kept: list[tuple[RawFrame, list[int]]] = field(default_factory=list)
    kept_bytes: int = 0


class _NeedsMemoryError(BaseException):
    """Dissecting this frame needs what other frames left behind, or leaves something behind.

    No `Exception`: a session takes those for faults of a dissector.
    """


class _Forgetful(Session):
    """A session in which no frame can leave anything behind."""

    def memory(self, name: str, make: Callable[[], T]) -> T:
        raise _NeedsMemoryError(name)


def scan_in_parts(capture: Capture, plan: Plan, filters: Sequence[Filter], session: Session,
                  found: Sequence[Numbers]) -> tuple[int, int] | None:  # fmt: skip
    """Fill `found` from the parts of a large capture: (byte, frames) up to where; None where it is not worth it."""
    starts = _starts(capture, filters)
    if len(starts) < 2:
        return None
    ends = [*starts[1:], Path(capture.name).stat().st_size]
    job = _Job(capture.name, plan, filters, session.needs)
    others = [job.begin(start, end) for start, end in zip(starts[1:], ends[1:], strict=True)]
    stop, frames = starts[0], 0
    try:
        for part, (start, end) in enumerate(zip(starts, ends, strict=True)):
            if stop != start:  # not a record's beginning after all
                break
            with standing_for(len(starts)):
                result = job.run(start, end) if part == 0 else _result(others[part - 1])
            if result is None:
                break
            _take(result, frames, filters, session, found)
            stop, frames = result.stop, frames + result.frames
    finally:
        for other in others:
            other.end()
    return stop, frames


def _starts(capture: Capture, filters: Sequence[Filter]) -> list[int]:
    """Where the parts could begin; fewer than two if all is to be done here."""
    names = {name for each in filters for name in each.fields if name.partition(".")[0] == "frame"}
    if not names <= _PLACELESS or not Path(capture.name).is_file():
        return []
    count = min(processors(), MOST_PARTS, Path(capture.name).stat().st_size // LEAST_PART)
    return capture.part_starts(count) if count > 1 else []


def _take(result: PartResult, before: int, filters: Sequence[Filter], session: Session,
          found: Sequence[Numbers]) -> None:  # fmt: skip
    """Add a part's frames to `found`, in order, after dissecting those that it handed back."""
    more: list[list[int]] = [[] for _ in filters]
    for frame, undecided in result.kept:
        frame.number += before
        view = session.dissect(frame)
        for index in undecided:
            if filters[index].test(view):
                more[index].append(frame.number)
    for index, pieces in enumerate(result.found):
        kept = more[index]
        for piece in pieces:
            numbers = (piece.astype("i8") + (before + 1)).tolist()
            place = bisect_right(kept, numbers[-1])
            found[index].extend(sorted(kept[:place] + numbers) if place else numbers)
            kept = kept[place:]
        found[index].extend(kept)


class _Job:
    """What is to be done with every part."""

    def __init__(self, path: str, plan: Plan, filters: Sequence[Filter], needs: Needs) -> None:
        self._path = path
        self._plan = plan
        self._filters = filters
        self._needs = needs

    def begin(self, start: int, end: int) -> Other:
        """Scan a part in another process."""
        return Other(lambda pipe: pipe.send(self.run(start, end)))

    def run(self, start: int, end: int) -> PartResult | None:
        """Scan a part; None where it has too much that only the whole capture can answer."""
        try:
            capture = open_capture(self._path)
        except CaptureError:
            return None
        session = _Forgetful(self._needs)
        result = PartResult(start, [[] for _ in self._filters])
        for chunk in part_chunks(capture, start, end, chunk_bytes(len(self._filters))):
            self._scan(chunk, session, result)
            result.stop = chunk.stop
            if result.kept_bytes > MOST_KEPT:
                return None
        capture.close()
        return result

    def _scan(self, chunk: Chunk, session: Session, result: PartResult) -> None:
        certain, undecided = self._plan.decide(chunk)
        for row in rows_of_any(undecided):
            frame = chunk.frame(row)
            open_filters = [index for index, mask in enumerate(undecided) if mask[row]]
            try:
                view = session.dissect(frame)
                answers = [self._filters[index].test(view) for index in open_filters]
            except _NeedsMemoryError:
                result.kept.append((RawFrame(frame.number, frame.time, frame.data, frame.wire_length, frame.link_type),
                                    open_filters))  # fmt: skip
                result.kept_bytes += len(frame.data)
                continue
            for index, answer in zip(open_filters, answers, strict=True):
                certain[index][row] = answer
        for mask, pieces in zip(certain, result.found, strict=True):
            rows = mask.nonzero()[0]
            if len(rows):
                pieces.append((rows + result.frames).astype("u4"))
        result.frames += len(chunk)


def _result(part: Other) -> PartResult | None:
    """What a part that is scanned elsewhere holds; None if that process came to an end without saying."""
    try:
        result: PartResult | None = part.receive()
    except EOFError:
        return None
    return result


def rows_of_any(masks: Iterable[Any]) -> list[int]:
    """The rows at which any of the masks is true."""
    rows: list[int] = reduce(operator.or_, masks).nonzero()[0].tolist()
    return rows
