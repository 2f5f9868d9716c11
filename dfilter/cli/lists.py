"""`-T text`, `tabs` and `csv`, and `-V`: the packet list and the layers as plain text.

In: frames.  Out: lines on standard output.
Always: one line a frame for a list; control characters never reach a terminal.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Sequence
from typing import Final

import dfilter
from dfilter.cli.printer import Printer
from dfilter.cli.text import visible
from dfilter.column import Values
from dfilter.listing import ListColumn, PacketList
from dfilter.nesting import Node, nested
from dfilter.tree import tree_of

_PADDED: Final = {"%m": (5, True), "%t": (10, True), "%s": (12, True), "%d": (12, False)}
"""Kind of column -> width, at the right: as tshark 4.4 fills up its lines."""
_SAME: Final = {"%us": "%s", "%rs": "%s", "%ud": "%d", "%rd": "%d", "%Rt": "%t"}


class LinePrinter(Printer):
    """Prints the packet list as tshark does: an arrow from source to destination, little alignment."""

    def __init__(self, listing: PacketList, separator: str, several: bool) -> None:
        self._listing = listing
        self._separator = separator
        self._several = several

    def frame(self, name: str, frame: dfilter.View) -> None:
        """Print the line of `frame`, found in the capture `name`."""
        parts = [name] if self._several else []
        kind = ""
        for column, cell in zip(self._listing.columns, self._listing.row(frame), strict=True):
            before, kind = kind, _kind(column)
            if (before, kind) == ("%s", "%d"):
                parts.append("→")
            parts.append(_padded(kind, visible(cell)))
        print(self._separator.join(parts))


def _kind(column: ListColumn) -> str:
    return _SAME.get(column.format.kind, column.format.kind)


def _padded(kind: str, cell: str) -> str:
    width, right = _PADDED.get(kind, (0, False))
    return cell.rjust(width) if right else cell.ljust(width)


class CsvPrinter(Printer):
    """Prints the packet list, or what `-e` names, as comma-separated values with a heading (RFC 4180)."""

    def __init__(self, listing: PacketList | None, values: Sequence[Values], several: bool) -> None:
        self._listing = listing
        self._values = values
        self._several = several

    def begin(self) -> None:
        """Print the heading."""
        titles = [each.text for each in self._values]
        if self._listing is not None:
            titles = [column.title for column in self._listing.columns]
        self._print((["capture"] if self._several else []) + titles)

    def frame(self, name: str, frame: dfilter.View) -> None:
        """Print the line of `frame`, found in the capture `name`."""
        cells = [",".join(each.read(frame)) for each in self._values]
        if self._listing is not None:
            cells = self._listing.row(frame)
        self._print(([name] if self._several else []) + cells)

    def _print(self, cells: list[str]) -> None:
        line = io.StringIO()
        csv.writer(line, quoting=csv.QUOTE_ALL, lineterminator="").writerow(cells)
        text = line.getvalue()
        print(visible(text) if sys.stdout.isatty() else text)


class TreePrinter(Printer):
    """Prints the layers of each frame with their fields (-V)."""

    def __init__(self, several: bool) -> None:
        self._several = several

    def frame(self, name: str, frame: dfilter.View) -> None:
        """Print the layers of `frame`, found in the capture `name`."""
        if self._several:
            print(visible(name))
        for layer in tree_of(frame):
            print(f"{layer.title} ({layer.name}), {layer.size} bytes")
            _print_tree(nested(layer), "    ")
        print()


def _print_tree(nodes: Sequence[Node], indent: str) -> None:
    for node in nodes:
        if node.field is None:
            print(f"{indent}{visible(node.text)}")
        else:
            text = f": {visible(node.field.text)}" if node.field.type.value not in ("NONE", "PROTOCOL") else ""
            print(f"{indent}{node.field.name}{text}")
        _print_tree(node.below, indent + "    ")
