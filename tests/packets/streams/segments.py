"""TCP segments for tests, made from a line of a table; and what dfilter finds in them.

In: lines of tab-separated columns: who (c or s), flags, seq, ack, payload (hex, x and a length, or -), time in µs,
window, options (hex or -).  Out: Ethernet frames, and views of them.
The tables' last column is the answer of Wireshark 4.4.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dfilter.packets.reader import PacketReader
from dfilter.packets.session import Session, needs_of
from dfilter.packets.view import View

CLIENT, SERVER = bytes((10, 0, 0, 1)), bytes((10, 0, 0, 2))
CLIENT_PORT = 40000
_FLAG_BITS = {"C": 0x80, "E": 0x40, "U": 0x20, "A": 0x10, "P": 0x08, "R": 0x04, "S": 0x02, "F": 0x01, "-": 0}


@dataclass(frozen=True, slots=True)
class TestFrame:
    """What a session needs to know of a frame."""

    __test__ = False

    number: int
    time: int
    data: bytes
    link_type: int = 1

    @property
    def wire_length(self) -> int:
        return len(self.data)


def tcp_frame(number: int, line: str, server_port: int = 5555) -> TestFrame:
    """The frame that a line describes."""
    who, flags, seq, ack, payload, time, window, options = line.split("\t")[:8]
    data = b"Z" * int(payload[1:]) if payload[0] == "x" else bytes.fromhex(payload.strip("-"))
    opts = bytes.fromhex(options.strip("-"))
    ends = (CLIENT, SERVER) if who == "c" else (SERVER, CLIENT)
    ports = (CLIENT_PORT, server_port) if who == "c" else (server_port, CLIENT_PORT)
    bits = sum(_FLAG_BITS[letter] for letter in flags)
    offset = 5 + len(opts) // 4 << 4
    tcp = struct.pack("!HHIIBBHHH", *ports, int(seq), int(ack), offset, bits, int(window), 0, 0) + opts + data
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + ends[0] + ends[1]
    ethernet = bytes.fromhex("0200000000010200000000020800")
    return TestFrame(number, 10**18 + int(time) * 1000, ethernet + ip + tcp)


def scenarios(table: Path) -> Iterator[tuple[str, list[str]]]:
    """(name, lines) of each scenario of a table."""
    name = ""
    lines: list[str] = []
    for line in [*table.read_text("utf-8").splitlines(), "# end"]:
        if line.startswith("# "):
            if lines:
                yield name, lines
            name, lines = line[2:], []
        else:
            lines.append(line)


def views(frames: Iterable[TestFrame], names: Iterable[str] | None = None) -> list[View]:
    """The views of all frames after two passes, as the reference's answers are."""
    frames = list(frames)
    first = Session(needs_of(names))
    for frame in frames:
        first.dissect(frame).complete()
    session = Session(needs_of(names), foresight=first.foreseen)
    found = [session.dissect(frame) for frame in frames]
    for view in found:
        view.complete()
    assert first.internal_errors == session.internal_errors == []
    return found


def values(view: View, name: str) -> list[object]:
    return list(PacketReader().values(name)(view))
