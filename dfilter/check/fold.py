"""Constant expressions: converted to the type they are compared with, and computed once.

In: an operand of the syntax tree without any field in it, and a type.  Out: one typed `Constant`, or
`ConversionError`.  What always holds: a left-leaning chain of ten thousand `+` is folded in a loop; every
literal must fit the type, even where the result would (as in Wireshark 4.4 and 4.6).
"""

from __future__ import annotations

import math

from dfilter.check.convert.errors import BAD_ARITHMETIC, ConversionError
from dfilter.check.literals import UINT64_MAX, convert
from dfilter.check.operators import OPERATION_REFUSED, can_calculate, can_negate
from dfilter.check.typed import ArithmeticOp, Constant
from dfilter.fields.types import FLOATS, INTEGERS, SIGNED, TIMES, FieldType
from dfilter.fields.versions import Version
from dfilter.language import ast

INT64_MAX = 2**63 - 1


class NoValueError(ConversionError):
    """Constant integer arithmetic without a result: an error from 4.4 on, in 4.0 a value that nothing equals."""


def strip(node: ast.Operand) -> ast.Operand:
    """Without braces and unary plus: neither changes what an operand is."""
    while isinstance(node, ast.Braces) or (isinstance(node, ast.Unary) and node.op is ast.UnaryOp.POS):
        node = node.operand
    return node


def fold(node: ast.Operand, kind: FieldType, version: Version, *, part: bool = False) -> Constant:
    """The value of a constant operand as `kind`.

    Args:
        part: the value is searched for (`contains`).
    Raises:
        ConversionError: a literal does not convert, or the type has no such arithmetic.
    """
    node = strip(node)
    spine: list[ast.Binary] = []
    while isinstance(node, ast.Binary):
        spine.append(node)
        node = strip(node.left)
    value = _simple(node, kind, version, part=part)
    for binary in reversed(spine):
        right = _right_operand(binary, kind, version)
        value = _compute(binary, value, right, kind, version)
    return value


def _simple(node: ast.Operand, kind: FieldType, version: Version, *, part: bool) -> Constant:
    if isinstance(node, ast.Unary):
        if version is Version.V3_4 and isinstance(node.operand, ast.Number):
            from dfilter.check.convert.old import signed_word

            signed = signed_word(node, node.operand, kind)
            if signed is not None:
                return signed
        return _negate(node, fold(node.operand, kind, version), kind, version)
    if isinstance(node, ast.Word | ast.Number | ast.Literal | ast.String | ast.Character):
        return convert(node, kind, version, part=part)
    raise AssertionError(f"not a constant: {type(node).__name__}")


def _right_operand(binary: ast.Binary, kind: FieldType, version: Version) -> Constant:
    """The right operand has the type of the whole, but a time is multiplied and divided by a plain number."""
    if kind in TIMES and binary.op in (ast.BinaryOp.MUL, ast.BinaryOp.DIV):
        return plain_number(binary.right, version)
    return fold(binary.right, kind, version)


def plain_number(node: ast.Operand, version: Version) -> Constant:
    """An integer or floating point literal by its own kind, as the right side of time arithmetic."""
    try:
        return fold(node, FieldType.INT64, version)
    except ConversionError:
        return fold(node, FieldType.DOUBLE, version)


def _negate(node: ast.Unary, value: Constant, kind: FieldType, version: Version) -> Constant:
    if not can_negate(kind, version):
        raise ConversionError(BAD_ARITHMETIC, f"FT_{kind.value} cannot be negated")
    number = value.value
    if isinstance(number, bytes):
        number = int.from_bytes(number, "big")
        return Constant(node.span, kind, ((-number) % 2**64).to_bytes(8, "big"))
    assert isinstance(number, int | float)
    if kind in INTEGERS and number > INT64_MAX:
        raise ConversionError(BAD_ARITHMETIC, f"{number} overflows int64")
    return Constant(node.span, kind, -number)


def _compute(
    binary: ast.Binary, left: Constant, right: Constant, kind: FieldType, version: Version
) -> Constant:
    op = ArithmeticOp(binary.op.value)
    if not can_calculate(op, kind, version):
        raise ConversionError(BAD_ARITHMETIC, f"FT_{kind.value} {OPERATION_REFUSED[op]}")
    a, b = left.value, right.value
    if isinstance(a, bytes) and isinstance(b, bytes):
        return Constant(binary.span, kind, _combine_bytes(op, a, b))
    assert isinstance(a, int | float)
    assert isinstance(b, int | float)
    if kind in FLOATS:
        return Constant(binary.span, kind, _combine_floats(op, float(a), float(b)))
    if kind in TIMES:
        return Constant(binary.span, kind, _combine_times(op, int(a), b))
    wrapping = kind not in SIGNED and a >= 0
    return Constant(binary.span, kind, _combine_integers(op, int(a), int(b) % 2**64 if wrapping else int(b)))


def _combine_bytes(op: ArithmeticOp, a: bytes, b: bytes) -> bytes:
    if op is ArithmeticOp.BITAND:
        return bytes(x & y for x, y in zip(a, b, strict=False))
    number, other = int.from_bytes(a, "big"), int.from_bytes(b, "big")
    total = number + other if op is ArithmeticOp.ADD else number - other
    return (total % 2**64).to_bytes(8, "big")


def _combine_floats(op: ArithmeticOp, a: float, b: float) -> float:
    if op is ArithmeticOp.DIV:
        if b == 0:
            raise ConversionError(BAD_ARITHMETIC, "Division by zero")
        return a / b
    if op is ArithmeticOp.MUL:
        return a * b
    return a + b if op is ArithmeticOp.ADD else a - b


def _combine_times(op: ArithmeticOp, a: int, b: int | float) -> int:
    if op is ArithmeticOp.ADD:
        return a + int(b)
    if op is ArithmeticOp.SUB:
        return a - int(b)
    if op is ArithmeticOp.DIV and b == 0:
        raise ConversionError(BAD_ARITHMETIC, "Division by zero")
    if isinstance(b, float):
        result = a * b if op is ArithmeticOp.MUL else a / b
        if not math.isfinite(result):
            raise ConversionError(BAD_ARITHMETIC, "the time offset overflows")
        return int(result)
    return a * b if op is ArithmeticOp.MUL else _truncated_quotient(a, b)


def _combine_integers(op: ArithmeticOp, a: int, b: int) -> int:
    """64-bit arithmetic.  The left operand decides: right of an unsigned one, -2 counts as 2**64 - 2."""
    if op in (ArithmeticOp.DIV, ArithmeticOp.MOD) and b == 0:
        raise NoValueError(BAD_ARITHMETIC, "Division by zero")
    result = _integer_result(op, a, b)
    if not -INT64_MAX - 1 <= result <= UINT64_MAX:
        raise NoValueError(BAD_ARITHMETIC, f"{a} {op.value} {b} overflows 64 bits")
    return result


def _integer_result(op: ArithmeticOp, a: int, b: int) -> int:
    if op is ArithmeticOp.ADD:
        return a + b
    if op is ArithmeticOp.SUB:
        return a - b
    if op is ArithmeticOp.MUL:
        return a * b
    if op is ArithmeticOp.BITAND:
        return a & b
    quotient = _truncated_quotient(a, b)
    return quotient if op is ArithmeticOp.DIV else a - quotient * b


def _truncated_quotient(a: int, b: int) -> int:
    """Division toward zero."""
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient
