"""What the command lines of several commands share.

In: a parser.  Out: the parser with the options.
"""

from __future__ import annotations

import argparse
import sys
from argparse import ArgumentParser
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

VERSIONS: Final = ("3.4", "4.0", "4.4", "4.6")
NEWEST: Final = VERSIONS[-1]
FORMATS: Final = ("list", "dfilters", "dfilter_buttons", "colorfilters", "dmacros", "dfilter_macros")


class Parser(ArgumentParser):
    """A parser whose complaints look the same in every command and Python version."""

    def __init__(self, prog: str, description: str) -> None:
        super().__init__(prog=prog, description=description, allow_abbrev=False, formatter_class=_Formatter)
        if hasattr(self, "color"):  # Python 3.14 colours its usage texts
            self.color = False

    def format_usage(self) -> str:
        return super().format_usage().replace("usage: ", "Usage: ", 1)

    def format_help(self) -> str:
        return super().format_help().replace("usage: ", "Usage: ", 1)

    def print_help(self, file: SupportsWrite[str] | None = None) -> None:
        print(self.format_help(), end="", file=file)  # argparse's own says nothing of a full disk

    def error(self, message: str) -> NoReturn:
        print(f"{self.format_usage()}Try '{self.prog} --help' for help.\n\nError: {message}", file=sys.stderr)
        raise SystemExit(2)


class _Formatter(argparse.HelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30, width=100)


def add_target(parser: ArgumentParser) -> None:
    """--target: the version that judges."""
    text = f"the Wireshark version that judges: {', '.join(VERSIONS)} (default: {NEWEST})"
    parser.add_argument("--target", choices=VERSIONS, default=NEWEST, metavar="VERSION", help=text)


def add_macros(parser: ArgumentParser) -> None:
    """--macros: definitions from files."""
    parser.add_argument("--macros", action="append", default=[], metavar="FILE",
                        help="a dmacros or dfilter_macros file; repeat it for more")  # fmt: skip


def add_selected(parser: ArgumentParser) -> None:
    """--selected-frame: where references have their values."""
    parser.add_argument("--selected-frame", dest="selected", type=int, metavar="N",
                        help="the frame whose values references have: $ip.src is its source address")  # fmt: skip


def add_sources(parser: ArgumentParser) -> None:
    """Filters, files, and how files are read."""
    text = "a filter, quoted for your shell; a file or profile folder; - is standard input"
    parser.add_argument("filters", nargs="*", metavar="FILTER", help=text)
    text = "a file of filters or a profile folder, whatever its name; repeat it for more"
    parser.add_argument("-f", "--file", action="append", default=[], metavar="PATH", help=text)
    text = f"the format of files: {', '.join(FORMATS)} (default: by name and content)"
    parser.add_argument("--as", dest="form", choices=FORMATS, metavar="FORMAT", help=text)
    add_macros(parser)
