"""`dfilter.statistics`: several statistics of a capture in one pass.

In: a capture, a filter, and what to count, in the words of `tshark -z`.  Out: `Statistics`.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, DecimalException
from os import PathLike
from typing import BinaryIO

from dfilter.filter import Filter, compile_filter
from dfilter.packets.decode_as import chosen_protocols
from dfilter.packets.dispatch import catalogue
from dfilter.packets.session import Needs, needs_of
from dfilter.scan import DecodeAs, dissect, union_of
from dfilter.slotted import field, slotted
from dfilter.stats.conversations import CONTACTS, NEEDED, Conversations, Endpoints
from dfilter.stats.hierarchy import Hierarchy
from dfilter.stats.intervals import NANOSECONDS, Intervals

StatisticsTable = Conversations | Endpoints | Hierarchy | Intervals
KINDS = (*(f"conv,{kind}" for kind in CONTACTS), *(f"endpoints,{kind}" for kind in CONTACTS),
         "io,phs", "io,stat,SECONDS", "io,stat,auto")  # fmt: skip
FINEST = 1_000_000
"""Intervals that grow begin with a millisecond."""


@slotted(eq=True)
class Statistics:
    """What was counted: kind -> table, in the order asked for; `frames`, `bytes`: those that the filter selects."""

    frames: int = 0
    bytes: int = 0
    tables: dict[str, StatisticsTable] = field(default_factory=dict)


def table_of(kind: str) -> StatisticsTable:
    """An empty table of this kind; `ValueError` names those there are."""
    what, _, rest = kind.partition(",")
    if what == "conv" and rest in CONTACTS:
        return Conversations(rest)
    if what == "endpoints" and rest in CONTACTS:
        return Endpoints(rest)
    if kind == "io,phs":
        return Hierarchy()
    if kind == "io,stat,auto":
        return Intervals(FINEST, grows=True)
    if kind.startswith("io,stat,"):
        return Intervals(_nanoseconds(kind.removeprefix("io,stat,")))
    raise ValueError(f"no statistics {kind!r}; there are {', '.join(KINDS)}")


def _nanoseconds(text: str) -> int:
    try:
        length = int(Decimal(text) * NANOSECONDS)
    except (DecimalException, ValueError, OverflowError):
        length = 0
    if not 1000 <= length <= 10**18:
        raise ValueError(f"io,stat,{text}: not a number of seconds, at least 0.000001")
    return length


def statistics(capture: str | PathLike[str] | BinaryIO, kinds: Iterable[str], filter: str | Filter = "", *,
               decode_as: DecodeAs | None = None) -> Statistics:  # fmt: skip
    """Statistics of the frames that a filter selects, in one pass.

    Args:
        capture: a path, "-" for standard input, or a binary file object.
        kinds: "conv,tcp", "endpoints,ip", "io,phs", "io,stat,1", …: as `tshark -z` names them, of eth, ip, ipv6, tcp,
            udp; "io,stat,auto": intervals from a millisecond on, for `Intervals.summed`.
        filter: a display filter or a compiled one; the empty filter selects every frame.
        decode_as: (dispatch table, key) -> protocol, as for `dfilter.read`.

    Raises:
        ValueError: a kind that there is not.
        FilterError: the filter does not compile.
        CaptureError: the capture cannot be read.
    """
    compiled = compile_filter(filter) if isinstance(filter, str) else filter
    found = Statistics(tables={kind: table_of(kind) for kind in kinds})
    tables = list(found.tables.values())
    clocks = [table for table in tables if isinstance(table, Intervals)]
    if decode_as:
        chosen_protocols(decode_as, catalogue())
    for view in dissect(capture, _needs(compiled, tables), look_ahead=compiled.look_ahead, decode_as=decode_as):
        for clock in clocks:
            clock.pass_by(view)
        if not compiled.test(view):
            continue
        found.frames += 1
        found.bytes += view.frame.wire_length
        for table in tables:
            table.add(view)
    return found


def _needs(compiled: Filter, tables: list[StatisticsTable]) -> Needs:
    if any(isinstance(table, Hierarchy) for table in tables):
        return needs_of(None)
    names = {NEEDED[table.kind] for table in tables if isinstance(table, Conversations | Endpoints)}
    return needs_of(union_of([compiled.needs, needs_of(names | {"frame.number"})]))
