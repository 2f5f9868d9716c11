"""How much memory many short TCP conversations need.

    python -m tests.memory --conversations 300000 --fields tcp.stream tcp.analysis.retransmission http.request.uri

Makes the conversations on the fly (handshake, an HTTP request and its response, close: eight frames each), feeds them
to one session and prints the resident memory after each tenth. Nothing but the session remembers anything.
"""

from __future__ import annotations

import argparse
import struct
import time
from collections.abc import Iterator

from dfilter.packets.session import RawFrame, Session, needs_of
from tests.fuzz.campaign import resident_memory

REQUEST = b"GET /index HTTP/1.1\r\nHost: www.example\r\n\r\n"
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
SYN, SYN_ACK, ACK, PSH_ACK, FIN_ACK = 2, 18, 16, 24, 17
PORTS = 50_000
FRAMES_EACH = 8


def segment(source: tuple[bytes, int], target: tuple[bytes, int], flags: int, seq: int, ack: int,
            payload: bytes = b"") -> bytes:  # fmt: skip
    """An Ethernet frame with one TCP segment."""
    tcp = struct.pack(">HHIIBBHHH", source[1], target[1], seq, ack, 0x50, flags, 8192, 0, 0) + payload
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 1, 0, 64, 6, 0) + source[0] + target[0]
    return b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\0" + ip + tcp


def conversation(index: int) -> Iterator[bytes]:
    """The frames of one conversation; each `index` has an address and port of its own."""
    client = (struct.pack(">I", 0x0A000000 + index // PORTS), 10_000 + index % PORTS)
    server = (b"\xc0\xa8\x01\x01", 80)
    asked, told = 1 + len(REQUEST), 1 + len(RESPONSE)
    yield segment(client, server, SYN, 0, 0)
    yield segment(server, client, SYN_ACK, 0, 1)
    yield segment(client, server, ACK, 1, 1)
    yield segment(client, server, PSH_ACK, 1, 1, REQUEST)
    yield segment(server, client, PSH_ACK, 1, asked, RESPONSE)
    yield segment(client, server, FIN_ACK, asked, told)
    yield segment(server, client, FIN_ACK, told, asked + 1)
    yield segment(client, server, ACK, asked + 1, told + 1)


def feed(session: Session, first: int, count: int) -> None:
    """Dissect `count` conversations from number `first` on."""
    number = first * FRAMES_EACH
    for index in range(first, first + count):
        for data in conversation(index):
            number += 1
            session.dissect(RawFrame(number, number * 1_000_000, data, len(data), 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conversations", type=int, default=300_000)
    parser.add_argument("--fields", nargs="+", default=["tcp.stream", "tcp.analysis.flags", "http.request.uri"])
    args = parser.parse_args()
    session, step = Session(needs_of(args.fields)), max(args.conversations // 10, 1)
    feed(session, 0, 1)
    start, began = resident_memory(), time.monotonic()
    for first in range(1, args.conversations, step):
        feed(session, first, step)
        grown = resident_memory() - start
        print(f"{first + step - 1:9} conversations: {grown / 2**20:6.1f} MB more, {resident_memory() / 2**20:6.1f} MB "
              f"in all, {time.monotonic() - began:.0f} s", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
