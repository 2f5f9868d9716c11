"""From typed operands to compiled ones.

In: `TypedOperand` trees, a reader, the selected frame, the version.  Out: `Operand`.  What always holds:
chains that grow to the left without limit (`a + 1 + 1 …`, `x[0:2][0:2]…`) are walked in a loop; what
remains is as deep as the filter is nested.
"""

from __future__ import annotations

from dataclasses import dataclass

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
from dfilter.compile.operand import Operand, known
from dfilter.compile.reader import Reader, Source
from dfilter.compile.slices import slice_operand
from dfilter.fields.types import FieldType
from dfilter.fields.versions import Version


@dataclass(frozen=True, slots=True)
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
        case FieldRead():
            return field_operand(node, setting.reader, setting.selected)
        case Constant():
            return known((node.value,), node.type, node.prefix)
        case LabelRead():
            return label_operand(node, setting.reader, setting.selected)
        case Slice():
            return _slice(node, setting)
        case Arithmetic():
            return _arithmetic(node, setting)
        case Negate():
            return _negate(node, setting)
        case FunctionCall():
            arguments = [build_operand(argument, setting) for argument in node.arguments]
            return function_operand(node, arguments, node.version)
    raise TypeError(f"not an operand: {type(node).__name__}")


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
        steps.append((inner.op, build_operand(inner.right, setting), inner.type))
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
        operand = negation_operand(operand, node.type, setting.version)
    return operand
