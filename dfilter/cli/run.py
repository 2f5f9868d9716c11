"""`dfilter run FILTER CAPTURE...`: the frames of captures that a filter selects.

In: a filter, or buttons of a profile, and captures.  Out: a packet list, fields, JSON, XML, a count, or a new capture.
Always: frames come out as they are found, in the order of the captures.
"""

from __future__ import annotations

import io
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING

import dfilter
from dfilter.cli.arguments import add_macros, add_selected, add_target
from dfilter.cli.choice import add_choice, filter_text, macros_for, print_all_buttons, settle_captures
from dfilter.cli.decode_as import Rules, add_decode_as, decode_rules
from dfilter.cli.guard import Exit, say, wrong_usage
from dfilter.cli.output import add_output, refuse_nonsense
from dfilter.cli.progress import progress
from dfilter.cli.save import refuse_own_source
from dfilter.cli.text import visible
from dfilter.scan import count_frames, read_listed
from dfilter.several import for_each

if TYPE_CHECKING:
    from dfilter.cli.printing import Output


def arguments(parser: ArgumentParser) -> None:
    """The command line of `run`."""
    parser.add_argument("filter", metavar="FILTER", help="a display filter; '' selects all frames")
    parser.add_argument("captures", nargs="*", metavar="CAPTURE",
                        help="pcap or pcapng, also gzip or zstd; - is standard input")  # fmt: skip
    add_output(parser)
    text = "count protocols, conversations and frames over time instead; see `dfilter stats`"
    parser.add_argument("--stats", action="store_true", help=text)
    add_choice(parser)
    add_decode_as(parser)
    add_selected(parser)
    add_target(parser)
    add_macros(parser)


def command(options: Namespace) -> int:
    """Print the frames of captures that a filter selects."""
    settle_captures(options)
    refuse_nonsense(options)
    if options.all_buttons:
        return print_all_buttons(options)
    _run(options)
    return Exit.OK


def _run(options: Namespace) -> None:
    macros = macros_for(options)
    compiled = dfilter.compile(filter_text(options), target=options.target, macros=macros)
    _refuse_lost_references(compiled, options)
    if options.remember:
        from dfilter.cli.printing import remember

        remember(options)
    rules = decode_rules(options.decode_as)
    if options.stats:
        _print_statistics(compiled, options, rules)
        return
    if options.count:
        _count(compiled, options.captures, rules, options.selected)
        return
    from dfilter.cli.printing import output_of  # what prints takes longer to load than to count many a capture

    if "-" in options.captures:
        _show_at_once()
    if options.write is not None:
        refuse_own_source(options.write, options.captures)
    output = output_of(options, macros)
    quiet = options.write in (None, "-") and sys.stdout.isatty()
    with progress(options.captures, silent=quiet) as found, output.printer as printer:
        for name, frame in _frames(compiled, options, output, rules):
            printer.frame(name, frame)
            found(1)


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


def _frames(compiled: dfilter.Filter, options: Namespace, output: Output,
            rules: Rules | None) -> Iterator[tuple[str, dfilter.View]]:  # fmt: skip
    for name in options.captures:
        if output.listed is not None:
            found = read_listed(name, compiled, fields=output.listed, decode_as=rules, selected=options.selected)
        else:
            found = dfilter.read(name, compiled, fields=output.fields, decode_as=rules, selected=options.selected)
        for frame in found:
            yield name, frame


def _print_statistics(compiled: dfilter.Filter, options: Namespace, rules: Rules | None) -> None:
    from dfilter.cli.paint import painter
    from dfilter.cli.stats import count

    if options.count or options.write or options.output or options.selected is not None:
        wrong_usage("--stats excludes --count, -w, -T and --selected-frame")
    for number, name in enumerate(options.captures):
        if len(options.captures) > 1:
            print(f"{chr(10) if number else ''}{visible(name)}")
        count(compiled, name, (), paint=painter(options.color), rules=rules)


def _count(compiled: dfilter.Filter, captures: list[str], rules: Rules | None, selected: int | None) -> None:
    if len(captures) == 1:
        with progress(captures):
            print(count_frames(captures[0], compiled, decode_as=rules, selected=selected), flush=True)
        return
    counts = for_each(captures, lambda name: count_frames(name, compiled, decode_as=rules, selected=selected))
    for name, found in zip(captures, counts, strict=True):
        print(f"{visible(name)}: {found}", flush=True)
