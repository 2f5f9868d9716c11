"""How `run` prints frames: which options there are, and which of them do not go together.

In: an `ArgumentParser`, and the options that it found.  Out: `UsageError` for nonsense.
Always: no option is ignored in silence; importing this module loads nothing that prints (`printing` does).
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Final

from dfilter.cli.colour import add_color
from dfilter.cli.guard import wrong_usage
from dfilter.timeforms import TIME_FORMATS

FORMS: Final = ("text", "tabs", "csv", "fields", "json", "jsonraw", "ek", "pdml", "psml", "parquet", "arrow")
_LISTS: Final = frozenset((None, "text", "tabs", "csv", "psml"))
"""Print the packet list's columns."""
_FIELDS: Final = frozenset(("fields", "json", "jsonraw", "ek", "pdml", "csv", "parquet", "arrow"))
"""Print what -e names."""
TABLES: Final = frozenset(("parquet", "arrow"))


def add_output(parser: ArgumentParser) -> None:
    """Options that say what is printed."""
    add = parser.add_argument
    add("--count", action="store_true", help="print how many frames match, not which")
    add("-w", "--write", metavar="OUT",
        help="write the frames to a capture (-: stdout), or the table of -T parquet")  # fmt: skip
    add("--format", choices=("pcapng", "pcap"), help="of -w; default: by OUT's suffix, else pcapng")
    add("-T", dest="output", choices=FORMS, metavar="FORM",
        help=f"print as tshark does: {', '.join(FORMS[:-2])}; parquet, arrow: for -w (needs pyarrow)")  # fmt: skip
    add("-V", dest="tree", action="store_true", help="print the layers of each frame with their fields")
    add("-e", dest="names", action="append", default=[], metavar="FIELD",
        help="print this field, or expression of fields; repeat it for more")  # fmt: skip
    add("-E", dest="style", action="append", default=[], metavar="KEY=VALUE",
        help="of -T fields, as in tshark: separator, occurrence, aggregator, header, quote, escape, bom")  # fmt: skip
    add("--columns", action="append", default=[], metavar="COLUMNS",
        help="the packet list's columns, apart by commas: Wireshark's names (Time, Source, Info, ...), Title:FIELD, or "
        "Title:EXPRESSION")  # fmt: skip
    add("-t", "--time-format", choices=TIME_FORMATS, metavar="FORM",
        help=f"the packet list's times, as tshark's -t: {', '.join(TIME_FORMATS)} (default: r)")  # fmt: skip
    add("--remember", action="store_true",
        help="keep --columns, --time-format and the filter (its history) in the profile")  # fmt: skip
    add_color(parser)


def refuse_nonsense(options: Namespace) -> None:
    """Options that do not go together."""
    _refuse_several_outputs(options)
    tables = options.output in TABLES
    if tables and options.write in (None, "-"):
        wrong_usage(f"-T {options.output} needs -w FILE")
    if options.format is not None and (options.write is None or tables):
        wrong_usage("--format goes with -w")
    if options.names and options.output not in _FIELDS:
        wrong_usage(f"-e goes with -T {', '.join(sorted(_FIELDS))}")
    if options.style and options.output not in ("fields", *TABLES):
        wrong_usage("-E goes with -T fields")
    if options.output == "fields" and not options.names:
        wrong_usage("-T fields needs at least one -e FIELD")
    if options.tree and options.output not in (None, "text"):
        wrong_usage("-V goes with -T text")
    is_list = options.output in _LISTS and not (options.names or options.tree or options.count or options.write)
    if (options.columns or options.time_format) and not (is_list and not options.all_buttons) and not options.remember:
        wrong_usage("--columns and --time-format are about the packet list")
    if options.captures.count("-") > 1:
        wrong_usage("standard input can be read only once")


def _refuse_several_outputs(options: Namespace) -> None:
    asked = (options.count, options.write is not None and options.output not in TABLES, options.output is not None)
    if sum(asked) > 1:
        wrong_usage("--count, -w and -T exclude each other")
    if options.all_buttons and (any(asked) or options.buttons or options.tree):
        wrong_usage("--all-buttons prints a table of its own: --button, --count, -w, -T and -V do not go with it")
    if options.tree and (options.count or options.write is not None):
        wrong_usage("--count, -w and -V exclude each other")
