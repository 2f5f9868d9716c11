"""A capture of what the five stories lack: fragments, tags, duplicate addresses, plain passwords, damage.

In: nothing.  Out: `odds.pcap`, the same bytes each time.
"""

from __future__ import annotations

import socket
import struct
from pathlib import Path

import dpkt

HOST, OTHER, SERVER = "192.0.2.10", "192.0.2.20", "192.0.2.80"
MACS = {HOST: b"\x00\x0c\x29\x00\x00\x0a", OTHER: b"\x00\x0c\x29\x00\x00\x14", SERVER: b"\x02\x00\x00\x00\x00\x50"}


def ethernet(payload: bytes, kind: int = 0x0800, source: str = HOST, target: str = SERVER) -> bytes:
    return MACS[target] + MACS[source] + kind.to_bytes(2, "big") + payload


def ip(payload: bytes, protocol: int, source: str = HOST, target: str = SERVER, **more: int) -> bytes:
    packet = dpkt.ip.IP(src=socket.inet_aton(source), dst=socket.inet_aton(target), p=protocol, data=payload,
                        id=more.get("id", 1), ttl=more.get("ttl", 64))  # fmt: skip
    packet.mf, packet.offset, packet.len = more.get("mf", 0), more.get("offset", 0), 20 + len(payload)
    return bytes(packet)


def tcp(data: bytes, seq: int, ack: int, flags: int = 0x18, back: bool = False, port: int = 80) -> bytes:
    ports = (port, 50_000) if back else (50_000, port)
    segment = dpkt.tcp.TCP(sport=ports[0], dport=ports[1], seq=seq, ack=ack, flags=flags, win=64_000, data=data)
    source, target = (SERVER, HOST) if back else (HOST, SERVER)
    return ethernet(ip(bytes(segment), 6, source, target), source=source, target=target)


def echo(size: int) -> bytes:
    return bytes(dpkt.icmp.ICMP(type=8, data=dpkt.icmp.ICMP.Echo(id=7, seq=1, data=b"A" * size)))


def arp(operation: int, owner: str, address: str, target: str = SERVER) -> bytes:
    body = struct.pack(">HHBBH", 1, 0x0800, 6, 4, operation) + MACS[owner] + socket.inet_aton(address)
    return ethernet(body + MACS[target] + socket.inet_aton(target), 0x0806, owner, target)


def conversation(port: int, asked: bytes, answered: bytes) -> list[bytes]:
    start = [
        tcp(b"", 100, 0, 0x02, port=port),
        tcp(b"", 900, 101, 0x12, True, port),
        tcp(b"", 101, 901, 0x10, port=port),
    ]
    return [*start, tcp(asked, 101, 901, port=port), tcp(answered, 901, 101 + len(asked), back=True, port=port)]


def frames() -> list[bytes]:
    asked = b"GET /logo.zip HTTP/1.1\r\nHost: files.example.com\r\nAuthorization: Basic dXNlcjpzZWNyZXQ=\r\n\r\n"
    archive = b"PK\x03\x04" + bytes(26)
    answered = b"HTTP/1.1 404 Not Found\r\nContent-Type: application/zip\r\nContent-Length: 30\r\n\r\n" + archive
    tagged = b"\x00\x2a\x08\x00" + ip(echo(8), 1)
    whole = echo(120)
    cut = ip(b"\x30\x39\x00\x35\x00\x40\x00\x00" + b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x3fabc", 17)
    return [
        *conversation(80, asked, answered),
        *conversation(22, b"SSH-2.0-ExampleClient_1.0\r\n", b"SSH-2.0-ExampleServer_2.0\r\n"),
        ethernet(tagged, 0x8100),
        ethernet(ip(echo(200), 1)),
        ethernet(ip(whole[:64], 1, id=9, mf=1)),
        ethernet(ip(whole[64:], 1, id=9, offset=64)),
        arp(2, HOST, HOST),
        arp(2, OTHER, HOST),
        ethernet(cut),
        ethernet(ip(b"\x0a" * 20, 47, ttl=2)),
    ]


def write(path: Path) -> None:
    """Write the capture: one frame a second from 2026-08-15 09:00:00 UTC on."""
    with path.open("wb") as file:
        writer = dpkt.pcap.Writer(file, nano=False)
        for number, frame in enumerate(frames()):
            writer.writepkt(frame, ts=1_786_784_400 + number)
