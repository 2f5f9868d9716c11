"""What holds for every text: an answer, fixes that work, bounded effort, a light import."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dfilter.check.check import analyse, check_text
from dfilter.check.diagnostics import Safety
from dfilter.fields.versions import Version

FRAGMENTS = ["tcp", "ip.ttl", "ip.src", "http.host", "tcp.flags.syn", "frame.time", "ip.proto", "nosuch.x", "==",
             "!=", "<", "in", "{", "}", "(", ")", "[0:2]", "#1", "@", "$", "and", "or", "not", "xor", "+", "-", "&",
             "*", "/ ", "1", "0x50", "1.5", '"a"', "'a'", "10.0.0.0/8", "00:11", "TCP", "len(", "max(", ",", "..",
             "contains", "matches", "any", "all", "bootp", "::1", ":ff"]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=12).map(" ".join))
def test_any_text_gets_an_answer(text: str) -> None:
    for version in (Version.V4_4, Version.V4_6):
        analysis = analyse(text, version)
        assert (analysis.typed is None) == (analysis.verdict.colour == "red")
        for item in analysis.verdict.diagnostics:
            assert 0 <= item.span.start <= item.span.end <= len(text) + 1
        assert bool(analysis.verdict.render()) == bool(analysis.verdict.diagnostics)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_random_text_gets_an_answer(text: str) -> None:
    check_text(text).render()


@pytest.mark.parametrize(
    ("text", "fixed"),
    [
        ("arp && ip || tcp", "(arp && ip) || tcp"),
        ("tcp or arp and ip or udp and dns", "tcp or (arp and ip) or (udp and dns)"),
        ("bootp.type == 1", "dhcp.type == 1"),
        (".ssl", ".tls"),
        ("http.host == example", 'http.host == "example"'),
    ],
)
def test_safe_fixes_keep_the_filter_and_silence_the_diagnostic(text: str, fixed: str) -> None:
    (item,) = check_text(text).diagnostics
    (fix,) = item.fixes
    assert fix.safety is Safety.SAFE
    after = text[: fix.span.start] + fix.replacement + text[fix.span.end :]
    assert after == fixed
    assert check_text(after).diagnostics == ()


def test_a_misspelt_name_is_suggested() -> None:
    (item,) = check_text("tcp.prot == 80").diagnostics
    assert item.fixes[0].replacement == "tcp.port"


def test_every_failure_is_reported_once() -> None:
    codes = [item.code for item in check_text("tcp.port == 70000 and ip.src == 1.2.3 and nosuch == 1").diagnostics]
    assert codes == ["E402", "E404", "E201"]


def test_macros_are_expanded_and_warn() -> None:
    verdict = check_text("$m(80)", macros={"m": "bootp and tcp.port == $1"})
    assert verdict.colour == "yellow"
    assert verdict.diagnostics[0].fixes == ()


@pytest.mark.parametrize(
    "text",
    [
        " or ".join(["ip.ttl == 1"] * 5000),
        " or ".join(f"nosuch{n}" for n in range(5000)),
        "ip.ttl == 1" + " + 1" * 5000,
        "ip.src in {" + ",".join(f"10.0.{n >> 8}.{n & 255}" for n in range(10_000)) + "}",
        "ip.ttl" + " < ip.ttl" * 2000,
        "(" * 10_000 + "tcp",
        "!" * 10_000 + "tcp",
        "frame" + "[0:2]" * 3000,
        "a" * 100_000 + " == 1",
        'http.host matches "' + "(a|b)*" * 20_000 + '"',
    ],
    ids=["or", "unknown", "plus", "set", "chain", "parens", "nots", "slices", "name", "pattern"],
)
def test_large_texts_get_an_answer(text: str) -> None:
    verdict = check_text(text)
    assert len(verdict.diagnostics) <= 200
    assert len(verdict.render()) < 100_000


def test_import_is_light() -> None:
    heavy = ("numpy", "dpkt", "rich", "lark", "regex", "re2", "typer")
    code = f"import sys, dfilter.check.check; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
