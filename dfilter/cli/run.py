"""`dfilter run FILTER CAPTURE...`: the frames of captures that a filter selects.

In: a filter and captures.  Out: a packet list, fields, JSON, a count, or a new capture.
Always: frames come out as they are found, in the order of the captures.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import typer

import dfilter
from dfilter.cli.check import Target, verdict
from dfilter.cli.fields import FieldsPrinter, checked_names, fields_style
from dfilter.cli.guard import guarded, wrong_usage
from dfilter.cli.json import JsonPrinter
from dfilter.cli.save import SavingPrinter, format_of
from dfilter.cli.table import TablePrinter

Printer = TablePrinter | FieldsPrinter | JsonPrinter | SavingPrinter


class Output(StrEnum):
    """What -T chooses."""

    FIELDS = "fields"
    JSON = "json"


class Format(StrEnum):
    """What --format chooses."""

    PCAPNG = "pcapng"
    PCAP = "pcap"


def run(
    filter: Annotated[str, typer.Argument(metavar="FILTER", help="A display filter; '' selects all frames.")],
    captures: Annotated[
        list[str],
        typer.Argument(metavar="CAPTURE...", help="pcap or pcapng, also gzip or zstd; - is standard input."),
    ],
    count: Annotated[bool, typer.Option("--count", help="Print how many frames match, not which.")] = False,
    write: Annotated[
        str | None, typer.Option("-w", "--write", metavar="OUT", help="Write the frames to a capture (-: stdout).")
    ] = None,
    format: Annotated[Format | None, typer.Option(help="Of -w; default: by OUT's suffix, else pcapng.")] = None,
    output: Annotated[Output | None, typer.Option("-T", help="Print fields or JSON, not a packet list.")] = None,
    names: Annotated[
        list[str] | None, typer.Option("-e", metavar="FIELD", help="Print this field; repeat it for more.")
    ] = None,
    style: Annotated[
        list[str] | None,
        typer.Option("-E", metavar="KEY=VALUE", help="Of -T fields, as in tshark: separator, occurrence, "
                     "aggregator, header, quote, escape, bom."),
    ] = None,
    target: Target = None,
) -> None:  # fmt: skip
    """Print the frames of captures that a filter selects."""
    with guarded():
        _refuse_nonsense(count, write, format, output, names, style, captures)
        compiled = _compiled(filter, target)
        if count:
            _count(compiled, captures)
            return
        if "-" in captures:
            _show_at_once()
        several = len(captures) > 1
        with _printer(output, checked_names(names or [], target), style or [], write, format, several) as printer:
            for name, frame in _frames(compiled, captures, _asked(write, names)):
                printer.frame(name, frame)


def _refuse_nonsense(count: bool, write: str | None, format: Format | None, output: Output | None,
                     names: list[str] | None, style: list[str] | None, captures: list[str]) -> None:  # fmt: skip
    """No option is ignored in silence: those that do not go together are refused."""
    if sum((count, write is not None, output is not None)) > 1:
        wrong_usage("--count, -w and -T exclude each other")
    if format is not None and write is None:
        wrong_usage("--format goes with -w")
    if names and output is None:
        wrong_usage("-e goes with -T fields or -T json")
    if style and output is not Output.FIELDS:
        wrong_usage("-E goes with -T fields")
    if output is Output.FIELDS and not names:
        wrong_usage("-T fields needs at least one -e FIELD")
    if captures.count("-") > 1:
        wrong_usage("standard input can be read only once")


def _show_at_once() -> None:
    """Standard input may be a live capture: no line waits for the next."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)


def _compiled(text: str, target: str | None) -> dfilter.Filter:
    if target is None:
        return dfilter.compile(text)
    verdict(text, target)  # tells an unknown version from an unusable filter
    return dfilter.compile(text, target=target)


def _printer(output: Output | None, names: list[str], style: list[str], write: str | None,
             format: Format | None, several: bool) -> Printer:  # fmt: skip
    if write is not None:
        return SavingPrinter(write, format_of(write, format))
    match output:
        case Output.FIELDS:
            return FieldsPrinter(names, fields_style(style), several)
        case Output.JSON:
            return JsonPrinter(names, several)
        case None:
            return TablePrinter(several)


def _asked(write: str | None, names: list[str] | None) -> list[str] | None:
    """The fields that the output reads of each frame; None for any of them."""
    return [] if write is not None else names or None


def _frames(compiled: dfilter.Filter, captures: list[str],
            fields: list[str] | None) -> Iterator[tuple[str, dfilter.View]]:  # fmt: skip
    for name in captures:
        for frame in dfilter.read(name, compiled, fields=fields):
            yield name, frame


def _count(compiled: dfilter.Filter, captures: list[str]) -> None:
    for name in captures:
        found = len(dfilter.frames(name, compiled))
        print(f"{name}: {found}" if len(captures) > 1 else found, flush=True)
