"""Arithmetic on TCP sequence numbers, which wrap at 2**32 (RFC 9293 section 3.4)."""

from __future__ import annotations

SEQ_MASK = 0xFFFFFFFF


def seq_diff(a: int, b: int) -> int:
    """a - b on the circle of 32-bit sequence numbers, in [-2**31, 2**31)."""
    return ((a - b + 0x80000000) & SEQ_MASK) - 0x80000000
