"""The command `dfilter`: its subcommands, and what all of them share.

In: command-line arguments.  Out: an exit code: 0 it went well, 1 `check` found the filter red, 2 wrong usage, an
unusable file or filter.  Always: the public names of `dfilter` are all that commands use of it, and each loads
what it needs when it runs, so that `dfilter check` starts at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

import dfilter
from dfilter.cli.check import check
from dfilter.cli.run import run

app = typer.Typer(
    name="dfilter",
    help="Wireshark display filters without Wireshark: check them, run them on captures.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(check)
app.command()(run)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"dfilter {dfilter.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Wireshark display filters without Wireshark: check them, run them on captures."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command with `arguments` (default: those of the process); always ends in `SystemExit`."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal without UTF-8 must not stop the output
    app(args=list(sys.argv[1:] if arguments is None else arguments), prog_name="dfilter")
    raise SystemExit(0)
