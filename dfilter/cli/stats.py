"""`dfilter stats FILTER CAPTURE`: conversations, endpoints, the protocol hierarchy, frames over time.

In: a filter, a capture, what to count.  Out: tables, a chart in the terminal or as PNG, JSON.
Always: numbers are those of `tshark -z conv,…`, `endpoints,…`, `io,phs` and `io,stat,…`.
"""

from __future__ import annotations

import json
import shutil
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from typing import Any, Final

import dfilter
from dfilter.cli.arguments import add_macros, add_target
from dfilter.cli.colour import add_color
from dfilter.cli.decode_as import Rules, add_decode_as, decode_rules
from dfilter.cli.guard import Exit, say, wrong_usage
from dfilter.cli.paint import BOLD, CYAN, Paint, painter
from dfilter.cli.sources import given_macros

DEFAULT: Final = ("io,phs", "conv,ip", "conv,ipv6", "conv,tcp", "conv,udp", "io,stat,auto")
KINDS_TEXT: Final = (
    "conv,TYPE or endpoints,TYPE (eth, ip, ipv6, tcp, udp), io,phs (the protocol hierarchy), io,stat,SECONDS or "
    "io,stat,auto (frames over time)"
)
AUTO_ROWS: Final = 40
_CONVERSATION: Final = ("A", "B", "← Frames", "Bytes", "→ Frames", "Bytes", "Frames", "Bytes", "Start", "Duration")
_ENDPOINT: Final = ("Address", "Frames", "Bytes", "Sent", "Bytes", "Received", "Bytes")
_MOST_ROWS: Final = 10_000
_BLOCKS: Final = " ▏▎▍▌▋▊▉█"
_SECOND: Final = 10**9


def arguments(parser: ArgumentParser) -> None:
    """The command line of `stats`."""
    parser.add_argument("filter", metavar="FILTER", help="a display filter; '' counts all frames")
    parser.add_argument("capture", metavar="CAPTURE", help="pcap or pcapng, also gzip or zstd; - is standard input")
    text = f"count this; repeat it for more: {KINDS_TEXT}; default: all but endpoints and eth"
    parser.add_argument("-z", dest="kinds", action="append", default=[], metavar="KIND", help=text)
    parser.add_argument("--json", action="store_true", help="JSON, with all intervals and exact times")
    text = "draw frames and bytes over time into a PNG file (needs matplotlib: pip install 'dfilter-engine[chart]')"
    parser.add_argument("--png", metavar="FILE", help=text)
    add_decode_as(parser)
    add_color(parser)
    add_target(parser)
    add_macros(parser)


def command(options: Namespace) -> int:
    """Count, and print."""
    compiled = dfilter.compile(options.filter, target=options.target, macros=given_macros(options.macros))
    count(compiled, options.capture, options.kinds, as_json=options.json, png=options.png,
          paint=painter(options.color), rules=decode_rules(options.decode_as))  # fmt: skip
    return Exit.OK


def count(compiled: dfilter.Filter, capture: str, wished: Sequence[str], *, as_json: bool = False,
          png: str | None = None, paint: Paint | None = None, rules: Rules | None = None) -> None:  # fmt: skip
    """Count the frames of `capture` that a filter selects, and print the tables; also for `run --stats`."""
    if png is not None:
        from dfilter.cli import picture  # before any counting: it may be missing

        picture.refuse_name(png)
    kinds = list(wished or DEFAULT)
    if png is not None and not any(kind.startswith("io,stat,") for kind in kinds):
        kinds.append("io,stat,auto")
    for kind in kinds:
        _refuse_unknown(kind)
    found = dfilter.statistics(capture, kinds, compiled, decode_as=rules)
    tables = [(kind, _summed(table)) for kind, table in found.tables.items()]
    if as_json:
        print(json.dumps({"frames": found.frames, "bytes": found.bytes, **dict(map(_document, tables))}, indent=2))
    else:
        _print(found, tables, compiled.text, paint or painter())
    if png is not None:
        clock = next(table for _, table in tables if isinstance(table, dfilter.Intervals))
        picture.draw(clock, png, f"{capture}: {compiled.text}" if compiled.text.strip() else capture)


def _refuse_unknown(kind: str) -> None:
    try:
        dfilter.table_of(kind)
    except ValueError:
        wrong_usage(f"-z {kind}: not understood; what can be counted: {KINDS_TEXT}")


def _summed(table: dfilter.StatisticsTable) -> dfilter.StatisticsTable:
    """With `io,stat,auto`, intervals so long that they fit a screen."""
    return table.summed(AUTO_ROWS) if isinstance(table, dfilter.Intervals) and table.grows else table


def _print(found: dfilter.Statistics, tables: Sequence[tuple[str, dfilter.StatisticsTable]], text: str,
           paint: Paint) -> None:  # fmt: skip
    print(f"{found.frames} frames, {found.bytes} bytes" + (f": {text}" if text.strip() else ""))
    for kind, table in tables:
        rows = list(_lines(table))
        if len(rows) < 2 and not isinstance(table, dfilter.Intervals):
            continue  # a kind of address that the capture does not have
        print()
        print(paint(_title(kind, table), BOLD))
        for number, row in enumerate(rows):
            print(paint(row, CYAN) if not number else row)
        dropped = getattr(table, "dropped", 0)
        if dropped:
            say(f"warning: {dropped} times a frame belonged to a row beyond the most that are kept")


def _title(kind: str, table: dfilter.StatisticsTable) -> str:
    if isinstance(table, dfilter.Intervals):
        return f"Frames over time, intervals of {table.length / _SECOND:g} s"
    if isinstance(table, dfilter.Hierarchy):
        return "Protocol hierarchy"
    what, _, of = kind.partition(",")
    return f"{'Conversations' if what == 'conv' else 'Endpoints'}: {of}"


def _lines(table: dfilter.StatisticsTable) -> Iterator[str]:
    """The table's heading and rows."""
    if isinstance(table, dfilter.Conversations):
        yield from _aligned([_CONVERSATION, *(
            (table.text(row.a), table.text(row.b), row.frames_ba, row.bytes_ba, row.frames_ab, row.bytes_ab, row.frames,
             row.bytes, f"{row.start / _SECOND:.6f}", f"{row.duration / _SECOND:.4f}")
            for row in table.rows())], 2)  # fmt: skip
    elif isinstance(table, dfilter.Endpoints):
        yield from _aligned([_ENDPOINT, *(
            (table.text(row.address), row.frames, row.bytes, row.frames_sent, row.bytes_sent, row.frames_received,
             row.bytes_received) for row in table.rows())], 1)  # fmt: skip
    elif isinstance(table, dfilter.Hierarchy):
        rows = [("  " * depth + node.name, node.frames, node.bytes) for depth, node in table.root.walk()]
        yield from _aligned([("Protocol", "Frames", "Bytes"), *rows], 1)
    else:
        yield from _chart(table)


def _aligned(rows: Sequence[Sequence[Any]], left: int) -> Iterator[str]:
    """Columns as wide as they need; the first `left` of them stand at the left."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        parts = (cell.ljust(width) if number < left else cell.rjust(width)
                 for number, (cell, width) in enumerate(zip(row, widths, strict=True)))  # fmt: skip
        yield "  ".join(parts).rstrip()


def _chart(table: dfilter.Intervals) -> Iterator[str]:
    """A bar for each interval."""
    rows = table.rows(_MOST_ROWS)
    places = max(0, len(f"{table.length / _SECOND:.9f}".rstrip("0").partition(".")[2]))
    cells = [("Start", "Frames", "Bytes"),
             *((f"{row.start / _SECOND:.{places}f}", str(row.frames), str(row.bytes)) for row in rows)]  # fmt: skip
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    most = max((row.frames for row in rows), default=0)
    room = max(shutil.get_terminal_size().columns - sum(widths) - 7, 10)
    for number, row in enumerate(cells):
        bar = _bar(rows[number - 1].frames, most, room) if number else ""
        yield "  ".join((*(cell.rjust(width) for cell, width in zip(row, widths, strict=True)), bar)).rstrip()


def _bar(value: int, most: int, room: int) -> str:
    """A bar of eighths of a column; what is not nothing shows."""
    eighths = max(round(value * room * 8 / most), 1) if value and most else 0
    return _BLOCKS[-1] * (eighths // 8) + _BLOCKS[eighths % 8].strip()


def _document(shown: tuple[str, dfilter.StatisticsTable]) -> tuple[str, Any]:
    kind, table = shown
    if isinstance(table, dfilter.Conversations):
        return kind, [
            {"a": table.text(row.a), "b": table.text(row.b), "frames_ab": row.frames_ab, "bytes_ab": row.bytes_ab,
             "frames_ba": row.frames_ba, "bytes_ba": row.bytes_ba, "start": row.start / _SECOND,
             "duration": row.duration / _SECOND} for row in table.rows()
        ]  # fmt: skip
    if isinstance(table, dfilter.Endpoints):
        return kind, [
            {"address": table.text(row.address), "frames_sent": row.frames_sent, "bytes_sent": row.bytes_sent,
             "frames_received": row.frames_received, "bytes_received": row.bytes_received} for row in table.rows()
        ]  # fmt: skip
    if isinstance(table, dfilter.Hierarchy):
        return kind, [{"depth": depth, "protocol": node.name, "frames": node.frames, "bytes": node.bytes}
                      for depth, node in table.root.walk()]  # fmt: skip
    return kind, [{"start": row.start / _SECOND, "end": row.end / _SECOND, "frames": row.frames, "bytes": row.bytes}
                  for row in table.rows(_MOST_ROWS)]  # fmt: skip
