"""`run -T fields`: the values of chosen fields and expressions, one line a frame, as tshark 4.4 prints them.

In: frames and field names.  Out: lines on standard output.
Always: a line has one column a name, in their order.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from typing import Final

import dfilter
from dfilter.cli.guard import wrong_usage
from dfilter.cli.printer import Printer
from dfilter.cli.text import visible
from dfilter.column import Values, values_of
from dfilter.slotted import frozen

_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\v": "\\v", "\f": "\\f"})
_YES_NO: Final = {"y": True, "n": False}
_QUOTES: Final = {"d": '"', "s": "'", "n": ""}
_SPECIAL: Final = {"/t": "\t", "/s": " "}
_KEYS: Final = (
    "separator=CHARACTER (/t: tab, /s: space), occurrence=f|l|a, aggregator=CHARACTER, header=y|n, "
    "quote=d|s|n, escape=y|n, bom=y|n"
)


@frozen
class Style:
    """What -E sets; the defaults are tshark's."""

    separator: str = "\t"
    occurrence: str = "a"
    aggregator: str = ","
    header: bool = False
    quote: str = ""
    escape: bool = True
    bom: bool = False


def fields_style(options: Sequence[str]) -> Style:
    """The style that -E options describe; later ones win. Wrong ones end the command with a usage message."""
    chosen: dict[str, str | bool] = {}
    for option in options:
        key, _, value = option.partition("=")
        if key in ("separator", "aggregator") and value:
            chosen[key] = _SPECIAL.get(value, value[0])
        elif key == "occurrence" and value in ("f", "l", "a"):
            chosen[key] = value
        elif key == "quote" and value in _QUOTES:
            chosen[key] = _QUOTES[value]
        elif key in ("header", "escape", "bom") and value in _YES_NO:
            chosen[key] = _YES_NO[value]
        else:
            wrong_usage(f"-E {option}: not understood; what can be set: {_KEYS}")
    return Style(**chosen)  # type: ignore[arg-type]  # the keys and types were checked one by one


def chosen_values(names: Sequence[str], target: str | None, macros: Mapping[str, str] | None) -> list[Values]:
    """What reads each of `names`: fields, protocols, columns of the packet list, expressions.

    Raises:
        FilterError: a name that Wireshark does not know, or dfilter does not dissect; an expression that is none.
    """
    found = {name: values_of(name, target=target, macros=macros) for name in dict.fromkeys(names)}
    return [found[name] for name in names]


class FieldsPrinter(Printer):
    """Prints the values of `values`; with several captures the capture's name is the first column."""

    def __init__(self, values: Sequence[Values], style: Style, several: bool) -> None:
        self._values = values
        self._style = style
        self._escapes = _escapes_of(style)
        self._several = several
        self._terminal = sys.stdout.isatty()

    def begin(self) -> None:
        """Print the byte order mark and the heading, if they are wished for."""
        if self._style.bom:
            sys.stdout.write("\ufeff")
        if self._style.header:
            names = [each.text for each in self._values]
            print(self._style.separator.join(["capture", *names] if self._several else names))

    def frame(self, name: str, frame: dfilter.View) -> None:
        """Print the line of `frame`, found in the capture `name`."""
        columns = [self._column(each.read(frame)) for each in self._values]
        if self._several:
            columns.insert(0, self._column((name,)))
        line = self._style.separator.join(columns)
        print(_shown(line) if self._terminal else line)

    def _column(self, values: Sequence[str]) -> str:
        style = self._style
        if not values:
            return ""
        chosen = values
        if style.occurrence != "a":
            chosen = values[:1] if style.occurrence == "f" else values[-1:]
        text = style.aggregator.join(chosen).translate(self._escapes)
        return style.quote + text.replace(style.quote, style.quote * 2) + style.quote if style.quote else text


def _escapes_of(style: Style) -> dict[int, str]:
    """What stands for which character in a column; without quotes the separator must not look like one."""
    escapes = {} if style.quote else {ord(style.separator): "\\" + style.separator, ord("\\"): "\\\\"}
    return escapes | _ESCAPES if style.escape else escapes


def _shown(line: str) -> str:
    """For a terminal: what escape=y leaves of control characters, but tabs and line ends as asked for."""
    return "".join(part if part in "\t\n\r" else visible(part) for part in re.split(r"([\t\n\r])", line))
