"""How `run` prints frames: which printer, which columns, which fields are read for it.

In: options.  Out: an `Output`.  Always: what cannot be printed is refused before a frame is read.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import dfilter
from dfilter import desk
from dfilter.cli.choice import profile_of
from dfilter.cli.colour import in_colour
from dfilter.cli.columns import FieldsPrinter, chosen_values, fields_style
from dfilter.cli.guard import say, wrong_usage
from dfilter.cli.lists import CsvPrinter, LinePrinter, TreePrinter
from dfilter.cli.output import TABLES
from dfilter.cli.printer import Printer
from dfilter.cli.save import SavingPrinter, format_of
from dfilter.cli.table import Style, TablePrinter, rich_style
from dfilter.column import Values
from dfilter.listing import PacketList, make_columns, named_column, split_columns
from dfilter.profiles import ColumnFormat
from dfilter.slotted import frozen

_DOCUMENTS: Final = frozenset(("json", "jsonraw", "ek", "pdml"))
_TYPED: Final = ("frame.number", "frame.time", "_ws.col.def_src", "_ws.col.def_dst", "_ws.col.protocol", "frame.len",
                 "_ws.col.info")  # fmt: skip
"""What a table holds where nothing is named: the packet list."""


@frozen
class Output:
    """`fields`: the only ones that are read of frames; None for everything, or where it is a packet list with columns
    that layers write; `listed`: the others that such a list reads.
    """

    printer: Printer
    fields: list[str] | None
    listed: list[str] | None = None


def output_of(options: Namespace, macros: Mapping[str, str] | None) -> Output:
    """What prints the frames, and what it reads of them."""
    several = len(options.captures) > 1
    if options.output in TABLES:
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
    listed = sorted(listing.named) if fields is None else None
    match options.output:
        case "text" | "tabs":
            return Output(LinePrinter(listing, "\t" if options.output == "tabs" else " ", several), asked, listed)
        case "csv":
            return Output(CsvPrinter(listing, [], several), asked, listed)
        case "psml":
            from dfilter.cli.xml import PsmlPrinter

            return Output(PsmlPrinter(listing), asked, listed)
        case _:
            style = _style(options)
            return Output(TablePrinter(listing, several, style), *((None,) if style else (asked, listed)))


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
