"""How fast one filter is on one capture, and what the time goes into.

In: filter text and the path of a capture.  Out: a `Measurement`.  What always holds: each gear is timed on its own, in
this process alone; all of them give the same answer.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from itertools import islice
from os import PathLike
from time import perf_counter

from dfilter.captures.index import chunks_of
from dfilter.captures.read import Capture, open_capture
from dfilter.errors import CaptureWarning
from dfilter.filter import Filter, Target, compile_filter, direct_test
from dfilter.packets.session import Session
from dfilter.parts import rows_of_any
from dfilter.prune.scan import pruner_of
from dfilter.scan import column_plan, decide, dissect
from dfilter.slotted import field, slotted

SAMPLE = 50_000
"""Frames on which the slower gears are timed."""


@slotted(eq=True)
class Measurement:
    """Times in seconds.

    Attributes:
        stages: name -> seconds, of the scan that `dfilter.frames` does.
        gears: name -> frames a second, where the filter has that gear.
        frames, matches: of the whole capture.
        undecided: frames that columns left to closures; all of them where there are no columns.
        streams, dissected_streams, dissected_frames: TCP conversations, and what was left to dissect where they were
            pruned; None where they were not.
        direct_undecided: the share of the sample that the direct test of bytes left open; None without one.
    """

    stages: dict[str, float] = field(default_factory=dict)
    gears: dict[str, float] = field(default_factory=dict)
    frames: int = 0
    matches: int = 0
    undecided: int = 0
    streams: int | None = None
    dissected_streams: int = 0
    dissected_frames: int = 0
    direct_undecided: float | None = None


def measure(text: str, capture: str | PathLike[str], *, target: Target | None = None) -> Measurement:
    """Time a filter on a capture.

    Raises:
        FilterError: the filter does not compile.
        CaptureError: the capture cannot be read.
    """
    result = Measurement()
    begin = perf_counter()
    compiled = compile_filter(text, target=target)
    result.stages["compile"] = perf_counter() - begin
    if compiled.needs.stateful:
        if not _by_pruning(compiled, capture, result):
            _by_views(compiled, capture, result)
    elif _by_columns(compiled, capture, result):
        _sample(compiled, capture, result)
    else:
        _by_views(compiled, capture, result)
    return result


def _by_pruning(compiled: Filter, capture: str | PathLike[str], result: Measurement) -> bool:
    begin = perf_counter()
    pruner = pruner_of([compiled], compiled.needs)
    if pruner is None:
        return False
    opened = open_capture(capture)
    if not pruner.look(opened):
        return False
    looked = perf_counter()
    selected = pruner.select(lambda: open_capture(capture))
    if selected is None:
        return False
    result.stages |= {"first look": looked - begin, "dissect and test": perf_counter() - looked}
    result.frames, result.matches = pruner.remainder.frames, len(selected[0])
    result.undecided = result.dissected_frames = pruner.dissected_frames
    result.streams, result.dissected_streams = pruner.streams, pruner.dissected_streams
    result.gears["pruning"] = result.frames / max(perf_counter() - begin, 1e-9)
    _warn(opened)
    return True


def _by_columns(compiled: Filter, capture: str | PathLike[str], result: Measurement) -> bool:
    begin = perf_counter()
    plan = column_plan([compiled])
    if plan is None:
        return False
    result.stages["plan"] = perf_counter() - begin
    session = Session(compiled.needs)
    spent = dict.fromkeys(("index", "columns", "closures for the undecided"), 0.0)
    opened = open_capture(capture)
    chunks = chunks_of(opened)
    while True:
        begin = perf_counter()
        chunk = next(chunks, None)
        indexed = perf_counter()
        spent["index"] += indexed - begin
        if chunk is None:
            break
        certain, undecided = decide(plan, chunk)
        decided = perf_counter()
        spent["columns"] += decided - indexed
        rows = rows_of_any(undecided)
        found = sum(compiled.test(session.dissect(chunk.frame(row))) for row in rows)
        spent["closures for the undecided"] += perf_counter() - decided
        result.frames += len(chunk)
        result.undecided += len(rows)
        result.matches += int(certain[0].sum()) + found
    result.stages |= spent
    result.gears["columns"] = result.frames / max(sum(spent.values()), 1e-9)
    _warn(opened)
    return True


def _warn(opened: Capture) -> None:
    if opened.warning:
        warnings.warn(opened.warning, CaptureWarning, stacklevel=4)


def _by_views(compiled: Filter, capture: str | PathLike[str], result: Measurement) -> None:
    """The whole capture through views, as the filter needs earlier frames or has no columns."""
    begin = perf_counter()
    for view in dissect(capture, compiled.needs, look_ahead=compiled.look_ahead):
        result.frames += 1
        result.matches += compiled.test(view)
    result.stages["dissect and test"] = perf_counter() - begin
    result.undecided = result.frames
    result.gears["closures"] = result.frames / max(result.stages["dissect and test"], 1e-9)


def _sample(compiled: Filter, capture: str | PathLike[str], result: Measurement) -> None:
    """The other gears, on the first frames only."""
    with open_capture(capture) as opened:
        frames = list(islice(opened, SAMPLE))
    session = Session(compiled.needs)
    result.gears["closures"] = _rate(lambda: (compiled.test(session.dissect(frame)) for frame in frames))
    direct = direct_test(compiled.plan, lambda packet, link_type: None)
    if direct is None or not frames:
        return
    packets = [frame.data for frame in frames if frame.link_type == 1]
    result.gears["direct"] = _rate(lambda: map(direct, packets))
    result.direct_undecided = sum(direct(packet) is None for packet in packets) / max(len(packets), 1)


def _rate(answers: Callable[[], Iterator[object]]) -> float:
    """Answers a second."""
    begin = perf_counter()
    count = sum(1 for _ in answers())
    return count / max(perf_counter() - begin, 1e-9)
