"""Which regular expressions PCRE2 refuses, and where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfilter.check.patterns import find_error

ACCEPTED = r"""
(?=a)*
a{,3}
a{3
a{3}+
[]a]
[a-]
[\Qa]b\E]
[[:^alpha:]]
\o{101}
\x{41}
\p{Greek}
\p{^Lu}
(a)\g{-1}
(?<n>a)\k'n'
(?P<n>a)(?P=n)(?P>n)
(?R)
(?+1)(a)
(a)?(?(1)a|b)
(?(DEFINE)(?<n>a))b
(?<=a{1,3})b
(?|(a)|(b))\1
(?J)(?<n>a)(?<n>b)
(*pla:a)b
(*UCP)a
\1(a)
\10
\Q*
(?x) a # c)
a++b
(?i)(?-i)a
""".strip().splitlines()

REFUSED = r"""
0 *
1 (*
1 ^*
2 \b*
4 a{3}{4}
2 a**
1 a{2,1}
1 a{65536}
0 [
0 [^]
2 [z-a]
4 [a-\d]
1 [[:foo:]]
0 a(
1 a)
0 \
0 \i
2 \x{100}
2 \p{Foo}
0 \u0041
0 \81
3 (a)\2
0 (?1)
0 (?z)
0 (?<1n>a)
0 (?(1)a|b)
5 (?<=a+)b
8 (?<n>a)(?<n>b)
0 (*UTF)a
0 (*VERB)
0 (*foo:a)b
10 (?|(a)|(b))\2
""".strip().splitlines()


@pytest.mark.parametrize("pattern", ACCEPTED)
def test_accepted(pattern: str) -> None:
    assert find_error(pattern.encode()) is None


@pytest.mark.parametrize("line", REFUSED)
def test_refused(line: str) -> None:
    error = find_error(line.split(" ", 1)[1].encode())
    assert error is not None
    assert error.message
    assert 0 <= error.offset < len(line)


@given(st.text(alphabet="ab1(?)[]{},*+\\|^$-:<>=!#xQEgkpPN 'R&", max_size=40))
def test_any_pattern_gets_an_answer(pattern: str) -> None:
    error = find_error(pattern.encode())
    assert error is None or 0 <= error.offset <= len(pattern)


def test_nesting_is_bounded() -> None:
    error = find_error(b"(" * 10_000)
    assert error is not None
    assert "deeply nested" in error.message
