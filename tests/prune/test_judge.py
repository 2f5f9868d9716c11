"""Machine code judges segments as numpy does."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dfilter import native
from dfilter.prune.conversations import URGED, Segments, TooManyError
from dfilter.prune.grouped import GroupedTable
from dfilter.prune.judge import JudgedTable

FLAGS = (0x10, 0x10, 0x10, 0x10, 0x18, 0x02, 0x12, 0x11, 0x04, 0x14, 0x00, 0x01, 0x06)
STATE = ("_base", "_have", "_told", "_last_ack", "_closed", "_odd", "_sent", "repeats")


def some_segments(chance: random.Random, size: int) -> Segments:
    """Segments of a few conversations, most in their turn, some lost, repeated, late or absurd."""
    base = [[chance.choice((5, 0xFFFFFFF0, 1 << 31)) for _ in (0, 1)] for _ in range(3)]
    went = [[1, 1] for _ in range(3)]
    rows = []
    for _ in range(size):
        key, sender = chance.randrange(3), chance.randrange(2)
        flags, length = chance.choice(FLAGS), chance.choice((0, 0, 1, 4, 10))
        back = chance.choice((0, 0, 0, 0, 1, 4, 10, -4, 1 << 31))
        seq, ack = base[key][sender] + went[key][sender] - back, base[key][1 - sender] + went[key][1 - sender]
        ack += chance.choice((0, 0, 0, 0, -4, 4))
        if not back:
            went[key][sender] += length
        rows.append((key, sender, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, flags, length, chance.random() < 0.95,
                     chance.choice((0, 500, 500, 500))))  # fmt: skip
    key, sender, seq, ack, flags, length, whole, window = (np.array(column) for column in zip(*rows, strict=True))
    ports = np.ones(size, np.int64)
    return Segments(np.arange(size), key.astype(np.uint64), sender, ports, ports, seq, ack, flags, window,
                    np.zeros(size, np.int64), length, whole.astype(np.bool_))  # fmt: skip


@pytest.mark.skipif(not native.available(), reason="llvmlite is not installed")
@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32))
def test_same_as_numpy(seed: int) -> None:
    chance = random.Random(seed)
    columns, machine = GroupedTable(), JudgedTable.create()
    assert machine is not None
    for _ in range(3):
        segments = some_segments(chance, chance.choice((1, 5, 40, 200)))
        try:
            rows, codes, places = columns.take(segments)
        except TooManyError:
            return
        found_rows, found_codes, found_places = machine.take(segments)
        assert found_rows.tolist() == rows.tolist()
        assert found_places.tolist() == places.tolist()
        assert (found_codes & ~np.uint8(URGED)).tolist() == (codes & ~np.uint8(URGED)).tolist()
        assert not (found_codes & ~codes & URGED).any()
        for name in STATE:
            assert getattr(machine, name).tolist() == getattr(columns, name).tolist(), name
