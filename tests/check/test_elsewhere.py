"""After a syntax error, names and types elsewhere in the text are judged all the same, and nothing is said twice."""

from __future__ import annotations

import time

import pytest

import dfilter

TEXTS = r"""
tcp.prt == 80 and ip.src = 10.0.0.1 and udp.prt == 53   | E201 tcp.prt; E113 =; E201 udp.prt
tcp.prt = 80                                            | E201 tcp.prt; E113 =
tcp.port = 80                                           | E113 =
(tcp.port == 80 and ip.sr == 192.0.2.1                  | E201 ip.sr; E102
not (ip.ttl == 300 or tcp.port = 80)                    | E402 300; E113 =
tcp.prt == 80 and                                       | E201 tcp.prt; E102
http.hst == "abc and udp.prt == 1                       | E201 http.hst; E104
ip.addr == 10.8.15[.]1 and frme.len > 3                 | E116 10.8.15[.]1; E201 frme.len
tcp.port in (80, 443) && udp.prt == 3                   | E101 (; E201 udp.prt
http.host == "a and b.c" and = 3                        | E113 =
ip.src == 192.0.2.1 ip.dst == 1 and tcp.port == 80      | E101 ip.dst
www.example.com/x and tcp.port = 1                      | E302 www.example.com/x; E113 =
$nosuch(1) and tcp.prt == 80                            | E111 $nosuch(1)
"""


@pytest.mark.parametrize("line", [line for line in TEXTS.splitlines() if line])
def test_everything_wrong_is_said_once(line: str) -> None:
    text, _, wanted = (part.strip() for part in line.partition(" | "))
    found = [f"{item.code} {text[item.span.start:item.span.end]}".strip() for item in dfilter.check(text).diagnostics]
    assert found == wanted.split("; ")


def test_fixes_of_a_later_clause_fit_the_whole_text() -> None:
    repaired = dfilter.fix("tcp.port = 80 and ip.sr == 192.0.2.1 and udp.prt == 53", unsafe=True)
    assert repaired.text == "tcp.port == 80 and ip.src == 192.0.2.1 and udp.port == 53"


@pytest.mark.parametrize("text", [
    "a.b = 1 and " * 50_000, "(" * 50_000 + "a.b = 1", "tcp.prt == 1 or " * 1_000 + "=",
    '"' * 9_999, "not " * 4_000 + "a.b =",
])  # fmt: skip
def test_hostile_text_is_answered_soon(text: str) -> None:
    begin = time.perf_counter()
    assert dfilter.check(text).colour == "red"
    assert time.perf_counter() - begin < 3
