"""Damaged and malicious files: nothing but `CaptureError` comes out, memory stays bounded, nothing hangs."""

from __future__ import annotations

import gzip
import io
import struct
import tracemalloc

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from dfilter.captures.read import open_capture
from dfilter.errors import CaptureError
from tests.captures_room.cases import PCAP, PCAPNG
from tests.captures_room.make import block, enhanced, interface, option, pcap, pcapng, record, section, simple

_SEEDS = [case[1] for case in PCAP + PCAPNG if 0 < len(case[1]) < 3000]
_RICH = pcapng(simple(), enhanced(options=option(1, b"comment")), interface(101, 40, option(9, b"\x09")),
               enhanced(which=1), block(4, bytes(4)), section(">"), interface(order=">"),
               enhanced(order=">"))  # fmt: skip
_SEEDS += [_RICH, *(gzip.compress(_RICH) for _ in range(5)), zstandard.ZstdCompressor().compress(_RICH)]

_STARTS = [b"", pcap(), pcapng(), section(">"), b"\x1f\x8b\x08\0" + bytes(6), b"\x28\xb5\x2f\xfd"]


def drain(data: bytes) -> int:
    total = 0
    try:
        capture = open_capture(io.BytesIO(data))
        for frame in capture:
            total += len(frame.data) + 0 * len(frame.comments)
    except CaptureError:
        return total
    assert capture.warning is None or "\n" not in capture.warning
    return total


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(_SEEDS), st.data())
def test_mutations(seed, data):
    mutated = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(mutated)))
        piece = data.draw(st.one_of(st.binary(max_size=8), st.sampled_from(_EXTREMES)))
        if data.draw(st.booleans()):
            mutated[at : at + len(piece)] = piece
        else:
            mutated[at:at] = piece
    assert drain(bytes(mutated)) <= len(mutated) * 2000


_EXTREMES = [struct.pack("<I", n) for n in (0, 1, 3, 12, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFC)]


@settings(deadline=None)
@given(st.sampled_from(_STARTS), st.binary(max_size=300))
def test_noise(start, noise):
    drain(start + noise)


class Endless(io.RawIOBase):
    """`start`, then `piece` for `pieces` times."""

    def __init__(self, start: bytes, piece: bytes, pieces: int) -> None:
        self._start, self._piece, self._left = start, piece, pieces

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self._start:
            start, self._start = self._start, b""
            return start
        self._left -= 1
        return self._piece if self._left >= 0 else b""


def peak(file) -> tuple[int, int]:
    tracemalloc.start()
    try:
        try:
            frames = sum(1 for _ in open_capture(file))
        except CaptureError:
            frames = 0
        return frames, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


_BOMB = pcap(*[record(bytes(60_000), captured=60_000)] * 500)


@pytest.mark.parametrize(
    ("file", "frames"),
    [
        pytest.param(lambda: Endless(pcap(), record() * 2000, 60), 120_000, id="many packets"),
        pytest.param(lambda: Endless(pcapng(), enhanced() * 2000, 20), 40_000, id="many blocks"),
        pytest.param(lambda: io.BytesIO(gzip.compress(_BOMB)), 500, id="gzip bomb"),
        pytest.param(lambda: io.BytesIO(zstandard.ZstdCompressor().compress(_BOMB)), 500, id="zstd bomb"),
        pytest.param(lambda: io.BytesIO(pcap(record(captured=262_144))), 0, id="claims the most"),
        pytest.param(
            lambda: Endless(pcapng(struct.pack("<II", 0xBAD0, 134_348_832)), bytes(1 << 16), 1 << 10),
            0, id="long block to skip"),
        pytest.param(
            lambda: io.BytesIO(section() + interface(231) + struct.pack("<II", 6, 134_348_832)), 0,
            id="claims a long block"),
        pytest.param(lambda: Endless(b"\x1f\x8b\x08\x10" + bytes(6), b"a" * (1 << 16), 500), 0,
                     id="gzip with an endless comment"),
    ],
)  # fmt: skip
def test_memory_is_bounded(file, frames):
    read, most = peak(file())
    assert read == frames
    assert most < 6 << 20
