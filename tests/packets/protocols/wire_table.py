"""Tests of a protocol as a table: packets in hexadecimal, and filters that must select them.

In: rows "carrier: hex bytes", each followed by indented filters.  Out: which filters disagree, and what faults show
when packets are cut.  Carriers: ip/89 (protocol number), ip6/89 (next
header), udp/520 and tcp/179 (destination port), eth/88cc (type), llc/fefe03 (the LLC header), link/195 (outermost).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import dfilter
from dfilter.packets.session import RawFrame, Session

ETHERNET = 1
ADDRESSES = bytes.fromhex("020000000002020000000001")


def _ip(protocol: int, payload: bytes) -> bytes:
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0, b"\x0a\0\0\1", b"\x0a\0\0\2")
    return ADDRESSES + b"\x08\0" + head + payload


def carried(carrier: str, payload: bytes) -> tuple[int, bytes]:
    """Link type and bytes of a frame that carries `payload`."""
    kind, _, key = carrier.partition("/")
    if kind == "link":
        return int(key), payload
    if kind == "eth":
        return ETHERNET, ADDRESSES + bytes.fromhex(key) + payload
    if kind == "llc":
        whole = bytes.fromhex(key) + payload
        return ETHERNET, ADDRESSES + struct.pack(">H", len(whole)) + whole
    if kind == "ip":
        return ETHERNET, _ip(int(key), payload)
    if kind == "ip6":
        head = struct.pack(">IHBB", 6 << 28, len(payload), int(key), 64) + bytes(15) + b"\1" + bytes(15) + b"\2"
        return ETHERNET, ADDRESSES + b"\x86\xdd" + head + payload
    port = int(key)
    if kind == "udp":
        return ETHERNET, _ip(17, struct.pack(">HHHH", port, port, 8 + len(payload), 0) + payload)
    assert kind == "tcp"
    return ETHERNET, _ip(6, struct.pack(">HHIIBBHHH", 50001, port, 1, 1, 0x50, 0x18, 1000, 0, 0) + payload)


def rows(table: str) -> list[tuple[str, bytes, list[str]]]:
    """(carrier, payload, filters) of a table."""
    found: list[tuple[str, bytes, list[str]]] = []
    for line in table.splitlines():
        if not line.strip():
            continue
        if line.startswith("    "):
            found[-1][2].append(line.strip())
        else:
            carrier, _, content = line.strip().partition(": ")
            found.append((carrier, bytes.fromhex(content), []))
    return found


def disagreements(table: str) -> Iterator[str]:
    """A line for each filter that does not say of its packet what the table says."""
    for carrier, payload, filters in rows(table):
        link, frame = carried(carrier, payload)
        for text in filters:
            if not dfilter.compile(text).matches(frame, link_type=link):
                yield f"{carrier} {payload.hex()}: {text}"


def faults_when_cut(table: str) -> list[tuple[int, str]]:
    """Internal errors that show when each packet ends early, by its own lengths or by the capture's."""
    errors: list[tuple[int, str]] = []
    for carrier, payload, _ in rows(table):
        for length in range(len(payload)):
            link, frame = carried(carrier, payload[:length])
            session = Session()
            for number, wire_length in enumerate((len(frame), len(frame) + 9), 1):
                session.dissect(RawFrame(number, 0, frame, wire_length, link)).complete()
            errors += session.internal_errors
    return errors
