"""Regular expressions: Wireshark's answers, its refusals, and hostile patterns."""

from __future__ import annotations

import importlib
import time
from pathlib import Path

import pytest

from dfilter.compile.pattern_parser import parse_pattern
from dfilter.compile.pattern_syntax import PatternError
from dfilter.compile.patterns import compile_pattern

patterns = importlib.import_module("dfilter.compile.patterns")

HERE = Path(__file__).parent
VALUES = [
    b"abc", b"ABC", b"aaab", b"line1\nline2\n", b"x\r\ny", b"caf\xc3\xa9", b"\xe9t\xe9", b"a.b+c",
    b"foo bar foo",
    b"(a(b)c)", b"12-34", b"\0\x01a\n", b"_w w_", b"\n", b"abab", b"Kk",
]  # fmt: skip


def table(name: str) -> list[str]:
    return [line for line in (HERE / name).read_text().splitlines() if not line.startswith("# ")]


ANSWERS = [tuple(line.split("\t")) for line in table("patterns.tsv")]


@pytest.mark.parametrize("engine", ["re2", "regex"])
@pytest.mark.parametrize(("pattern", "numbers"), ANSWERS)
def test_a_pattern_is_found_where_wireshark_finds_it(pattern, numbers, engine, monkeypatch):
    if engine == "regex":
        monkeypatch.setattr(patterns, "re2", None)
    search = compile_pattern(pattern.encode())
    found = [number for number, value in enumerate(VALUES, 1) if search(value)]
    assert found == [int(number) for number in numbers.split()]


@pytest.mark.parametrize("pattern", table("patterns_refused.txt"))
def test_a_pattern_that_wireshark_refuses_is_an_error(pattern):
    with pytest.raises(PatternError) as problem:
        compile_pattern(pattern.encode())
    assert 0 <= problem.value.offset <= len(pattern.encode())


@pytest.mark.parametrize(
    ("pattern", "offset"),
    [("(a", 2), ("a)", 1), ("*a", 0), ("[a", 2), ("a\\", 2), ("(?z)a", 0), ("ab[z-a]", 4), ("\\y", 1)],
)
def test_the_offset_points_at_the_problem(pattern, offset):
    with pytest.raises(PatternError) as problem:
        parse_pattern(pattern.encode())
    assert problem.value.offset == offset


@pytest.mark.parametrize("pattern", ["(*ACCEPT)", "(*COMMIT)a", "a(*THEN)b", "(?(R)a|b)"])
def test_what_has_no_equivalent_is_refused_and_not_misread(pattern):
    with pytest.raises(PatternError, match="is not run"):
        compile_pattern(pattern.encode())


@pytest.mark.parametrize(("pattern", "found"), [
    (rb"(*UCP)^\wcaf", True), (rb"^\wcaf", False), (rb"(*UCP)\xc9caf", True), (rb"\xc9caf", False),
    (rb"(*UCP)[[:upper:]]caf", False), (rb"(*UCP)caf\w\W$", True), (rb"(*UCP)\bcaf", False), (rb"\bcaf", True),
    (rb"(*UCP)[[:punct:]]$", False), (rb"(*UCP)[^\xc9]caf", False), (rb"(*UCP)^[[:<:]].caf", True),
    (rb"(*UCP)[\xe0-\xe3]\xa9", True), (rb"(*UCP)(*LF)^\Wcaf", False),
])  # fmt: skip
def test_unicode_properties_of_bytes(pattern, found):
    """As Wireshark 4.6 finds them in these bytes."""
    assert compile_pattern(pattern)(b"\xe9caf\xc3\xa9") is found


def test_deep_groups_are_an_error_and_no_recursion_error():
    with pytest.raises(PatternError, match="too deeply nested"):
        compile_pattern(b"(" * 5000)
    assert compile_pattern(b"(" * 50 + b"a" + b")" * 50)(b"A")


def test_every_byte_is_matched_by_its_own_escape():
    for code in range(256):
        search = compile_pattern(b"(?-i)^\\x%02x$" % code)
        assert [other for other in range(256) if search(bytes([other, 10]))] == [code]


@pytest.mark.parametrize(
    "pattern", [b"^(a+)+$", b"(a|aa)+$", b"(a*)*b", b"(?=(a+)+b)", b"^(a+)+\\1$b", b"(?>x)?(a|a)+$"]
)
@pytest.mark.parametrize("engine", ["re2", "regex"])
def test_a_hostile_pattern_ends_soon(pattern, engine, monkeypatch):
    if engine == "regex":
        monkeypatch.setattr(patterns, "re2", None)
    search = compile_pattern(pattern)
    began = time.monotonic()
    search(b"a" * 5000 + b"c")
    assert time.monotonic() - began < 2


def test_cut_off_searches_share_a_budget(monkeypatch):
    monkeypatch.setattr(patterns, "TIME_BUDGET", 0.2)
    search = compile_pattern(b"^(a|aa|\\1b)+$")
    began = time.monotonic()
    assert not any(search(b"a" * 60 + b"c") for _ in range(200))
    assert time.monotonic() - began < 3
