"""Sets of numbers and of addresses, tested for whole columns at once.

In: a function that reads a column, and the values or spans wanted.  Out: a function of columns that says which frames'
values are among them.  What always holds: the cost for a frame does not grow with the set, but for the few frames
that a first look at a small table cannot decide.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[Any]

_TABLE_BITS = 18
"""A quarter of a megabyte: it stays in the processor's cache."""

HASH_FACTOR = 0x9E3779B97F4A7C15
HASH_SHIFT = 64 - _TABLE_BITS
"""How 64-bit numbers are hashed: the product with the factor, modulo 2**64, shifted down."""

_SPREAD64 = np.uint64(HASH_FACTOR)
_SPREAD32 = np.uint32(0x9E3779B1)
_NOWHERE, _EVERYWHERE, _SOMEWHERE = 0, 1, 2


def _hashed(values: Numbers) -> Numbers:
    """Multiplicative hashing: the highest bits of the product."""
    if values.dtype.itemsize <= 4:
        narrow: Numbers = (values.astype(np.uint32, copy=False) * _SPREAD32) >> np.uint32(32 - _TABLE_BITS)
        return narrow
    wide: Numbers = (values.astype(np.uint64, copy=False) * _SPREAD64) >> np.uint64(64 - _TABLE_BITS)
    return wide


def _likely(wanted: Numbers) -> Mask:
    table = np.zeros(1 << _TABLE_BITS, np.bool_)
    table[_hashed(wanted)] = True
    return table


def number_member(numbers: Sequence[int], size: int) -> Callable[[Numbers], Mask]:
    """Membership in `numbers`, of columns that `size` bytes hold."""
    numbers = [number for number in numbers if number < 1 << 8 * size]
    if size <= 2:
        small = np.zeros(1 << 16, np.bool_)
        small[numbers] = True
        return lambda values: small[values]
    wanted = np.array(sorted(numbers), np.uint32 if size <= 4 else np.uint64)
    if not len(wanted):
        return lambda values: np.zeros(len(values), np.bool_)
    likely = _likely(wanted)

    def term(values: Numbers) -> Mask:
        values = values.astype(wanted.dtype, copy=False)
        result: Mask = likely[_hashed(values)]
        rows = np.flatnonzero(result)
        if len(rows):
            chosen = values[rows]
            at = np.minimum(np.searchsorted(wanted, chosen), len(wanted) - 1)
            result[rows] = wanted[at] == chosen
        return result

    return term


def likely_values(numbers: Sequence[int]) -> tuple[Mask, Numbers]:
    """(which hashes of 64-bit numbers to look further at, the numbers in order), for a search one by one."""
    wanted = np.array(sorted(numbers), np.uint64)
    return _likely(wanted), wanted


def span_table(edges: Sequence[int], bits: int) -> tuple[Numbers, Numbers, int]:
    """(what is known of each block of `bits`-wide numbers, the edges, the shift from a number to its block).

    `edges` are where spans begin and end, by turns, in order; a block is outside of them (0), inside (1) or both (2).
    """
    shift = max(bits - _TABLE_BITS, 0)
    sorted_edges = np.array(edges, np.uint64)
    blocks = np.arange(1 << (bits - shift), dtype=np.uint64) << np.uint64(shift)
    first = np.searchsorted(sorted_edges, blocks, "right")
    last = np.searchsorted(sorted_edges, blocks + np.uint64((1 << shift) - 1), "right")
    return np.where(first == last, first & 1, _SOMEWHERE).astype(np.uint8), sorted_edges, shift


def number_spans(edges: Sequence[int], bits: int) -> Callable[[Numbers], Mask]:
    """Membership in spans of `bits`-wide numbers: `edges` are where they begin and end, by turns, in order."""
    table, sorted_edges, shift = span_table(edges, bits)

    def term(values: Numbers) -> Mask:
        kinds = table[values >> values.dtype.type(shift)]
        result: Mask = kinds == _EVERYWHERE
        rows = np.flatnonzero(kinds == _SOMEWHERE)
        if len(rows):
            result[rows] = np.searchsorted(sorted_edges, values[rows].astype(np.uint64), "right") & 1 == 1
        return result

    return term


def likely_pairs(values: Sequence[bytes]) -> tuple[Mask, Numbers, Numbers, Numbers]:
    """(which hashes to look further at, both halves mixed, upper, lower halves), in the order of the mixed ones."""
    halves = np.array([divmod(int.from_bytes(value, "big"), 1 << 64) for value in values], np.uint64).reshape(-1, 2)
    mixed = _mixed(halves[:, 0], halves[:, 1])
    order = np.argsort(mixed)
    mixed = mixed[order]
    return _likely(mixed), mixed, halves[order, 0], halves[order, 1]


def pair_member(values: Sequence[bytes]) -> Callable[[Numbers, Numbers], Mask]:
    """Membership of 16-byte values, given as two columns of halves."""
    likely, mixed, highs, lows = likely_pairs(values)
    alike = int(np.max(np.unique(mixed, return_counts=True)[1]))

    def term(high: Numbers, low: Numbers) -> Mask:
        found = _mixed(high, low)
        result: Mask = likely[_hashed(found)]
        rows = np.flatnonzero(result)
        if len(rows):
            at = np.searchsorted(mixed, found[rows])
            high, low = high[rows], low[rows]
            same = np.zeros(len(rows), np.bool_)
            for _ in range(alike):  # one, unless somebody sought values that mix alike
                at = np.minimum(at, len(mixed) - 1)
                same |= (highs[at] == high) & (lows[at] == low)
                at = at + 1
            result[rows] = same
        return result

    return term


def _mixed(high: Numbers, low: Numbers) -> Numbers:
    result: Numbers = high ^ (low * _SPREAD64)
    return result
