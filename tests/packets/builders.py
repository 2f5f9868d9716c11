"""Packets from a few words, for the tests of the link and network layers."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from dfilter.packets.reader import PacketReader
from dfilter.packets.session import Session, needs_of
from dfilter.packets.view import View

A, B, C = (bytes([10, 0, 0, n]) for n in (1, 2, 3))
READER = PacketReader()


@dataclass
class Frame:
    """A captured frame made by hand; `cut`: how many of its bytes the capture kept."""

    data: bytes
    number: int = 1
    link_type: int = 1
    time: int | None = 1_600_000_000 * 10**9
    wire_length: int = 0


def frames(packets: Iterable[bytes], link_type: int = 1) -> list[Frame]:
    made = []
    for number, data in enumerate(packets, 1):
        time = (1_600_000_000 + number) * 10**9
        made.append(Frame(data, number, link_type, time, len(data)))
    return made


def dissect(packets: Sequence[bytes], link_type: int = 1) -> list[View]:
    """The views of a second pass over `packets`, each layer filled."""
    first = Session(needs_of(None))
    for frame in frames(packets, link_type):
        first.dissect(frame).complete()
    second = Session(needs_of(None), foresight=first.foreseen)
    views = [second.dissect(frame) for frame in frames(packets, link_type)]
    for view in views:
        view.complete()
    assert not first.internal_errors + second.internal_errors
    return views


def values(view: View, name: str) -> list[Any]:
    return list(READER.values(name)(view))


def eth(payload: bytes, kind: int = 0x0800) -> bytes:
    return b"\2\0\0\0\0\2\2\0\0\0\0\1" + kind.to_bytes(2, "big") + payload


def ip4(payload: bytes, proto: int = 17, source: bytes = A, target: bytes = B, *, total: int | None = None,
        flags: int = 0, ident: int = 1, options: bytes = b"", first: int | None = None) -> bytes:  # fmt: skip
    first = 0x45 + len(options) // 4 if first is None else first
    total = 20 + len(options) + len(payload) if total is None else total
    return struct.pack(">BBHHHBBH", first, 0, total, ident, flags, 64, proto, 0) + source + target + options + payload


def ip6(payload: bytes, following: int = 17, length: int | None = None) -> bytes:
    length = len(payload) if length is None else length
    return struct.pack(">IHBB", 6 << 28, length, following, 64) + bytes(15) + b"\1" + bytes(15) + b"\2" + payload


def udp(payload: bytes, source: int = 1111, target: int = 60000, length: int | None = None) -> bytes:
    return struct.pack(">HHHH", source, target, 8 + len(payload) if length is None else length, 0) + payload


def checksum(data: bytes) -> int:
    total = sum(struct.unpack(f">{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


def icmp(kind: int, code: int, payload: bytes, rest: bytes = bytes(4)) -> bytes:
    message = bytes([kind, code, 0, 0]) + rest + payload
    return message[:2] + checksum(message).to_bytes(2, "big") + message[4:]
