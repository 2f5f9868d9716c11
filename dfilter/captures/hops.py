"""Where the records of a plain pcap file begin, by walking from one to the next in machine code.

In: a stretch of the file that begins with a record.  Out: as `lanes.Lanes`, which is the same walk in numpy.  What
always holds: the same records as `Lanes` finds.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from dfilter.captures.limits import MAX_WIRE_LENGTH
from dfilter.captures.records import HEADER, Records
from dfilter.native import compile_function

WORD = """
declare i32 @llvm.bswap.i32(i32)

define internal i64 @word(ptr %place, i64 %offset, i1 %swap) alwaysinline {
  %field = getelementptr i8, ptr %place, i64 %offset
  %raw = load i32, ptr %field, align 1
  %turned = call i32 @llvm.bswap.i32(i32 %raw)
  %chosen = select i1 %swap, i32 %turned, i32 %raw
  %value = zext i32 %chosen to i64
  ret i64 %value
}
"""
"""Reads four bytes in the file's byte order."""

_WALK = """
define i64 @walk(ptr %data, i64 %begin, i64 %end, i64 %limit, i1 %swap, ptr %records, i64 %most, ptr %stop) {{
entry:
  br label %loop
loop:
  %at = phi i64 [%begin, %entry], [%next, %store]
  %count = phi i64 [0, %entry], [%more, %store]
  %body = add i64 %at, {header}
  %has_header = icmp ule i64 %body, %end
  br i1 %has_header, label %read, label %done
read:
  %place = getelementptr i8, ptr %data, i64 %at
  %captured = call i64 @word(ptr %place, i64 8, i1 %swap)
  %claimed = call i64 @word(ptr %place, i64 12, i1 %swap)
  %sane_wire = icmp ule i64 %claimed, {longest}
  %wire = select i1 %sane_wire, i64 %claimed, i64 {longest}
  %next = add i64 %body, %captured
  %whole = icmp ule i64 %next, %end
  %sane = icmp ule i64 %captured, %limit
  %good = and i1 %whole, %sane
  br i1 %good, label %store, label %done
store:
  %slot = getelementptr i64, ptr %records, i64 %count
  store i64 %body, ptr %slot
  %slot2 = getelementptr i64, ptr %slot, i64 %most
  store i64 %captured, ptr %slot2
  %slot3 = getelementptr i64, ptr %slot2, i64 %most
  store i64 %wire, ptr %slot3
  %more = add i64 %count, 1
  br label %loop
done:
  store i64 %at, ptr %stop
  ret i64 %count
}}
"""


@cache
def _walk() -> Callable[..., Any] | None:
    pointer, number = ctypes.c_void_p, ctypes.c_int64
    assembly = WORD + _WALK.format(header=HEADER, longest=MAX_WIRE_LENGTH)
    return compile_function(assembly, "walk", number, pointer, number, number, number, ctypes.c_bool, pointer, number,
                            pointer)  # fmt: skip


class Hops:
    """Finds records in stretches of one file; `create` only where machine code can be had."""

    def __init__(self, order: str, limit: int, walk: Callable[..., Any]) -> None:
        self._swap = order == ">"
        self._order = order
        self._limit = limit
        self._walk = walk
        self._space = np.empty((3, 0), np.int64)
        self._at = self._count = 0

    @classmethod
    def create(cls, order: str, limit: int) -> Hops | None:
        """As `Lanes(order, limit)`; None without llvmlite."""
        walk = _walk()
        return None if walk is None else cls(order, limit, walk)

    def records(self, data: Any, begin: int) -> Records:
        """The whole records of `data`, the first of which begins at byte `begin`."""
        self.start(len(data), begin)
        return self.found(data)

    def start(self, size: int, begin: int = 0) -> None:
        """Data of `size` bytes is coming, whose first record begins at byte `begin`."""
        most = max(size - begin, 0) // HEADER + 1
        if self._space.shape[1] < most:
            self._space = np.empty((3, most), np.int64)
        self._at, self._count = begin, 0

    def walk(self, data: Any, end: int) -> None:
        """Go on through the data as far as it is there, up to byte `end`."""
        there, stop = np.frombuffer(data, np.uint8), ctypes.c_int64()
        records = self._space[:, self._count :]
        self._count += self._walk(there.ctypes.data, self._at, end, self._limit, self._swap, records.ctypes.data,
                                  self._space.shape[1], ctypes.byref(stop))  # fmt: skip
        self._at = stop.value

    def found(self, data: Any) -> Records:
        """The records of the data, all of which is there."""
        self.walk(data, len(data))
        at, there = self._at, np.frombuffer(data, np.uint8)
        claimed = 0 if at + HEADER > len(there) else int(there[at + 8 : at + 12].view(self._order + "u4")[0])
        starts, captured, wire = self._space[:, : self._count].copy()
        return Records(starts, captured, wire, at, claimed)
