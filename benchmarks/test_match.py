"""`Filter.matches` on bytes against building dpkt objects and comparing their attributes.

    python -m pytest benchmarks/test_match.py --benchmark-only --benchmark-group-by=param:case

Both sides see the same mixed frames in the same run; each round decides all of them once.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dpkt
import pytest

import dfilter
from dfilter.captures.read import open_capture

CAPTURES = Path(__file__).parent.parent / "tests" / "captures"
ADDRESS = socket.inet_aton("192.0.2.1")


def mixed_frames() -> list[bytes]:
    """The Ethernet frames of all tutorial captures, interleaved: HTTP, TLS, DNS, FTP, SMTP, ARP, IPv6, ICMP."""
    captures = [[frame.data for frame in open_capture(path)] for path in sorted(CAPTURES.glob("*.pcap*"))]
    longest = max(map(len, captures))
    return [frames[i] for i in range(longest) for frames in captures if i < len(frames)]


def dpkt_address(buf: bytes) -> bool:
    ip = dpkt.ethernet.Ethernet(buf).data
    return isinstance(ip, dpkt.ip.IP) and ADDRESS in (ip.src, ip.dst)


def dpkt_port(buf: bytes) -> bool:
    ip = dpkt.ethernet.Ethernet(buf).data
    tcp = getattr(ip, "data", None)
    return isinstance(tcp, dpkt.tcp.TCP) and 443 in (tcp.sport, tcp.dport)


def dpkt_syn(buf: bytes) -> bool:
    ip = dpkt.ethernet.Ethernet(buf).data
    tcp = getattr(ip, "data", None)
    return isinstance(tcp, dpkt.tcp.TCP) and tcp.flags & (dpkt.tcp.TH_SYN | dpkt.tcp.TH_ACK) == dpkt.tcp.TH_SYN


CASES: dict[str, tuple[str, Callable[[bytes], bool]]] = {
    "address": ("ip.addr == 192.0.2.1", dpkt_address),
    "port": ("tcp.port == 443", dpkt_port),
    "syn": ("tcp.flags.syn == 1 && tcp.flags.ack == 0", dpkt_syn),
}


def count(test: Callable[[bytes], bool], frames: list[bytes]) -> int:
    return sum(1 for frame in frames if test(frame))


@pytest.mark.parametrize("side", ["dfilter", "dpkt"])
@pytest.mark.parametrize("case", CASES)
def test_match(benchmark: Any, case: str, side: str) -> None:
    text, by_hand = CASES[case]
    frames = mixed_frames()
    test = by_hand if side == "dpkt" else dfilter.compile(text).matches
    found = benchmark(count, test, frames)
    assert found == count(dfilter.compile(text).matches, frames)
