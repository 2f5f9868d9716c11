"""Which keys protect the packets of a QUIC connection that are not Initial ones, where the capture holds their secrets
(RFC 9001 sections 5 and 6).

In: a protected packet, what TLS knows of the connection, the secrets of the capture.  Out: the packet without its
protection.  What always holds: a packet counts as decrypted only if its authentication holds, and only such a packet
moves the keys on; without secrets nothing is tried.
"""

from __future__ import annotations

from dfilter.packets.protocols.quic_crypto import PacketKeys, PlainPacket, keys_of, remove_protection, updated_keys
from dfilter.packets.protocols.tls_protection import Protection
from dfilter.packets.protocols.tls_secrets import KeyLog
from dfilter.slotted import field, slotted

CLIENT = 0
EARLY_SUITES = {32: (0x1301, 0x1303), 48: (0x1302,)}
"""Suites of early data by the length of their secret; the server has not chosen one yet."""
MAX_TRIES = 64
"""Packets of a side that may fail before its keys are taken for wrong."""


@slotted
class Chain:
    """The keys of one side's packets with short headers: those in use, and the ones before and after an update."""

    suite: int
    secret: bytes
    keys: PacketKeys
    phase: int = 0
    before: PacketKeys | None = None
    failed: int = 0

    def open(self, version: int, packet: bytes, number_at: int, largest: int) -> PlainPacket | None:
        """The plain packet; one of the next phase moves the keys on."""
        if self.failed >= MAX_TRIES:
            return None
        plain = remove_protection(self.keys, packet, number_at, largest)
        if plain is not None:
            return plain
        following = updated_keys(version, self.suite, self.secret, self.keys)
        if following is not None:
            plain = remove_protection(following[1], packet, number_at, largest)
        if plain is not None and following is not None:
            self.before, (self.secret, self.keys) = self.keys, following
            self.phase ^= 1
            return plain
        if self.before is not None:
            plain = remove_protection(self.before, packet, number_at, largest)
        self.failed += plain is None
        return plain


@slotted
class QuicProtection:
    """The keys of one connection by (client, server); None as long as they are not known."""

    _handshake: list[PacketKeys | None] = field(default_factory=lambda: [None, None])
    _chains: list[Chain | None] = field(default_factory=lambda: [None, None])
    _early: PacketKeys | None = None

    def handshake(self, version: int, side: int, agreed: Protection, log: KeyLog | None) -> PacketKeys | None:
        """The keys of the Handshake packets of one side, once the server chose a suite."""
        if self._handshake[side] is None:
            secret = _secret(side, "HANDSHAKE_TRAFFIC_SECRET", agreed, log)
            if secret is not None:
                self._handshake[side] = keys_of(version, agreed.suite, secret)
        return self._handshake[side]

    def open_short(self, version: int, side: int, agreed: Protection, log: KeyLog | None, packet: bytes,
                   number_at: int, largest: int) -> PlainPacket | None:  # fmt: skip
        """A packet with a short header."""
        chain = self._chains[side]
        if chain is None:
            secret = _secret(side, "TRAFFIC_SECRET_0", agreed, log)
            keys = None if secret is None else keys_of(version, agreed.suite, secret)
            if secret is None or keys is None:
                return None
            chain = self._chains[side] = Chain(agreed.suite, secret, keys)
        return chain.open(version, packet, number_at, largest)

    def of_short(self, side: int) -> PacketKeys | None:
        """The keys of packets with short headers, once there was one."""
        chain = self._chains[side]
        return None if chain is None else chain.keys

    def open_early(self, version: int, agreed: Protection, log: KeyLog | None, packet: bytes, number_at: int,
                   largest: int) -> PlainPacket | None:  # fmt: skip
        """A packet with early data; which suite protects it is tried."""
        secret = None if log is None else log.find("CLIENT_EARLY_TRAFFIC_SECRET", agreed.client_random)
        if secret is None:
            return None
        candidates = [keys_of(version, suite, secret) for suite in EARLY_SUITES.get(len(secret), ())]
        for keys in [self._early] if self._early is not None else candidates:
            plain = None if keys is None else remove_protection(keys, packet, number_at, largest)
            if plain is not None:
                self._early = keys
                return plain
        return None


def _secret(side: int, label: str, agreed: Protection, log: KeyLog | None) -> bytes | None:
    """The secret of a side, if the server has chosen a suite and the capture tells it."""
    if log is None or not agreed.suite:
        return None
    return log.find(("CLIENT_" if side == CLIENT else "SERVER_") + label, agreed.client_random)
