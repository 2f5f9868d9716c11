"""Terms as LLVM assembly: leaves that read a frame's header bytes and answer one bit.

In: header fields at known offsets, and constants.  Out: functions that write assembly into a `Block` and return the
name of the bit.  What always holds: the same answers as the terms of `columns`, which are the same tests on numpy
columns; a field is read only where the frame holds it or padding lies behind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dfilter.check.typed import Constant, Relation
from dfilter.compile.bounds import Place
from dfilter.compile.column_sets import likely_pairs, likely_values, span_table
from dfilter.compile.joined import JoinedTerms
from dfilter.fields.types import ADDRESSES, UNSIGNED, FieldType
from dfilter.packets.declare import Measure

FEW = 6
"""Up to so many values, a set is tested by comparing with each."""

_PREDICATES = {
    Relation.EQ: "eq",
    Relation.NE: "ne",
    Relation.LT: "ult",
    Relation.LE: "ule",
    Relation.GT: "ugt",
    Relation.GE: "uge",
}
_OUTSIDE = {Relation.EQ: False, Relation.NE: True, Relation.LT: True, Relation.LE: True, Relation.GT: False,
            Relation.GE: False}  # fmt: skip
"""How any value of a field compares with a number that is too large for it."""


class Block:
    """Assembly for frames of one shape, and the names of what it has read so far.

    `frame` points to the frame's bytes; `measures` names its number and its lengths as 64-bit integers.
    """

    def __init__(self, names: Callable[[], str], measures: dict[Measure, str]) -> None:
        self.lines: list[str] = []
        self._names = names
        self._measures = measures
        self._read: dict[tuple[int, int], str] = {}

    def let(self, text: str) -> str:
        """Name the result of one instruction."""
        name = self._names()
        self.lines.append(f"  {name} = {text}")
        return name

    def number(self, start: int, size: int) -> tuple[str, int]:
        """(name, width in bits) of the unsigned big-endian number in `size` bytes from `start`."""
        width = 8 * (1 << (size - 1).bit_length())
        name = self._read.get((start, size))
        if name is None:
            place = self.let(f"getelementptr i8, ptr %frame, i64 {start}")
            name = self.let(f"load i{width}, ptr {place}, align 1")
            if width > 8:
                name = self.let(f"call i{width} @llvm.bswap.i{width}(i{width} {name})")
            if width > 8 * size:
                name = self.let(f"lshr i{width} {name}, {width - 8 * size}")
            self._read[start, size] = name
        return name, width

    def measure(self, measure: Measure) -> str:
        return self._measures[measure]

    def wide(self, name: str, width: int) -> str:
        """The number as 64 bits."""
        return name if width == 64 else self.let(f"zext i{width} {name} to i64")

    def set(self, term: Term) -> str:
        """The bit of a term, or the constant that it is."""
        return str(term).lower() if isinstance(term, bool) else term(self)


Term = bool | Callable[[Block], str]
"""A constant, or a function that writes assembly and names its bit."""
_Read = Callable[[Block], tuple[str, int]]


class MachineTerms(JoinedTerms):
    """A way to compute for `bounds.Decider`.

    Attributes:
        tables: the arrays whose addresses stand in the assembly: they must live as long as it is used.
    """

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[npt.NDArray[Any]] = []
        self._members: dict[tuple[frozenset[int | bytes], int], tuple[int, str]] = {}

    def join(self, functions: Sequence[Any], operation: str) -> Term:
        def term(block: Block) -> str:
            bit: str = functions[0](block)
            for function in functions[1:]:
                bit = block.let(f"{operation} i1 {bit}, {function(block)}")
            return bit

        return term

    def invert(self, function: Any) -> Term:
        return lambda block: block.let(f"xor i1 {function(block)}, true")

    def pointer(self, table: npt.NDArray[Any]) -> str:
        """The address of a table, kept alive."""
        self.tables.append(table)
        return f"inttoptr (i64 {table.ctypes.data} to ptr)"

    def compare(self, place: Place, relation: Relation, constant: Constant) -> Term | None:
        field, value = place.field, constant.value
        read = _reader(place)
        if read is None:
            return None
        bits = 64 if field.measure is not None else 8 * field.size
        if field.type is FieldType.BOOLEAN:
            if not isinstance(value, bool) or relation not in (Relation.EQ, Relation.NE):
                return None
            return _comparison(read, Relation.NE if value == (relation is Relation.EQ) else Relation.EQ, 0, bits)
        if isinstance(value, bytes) and field.type in (FieldType.ETHER, *ADDRESSES) and len(value) == field.size:
            drop = 0 if constant.prefix is None else bits - constant.prefix
            return _comparison(read, relation, int.from_bytes(value, "big"), bits, drop)
        if isinstance(value, int) and value >= 0 and field.type in UNSIGNED:
            return _comparison(read, relation, value, bits)
        return None

    def member(self, place: Place, values: frozenset[int | bytes]) -> Term | None:
        read = _reader(place)
        if read is None:
            return None
        field = place.field
        bits = 64 if field.measure is not None else 8 * field.size
        if len(values) <= FEW:
            numbers = [v if isinstance(v, int) else int.from_bytes(v, "big") for v in values]
            either: Term = self.any_of([_comparison(read, Relation.EQ, number, bits) for number in sorted(numbers)])
            return either
        wide = field.type is FieldType.IPv6
        size, tables = self._searched(values, bits, wide)
        if wide:
            start, pair = place.start, f"call i1 @pair({tables}, i64 {size}, i64 {{}}, i64 {{}})"
            return lambda block: block.let(pair.format(block.number(start, 8)[0], block.number(start + 8, 8)[0]))
        call = f"call i1 @member({tables}, i64 {size}, i64 {{}})"
        return lambda block: block.let(call.format(block.wide(*read(block))))

    def _searched(self, values: frozenset[int | bytes], bits: int, wide: bool) -> tuple[int, str]:
        """How many of the values fit in so many bits, and the tables to search for them, made once."""
        found = self._members.get((values, bits))
        if found is None:
            numbers = [v if isinstance(v, int) else int.from_bytes(v, "big") for v in values]
            fitting = [number for number in numbers if number < 1 << bits]
            tables = likely_pairs([n.to_bytes(16, "big") for n in fitting]) if wide else likely_values(fitting)
            found = len(fitting), ", ".join(f"ptr {self.pointer(table)}" for table in tables)
            self._members[values, bits] = found
        return found

    def spans(self, place: Place, spans: Sequence[tuple[int, int]]) -> Term | None:
        read, bits = _reader(place), 8 * place.field.size
        if place.field.type is FieldType.IPv6:  # networks up to /64, by their upper half
            half = (1 << 64) - 1
            if any(low & half or ~high & half for low, high in spans):
                return None
            start, bits, spans = place.start, 64, [(low >> 64, high >> 64) for low, high in spans]
            read = lambda block: block.number(start, 8)  # noqa: E731
        edges = [edge for low, high in spans for edge in (low, high + 1)]
        if read is None or place.field.measure is not None or not edges or edges[-1] >= 1 << 64:
            return None
        function, (table, sorted_edges, shift) = read, span_table(edges, bits)
        call = (f"call i1 @inside(ptr {self.pointer(table)}, i64 {shift}, ptr {self.pointer(sorted_edges)}, "
                f"i64 {len(edges)}, i64 {{}})")  # fmt: skip
        return lambda block: block.let(call.format(block.wide(*function(block))))

    def masked(self, place: Place, mask: int) -> Term | None:
        read = _reader(place)
        if read is None or place.field.type not in UNSIGNED:
            return None
        bits = 64 if place.field.measure is not None else 8 * place.field.size
        kept = mask & ((1 << bits) - 1)

        def term(block: Block) -> str:
            name, width = read(block)
            return block.let(f"icmp ne i{width} {block.let(f'and i{width} {name}, {kept}')}, 0")

        return term

    def behind(self, ports: npt.NDArray[np.bool_], at: int) -> Callable[[Block], str]:
        """Is one of the two ports at `at` among these?"""
        table = self.pointer(ports)

        def term(block: Block) -> str:
            found = []
            for start in (at, at + 2):
                port = block.wide(*block.number(start, 2))
                entry = block.let(f"getelementptr i8, ptr {table}, i64 {port}")
                found.append(block.let(f"load i8, ptr {entry}"))
            either = block.let(f"or i8 {found[0]}, {found[1]}")
            return block.let(f"icmp ne i8 {either}, 0")

        return term


def _reader(place: Place) -> _Read | None:
    """A function that reads a field as an unsigned number."""
    field, start = place.field, place.start
    measure = field.measure
    if measure is not None:
        return lambda block: (block.measure(measure), 64)
    wide = field.type is FieldType.IPv6
    readable = (*UNSIGNED, *ADDRESSES, FieldType.ETHER, FieldType.BOOLEAN)
    if field.type not in readable or field.little_endian or not (wide or 0 < field.size <= 8):
        return None
    size, mask = field.size, field.mask
    if not mask:
        return lambda block: block.number(start, size)
    shift = 0 if field.type is FieldType.BOOLEAN else (mask & -mask).bit_length() - 1

    def read(block: Block) -> tuple[str, int]:
        name, width = block.number(start, size)
        kept = block.let(f"and i{width} {name}, {mask}")
        return (block.let(f"lshr i{width} {kept}, {shift}") if shift else kept), width

    return read


def _comparison(read: _Read, relation: Relation, value: int, bits: int, drop: int = 0) -> Term:
    """Compare with `value`, the lowest `drop` bits of both left out."""
    if value >= 1 << bits:
        return _OUTSIDE[relation]
    value >>= drop
    if drop >= bits:
        return relation in (Relation.EQ, Relation.LE, Relation.GE)

    def term(block: Block) -> str:
        name, width = read(block)
        if drop:
            name = block.let(f"lshr i{width} {name}, {drop}")
        return block.let(f"icmp {_PREDICATES[relation]} i{width} {name}, {value}")

    return term
