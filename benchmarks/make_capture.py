"""A deterministic mixed capture of any size.

    python -m benchmarks.make_capture FRAMES OUT.pcap

In: a number of frames.  Out: a pcap file of the traffic of an office: DNS, TLS, HTTP, downloads, FTP, SMTP, SSH,
DHCP, ARP, SSDP, mDNS, NTP, ICMP, IPv4 and IPv6, some of it in VLANs, in GRE and IP-in-IP tunnels, in fragments, and
with segments sent twice.  What always holds: the same number gives the same bytes; every conversation is its own,
with correct checksums; times never go back.

One "hour" of about 60,000 frames is told with the story tellers of the tests; every further hour is the same with
the local hosts moved to other addresses (10.0.0.n to 10.x.y.n), which numpy does for all frames at once.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.traffic import HOUR_SECONDS, office_hour

HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)

_IPV6_LOCAL = bytes.fromhex("20010db800000000")
"""The network of local IPv6 hosts; the last word of it counts the hours."""


class Hour:
    """The frames of one hour as pcap records, and where what changes from hour to hour lies in them."""

    def __init__(self, frames: Iterable[tuple[int, bytes]]) -> None:
        records = bytearray()
        self.starts: list[int] = []
        self._octets: list[int] = []
        self._words: list[int] = []
        self._sums4: list[tuple[int, int]] = []
        self._sums6: list[tuple[int, int]] = []
        for time, frame in frames:
            self.starts.append(len(records))
            records += struct.pack("<IIII", *divmod(time, 1_000_000), len(frame), len(frame))
            self._note(len(records), frame)
            records += frame
        self._records = np.frombuffer(bytes(records), np.uint8)

    def _note(self, at: int, frame: bytes) -> None:
        """Remember the addresses and checksums of a frame that will lie at `at`."""
        network = 18 if frame[12:14] == b"\x81\x00" else 14
        kind = frame[network - 2 : network]
        if kind == b"\x08\x06":
            self._octets += [at + network + i for i in (14, 24) if frame[network + i] == 10]
        elif kind == b"\x08\x00":
            self._note_ipv4(at, frame, network)
        elif kind == b"\x86\xdd":
            self._note_ipv6(at, frame, network)

    def _note_ipv4(self, at: int, frame: bytes, network: int) -> None:
        local = [i for i in (12, 16) if frame[network + i] == 10]
        self._octets += [at + network + i for i in local]
        self._sums4.append((at + network + 10, len(local)))
        transport = network + 4 * (frame[network] & 15)
        place = {6: 16, 17: 6}.get(frame[network + 9])
        later_fragment = frame[network + 6] & 0x1F or frame[network + 7]
        if place is not None and not later_fragment and frame[transport + place : transport + place + 2] != b"\0\0":
            self._sums4.append((at + transport + place, len(local)))

    def _note_ipv6(self, at: int, frame: bytes, network: int) -> None:
        local = [i for i in (8, 24) if frame[network + i : network + i + 8] == _IPV6_LOCAL]
        self._words += [at + network + i + 6 for i in local]
        place = {6: 16, 17: 6, 58: 2}.get(frame[network + 6])
        if place is not None:
            self._sums6.append((at + network + 40 + place, len(local)))

    def told(self, hour: int) -> Any:
        """The records of hour number `hour` (0 to 65535) as bytes."""
        records = self._records.copy()
        octets = np.array(self._octets)
        records[octets + 1], records[octets + 2] = hour >> 8, hour & 255
        words = np.array(self._words)
        records[words], records[words + 1] = hour >> 8, hour & 255
        _adjust(records, self._sums4, (hour >> 8) + ((hour & 255) << 8))
        _adjust(records, self._sums6, hour)
        seconds = np.ndarray((len(records) - 3,), "<u4", records.data, strides=(1,))
        seconds[np.array(self.starts)] += np.uint32(hour * HOUR_SECONDS)
        return records


def _adjust(records: Any, places: list[tuple[int, int]], change: int) -> None:
    """Checksums after `change` was added to the words that they cover, so many times (RFC 1624)."""
    at, times = np.array(places).T
    total = (records[at].astype(np.int64) << 8 | records[at + 1]) ^ 0xFFFF
    total += times * change
    for _ in range(2):
        total = (total & 0xFFFF) + (total >> 16)
    total = np.where(total ^ 0xFFFF == 0, 0xFFFF, total ^ 0xFFFF)
    records[at], records[at + 1] = total >> 8, total & 255


def pieces(frames: int) -> Iterator[Any]:
    """The capture file's bytes, an hour at a time."""
    yield HEADER
    hour = Hour(office_hour())
    size = len(hour.starts)
    for number in range(-(-frames // size)):
        records = hour.told(number)
        left = frames - number * size
        yield records if left >= size else records[: hour.starts[left]]


def make_capture(frames: int, path: Path) -> None:
    """Write a capture of so many frames."""
    with path.open("wb") as out:
        for piece in pieces(frames):
            out.write(piece)


if __name__ == "__main__":
    make_capture(int(sys.argv[1]), Path(sys.argv[2]))
