"""What sessions forget, and that they then stay small."""

from __future__ import annotations

import gc
import tracemalloc

import pytest

from dfilter.packets.protocols import tcp_facts
from dfilter.packets.session import Session, needs_of
from dfilter.packets.streams.conversation import Conversations
from dfilter.packets.streams.remembered import Numbers, Remembered
from tests.memory import feed

FIELDS = ("tcp.stream", "tcp.analysis.flags", "http.request.uri", "eth.stream", "ip.stream")


def test_conversations_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the generations are full, more conversations need no more memory."""
    monkeypatch.setattr(tcp_facts, "Conversations", lambda: Conversations(max_active=50, max_remembered=100))
    session = Session(needs_of(FIELDS))
    feed(session, 0, 400)
    tracemalloc.start()
    try:
        feed(session, 400, 400)
        gc.collect()
        settled = tracemalloc.get_traced_memory()[0]
        feed(session, 800, 400)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - settled < 100_000
    finally:
        tracemalloc.stop()


def test_remembered_is_bounded_and_keeps_what_is_used() -> None:
    known: Remembered[int, str] = Remembered(10)
    known.put(-1, "used")
    for key in range(1000):
        known.put(key, "new")
        assert known.get(-1) == "used"
        assert len(known) <= 11
    assert known.get(0) is None
    assert known.get(999) == "new"


def test_numbers_go_on_after_a_key_is_forgotten() -> None:
    numbers: Numbers[int] = Numbers(4)
    assert [numbers.of(key) for key in (7, 8, 7, 9)] == [0, 1, 0, 2]
    assert [numbers.of(key) for key in range(100, 110)] == list(range(3, 13))
    assert numbers.of(7) == 13
