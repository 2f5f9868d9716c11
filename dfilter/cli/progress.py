"""A progress bar for commands that read long: bytes, frames a second, matches, time left.

In: the captures that a command reads, and what it finds.  Out: one line on standard error.  Always: only on a
terminal, only where no frames are printed there, and only for captures that take a while.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dfilter

LEAST = 1 << 25
"""Bytes of captures below which there is nothing to wait for."""

_PAUSE = 0.1
"""Seconds between two updates."""

Found = Callable[[int], None]
"""Takes how many frames more were found."""


@contextmanager
def progress(captures: list[str], *, silent: bool = False) -> Iterator[Found]:
    """Show how far the reading of `captures` has come, unless `silent`; hands out a function that counts matches."""
    total = sum(Path(name).stat().st_size for name in captures if name != "-" and Path(name).is_file())
    if silent or total < LEAST or not sys.stderr.isatty():
        yield lambda count: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), DownloadColumn(), TextColumn("{task.fields[speed]}"), TextColumn("{task.fields[found]}"),
               TimeRemainingColumn())  # fmt: skip
    console = Console(stderr=True)
    # no thread that refreshes: a process with threads does not scan on all processors
    with Progress(*columns, console=console, transient=True, auto_refresh=False, redirect_stdout=False,
                  redirect_stderr=False) as bar:  # fmt: skip
        state = _State(bar, total)
        with dfilter.watching(state.read):
            yield state.found


class _State:
    """What was read and found so far."""

    def __init__(self, bar: object, total: int) -> None:
        from rich.progress import Progress

        assert isinstance(bar, Progress)
        self._bar = bar
        self._size = self._total = total
        self._task = bar.add_task("", total=total, speed="", found="")
        self._bytes = self._frames = self._matches = 0
        self._began = self._shown = time.monotonic()

    def read(self, size: int, frames: int) -> None:
        """More was read; a filter that looks ahead reads everything again."""
        self._bytes += size
        self._frames += frames
        now = time.monotonic()
        if now - self._shown < _PAUSE:
            return
        self._shown = now
        while self._bytes > self._total:
            self._total += self._size
        speed = self._frames / max(now - self._began, _PAUSE)
        self._bar.update(self._task, completed=self._bytes, total=self._total, speed=f"{speed:,.0f} frames/s",
                         found=f"{self._matches:,} found" if self._matches else "", refresh=True)  # fmt: skip

    def found(self, count: int) -> None:
        """So many frames more match."""
        self._matches += count
