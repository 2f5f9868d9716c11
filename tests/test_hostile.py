"""Hostile text and hostile packets: a clear answer, never a traceback."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dfilter
from dfilter.captures.read import open_capture
from dfilter.packets.session import Session

CAPTURES = Path(__file__).parent / "captures"
FRAMES = [frame.data for path in sorted(CAPTURES.glob("*.pcap*")) for frame in open_capture(path)]
WORDS = st.sampled_from((
    "ip.addr", "tcp.port", "http.host", "frame", "10.0.0.0/8", "443", "-1", "0x1G", "::1", ":ff", '"a"', "'b'",
    'r"\\d"', "${ip.src}", "$m(1)", "len", "upper", "any", "all", "==", "!=", "contains", "matches", "in", "not",
    "and", "or", "xor", "&", "+", "%", "(", ")", "{", "}", "[", "]", "..", ",", "#", "@", "$",
))  # fmt: skip
LINK_TYPES = (0, 1, 9, 50, 101, 105, 108, 113, 127, 228, 229, 276)


@given(st.one_of(st.text(max_size=200), st.lists(WORDS, max_size=25).map(" ".join), st.binary().map(
    lambda raw: raw.decode("utf-8", "surrogateescape"))))  # fmt: skip
@settings(max_examples=400, deadline=None)
def test_any_text_compiles_or_raises_filter_error(text: str) -> None:
    if dfilter.check(text).colour == "red":
        with pytest.raises(dfilter.FilterError) as refused:
            dfilter.compile(text)
        assert refused.value.diagnostics
    else:
        with contextlib.suppress(dfilter.UnsupportedFieldError):
            dfilter.compile(text)


def everything_of(view: dfilter.View) -> None:
    """Ask a view for all it has."""
    view.complete()
    for name in view.session.catalogue.carriers:
        view.get(name)
    assert (view.source, view.destination, view.protocol, view.info) is not None
    assert not view.session.internal_errors, view.session.internal_errors


@given(st.binary(max_size=300), st.sampled_from(LINK_TYPES))
@settings(max_examples=100, deadline=None)
def test_random_bytes_never_raise_out_of_a_view(data: bytes, link_type: int) -> None:
    everything_of(Session().feed(data, time=0, link_type=link_type))


@given(st.lists(st.tuples(st.sampled_from(FRAMES), st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)),
                                                           max_size=6), st.integers(0, 2000)), max_size=8))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_damaged_conversations_never_raise_out_of_a_view(story: list[tuple[bytes, list[tuple[int, int]], int]]) -> None:
    session = Session()
    for number, (original, changes, cut) in enumerate(story):
        data = bytearray(original)
        for position, value in changes:
            data[position % len(data)] = value
        everything_of(session.feed(bytes(data[:cut] if cut < 1000 else data), time=number, wire_length=len(data)))


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000 + "tcp" + ")" * 10_000,
        "!" * 10_000 + "tcp",
        " or ".join(["tcp.port == 80"] * 20_000),
        f'http.host == "{"a" * 1_000_000}"',
        "ip.addr in {" + ", ".join(f"10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}" for i in range(50_000)) + "}",
        "tcp.port == " + "9" * 100_000,
        "tcp\0 == 1",
    ],
    ids=["parentheses", "negations", "terms", "string", "set", "number", "nul"],
)
def test_huge_text_gets_an_answer(text: str) -> None:
    started = time.perf_counter()
    assert dfilter.check(text).colour in ("green", "yellow", "red")
    assert time.perf_counter() - started < 30  # linear: seconds here, hours if it were quadratic
