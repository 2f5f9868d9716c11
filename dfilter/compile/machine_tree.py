"""Machine code that tells the common shapes apart, frame by frame.

In: shapes, and what to write for a frame of each.  Out: assembly of a function with a loop over the frames of a chunk.
What always holds: a frame has the shape that `columns.ColumnPlan.split` finds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count

from dfilter.compile.machine_terms import Block
from dfilter.packets.declare import Measure, Shape

_FETCHING = "declare void @llvm.prefetch.p0(ptr, i32, i32, i32)"
SWAPS = "\n".join([*(f"declare i{width} @llvm.bswap.i{width}(i{width})" for width in (16, 32, 64, 128)), _FETCHING])
"""What reading big-endian numbers needs, and what fetches them ahead."""

_ETHERNET = 1
_AHEAD, _HEADERS = 16, 47
"""Frames ahead, and bytes in them, that are fetched before their turn: chunks do not fit the fastest cache."""

_Condition = tuple[int, bytes, bytes]
_Work = list[tuple[int, list[_Condition]]]

Leaf = Callable[[Block, int | None], None]
"""Writes what is to be done with a frame of the shape with this index, or of none."""


class ShapeTree:
    """Writes one function.

    The conditions of the shapes become nested branches. In the code of a leaf %frame points to the frame, %row, %start,
    %captured, %wire and %number are its place in the chunk and in the data, its lengths and its number, %size is the
    number of frames.

    Args:
        name: of the function; `parameters`: its own, behind (data, size, first, starts, lengths, wires, links).
    """

    def __init__(self, shapes: Sequence[Shape], name: str, parameters: Sequence[str], leaf: Leaf) -> None:
        self._shapes = shapes
        self._leaf = leaf
        self._lines: list[str] = []
        self._numbers = count()
        least = min((shape.minimum for shape in shapes), default=0)
        more = "".join(f", {parameter}" for parameter in parameters)
        fetch = _FETCH.format(ahead=_AHEAD, headers=_HEADERS) if shapes else ""
        self._lines.append(_LOOP.format(name=name, more=more, least=least, ethernet=_ETHERNET, fetch=fetch))
        self._tree([(index, list(shape.constants)) for index, shape in enumerate(shapes)], "unshaped", least)
        self._start("unshaped")
        self._end_with(None)
        self._lines.append(_END)

    @property
    def lines(self) -> list[str]:
        """The assembly."""
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

    def _tree(self, work: _Work, otherwise: str, held: int) -> None:
        """Nested branches; `held` bytes are known to be there. Shapes exclude each other: the first that fits is it."""
        groups: dict[_Condition, _Work] = {}
        for index, conditions in work:
            if not conditions:
                self._fit(index, otherwise)
                return
            groups.setdefault(conditions[0], []).append((index, conditions[1:]))
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

    def _fit(self, index: int, otherwise: str) -> None:
        """The conditions that are no constants."""
        shape, block, fits = self._shapes[index], self._block(), self._label()
        bits = [block.let(f"icmp sge i64 %captured, {shape.minimum}")]
        bits += [block.let(f"icmp uge i16 {block.number(at, 2)[0]}, {least}") for at, least in shape.at_least]
        if shape.header_nibble is not None:
            bits.append(block.let(f"icmp uge i8 {block.number(shape.header_nibble, 1)[0]}, {0x50}"))
        together = bits[0]
        for bit in bits[1:]:
            together = block.let(f"and i1 {together}, {bit}")
        self._jump(block, together, fits, otherwise)
        self._start(fits)
        self._end_with(index)

    def _end_with(self, index: int | None) -> None:
        block = self._block()
        self._leaf(block, index)
        self._lines += [*block.lines, "  br label %next"]


_FETCH = """\
  %ahead = add i64 %row, {ahead}
  %inside = icmp slt i64 %ahead, %size
  %soon = select i1 %inside, i64 %ahead, i64 %row
  %soon_at = getelementptr i64, ptr %starts, i64 %soon
  %soon_start = load i64, ptr %soon_at
  %soon_frame = getelementptr i8, ptr %data, i64 %soon_start
  call void @llvm.prefetch.p0(ptr %soon_frame, i32 0, i32 3, i32 1)
  %soon_header = getelementptr i8, ptr %soon_frame, i64 {headers}
  call void @llvm.prefetch.p0(ptr %soon_header, i32 0, i32 3, i32 1)
"""

_LOOP = """
define void @{name}(ptr %data, i64 %size, i64 %first, ptr %starts, ptr %lengths, ptr %wires, ptr %links{more}) {{
entry:
  br label %loop
loop:
  %row = phi i64 [0, %entry], [%following, %next]
  %more = icmp slt i64 %row, %size
  br i1 %more, label %look, label %done
look:
{fetch}  %start_at = getelementptr i64, ptr %starts, i64 %row
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
