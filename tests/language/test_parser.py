"""Texts that are filters, texts that are not, and texts that try to hurt."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfilter.fields.versions import Version
from dfilter.language import ast
from dfilter.language.parser import parse
from dfilter.language.printer import print_filter

HERE = Path(__file__).parent
SHARED = HERE.parents[2] / "shared"
SNIPPETS = (HERE / "snippets.txt").read_text(encoding="utf-8").split()
SYNTAX_MESSAGE = re.compile(
    r"was unexpected in|Unexpected end|quote was missing|bracket was missing|is not a valid range"
    r"|^Range .*isn't valid|Expected digit|character constant|Non-printable|escape sequence"
    r"|universal character name|larger than 255|integer overflow|floating-point"
)


def table(name: str) -> list[list[str]]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


@pytest.mark.parametrize("row", table("accepted.tsv"), ids=lambda row: row[0])
def test_accepted(row: list[str]) -> None:
    result = parse(row[0])
    assert result.problems == ()
    assert result.tree is not None
    assert print_filter(result.tree) == row[-1]
    assert parse(row[-1]).tree == result.tree


@pytest.mark.parametrize("row", table("refused.tsv"), ids=lambda row: row[0])
def test_refused(row: list[str]) -> None:
    result = parse(row[0])
    assert result.tree is None
    first = result.problems[0]
    assert [first.kind.value, str(first.span.start), str(first.span.end)] == row[1:]


def test_precedence() -> None:
    """`and` before `xor` before `or`; `&` after `+`; not before comparison only in brackets."""
    tree = parse("a or b xor not c and d == 1 & 2 + 3 * -4").tree
    assert isinstance(tree, ast.Or)
    xor = tree.items[1]
    assert isinstance(xor, ast.Xor)
    conjunction = xor.items[1]
    assert isinstance(conjunction, ast.And)
    assert isinstance(conjunction.items[0], ast.Not)
    compare = conjunction.items[1]
    assert isinstance(compare, ast.Compare)
    mask = compare.operands[1]
    assert isinstance(mask, ast.Binary)
    assert mask.op is ast.BinaryOp.BITAND
    assert isinstance(mask.right, ast.Binary)
    assert mask.right.op is ast.BinaryOp.ADD


def test_spans_are_those_of_the_text() -> None:
    tree = parse("  tcp.port  ==  80 and x[0:2] == 1").tree
    assert isinstance(tree, ast.And)
    compare = tree.items[0]
    assert isinstance(compare, ast.Compare)
    assert [(o.span.start, o.span.end) for o in compare.operands] == [(2, 10), (16, 18)]
    assert (compare.op_spans[0].start, compare.op_spans[0].end) == (12, 14)
    assert (tree.span.start, tree.span.end) == (2, 34)


def test_numbers_by_shape() -> None:
    kinds = {
        "80": ast.Number, "0x50": ast.Number, "0b": ast.Number, "0120": ast.Number, "1e+3": ast.Number,
        "0x1.8p1": ast.Number, "nan": ast.Number, "18446744073709551615": ast.Number,
        "18446744073709551616": ast.Literal, "08": ast.Literal, "0b2": ast.Literal, "1.2.3.4": ast.Literal,
        "300.2.3.4": ast.Word, "1a": ast.Word, "1_000": ast.Word, "00-11-22": ast.Word,
        "00-11-22-33-44-55": ast.Literal, "a.-b": ast.Literal, "a:b": ast.Literal, ".5": ast.Word,
    }  # fmt: skip
    found = {}
    for text in kinds:
        tree = parse(f"x == {text}").tree
        assert isinstance(tree, ast.Compare), text
        found[text] = type(tree.operands[1])
    assert found == kinds


def test_nan_is_a_number_from_4_6_on() -> None:
    old = parse("x == nan", Version.V4_4).tree
    assert isinstance(old, ast.Compare)
    assert isinstance(old.operands[1], ast.Word)


def test_all_problems_are_reported_once() -> None:
    result = parse('(a = 1 or b == "\\q") and c == 2 and d <> 3 or x[5-5]')
    assert [(problem.span.start, problem.span.end) for problem in result.problems] == [
        (3, 4), (16, 18), (39, 40), (48, 51),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "repaired"),
    [("a = 1", "a == 1"), ("a => 1", "a >= 1"), ("a AND b", "a and b"), ("(a", "(a)"), ("a | b", "a || b"),
     ("x == 'ab'", 'x == "ab"'), (r'x matches "\."', r'x matches "\\."'), ("a <> 1", "a != 1"),
     ("len(a) =1", "len(a) ==1")],
)  # fmt: skip
def test_fixes(text: str, repaired: str) -> None:
    fix = parse(text).problems[0].fix
    assert fix is not None
    assert text[: fix.span.start] + fix.replacement + text[fix.span.end :] == repaired
    assert parse(repaired).problems == ()


@pytest.mark.parametrize(
    "text",
    ["(" * 10_000 + "tcp" + ")" * 10_000, "!" * 10_000 + "tcp", "x" + "[0]" * 10_000,
     "f(" * 10_000, "{" * 10_000, "-" * 10_000 + "x", "@" * 10_000,
     "x == " + "9" * 500_000 + ".5e" + "9" * 500_000],
    ids=lambda text: text[:4],
)  # fmt: skip
def test_monsters_get_an_answer(text: str) -> None:
    result = parse(text)
    assert result.problems or result.forgotten


@pytest.mark.parametrize(
    "text",
    ["(" * 97 + "tcp" + ")" * 97, " or ".join(["tcp"] * 5_000),
     "x in {" + ",".join(map(str, range(5_000))) + "}",
     'x == "' + "a" * 1_000_000 + '"', " < ".join(["x"] * 5_000),
     "x == " + "9" * 1_000_000, "x" + " + 1" * 200],
    ids=lambda text: text[:4],
)  # fmt: skip
def test_giants_parse(text: str) -> None:
    tree = parse(text).tree
    assert tree is not None
    assert parse(print_filter(tree)).tree == tree


@given(
    st.one_of(st.text(), st.lists(st.sampled_from(SNIPPETS), max_size=12).map(" ".join)),
    st.sampled_from(Version),
)
def test_no_text_raises(text: str, version: Version) -> None:
    result = parse(text, version)
    assert (result.tree is None) == bool(result.problems)
    for problem in result.problems:
        assert 0 <= problem.span.start <= problem.span.end <= len(text) + 1


@given(st.lists(st.sampled_from(SNIPPETS), max_size=12).map(" ".join))
def test_round_trip_of_whatever_parses(text: str) -> None:
    tree = parse(text).tree
    if tree is not None:
        assert parse(print_filter(tree)).tree == tree


@pytest.mark.skipif(not SHARED.is_dir(), reason="the recorded experiments are not here")
@pytest.mark.parametrize("version", [Version.V4_4, Version.V4_6])
def test_recorded_verdicts(version: Version) -> None:
    """What Wireshark accepts parses, but for what it misreads; what it calls bad syntax does not."""
    wrong = []
    for name in ("semantics/cases.jsonl", "realworld.jsonl"):
        for line in (SHARED / name).read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            section = case.get("section")
            if version.text not in case["verdict"] or section in ("macros", "nesting", "warnings", "limits"):
                continue
            colour, message, *_ = case["verdict"][version.text]
            refused = bool(parse(case["filter"], version).problems)
            if refused and colour in ("ok", "warning"):
                wrong.append(case["filter"])
            if not refused and colour == "error" and SYNTAX_MESSAGE.search(message or ""):
                wrong.append(case["filter"])
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("a and b or c", "a and (b or c)"),
        ("a == b in {c}", "a == b and b in {c}"),
        ("a == b & c", "a == b and a & b"),
        ("x in {80 443 8000..9000}", "x in {80, 443, 8000 .. 9000}"),
        ("x == -1", "x == -1"),
        ("x == .5", "x == .5"),
        ("x == 'ab'", 'x == "ab"'),
    ],
)
def test_3_4_reads_differently(text: str, reading: str) -> None:
    tree = parse(text, Version.V3_4).tree
    assert tree is not None
    printed = print_filter(tree)
    assert printed == {"a and b or c": "a and b or c", "a == b & c": "a == b and b & c"}.get(text, reading)
    if text == "a and b or c":
        assert isinstance(tree, ast.And)
        assert isinstance(tree.items[1], ast.Or)


@pytest.mark.parametrize(
    ("text", "versions"),
    [
        ("a xor b", "4.4 4.6"),
        ("a ~= 1", "4.0"),
        ("x in {1 2}", "3.4"),
        ("x in {1, 2}", "4.0 4.4 4.6"),
        ("x in {1+1}", "3.4 4.4 4.6"),
        ("@x", "4.4 4.6"),
        ("x == a:b", "3.4 4.4 4.6"),
        ("x == 2001:db8::1", "3.4 4.0 4.4 4.6"),
        ("x == 10.0.0.0/8 and y == 00:11:22", "3.4 4.0 4.4 4.6"),
        ("x == --1", "3.4 4.4 4.6"),
        ("${a.b} == c", "4.0 4.4 4.6"),
        ("$a.b == c", "4.4 4.6"),
        ("tcp\rand ip", "4.4 4.6"),
        ("x[3-3]", "3.4"),
        ('x == r"a"', "4.0 4.4 4.6"),
        ("any x == 1", "4.0 4.4 4.6"),
        ("x == '\\n'", "3.4"),
    ],
)
def test_versions_differ(text: str, versions: str) -> None:
    accepting = [version.text for version in Version if not parse(text, version).problems]
    assert accepting == versions.split()


def test_expectations_are_in_users_words() -> None:
    after_field = parse("tcp.port 80").problems[0].expected
    assert "a comparison" in after_field
    assert "'in' or 'not in'" in after_field
    assert "the end of the filter" in after_field
    assert parse("tcp.port ==").problems[0].expected[0] == "a field or value"
    assert parse("x in 80").problems[0].expected == ("'{'",)


def test_repair_at_the_end_stays_inside_the_text() -> None:
    fix = parse("x =").problems[0].fix
    assert fix is not None
    assert (fix.span.start, fix.span.end) == (2, 3)
