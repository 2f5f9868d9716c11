"""Colours on a terminal.

In: text.  Out: the same with control sequences, where `dfilter.cli.colour` says that there are colours.
"""

from __future__ import annotations

from collections.abc import Callable

from dfilter.cli.colour import AUTO, in_colour

Paint = Callable[[str, str], str]

RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN = ("31", "32", "33", "34", "35", "36")
BOLD, DIM, REVERSE = ("1", "2", "7")


def painter(when: str = AUTO) -> Paint:
    """A function (text, one of the constants above) -> text; without colours it gives the text back."""
    return _coloured if in_colour(when) else _plain


def _coloured(text: str, style: str) -> str:
    return f"\x1b[{style}m{text}\x1b[0m" if text and style else text


def _plain(text: str, style: str) -> str:
    return text
