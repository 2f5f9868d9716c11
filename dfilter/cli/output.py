"""How `run` prints frames: which printer, which columns, which fields are read for it.

In: options.  Out: an `Output`.  Always: no option is ignored in silence: those that do not go together are refused.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import dfilter
from dfilter import desk
from dfilter.cli.choice import profile_of
from dfilter.cli.colour import add_color, in_colour
from dfilter.cli.columns import FieldsPrinter, chosen_values, fields_style
from dfilter.cli.guard import say, wrong_usage
from dfilter.cli.lists import CsvPrinter, LinePrinter, TreePrinter
from dfilter.cli.printer import Printer
from dfilter.cli.save import SavingPrinter, format_of
from dfilter.cli.table import Style, TablePrinter, rich_style
from dfilter.column import Values
from dfilter.listing import TIME_FORMATS, PacketList, make_columns, named_column, split_columns
from dfilter.profiles import ColumnFormat

FORMS: Final = ("text", "tabs", "csv", "fields", "json", "jsonraw", "ek", "pdml", "psml", "parquet", "arrow")
_LISTS: Final = frozenset((None, "text", "tabs", "csv", "psml"))
"""Print the packet list's columns."""
_FIELDS: Final = frozenset(("fields", "json", "jsonraw", "ek", "pdml", "csv", "parquet", "arrow"))
"""Print what -e names."""
_TABLES: Final = frozenset(("parquet", "arrow"))
_DOCUMENTS: Final = frozenset(("json", "jsonraw", "ek", "pdml"))
_TYPED: Final = ("frame.number", "frame.time", "_ws.col.def_src", "_ws.col.def_dst", "_ws.col.protocol", "frame.len",
                 "_ws.col.info")  # fmt: skip
"""What a table holds where nothing is named: the packet list."""


@dataclass(frozen=True, slots=True)
class Output:
    """`fields`: the only ones that are read of frames; None for everything."""

    printer: Printer
    fields: list[str] | None


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
    tables = options.output in _TABLES
    if tables and options.write in (None, "-"):
        wrong_usage(f"-T {options.output} needs -w FILE")
    if options.format is not None and (options.write is None or tables):
        wrong_usage("--format goes with -w")
    if options.names and options.output not in _FIELDS:
        wrong_usage(f"-e goes with -T {', '.join(sorted(_FIELDS))}")
    if options.style and options.output not in ("fields", *_TABLES):
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
    asked = (options.count, options.write is not None and options.output not in _TABLES, options.output is not None)
    if sum(asked) > 1:
        wrong_usage("--count, -w and -T exclude each other")
    if options.all_buttons and (any(asked) or options.buttons or options.tree):
        wrong_usage("--all-buttons prints a table of its own: --button, --count, -w, -T and -V do not go with it")
    if options.tree and (options.count or options.write is not None):
        wrong_usage("--count, -w and -V exclude each other")


def output_of(options: Namespace, macros: Mapping[str, str] | None) -> Output:
    """What prints the frames, and what it reads of them."""
    several = len(options.captures) > 1
    if options.output in _TABLES:
        return _table_file(options, macros, several)
    if options.write is not None:
        return Output(SavingPrinter(options.write, format_of(options.write, options.format)), [])
    with _about("-e"):
        values = chosen_values(options.names, options.target, macros)
    if values:
        return Output(_values_printer(options, values, several), _fields_of(values, options.output))
    if options.tree:
        return Output(TreePrinter(several), None)
    if options.output in _DOCUMENTS:
        return Output(_document(options.output, [], several), None)
    return _list(options, macros, several)


def _document(form: str, values: list[Values], several: bool) -> Printer:
    """The printer of JSON or XML of these values, or of whole frames; their libraries are loaded for it alone."""
    if form == "pdml":
        from dfilter.cli.xml import PdmlPrinter

        return PdmlPrinter(values)
    from dfilter.cli.json import EkPrinter, JsonPrinter

    if form == "ek":
        return EkPrinter(values, several)
    return JsonPrinter(values, several, raw=form == "jsonraw" and not values, texts=form == "json" or bool(values))


@contextmanager
def _about(asked: str) -> Iterator[None]:
    """What is refused is what `asked` names, and not the filter."""
    try:
        yield
    except dfilter.FilterError as error:
        raise dfilter.DfilterError(f"{asked}: not a column, field or expression that can be shown\n{error}") from error


def _values_printer(options: Namespace, values: list[Values], several: bool) -> Printer:
    if options.output in _DOCUMENTS:
        return _document(options.output, values, several)
    if options.output == "csv":
        return CsvPrinter(None, values, several)
    return FieldsPrinter(values, fields_style(options.style), several)


def _fields_of(values: Sequence[Values], output: str | None) -> list[str]:
    names = {name for each in values for name in each.fields}
    return sorted(names | {"frame.time"} if output == "pdml" else names)


def _table_file(options: Namespace, macros: Mapping[str, str] | None, several: bool) -> Output:
    from dfilter.cli.arrow import ArrowPrinter

    with _about("-e"):
        values = chosen_values(options.names or _TYPED, options.target, macros)
    occurrence = fields_style(options.style).occurrence if options.style or options.names else "f"
    return Output(ArrowPrinter(options.write, options.output, values, occurrence, several),
                  _fields_of(values, options.output))  # fmt: skip


def _list(options: Namespace, macros: Mapping[str, str] | None, several: bool) -> Output:
    formats = column_formats(options)
    kind = options.time_format or (desk.time_format(profile_of(options)) if options.profile is not None else None)
    with _about("--columns" if options.columns else f"the columns of the profile {options.profile}"):
        listing = PacketList(make_columns(formats, kind or "r", target=options.target, macros=macros))
    fields = listing.fields
    asked = None if fields is None else sorted(fields)
    match options.output:
        case "text" | "tabs":
            return Output(LinePrinter(listing, "\t" if options.output == "tabs" else " ", several), asked)
        case "csv":
            return Output(CsvPrinter(listing, [], several), asked)
        case "psml":
            from dfilter.cli.xml import PsmlPrinter

            return Output(PsmlPrinter(listing), asked)
        case _:
            style = _style(options)
            return Output(TablePrinter(listing, several, style), None if style else asked)


def column_formats(options: Namespace) -> list[ColumnFormat]:
    """The columns of --columns, else of the profile that is named, else Wireshark's."""
    if options.columns:
        parts = [part for text in options.columns for part in split_columns(text)]
        if not parts:
            wrong_usage("--columns names no column")
        return [named_column(part) for part in parts]
    return desk.columns(profile_of(options)) if options.profile is not None else list(desk.DEFAULT_COLUMNS)


def _style(options: Namespace) -> Style | None:
    """The profile's colours, on a terminal."""
    if not in_colour(options.color):
        return None
    rules, lost = desk.colour_rules(profile_of(options), target=options.target)
    if lost and options.profile is not None:
        say(f"warning: these colouring rules cannot be run here: {', '.join(lost)}")
    return rich_style(rules) if rules else None


def remember(options: Namespace) -> None:
    """Keep in the profile what --remember asks to be kept."""
    profile = profile_of(options)
    if options.columns:
        desk.save_columns(profile, column_formats(options))
    if options.time_format:
        desk.save_time_format(profile, options.time_format)
    if options.filter.strip():
        desk.remember(profile, options.filter)
