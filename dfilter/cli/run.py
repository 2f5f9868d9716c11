"""`dfilter run FILTER CAPTURE...`: the frames of captures that a filter selects.

In: a filter and captures.  Out: a packet list, fields, JSON, a count, or a new capture.
Always: frames come out as they are found, in the order of the captures.
"""

from __future__ import annotations

import io
import sys
import warnings
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path

import dfilter
from dfilter.cli.arguments import add_macros, add_selected, add_target
from dfilter.cli.columns import FieldsPrinter, checked_names, fields_style
from dfilter.cli.guard import Exit, say, show_warnings, wrong_usage
from dfilter.cli.json import JsonPrinter
from dfilter.cli.progress import progress
from dfilter.cli.save import SavingPrinter, format_of
from dfilter.cli.sources import given_macros
from dfilter.cli.table import TablePrinter
from dfilter.indicators import indicator_filter
from dfilter.scan import count_frames
from dfilter.several import for_each

Printer = TablePrinter | FieldsPrinter | JsonPrinter | SavingPrinter


def arguments(parser: ArgumentParser) -> None:
    """The command line of `run`."""
    parser.add_argument("filter", metavar="FILTER", help="a display filter; '' selects all frames")
    parser.add_argument("captures", nargs="+", metavar="CAPTURE",
                        help="pcap or pcapng, also gzip or zstd; - is standard input")  # fmt: skip
    parser.add_argument("--count", action="store_true", help="print how many frames match, not which")
    parser.add_argument("-w", "--write", metavar="OUT", help="write the frames to a capture (-: stdout)")
    parser.add_argument("--format", choices=("pcapng", "pcap"), help="of -w; default: by OUT's suffix, else pcapng")
    parser.add_argument("-T", dest="output", choices=("fields", "json"), help="print fields or JSON, not a packet list")
    parser.add_argument("-e", dest="names", action="append", default=[], metavar="FIELD",
                        help="print this field; repeat it for more")  # fmt: skip
    parser.add_argument("-E", dest="style", action="append", default=[], metavar="KEY=VALUE",
                        help="of -T fields, as in tshark: separator, occurrence, aggregator, header, quote, escape, "
                        "bom")  # fmt: skip
    parser.add_argument("--indicators", metavar="FILE",
                        help="select only what touches an address, network or domain name of this list, one a line, "
                        "defanged or not")  # fmt: skip
    add_selected(parser)
    add_target(parser)
    add_macros(parser)


def command(options: Namespace) -> int:
    """Print the frames of captures that a filter selects."""
    _refuse_nonsense(options)
    with warnings.catch_warnings():
        warnings.simplefilter("always", dfilter.CaptureWarning)
        warnings.showwarning = show_warnings
        _run(options)
    return Exit.OK


def _run(options: Namespace) -> None:
    compiled = dfilter.compile(_filter(options), target=options.target, macros=given_macros(options.macros))
    _refuse_lost_references(compiled, options)
    if options.count:
        _count(compiled, options.captures, options.selected)
        return
    if "-" in options.captures:
        _show_at_once()
    names = checked_names(options.names, options.target)
    asked = [] if options.write is not None else names or None  # the fields that the output reads; None: any
    quiet = options.write in (None, "-") and sys.stdout.isatty()
    with progress(options.captures, silent=quiet) as found, _printer(options, names) as printer:
        for name, frame in _frames(compiled, options.captures, asked, options.selected):
            printer.frame(name, frame)
            found(1)


def _filter(options: Namespace) -> str:
    """The filter, narrowed to the indicators if there are any."""
    text: str = options.filter
    if options.indicators is None:
        return text
    with Path(options.indicators).open(encoding="utf-8", errors="replace") as lines:
        touching = indicator_filter(lines)
    return f"({text}) and ({touching})" if text.strip() else touching


def _refuse_nonsense(options: Namespace) -> None:
    """No option is ignored in silence: those that do not go together are refused."""
    if sum((options.count, options.write is not None, options.output is not None)) > 1:
        wrong_usage("--count, -w and -T exclude each other")
    if options.format is not None and options.write is None:
        wrong_usage("--format goes with -w")
    if options.names and options.output is None:
        wrong_usage("-e goes with -T fields or -T json")
    if options.style and options.output != "fields":
        wrong_usage("-E goes with -T fields")
    if options.output == "fields" and not options.names:
        wrong_usage("-T fields needs at least one -e FIELD")
    if options.captures.count("-") > 1:
        wrong_usage("standard input can be read only once")


def _refuse_lost_references(compiled: dfilter.Filter, options: Namespace) -> None:
    """A reference is one to a frame of the capture that is read."""
    if options.selected is None:
        if compiled.references:
            names = ", ".join(f"${name}" for name in sorted(compiled.references))
            say(f"warning: no frame is selected, so {names} has no value; --selected-frame N selects one")
    elif not compiled.references:
        wrong_usage("--selected-frame: the filter has no field reference, such as $ip.src")
    elif len(options.captures) > 1:
        wrong_usage("--selected-frame goes with one capture")


def _show_at_once() -> None:
    """Standard input may be a live capture: no line waits for the next."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)


def _printer(options: Namespace, names: list[str]) -> Printer:
    several = len(options.captures) > 1
    if options.write is not None:
        return SavingPrinter(options.write, format_of(options.write, options.format))
    if options.output == "fields":
        return FieldsPrinter(names, fields_style(options.style), several)
    return JsonPrinter(names, several) if options.output == "json" else TablePrinter(several)


def _frames(compiled: dfilter.Filter, captures: list[str], fields: list[str] | None,
            selected: int | None) -> Iterator[tuple[str, dfilter.View]]:  # fmt: skip
    for name in captures:
        for frame in dfilter.read(name, compiled, fields=fields, selected=selected):
            yield name, frame


def _count(compiled: dfilter.Filter, captures: list[str], selected: int | None) -> None:
    if len(captures) == 1:
        with progress(captures):
            print(count_frames(captures[0], compiled, selected=selected), flush=True)
        return
    counts = for_each(captures, lambda name: count_frames(name, compiled, selected=selected))
    for name, found in zip(captures, counts, strict=True):
        print(f"{name}: {found}", flush=True)
