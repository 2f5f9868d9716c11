"""Filters over header fields as machine code: the tests of `columns`, one frame after the other.

In: filters, shapes, and what is known of fields in them.  Out: a plan that decides as a `ColumnPlan` does; None where
llvmlite is not installed or the filters are too many.  What always holds: the same frames are certain and the same
undecided as with columns (tests/test_gears.py).

One function is generated for all filters of a plan: it tests the conditions of the common shapes as nested branches,
and in each what is left of the filters as straight code (`machine_terms`).
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np

from dfilter.check.typed import TypedExpression
from dfilter.compile.bounds import Surroundings
from dfilter.compile.column_sets import HASH_FACTOR, HASH_SHIFT
from dfilter.compile.columns import ChunkLike, Mask
from dfilter.compile.machine_terms import Block, MachineTerms
from dfilter.compile.shaped import Branch, Branches, branches
from dfilter.native import available, compile_function
from dfilter.packets.declare import Measure, Shape

MAX_FILTERS = 24
MAX_LINES = 6_000
"""Filters, and lines of assembly, beyond which compiling takes longer than columns would."""

_ETHERNET = 1
_Condition = tuple[int, bytes, bytes]
_Term = Any


@dataclass(frozen=True, slots=True, eq=False)
class MachinePlan:
    """Filters, ready to be held against chunks; `tables` keeps alive what the code reads."""

    count: int
    function: Callable[..., Any]
    tables: Sequence[Any]

    def decide(self, chunk: ChunkLike) -> tuple[list[Mask], list[Mask]]:
        """For each filter: which frames certainly match, and which are undecided."""
        size = len(chunk.starts)
        links = chunk.link_types
        if isinstance(links, int):
            links = np.full(size, links, np.int64)
        certain, undecided = np.empty((2, self.count, size), np.bool_)
        places = (chunk.starts, chunk.captured, chunk.wire, links)
        columns = [np.ascontiguousarray(column, np.int64) for column in places]
        data = np.frombuffer(chunk.data, np.uint8)
        self.function(data.ctypes.data, size, chunk.first, *(column.ctypes.data for column in columns),
                      certain.ctypes.data, undecided.ctypes.data)  # fmt: skip
        return list(certain), list(undecided)


def build_machine(filters: Sequence[tuple[TypedExpression, Iterable[str]]], shapes: Sequence[Shape], anywhere: Shape,
                  surroundings: Surroundings) -> MachinePlan | None:  # fmt: skip
    """As `columns.build_columns`; None also where machine code cannot be had or does not pay."""
    if len(filters) > MAX_FILTERS or not available():
        return None
    terms = MachineTerms()
    found = branches(filters, shapes, anywhere, surroundings, terms)
    if found is None:
        return None
    body = _Writer(found, terms).function()
    if len(body) > MAX_LINES:
        return None
    pointer, number = ctypes.c_void_p, ctypes.c_int64
    function = compile_function("\n".join([_HELPERS, *body]), "decide", None, pointer, number, number,
                                pointer, pointer, pointer, pointer, pointer, pointer)  # fmt: skip
    return None if function is None else MachinePlan(found.count, function, terms.tables)


class _Writer:
    """Writes the function `decide` for a plan's branches."""

    def __init__(self, found: Branches[_Term], terms: MachineTerms) -> None:
        self._found = found
        self._terms = terms
        self._lines: list[str] = []
        self._numbers = count()
        self._least = min((branch.shape.minimum for branch in found.shaped), default=0)

    def function(self) -> list[str]:
        """The assembly: a loop over frames, in it the tree of shapes."""
        self._lines.append(_LOOP.format(least=self._least, ethernet=_ETHERNET))
        self._tree([(branch, list(branch.shape.constants)) for branch in self._found.shaped], "unshaped", self._least)
        self._start("unshaped")
        self._answers(None)
        self._lines.append(_END)
        return "\n".join(self._lines).split("\n")

    def _name(self) -> str:
        return f"%v{next(self._numbers)}"

    def _label(self) -> str:
        return f"l{next(self._numbers)}"

    def _start(self, label: str) -> None:
        self._lines.append(f"{label}:")

    def _block(self) -> Block:
        return Block(self._name, {Measure.NUMBER: "%number", Measure.LENGTH: "%wire", Measure.CAPTURED: "%captured"})

    def _jump(self, block: Block, bit: str, then: str, otherwise: str) -> None:
        self._lines += [*block.lines, f"  br i1 {bit}, label %{then}, label %{otherwise}"]

    def _tree(self, work: list[tuple[Branch[_Term], list[_Condition]]], otherwise: str, held: int) -> None:
        """Nested branches; `held` bytes are known to be there. Shapes exclude each other: the first that fits is it."""
        groups: dict[_Condition, list[tuple[Branch[_Term], list[_Condition]]]] = {}
        for branch, conditions in work:
            if not conditions:
                self._leaf(branch, otherwise)
                return
            groups.setdefault(conditions[0], []).append((branch, conditions[1:]))
        for (offset, mask, value), members in groups.items():
            matched, failed = self._label(), self._label()
            needed = offset + len(value)
            if needed > held:
                enough, block = self._label(), self._block()
                self._jump(block, block.let(f"icmp sge i64 %captured, {needed}"), enough, failed)
                self._start(enough)
            block = self._block()
            name, width = block.number(offset, len(value))
            if mask != b"\xff" * len(value):
                name = block.let(f"and i{width} {name}, {int.from_bytes(mask, 'big')}")
            self._jump(block, block.let(f"icmp eq i{width} {name}, {int.from_bytes(value, 'big')}"), matched, failed)
            self._start(matched)
            self._tree(members, failed, max(held, needed))
            self._start(failed)
        self._lines.append(f"  br label %{otherwise}")

    def _leaf(self, branch: Branch[_Term], otherwise: str) -> None:
        shape, block, fits = branch.shape, self._block(), self._label()
        bits = [block.let(f"icmp sge i64 %captured, {shape.minimum}")]
        if shape.at_least is not None:
            at, least = shape.at_least
            bits.append(block.let(f"icmp uge i16 {block.number(at, 2)[0]}, {least}"))
        if shape.header_nibble is not None:
            bits.append(block.let(f"icmp uge i8 {block.number(shape.header_nibble, 1)[0]}, {0x50}"))
        together = bits[0]
        for bit in bits[1:]:
            together = block.let(f"and i1 {together}, {bit}")
        self._jump(block, together, fits, otherwise)
        self._start(fits)
        self._answers(branch)

    def _answers(self, branch: Branch[_Term] | None) -> None:
        """Write down what is known of a frame of this shape, or of none."""
        block = self._block()
        behind: dict[int, str] = {}
        for index in range(self._found.count):
            certain, undecided = self._answer(block, branch, index, behind)
            for table, bit in (("certain", certain), ("undecided", undecided)):
                row = block.let(f"mul i64 %size, {index}")
                slot = block.let(f"getelementptr i8, ptr %{table}, i64 {block.let(f'add i64 {row}, %row')}")
                block.lines.append(f"  store i8 {block.let(f'zext i1 {bit} to i8')}, ptr {slot}")
        self._lines += [*block.lines, "  br label %next"]

    def _answer(self, block: Block, branch: Branch[_Term] | None, index: int,
                behind: dict[int, str]) -> tuple[str, str]:  # fmt: skip
        """The bits "certainly" and "undecided" of one filter."""
        everywhere = self._found.anywhere.bounds[index]
        if everywhere is not None:
            return block.set(everywhere.certain), "false"
        bounds = None if branch is None else branch.bounds[index]
        if branch is None or bounds is None:
            return "false", "true"
        certain, undecided = block.set(bounds.certain), "false"
        if bounds.possible is not bounds.certain:
            not_certain = block.let(f"xor i1 {certain}, true")
            undecided = block.let(f"and i1 {block.set(bounds.possible)}, {not_certain}")
        doubt = branch.doubt[index]
        if doubt is None:
            return certain, undecided
        if id(doubt) not in behind:
            behind[id(doubt)] = self._terms.behind(doubt, branch.shape.ports or 0)(block)
        sure = block.let(f"xor i1 {behind[id(doubt)]}, true")
        return block.let(f"and i1 {certain}, {sure}"), block.let(f"or i1 {undecided}, {behind[id(doubt)]}")


_LOOP = """
define void @decide(ptr %data, i64 %size, i64 %first, ptr %starts, ptr %lengths, ptr %wires, ptr %links,
                    ptr %certain, ptr %undecided) {{
entry:
  br label %loop
loop:
  %row = phi i64 [0, %entry], [%following, %next]
  %more = icmp slt i64 %row, %size
  br i1 %more, label %look, label %done
look:
  %start_at = getelementptr i64, ptr %starts, i64 %row
  %start = load i64, ptr %start_at
  %frame = getelementptr i8, ptr %data, i64 %start
  %captured_at = getelementptr i64, ptr %lengths, i64 %row
  %captured = load i64, ptr %captured_at
  %wire_at = getelementptr i64, ptr %wires, i64 %row
  %wire = load i64, ptr %wire_at
  %link_at = getelementptr i64, ptr %links, i64 %row
  %link = load i64, ptr %link_at
  %number = add i64 %row, %first
  %ethernet = icmp eq i64 %link, {ethernet}
  %long = icmp sge i64 %captured, {least}
  %plain = and i1 %ethernet, %long
  br i1 %plain, label %shapes, label %unshaped
shapes:"""

_END = """
next:
  %following = add i64 %row, 1
  br label %loop
done:
  ret void
}"""

_HELPERS = """
declare i16 @llvm.bswap.i16(i16)
declare i32 @llvm.bswap.i32(i32)
declare i64 @llvm.bswap.i64(i64)
declare i128 @llvm.bswap.i128(i128)

; how many of the ascending numbers are less than this one
define internal i64 @rank(ptr %numbers, i64 %size, i64 %value) {
entry:
  br label %loop
loop:
  %low = phi i64 [0, %entry], [%low2, %step]
  %high = phi i64 [%size, %entry], [%high2, %step]
  %open = icmp ult i64 %low, %high
  br i1 %open, label %step, label %done
step:
  %sum = add i64 %low, %high
  %middle = lshr i64 %sum, 1
  %place = getelementptr i64, ptr %numbers, i64 %middle
  %found = load i64, ptr %place
  %less = icmp ult i64 %found, %value
  %after = add i64 %middle, 1
  %low2 = select i1 %less, i64 %after, i64 %low
  %high2 = select i1 %less, i64 %high, i64 %middle
  br label %loop
done:
  ret i64 %low
}

define internal i1 @likely(ptr %table, i64 %value) {
  %spread = mul i64 %value, HASH_FACTOR
  %hash = lshr i64 %spread, HASH_SHIFT
  %place = getelementptr i8, ptr %table, i64 %hash
  %entry = load i8, ptr %place
  %bit = icmp ne i8 %entry, 0
  ret i1 %bit
}

define internal i1 @member(ptr %table, ptr %wanted, i64 %size, i64 %value) {
entry:
  %maybe = call i1 @likely(ptr %table, i64 %value)
  br i1 %maybe, label %look, label %no
look:
  %at = call i64 @rank(ptr %wanted, i64 %size, i64 %value)
  %inside = icmp ult i64 %at, %size
  br i1 %inside, label %read, label %no
read:
  %place = getelementptr i64, ptr %wanted, i64 %at
  %found = load i64, ptr %place
  %same = icmp eq i64 %found, %value
  ret i1 %same
no:
  ret i1 false
}

define internal i1 @pair(ptr %table, ptr %mixed, ptr %highs, ptr %lows, i64 %size, i64 %high, i64 %low) {
entry:
  %spread = mul i64 %low, HASH_FACTOR
  %value = xor i64 %high, %spread
  %maybe = call i1 @likely(ptr %table, i64 %value)
  br i1 %maybe, label %look, label %no
look:
  %first = call i64 @rank(ptr %mixed, i64 %size, i64 %value)
  br label %loop
loop:
  %at = phi i64 [%first, %look], [%following, %other]
  %inside = icmp ult i64 %at, %size
  br i1 %inside, label %read, label %no
read:
  %mixed_at = getelementptr i64, ptr %mixed, i64 %at
  %found = load i64, ptr %mixed_at
  %alike = icmp eq i64 %found, %value
  br i1 %alike, label %compare, label %no
compare:
  %high_at = getelementptr i64, ptr %highs, i64 %at
  %found_high = load i64, ptr %high_at
  %low_at = getelementptr i64, ptr %lows, i64 %at
  %found_low = load i64, ptr %low_at
  %same_high = icmp eq i64 %found_high, %high
  %same_low = icmp eq i64 %found_low, %low
  %same = and i1 %same_high, %same_low
  br i1 %same, label %yes, label %other
other:
  %following = add i64 %at, 1
  br label %loop
yes:
  ret i1 true
no:
  ret i1 false
}

; is the number in one of the spans, which begin and end at the edges by turns?
define internal i1 @inside(ptr %table, i64 %shift, ptr %edges, i64 %size, i64 %value) {
entry:
  %block = lshr i64 %value, %shift
  %place = getelementptr i8, ptr %table, i64 %block
  %kind = load i8, ptr %place
  %mixed = icmp eq i8 %kind, 2
  br i1 %mixed, label %look, label %plain
plain:
  %in = icmp eq i8 %kind, 1
  ret i1 %in
look:
  %beyond = add i64 %value, 1
  %before = call i64 @rank(ptr %edges, i64 %size, i64 %beyond)
  %odd = and i64 %before, 1
  %bit = icmp ne i64 %odd, 0
  ret i1 %bit
}
""".replace("HASH_FACTOR", str(HASH_FACTOR)).replace("HASH_SHIFT", str(HASH_SHIFT))
"""Searches in sorted tables; `likely` is `column_sets`'s hash."""
