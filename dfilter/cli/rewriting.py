"""Changing filters where they stand: what `fix` and `fmt` share.

In: sources, and a function from a filter to its new text.  Out: files written in one step, or the new text on standard
output, or a diff.
Always: what is not changed stays byte for byte; a filter that the file's format cannot hold is left as it was.
"""

from __future__ import annotations

import difflib
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable

from dfilter.cli.guard import say
from dfilter.cli.sources import STANDARD_INPUT, Source
from dfilter.cli.text import visible
from dfilter.profiles import Entry, ProfileError, write_file
from dfilter.slotted import frozen


@frozen
class Outcome:
    """The new text of a filter (the old one if nothing is to change), and why it could not be made better."""

    text: str
    refused: str = ""


Rewrite = Callable[[Entry, Source], Outcome]


@frozen
class Summary:
    """What became of one source."""

    changed: int
    refused: int


def add_diff(parser: ArgumentParser) -> None:
    """--diff: show, do not write."""
    parser.add_argument("--diff", action="store_true", help="print what would change as a diff, and write nothing")


def rewrite(source: Source, new_text: Rewrite, options: Namespace, *, quiet: bool = False) -> Summary:
    """Rewrite the filters of one source, and print or write the result; `quiet`: do neither."""
    changes: dict[int, str] = {}
    refused = 0
    for number, entry in enumerate(source.document.entries):
        outcome = new_text(entry, source)
        reason = outcome.refused
        if outcome.text != entry.text and not reason:
            reason = _obstacle(source, number, outcome.text)
            if not reason:
                changes[number] = outcome.text
        if reason:
            refused += 1
            say(f"{_where(source, entry)}left as it is: {reason}")
    if not quiet:
        _deliver(source, changes, options)
    return Summary(len(changes), refused)


def _obstacle(source: Source, number: int, text: str) -> str:
    """Why the file cannot hold a filter; "" if it can."""
    if source.path is None:
        return ""
    try:
        source.document.edited({number: text})
    except ProfileError as error:
        return str(error)
    return ""


def _deliver(source: Source, changes: dict[int, str], options: Namespace) -> None:
    old = source.document.text
    new = changes.get(0, old) if source.path is None else source.document.edited(changes)
    if options.diff:
        _print_diff(old, new, source.shown or "FILTER")
    elif source.path is None:
        _put(new + "\n")
    elif source.shown == STANDARD_INPUT:
        _put(new)
    elif changes:
        write_file(source.path, new)
        filters = "1 filter" if len(changes) == 1 else f"{len(changes)} filters"
        print(f"{visible(str(source.path))}: {filters} changed")


def _print_diff(old: str, new: str, name: str) -> None:
    name = name.lstrip("/")
    lines = difflib.unified_diff(_lines(old), _lines(new), f"a/{name}", f"b/{name}", lineterm="", n=1)
    for line in lines:
        _put(line.removesuffix("\n") + "\n")


def _lines(text: str) -> list[str]:
    return text.split("\n")


def _put(text: str) -> None:
    """Print bytes as they were read, also those that are no UTF-8."""
    sys.stdout.flush()
    if hasattr(sys.stdout, "buffer"):
        sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
    else:
        sys.stdout.write(text)


def _where(source: Source, entry: Entry) -> str:
    return "" if source.path is None else f"{visible(str(source.path))}:{entry.line}: "
