"""Whether to write in colour, and how.

In: what --color says, the environment, the terminal.  Out: yes or no; painted words.  Always: importing this module
loads nothing, and what goes to a file or a pipe has no colour unless it was asked for.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser

AUTO, ALWAYS, NEVER = "auto", "always", "never"
_COLOURS = {"green": "\x1b[1;32m", "yellow": "\x1b[1;33m", "red": "\x1b[1;31m"}


def add_color(parser: ArgumentParser) -> None:
    """--color: when to write in colour."""
    parser.add_argument("--color", choices=(AUTO, ALWAYS, NEVER), default=AUTO, metavar="WHEN",
                        help="write in colour: auto (on a terminal, unless NO_COLOR is set), always, never "
                        "(default: auto)")  # fmt: skip


def in_colour(when: str = AUTO) -> bool:
    """Is standard output to be coloured?  NO_COLOR (no-color.org) and FORCE_COLOR count where --color says nothing."""
    if when != AUTO:
        return when == ALWAYS
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return os.environ.get("TERM") != "dumb" and sys.stdout.isatty()


def painted(colour: str, width: int = 0, *, on: bool) -> str:
    """The name of a filter's colour, in that colour."""
    text = f"{colour:<{width}}"
    return f"{_COLOURS[colour]}{text}\x1b[0m" if on else text
