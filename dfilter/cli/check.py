"""`dfilter check FILTER...`: Wireshark's verdict on filters.

In: filters, files, folders.  Out: colours and diagnostics; exit code 1 if a filter is red (--strict: or yellow).
"""

from __future__ import annotations

import sys

import dfilter
from dfilter.cli.guard import Exit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

_COLOURS = {"green": "\x1b[1;32m", "yellow": "\x1b[1;33m", "red": "\x1b[1;31m"}


def arguments(parser: ArgumentParser) -> None:
    """The command line of `check`."""
    from dfilter.cli.arguments import add_sources, add_target

    add_sources(parser)
    add_target(parser)
    parser.add_argument("--all-targets", action="store_true", help="ask every version: a matrix")
    parser.add_argument("--strict", action="store_true", help="yellow filters fail too")
    parser.add_argument("--format", choices=("text", "json", "sarif", "github"), default="text",
                        help="how the verdicts are written (default: text)")  # fmt: skip


def check_one(text: str) -> int:
    """`dfilter check FILTER`, without any option."""
    import os

    if os.path.exists(text):  # noqa: PTH110 - loading pathlib takes longer than the check
        from dfilter.cli.main import make_parser

        parser = make_parser("check")
        arguments(parser)
        return command(parser.parse_args(["--", text]))
    verdict = dfilter.check(text)
    show(verdict)
    return Exit.RED if verdict.colour == "red" else Exit.OK


def command(options: Namespace) -> int:
    """Check what the arguments name."""
    from dfilter.cli.findings import check_all

    return check_all(options)


def show(verdict: dfilter.Verdict) -> None:
    """The colour of one filter, and why."""
    print(painted(verdict.colour.value))
    if verdict.diagnostics:
        print(verdict.render())


def painted(colour: str, width: int = 0) -> str:
    """The name of a colour, in that colour on a terminal."""
    text = f"{colour:<{width}}"
    return f"{_COLOURS[colour]}{text}\x1b[0m" if sys.stdout.isatty() else text
