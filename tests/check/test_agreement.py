"""`check` and `compile` agree: what is red does not compile, everything else does (or names what is not dissected)."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import dfilter
from dfilter.check.diagnostics import Safety
from dfilter.fields.versions import Version

FIELDS = ["tcp", "ip", "eth", "http", "ip.ttl", "tcp.port", "tcp.flags.syn", "ip.src", "ipv6.dst", "eth.src",
          "eth.addr", "frame.time", "frame.time_delta", "frame.len", "http.host", "tcp.payload", "ip.proto",
          "dns.qry.type", "arp.opcode", "ip.version", "snmp.name", "stp.max_age", "wlan_radio.signal_dbm",
          "tcp.analysis", "bootp", "nosuch.field", "frame.protocols", "dns.a"]  # fmt: skip
LITERALS = ["1", "0", "-1", "64", "256", "0x10", "1.5", '"a"', "'a'", "abc", "10.0.0.1", "10.0.0.0/8", "00:11", "::1",
            "TCP", "00:11:22:33:44:55", "true", '"2020-01-01 00:00:00"', "1.3.6.1", "ff", "udp", '""', r'"\x00"',
            "$ip.ttl"]  # fmt: skip
COMPARISONS = ["==", "!=", "<", ">=", "eq", "ne", "===", "!==", "~=", "contains", "matches", "&"]

field = st.sampled_from(FIELDS)
literal = st.sampled_from(LITERALS)


def _operands(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    functions = ["len", "count", "upper", "string", "vals", "dec", "max", "abs", "double", "ip_rfc1918"]
    return st.one_of(
        st.tuples(inner, st.sampled_from(["[0]", "[0:2]", "[1-2]", "[-1:]", "#1", "#[1]"])).map("".join),
        st.builds("{}({})".format, st.sampled_from(functions), inner),
        st.builds("{} {} {}".format, inner, st.sampled_from(["+", "-", "*", "/", "%", "&"]), inner),
        st.builds("{{{}}}".format, inner),
        st.builds("@{}".format, inner),
        st.builds("-{}".format, inner),
    )


operand = st.one_of(field, field, literal, st.recursive(st.one_of(field, literal), _operands, max_leaves=3))
sets = st.lists(literal, min_size=1, max_size=3).flatmap(lambda items: st.sampled_from([", ", " ", " .. "]).map(
    lambda between: between.join(items)))  # fmt: skip
test = st.one_of(
    operand,
    st.builds("{} {} {}".format, operand, st.sampled_from(COMPARISONS), operand),
    st.builds("{} in {{{}}}".format, operand, sets),
    st.builds("{} not in {{{}}}".format, field, sets),
    st.builds("{} {} {} {}".format, st.sampled_from(["any", "all"]), field, st.sampled_from(COMPARISONS), operand),
    st.builds("{} < {} <= {}".format, operand, operand, operand),
)
condition = st.recursive(
    test,
    lambda inner: st.one_of(
        st.builds("{} {} {}".format, inner, st.sampled_from(["and", "or", "xor", "&&", "||"]), inner),
        st.builds("not {}".format, inner),
        st.builds("({})".format, inner),
    ),
    max_leaves=3,
)


@settings(max_examples=600, deadline=None)
@given(condition, st.sampled_from(list(Version)))
def test_what_is_red_does_not_compile_and_the_rest_does(text: str, version: Version) -> None:
    colour = dfilter.check(text, version).colour
    try:
        compiled = dfilter.compile(text, target=version)
    except dfilter.UnsupportedFieldError:
        assert colour != "red"
    except dfilter.FilterError:
        assert colour == "red"
    else:
        assert colour != "red"
        compiled.matches(b"\x00" * 60)


@pytest.mark.parametrize("text", ["", "tcp", "ip.addr != 1.2.3.4", "tcp.port in {80 443}", "!" * 120 + "tcp"])
def test_all_versions_at_once(text: str) -> None:
    from dfilter.check.check import check_all

    verdicts = check_all(text)
    assert list(verdicts) == ["3.4", "4.0", "4.4", "4.6"]
    assert verdicts == {version: dfilter.check(text, version) for version in verdicts}


def _fixed(text: str, fix: dfilter.Fix) -> str:
    return text[: fix.span.start] + fix.replacement + text[fix.span.end :]


@settings(max_examples=400, deadline=None)
@given(condition, st.sampled_from(list(Version)))
@example("http.host < tcp <= tcp", Version.V3_4)
def test_a_safe_fix_never_turns_a_filter_red(text: str, version: Version) -> None:
    verdict = dfilter.check(text, version)
    if verdict.colour == "red":
        return
    for item in verdict.diagnostics:
        for fix in item.fixes:
            if fix.safety is Safety.SAFE:
                after = dfilter.check(_fixed(text, fix), version)
                assert after.colour != "red"
                assert [other.code for other in after.diagnostics].count(item.code) < [
                    other.code for other in verdict.diagnostics
                ].count(item.code)


@pytest.mark.parametrize(
    ("version", "text", "fixed"),
    [
        ("4.6", "tcp.port = 80", "tcp.port == 80"),
        ("4.6", "tcp.port in {80 443 8000..9000}", "tcp.port in {80, 443, 8000 .. 9000}"),
        ("3.4", "tcp.port in {80, 443,8000..9000}", "tcp.port in {80 443 8000 .. 9000}"),
        ("4.6", 'http.host in {"a b" "c,d"}', 'http.host in {"a b", "c,d"}'),
        ("4.6", "http.host == “a b” and tcp", 'http.host == "a b" and tcp'),
        ("4.6", "tcp.port ~= 80", "tcp.port !== 80"),
        ("4.6", "ip.src == 10.8.15[.]1", "ip.src == 10.8.15.1"),
        ("4.6", "(ip.addr == 10.8.15(.)1)", "(ip.addr == 10.8.15.1)"),
        ("4.6", "http.host == evil[dot]example", "http.host == evil.example"),
        ("4.0", "tcp.port not in {80}", "not (tcp.port in {80})"),
        ("4.6", "eth.src[5] == 55", "eth.src[5] == 0x37"),
        ("4.0", "eth.src[5] == 55", "eth.src[5] == 0x55"),
        ("4.0", "http.host[0:2] == 45:78", 'http.host[0:2] == "\\x45\\x78"'),
        ("4.6", "ip.addr != 10.0.0.1", "!(ip.addr == 10.0.0.1)"),
        ("4.6", 'http.host matches "www.example.com"', 'http.host matches "www\\\\.example\\\\.com"'),
        ("4.6", "ip.proto == UDP", 'ip.proto == "UDP"'),
    ],
)
def test_a_fix_repairs(version: str, text: str, fixed: str) -> None:
    item = dfilter.check(text, version).diagnostics[0]
    assert _fixed(text, item.fixes[0]) == fixed
    codes = {other.code for other in dfilter.check(fixed, version).diagnostics}
    assert item.code not in codes


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('http.host matches "a(b"', "("),
        ('http.host matches "\\x61\\\\d("', "("),
        ('http.host matches r"ä["', "["),
    ],
)
def test_the_place_of_a_bad_pattern_is_inside_the_literal(text: str, place: str) -> None:
    (item,) = dfilter.check(text).diagnostics
    assert item.code == "E310"
    assert text[item.span.start : item.span.end] in (place, '"')
    assert item.span.start >= text.index('"') + 1
