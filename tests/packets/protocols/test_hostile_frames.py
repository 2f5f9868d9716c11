"""Random and damaged bytes through every link type: no exception, no internal error, in bounded time."""

from __future__ import annotations

import random

import pytest

from dfilter.packets.dispatch import catalogue
from dfilter.packets.session import Session, needs_of
from tests.packets.builders import A, B, eth, frames, icmp, ip4, ip6, udp

LINK_TYPES = sorted(catalogue().tables["link"])

SAMPLES = [
    eth(ip4(udp(b"payload!"))),
    eth(b"\0\5\x08\0" + ip4(udp(b"payload!")), 0x8100),
    eth(ip4(icmp(3, 3, ip4(udp(b"x"))), 1, B, A)),
    eth(ip4(udp(b"fragment"), flags=0x2000)),
    eth(ip4(udp(b"options."), options=b"\x07\x07\x04" + bytes(5))),
    eth(ip6(b"\x2b\0\x05\2\0\0\1\0" + b"\x11\2\0\1" + bytes(20) + udp(b"x"), 0), 0x86DD),
    eth(ip6(b"\x86\0\0\0" + bytes(12) + b"\3\4\x40\xc0" + bytes(28), 58), 0x86DD),
    eth(ip4(b"\xb0\0\x08\0" + bytes(12) + ip4(udp(b"x")), 47)),
    eth(ip4(udp(b"\x08\0\0\0\0\0\1\0" + eth(ip4(udp(b"x"))), 4789, 4789))),
    eth(b"\x42\x42\3\0\0\3\2" + bytes(120), 130),
    eth(ip4(b"\x22\0\0\0\0\0\0\2" + bytes(40), 2)),
    eth(ip4(bytes(12) + b"\0\3\0\x14" + bytes(16), 132)),
]


def damaged(rng: random.Random, sample: bytes) -> bytes:
    data = bytearray(sample)
    for _ in range(rng.randint(1, 6)):
        data[rng.randrange(len(data))] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
    return bytes(data[: rng.randint(1, len(data))] if rng.random() < 0.3 else data)


@pytest.mark.parametrize("link_type", LINK_TYPES)
def test_random_bytes(link_type: int) -> None:
    rng = random.Random(link_type)
    packets = [rng.randbytes(rng.randint(0, 90)) for _ in range(60)]
    check(packets, link_type)


@pytest.mark.parametrize("sample", SAMPLES, ids=range(len(SAMPLES)))
def test_damaged_packets(sample: bytes) -> None:
    rng = random.Random(len(sample))
    check([damaged(rng, sample) for _ in range(300)], 1)


def check(packets: list[bytes], link_type: int) -> None:
    session = Session(needs_of(None))
    for frame in frames(packets, link_type):
        frame.wire_length += frame.number % 3 * 20
        view = session.dissect(frame)
        view.complete()
        assert len(view.layers) < 500
    assert session.internal_errors == []
