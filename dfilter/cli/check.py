"""`dfilter check FILTER...`: Wireshark's verdict on filters.

In: filters, files, folders.  Out: colours and diagnostics; exit code 1 if a filter is red (--strict: or yellow).
"""

from __future__ import annotations

import dfilter
from dfilter.cli.colour import add_color, in_colour, painted
from dfilter.cli.guard import Exit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def arguments(parser: ArgumentParser) -> None:
    """The command line of `check`."""
    from dfilter.cli.arguments import add_sources, add_target

    add_sources(parser)
    add_target(parser)
    parser.add_argument("--all-targets", action="store_true", help="ask every version: a matrix")
    parser.add_argument("--strict", action="store_true", help="yellow filters fail too")
    parser.add_argument("--format", choices=("text", "json", "sarif", "github"), default="text",
                        help="how the verdicts are written (default: text)")  # fmt: skip
    add_color(parser)


def check_one(text: str) -> int:
    """`dfilter check FILTER`, without any option."""
    import os

    if os.path.exists(text):  # noqa: PTH110 - loading pathlib takes longer than the check
        from dfilter.cli.main import make_parser

        parser = make_parser("check")
        arguments(parser)
        return command(parser.parse_args(["--", text]))
    verdict = dfilter.check(text)
    show(verdict, colour=in_colour())
    return Exit.RED if verdict.colour == "red" else Exit.OK


def command(options: Namespace) -> int:
    """Check what the arguments name."""
    from dfilter.cli.findings import check_all

    return check_all(options)


def show(verdict: dfilter.Verdict, *, colour: bool) -> None:
    """The colour of one filter, and why."""
    print(painted(verdict.colour.value, on=colour))
    if verdict.diagnostics:
        print(verdict.render(colour=colour))
