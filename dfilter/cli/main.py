"""The command `dfilter`: its subcommands, and what all of them share.

In: command-line arguments.  Out: an exit code: 0 it went well, 1 `check` found the filter red, 2 wrong usage, an
unusable file or filter.  Always: the public names of `dfilter` are all that commands use of it, and each loads
what it needs when it runs, so that `dfilter check` starts at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Final, NoReturn

import typer

import dfilter

_COMMANDS: Final = ("check", "run")
"""Each is a function of the same name in a module of the same name."""


def _version(wanted: bool) -> None:
    if wanted:
        print(f"dfilter {dfilter.__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Wireshark display filters without Wireshark: check them, run them on captures."""


def application(arguments: Sequence[str]) -> typer.Typer:
    """The command line, with the one subcommand that `arguments` name, or with all (for help and mistakes)."""
    app = typer.Typer(
        name="dfilter",
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_options)
    named = [name for name in _COMMANDS if name in arguments[:1]]
    for name in named or _COMMANDS:
        app.command(name)(getattr(import_module(f"dfilter.cli.{name}"), name))
    return app


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command with `arguments` (default: those of the process); always ends in `SystemExit`."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal without UTF-8 must not stop the output
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    application(arguments)(args=arguments, prog_name="dfilter")
    raise SystemExit(0)
