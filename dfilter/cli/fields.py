"""`dfilter fields [PATTERN]`: the fields and protocols of a Wireshark version.

In: a part of a name, or a pattern.  Out: a line a name: name, type, versions that have it; exit code 1 if there
is none.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace

import dfilter
from dfilter.cli.arguments import add_target
from dfilter.cli.guard import Exit, say


def arguments(parser: ArgumentParser) -> None:
    """The command line of `fields`."""
    text = "a part of the name; with *, ? or [...] it must fit the whole name (default: all names)"
    parser.add_argument("pattern", nargs="?", default="", metavar="PATTERN", help=text)
    parser.add_argument("--dissected", action="store_true", help="only what dfilter dissects, and can run filters on")
    add_target(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="text (the default) or JSON")


def command(options: Namespace) -> int:
    """List the names."""
    found = dfilter.find_fields(options.pattern, options.target, dissected=options.dissected)
    count = 0
    for count, entry in enumerate(found, 1):
        if options.format == "json":
            print("[" if count == 1 else ",")
            print("  " + json.dumps(_object(entry)), end="")
        else:
            print(_line(entry))
    if options.format == "json":
        print("\n]" if count else "[]")
    if not count:
        say(f"Wireshark {options.target} has no name that fits {options.pattern!r}")
    return Exit.OK if count else Exit.RED


def _line(entry: dfilter.FieldEntry) -> str:
    """Columns for people on a terminal, parted by tabs for programs."""
    versions = ",".join(entry.versions)
    if not sys.stdout.isatty():
        return "\t".join((entry.name, entry.type, versions))
    return f"{entry.name:<45} {entry.type:<34} {versions}"


def _object(entry: dfilter.FieldEntry) -> dict[str, object]:
    return {
        "name": entry.name,
        "protocol": entry.protocol,
        "type": entry.type,
        "display": entry.display,
        "versions": list(entry.versions),
        "is_protocol": entry.is_protocol,
        "dissected": entry.dissected,
    }
