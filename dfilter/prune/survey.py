"""The shapes, TCP segments and UDP datagrams of a chunk's frames by machine code, in one walk over their headers.

In: a chunk.  Out: its frames by shape, its segments and datagrams, and what headers decide of the filters.  What always
holds: they are those that `columns.ColumnPlan.split`, `segments.segments_of` and `sent.sent_of` find, and it is what
`columns.ColumnPlan.settle` decides of frames that hold nothing else that is wanted (tests/prune/test_survey.py).
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dfilter.compile.columns import ChunkLike, ColumnPlan, Columns, Verdict
from dfilter.compile.deep import DeepPlan
from dfilter.compile.machine import MAX_FILTERS, MAX_LINES, SEARCHES, Answers
from dfilter.compile.machine_terms import Block, MachineTerms
from dfilter.compile.machine_tree import SWAPS, ShapeTree
from dfilter.native import compile_function
from dfilter.packets.declare import Shape
from dfilter.prune.conversations import Segments
from dfilter.prune.headers import SHAPELESS, Kinds
from dfilter.prune.segments import ADD, IPV6_HEADER, ODD
from dfilter.prune.sent import UDP_HEADER, Sent

Array = npt.NDArray[Any]

_SEGMENT = ("row", "key", "sender", "sport", "dport", "seq", "ack", "flags", "window", "place", "length", "whole")
_DATAGRAM = ("row", "sport", "dport", "place", "length", "sound")
"""Values that are written down, as `Segments` and `Sent` have them."""

_UNFIT = len(_SEGMENT)
_SENT = _UNFIT + 1
_ROWS = _SENT + len(_DATAGRAM)
"""Rows of the table: first those of segments; the frames whose TCP header is longer than the segment; datagrams."""


class Survey:
    """Surveys chunks; `create` only where machine code can be had.

    Args:
        function: the machine code.
        plan: the filters; `answers`: does the code answer them?
        tables: what the code reads, kept alive.
    """

    def __init__(self, function: Callable[..., Any], plan: ColumnPlan, answers: bool, tables: Sequence[Any]) -> None:
        self._function = function
        self._count = plan.count if answers else 0
        self._alike = np.arange(SHAPELESS + 1, dtype=np.uint8)
        self._alike[: len(plan.branches)] = plan.alike()
        self._tables = tables

    @classmethod
    def create(cls, plan: DeepPlan, *, thorough: bool = True) -> Survey | None:
        """A survey for these filters; None without llvmlite. `thorough`: as for `native.compile_function`."""
        shapes = [branch.shape for branch in plan.columns.branches]
        if len(shapes) > SHAPELESS:
            return None
        terms = MachineTerms()
        found = plan.barren(terms) if plan.columns.count <= MAX_FILTERS else None
        answers = None if found is None else Answers(found, terms)
        lines = _lines(shapes, answers)
        if len(lines) > MAX_LINES:
            answers, lines = None, _lines(shapes, None)
        pointer, number = ctypes.c_void_p, ctypes.c_int64
        function = compile_function("\n".join([SWAPS, SEARCHES, _HELPERS, *lines]), "survey", None, pointer, number,
                                    number, *[pointer] * 9, thorough=thorough)  # fmt: skip
        return None if function is None else cls(function, plan.columns, answers is not None, terms.tables)

    def look(self, chunk: ChunkLike) -> tuple[Kinds, Segments, Array, Sent]:
        """(the frames by shape, the segments, the rows of frames whose TCP header is longer than their segment, the
        datagrams) of this chunk."""
        size, links = len(chunk.starts), chunk.link_types
        if isinstance(links, int):
            links = np.full(size, links, np.int64)
        places = [np.ascontiguousarray(each, np.int64) for each in (chunk.starts, chunk.captured, chunk.wire, links)]
        data = np.frombuffer(chunk.data, np.uint8)
        kinds, counts = np.empty(size, np.uint8), np.zeros(3, np.int64)
        table = np.empty((_ROWS, size), np.int64)
        verdict = Verdict.blank(self._count, size)
        self._function(data.ctypes.data, size, chunk.first, *(place.ctypes.data for place in places),
                       kinds.ctypes.data, counts.ctypes.data, table.ctypes.data,
                       verdict.certain.ctypes.data, verdict.undecided.ctypes.data)  # fmt: skip
        columns: list[Array] = list(table[:_UNFIT, : counts[0]])
        columns[1], columns[-1] = columns[1].view(np.uint64), columns[-1] != 0
        sent: list[Array] = list(table[_SENT:, : counts[2]])
        sent[-1] = sent[-1] != 0
        found = Kinds(Columns.of(chunk), kinds, self._alike, verdict if self._count else None)
        return found, Segments(*columns), table[_UNFIT, : counts[1]], Sent(*sent)


def _lines(shapes: Sequence[Shape], answers: Answers | None) -> list[str]:
    parameters = ("kinds", "counts", "table", "certain", "undecided")
    return ShapeTree(shapes, "survey", [f"ptr %{name}" for name in parameters], _Leaf(shapes, answers)).lines


class _Leaf:
    """Writes down a frame's shape, what it decides, and its segment or datagram."""

    def __init__(self, shapes: Sequence[Shape], answers: Answers | None) -> None:
        self._shapes = shapes
        self._answers = answers

    def __call__(self, block: Block, index: int | None) -> None:
        slot = block.let("getelementptr i8, ptr %kinds, i64 %row")
        block.lines.append(f"  store i8 {SHAPELESS if index is None else index}, ptr {slot}")
        shape = None if index is None else self._shapes[index]
        if self._answers is not None:
            self._answers.write(block, shape)
        if shape is not None and shape.last == "tcp":
            _note_segment(block, shape)
        elif shape is not None and shape.last == "udp":
            _note_datagram(block, shape)


def _note_segment(block: Block, shape: Shape) -> None:
    tcp = shape.layers["tcp"]
    if "ip" in shape.layers:
        at = shape.layers["ip"]
        source, target = (block.wide(*block.number(place, 4)) for place in (at + 12, at + 16))
    else:
        at = shape.layers["ipv6"]
        source, target = (_folded(block, at + 8), _folded(block, at + 24))
    words = [block.wide(*block.number(tcp + place, size))
             for place, size in ((0, 2), (2, 2), (4, 4), (8, 4), (13, 1), (14, 2))]  # fmt: skip
    header = block.let(f"lshr i64 {block.wide(*block.number(tcp + 12, 1))}, 4")
    payload = block.let(f"add i64 {block.let(f'shl i64 {header}, 2')}, {tcp}")
    _call(block, "segment", (source, target, *words, payload, _stop(block, shape)))


def _note_datagram(block: Block, shape: Shape) -> None:
    udp = shape.layers["udp"]
    ports = [block.wide(*block.number(udp + place, 2)) for place in (0, 2)]
    end = block.let(f"add i64 {block.wide(*block.number(udp + 4, 2))}, {udp}")
    _call(block, "datagram", (*ports, str(udp + UDP_HEADER), end, _stop(block, shape)))


def _stop(block: Block, shape: Shape) -> str:
    """Where in the frame the IP packet ends."""
    if "ip" in shape.layers:
        at = shape.layers["ip"]
        return block.let(f"add i64 {block.wide(*block.number(at + 2, 2))}, {at}")
    at = shape.layers["ipv6"]
    return block.let(f"add i64 {block.wide(*block.number(at + 4, 2))}, {at + IPV6_HEADER}")


def _call(block: Block, name: str, numbers: Sequence[str]) -> None:
    values = ", ".join(f"i64 {number}" for number in numbers)
    block.lines.append(f"  call void @{name}(i64 %size, i64 %row, i64 %start, i64 %captured, i64 %wire, ptr %counts, "
                       f"ptr %table, {values})")  # fmt: skip


def _folded(block: Block, at: int) -> str:
    """An IPv6 address as 64 bits, as `segments` folds it."""
    high, low = (block.number(place, 8)[0] for place in (at, at + 8))
    spread = block.let(f"add i64 {block.let(f'mul i64 {high}, {ODD[2]}')}, {ADD[1]}")
    return block.let(f"xor i64 {block.let(f'call i64 @mixed(i64 {spread})')}, {low}")


def _stores(names: Sequence[str], first: int, counter: int) -> str:
    """Writes values down behind those before, in rows of the table from `first` on."""
    lines = [f"  %count = getelementptr i64, ptr %counts, i64 {counter}", "  %index = load i64, ptr %count"]
    for column, name in enumerate(names, first):
        lines += [f"  %base_{name} = mul i64 %size, {column}", f"  %at_{name} = add i64 %base_{name}, %index",
                  f"  %slot_{name} = getelementptr i64, ptr %table, i64 %at_{name}",
                  f"  store i64 %{name}, ptr %slot_{name}"]  # fmt: skip
    return "\n".join([*lines, "  %following = add i64 %index, 1", "  store i64 %following, ptr %count", "  ret void"])


_HELPERS = f"""
define internal i64 @mixed(i64 %value) alwaysinline {{
  %high = lshr i64 %value, 31
  %first = xor i64 %value, %high
  %second = mul i64 %first, {ODD[0]}
  %middle = lshr i64 %second, 29
  %third = xor i64 %second, %middle
  %fourth = mul i64 %third, {ODD[1]}
  %low = lshr i64 %fourth, 32
  %mixed = xor i64 %fourth, %low
  ret i64 %mixed
}}

define internal i64 @endpoint(i64 %address, i64 %port) alwaysinline {{
  %sum = add i64 %address, {ADD[0]}
  %mixed = call i64 @mixed(i64 %sum)
  %spread = mul i64 %port, {ODD[3]}
  %endpoint = add i64 %mixed, %spread
  ret i64 %endpoint
}}

define internal void @segment(i64 %size, i64 %row, i64 %start, i64 %captured, i64 %wire, ptr %counts, ptr %table,
                              i64 %source, i64 %target, i64 %sport, i64 %dport, i64 %seq, i64 %ack, i64 %flags,
                              i64 %window, i64 %payload, i64 %stop) {{
  %length = sub i64 %stop, %payload
  %fits = icmp sge i64 %length, 0
  br i1 %fits, label %fit, label %unfit
unfit:
  %misfits = getelementptr i64, ptr %counts, i64 1
  %known = load i64, ptr %misfits
  %base = mul i64 %size, {_UNFIT}
  %after = add i64 %base, %known
  %slot = getelementptr i64, ptr %table, i64 %after
  store i64 %row, ptr %slot
  %more = add i64 %known, 1
  store i64 %more, ptr %misfits
  ret void
fit:
  %first = call i64 @endpoint(i64 %source, i64 %sport)
  %second = call i64 @endpoint(i64 %target, i64 %dport)
  %swapped = icmp ugt i64 %first, %second
  %lower = select i1 %swapped, i64 %second, i64 %first
  %upper = select i1 %swapped, i64 %first, i64 %second
  %mixed_upper = call i64 @mixed(i64 %upper)
  %spread = mul i64 %lower, {ODD[2]}
  %both = add i64 %spread, %mixed_upper
  %key = call i64 @mixed(i64 %both)
  %sender = zext i1 %swapped to i64
  %place = add i64 %start, %payload
  %cut = icmp slt i64 %captured, %wire
  %room = select i1 %cut, i64 %captured, i64 %wire
  %held = icmp sle i64 %stop, %room
  %whole = zext i1 %held to i64
{_stores(_SEGMENT, 0, 0)}
}}

define internal void @datagram(i64 %size, i64 %row, i64 %start, i64 %captured, i64 %wire, ptr %counts, ptr %table,
                               i64 %sport, i64 %dport, i64 %payload, i64 %end, i64 %stop) {{
  %length = sub i64 %end, %payload
  %place = add i64 %start, %payload
  %cut = icmp slt i64 %captured, %wire
  %room = select i1 %cut, i64 %captured, i64 %wire
  %some = icmp sge i64 %length, 0
  %inside = icmp sle i64 %end, %stop
  %held = icmp sle i64 %stop, %room
  %fits = and i1 %some, %inside
  %good = and i1 %fits, %held
  %sound = zext i1 %good to i64
{_stores(_DATAGRAM, _SENT, 2)}
}}
"""
