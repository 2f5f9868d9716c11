"""Integer arithmetic on single values, as Wireshark 4.x computes it in fixed width.

In: an operator and what is known of both sides.  Out: a function (left, right) -> result, None for no value.

What always holds (observed with 4.4 and 4.6): the left value decides.  A signed left value (of a signed
type, or a negative intermediate result) computes in signed 64 bits.  An unsigned one computes in unsigned
64 bits and reads a negative right value as its two's complement; only a subtraction may leave that range,
downwards, into the signed one.  A result out of range, or a division by zero, is no value.  4.0 uses 32
bits for types of up to 32 bits.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import assert_never

from dfilter.check.typed import ArithmeticOp
from dfilter.compile.operand import Operand
from dfilter.fields.types import WIDTH_BITS
from dfilter.fields.versions import Version

Binary = Callable[[int, int], int | None]
Unary = Callable[[int], int | None]
Bounds = tuple[int | None, int | None]


def truncated_quotient(left: int, right: int) -> int:
    """left / right, rounded toward zero."""
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def remainder(left: int, right: int) -> int:
    """The remainder of that division: it has the sign of `left`."""
    rest = abs(left) % abs(right)
    return -rest if left < 0 else rest


_EXACT: dict[ArithmeticOp, Callable[[int, int], int]] = {
    ArithmeticOp.ADD: operator.add,
    ArithmeticOp.SUB: operator.sub,
    ArithmeticOp.MUL: operator.mul,
    ArithmeticOp.DIV: truncated_quotient,
    ArithmeticOp.MOD: remainder,
    ArithmeticOp.BITAND: operator.and_,
}


def computing_bits(left: Operand, version: Version) -> int:
    """The width in which 4.x computes: 64 bits, in 4.0 32 for the narrow types."""
    narrow = version < Version.V4_4 and WIDTH_BITS.get(left.type, 64) <= 32
    return 32 if narrow else 64


def exact_when_safe(op: ArithmeticOp, left: Operand, right: Operand, version: Version) -> Binary | None:
    """Python's own operator, where no pair of values within the bounds can overflow, divide by zero or
    be reinterpreted; None otherwise."""
    bits = computing_bits(left, version)
    low, high = result_bounds(op, left, right)
    if low is None or high is None or low < -(1 << (bits - 1)) or high >= 1 << (bits - 1):
        return None
    if right.low is None or right.low < 0:
        return None
    if op in (ArithmeticOp.DIV, ArithmeticOp.MOD):
        if right.low == 0 or left.low is None or left.low < 0:
            return None
        return operator.floordiv if op is ArithmeticOp.DIV else operator.mod
    return _EXACT[op]


def checked(op: ArithmeticOp, left: Operand, version: Version) -> Binary:
    """The operator with every check."""
    bits = computing_bits(left, version)
    modulus, half = 1 << bits, 1 << (bits - 1)
    exact = _EXACT[op]
    divides = op in (ArithmeticOp.DIV, ArithmeticOp.MOD)
    subtracts = op is ArithmeticOp.SUB
    always_signed = left.signed

    def compute(a: int, b: int) -> int | None:
        signed = always_signed or a < 0
        if signed and b >= half:
            b -= modulus
        elif not signed and b < 0:
            b += modulus
        if divides and b == 0:
            return None
        result = exact(a, b)
        if signed:
            return result if -half <= result < half else None
        if result < 0:
            return result if subtracts and result >= -half else None
        return result if result < modulus else None

    return compute


def negated(operand: Operand, version: Version) -> Unary:
    """-x; no value where it does not fit the signed range."""
    half = 1 << (computing_bits(operand, version) - 1)

    def negate(value: int) -> int | None:
        return -value if -half < value <= half else None

    return negate


def magnitude(operand: Operand, version: Version) -> Unary:
    """abs(x)."""
    half = 1 << (computing_bits(operand, version) - 1)
    return lambda value: abs(value) if value > -half else None


def possible_bounds(op: ArithmeticOp, left: Operand, right: Operand, version: Version) -> Bounds:
    """As `result_bounds`, where results that overflow are left out and negative ones may be reinterpreted."""
    if exact_when_safe(op, left, right, version) is not None:
        return result_bounds(op, left, right)
    unsigned = not left.signed and not left.may_be_negative and op is not ArithmeticOp.SUB
    return (0 if unsigned else -(1 << 63)), (1 << 64) - 1


def result_bounds(op: ArithmeticOp, left: Operand, right: Operand) -> Bounds:
    """Bounds of every result of `op`, (None, None) where they are not known."""
    if left.low is None or left.high is None or right.low is None or right.high is None:
        return None, None
    match op:
        case ArithmeticOp.ADD:
            return left.low + right.low, left.high + right.high
        case ArithmeticOp.SUB:
            return left.low - right.high, left.high - right.low
        case ArithmeticOp.MUL:
            corners = [a * b for a in (left.low, left.high) for b in (right.low, right.high)]
            return min(corners), max(corners)
        case ArithmeticOp.DIV:
            largest = max(abs(left.low), abs(left.high))
            return (0 if left.low >= 0 and right.low >= 0 else -largest), largest
        case ArithmeticOp.MOD:
            largest = max(abs(left.low), abs(left.high))
            return (0 if left.low >= 0 else -largest), largest
        case ArithmeticOp.BITAND:
            if left.low >= 0 and right.low >= 0:
                return 0, min(left.high, right.high)
            return None, None
    assert_never(op)
