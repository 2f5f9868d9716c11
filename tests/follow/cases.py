"""Segments in a few characters, and what `tshark -z follow,tcp,yaml,0` of Wireshark 4.4 makes of them.

    python -m tests.follow.cases          write the answers of the reference into orders.txt anew

A segment: `>` from node 10.0.0.1 or `<` from 10.0.0.2, its sequence number, S for a SYN, `/` and the number that it
acknowledges (`!`: without the flag that says so), `:` and its data, `~` and how many bytes of the data the capture
lacks. An answer: frame, direction, data, or `[N]` for a gap of N bytes.
"""

from __future__ import annotations

import base64
import re
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dfilter.packets.session import RawFrame
from tests.parity.compare import ORACLE

TABLE = Path(__file__).with_name("orders.txt")
ENDS = (bytes((10, 0, 0, 1)), bytes((10, 0, 0, 2)))
PORTS = (1000, 7777)
_SEGMENT = re.compile(r"([<>])(\d+)(S?)(?:([/!])(\d+))?(?::([^~]*))?(?:~(\d+))?")
_RECORD = re.compile(r"- packet: (\d+)\n    peer: (\d)\n.*\n    data: !!binary \|\n((?:      .*\n?)*)")
_GAP = re.compile(rb"\[(\d+) bytes missing in capture file\]\0")


def rows() -> Iterator[tuple[str, str, str]]:
    """(name, segments, answer) of each case."""
    for line in TABLE.read_text("utf-8").splitlines():
        if line and line[0] != "#":
            name, segments, answer = (part.strip() for part in line.split("|"))
            yield name, segments, answer


def frames(text: str) -> list[RawFrame]:
    """The segments as frames of Ethernet and IPv4."""
    made = []
    for number, word in enumerate(text.split(), 1):
        matched = _SEGMENT.fullmatch(word)
        assert matched, word
        node = int(matched[1] == "<")
        data = (matched[6] or "").encode()
        flags = (2 if matched[3] else 0) | (16 if matched[4] == "/" else 0)
        numbers = (int(matched[2]), int(matched[5] or 0))
        tcp = struct.pack(">HHIIBBHHH", PORTS[node], PORTS[1 - node], *numbers, 0x50, flags, 8192, 0, 0) + data
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 1, 0, 64, 6, 0) + ENDS[node] + ENDS[1 - node]
        frame = bytes(12) + b"\x08\0" + ip + tcp
        captured = frame[: len(frame) - int(matched[7] or 0)]
        made.append(RawFrame(number, (1_600_000_000 + number) * 10**9, captured, len(frame), 1))
    return made


def pcap(made: list[RawFrame]) -> bytes:
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)]
    for frame in made:
        seconds = (frame.time or 0) // 10**9
        parts.append(struct.pack("<IIII", seconds, 0, len(frame.data), frame.wire_length) + frame.data)
    return b"".join(parts)


def answer(pieces: list[tuple[int, int, bytes, int]]) -> str:
    """Pieces (frame, node, data, missing) in the words of the table."""
    return " ".join(f"{frame}{'<' if node else '>'}{f'[{missing}]' if missing else data.decode()}"
                    for frame, node, data, missing in pieces)  # fmt: skip


def reference(text: str) -> str:
    """What the reference answers."""
    with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
        file.write(pcap(frames(text)))
        file.flush()
        command = [ORACLE, "4.4", "tshark", "-q", "-n", "-r", file.name, "-z", "follow,tcp,yaml,0"]
        out = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    host = re.search(r"host: (\S+)", out)
    turned = host is not None and host[1] == "10.0.0.2"
    pieces = []
    for matched in _RECORD.finditer(out):
        data = base64.b64decode(matched[3])
        gap = _GAP.fullmatch(data)
        pieces.append((int(matched[1]), int(matched[2]) ^ turned, data, int(gap[1]) if gap else 0))
    return answer(pieces)


def main() -> None:
    lines = []
    for line in TABLE.read_text("utf-8").splitlines():
        if line and line[0] != "#":
            name, segments, *_ = (part.strip() for part in line.split("|"))
            line = f"{name} | {segments} | {reference(segments)}"
        lines.append(line)
    TABLE.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
