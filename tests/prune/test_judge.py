"""Machine code numbers and judges segments as numpy does, and as the Python does that it is made of."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dfilter import native
from dfilter.prune import conversations, grouped
from dfilter.prune.conversations import ROOM, URGED, Segments
from dfilter.prune.grouped import GroupedTable
from dfilter.prune.judge import JudgedTable, judge

pytestmark = pytest.mark.skipif(not native.available(), reason="llvmlite is not installed")

FLAGS = (0x10, 0x10, 0x10, 0x10, 0x18, 0x02, 0x12, 0x11, 0x04, 0x14, 0x00, 0x01, 0x06)
STATE = ("_base", "_have", "_told", "_last_ack", "_closed", "_odd", "_sent", "repeats")


def some_segments(chance: random.Random, size: int, keys: int = 3) -> Segments:
    """Segments of a few conversations, most in their turn, some lost, repeated, late or absurd."""
    base = [[chance.choice((5, 0xFFFFFFF0, 1 << 31)) for _ in (0, 1)] for _ in range(keys)]
    went = [[1, 1] for _ in range(keys)]
    rows = []
    for _ in range(size):
        key, sender = chance.randrange(keys), chance.randrange(2)
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


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32))
def test_same_as_numpy(seed: int) -> None:
    chance = random.Random(seed)
    tables = GroupedTable(), JudgedTable.create()
    for _ in range(3):
        compare(some_segments(chance, chance.choice((1, 5, 40, 200))), *tables)


def test_more_conversations_than_there_is_room_for_at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouped, "MOST_REUSED", 1 << 30)
    chance = random.Random(1)
    tables = GroupedTable(), JudgedTable.create()
    for keys in (3, 900, 2500):
        compare(some_segments(chance, 2 * keys, keys), *tables)
    assert tables[0].count > 2 * ROOM


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32))
def test_same_for_single_segments(seed: int) -> None:
    """Those that columns cannot follow, quoted or not, between others."""
    chance = random.Random(seed)
    tables = GroupedTable(), JudgedTable.create()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conversations, "ROOM", 2)
        for _ in range(8):
            some = some_segments(chance, 4, 6)
            row, quoted = chance.randrange(4), chance.random() < 0.5
            assert [table.touch(some.part(row, row + 1), quoted) for table in tables if table is not None]
            compare(some.part(0, row), *tables)


def compare(segments: Segments, columns: GroupedTable, machine: JudgedTable | None) -> None:
    assert machine is not None
    rows, codes, places = columns.take(segments)
    found_rows, found_codes, found_places = machine.take(segments)
    assert found_rows.tolist() == rows.tolist()
    assert found_places.tolist() == places.tolist()
    assert (found_codes & ~np.uint8(URGED)).tolist() == (codes & ~np.uint8(URGED)).tolist()
    assert not (found_codes & ~codes & URGED).any()
    assert machine.count == columns.count
    assert machine.before == columns.before
    for name in STATE:
        assert getattr(machine, name).tolist() == getattr(columns, name).tolist(), name


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32))
def test_same_as_its_python(seed: int) -> None:
    """Which checks every index, as machine code does not."""

    def run(*given: Any) -> int:
        return judge(*(memoryview(each.reshape(-1)) if isinstance(each, np.ndarray) else each for each in given))

    chance = random.Random(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conversations, "ROOM", 2)
        machine, slow = JudgedTable.create(), JudgedTable(run)
    assert machine is not None
    for _ in range(2):
        segments = some_segments(chance, 40, 5)
        taken = [[each.tolist() for each in table.take(segments)] for table in (machine, slow)]
        assert taken[0] == taken[1]
