"""Records found in lanes are the records that walking finds, whatever the packets hold."""

from __future__ import annotations

import random
import struct

import pytest

from dfilter.captures.lanes import LANE, Lanes
from dfilter.captures.records import HEADER

LIMIT = 262_144


def walked(data: bytes, order: str, position: int) -> tuple[list[int], int, int]:
    """The same by the definition: from record to record."""
    found = []
    while position + 16 <= len(data):
        captured = struct.unpack_from(order + "I", data, position + 8)[0]
        if captured > LIMIT or position + 16 + captured > len(data):
            return found, position, captured
        found.append(position)
        position += 16 + captured
    return found, position, 0


def record(order: str, time: int, payload: bytes) -> bytes:
    return struct.pack(order + "IIII", time, 0, len(payload), len(payload)) + payload


def plain(chance: random.Random, order: str) -> bytes:
    return b"".join(record(order, 1_700_000_000 + i, chance.randbytes(chance.choice((0, 60, 90, 600, 1514))))
                    for i in range(2500))  # fmt: skip


def captures_inside(chance: random.Random, order: str) -> bytes:
    """Packets that carry records themselves, as a capture file sent over a network."""
    inner = b"".join(record(order, 1_700_000_000, bytes(50 + i % 40)) for i in range(400))
    return b"".join(record(order, 1_700_000_000, inner[chance.randrange(60) :]) for _ in range(60))


def zeroes(chance: random.Random, order: str) -> bytes:
    """A time of zero, in packets of zeroes: a header could be anywhere."""
    return b"".join(record(order, 0, bytes(chance.randrange(3000))) for _ in range(600))


def far_times(chance: random.Random, order: str) -> bytes:
    return b"".join(record(order, chance.randrange(1 << 32), bytes(chance.randrange(1500))) for _ in range(1500))


def large(chance: random.Random, order: str) -> bytes:
    return b"".join(record(order, 1_700_000_000, bytes(chance.choice((40, 3 * LANE)))) for _ in range(60))


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("make", [plain, captures_inside, zeroes, far_times, large])
def test_lanes_find_what_walking_finds(make, order: str) -> None:  # type: ignore[no-untyped-def]
    chance = random.Random(7)
    data = make(chance, order)
    for damage in range(6):
        spoiled = bytearray(data[: len(data) - damage * 5])
        if damage > 2:
            at = chance.choice(walked(data, order, 0)[0])
            spoiled[at + 8 : at + 12] = struct.pack(order + "I", chance.choice((0, 77, LIMIT, LIMIT + 1, 0xFFFFFFFF)))
        for buffer in (bytes(spoiled), spoiled):
            records = Lanes(order, LIMIT).records(buffer, 0)
            found = (records.starts - HEADER).tolist(), records.stop, records.claimed
            assert found == walked(bytes(spoiled), order, 0)


def test_a_capture_larger_than_a_window(tmp_path) -> None:  # type: ignore[no-untyped-def]
    from dfilter.captures.index import CHUNK_BYTES, open_chunks
    from dfilter.captures.read import open_capture

    records = plain(random.Random(1), "<")
    path = tmp_path / "large.pcap"
    path.write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1) + records * 5 + records[:70])
    assert path.stat().st_size > CHUNK_BYTES
    opened, chunks = open_chunks(path)
    frames = [chunk.frame(row) for chunk in chunks for row in range(len(chunk))]
    reader = open_capture(path)
    expected = list(reader)
    assert [(frame.number, frame.time, frame.data) for frame in frames] == [
        (frame.number, frame.time, frame.data) for frame in expected]  # fmt: skip
    assert opened.warning == reader.warning
    assert opened.warning
