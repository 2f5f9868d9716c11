"""Several captures at once: the results of one after the other."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest

import dfilter
from dfilter import several
from dfilter.scan import count_frames
from dfilter.several import for_each

CAPTURES = sorted(str(path) for path in (Path(__file__).parent / "captures").glob("*.pcap"))


@pytest.fixture(autouse=True)
def _small_captures_are_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(several, "LEAST", 0)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2})


def test_results_come_in_the_order_of_the_captures() -> None:
    compiled = dfilter.compile("http.request or dns")
    assert list(for_each(CAPTURES, lambda name: count_frames(name, compiled))) == [
        count_frames(name, compiled) for name in CAPTURES
    ]


def test_each_capture_has_its_own_process() -> None:
    workers = list(for_each(CAPTURES, lambda name: os.getpid()))
    assert os.getpid() not in workers
    assert len(set(workers)) == len(CAPTURES)


def test_a_warning_of_one_capture_arrives(tmp_path: Path) -> None:
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(Path(CAPTURES[0]).read_bytes()[:-5])
    with pytest.warns(dfilter.CaptureWarning, match="cut short"):
        list(for_each([CAPTURES[0], str(cut)], lambda name: count_frames(name, "tcp")))


def test_an_error_comes_after_the_results_before_it(tmp_path: Path) -> None:
    bad = tmp_path / "bad.pcap"
    bad.write_text("no capture at all")
    results = for_each([CAPTURES[0], str(bad), CAPTURES[1]], lambda name: count_frames(name, "tcp"))
    assert next(results) == count_frames(CAPTURES[0], "tcp")
    with pytest.raises(dfilter.CaptureError, match=r"bad\.pcap"):
        next(results)
    assert not multiprocessing.active_children()


def test_nothing_goes_on_when_nobody_wants_more() -> None:
    def slow(name: str) -> int:
        time.sleep(0 if name == CAPTURES[0] else 60)
        return 0

    results = for_each(CAPTURES, slow)
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined]
    assert not multiprocessing.active_children()


INTERRUPTED = """
import sys, time
from dfilter import several
from dfilter.cli.guard import guarded

several.LEAST, several.processors = 0, lambda: 2

def slow(name):
    sys.stdout.write("begun" + chr(10))
    sys.stdout.flush()
    time.sleep(60)

sys.exit(guarded(lambda: len(list(several.for_each(sys.argv[1:], slow)))))
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interruption_ends_all_processes_without_a_word(number: signal.Signals, code: int) -> None:
    begun = subprocess.Popen([sys.executable, "-c", INTERRUPTED, *CAPTURES[:2]], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, start_new_session=True)  # fmt: skip
    assert begun.stdout is not None
    assert [begun.stdout.readline(), begun.stdout.readline()] == [b"begun\n"] * 2
    os.killpg(begun.pid, number)
    _, said = begun.communicate(timeout=30)
    assert (begun.returncode, said) == (code, b"")


def test_a_worker_that_is_killed_is_named() -> None:
    def die(name: str) -> int:
        os.kill(os.getpid(), 9)
        return 0

    with pytest.raises(dfilter.DfilterError, match="ended from outside"):
        list(for_each(CAPTURES[:2], die))


def test_standard_input_is_read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(for_each([CAPTURES[0], "-"], lambda name: os.getpid())) == [os.getpid()] * 2


def test_the_command_counts_several_captures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from dfilter.cli.main import main

    copy = tmp_path / "copy.pcap"
    shutil.copy(CAPTURES[0], copy)
    with warnings.catch_warnings(), pytest.raises(SystemExit) as ended:
        main(["run", "--count", "tcp", CAPTURES[0], str(copy)])
    assert ended.value.code == 0
    count = count_frames(CAPTURES[0], "tcp")
    assert capsys.readouterr().out == f"{CAPTURES[0]}: {count}\n{copy}: {count}\n"
