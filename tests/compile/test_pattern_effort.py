"""Where Wireshark gives up a search that explodes, dfilter says no match as well, and takes no time for it."""

from __future__ import annotations

import time

import pytest

from dfilter.compile.pattern_effort import MOST_STATES, effort_test, explodes
from dfilter.compile.pattern_parser import parse_pattern
from dfilter.compile.patterns import compile_pattern

LONGEST = [
    (rb"^(a+)+$|b$", 21), (rb"^(?:a+)+$|b$", 22), (rb"(a+)+$|b$", 21), (rb"^(a*)*$|b$", 21), (rb"^(a|aa)+$|b$", 29),
    (rb"^(a|a)+$|b$", 20), (rb"^(a+)(a+)+$|b$", 21), (rb"^(.*)*x|b$", 20), (rb"^((a+)+)+$|b$", 13),
    (rb"^(a+)*$|b$", 21), (rb"^(a{1,3})+$|b$", 24), (rb"^(a|b|ab)*c|b$", 60),
]  # fmt: skip
"""A pattern, and the most a's before a b in which Wireshark 4.6 finds it (of 1 to 60)."""


@pytest.mark.parametrize(("pattern", "longest"), LONGEST)
def test_the_longest_value_in_which_it_is_found(pattern: bytes, longest: int) -> None:
    search = compile_pattern(pattern)
    assert [count for count in range(1, 61) if search(b"a" * count + b"b")] == list(range(1, longest + 1))


@pytest.mark.parametrize("pattern", [rb"a+b", rb"(GET|POST) /", rb"^[^:]+:\d{1,5}$", rb"(\d{1,3}\.){3}\d", rb"a*b*c*"])
def test_what_cannot_explode_is_not_counted(pattern: bytes) -> None:
    assert not explodes(parse_pattern(pattern))


@pytest.mark.parametrize("pattern", [rb"(a|b(?=c))+", rb"(a+\b)+", rb"(a{1,999})+"])
def test_what_is_not_understood_is_not_counted(pattern: bytes) -> None:
    assert explodes(parse_pattern(pattern))
    assert effort_test(parse_pattern(pattern)) is None


def test_found_early_is_found() -> None:
    search = compile_pattern(rb"b|(a+)+$")
    assert search(b"ab")
    assert search(b"b" + b"a" * 5_000)


def test_a_long_value_takes_bounded_time() -> None:
    search = compile_pattern(rb"^(\w+\s?)+$|!$")
    begin = time.perf_counter()
    assert search(b"a " * MOST_STATES + b"!") in (True, False)
    assert time.perf_counter() - begin < 5
