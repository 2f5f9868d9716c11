"""Conversations and datagrams in machine code: the same as the functions say that it is made of, run as Python."""

from __future__ import annotations

import random
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dfilter
import dfilter.prune.scan
from dfilter import native
from dfilter.packets.protocols import dns_plain
from dfilter.prune import keys, walk
from dfilter.prune.keys import Keys, find_keys
from dfilter.prune.tracks import Tracked
from dfilter.prune.walk import Walker
from tests.prune.test_scan import FRAMES, disturbed
from tests.test_gears import written

pytestmark = pytest.mark.skipif(not native.available(), reason="llvmlite is not installed")

FILTER = dfilter.compile("tls.handshake.type == 1 || http.request")


class Doubled(Walker):
    """Walks both ways, and compares."""

    walked = 0
    steps: Sequence[Any] = ()

    @classmethod
    def create(cls, steps: Sequence[Any], *, thorough: bool = True) -> Walker | None:
        cls.steps = tuple(steps)
        return super().create(steps, thorough=thorough)

    def walk(self, data: Any, tracked: Tracked, chosen: Any, kinds: bytearray,
             known: Sequence[array[int]]) -> tuple[Any, Any]:  # fmt: skip
        mine = [array("q", each) for each in known]
        found, over = super().walk(data, tracked, chosen, kinds, known)
        marks, slots, left, told = ([0] * size for size in (2 * len(kinds), 20 * len(chosen) + 20, len(chosen), 3))
        columns = (tracked.rows, tracked.senders, tracked.codes, tracked.places, tracked.starts, tracked.lengths)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(walk, "advance", lambda kind, *rest: Doubled.steps[kind](*rest))
            count = walk.walk(bytes(data), len(chosen), chosen.tolist(), *(each.tolist() for each in columns), kinds,
                              *mine, marks, slots, left, told)  # fmt: skip
        assert left[: told[2]] == over.tolist()
        assert list(map(list, mine)) == list(map(list, known))
        assert len(found) == count
        for place, record in enumerate(found.tolist()):
            mine_here = slots[8 * place : 8 * place + 8]
            size = 4 + record[1] if record[1] >= 0 else 2
            assert record[:size] == mine_here[:size]
        Doubled.walked += len(chosen)
        return found, over


@given(st.integers(0, 2**32), st.booleans())
@settings(max_examples=15, deadline=None)
def test_walking_is_what_its_python_does(seed: int, thorough: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dfilter.prune.scan, "THOROUGH", 0 if thorough else 1 << 62)
        patch.setattr(dfilter.prune.scan, "pays", lambda size: True)
        patch.setattr(dfilter.prune.scan, "TRIED", 1 << 60)
        patch.setattr("dfilter.prune.follow.Walker", Doubled)
        dfilter.frames(written(disturbed(FRAMES, random.Random(seed))), FILTER)


def test_segments_are_walked(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said above could hold if none were."""
    monkeypatch.setattr(dfilter.prune.scan, "pays", lambda size: True)
    monkeypatch.setattr(dfilter.prune.scan, "TRIED", 1 << 60)
    monkeypatch.setattr("dfilter.prune.follow.Walker", Doubled)
    Doubled.walked = 0
    path = Path(__file__).parents[1] / "captures/bot-http.pcap"
    assert dfilter.frames(path, FILTER) == [view.number for view in dfilter.read(path, FILTER)]
    assert Doubled.walked > 20


def message(name: bytes, counts: bytes = b"\0\1") -> bytes:
    return b"\x12\x34\1\0" + counts + bytes(6) + bytes((len(name),)) + name + b"\0\0\1\0\1"


names = st.sampled_from([b"a", b"b", b"example", b"c" * 63])
answers = names.map(lambda name: b"\x12\x34\x81" + message(name)[3:])
doubled = names.map(lambda name: message(name, b"\0\2"))
messages = st.one_of(answers, names.map(message), st.binary(max_size=30), doubled)


@given(
    st.lists(st.lists(messages, max_size=12), max_size=4),
    st.sampled_from([2, 1 << 16]),
    st.sets(st.sampled_from(["dns", "dns.qry.name", "dns.flags"])),
)
@settings(deadline=None)
def test_keys_are_numbered_as_without_machine_code(chunks: list[list[bytes]], most: int, wanted: set[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        here, there = Keys(dns_plain.PLAIN, wanted), Keys(dns_plain.PLAIN, wanted)
        there.use_machine_code()
        if most == 2:
            patch.setattr(keys, "MOST_KEYS", most)
            keys._lowered.cache_clear()
            there.use_machine_code()
        for chunk in chunks:
            data, lengths = b"".join(chunk), np.array([len(each) for each in chunk], np.int64)
            starts = np.cumsum(lengths) - lengths
            assert there.find(data, starts, lengths).tolist() == here.find(data, starts, lengths).tolist()
            assert here.count == there.count
            if here.is_full:
                here.clear()
                there.clear()
    keys._lowered.cache_clear()


def test_keys_that_meet_in_the_table_stay_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """As its Python does it, with a table of so few slots that every key meets others."""
    monkeypatch.setattr(keys, "_SLOTS", 4)
    monkeypatch.setattr(keys, "key_end", lambda kind, data, start, end: end)
    chunk = [bytes((each,)) for each in range(6)] * 2
    table, store, ends, numbers = [0] * 4, bytearray(100), [0] * 20, [0] * 12
    known = find_keys(b"".join(chunk), 12, 0, 0, 0, 0, list(range(12)), [1] * 12, 0, table, store, ends, numbers)
    assert known == 4
    assert numbers[:6] == numbers[6:]
    assert sorted(numbers[:6]) == [-1, -1, 0, 1, 2, 3]
