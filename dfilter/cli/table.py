"""The packet list: number, time, source, destination, protocol, length, info, or the columns that were asked for.

In: frames.  Out: a line each on standard output, as they come.
Always: one line a frame, whatever the packets hold; columns grow with what they have held so far; only on a
terminal a heading is shown and lines are cut to its width.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import dfilter
from dfilter.cli.printer import Printer
from dfilter.cli.text import visible
from dfilter.desk import ColourRule
from dfilter.listing import PacketList

if TYPE_CHECKING:
    from rich.console import Console

_WIDTHS: Final = {"%m": (5, 10), "%t": (11, 26), "%p": (8, 12), "%L": (6, 10), "%i": (4, 80), "port": (8, 8),
                  "address": (15, 40), "date": (26, 26), "other": (12, 40)}  # fmt: skip
"""Kind of column -> its width at first, and the one at which it stops growing: a longer text pushes its line."""
_WIDEST_NAME: Final = 40
_KINDS: Final = {"s": "address", "d": "address", "S": "port", "D": "port", "t": "date"}

Style = Callable[[dfilter.View], str]


class TablePrinter(Printer):
    """Prints the packet list; with several captures the capture's name comes first.

    `style`: how rich is to show a frame's line; without it lines have no colour.
    """

    def __init__(self, listing: PacketList, several: bool, style: Style | None = None) -> None:
        self._listing = listing
        self._several = several
        self._style = style
        kinds = [_kind(column.format.kind) for column in listing.columns]
        self._widths = [max(_WIDTHS[kind][0], len(column.title))
                        for kind, column in zip(kinds, listing.columns, strict=True)]  # fmt: skip
        self._widest = [_WIDTHS[kind][1] for kind in kinds]
        self._right = [column.is_number for column in listing.columns]
        self._name_width = 0
        self._terminal = sys.stdout.isatty()
        self._needs_heading = self._terminal
        self._console: Console | None = None

    def frame(self, name: str, frame: dfilter.View) -> None:
        """Print the line of `frame`, found in the capture `name`."""
        line = self._line(visible(name), [visible(cell) for cell in self._listing.row(frame)])
        if self._needs_heading:
            self._needs_heading = False
            heading = self._line("Capture", [column.title for column in self._listing.columns])
            self._styled(self._cut(heading), "bold")
        line = self._cut(line) if self._terminal else line
        style = self._style(frame) if self._style is not None else ""
        if style:
            self._styled(line, style)
        else:
            print(line, flush=self._terminal)

    def _line(self, name: str, cells: list[str]) -> str:
        parts = []
        if self._several:
            self._name_width = max(self._name_width, min(len(name), _WIDEST_NAME))
            parts.append(name.ljust(self._name_width))
        last = len(cells) - 1
        for column, cell in enumerate(cells):
            if column == last and not self._right[column]:
                parts.append(cell)
                continue
            width = self._widths[column] = max(self._widths[column], min(len(cell), self._widest[column]))
            parts.append(cell.rjust(width) if self._right[column] else cell.ljust(width))
        return " ".join(parts).rstrip()

    def _styled(self, line: str, style: str) -> None:
        from rich.console import Console
        from rich.text import Text

        if self._console is None:
            self._console = Console(highlight=False, markup=False, force_terminal=True if self._style else None)
        self._console.print(Text(line, style=style), no_wrap=True, soft_wrap=True)

    @staticmethod
    def _cut(line: str) -> str:
        from rich.cells import cell_len, set_cell_size  # wide characters take two columns

        width = shutil.get_terminal_size().columns
        return set_cell_size(line, width).rstrip() if cell_len(line) > width else line


def _kind(format: str) -> str:
    return format if format in _WIDTHS else _KINDS.get(format[-1:] if format != "%Cus" else "", "other")


def rich_style(rules: Sequence[ColourRule]) -> Style:
    """The colours of the first rule that selects a frame, for rich."""

    def style(frame: dfilter.View) -> str:
        for rule in rules:
            if rule.test(frame):
                return f"rgb({','.join(map(str, rule.foreground))}) on rgb({','.join(map(str, rule.background))})"
        return ""

    return style
