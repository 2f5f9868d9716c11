"""What DTLS remembers of two endpoints, and how handshake messages are put together from their fragments.

In: handshake fragments (RFC 6347 section 4.2.2), in file order.  Out: whole messages.  What always holds: how many
endpoints, messages and bytes are kept is bounded.
"""

from __future__ import annotations

from dfilter.packets.protocols.tls_session import TlsConnection
from dfilter.slotted import field, slotted

MAX_CONNECTIONS = 50_000
MAX_MESSAGES = 32
"""Unfinished messages of one sender; a handshake has about ten."""
MAX_FRAGMENTS = 256
"""Fragments of one message; a large one in small datagrams has some dozens."""
MAX_MESSAGE = 1 << 20
"""Bytes of one message; certificates need some ten thousand."""


@slotted
class Unfinished:
    """A message that lacks fragments: (offset, data, frame) of those that came."""

    length: int
    fragments: list[tuple[int, bytes, int]] = field(default_factory=list)

    def whole(self) -> bytes | None:
        """All of it, once nothing is missing."""
        data = bytearray()
        for offset, piece, _ in sorted(self.fragments):
            if offset > len(data):
                return None
            data += piece[len(data) - offset :]
        return bytes(data[: self.length]) if len(data) >= self.length else None


@slotted
class DtlsConnection:
    """What is known of two endpoints.

    Attributes:
        tls: version, cipher suite and so on.
        unfinished: (sender, type, message number) -> the message.
        id_lengths: how long the connection IDs (RFC 9146) are that (the first end, the second) wants to be sent.
    """

    tls: TlsConnection = field(default_factory=TlsConnection)
    unfinished: dict[tuple[int, int, int], Unfinished] = field(default_factory=dict)
    id_lengths: list[int] = field(default_factory=lambda: [0, 0])

    def add(self, sender: int, type_: int, number: int, length: int, offset: int, data: bytes,
            frame: int) -> tuple[bytes, list[int]] | None:  # fmt: skip
        """Take a fragment; the whole message and the frames of its fragments, once it is complete."""
        if length > MAX_MESSAGE or offset + len(data) > length:
            return None
        key = (sender, type_, number)
        message = self.unfinished.get(key)
        if message is None or message.length != length:
            if len(self.unfinished) >= MAX_MESSAGES:
                self.unfinished.pop(next(iter(self.unfinished)))
            message = self.unfinished[key] = Unfinished(length)
        if len(message.fragments) >= MAX_FRAGMENTS:
            return None
        message.fragments.append((offset, data, frame))
        whole = message.whole()
        if whole is None:
            return None
        del self.unfinished[key]
        return whole, [frame for _, _, frame in sorted(message.fragments)]


Endpoint = tuple[bytes, int]


class DtlsConnections:
    """All endpoints of a session that speak DTLS."""

    def __init__(self) -> None:
        self._by_ends: dict[tuple[Endpoint, Endpoint], DtlsConnection] = {}

    def between(self, source: Endpoint, target: Endpoint) -> tuple[DtlsConnection, int]:
        """(connection, which end is the sender)."""
        sender = int(source > target)
        ends = (target, source) if sender else (source, target)
        connection = self._by_ends.get(ends)
        if connection is None:
            if len(self._by_ends) >= MAX_CONNECTIONS:
                self._by_ends.pop(next(iter(self._by_ends)))
            connection = self._by_ends[ends] = DtlsConnection()
        return connection, sender

    def knows(self, source: Endpoint, target: Endpoint) -> bool:
        ends = (target, source) if source > target else (source, target)
        return ends in self._by_ends
