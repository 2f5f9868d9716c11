"""`dfilter complete TEXT`: what can be written at a place of a filter; for editors and shells.

In: a text and a place in it.  Out: a line a candidate, or JSON.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace

import dfilter
from dfilter.cli.arguments import add_macros, add_target
from dfilter.cli.guard import Exit, wrong_usage
from dfilter.cli.sources import given_macros


def arguments(parser: ArgumentParser) -> None:
    """The command line of `complete`."""
    parser.add_argument("text", metavar="TEXT", help="the filter, as far as it is written")
    parser.add_argument("--cursor", type=int, metavar="N", help="the place, in characters (default: the end)")
    parser.add_argument("--limit", type=int, default=100, metavar="N", help="candidates at most (default: 100)")
    add_target(parser)
    add_macros(parser)
    text = "text: candidate, kind, detail, parted by tabs (the default); whole: the text with each candidate; or JSON"
    parser.add_argument("--format", choices=("text", "whole", "json"), default="text", help=text)


def command(options: Namespace) -> int:
    """Print the candidates."""
    if options.limit < 0:
        wrong_usage("--limit is negative")
    if options.cursor is not None and options.cursor < 0:
        wrong_usage("--cursor is negative")
    macros, limit = given_macros(options.macros), min(options.limit, sys.maxsize)
    found = dfilter.complete(options.text, options.cursor, options.target, macros=macros, limit=limit)
    if options.format == "json":
        print(_json(found))
        return Exit.OK
    before, after = options.text[: found.span.start], options.text[found.span.end :]
    for item in found.items:
        if options.format == "whole":
            print(f"{before}{item.text}{after}")
        else:
            print("\t".join((item.text, item.kind, item.detail)).rstrip("\t"))
    return Exit.OK


def _json(found: dfilter.Completions) -> str:
    items = [{"text": item.text, "kind": item.kind, "detail": item.detail} for item in found.items]
    return json.dumps({"start": found.span.start, "end": found.span.end, "items": items}, indent=2)
