"""Messages of the Windows protocols, built from a few words."""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence
from typing import Any

from dfilter.packets.session import Session, needs_of
from dfilter.packets.view import View
from tests.packets.builders import A, B, dissect, eth, frames, ip4, values
from tests.packets.builders import udp as udp_header

NEVER = 0xFFFFFFFFFFFFFFFF


class Talk:
    """The two directions of a TCP connection to `port`, one segment after the other."""

    def __init__(self, port: int) -> None:
        self.ports = (50000, port)
        self.next = [1000, 5000]
        self.packets: list[bytes] = []

    def say(self, data: bytes, back: bool = False) -> None:
        side = int(back)
        source, target = (self.ports[1], self.ports[0]) if back else self.ports
        segment = struct.pack(">HHIIBBHHH", source, target, self.next[side], self.next[1 - side], 0x50, 0x18, 8192,
                              0, 0) + data  # fmt: skip
        ends = (B, A) if back else (A, B)
        self.packets.append(eth(ip4(segment, 6, *ends)))
        self.next[side] += len(data)

    def views(self) -> list[View]:
        return dissect(self.packets)


def datagram(data: bytes, port: int) -> bytes:
    return eth(ip4(udp_header(data, port, port)))


def netbios_name(name: bytes, suffix: int, scope: bytes = b"\0") -> bytes:
    padded = name.ljust(15)[:15] + bytes([suffix])
    return b"\x20" + bytes(c for byte in padded for c in (0x41 + (byte >> 4), 0x41 + (byte & 15))) + scope


def session(data: bytes, kind: int = 0) -> bytes:
    """A message of the NetBIOS session service."""
    return bytes([kind]) + len(data).to_bytes(3, "big") + data


def smb2(command: int, body: bytes, *, message: int = 1, status: int | None = None, tid: int = 0, sesid: int = 0,
         chain: int = 0, flags: int = 0) -> bytes:  # fmt: skip
    """One SMB2 message; `status` makes it a response."""
    flags |= status is not None
    header = struct.pack("<4sHHIHHIIQIIQ", b"\xfeSMB", 64, 0, status or 0, command, 1, flags, chain, message, 0, tid,
                         sesid)  # fmt: skip
    return header + bytes(16) + body


def der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    length = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + length + content


def utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


def ntlm_negotiate() -> bytes:
    return b"NTLMSSP\0" + struct.pack("<II", 1, 0x00000207) + bytes(16)


def ntlm_authenticate(domain: str, user: str, host: str) -> bytes:
    payload, descriptors = b"", []
    response = bytes(16) + b"\1\1" + bytes(6) + (132_000_000_000_000_000).to_bytes(8, "little") + b"challeng" + bytes(
        4) + struct.pack("<HH", 2, 6) + utf16("DOM") + bytes(4)  # fmt: skip
    for part in (bytes(24), response, utf16(domain), utf16(user), utf16(host), b""):
        descriptors.append(struct.pack("<HHI", len(part), len(part), 64 + len(payload)))
        payload += part
    return b"NTLMSSP\0" + struct.pack("<I", 3) + b"".join(descriptors) + struct.pack("<I", 0x00080201) + payload


def check(view: View, expected: dict[str, Sequence[Any]]) -> None:
    assert {name: values(view, name) for name in expected} == {name: list(want) for name, want in expected.items()}


def survives(packets: Sequence[bytes], seed: int = 1, rounds: int = 60) -> None:
    """Damaged versions of `packets` cause no fault, whatever they show."""
    rng = random.Random(seed)
    for _ in range(rounds):
        state = Session(needs_of(None))
        for frame in frames([_damaged(rng, packet) for packet in packets]):
            state.dissect(frame).complete()
        assert state.internal_errors == []


def _damaged(rng: random.Random, packet: bytes) -> bytes:
    data = bytearray(packet)
    for _ in range(rng.randint(0, 5)):
        data[rng.randrange(34, len(data))] = rng.choice((0, 1, 0x30, 0x7F, 0x80, 0x84, 0xFF, rng.randrange(256)))
    return bytes(data[: rng.randint(42, len(data))] if rng.random() < 0.2 else data)
