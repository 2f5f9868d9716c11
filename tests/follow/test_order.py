"""Streams in order: every rule that was found by asking the reference, and the bounds on what waits."""

from __future__ import annotations

import io
import itertools

import pytest

import dfilter
from dfilter.follow import order
from dfilter.follow.order import Segment, StreamOrder
from tests.follow import cases

ROWS = list(cases.rows())


def followed(text: str) -> str:
    stream = dfilter.follow_stream(io.BytesIO(cases.pcap(cases.frames(text))), "tcp", 0)
    pieces = list(stream)
    assert stream.nodes is not None
    turned = stream.nodes[0].address == "10.0.0.2"
    return cases.answer([(p.frame, p.node ^ turned, p.data, p.missing) for p in pieces])


@pytest.mark.parametrize(("segments", "answer"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_stream_is_put_in_order_as_by_the_reference(segments: str, answer: str) -> None:
    assert followed(segments) == answer


def segment(frame: int, seq: int, data: bytes, *, syn: bool = False) -> Segment:
    return Segment(frame, None, 0, seq, 0, syn, len(data), data)


@pytest.mark.parametrize("permutation", list(itertools.permutations(range(5))))
def test_any_order_of_arrival_gives_the_same_bytes(permutation: tuple[int, ...]) -> None:
    stream = StreamOrder()
    pieces = list(stream.feed(segment(0, 0, b"", syn=True)))
    for frame, index in enumerate(permutation, 1):
        pieces += stream.feed(segment(frame, 1 + 3 * index, b"%03d" % index))
    assert b"".join(piece.data for piece in pieces) == b"000001002003004"


def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order, "MAX_WAITING", 10)
    stream = StreamOrder()
    list(stream.feed(segment(0, 0, b"", syn=True)))
    pieces = [piece for frame in range(1, 40) for piece in stream.feed(segment(frame, 1 + 2 * frame, b"x"))]
    assert len(pieces) == 2 * 29
    assert {piece.missing for piece in pieces} == {0, 1, 2}


def test_what_waits_lies_in_a_file_that_shrinks_again() -> None:
    stream = StreamOrder()
    list(stream.feed(segment(0, 0, b"", syn=True)))
    for frame in range(1, 100):
        assert not list(stream.feed(segment(frame, 2 + 1000 * frame, b"y" * 1000)))
    spool = stream._directions[0]._spool
    assert spool._end == stream.held == 99_000
    pieces = list(stream.feed(segment(100, 1, b"z" * 1001)))
    assert sum(len(piece.data) for piece in pieces) == 100_001
    assert spool._end == stream.held == 0
