"""Carets, windows and colours of the plain rendering."""

from __future__ import annotations

import re

import pytest

from dfilter.check.check import check_text
from dfilter.check.diagnostics import Colour, Severity, diagnostic, render_diagnostic, verdict_of
from dfilter.language.source import Span


@pytest.mark.parametrize(
    ("text", "span", "shown", "carets"),
    [
        ("a and b", (6, 7), "  a and b", "        ^"),
        ("日本 and b", (7, 8), "  日本 and b", "           ^"),
        ("e\u0301 x", (3, 4), "  e\u0301 x", "    ^"),
        ("tcp and\n\tudp x", (9, 12), "   udp x", "   ^~~"),
        ("a\x00b", (2, 3), "  a\u2400b", "    ^"),
        ("tcp and", (7, 8), "  tcp and", "         ^"),
        ("\ud800 b", (2, 3), "  \ufffd b", "    ^"),
    ],
)
def test_carets_stand_under_the_place(text: str, span: tuple[int, int], shown: str, carets: str) -> None:
    lines = render_diagnostic(diagnostic("E101", "m", Span(*span)), text).split("\n")
    assert lines == ["error[E101]: m", shown, carets]


def test_a_long_line_is_cut_around_the_place() -> None:
    text = "x" * 5000 + "HERE" + "y" * 5000
    _, shown, carets = render_diagnostic(diagnostic("E101", "m", Span(5000, 5004)), text).split("\n")
    assert len(shown) < 120
    assert shown[carets.index("^") : carets.index("^") + 4] == "HERE"


@pytest.mark.parametrize(
    ("codes", "colour"),
    [((), "green"), (("H101",), "green"), (("W101", "H101"), "yellow"), (("W101", "E201"), "red")],
)
def test_colour(codes: tuple[str, ...], colour: str) -> None:
    found = tuple(diagnostic(code, "m", Span(0, 1)) for code in codes)
    assert verdict_of("x", found).colour is Colour(colour)


def test_severity_follows_the_code() -> None:
    severities = [diagnostic(code, "m", Span(0, 0)).severity for code in ("E101", "W101", "H101")]
    assert severities == [Severity.ERROR, Severity.WARNING, Severity.HINT]


def test_both_readings_are_shown() -> None:
    shown = check_text("dns && ip.addr || http.request").render()
    assert "from 4.0 on: (dns && ip.addr) || http.request" in shown
    assert "up to 3.x:   dns && (ip.addr || http.request)" in shown


def test_a_second_place_is_marked_below_the_first() -> None:
    assert check_text('http.host == "example').render().splitlines() == [
        "error[E104]: the closing quote of a quoted string is missing",
        '  http.host == "example',
        "                       ^",
        "               - the string begins here",
    ]


def test_colour_adds_escape_sequences_and_nothing_else() -> None:
    verdict = check_text('tcp.prt = 80 and frame[0:2 and "x')
    painted = verdict.render(colour=True)
    assert "\x1b[1;31merror[E" in painted
    assert re.sub(r"\x1b\[[\d;]*m", "", painted) == verdict.render()


@pytest.mark.parametrize(
    "text", ["nosuch\x1b[31m", 'ip.src == "\x1b]0;title\x07"', "tcp.port == \x7f\x9b1m", "$m\u2028(1)"]
)
def test_what_moves_the_cursor_is_never_printed(text: str) -> None:
    assert not set(check_text(text).render()) & set("\x1b\x07\x7f\x9b\u2028")
