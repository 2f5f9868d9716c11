"""Arithmetic and comparison of times, in nanoseconds.

In: values as `int` nanoseconds, numbers as `int` or `float`.  Out: results, None for no value.

What always holds: 4.6 computes exactly and truncates to nanoseconds toward zero.  4.4 multiplies and divides
seconds and nanoseconds apart and loses what would carry from one to the other.  4.0 and 4.4 compare seconds
through a signed 32-bit difference.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from dfilter.check.typed import ArithmeticOp
from dfilter.fields.versions import Version

SECOND = 1_000_000_000
_LIMIT = (1 << 63) * SECOND

Scale = Callable[[int, float], int | None]


def scaling(op: ArithmeticOp, version: Version) -> Scale:
    """time * number or time / number."""
    apply = _multiply if op is ArithmeticOp.MUL else _divide
    if version >= Version.V4_6:
        return apply

    def apart(time: int, number: float) -> int | None:
        seconds = int(time / SECOND) if abs(time) < SECOND << 20 else time // SECOND
        whole = apply(seconds, number)
        rest = apply(time - seconds * SECOND, number)
        return None if whole is None or rest is None else whole * SECOND + rest

    return apart


def _multiply(time: int, number: float) -> int | None:
    if isinstance(number, int):
        return _in_range(time * number)
    return _truncated(time, number, divide=False)


def _divide(time: int, number: float) -> int | None:
    if number == 0:
        return None
    if isinstance(number, int):
        quotient = abs(time) // abs(number)
        return quotient if (time < 0) == (number < 0) else -quotient
    return _truncated(time, number, divide=True)


def _truncated(time: int, number: float, divide: bool) -> int | None:
    if not math.isfinite(number):
        return None
    top, bottom = number.as_integer_ratio()
    if divide:
        top, bottom = (bottom, top) if top > 0 else (-bottom, -top)
    scaled = abs(time) * abs(top) // bottom
    return _in_range(scaled if (time < 0) == (top < 0) else -scaled)


def _in_range(time: int) -> int | None:
    return time if -_LIMIT <= time < _LIMIT else None


def order_32_bit(left: int, right: int) -> int:
    """Negative, zero or positive as 4.0 and 4.4 order two times: 2106-02-07 is before 2020 there."""
    seconds = (left // SECOND - right // SECOND + (1 << 31)) % (1 << 32) - (1 << 31)
    return seconds or left % SECOND - right % SECOND
