"""Filters over header fields as machine code: the tests of `columns`, one frame after the other.

In: filters, shapes, and what is known of fields in them.  Out: a plan that decides as a `ColumnPlan` does; None where
llvmlite is not installed or the filters are too many.  What always holds: the same frames are certain and the same
undecided as with columns (tests/test_gears.py).

One function is generated for all filters of a plan: in each branch of the tree of shapes (`machine_tree`) it has what
is left of the filters as straight code (`machine_terms`).
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from dfilter.check.typed import TypedExpression
from dfilter.compile.bounds import Surroundings
from dfilter.compile.column_sets import HASH_FACTOR, HASH_SHIFT
from dfilter.compile.columns import ChunkLike, Verdict
from dfilter.compile.machine_terms import Block, MachineTerms
from dfilter.compile.machine_tree import SWAPS, ShapeTree
from dfilter.compile.shaped import Branch, Branches, branches
from dfilter.native import available, compile_function
from dfilter.packets.declare import Shape
from dfilter.slotted import frozen

MAX_FILTERS = 24
MAX_LINES = 9_000
"""Filters, and lines of assembly, beyond which compiling takes longer than columns would."""

_Term = Any


@frozen(eq=False)
class MachinePlan:
    """Filters, ready to be held against chunks; `tables` keeps alive what the code reads."""

    count: int
    function: Callable[..., Any]
    tables: Sequence[Any]

    def decide(self, chunk: ChunkLike) -> Verdict:
        """What is known of this chunk's frames."""
        size = len(chunk.starts)
        links = chunk.link_types
        if isinstance(links, int):
            links = np.full(size, links, np.int64)
        verdict = Verdict.blank(self.count, size)
        places = (chunk.starts, chunk.captured, chunk.wire, links)
        columns = [np.ascontiguousarray(column, np.int64) for column in places]
        data = np.frombuffer(chunk.data, np.uint8)
        self.function(data.ctypes.data, size, chunk.first, *(column.ctypes.data for column in columns),
                      verdict.certain.ctypes.data, verdict.undecided.ctypes.data)  # fmt: skip
        return verdict


def build_machine(filters: Sequence[tuple[TypedExpression, Iterable[str]]], shapes: Sequence[Shape], anywhere: Shape,
                  surroundings: Surroundings) -> MachinePlan | None:  # fmt: skip
    """As `columns.build_columns`; None also where machine code cannot be had or does not pay."""
    if len(filters) > MAX_FILTERS or not available():
        return None
    terms = MachineTerms()
    found = branches(filters, shapes, anywhere, surroundings, terms)
    if found is None:
        return None
    answers = Answers(found, terms)
    any_frame = all(bounds is not None for bounds in found.anywhere.bounds)
    told = [] if any_frame else [branch.shape for branch in found.shaped]

    def leaf(block: Block, index: int | None) -> None:
        answers.write(block, None if index is None else told[index])

    body = ShapeTree(told, "decide", ("ptr %certain", "ptr %undecided"), leaf).lines
    if len(body) > MAX_LINES:
        return None
    pointer, number = ctypes.c_void_p, ctypes.c_int64
    function = compile_function("\n".join([SWAPS, SEARCHES, *body]), "decide", None, pointer, number, number,
                                pointer, pointer, pointer, pointer, pointer, pointer)  # fmt: skip
    return None if function is None else MachinePlan(found.count, function, terms.tables)


class Answers:
    """Writes what is known of a frame: one bit a filter in each of the tables %certain and %undecided.

    Args:
        found: what each shape decides of the filters.
        terms: what it is computed with, whose `tables` must live as long as the code.
    """

    def __init__(self, found: Branches[_Term], terms: MachineTerms) -> None:
        self._found = found
        self._terms = terms
        self._branches = {id(branch.shape): branch for branch in found.shaped}

    def write(self, block: Block, shape: Shape | None) -> None:
        """Write the answers for a frame of this shape."""
        branch = self._branches.get(id(shape))
        behind: dict[int, str] = {}
        for index in range(self._found.count):
            certain, undecided = self._answer(block, branch, index, behind)
            for table, bit in (("certain", certain), ("undecided", undecided)):
                if bit == "false":  # as the tables begin
                    continue
                row = block.let(f"mul i64 %size, {index}")
                slot = block.let(f"getelementptr i8, ptr %{table}, i64 {block.let(f'add i64 {row}, %row')}")
                block.lines.append(f"  store i8 {block.let(f'zext i1 {bit} to i8')}, ptr {slot}")

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


SEARCHES = """
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
