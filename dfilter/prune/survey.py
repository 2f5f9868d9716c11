"""The shapes and the TCP segments of a chunk's frames by machine code, in one walk over their headers.

In: a chunk.  Out: its frames by shape, and its segments.  What always holds: they are those that
`columns.ColumnPlan.split` and `segments.segments_of` find (tests/prune/test_survey.py).
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dfilter.compile.columns import ChunkLike
from dfilter.compile.machine_terms import Block
from dfilter.compile.machine_tree import SWAPS, ShapeTree
from dfilter.native import compile_function
from dfilter.packets.declare import Shape
from dfilter.prune.conversations import Segments
from dfilter.prune.segments import ADD, IPV6_HEADER, ODD

Array = npt.NDArray[Any]

_NONE = 255
"""The shape of a frame without one."""
_COLUMNS = 12
_UNFIT = _COLUMNS
"""The last row of the table has the frames whose TCP header is longer than the segment."""


class Survey:
    """Surveys chunks; `create` only where machine code can be had."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    @classmethod
    def create(cls, shapes: Sequence[Shape]) -> Survey | None:
        """A survey for these shapes; None without llvmlite."""
        if len(shapes) > _NONE:
            return None
        tree = ShapeTree(shapes, "survey", ("ptr %kinds", "ptr %counts", "ptr %table"), _Leaf(shapes))
        pointer, number = ctypes.c_void_p, ctypes.c_int64
        function = compile_function("\n".join([SWAPS, _HELPERS, *tree.lines]), "survey", None, pointer, number, number,
                                    *[pointer] * 7)  # fmt: skip
        return None if function is None else cls(function)

    def look(self, chunk: ChunkLike) -> tuple[list[tuple[int, Array]], Segments, Array]:
        """(index of each shape that occurs and the rows of its frames, the segments, the rows of unfit frames)."""
        size, links = len(chunk.starts), chunk.link_types
        if isinstance(links, int):
            links = np.full(size, links, np.int64)
        places = [np.ascontiguousarray(each, np.int64) for each in (chunk.starts, chunk.captured, chunk.wire, links)]
        data = np.frombuffer(chunk.data, np.uint8)
        shapes, counts = np.empty(size, np.uint8), np.zeros(2, np.int64)
        table = np.empty((_COLUMNS + 1, size), np.int64)
        self._function(data.ctypes.data, size, chunk.first, *(place.ctypes.data for place in places),
                       shapes.ctypes.data, counts.ctypes.data, table.ctypes.data)  # fmt: skip
        found = np.flatnonzero(np.bincount(shapes, minlength=_NONE)[:_NONE]).tolist()
        columns: list[Array] = list(table[:_COLUMNS, : counts[0]])
        columns[1], columns[-1] = columns[1].view(np.uint64), columns[-1] != 0
        rows = [(shape, np.flatnonzero(shapes == shape)) for shape in found]
        return rows, Segments(*columns), table[_UNFIT, : counts[1]]


class _Leaf:
    """Writes down a frame's shape, and its segment."""

    def __init__(self, shapes: Sequence[Shape]) -> None:
        self._shapes = shapes

    def __call__(self, block: Block, index: int | None) -> None:
        slot = block.let("getelementptr i8, ptr %kinds, i64 %row")
        block.lines.append(f"  store i8 {_NONE if index is None else index}, ptr {slot}")
        if index is None or self._shapes[index].last != "tcp":
            return
        layers = self._shapes[index].layers
        tcp, is_ipv6 = layers["tcp"], "ip" not in layers
        at = layers["ipv6" if is_ipv6 else "ip"]
        if is_ipv6:
            source, target = (_folded(block, at + 8), _folded(block, at + 24))
            stop = block.let(f"add i64 {block.wide(*block.number(at + 4, 2))}, {at + IPV6_HEADER}")
        else:
            source, target = (block.wide(*block.number(place, 4)) for place in (at + 12, at + 16))
            stop = block.let(f"add i64 {block.wide(*block.number(at + 2, 2))}, {at}")
        words = [block.wide(*block.number(tcp + place, size))
                 for place, size in ((0, 2), (2, 2), (4, 4), (8, 4), (13, 1), (14, 2))]  # fmt: skip
        header = block.let(f"lshr i64 {block.wide(*block.number(tcp + 12, 1))}, 4")
        payload = block.let(f"add i64 {block.let(f'shl i64 {header}, 2')}, {tcp}")
        values = ", ".join(f"i64 {value}" for value in (source, target, *words, payload, stop))
        block.lines.append("  call void @segment(i64 %size, i64 %row, i64 %start, i64 %captured, i64 %wire, "
                           f"ptr %counts, ptr %table, {values})")  # fmt: skip


def _folded(block: Block, at: int) -> str:
    """An IPv6 address as 64 bits, as `segments` folds it."""
    high, low = (block.number(place, 8)[0] for place in (at, at + 8))
    spread = block.let(f"add i64 {block.let(f'mul i64 {high}, {ODD[2]}')}, {ADD[1]}")
    return block.let(f"xor i64 {block.let(f'call i64 @mixed(i64 {spread})')}, {low}")


_STORES = ("row", "key", "sender", "sport", "dport", "seq", "ack", "flags", "window", "place", "length", "whole")
"""The columns of the table, as `Segments` has them."""

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
  %index = load i64, ptr %counts
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
""" + "".join(f"""
  %base_{name} = mul i64 %size, {column}
  %at_{name} = add i64 %base_{name}, %index
  %slot_{name} = getelementptr i64, ptr %table, i64 %at_{name}
  store i64 %{name}, ptr %slot_{name}
""" for column, name in enumerate(_STORES)) + """
  %following = add i64 %index, 1
  store i64 %following, ptr %counts
  ret void
}
"""  # fmt: skip
