"""`dfilter shell CAPTURE`: a prompt for filters that shows, while one is typed, what Wireshark would say of it.

In: filters and commands, typed or from a pipe.  Out: packet lists, frames, streams, statistics.
Always: a wrong filter, a frame that is not there and an interruption end only what was asked for, not the shell.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from dfilter.cli.arguments import add_macros, add_target
from dfilter.cli.colour import add_color
from dfilter.cli.guard import Exit, wrong_usage
from dfilter.cli.shell_commands import Shell
from dfilter.cli.sources import given_macros


def arguments(parser: ArgumentParser) -> None:
    """The command line of `shell`."""
    parser.add_argument("capture", metavar="CAPTURE", help="pcap or pcapng, also gzip or zstd; a file")
    text = "take buttons, columns, colours, macros and history from this profile (default: the default one)"
    parser.add_argument("--profile", metavar="NAME", help=text)
    add_color(parser)
    add_target(parser)
    add_macros(parser)


def command(options: Namespace) -> int:
    """Ask for lines and do what they say, until the end of the input."""
    if options.capture == "-":
        wrong_usage("the shell reads the capture for every filter, and standard input can be read only once")
    shell = Shell(options.capture, options.profile, options.target, given_macros(options.macros), options.color)
    shell.open()
    if sys.stdin.isatty():
        from dfilter.cli.prompt import ask  # it needs an extra

        lines = ask(shell)
    else:
        lines = (line.rstrip("\n") for line in sys.stdin)
    for line in lines:
        if not shell.obey(line):
            break
    return Exit.OK
