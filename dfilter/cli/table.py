"""The packet list: number, time, source, destination, protocol, length, info.

In: frames.  Out: a line each on standard output, as they come.
Always: one line a frame, whatever the packets hold; columns grow with what they have held so far; only on a
terminal a heading is shown and lines are cut to its width.
"""

from __future__ import annotations

import shutil
import sys
from types import TracebackType
from typing import Final, Self

import dfilter
from dfilter.cli.text import visible

_HEADINGS: Final = ("No.", "Time", "Source", "Destination", "Protocol", "Length", "Info")
_WIDTHS: Final = (5, 11, 15, 15, 8, 6)
_RIGHT: Final = frozenset((0, 1, 5))
_WIDEST: Final = (10, 20, 40, 40, 12, 10)
_WIDEST_NAME: Final = 40
"""Columns stop growing at these widths; a longer text pushes the rest of its line."""


class TablePrinter:
    """Prints the packet list; with several captures the capture's name comes first."""

    def __init__(self, several: bool) -> None:
        self._several = several
        self._widths = list(_WIDTHS)
        self._name_width = 0
        self._terminal = sys.stdout.isatty()
        self._needs_heading = self._terminal

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        pass

    def frame(self, name: str, frame: dfilter.View) -> None:
        """Print the line of `frame`, found in the capture `name`."""
        cells = (str(frame.number), time_text(frame.time_relative), frame.source, frame.destination,
                 frame.protocol, str(frame.frame.wire_length))  # fmt: skip
        line = self._line(visible(name), [visible(cell) for cell in cells], visible(frame.info))
        if self._needs_heading:
            self._needs_heading = False
            self._print_heading()
        print(self._cut(line) if self._terminal else line, flush=self._terminal)

    def _line(self, name: str, cells: list[str], info: str) -> str:
        parts = []
        if self._several:
            self._name_width = max(self._name_width, min(len(name), _WIDEST_NAME))
            parts.append(name.ljust(self._name_width))
        for column, cell in enumerate(cells):
            width = self._widths[column] = max(self._widths[column], min(len(cell), _WIDEST[column]))
            parts.append(cell.rjust(width) if column in _RIGHT else cell.ljust(width))
        return " ".join((*parts, info)).rstrip()

    def _print_heading(self) -> None:
        from rich.console import Console

        heading = self._line("Capture", list(_HEADINGS[:-1]), _HEADINGS[-1])
        Console(highlight=False, markup=False).print(self._cut(heading), style="bold", no_wrap=True)

    @staticmethod
    def _cut(line: str) -> str:
        from rich.cells import cell_len, set_cell_size  # wide characters take two columns

        width = shutil.get_terminal_size().columns
        return set_cell_size(line, width).rstrip() if cell_len(line) > width else line


def time_text(nanoseconds: int | None) -> str:
    """Seconds since the first frame with microseconds, as tshark shows them; "" where there is no time."""
    if nanoseconds is None:
        return ""
    seconds, microseconds = divmod(abs(nanoseconds) // 1000, 1_000_000)
    return f"{'-' if nanoseconds < 0 else ''}{seconds}.{microseconds:06d}"
