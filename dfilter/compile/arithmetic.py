"""Arithmetic, bitwise and, unary minus over every combination of values.

In: operands and an operator.  Out: an operand.  What always holds: an absent side makes the result
absent; a combination without a result (overflow, division by zero) is left out, and if none is left the
result is an empty list that takes part in tests (Wireshark 4.4, 4.6).  A chain `a + b - c …` is evaluated
in a loop, so its length costs no stack.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

from dfilter.check.typed import ArithmeticOp
from dfilter.compile import integers
from dfilter.compile.operand import Operand, octets, optional_read, sequence_read
from dfilter.compile.reader import Source
from dfilter.compile.times import scaling
from dfilter.fields.types import ADDRESSES, FLOATS, INTEGERS, TIMES, FieldType
from dfilter.fields.versions import Version

Pair = Callable[[Any, Any], Any]
Step = Callable[[Source, Sequence[Any]], Sequence[Any] | None]


def arithmetic_operand(
    first: Operand, steps: Sequence[tuple[ArithmeticOp, Operand, FieldType]], version: Version
) -> Operand:
    """`first`, then each (operator, right side, type of the result) applied from left to right."""
    if len(steps) == 1 and first.values is None:
        fast = _fast(first, *steps[0], version)
        if fast is not None:
            return fast
    current = first
    runs: list[Step] = []
    for op, right, kind in steps:
        runs.append(_step(current, op, right, version))
        current = _result(current, op, right, kind, version)
    return _computed(first, tuple(runs), current)


def negation_operand(operand: Operand, kind: FieldType, version: Version) -> Operand:
    """-x, of integers, floats and times."""
    pair: Pair
    if kind in INTEGERS:
        negate = integers.negated(operand, version)
        pair = lambda value, _: negate(value)  # noqa: E731
    else:
        pair = lambda value, _: -value  # noqa: E731
    low, high = (None, None)
    if operand.low is not None and operand.high is not None:
        low, high = -operand.high, -operand.low
    result = Operand(operand.read, kind, low=low, high=high, signed=True, empty_counts=True)
    return _computed(operand, (_unary_step(pair),), result)


def _computed(first: Operand, runs: tuple[Step, ...], result: Operand) -> Operand:
    read = optional_read(first)

    def compute(source: Source) -> Sequence[Any] | None:
        values = read(source)
        for run in runs:
            if values is None:
                return None
            values = run(source, values)
        return values

    return Operand(
        compute,
        result.type,
        empty_counts=True,
        low=result.low,
        high=result.high,
        signed=result.signed,
        prefix=result.prefix,
    )


def _unary_step(pair: Pair) -> Step:
    def run(source: Source, values: Sequence[Any]) -> Sequence[Any]:
        results = [pair(value, None) for value in values]
        return [result for result in results if result is not None]

    return run


def _step(left: Operand, op: ArithmeticOp, right: Operand, version: Version) -> Step:
    pair = _pair(op, left, right, version)
    if right.values is not None and len(right.values) == 1:
        fixed = right.values[0]

        def run_fixed(source: Source, values: Sequence[Any]) -> Sequence[Any]:
            results = [pair(value, fixed) for value in values]
            return [result for result in results if result is not None]

        return run_fixed
    read = optional_read(right)

    def run(source: Source, values: Sequence[Any]) -> Sequence[Any] | None:
        others = read(source)
        if others is None:
            return None
        results = [pair(value, other) for value in values for other in others]
        return [result for result in results if result is not None]

    return run


def _fast(
    left: Operand, op: ArithmeticOp, right: Operand, kind: FieldType, version: Version
) -> Operand | None:
    """`field op constant` on integers that cannot overflow: one list per frame, no call per value."""
    if left.type not in INTEGERS or right.values is None or len(right.values) != 1 or left.empty_counts:
        return None
    if integers.exact_when_safe(op, left, right, version) is None:
        return None
    read, number = sequence_read(left), right.values[0]
    reads: dict[ArithmeticOp, Callable[[Source], Sequence[int]]] = {
        ArithmeticOp.ADD: lambda source: [value + number for value in read(source)],
        ArithmeticOp.SUB: lambda source: [value - number for value in read(source)],
        ArithmeticOp.MUL: lambda source: [value * number for value in read(source)],
        ArithmeticOp.DIV: lambda source: [value // number for value in read(source)],
        ArithmeticOp.MOD: lambda source: [value % number for value in read(source)],
        ArithmeticOp.BITAND: lambda source: [value & number for value in read(source)],
    }
    low, high = integers.result_bounds(op, left, right)
    return Operand(reads[op], kind, low=low, high=high, signed=left.signed)


def _result(left: Operand, op: ArithmeticOp, right: Operand, kind: FieldType, version: Version) -> Operand:
    """What is known of the values of `left op right`; its `read` is not used."""
    low, high = integers.possible_bounds(op, left, right, version) if kind in INTEGERS else (None, None)
    prefix = None
    if kind is FieldType.IPv6 and version is not Version.V4_4:
        # 4.0 and 4.6 lose the prefix of an IPv6 bitwise and: it compares equal to everything.
        prefix = 0
    return Operand(left.read, kind, empty_counts=True, low=low, high=high, signed=left.signed, prefix=prefix)


def _pair(op: ArithmeticOp, left: Operand, right: Operand, version: Version) -> Pair:
    if left.type in INTEGERS:
        return integers.exact_when_safe(op, left, right, version) or integers.checked(op, left, version)
    if left.type in FLOATS:
        return _FLOAT[op]
    if left.type in TIMES:
        if op in (ArithmeticOp.ADD, ArithmeticOp.SUB):
            return operator.add if op is ArithmeticOp.ADD else operator.sub
        return scaling(op, version)
    if left.type in ADDRESSES or version >= Version.V4_0:
        return bitwise_and
    return lambda a, b: bitwise_and(a, b) if len(octets(a)) == len(octets(b)) else None


def bitwise_and(left: Any, right: Any) -> bytes:
    """Octet by octet; the result is as long as the shorter one."""
    left, right = octets(left), octets(right)
    size = min(len(left), len(right))
    number = int.from_bytes(left[:size], "big") & int.from_bytes(right[:size], "big")
    return number.to_bytes(size, "big")


def _float_quotient(left: float, right: float) -> float:
    if right:
        return left / right
    if left == 0 or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def _float_remainder(left: float, right: float) -> float:
    return math.fmod(left, right) if right and math.isfinite(left) else math.nan


_FLOAT: dict[ArithmeticOp, Pair] = {
    ArithmeticOp.ADD: operator.add,
    ArithmeticOp.SUB: operator.sub,
    ArithmeticOp.MUL: operator.mul,
    ArithmeticOp.DIV: _float_quotient,
    ArithmeticOp.MOD: _float_remainder,
    ArithmeticOp.BITAND: lambda left, right: None,
}
