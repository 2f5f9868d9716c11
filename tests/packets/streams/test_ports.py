"""Which of two ports names the protocol of a conversation (Wireshark 4.4, default preferences)."""

from __future__ import annotations

import struct

import pytest

from tests.packets.streams.segments import TestFrame, tcp_frame, views

QUERY = bytes.fromhex("001d00010100000100000000000007") + b"example\3com\0\0\1\0\1"


def frames(client_port: int, server_port: int, syn: bool) -> list[TestFrame]:
    lines = ["c\tS\t1000\t0\t-\t0\t8192\t-", "s\tSA\t5000\t1001\t-\t1\t8192\t-"] if syn else []
    lines.append(f"c\tAP\t1001\t5001\t{QUERY.hex()}\t2\t8192\t-")
    made = []
    for number, line in enumerate(lines, 1):
        data = bytearray(tcp_frame(number, line, server_port).data)
        at = 34 if line[0] == "c" else 36
        data[at : at + 2] = struct.pack("!H", client_port)
        made.append(TestFrame(number, number, bytes(data)))
    return made


@pytest.mark.parametrize(
    ("client_port", "server_port", "syn", "expected"),
    [
        (40000, 53, True, "dns"),
        (40000, 53, False, "dns"),
        (53, 40001, True, "data"),
        (53, 40001, False, "dns"),
        (40000, 40001, True, "data"),
    ],
)
def test_port(client_port: int, server_port: int, syn: bool, expected: str) -> None:
    view = views(frames(client_port, server_port, syn))[-1]
    assert {name for name in ("dns", "data") if name in view.by_name} == {expected}
