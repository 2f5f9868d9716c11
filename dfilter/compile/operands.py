"""From typed operands to compiled ones.

In: `TypedOperand` trees, a reader, the selected frame, the version.  Out: `Operand`.  What always holds:
chains that grow to the left without limit (`a + 1 + 1 …`, `x[0:2][0:2]…`) are walked in a loop; what
remains is as deep as the filter is nested.
"""

from __future__ import annotations

from dfilter.check.typed import (
    Arithmetic,
    ArithmeticOp,
    Constant,
    FieldRead,
    FunctionCall,
    LabelRead,
    Negate,
    PlainRange,
    Slice,
    TypedOperand,
)
from dfilter.compile.arithmetic import arithmetic_operand, negation_operand
from dfilter.compile.functions import function_operand
from dfilter.compile.layers import field_operand, label_operand
from dfilter.compile.operand import Operand, known, sequence_read, type_bounds
from dfilter.compile.reader import Reader, Source
from dfilter.compile.slices import slice_operand
from dfilter.fields.types import FieldType
from dfilter.fields.versions import Version
from dfilter.slotted import frozen


@frozen
class Setting:
    """What every step of the compilation needs."""

    reader: Reader
    selected: Source | None
    version: Version


def build_operand(node: TypedOperand, setting: Setting) -> Operand:
    """The compiled form of `node`.

    Raises:
        UnsupportedFieldError: it names a field that the reader does not have.
    """
    match node:
        case FieldRead() | Constant():
            return _as_number(_leaf(node, setting), setting)
        case LabelRead():
            return label_operand(node, setting.reader, setting.selected)
        case Slice():
            return _slice(node, setting)
        case Arithmetic():
            return _arithmetic(node, setting)
        case Negate():
            return _negate(node, setting)
        case FunctionCall():
            build = _argument if node.name in _OF_BYTES else build_operand
            arguments = [build(argument, setting) for argument in node.arguments]
            return function_operand(node, arguments, node.version)
    raise TypeError(f"not an operand: {type(node).__name__}")


_OF_BYTES = frozenset({"len", "string"})
"""Functions for which an EUI64 is eight bytes in every version."""


def _leaf(node: FieldRead | Constant, setting: Setting) -> Operand:
    if isinstance(node, Constant):
        return known((node.value,), node.type, node.prefix)
    return field_operand(node, setting.reader, setting.selected)


def _argument(node: TypedOperand, setting: Setting) -> Operand:
    return _leaf(node, setting) if isinstance(node, FieldRead | Constant) else build_operand(node, setting)


def _as_number(operand: Operand, setting: Setting) -> Operand:
    """Up to 4.4 an EUI64 counts as an unsigned integer of 64 bits."""
    if _number_type(operand.type, setting) is operand.type:
        return operand
    if operand.values is not None:
        return known(tuple(map(_number, operand.values)), FieldType.UINT64)
    read = sequence_read(operand)
    low, high = type_bounds(FieldType.UINT64)
    return Operand(lambda source: [_number(value) for value in read(source)], FieldType.UINT64, low=low, high=high)


def _number(value: bytes) -> int:
    return int.from_bytes(value, "big")


def _number_type(kind: FieldType, setting: Setting) -> FieldType:
    return FieldType.UINT64 if kind is FieldType.EUI64 and setting.version < Version.V4_6 else kind


def _slice(node: Slice, setting: Setting) -> Operand:
    steps: list[tuple[PlainRange, ...]] = []
    inner: TypedOperand = node
    while isinstance(inner, Slice):
        steps.append(inner.ranges)
        inner = inner.operand
    return slice_operand(build_operand(inner, setting), steps[::-1], node.type, setting.version)


def _arithmetic(node: Arithmetic, setting: Setting) -> Operand:
    steps: list[tuple[ArithmeticOp, Operand, FieldType]] = []
    inner: TypedOperand = node
    while isinstance(inner, Arithmetic):
        steps.append((inner.op, build_operand(inner.right, setting), _number_type(inner.type, setting)))
        inner = inner.left
    return arithmetic_operand(build_operand(inner, setting), steps[::-1], setting.version)


def _negate(node: Negate, setting: Setting) -> Operand:
    count = 0
    inner: TypedOperand = node
    while isinstance(inner, Negate):
        count += 1
        inner = inner.operand
    operand = build_operand(inner, setting)
    for _ in range(count):
        operand = negation_operand(operand, _number_type(node.type, setting), setting.version)
    return operand
