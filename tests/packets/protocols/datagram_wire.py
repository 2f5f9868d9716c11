"""UDP datagrams between two hosts in a few words, and the values that dfilter sees in them after two passes."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

from dfilter.packets.session import RawFrame, Session, needs_of
from dfilter.packets.view import View

RAW_IP = 101
CLIENT, SERVER = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])
SECOND = 10**9


def udp(payload: bytes, source: int, target: int, *, back: bool = False) -> bytes:
    """A datagram from the client to the server, or `back`; the ports are those on the wire."""
    ends = (SERVER, CLIENT) if back else (CLIENT, SERVER)
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28 + len(payload), 1, 0, 64, 17, 0, *ends)
    return header + struct.pack(">HHHH", source, target, 8 + len(payload), 0) + payload


def icmp_error(packet: bytes) -> bytes:
    """The server's "port unreachable" that quotes `packet`."""
    body = b"\x03\x03\0\0\0\0\0\0" + packet
    return struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 1, 0, 64, 1, 0, SERVER, CLIENT) + body


def views(packets: Sequence[bytes], *, cut: int | None = None, times: Sequence[float] = ()) -> list[View]:
    """The views of a second pass, one packet a second unless `times` says otherwise."""
    seconds = times or range(1, len(packets) + 1)
    frames = [RawFrame(number, round(time * SECOND), packet[:cut], len(packet), RAW_IP)
              for number, (packet, time) in enumerate(zip(packets, seconds, strict=True), 1)]  # fmt: skip
    first = Session(needs_of(None))
    for frame in frames:
        first.dissect(frame).complete()
    second = Session(needs_of(None), foresight=first.foreseen)
    found = [second.dissect(frame) for frame in frames]
    for view in found:
        view.complete()
    assert not first.internal_errors
    assert not second.internal_errors
    return found


def check(view: View, prefix: str, **wanted: Any) -> None:
    """Each key, behind `prefix`, has exactly these values; a single one needs no list, an absent one is []."""
    for key, want in wanted.items():
        have = list(view.get(prefix + key.replace("__", ".")))
        assert have == (want if isinstance(want, list) else [want]), (key, have)


def malformed(view: View) -> bool:
    return "_ws.malformed" in view.by_name
