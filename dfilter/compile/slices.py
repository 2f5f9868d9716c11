"""Slices `x[r1,r2,…]`: parts of byte strings and texts.

In: an operand and ranges.  Out: an operand.  What always holds: a range that is not entirely inside the value
yields nothing and ends the list of ranges (Wireshark, all versions); the empty result is still a value.
Units: octets; code points where the slice is a string (4.4 on).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dfilter.check.typed import PlainRange
from dfilter.compile.operand import Operand, octets, octets_to_end, sequence_read
from dfilter.compile.reader import Source
from dfilter.fields.types import STRINGS, FieldType
from dfilter.fields.versions import Version

Cut = Callable[[Any], Any]


def slice_operand(
    operand: Operand, steps: Sequence[tuple[PlainRange, ...]], kind: FieldType, version: Version
) -> Operand:
    """`operand` cut by each of `steps` in turn (`x[0:4][1]` has two)."""
    convert = _conversion(operand.type, kind, version)
    cuts = [_cut(ranges) for ranges in steps]
    if convert is not None:
        cuts.insert(0, convert)
    cut = cuts[0] if len(cuts) == 1 else _in_turn(tuple(cuts))
    read = operand.read
    if operand.empty_counts:

        def read_optional(source: Source) -> Sequence[Any] | None:
            values = read(source)
            return None if values is None else [cut(value) for value in values]

        return Operand(read_optional, kind, empty_counts=True, is_slice=True)

    read_all = sequence_read(operand)

    def read_slices(source: Source) -> Sequence[Any]:
        return [cut(value) for value in read_all(source)]

    if operand.values is not None:
        return Operand(read_slices, kind, values=tuple(read_slices(None)), is_slice=True)
    return Operand(read_slices, kind, is_slice=True)


def _conversion(operand_type: FieldType, kind: FieldType, version: Version) -> Cut | None:
    """What turns a value into the sequence that is cut; None where the value is that sequence."""
    if operand_type is FieldType.PROTOCOL:
        return octets_to_end if version < Version.V4_0 else octets
    if operand_type in STRINGS and kind not in STRINGS:
        return octets
    return None


def _in_turn(cuts: tuple[Cut, ...]) -> Cut:
    def cut_all(value: Any) -> Any:
        for cut in cuts:
            value = cut(value)
        return value

    return cut_all


def _cut(ranges: tuple[PlainRange, ...]) -> Cut:
    if len(ranges) > 1:
        return _several(ranges)
    part = ranges[0]
    start = part.start
    if start < 0 or (part.last is not None and part.last < 0):
        return lambda value: _part(value, part)
    if part.last is None and part.length is None:
        return lambda value: value[start:]
    end = part.last + 1 if part.last is not None else start + (part.length or 0)

    def fixed(value: Any) -> Any:
        return value[start:end] if end <= len(value) else value[:0]

    return fixed


def _several(ranges: tuple[PlainRange, ...]) -> Cut:
    def concatenate(value: Any) -> Any:
        parts = []
        for part in ranges:
            piece = _part(value, part)
            if not piece:
                break
            parts.append(piece)
        return value[:0].join(parts)

    return concatenate


def _part(value: Any, part: PlainRange) -> Any:
    size = len(value)
    start = part.start if part.start >= 0 else size + part.start
    end = size
    if part.last is not None:
        end = (part.last if part.last >= 0 else size + part.last) + 1
    elif part.length is not None:
        end = start + part.length
    inside = 0 <= start <= end <= size
    return value[start:end] if inside else value[:0]
