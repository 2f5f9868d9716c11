"""Runs of Enhanced Packet Blocks in a stretch of a pcapng file, by walking from one to the next in machine code.

In: as for `runs.Runs`.  Out: the same.  What always holds: the same blocks as `Runs` finds.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from dfilter.captures import runs
from dfilter.captures.blocks import Block
from dfilter.captures.hops import WORD
from dfilter.captures.limits import MAX_WIRE_LENGTH
from dfilter.captures.runs import HEAD, SMALLEST, Integers, Run
from dfilter.native import compile_function

_WALK = """
define i64 @walk(ptr %data, i64 %begin, i64 %end, ptr %limits, i64 %interfaces, i1 %swap, ptr %run, i64 %most) {{
entry:
  br label %loop
loop:
  %at = phi i64 [%begin, %entry], [%next, %store]
  %count = phi i64 [0, %entry], [%more, %store]
  %place = getelementptr i8, ptr %data, i64 %at
  %least = add i64 %at, {smallest}
  %has_head = icmp ule i64 %least, %end
  br i1 %has_head, label %read, label %done
read:
  %kind = call i64 @word(ptr %place, i64 0, i1 %swap)
  %length = call i64 @word(ptr %place, i64 4, i1 %swap)
  %next = add i64 %at, %length
  %is_packet = icmp eq i64 %kind, {kind}
  %odd = and i64 %length, 3
  %even = icmp eq i64 %odd, 0
  %large = icmp uge i64 %length, {smallest}
  %whole = icmp ule i64 %next, %end
  %good1 = and i1 %is_packet, %even
  %good2 = and i1 %large, %whole
  %good3 = and i1 %good1, %good2
  br i1 %good3, label %inside, label %done
inside:
  %to_last = sub i64 %length, 4
  %last = call i64 @word(ptr %place, i64 %to_last, i1 %swap)
  %which = call i64 @word(ptr %place, i64 8, i1 %swap)
  %captured = call i64 @word(ptr %place, i64 20, i1 %swap)
  %claimed = call i64 @word(ptr %place, i64 24, i1 %swap)
  %closed = icmp eq i64 %last, %length
  %room = sub i64 %length, {smallest}
  %fits = icmp ule i64 %captured, %room
  %known = icmp ult i64 %which, %interfaces
  %good4 = and i1 %closed, %fits
  %good5 = and i1 %good4, %known
  br i1 %good5, label %limited, label %done
limited:
  %limit_at = getelementptr i64, ptr %limits, i64 %which
  %limit = load i64, ptr %limit_at
  %sane = icmp ule i64 %captured, %limit
  br i1 %sane, label %store, label %done
store:
  %sane_wire = icmp ule i64 %claimed, {longest}
  %wire = select i1 %sane_wire, i64 %claimed, i64 {longest}
  %body = add i64 %at, {head}
  %slot = getelementptr i64, ptr %run, i64 %count
  store i64 %body, ptr %slot
  %slot2 = getelementptr i64, ptr %slot, i64 %most
  store i64 %captured, ptr %slot2
  %slot3 = getelementptr i64, ptr %slot2, i64 %most
  store i64 %wire, ptr %slot3
  %slot4 = getelementptr i64, ptr %slot3, i64 %most
  store i64 %which, ptr %slot4
  %slot5 = getelementptr i64, ptr %slot4, i64 %most
  store i64 %length, ptr %slot5
  %more = add i64 %count, 1
  br label %loop
done:
  ret i64 %count
}}
"""


@cache
def _walk() -> Callable[..., Any] | None:
    pointer, number = ctypes.c_void_p, ctypes.c_int64
    assembly = WORD + _WALK.format(kind=int(Block.ENHANCED), head=HEAD, smallest=SMALLEST, longest=MAX_WIRE_LENGTH)
    return compile_function(assembly, "walk", number, pointer, number, number, pointer, number, ctypes.c_bool, pointer,
                            number)  # fmt: skip


class RunHops:
    """Finds runs in stretches of one file; `create` only where machine code can be had."""

    def __init__(self, walk: Callable[..., Any]) -> None:
        self._walk = walk
        self._data: Any = np.zeros(0, np.uint8)
        self._size = 0
        self._space = np.empty((5, 0), np.int64)

    @classmethod
    def create(cls) -> RunHops | None:
        """As `Runs()`; None without llvmlite."""
        walk = _walk()
        return None if walk is None else cls(walk)

    def enter(self, data: Any, size: int) -> None:
        """As `Runs.enter`."""
        self._data, self._size = np.frombuffer(data, np.uint8), size
        most = size // SMALLEST + 1
        if self._space.shape[1] < most:
            self._space = np.empty((5, most), np.int64)

    def run(self, begin: int, order: str, limits: Integers) -> Run | None:
        """As `Runs.run`."""
        count = self._walk(self._data.ctypes.data, begin, self._size, limits.ctypes.data, len(limits), order == ">",
                           self._space.ctypes.data, self._space.shape[1])  # fmt: skip
        return None if count < runs.FEW else Run(*self._space[:, :count].copy())
