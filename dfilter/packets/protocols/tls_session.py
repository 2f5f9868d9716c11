"""What TLS remembers of a connection, and how its handshake messages are put together.

In: handshake records, in order, of each direction.  Out: `Message`s.  What always holds: a message begins where
the one before it ended; bytes that cannot begin one are encrypted; a connection keeps one unfinished message a
direction at most.

Wireshark 4.4 tells encrypted handshake records from plain ones by their bytes: `looks_encrypted`.
"""

from __future__ import annotations

from dfilter.packets.protocols.tls_inside import Inside
from dfilter.packets.protocols.tls_protection import Protection
from dfilter.packets.region import Region
from dfilter.packets.session import Session
from dfilter.packets.view import Layer
from dfilter.slotted import field, frozen, slotted

HANDSHAKE_HEADER = 4
SHORTEST_ENCRYPTED = 16
LONGEST_PLAIN = 0xFFFF
KNOWN_TYPES = frozenset({0, 1, 2, 3, 4, 5, 6, 8, 11, 12, 13, 14, 15, 16, 20, 21, 22, 23, 24, 25, 67})
MAX_PIECES = 100
"""Pieces of messages in one frame whose last frame is foretold; more than two are hostile."""
MAX_WAITING_FRAMES = 1000
"""Hellos and early data whose version only the server's answer tells; more than a few are hostile."""


@slotted
class Unfinished:
    """A handshake message that lacks its end.

    Attributes:
        parts: (frame, length, number in that frame) of each piece, in order.
    """

    data: bytearray = field(default_factory=bytearray)
    parts: list[tuple[int, int, int]] = field(default_factory=list)

    @property
    def wanted(self) -> int:
        """How many more bytes it needs; for its header while that is not complete."""
        if len(self.data) < HANDSHAKE_HEADER:
            return HANDSHAKE_HEADER - len(self.data)
        return HANDSHAKE_HEADER + int.from_bytes(self.data[1:4], "big") - len(self.data)


@slotted
class TlsConnection:
    """One connection.

    Attributes:
        version: as agreed; 0 until it is known.
        suite: the chosen cipher suite, if known.
        protocol: what ALPN chose, if anything.
        offered: what the client offered there, if that was one protocol alone.
        cipher_frames: for each end, the frame with its last ChangeCipherSpec.
        unfinished: for each end, the message that lacks its end.
        undecided: (fields, frame) of what depends on the version that is not known yet.
        pieces: (frame, how many pieces of messages it has so far).
        protection: which keys protect its records.
        inside: what it carries, once some of it was decrypted.
    """

    version: int = 0
    suite: int | None = None
    protocol: bytes | None = None
    offered: bytes | None = None
    cipher_frames: list[int | None] = field(default_factory=lambda: [None, None])
    unfinished: list[Unfinished | None] = field(default_factory=lambda: [None, None])
    undecided: list[tuple[tuple[str, ...], int]] = field(default_factory=list)
    pieces: tuple[int, int] = (0, 0)
    protection: Protection = field(default_factory=Protection)
    inside: Inside | None = None

    def next_piece(self, frame: int) -> int:
        """A number for one more piece of a message in this frame, from 1 on."""
        number = self.pieces[1] + 1 if self.pieces[0] == frame else 1
        self.pieces = (frame, number)
        return number

    def wait(self, names: tuple[str, ...], frame: int) -> None:
        """These fields of this frame depend on the version, if that is not known yet."""
        if self.version == 0 and len(self.undecided) < MAX_WAITING_FRAMES:
            self.undecided.append((names, frame))

    def decide(self, session: Session) -> None:
        """The version is known now: let the second pass know it in the frames that wait for it."""
        for names, frame in self.undecided:
            for name in names:
                session.foresee(name, frame, self.version)
        self.undecided.clear()


def foreseen_version(layer: Layer, names: tuple[str, ...]) -> int:
    """The version that a first pass foresaw for these fields of the layer's frame; 0 for none."""
    for name in names:
        for version in layer.view.session.foresight_for(name, layer.view.number):
            return int(version)
    return 0


@frozen
class Message:
    """A handshake message, or a piece of one, as one record shows it.

    Attributes:
        at, length: where its bytes lie in the record's region.
        type: None if it is encrypted, or only a piece.
        body: the whole message with its header, if it ends here.
        parts: (frame, length, number in that frame) of its pieces, if there are several.
        piece: of a message that ends in a later record: this piece's number in the frame; else 0.
        piece_type: the type of the message that it is a piece of.
    """

    at: int
    length: int
    type: int | None = None
    body: Region | None = None
    parts: tuple[tuple[int, int, int], ...] = ()
    piece: int = 0
    piece_type: int = -1


def looks_encrypted(data: bytes, after_change: bool) -> bool:
    """Is a handshake record encrypted, which begins where a message could?

    Args:
        data: the record's content.
        after_change: its sender changed to a cipher in an earlier frame.
    """
    if len(data) < SHORTEST_ENCRYPTED:
        return False
    length = int.from_bytes(data[1:4], "big")
    if after_change:
        return not (data[0] == 1 and HANDSHAKE_HEADER + length == len(data))
    return length > LONGEST_PLAIN or not any(data[:5])


def split_messages(connection: TlsConnection, end: int, frame: int, record: Region, *,
                   may_be_encrypted: bool = True) -> list[Message]:  # fmt: skip
    """The messages in a handshake record of the end 0 or 1 of a connection."""
    content = record.rest()
    before = connection.unfinished[end]
    if before is None and may_be_encrypted:
        changed = connection.cipher_frames[end]
        after_change = changed is not None and changed < frame and not _is_tls13(connection.version)
        if looks_encrypted(content, after_change):
            return [Message(0, len(content))]
    found: list[Message] = []
    at = 0
    while at < len(content):
        pending = connection.unfinished[end]
        message = _begin(connection, end, frame, record, at) if pending is None else (
            _continue(connection, end, frame, pending, content, at))  # fmt: skip
        found.append(message)
        at += message.length
    return found


def _is_tls13(version: int) -> bool:
    return version == 0x0304 or version >> 8 == 0x7F


def _begin(connection: TlsConnection, end: int, frame: int, record: Region, at: int) -> Message:
    left = record.length - at
    if left >= HANDSHAKE_HEADER:
        length = HANDSHAKE_HEADER + record.u24(at + 1)
        if length <= record.reported_length - at:  # the rest may not have been captured
            type_ = record.u8(at)
            known = type_ if type_ in KNOWN_TYPES else None
            return Message(at, length, known, record.clipped(at, length))
    if record.end < record.reported_end:  # nothing is put together with what was not captured
        return Message(at, left)
    piece = connection.next_piece(frame)
    connection.unfinished[end] = Unfinished(bytearray(record.rest(at)), [(frame, left, piece)])
    return Message(at, left, piece=piece, piece_type=record.u8(at))


def _continue(connection: TlsConnection, end: int, frame: int, pending: Unfinished, content: bytes,
              at: int) -> Message:  # fmt: skip
    start = at
    while at < len(content) and pending.wanted > 0:
        more = content[at : at + pending.wanted]
        pending.data += more
        at += len(more)
    piece = connection.next_piece(frame)
    pending.parts.append((frame, at - start, piece))
    if pending.wanted > 0:
        return Message(start, at - start, piece=piece, piece_type=pending.data[0])
    connection.unfinished[end] = None
    whole = bytes(pending.data)
    type_ = whole[0] if whole[0] in KNOWN_TYPES else None
    return Message(start, at - start, type_, Region(whole, 0, len(whole)), tuple(pending.parts))
