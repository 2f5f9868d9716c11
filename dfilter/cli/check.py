"""`dfilter check FILTER`: Wireshark's verdict on a filter.

In: a filter.  Out: its colour, then each diagnostic with carets; exit code 1 if it is red.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

import dfilter
from dfilter.cli.guard import Exit, guarded, wrong_usage

Target = Annotated[
    str | None,
    typer.Option("--target", metavar="VERSION", help="The Wireshark version that judges: 3.4, 4.0, 4.4, 4.6."),
]


def check(
    filter: Annotated[str, typer.Argument(metavar="FILTER", help="A display filter; quote it for your shell.")],
    target: Target = None,
) -> None:
    """Say what Wireshark says of a filter: green, yellow or red, and why.

    Green and yellow end with exit code 0, red with 1.
    """
    with guarded():
        found = verdict(filter, target)
        _print_colour(found.colour.value)
        if found.diagnostics:
            print(found.render())
        red = found.colour == "red"
    if red:
        raise typer.Exit(Exit.RED)


def verdict(text: str, target: str | None) -> dfilter.Verdict:
    """The verdict of the version `target`; one that is not known ends the command with a usage message."""
    try:
        return dfilter.check(text) if target is None else dfilter.check(text, target=target)
    except ValueError as error:
        wrong_usage(str(error))


def _print_colour(colour: str) -> None:
    if not sys.stdout.isatty():
        print(colour)
        return
    from rich.console import Console  # only a terminal shows colours, and rich takes long to load

    Console(highlight=False).print(colour, style=f"bold {colour}")
