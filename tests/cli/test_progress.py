"""A progress bar where somebody waits, and nothing anywhere else."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

import dfilter

CAPTURE = Path(__file__).parent.parent / "captures" / "bot-http.pcap"
LARGE = "from dfilter.cli import progress; progress.LEAST = 0; progress._PAUSE = 0; from dfilter.cli.main import main; "


def on_a_terminal(*arguments: str) -> str:
    """What `dfilter` prints where standard error is a terminal."""
    ours, theirs = pty.openpty()
    code = f"{LARGE} main({list(arguments)!r})"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs,
                          env={**os.environ, "TERM": "xterm", "COLUMNS": "100"}) as process:  # fmt: skip
        os.close(theirs)
        shown = b""
        try:
            while piece := os.read(ours, 4096):
                shown += piece
        except OSError:  # how Linux says that the other side is gone
            pass
        assert process.wait(60) == 0
    os.close(ours)
    return shown.decode()


def test_a_terminal_shows_bytes_speed_and_matches(tmp_path: Path) -> None:
    shown = on_a_terminal("run", "http.request", str(CAPTURE), "-w", str(tmp_path / "out.pcap"))
    assert "frames/s" in shown
    assert "kB" in shown


def test_matches_are_counted_as_they_are_found(tmp_path: Path) -> None:
    assert " found" in on_a_terminal("run", "tcp", str(CAPTURE), str(CAPTURE), "-w", str(tmp_path / "out.pcap"))


def test_a_pipe_sees_nothing_of_it() -> None:
    code = f"{LARGE} main(['run', '--count', 'tcp', {str(CAPTURE)!r}])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.stderr == ""
    assert run.stdout.strip().isdecimal()


@pytest.mark.parametrize("text", ["tcp.port == 80", "http.request"])
def test_a_watcher_is_told_of_every_byte_and_frame(text: str) -> None:
    told: list[tuple[int, int]] = []
    with dfilter.watching(lambda size, frames: told.append((size, frames))):
        list(dfilter.read(CAPTURE, text, fields=["frame.number"]))
    assert sum(size for size, _ in told) >= CAPTURE.stat().st_size
    assert sum(frames for _, frames in told) >= len(list(dfilter.read(CAPTURE)))
