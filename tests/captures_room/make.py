"""Capture files, byte by byte, for the tests of this room."""

from __future__ import annotations

import struct

PACKET = bytes.fromhex(
    "ffffffffffff00112233445508004500001c000100004011000001020304050607080035003500080000"
) + bytes(18)
SECONDS = 1_700_000_000


def pcap(*records: bytes, order: str = "<", magic: int = 0xA1B2C3D4, version: tuple[int, int] = (2, 4),
         snaplen: int = 65535, link_type: int = 1) -> bytes:  # fmt: skip
    return struct.pack(order + "IHHIIII", magic, *version, 0, 0, snaplen, link_type) + b"".join(records)


def record(data: bytes = PACKET, fraction: int = 123456, captured: int | None = None, wire: int | None = None,
           order: str = "<", extra: int = 0, swapped: bool = False) -> bytes:  # fmt: skip
    captured = len(data) if captured is None else captured
    lengths = (captured, captured if wire is None else wire)
    head = struct.pack(order + "IIII", SECONDS, fraction, *(reversed(lengths) if swapped else lengths))
    return head + bytes(extra) + data


def option(code: int, value: bytes, order: str = "<") -> bytes:
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def block(
    kind: int, body: bytes, order: str = "<", first: int | None = None, last: int | None = None
) -> bytes:
    body += bytes(-len(body) % 4)
    length = len(body) + 12
    head = struct.pack(order + "II", kind, length if first is None else first)
    return head + body + struct.pack(order + "I", length if last is None else last)


def section(order: str = "<", version: tuple[int, int] = (1, 0), magic: int = 0x1A2B3C4D) -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", magic, *version, -1), order)


def interface(link_type: int = 1, snaplen: int = 0, options: bytes = b"", order: str = "<") -> bytes:
    return block(1, struct.pack(order + "HHI", link_type, 0, snaplen) + options, order)


def enhanced(data: bytes = PACKET, which: int = 0, ticks: int = SECONDS * 10**6 + 123456,
             captured: int | None = None, wire: int | None = None, options: bytes = b"",
             order: str = "<") -> bytes:  # fmt: skip
    captured = len(data) if captured is None else captured
    lengths = (captured, captured if wire is None else wire)
    head = struct.pack(order + "IIIII", which, ticks >> 32, ticks & 0xFFFFFFFF, *lengths)
    return block(6, head + data + bytes(-len(data) % 4) + options, order)


def old_packet(data: bytes = PACKET, which: int = 0, drops: int = 0xFFFF) -> bytes:
    ticks = SECONDS * 10**6
    head = struct.pack("<HHIIII", which, drops, ticks >> 32, ticks & 0xFFFFFFFF, len(data), len(data))
    return block(2, head + data + bytes(-len(data) % 4))


def simple(data: bytes = PACKET, wire: int | None = None) -> bytes:
    return block(3, struct.pack("<I", len(data) if wire is None else wire) + data)


def pcapng(*blocks: bytes) -> bytes:
    return section() + interface() + b"".join(blocks)
