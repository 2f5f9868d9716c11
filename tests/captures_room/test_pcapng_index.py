"""A pcapng file by place holds the frames that its reader gives, whatever is between the packets."""

from __future__ import annotations

import gzip
import io
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dfilter import native
from dfilter.captures import pcapng as reader
from dfilter.captures import pcapng_windows, runs
from dfilter.captures.index import BlockChunk, chunks_of
from dfilter.captures.progress import watching
from dfilter.captures.read import open_capture
from dfilter.errors import CaptureError
from tests.captures_room.cases import PCAPNG
from tests.captures_room.make import PACKET, block, enhanced, interface, option, pcapng, section, simple

WINDOW = 1 << 10
COMPILED = pytest.mark.skipif(not native.available(), reason="no llvmlite")
FINDERS = ["numpy", pytest.param("machine code", marks=COMPILED)]


@pytest.fixture(params=FINDERS)
def finder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(pcapng_windows, "pays", lambda _: request.param == "machine code")
    monkeypatch.setattr(runs, "FEW", 2)
    monkeypatch.setattr(reader, "_SKIPPED_WHOLE", 4096)
    return str(request.param)


def by_reader(source: Any) -> tuple[list[Any], str | None] | str:
    try:
        capture = open_capture(source)
    except CaptureError as error:
        return str(error)
    seen = [what(frame) for frame in capture]
    return seen, capture.warning


def by_place(source: Any, size: int = WINDOW) -> tuple[list[Any], str | None] | str:
    try:
        capture = open_capture(source)
    except CaptureError as error:
        return str(error)
    seen, number = [], 0
    for chunk in chunks_of(capture, size):
        assert isinstance(chunk, BlockChunk)
        assert chunk.first == number + 1
        number += len(chunk)
        assert chunk.has_secrets == any(chunk.frame(row).origin.section.secrets for row in range(len(chunk)))
        for row in range(len(chunk)):
            frame = chunk.frame(row)
            start, captured = int(chunk.starts[row]), int(chunk.captured[row])
            assert chunk.data[start : start + captured] == frame.data
            assert len(chunk.data) >= start + captured + 64
            assert chunk.wire[row] == frame.wire_length
            links = chunk.link_types
            assert (links if isinstance(links, int) else links[row]) == frame.link_type
            seen.append(what(frame))
    return seen, capture.warning


def what(frame: Any) -> tuple[Any, ...]:
    origin, held = frame.origin, frame.origin.section
    described = (origin.id, origin.link_type, origin.units, origin.offset, origin.options)
    return (frame.number, frame.time, frame.data, frame.wire_length, frame.link_type, frame.interface, frame.options,
            described, held.number, held.byte_order, len(held.secrets))  # fmt: skip


COMMENT, BAD = option(1, b"hello"), struct.pack("<HH", 1, 400) + b"abcd"
INNER = section() + interface() + enhanced(bytes(9)) * 3
"""A capture inside a packet, whose blocks look right."""


@st.composite
def pieces(draw: Any) -> bytes:
    """One section with all that can be in it."""
    order = draw(st.sampled_from("<>"))
    found = [section(order)]

    def options() -> bytes:
        values = [b"", b"", b"", option(1, b"note", order), option(2, bytes(4), order) + option(1, b"", order)]
        return draw(st.sampled_from(values))

    def packets() -> bytes:
        size = draw(st.sampled_from((0, 1, 60, 61, 300, 700, 2500)))
        data, which = draw(st.sampled_from((bytes(size), INNER, PACKET))), draw(st.sampled_from((0, 0, 0, 1)))
        ticks = draw(st.integers(0, 2**64 - 1))
        wire = draw(st.sampled_from((None, 5000, 2**32 - 1)))
        return enhanced(data, which, ticks, wire=wire, options=options(), order=order) * draw(st.integers(1, 12))

    def described() -> bytes:
        kind = draw(st.sampled_from((1, 1, 101, 189)))
        values = (b"", option(9, b"\x09", order), option(9, b"\x8a", order), option(9, b"\x0c", order),
                  option(14, struct.pack(order + "q", -7), order))  # fmt: skip
        return interface(kind, draw(st.sampled_from((0, 40))), draw(st.sampled_from(values)), order)

    others = (
        lambda: block(3, struct.pack(order + "I", 40) + bytes(40), order),
        lambda: block(2, struct.pack(order + "HH4I", 0, 3, 1, 2, 60, 60) + PACKET, order),
        lambda: block(0xBAD, struct.pack(order + "I", 7) + b"custom!", order),
        lambda: block(9, b"__REALTIME_TIMESTAMP=1465928333941153\n_X=1\n\n", order),
        lambda: block(4, struct.pack(order + "HH", 0, 0), order),
        lambda: block(5, bytes(12), order),
        lambda: block(0x0BAD0, bytes(draw(st.sampled_from((0, 40, 3000, 9000)))), order),
        lambda: block(10, struct.pack(order + "II", 0x544C534B, 4) + b"abcd", order),
        lambda: block(6, struct.pack(order + "5I", 0, 0, 0, 5, 5) + bytes(5), order, first=37, last=37),
        described,
    )
    if draw(st.integers(0, 9)):
        found.append(described())
    for _ in range(draw(st.integers(0, 8))):
        kind = draw(st.integers(0, len(others) + 8))
        found.append(others[kind]() if kind < len(others) else packets())
    return b"".join(found)


@st.composite
def files(draw: Any) -> bytes:
    """Some sections, perhaps cut, perhaps damaged."""
    data = bytearray(b"".join(draw(st.lists(pieces(), min_size=1, max_size=3))))
    for _ in range(draw(st.sampled_from((0, 0, 1, 2)))):
        at = draw(st.integers(0, len(data) - 4)) & ~3
        data[at : at + 4] = struct.pack("<I", draw(st.sampled_from((0, 1, 6, 32, 33, 0x7FFFFFFF, 0xFFFFFFFF, 10))))
    if draw(st.integers(0, 3)) == 0:
        del data[draw(st.integers(0, len(data))) :]
    return bytes(data)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=files(), size=st.sampled_from((WINDOW, 2047, 1 << 14)))
def test_generated_files(finder: str, tmp_path: Path, data: bytes, size: int) -> None:
    path = tmp_path / "x.pcapng"
    path.write_bytes(data)
    assert by_place(path, size) == by_reader(path)


@settings(max_examples=100, deadline=None)
@given(data=files(), level=st.sampled_from((0, 5)), cut=st.booleans())
def test_generated_files_compressed(data: bytes, level: int, cut: bool) -> None:
    packed = gzip.compress(data, level)
    packed = packed[: len(packed) * 3 // 4] if cut else packed
    assert by_place(io.BytesIO(packed)) == by_reader(io.BytesIO(packed))


@pytest.mark.parametrize(("data", "shapes", "outcome"), [pytest.param(*case[1:], id=case[0]) for case in PCAPNG])
def test_known_files(finder: str, tmp_path: Path, data: bytes, shapes: Any, outcome: str) -> None:
    path = tmp_path / "x.pcapng"
    for times in (1, 20):
        path.write_bytes(data * times)
        found = by_place(path)
        assert found == by_reader(path)
        assert isinstance(found, str) == (outcome == "error")


def test_every_cut(finder: str, tmp_path: Path) -> None:
    data = pcapng(enhanced(options=COMMENT) * 3, enhanced(b"abc"), simple(), enhanced(PACKET * 20) * 3)
    path = tmp_path / "x.pcapng"
    for size in range(48, len(data) + 1):
        path.write_bytes(data[:size])
        assert by_place(path) == by_reader(path)


def test_runs_are_found(finder: str, tmp_path: Path) -> None:
    """Packets are not made one by one, captures inside packets and options notwithstanding."""
    path = tmp_path / "x.pcapng"
    packets = [enhanced(INNER * (n % 5), options=COMMENT * (n % 3)) for n in range(900)]
    path.write_bytes(pcapng(*packets, enhanced(options=BAD)))
    assert by_place(path) == by_reader(path)
    chunks = chunks_of(open_capture(path), 1 << 15)
    made = sum(len(part) for chunk in chunks if isinstance(chunk, BlockChunk)
               for part in chunk.parts if isinstance(part, list))  # fmt: skip
    assert made < 30


def test_the_first_packet_with_damaged_options(finder: str, tmp_path: Path) -> None:
    """Options like those of the packet before are not looked at again; others are."""
    path = tmp_path / "x.pcapng"
    for at in (0, 1, 7, 11):
        options = [COMMENT] * 12
        options[at] = option(2, b"ab")
        path.write_bytes(pcapng(*[enhanced(options=each) for each in options]))
        found = by_place(path)
        assert found == by_reader(path)
        assert len(found[0]) == at
        path.write_bytes(pcapng(*[enhanced(options=each * 30) for each in options]))
        assert by_place(path) == by_reader(path)


def test_a_block_longer_than_the_window(finder: str, tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    large = enhanced(bytes(200_000))
    skipped = block(0x0BAD0, bytes(5 << 20))
    path.write_bytes(pcapng(enhanced() * 20, large, enhanced() * 20, skipped, large * 2, enhanced()))
    assert by_place(path) == by_reader(path)


def test_progress_is_told(finder: str, tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    path.write_bytes(pcapng(enhanced() * 9000, simple() * 5))
    told: list[tuple[int, int]] = []
    with watching(lambda size, frames: told.append((size, frames))):
        assert sum(len(chunk) for chunk in chunks_of(open_capture(path), 1 << 16)) == 9005
    assert sum(size for size, _ in told) == path.stat().st_size
    assert sum(frames for _, frames in told) == 9005


@pytest.mark.parametrize("between", [
    pytest.param(b"", id="nothing"), pytest.param(simple(), id="simple packets"),
    pytest.param(block(4, bytes(4)), id="names"), pytest.param(block(10, struct.pack("<II", 1, 0)), id="secrets"),
])  # fmt: skip
def test_memory_is_bounded(finder: str, tmp_path: Path, between: bytes) -> None:
    path = tmp_path / "x.pcapng"
    path.write_bytes(pcapng(*[enhanced(PACKET) * 3 + between] * 10_000))
    tracemalloc.start()
    held = sum(len(chunk) for chunk in chunks_of(open_capture(path), 1 << 16))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert held >= 30_000
    assert most < 3 << 19 < path.stat().st_size
