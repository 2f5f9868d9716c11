"""Chunks prepared in another process give what chunks prepared here give."""

from __future__ import annotations

import random
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import dfilter
import dfilter.native
import dfilter.prune.ahead
import dfilter.prune.scan
from dfilter.captures.read import open_capture
from dfilter.captures.write import CaptureWriter
from dfilter.errors import CaptureWarning
from dfilter.processes import Other
from tests.prune.test_scan import COMPILED, FRAMES, by_dissecting, disturbed
from tests.prune.test_shown import rows_by_dissecting, rows_of

SIZE = 1 << 15
ALL = [*FRAMES, *(frame for seed in range(12) for frame in disturbed(FRAMES, random.Random(seed)))]


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[Other]:
    """Small captures are prepared in other processes too, a few frames at once; these processes."""
    made: list[Other] = []

    class Noted(Other):
        def __init__(self, work: Any) -> None:
            super().__init__(work)
            made.append(self)

    monkeypatch.setattr(dfilter.prune.ahead, "LEAST", 0)
    monkeypatch.setattr(dfilter.prune.ahead, "Other", Noted)
    monkeypatch.setattr(dfilter.prune.scan, "LOOK_BYTES", SIZE)
    monkeypatch.setattr(dfilter.prune.scan, "TRIED", 1 << 60)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})
    return made


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Frames of all test captures, and stretches of them again, some disturbed, as one plain pcap file."""
    path = tmp_path_factory.mktemp("ahead") / "all.pcap"
    with CaptureWriter(path, format="pcap") as writer:
        for frame in ALL:
            writer.write(frame)
    assert path.stat().st_size > 8 * SIZE
    return path


@pytest.mark.parametrize("worth", [0, 1 << 62], ids=["machine code", "columns"])
@pytest.mark.parametrize("compiled", COMPILED, ids=lambda compiled: compiled.text)
def test_same_frames(compiled: dfilter.Filter, worth: int, capture: Path, begun: list[Other],
                     monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(dfilter.native, "WORTH", worth)
    assert dfilter.frames(capture, compiled) == by_dissecting(capture, compiled)
    pruner = dfilter.prune.scan.pruner_of([compiled], compiled.needs) if compiled.needs.stateful else None
    is_much = pruner is not None and len(pruner.plan.tests) > len(pruner.plan.analysed)
    assert bool(begun) == (is_much and not (worth == 0 and dfilter.native.available()))


def test_the_same_is_shown(capture: Path, begun: list[Other], monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept until the second look lies where no later chunk is put."""
    monkeypatch.setattr(dfilter.native, "WORTH", 1 << 62)
    compiled = dfilter.compile("http.request or dns.flags.response == 1")
    names = ["frame.number", "dns.time", "tcp.stream"]
    found = rows_of(capture, compiled, names)
    assert begun
    assert found == rows_by_dissecting(capture, compiled, names)


def test_a_cut_capture_is_warned_of(capture: Path, begun: list[Other], tmp_path: Path) -> None:
    cut = tmp_path / "cut.pcap"
    shutil.copy(capture, cut)
    with cut.open("r+b") as file:
        file.truncate(cut.stat().st_size - 7)
    compiled = dfilter.compile("http.request")
    with pytest.warns(CaptureWarning, match=f"packet {len(ALL)} starts"):
        found = dfilter.frames(cut, compiled)
    assert begun
    with warnings.catch_warnings(action="ignore"):
        assert found == by_dissecting(cut, compiled)


def test_progress_is_told_here(capture: Path, begun: list[Other]) -> None:
    told: list[tuple[int, int]] = []
    with dfilter.watching(lambda size, frames: told.append((size, frames))):
        dfilter.frames(capture, "http.request")
    assert begun
    assert sum(frames for _, frames in told) >= len(ALL)
    assert sum(size for size, _ in told) >= open_capture(capture).plain_bytes - SIZE


def test_an_ended_process_is_done_without(capture: Path, begun: list[Other], monkeypatch: pytest.MonkeyPatch) -> None:
    receive = Other.receive
    answers: Iterator[bool] = iter([True, True])

    def ended(self: Other) -> Any:
        if next(answers, False):
            return receive(self)
        raise EOFError

    monkeypatch.setattr(Other, "receive", ended)
    compiled = dfilter.compile("tls.handshake.type == 1")
    assert dfilter.frames(capture, compiled) == by_dissecting(capture, compiled)
    assert begun


def test_arrays_too_large_for_their_place_come_through_the_pipe(
    capture: Path, begun: list[Other], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dfilter.prune.ahead, "mmap", _mostly_small())
    compiled = dfilter.compile("http.request")
    assert dfilter.frames(capture, compiled) == by_dissecting(capture, compiled)
    assert begun


def _mostly_small() -> Any:
    """Memory as asked for a chunk's bytes, and of one page for what is said of them."""
    from mmap import PAGESIZE, mmap

    sizes = iter([SIZE, PAGESIZE] * 3)
    return lambda number, size: mmap(number, next(sizes))
