"""Colours on a terminal.

In: text.  Out: the same with control sequences, where standard output is a terminal that has colours and the user did
not decline them (NO_COLOR, see no-color.org; TERM=dumb).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

Paint = Callable[[str, str], str]

RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN = ("31", "32", "33", "34", "35", "36")
BOLD, DIM, REVERSE = ("1", "2", "7")


def painter() -> Paint:
    """A function (text, one of the constants above) -> text; without colours it gives the text back."""
    wanted = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return _coloured if wanted else _plain


def _coloured(text: str, style: str) -> str:
    return f"\x1b[{style}m{text}\x1b[0m" if text and style else text


def _plain(text: str, style: str) -> str:
    return text
