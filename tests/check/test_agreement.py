"""`check` and `compile` agree: what is red does not compile, everything else does (or names what is not dissected)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dfilter
from dfilter.fields.versions import Version

FIELDS = ["tcp", "ip", "eth", "http", "ip.ttl", "tcp.port", "tcp.flags.syn", "ip.src", "ipv6.dst", "eth.src", "eth.addr",
          "frame.time", "frame.time_delta", "frame.len", "http.host", "tcp.payload", "ip.proto", "dns.qry.type",
          "arp.opcode", "ip.version", "snmp.name", "stp.max_age", "wlan_radio.signal_dbm", "tcp.analysis", "bootp",
          "nosuch.field", "frame.protocols", "dns.a"]  # fmt: skip
LITERALS = ["1", "0", "-1", "64", "256", "0x10", "1.5", '"a"', "'a'", "abc", "10.0.0.1", "10.0.0.0/8", "00:11", "::1", "TCP",
            "00:11:22:33:44:55", "true", '"2020-01-01 00:00:00"', "1.3.6.1", "ff", "udp", '""', r'"\x00"', "$ip.ttl"]  # fmt: skip
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
    except dfilter.FilterError as error:
        assert colour == "red"
        assert error.diagnostics
    else:
        assert colour != "red"
        compiled.matches(b"\x00" * 60)


@pytest.mark.parametrize("text", ["", "tcp", "ip.addr != 1.2.3.4", "tcp.port in {80 443}", "!" * 120 + "tcp"])
def test_all_versions_at_once(text: str) -> None:
    from dfilter.check.check import check_all

    verdicts = check_all(text)
    assert list(verdicts) == ["3.4", "4.0", "4.4", "4.6"]
    assert verdicts == {version: dfilter.check(text, version) for version in verdicts}
