"""`dfilter explain FILTER`: a filter in plain words, its tree with types, and what it needs of packets.

In: a filter.  Out: text or JSON; exit code 1 if the filter is red.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace

import dfilter
from dfilter.cli.arguments import add_macros, add_target
from dfilter.cli.check import show
from dfilter.cli.colour import add_color, in_colour
from dfilter.cli.guard import Exit
from dfilter.cli.sources import given_macros
from dfilter.cli.text import visible, whole


def arguments(parser: ArgumentParser) -> None:
    """The command line of `explain`."""
    parser.add_argument("filter", metavar="FILTER", help="a filter, quoted for your shell")
    add_target(parser)
    add_macros(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="text (the default) or JSON")
    add_color(parser)


def command(options: Namespace) -> int:
    """Explain the filter."""
    found = dfilter.explain(options.filter, options.target, macros=given_macros(options.macros))
    if options.format == "json":
        print(_json(found))
    elif found.words:
        _print(found, colour=in_colour(options.color))
    else:
        show(found.verdict, colour=in_colour(options.color))
    return Exit.OK if found.words else Exit.RED


def _print(found: dfilter.Explanation, *, colour: bool) -> None:
    print(_lines(found.words))
    print()
    print(_lines(found.tree))
    print()
    if found.fields:
        width = max(len(use.name) for use in found.fields)
        print("It reads:")
        for use in found.fields:
            print(f"  {use.name:<{width}}  {use.type}" + ("  (not dissected)" if use.name in found.missing else ""))
    print(_needs(found))
    if found.verdict.diagnostics:
        print()
        show(found.verdict, colour=colour)


def _lines(text: str) -> str:
    return "\n".join(map(visible, text.split("\n")))


def _needs(found: dfilter.Explanation) -> str:
    if found.missing:
        return "dfilter can check it, not run it: it does not dissect " + ", ".join(found.missing) + "."
    if not found.passes:
        return "dfilter can check it, not run it."
    state = "It depends on frames before" if found.stateful else "It needs each frame alone"
    return f"{state}; a capture is read {'twice' if found.passes > 1 else 'once'}."


def _json(found: dfilter.Explanation) -> str:
    document = {
        "filter": found.text,
        "colour": found.verdict.colour.value,
        "words": found.words,
        "tree": found.tree,
        "fields": [{"name": use.name, "protocol": use.protocol, "type": use.type} for use in found.fields],
        "missing": list(found.missing),
        "stateful": found.stateful,
        "passes": found.passes,
        "diagnostics": [{"code": item.code, "message": item.message} for item in found.verdict.diagnostics],
    }
    return whole(json.dumps(document, indent=2, ensure_ascii=False))
