"""One spelling: idempotent, the same tree, the same frames."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dfilter
from dfilter.check.check import analyse
from dfilter.check.same import same_meaning
from dfilter.fields.versions import Version
from dfilter.language.format import format_text

CAPTURE = Path(__file__).parents[1] / "captures" / "rat-dns.pcapng"

SPELLINGS = [
    ("tcp.port==80&&!(udp)", "tcp.port == 80 and not (udp)"),
    ("  ip . ", None),
    ("tcp eq", None),
    ("((tcp))||udp", "(tcp) or udp"),
    ("not!tcp", "not not tcp"),
    ("ip.ttl gt 5 xor ip.ttl le 3^^udp", "ip.ttl > 5 xor ip.ttl <= 3 xor udp"),
    ("tcp.port in{80,443 , 8000 .. 9000}", "tcp.port in {80, 443, 8000..9000}"),
    ("tcp.port!in{80}", "tcp.port not in {80}"),
    ('http.host~r"a\\d"and http.host=="\\x41"', 'http.host matches r"a\\d" and http.host == "\\x41"'),
    ("frame[0:2 , 4]==00:01", "frame[0:2,4] == 00:01"),
    ("len( http.host )>3", "len(http.host) > 3"),
    ("ip.ttl+1==2*{ip.id -3}", "ip.ttl + 1 == 2 * {ip.id - 3}"),
    ("$private_ipv4( ip.src )&&tcp", "$private_ipv4( ip.src ) and tcp"),
    ("", ""),
    ("  ", ""),
]


@pytest.mark.parametrize(("text", "formatted"), SPELLINGS)
def test_spelling(text, formatted) -> None:
    assert format_text(text) == formatted


def test_the_spelling_is_that_of_the_version() -> None:
    assert format_text("tcp.port in {80  443}&&udp", Version.V3_4) == "tcp.port in {80 443} and udp"
    assert format_text("ip.src==${ip.dst}", Version.V4_0) == "ip.src == ${ip.dst}"
    assert format_text("ip.src==${ip.dst}", Version.V4_4) == "ip.src == $ip.dst"


def test_macros_keep_their_calls() -> None:
    macros = {"m": "tcp or udp", "op": "=="}
    assert format_text('$m()&&http.host=="$m()"', macros=macros) == '$m() and http.host == "$m()"'
    assert format_text("ip.ttl$op()5", macros=macros) == "ip.ttl$op()5"
    assert format_text("$nosuch()", macros=macros) is None


ATOMS = ["dns", "ip.ttl==128", "udp.port in{53,67..68}", "ip.addr!=10.0.0.1", "frame.len>100", "!arp",
         "any udp.port<=53", "all ip.ttl>1", 'dns.qry.name contains"a"', "dns.qry.name~\"\\\\.\"", "dns.flags&0x80",
         "ip.src==ip.dst", "len(dns.qry.name)>5", "ip.ttl+1>2*{ip.id -3}", "eth.src[0:3]==00:0c:29", "udp#1",
         "$private_ipv4(ip.src)", "udp.port not in {53}", "1<ip.ttl<200", "tcp.flags.syn==1", "ip.addr==10.0.0.0/8",
         "@ip.ttl==40"]  # fmt: skip


def _join(parts: tuple[str, str, str]) -> str:
    left, operator, right = parts
    return f"{left}{operator}{right}"


FILTERS = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" and ", "&&", "  or ", "||", " xor ", "^^", " or\n"]), inner).map(_join),
        inner.map("({})".format),
        inner.map("!({})".format),
        inner.map("not {}".format),
    ),
    max_leaves=6,
)


@given(FILTERS, st.sampled_from(list(Version)))
def test_formatting_keeps_the_typed_expression_and_is_idempotent(text: str, version: Version) -> None:
    formatted = format_text(text, version)
    before = analyse(text, version)
    if formatted is None:
        assert before.tree is None
        return
    assert format_text(formatted, version) == formatted
    after = analyse(formatted, version)
    assert before.verdict.colour == after.verdict.colour
    assert before.typed is None or same_meaning(before.typed, after.typed)


@settings(max_examples=25, deadline=None)
@given(FILTERS)
def test_formatting_keeps_the_frames(text: str) -> None:
    formatted = format_text(text)
    assert formatted is not None
    assert dfilter.frames(CAPTURE, text) == dfilter.frames(CAPTURE, formatted)


@settings(max_examples=300)
@given(st.text(st.sampled_from("ab.:/{}[]()!&|=<>~\"'\\$#@-+*% 0159\n"), max_size=30))
def test_any_text_is_answered(text: str) -> None:
    formatted = format_text(text)
    if formatted is not None:
        assert format_text(formatted) == formatted
        assert same_meaning(analyse(text).typed, analyse(formatted).typed) or analyse(text).typed is None


@pytest.mark.parametrize("text", ["(" * 10_000 + "tcp", "tcp or " * 100_000 + "tcp", "x" + " + 1" * 10_000 + " > 3",
                                  "!" * 5000 + "tcp", '"' + "a" * 1_000_000 + '" == http.host'])  # fmt: skip
def test_texts_that_try_to_hurt(text: str) -> None:
    formatted = format_text(text)
    assert formatted is None or format_text(formatted) == formatted
