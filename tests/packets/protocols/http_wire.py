"""TCP conversations made of a few lines: what client and server send, frame by frame, and what dfilter sees.

In: `Talk().client(b"...").server(b"...")`.  Out: `views()`, the frames after two passes, as a capture is read.
"""

from __future__ import annotations

import struct

from dfilter.packets.session import RawFrame, Session
from dfilter.packets.view import View

CLIENT, SERVER = b"\x0a\x00\x00\x01", b"\x0a\x00\x00\x02"
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def ethernet_ip(protocol: int, source: bytes, target: bytes, payload: bytes) -> bytes:
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0, source, target)
    return b"\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00" + header + payload


def datagram(source: int, target: int, payload: bytes) -> bytes:
    header = struct.pack(">HHHH", source, target, 8 + len(payload), 0)
    return ethernet_ip(17, CLIENT, SERVER, header + payload)


class Talk:
    """One conversation; frames 1 to 3 are its handshake."""

    def __init__(self, port: int = 80) -> None:
        self.ports = (40001, port)
        self.seq = [1000, 5000]
        self.frames: list[tuple[bytes, int]] = []
        for sender, flags in ((0, SYN), (1, SYN | ACK), (0, ACK)):
            self._segment(sender, b"", flags)

    def _segment(self, sender: int, payload: bytes, flags: int, snap: int | None = None) -> None:
        ports = self.ports if sender == 0 else self.ports[::-1]
        header = struct.pack(">HHIIBBHHH", *ports, self.seq[sender], self.seq[1 - sender], 0x50, flags, 8192, 0, 0)
        ends = (CLIENT, SERVER) if sender == 0 else (SERVER, CLIENT)
        frame = ethernet_ip(6, *ends, header + payload)
        self.frames.append((frame[:snap], len(frame)))
        self.seq[sender] += len(payload) + bool(flags & (SYN | FIN))

    def client(self, *payloads: bytes, snap: int | None = None) -> Talk:
        for payload in payloads:
            self._segment(0, payload, PSH | ACK, snap)
        return self

    def server(self, *payloads: bytes, snap: int | None = None, flags: int = PSH | ACK) -> Talk:
        for payload in payloads:
            self._segment(1, payload, flags, snap)
        return self

    def server_closes(self) -> Talk:
        self._segment(1, b"", FIN | ACK)
        return self

    def views(self) -> list[View]:
        return two_passes(self.frames)


def two_passes(frames: list[tuple[bytes, int]]) -> list[View]:
    """The views of a second pass, complete, after a first one; dissection must not have failed inside."""
    foresight = None
    views: list[View] = []
    for _ in range(2):
        session = Session(foresight=foresight)
        views = []
        for number, (data, length) in enumerate(frames, 1):
            view = session.dissect(RawFrame(number, 10**18 + number * 10**7, data, length, 1))
            view.complete()
            views.append(view)
        assert not session.internal_errors
        foresight = session.foreseen
    return views


def shown(views: list[View], field: str) -> dict[int, list[object]]:
    """Frame number -> the values of a field or the layers of a protocol, where there are any."""
    found = {view.number: list(view.get(field)) for view in views}
    return {number: values for number, values in found.items() if values}


def frames_with(views: list[View], name: str) -> list[int]:
    return [view.number for view in views if view.get(name)]
