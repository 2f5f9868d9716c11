"""Python as machine code: the same numbers, and a word where there is no machine code for something."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfilter import native
from dfilter.lowering import Lowerable, NotLowerableError, compile_lowered, lower
from dfilter.packets.plain import Bytes, Room, Words

needs_llvm = pytest.mark.skipif(not native.available(), reason="llvmlite is not installed")
numbers = st.integers(-(2**40), 2**40)

ODD_ONES = (1, 3, 5, 7)
COUNT = len(ODD_ONES)
LIMIT = 200


def collatz(start: int, most: int) -> int:
    turns = 0
    while start != 1 and turns < most:
        start = 3 * start + 1 if start & 1 == 1 else start >> 1
        turns += 1
    return turns


def mixed(left: int, right: int) -> int:
    """Every operator."""
    both = (left + right) * 3 - (left & right) ^ (left | ~right)
    is_small = left < right <= LIMIT or left == 7
    return both << 2 if not is_small and left >= -5 else -both


def place(number: int, start: int) -> int:
    """The place among the odd ones; -1 for others."""
    found, at = -1, start
    while True:
        if at == COUNT:
            break
        if ODD_ONES[at] != number:
            at += 1
            continue
        found = at
        break
    return found


def added(left: int, right: int) -> int:
    return left + right


def taken(left: int, right: int) -> int:
    return left - right


def either(kind: int, left: int, right: int) -> int:
    """What one of several functions says."""
    raise NotImplementedError


def twice(kind: int, left: int, right: int) -> int:
    return either(kind, either(kind, left, right), right)


def summed(data: Bytes, count: int, sums: Words, low: Room) -> int:
    at, total = 0, 0
    while at < count:
        total += data[at]
        sums[at], low[at] = total, total & 0xFF
        sums[at] += 1
        at += 1
    return total


def compiled(function: Lowerable, *chosen: Lowerable) -> Lowerable:
    found = compile_lowered(function, {either: chosen})
    assert found is not None
    return found


@needs_llvm
def test_numbers_are_those_of_python() -> None:
    there = {function: compiled(function) for function in (collatz, mixed, place)}

    @given(numbers, numbers)
    def check(left: int, right: int) -> None:
        assert there[collatz](abs(left) % 10_000 + 1, 300) == collatz(abs(left) % 10_000 + 1, 300)
        assert there[mixed](left, right) == mixed(left, right)
        assert there[mixed](left % 9, right % 300) == mixed(left % 9, right % 300)
        assert there[place](left % 9, right % COUNT) == place(left % 9, right % COUNT)

    check()


@needs_llvm
def test_bytes_and_words_are_read_and_set() -> None:
    function = compiled(summed)

    @given(st.binary(max_size=50))
    def check(data: bytes) -> None:
        here, there = (array("q", bytes(8 * len(data) + 8)) for _ in range(2))
        low_here, low_there = (array("B", bytes(len(data) + 1)) for _ in range(2))
        held = array("B", data + b"\0")
        found = function(held.buffer_info()[0], len(data), there.buffer_info()[0], low_there.buffer_info()[0])
        assert found == summed(data, len(data), here, low_here)
        assert (here, low_here) == (there, low_there)

    check()


@needs_llvm
def test_one_of_several_functions_is_called_by_number() -> None:
    function = compiled(twice, added, taken)
    assert [function(kind, 50, 8) for kind in (0, 1)] == [66, 34]


def test_without_llvm_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dfilter.lowering.available", lambda: False)
    assert compile_lowered(collatz) is None


def divides(left: int) -> int:
    return left // 2


def loops(left: int) -> int:
    for each in range(left):
        left += each
    return left


def names(left: int) -> int:
    return len(str(left))


def looks(left: Sequence[int]) -> int:
    return left[0]


def unset(left: int) -> int:
    return nowhere + left  # type: ignore[name-defined,no-any-return]  # noqa: F821


@pytest.mark.parametrize(
    ("function", "what"),
    [(divides, "this expression"), (loops, "this statement"), (names, "calling len"),
     (looks, "a parameter of this kind"), (unset, "this expression")],
)  # fmt: skip
def test_what_has_no_machine_code_is_said(function: Lowerable, what: str) -> None:
    with pytest.raises(NotLowerableError, match=rf"tests.test_lowering.{function.__name__}, line \d: .*{what}"):
        lower(function)
