"""Steps through plain messages: what they say of well-known ones, and the same from machine code's Python."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dfilter.lowering import lower
from dfilter.packets.dispatch import catalogue
from dfilter.packets.plain import ASK, INSIDE, NOT_PLAIN, NOTHING, WAIT, Step
from dfilter.packets.protocols import dns_plain, http_plain, tls_plain

GET = 1000 + http_plain.WORDS.index(b"GET")
POST = 1000 + http_plain.WORDS.index(b"POST")


def taken(step: Step, data: bytes, memory: int = 0) -> tuple[int, list[int]]:
    told = [NOTHING, 0]
    return step(data, 0, len(data), memory, told), told


# --- what they say

REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POSTED = b"POST /x HTTP/1.1\r\nContent-Length: 3\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("step", [http_plain.step, http_plain.lowered])
@pytest.mark.parametrize(
    ("data", "memory", "far", "told"),
    [
        (REQUEST, 0, len(REQUEST), [GET, 0]),
        (POSTED + b"abc", 0, len(POSTED) + 3, [POST, 0]),
        (POSTED, 0, len(POSTED) + 3, [POST, 0]),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 0, 48, [304, 0]),
        (CHUNKED, 0, len(CHUNKED), [INSIDE, 200]),
        (b"a\r\n0123456789\r\n", 200, 15, [INSIDE, 200]),
        (b"0\r\n\r\n", 200, 5, [200, 0]),
        (b"HTTP/1.1 200 OK\r\nCONTENT-LENGTH:\t 12 \r\n\r\nxx", 0, 53, [200, 0]),
    ],
)
def test_http_messages_are_told_apart(step: Step, data: bytes, memory: int, far: int, told: list[int]) -> None:
    assert taken(step, data, memory) == (far, told)


@pytest.mark.parametrize("data", [
    b"HEAD / HTTP/1.1\r\n\r\n", b"CONNECT a:1 HTTP/1.1\r\n\r\n", b"HTTP/1.1 101 Switching\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n\r\n", b"GET / HTTP/1.1\nHost: a\n\n", b"\0\0\0\0", b"GETTY / HTTP/1.1\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 1234567890\r\n\r\n",
])  # fmt: skip
def test_http_messages_that_are_not_plain(data: bytes) -> None:
    assert taken(http_plain.step, data)[0] == NOT_PLAIN
    assert taken(http_plain.lowered, data)[0] == ASK


def test_a_head_that_goes_on_is_waited_for() -> None:
    for size in range(len(b"GET "), len(REQUEST)):
        assert taken(http_plain.step, REQUEST[:size])[0] == WAIT
        assert taken(http_plain.lowered, REQUEST[:size])[0] == ASK


def record(*messages: bytes, kind: int = 22) -> bytes:
    content = b"".join(messages)
    return bytes((kind, 3, 3)) + len(content).to_bytes(2, "big") + content


def test_tls_records_are_told_apart() -> None:
    hello, done = b"\1\0\0\2ab", b"\x0e\0\0\0"
    assert taken(tls_plain.step, record(hello, done)) == (15, [0x1010E, 0])
    assert taken(tls_plain.step, record(hello, done)[:-1]) == (WAIT, [NOTHING, 0])
    assert taken(tls_plain.step, record(b"\1", kind=20)) == (6, [NOTHING, 1])
    assert taken(tls_plain.step, record(bytes(40)), 1) == (45, [NOTHING, 1])
    assert taken(tls_plain.step, record(bytes(40)))[0] == NOT_PLAIN
    assert taken(tls_plain.step, record(b"\x7f\0\0\0"))[0] == NOT_PLAIN
    assert taken(tls_plain.step, record(hello, done), 1)[0] == NOT_PLAIN
    assert taken(tls_plain.step, record(*[done] * 7))[1] == [0x10E0E0E0E0E0E0E, 0]
    assert taken(tls_plain.step, record(*[done] * 8))[0] == NOT_PLAIN


def test_a_message_that_fills_a_segment_hides_what_follows() -> None:
    """The second message of the record begins where the bytes at hand end, or beyond."""
    first = b"\x0b\0\0\x40" + bytes(0x40)
    whole = record(first, b"\x0e\0\0\0")
    for size in range(9, len(whole)):
        assert taken(tls_plain.step, whole[:size])[0] == WAIT


# --- the same from either

PIECES = [REQUEST, POSTED, CHUNKED, b"a\r\n", b"0\r\n\r\n", b"\r\n", b": ", b"\r", b"Content-Length: 7\r\n",
          b"HTTP/1.0 404 x\r\n", b"Transfer-Encoding:chunked \r\n", b"PROPFIND /a HTTP/1.1\r\n",
          b"VERSION-CONTROL / HTTP/1.1\r\n", b"1F\r\n", b"BASELINE-CONTROLS / HTTP/1.1\r\n", b"\xff", b" ",
          b"content-length:\r\n"]  # fmt: skip


@settings(max_examples=400)
@given(st.lists(st.sampled_from(PIECES), max_size=6), st.integers(0, 2**32), st.sampled_from([0, 200, GET]))
def test_http_from_machine_code_is_the_same_where_it_answers(pieces: list[bytes], seed: int, memory: int) -> None:
    data, chance = bytearray(b"".join(pieces)), random.Random(seed)
    for _ in range(chance.randrange(3) if data else 0):
        data[chance.randrange(len(data))] = chance.choice(b"\r\n :0aZ\0\xff")
    there = taken(http_plain.lowered, bytes(data), memory)
    if there[0] != ASK:
        assert there == taken(http_plain.step, bytes(data), memory)


@pytest.mark.parametrize("function", [http_plain.lowered, tls_plain.step, dns_plain.datagram])
def test_no_bytes_are_read_beyond_the_end(function: object) -> None:
    """Python says where they are."""

    heads = st.lists(st.sampled_from(PIECES), max_size=4).map(b"".join)
    queries = st.binary(max_size=9).map(lambda name: bytes(5) + b"\1" + name)

    @settings(max_examples=300)
    @given(st.one_of(st.binary(max_size=40), heads, st.binary(max_size=20).map(record), queries))
    def check(data: bytes) -> None:
        for end in range(1, len(data) + 1):
            if function is dns_plain.datagram:
                assert 0 <= dns_plain.datagram(data[:end], 0, end) <= end
            else:
                taken(function, data[:end])  # type: ignore[arg-type]

    check()


@pytest.mark.parametrize("protocol", [each for each in catalogue().protocols.values() if each.evidence.plain],
                         ids=lambda protocol: protocol.name)  # fmt: skip
def test_what_is_said_to_be_lowered_can_be(protocol: object) -> None:
    plain = protocol.evidence.plain  # type: ignore[attr-defined]
    if plain.lowered is not None:
        assert lower(plain.lowered).startswith(("define", "@"))
    if plain.is_lowered:
        assert lower(plain.datagram).startswith(("define", "@"))
