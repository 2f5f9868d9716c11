"""Fragments that are never completed, and segments that come long before their turn."""

from __future__ import annotations

import pytest

from dfilter.packets.streams import fragments, reassembly
from dfilter.packets.streams.fragments import PIECE_COST, Fragments
from dfilter.packets.streams.reassembly import Assembly


def test_the_oldest_datagrams_are_forgotten_where_all_hold_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fragments, "MAX_HELD", 10 * (1000 + PIECE_COST))
    waiting = Fragments()
    for key in range(20):
        assert waiting.add(key, key, 0, bytes(1000), more=True) is None
    assert waiting.add(0, 20, 1000, b"end", more=False) is None  # forgotten, and begun anew
    whole = waiting.add(19, 21, 1000, b"end", more=False)
    assert whole is not None
    assert whole.frames == [19, 21]


def test_repetitions_of_a_fragment_hold_no_more_than_all_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fragments, "MAX_HELD", 10 * (1000 + PIECE_COST))
    waiting = Fragments()
    for frame in range(25):
        assert waiting.add("same", frame, 0, bytes(1000), more=True) is None
    whole = waiting.add("same", 25, 1000, b"", more=False)
    assert whole is not None
    assert len(whole.frames) <= 10
    for key in range(10):  # what was forgotten or completed no longer counts
        waiting.add(key, key, 0, bytes(1000), more=True)
    assert waiting.add(0, 10, 1000, b"", more=False) is not None


def test_what_comes_before_its_turn_is_put_in_order() -> None:
    text = bytes(range(256)) * 40
    whole = Assembly(1000, len(text))
    whole.add(1, 1000, text[:1])
    for offset in range(len(text) - 1, 1, -2):
        whole.add(2, 1000 + offset, text[offset : offset + 1])
    whole.add(2, 1003, text[3:6])  # the longer of two that begin at the same place
    for offset in (1, 2, *range(6, len(text), 2)):
        whole.add(3, 1000 + offset, text[offset : offset + 1])
    assert whole.complete(finished=False)
    assert whole.join() == text


def test_what_waits_behind_a_gap_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reassembly, "MAX_SEGMENTS", 10)
    whole = Assembly(0, 1000)
    for offset in range(100, 1, -1):
        whole.add(1, offset, b"x")
    whole.add(2, 0, b"yy")
    assert whole.have == 2
    whole.add(3, 2, bytes(89))
    assert whole.have == 101  # ten of those that waited
