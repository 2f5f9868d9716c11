"""The columns of a packet list: which there are, how each is called, and what it shows of a frame.

In: Wireshark's column formats ("%t", "%Cus:http.host:0:R"), names, or `Title:expression`.  Out: `ListColumn`s.
Always: a column reads only the fields that it names; frames are asked in their order.
Source: `tshark -G column-formats` of Wireshark 4.4, and what tshark 4.4 prints.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from dfilter.column import values_of
from dfilter.errors import DfilterError
from dfilter.filter import Target
from dfilter.packets.summary import (
    endpoints,
    fraction_text,
    link_endpoints,
    network_endpoints,
    seconds_text,
    time_digits,
)
from dfilter.packets.view import View
from dfilter.profiles.columnformat import CUSTOM, ColumnFormat
from dfilter.slotted import field, frozen, slotted
from dfilter.timeforms import TIME_FORMATS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class UnknownColumnError(DfilterError):
    """A column that dfilter cannot show; the message names those that it can."""


@slotted(eq=True)
class Progress:
    """What the columns remember of the frames shown before."""

    previous: int | None = None
    octets: int = 0


@frozen
class ListColumn:
    """A column: its title, its format as the preference writes it, what it reads, what it shows.

    `fields`: None if it needs every layer of the frame.
    """

    title: str
    format: ColumnFormat
    fields: frozenset[str] | None
    show: Callable[[View, Progress], str]

    @property
    def is_number(self) -> bool:
        """Are its values numbers, which stand at the right?"""
        return self.format.kind in ("%m", "%t", "%Rt", "%Tt", "%Gt", "%L", "%B")


@slotted(eq=True)
class PacketList:
    """Columns with what they remember; `rows` must be asked in the order of the frames."""

    columns: Sequence[ListColumn]
    progress: Progress = field(default_factory=Progress)

    @property
    def fields(self) -> frozenset[str] | None:
        """What the columns read; None for everything."""
        names: set[str] = set()
        for column in self.columns:
            if column.fields is None:
                return None
            names |= column.fields
        return frozenset(names)

    @property
    def named(self) -> frozenset[str]:
        """The fields that columns name, beside what layers write into columns."""
        return frozenset(name for column in self.columns for name in column.fields or ())

    def row(self, view: View) -> list[str]:
        """The texts of a frame."""
        cells = [column.show(view, self.progress) for column in self.columns]
        self.progress.previous = view.time if view.time is not None else self.progress.previous
        self.progress.octets += view.frame.wire_length
        return cells


def make_columns(formats: Sequence[ColumnFormat], time_format: str = "r", *, target: Target | None = None,
                 macros: Mapping[str, str] | None = None) -> list[ListColumn]:  # fmt: skip
    """The columns of these formats.

    Raises:
        UnknownColumnError: a kind of column that dfilter cannot show.
        FilterError: a custom column's expression is none.
    """
    return [_make(each, time_format, target, macros) for each in formats]


def _make(format: ColumnFormat, time_format: str, target: Target | None,
          macros: Mapping[str, str] | None) -> ListColumn:  # fmt: skip
    if format.kind == CUSTOM:
        return _custom(format, target, macros)
    kind = f"time:{time_format}" if format.kind == "%t" else _SAME.get(format.kind, format.kind)
    show = _SHOWN.get(kind)
    if show is None:
        known = ", ".join(sorted(_NAMED))
        raise UnknownColumnError(f"the column {format.title!r} ({format.kind}) cannot be shown; columns are {known}, "
                                 "or Title:EXPRESSION")  # fmt: skip
    return ListColumn(format.title, format, _FREE.get(kind), show)


def _custom(format: ColumnFormat, target: Target | None, macros: Mapping[str, str] | None) -> ListColumn:
    values = values_of(format.expression, target=target, macros=macros, alternatives=True)
    number = format.occurrence

    def show(view: View, progress: Progress) -> str:
        texts = values.read(view)
        if not number:
            return ",".join(texts)
        at = number - 1 if number > 0 else number
        return texts[at] if -len(texts) <= at < len(texts) else ""

    return ListColumn(format.title, format, values.fields, show)


def named_column(text: str) -> ColumnFormat:
    """The column that `--columns` means by a name, `Title:expression`, or an expression.

    Names are those of Wireshark's columns, in any case; "%t" and the like are formats.
    """
    name = text.strip()
    known = _NAMED.get(name.casefold())
    if known is not None:
        return ColumnFormat(known[1], known[0])
    if name.startswith("%"):
        return ColumnFormat(name, name)
    title, colon, expression = name.partition(":")
    if colon and title.strip() and not any(char in title for char in "\"'=<>()[]{}&|#@!") and expression.strip():
        inner = _NAMED.get(expression.strip().casefold())
        if inner is not None:
            return ColumnFormat(title.strip(), inner[0])
        if expression.strip().startswith("%"):
            return ColumnFormat(title.strip(), expression.strip())
        return ColumnFormat(title.strip(), CUSTOM, expression.strip())
    return ColumnFormat(name, CUSTOM, name)


def split_columns(text: str) -> list[str]:
    """The columns of a list, apart by commas outside of quotes, braces and parentheses."""
    parts, depth, quote, start = [], 0, "", 0
    for at, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif char == "," and depth <= 0:
            parts.append(text[start:at])
            start = at + 1
    return [part.strip() for part in (*parts, text[start:]) if part.strip()]


def time_text(view: View, kind: str, previous: int | None = None) -> str:
    """A frame's time in one of `TIME_FORMATS`; `previous`: when the frame shown before was captured (for "dd")."""
    digits = time_digits(view)
    if kind == "r":
        return seconds_text(view.time_relative, digits)
    if kind == "d":
        return seconds_text(view.time_delta, digits)
    if view.time is None:
        return ""
    if kind == "dd":
        return seconds_text(0 if previous is None else view.time - previous, digits)
    return seconds_text(view.time, digits) if kind == "e" else _date_text(view.time, kind, digits)


def _date_text(nanoseconds: int, kind: str, digits: int) -> str:
    seconds, fraction = divmod(nanoseconds, 10**9)
    try:
        moment = _EPOCH + timedelta(seconds=seconds)
        if kind.startswith("a"):
            moment = moment.astimezone()
    except (OverflowError, ValueError, OSError):
        return seconds_text(nanoseconds, digits)
    date = {"d": f"{moment.year:04}-{moment:%m-%d} ", "doy": f"{moment.year:04}/{moment:%j} "}.get(kind[1:], "")
    return f"{date}{moment:%H:%M:%S}{fraction_text(fraction, digits)}"


def _time(kind: str) -> Callable[[View, Progress], str]:
    return lambda view, progress: time_text(view, kind, progress.previous)


def _ends(which: Callable[[View], tuple[str, str]], index: int) -> Callable[[View, Progress], str]:
    return lambda view, progress: which(view)[index]


def _port(index: int) -> Callable[[View, Progress], str]:
    return lambda view, progress: str(view.ports[index]) if view.ports != (0, 0) else ""


def _first(name: str) -> Callable[[View, Progress], str]:
    return lambda view, progress: "".join(view.text(name)[:1])


_SAME = {
    "%us": "%s", "%rs": "%s", "%ud": "%d", "%rd": "%d", "%uS": "%S", "%rS": "%S", "%uD": "%D", "%rD": "%D",
    "%uns": "%ns", "%rns": "%ns", "%und": "%nd", "%rnd": "%nd", "%uhs": "%hs", "%rhs": "%hs", "%uhd": "%hd",
    "%rhd": "%hd", "%At": "time:a", "%Yt": "time:ad", "%YDOYt": "time:adoy", "%Rt": "time:r", "%Tt": "time:d",
    "%Gt": "time:dd", "%Aut": "time:u", "%Yut": "time:ud", "%YDOYut": "time:udoy",
}  # fmt: skip
"""Names are not resolved, so a resolved column shows what the other does."""
_SHOWN: dict[str, Callable[[View, Progress], str]] = {
    **{f"time:{kind}": _time(kind) for kind in TIME_FORMATS},
    "%m": lambda view, progress: str(view.number),
    "%L": lambda view, progress: str(view.frame.wire_length),
    "%B": lambda view, progress: str(progress.octets + view.frame.wire_length),
    "%s": _ends(endpoints, 0),
    "%d": _ends(endpoints, 1),
    "%ns": _ends(network_endpoints, 0),
    "%nd": _ends(network_endpoints, 1),
    "%hs": _ends(link_endpoints, 0),
    "%hd": _ends(link_endpoints, 1),
    "%S": _port(0),
    "%D": _port(1),
    "%p": lambda view, progress: view.protocol,
    "%i": lambda view, progress: view.info,
    "%f": _first("ip.dsfield.dscp"),
}
_FREE: dict[str, frozenset[str]] = {f"time:{kind}": frozenset() for kind in TIME_FORMATS}
_FREE |= {"time:r": frozenset({"frame.time_relative"}), "time:d": frozenset({"frame.time_delta"})}
_FREE |= {"%m": frozenset(), "%L": frozenset(), "%B": frozenset(), "%f": frozenset({"ip.dsfield.dscp"})}
"""Columns that need no layer of the frame, or one field."""
_NAMED = {name.casefold(): (kind, name) for kind, name in (
    ("%m", "No."), ("%t", "Time"), ("%s", "Source"), ("%d", "Destination"), ("%p", "Protocol"), ("%L", "Length"),
    ("%i", "Info"), ("%uS", "Source Port"), ("%uD", "Destination Port"), ("%B", "Cumulative Bytes"),
    ("%f", "DSCP"), ("%hs", "Hardware Source"), ("%hd", "Hardware Destination"), ("%ns", "Network Source"),
    ("%nd", "Network Destination"), ("%Yut", "UTC"), ("%Yt", "Date"), ("%Tt", "Delta"),
)} | {"number": ("%m", "No."), "src": ("%s", "Src"), "dst": ("%d", "Dst"), "src port": ("%uS", "Src port"),
      "dst port": ("%uD", "Dst port"), "srcport": ("%uS", "Src port"), "dstport": ("%uD", "Dst port"),
      "len": ("%L", "Length")}  # fmt: skip
