"""Textual expansion, and the way back from the expanded text to the typed one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfilter.fields.versions import Version
from dfilter.language.macros import expand
from dfilter.language.parser import parse
from dfilter.language.problems import ProblemError
from dfilter.language.source import Span

MACROS = {
    "noarg": "tcp.port == 80",
    "onearg": "ip.addr == $1",
    "twoarg": "ip.src == $1 && ip.dst == $2",
    "nested": "$onearg(10.0.0.1)",
    "old": "${onearg:10.0.0.1}",
    "rec": "$rec()",
    "bomb": "$bomb2()$bomb2()",
    "rep": "$1 == $1",
    "skip": "$1 == $3",
    "bad": "(((",
}


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$noarg() or ip", "tcp.port == 80 or ip"),
        ("$twoarg( 10.0.0.1 ; a )", "ip.src == 10.0.0.1 && ip.dst == a"),
        ("${onearg:a}", "ip.addr == a"),
        ("${twoarg;a,b}", "ip.src == a && ip.dst == b"),
        ("${noarg:}", "tcp.port == 80"),
        ("$nested()", "ip.addr == 10.0.0.1"),
        ("$onearg((a))", "ip.addr == (a)"),
        ('x == "${noarg}$"', 'x == "tcp.port == 80$"'),
        ("${ip.src} == $ip.dst", "${ip.src} == $ip.dst"),
        ("$skip(1,2,3)", "1 == 3"),
    ],
)
def test_expansion(text: str, expanded: str) -> None:
    assert expand(text, MACROS).text == expanded


@pytest.mark.parametrize(
    "text",
    ["$nosuch()", "${nosuch}", "${ip}", "$noarg( )", "$noarg(1)", "$onearg()", "${onearg}", "$twoarg(a,)",
     "$rec()", '$onearg("a,b")', "${", "${a", "${a:b", "$a(", "${ noarg }", "${a.b:1}",
     "${ip.src", "${noarg,1}", "$skip(1,2)"],
)  # fmt: skip
def test_refusals(text: str) -> None:
    with pytest.raises(ProblemError):
        expand(text, MACROS)
    assert parse(text, macros=MACROS).problems


def test_before_4_4_only_braces_call() -> None:
    assert expand("$noarg()", MACROS, Version.V4_0).text == "$noarg()"
    assert expand("${old}", MACROS, Version.V4_0).text == "ip.addr == 10.0.0.1"


def test_growth_is_bounded() -> None:
    bomb = {f"m{i}": f"$m{i + 1}()" * 10 for i in range(12)} | {"m12": "x" * 10}
    with pytest.raises(ProblemError) as caught:
        expand("$m0()", bomb)
    assert "expand to more than" in caught.value.problem.message


def test_problems_are_placed_in_the_typed_text() -> None:
    result = parse("tcp and $bad() or ip ip", macros=MACROS)
    assert result.problems[0].span.start >= 8
    assert parse("$noarg() ip", macros=MACROS).problems[0].span == Span(9, 11)


def test_nodes_are_placed_in_the_typed_text() -> None:
    tree = parse("tcp and $noarg() and ip", macros=MACROS).tree
    assert tree is not None
    assert [(item.span.start, item.span.end) for item in tree.items] == [(0, 3), (8, 16), (21, 23)]  # type: ignore[attr-defined]


@given(
    st.text('$a{}():;,. "1'),
    st.dictionaries(st.sampled_from(["a", "aa", "1"]), st.text("$a(){}:1 "), max_size=3),
)
def test_no_text_raises(text: str, macros: dict[str, str]) -> None:
    parse(text, macros=macros)
