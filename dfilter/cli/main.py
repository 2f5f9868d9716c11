"""The command `dfilter`: its subcommands, and what all of them share.

In: command-line arguments.  Out: an exit code: 0 it went well, 1 a filter is red (or not as it should be), 2 wrong
usage, an unusable file or filter.  Always: the public names of `dfilter` are all that commands use of it, and each
loads what it needs when it runs, so that `dfilter check` starts at once.
"""

from __future__ import annotations

import gc
import io
import os
import sys
from importlib import import_module

import dfilter
from dfilter.cli.guard import Exit, UsageError, guarded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence
    from typing import NoReturn

COMMANDS = {
    "check": "Say what Wireshark says of filters: green, yellow or red, and why.",
    "fix": "Repair filters, or carry them from one Wireshark version to another.",
    "fmt": "Spell filters in one way, with the same meaning.",
    "explain": "Explain a filter in plain words, and what it needs.",
    "fields": "List the fields and protocols of a Wireshark version.",
    "complete": "Say what can be written at a place of a filter.",
    "completion": "Print the completion script of a shell.",
    "buttons": "List and change the filter buttons of a profile.",
    "run": "Print the frames of captures that a filter selects.",
    "shell": "Ask for filters, coloured while they are typed, and show what they select.",
    "stats": "Count conversations, endpoints, protocols, frames over time.",
    "show": "Show a frame: its layers, every field, the bytes.",
    "follow": "Show what the two ends of a stream sent, in order.",
    "bench": "Measure how fast a filter is on a capture, and what the time goes into.",
}
"""Each is a module of the same name, with `arguments(parser)` and `command(options) -> exit code`."""

_HELP = "Wireshark display filters without Wireshark: check them, repair them, run them on captures."


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command with `arguments` (default: those of the process); always ends in `SystemExit`."""
    if arguments is None:
        gc.disable()  # until all is loaded: none of it is garbage, and looking takes a tenth of a short command's time
    _open_what_is_closed()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy starts threads for linear algebra, which nobody needs
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal without UTF-8 must not stop the output
    code = _run(list(sys.argv[1:] if arguments is None else arguments))
    if code == Exit.INTERRUPTED and arguments is None:
        _end(code)
    raise SystemExit(code)


def _end(code: int) -> NoReturn:
    """End at once, all being unwound: an interruption that met code made from text, a data class's during an import,
    makes CPython end by the signal, whatever code it is asked for."""
    for stream in (sys.stdout, sys.stderr):
        try:  # noqa: SIM105 - contextlib takes longer to load than this command to run
            stream.flush()
        except (OSError, ValueError):
            pass  # nobody reads it any more
    os._exit(code)


def _run(arguments: list[str]) -> int:
    if len(arguments) == 2 and arguments[0] == "check" and arguments[1][:1] not in ("-", "@"):
        from dfilter.cli.check import check_one  # one filter, no options: argparse would take longer than the check

        return guarded(lambda: check_one(arguments[1]))
    name = arguments[0] if arguments else ""
    if name in COMMANDS:
        return _subcommand(name, arguments[1:])
    if name == "--version":
        return _print(f"dfilter {dfilter.__version__}")
    if name in ("--help", "-h"):
        return _print(_overview())
    problem = f"Error: there is no command {name!r}." if name else "Error: a command is missing."
    print(f"{_overview()}\n\n{problem}", file=sys.stderr)
    return Exit.FAILED


def _print(text: str) -> int:
    def body() -> int:
        print(text)
        return Exit.OK

    return guarded(body)


def _open_what_is_closed() -> None:
    """A command may be started without standard streams (`>&-`): nothing comes in, and what goes out is lost."""
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 - for as long as the process
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - as above


def _overview() -> str:
    width = max(map(len, COMMANDS)) + 2
    lines = ["Usage: dfilter COMMAND [OPTIONS] ARGUMENTS", "", _HELP, "", "Commands:"]
    lines += [f"  {name:<{width}}{text}" for name, text in COMMANDS.items()]
    return "\n".join((*lines, "", "`dfilter COMMAND --help` tells the options; `dfilter --version` the version."))


def _subcommand(name: str, arguments: list[str]) -> int:
    module = import_module(f"dfilter.cli.{name}")
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
    parser = make_parser(name)
    module.arguments(parser)
    parse = parser.parse_args if "--" in arguments else parser.parse_intermixed_args  # which refuses what follows --

    def body() -> int:
        try:
            options: Namespace = parse(arguments)
        except SystemExit as ended:  # after --help, too, which standard output may have no room for
            return int(ended.code or 0)
        return int(module.command(options))

    try:
        return guarded(body)
    except UsageError as error:
        parser.error(str(error))


def make_parser(name: str) -> ArgumentParser:
    """The parser of a command, without its arguments."""
    from dfilter.cli.arguments import Parser

    return Parser(prog=f"dfilter {name}", description=COMMANDS[name])
