"""Which QUIC connection a packet belongs to (RFC 9000 section 5.2), and what is known of it.

In: the connection IDs and the endpoints of each packet, in file order.  Out: `QuicConnection`.
What always holds: connections are numbered in order of their first packet; only a client's first packets open one;
how many are kept is bounded.
"""

from __future__ import annotations

from typing import Any

from dfilter.packets.protocols.quic_crypto import PacketKeys, initial_keys
from dfilter.packets.protocols.quic_protection import QuicProtection
from dfilter.packets.protocols.quic_streams import QuicStreams
from dfilter.packets.protocols.tls_session import TlsConnection
from dfilter.slotted import field, slotted

Endpoint = tuple[bytes, int]
CLIENT, SERVER = 0, 1
MAX_CONNECTIONS = 50_000
"""Connections kept; the oldest are forgotten beyond that, because every forged Initial would add one."""
MAX_WAITING = 256 * 1024
"""Bytes of handshake data kept in a direction while an earlier part is missing."""
MAX_PIECES = 256
"""Pieces of handshake data kept in a direction; clients that shuffle their hello on purpose send a few dozen."""


@slotted
class CryptoStream:
    """The handshake data that one side sends in packets of one kind.

    Attributes:
        next: offset of the first byte that has not been delivered.
        waiting: (offset, data, frame, number of the piece in that frame) of what came too early.
    """

    next: int = 0
    waiting: list[tuple[int, bytes, int, int]] = field(default_factory=list)

    def room_for(self, data: bytes) -> bool:
        waiting = sum(len(piece[1]) for piece in self.waiting)
        return len(self.waiting) < MAX_PIECES and waiting + len(data) <= MAX_WAITING

    def take_contiguous(self) -> list[tuple[int, bytes, int, int]]:
        """All that waits, if it has no gap; else nothing. What is returned no longer waits."""
        pieces = sorted(self.waiting, key=lambda piece: (piece[0], piece[2]))
        at = self.next
        for offset, data, _, _ in pieces:
            if offset > at:
                return []
            at = max(at, offset + len(data))
        self.waiting = []
        return pieces


@slotted
class Space:
    """A packet number space (RFC 9000 section 12.3): the largest number and the handshake data by (client, server)."""

    largest: list[int] = field(default_factory=lambda: [-1, -1])
    crypto: tuple[CryptoStream, CryptoStream] = field(default_factory=lambda: (CryptoStream(), CryptoStream()))


@slotted
class QuicConnection:
    """One connection.

    Attributes:
        number: what `quic.connection.number` shows.
        client: the endpoint that opened it.
        version: of its first packet.
        ids: the connection IDs that (the client, the server) has chosen for itself.
        keys: of Initial packets by (client, server); None if there are none.
        initial, handshake, application: what is known of the three packet number spaces.
        tls: what TLS remembers.
        protection: the keys of the packets behind the Initial ones.
        has_short: a packet with a short header was seen.
        streams: the data of its streams.
    """

    number: int
    client: Endpoint
    version: int
    ids: tuple[set[bytes], set[bytes]]
    keys: tuple[PacketKeys, PacketKeys] | None
    initial: Space = field(default_factory=Space)
    handshake: Space = field(default_factory=Space)
    application: Space = field(default_factory=Space)
    tls: TlsConnection = field(default_factory=TlsConnection)
    protection: QuicProtection = field(default_factory=QuicProtection)
    has_short: bool = False
    streams: QuicStreams = field(default_factory=QuicStreams)


class QuicConnections:
    """All connections of a session."""

    def __init__(self) -> None:
        self._by_id: dict[bytes, tuple[QuicConnection, int]] = {}
        self._by_ends: dict[tuple[Endpoint, Endpoint], QuicConnection | None] = {}
        self._count = 0

    def knows(self, source: Endpoint, target: Endpoint) -> bool:
        """Were these two endpoints seen to speak QUIC?"""
        return _ends(source, target) in self._by_ends

    def claim(self, source: Endpoint, target: Endpoint) -> None:
        """These two endpoints speak QUIC, though no connection is known."""
        self._by_ends.setdefault(_ends(source, target), None)
        _bound(self._by_ends)

    def find(self, source: Endpoint, target: Endpoint, target_id: bytes) -> tuple[QuicConnection, int] | None:
        """(connection, which side sent it) of a packet with a long header."""
        if target_id:
            found = self._by_id.get(target_id)
            return None if found is None else (found[0], 1 - found[1])
        return self.between(source, target)

    def between(self, source: Endpoint, target: Endpoint) -> tuple[QuicConnection, int] | None:
        """(connection, which side sent it) of a packet between these endpoints."""
        connection = self._by_ends.get(_ends(source, target))
        if connection is None:
            return None
        return connection, CLIENT if source == connection.client else SERVER

    def short_id(self, source: Endpoint, target: Endpoint, data: bytes) -> tuple[QuicConnection, int, bytes] | None:
        """(connection, which side sent it, target ID) of a packet with a short header; `data`: what follows its
        first byte."""
        found = self.between(source, target)
        if found is None:
            return None
        connection, side = found
        for known in sorted(connection.ids[1 - side], key=len, reverse=True):
            if data.startswith(known):
                return connection, side, known
        return None

    def open(self, source: Endpoint, target: Endpoint, version: int, target_id: bytes,
             source_id: bytes) -> QuicConnection:  # fmt: skip
        """A new connection, by a client's first packet."""
        connection = QuicConnection(self._count, source, version, (set(), set()), initial_keys(version, target_id))
        self._count += 1
        self.learn(connection, CLIENT, source_id)
        self.learn(connection, SERVER, target_id)
        self._by_ends[_ends(source, target)] = connection
        _bound(self._by_ends)
        return connection

    def learn(self, connection: QuicConnection, side: int, connection_id: bytes) -> None:
        """A side of a connection has chosen an ID for itself."""
        connection.ids[side].add(connection_id)
        if connection_id:
            self._by_id.setdefault(connection_id, (connection, side))
            _bound(self._by_id)


def _ends(source: Endpoint, target: Endpoint) -> tuple[Endpoint, Endpoint]:
    return (source, target) if source <= target else (target, source)


def _bound(table: dict[Any, Any]) -> None:
    """Forget the oldest entries of a table that grew too large."""
    if len(table) > 2 * MAX_CONNECTIONS:
        for key in list(table)[:MAX_CONNECTIONS]:
            del table[key]
