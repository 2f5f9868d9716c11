"""What can be written at a place: the right kinds, the likeliest first, and always an answer."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dfilter.check.check import check_text
from dfilter.check.complete import Completions, Kind, complete_text
from dfilter.fields.versions import Version


def at_end(text: str, version: Version = Version.V4_6) -> Completions:
    return complete_text(text, len(text), version)


def texts(text: str, version: Version = Version.V4_6) -> list[str]:
    return [item.text for item in at_end(text, version).items]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("", ["ip", "tcp", "udp"]),
        ("not ", ["ip", "tcp", "udp"]),
        ("tcp.po", ["tcp.port"]),
        ("(arp or ud", ["udp"]),
        ("eth.s", ["eth.src"]),
        ("upp", ["upper("]),
        ("tcp.port ", ["==", "!=", "<", "<=", ">", ">=", "in {", "not in {", "&", "and", "or", "xor"]),
        ("tcp.port == 80 ", ["and", "or", "xor"]),
        ("tcp.port in {80} ", ["and", "or", "xor"]),
        ("tcp.port == 80 a", ["and"]),
        ('dns.qry.type == "AA', ['"AAAA"']),
        ("dns.qry.type == AAA", ['"AAAA"']),
        ("arp.opcode in {1, ", []),
        ("tcp.flags.syn == ", ["1", "0", "true", "false", '"Set"', '"Not set"']),
        ("$private_ipv4", ["private_ipv4("]),
        ("${private_ipv4", ["private_ipv4:"]),
        ("ip.addr == $ip.sr", ["ip.src"]),
        ("zzzz", []),
        ("a b c ", []),
        ("len(http.hos", ["http.host"]),
    ],
)
def test_the_first_candidates(text, first) -> None:
    assert texts(text)[: len(first)] == first
    assert first or texts(text) == [] or "in {" in text


def test_operators_fit_the_type() -> None:
    assert "matches" not in texts("ip.src ")
    assert {"contains", "matches"} <= set(texts("http.host "))
    assert "<" not in texts("tcp.flags.syn ")


def test_a_function_takes_only_names_of_its_types() -> None:
    assert "http.content_length" not in texts("upper(http.content")
    assert "http.content_type" in texts("upper(http.content")


def test_versions_differ() -> None:
    assert "xor" not in texts("tcp ", Version.V4_0)
    assert "tcp.flags.ns" in texts("tcp.flags.n", Version.V3_4)
    assert "tcp.flags.ns" not in texts("tcp.flags.n")


def test_the_whole_word_at_the_cursor_is_replaced() -> None:
    found = complete_text("tcp.poXYZ == 80", 6)
    assert (found.span.start, found.span.end) == (0, 9)
    assert [item.kind for item in found.items] == [Kind.FIELD]


def test_candidates_are_bounded() -> None:
    assert len(complete_text("t", 1, limit=7).items) == 7
    assert complete_text("t", 1, limit=-1).items == ()


@pytest.mark.parametrize("text", ["", "not ", "ip.src == ip.dst and ", "(", "tcp or ("])
def test_a_name_completed_is_a_filter(text) -> None:
    for item in at_end(text + "tcp.fl").items[:20]:
        assert check_text((text + item.text) + ")" * text.count("(")).colour != "red"


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from('tcp.ort ={}(),"\\$[]#@!&|<>~-1é\n'), max_size=40), st.integers(-5, 50))
def test_any_place_of_any_text_is_answered(text: str, cursor: int) -> None:
    found = complete_text(text, cursor)
    assert 0 <= found.span.start <= found.span.end <= len(text)


@pytest.mark.parametrize("text", ["(" * 100_000, "tcp or " * 50_000, '"' * 50_001, "a" * 1_000_000, '"a\\' * 30_000,
                                  "x == {" * 20_000, "tcp.port in {" + "1," * 100_000])  # fmt: skip
def test_texts_that_try_to_hurt(text: str) -> None:
    assert len(at_end(text).items) <= 100
