"""TLS records and handshakes (RFC 5246, RFC 8446), played over a TCP conversation.

In: a server name and what each side writes.  Out: records in the conversation.  Always holds: what would be
encrypted is pseudo-random bytes of a plausible length; every length field is right.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum

from .certificate import certificate
from .packets import pseudo_random
from .tcp import TcpConversation


class Content(IntEnum):
    CHANGE_CIPHER_SPEC = 20
    ALERT = 21
    HANDSHAKE = 22
    APPLICATION_DATA = 23


class Handshake(IntEnum):
    CLIENT_HELLO = 1
    SERVER_HELLO = 2
    NEW_SESSION_TICKET = 4
    CERTIFICATE = 11
    SERVER_KEY_EXCHANGE = 12
    SERVER_HELLO_DONE = 14
    CLIENT_KEY_EXCHANGE = 16


class Version(IntEnum):
    TLS10 = 0x0301
    TLS12 = 0x0303
    TLS13 = 0x0304


X25519, X25519_MLKEM768 = 0x001D, 0x11EC
MLKEM_SHARE = 1216  # bytes of the client's hybrid key share: ML-KEM-768 key and X25519 key
CIPHERS_12 = (0xC02F, 0xC030, 0xC013, 0xC014, 0x009C, 0x009D, 0x002F, 0x0035)
CIPHERS_13 = (0x1301, 0x1302, 0x1303)
SIGNATURES = (0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601)


def vector(width: int, *parts: bytes) -> bytes:
    """A vector after its length of `width` bytes (RFC 8446 section 3.4)."""
    body = b"".join(parts)
    return len(body).to_bytes(width, "big") + body


def record(content: Content, body: bytes, version: int = Version.TLS12) -> bytes:
    return struct.pack("!BH", content, version) + vector(2, body)


def handshake(kind: Handshake, body: bytes) -> bytes:
    return bytes([kind]) + vector(3, body)


def shorts(*values: int) -> bytes:
    return struct.pack(f"!{len(values)}H", *values)


def extension(kind: int, body: bytes = b"") -> bytes:
    return shorts(kind) + vector(2, body)


@dataclass(frozen=True, slots=True)
class Secure:
    """One TLS session over an open conversation; `large_hello` offers a hybrid key share of two segments."""

    tcp: TcpConversation
    server_name: str
    version: Version = Version.TLS12
    alpn: tuple[str, ...] = ("h2", "http/1.1")
    large_hello: bool = False

    def handshake(self) -> "Secure":
        self.tcp.client(record(Content.HANDSHAKE, self._client_hello(), Version.TLS10))
        self.tcp.server_ack()
        if self.version is Version.TLS13:
            self._handshake_13()
        else:
            self._handshake_12()
        return self

    def client(self, *lengths: int) -> "Secure":
        """Application data from the client: one write of records with these lengths (bytes)."""
        self.tcp.client(b"".join(self._data(f"client/{self.tcp.now}/{i}", n) for i, n in enumerate(lengths)))
        return self

    def server(self, *lengths: int) -> "Secure":
        """Application data from the server: one write of records with these lengths (bytes)."""
        self.tcp.server(b"".join(self._data(f"server/{self.tcp.now}/{i}", n) for i, n in enumerate(lengths)))
        return self

    def close(self) -> None:
        """An encrypted close-notify alert from the client, then FINs."""
        kind = Content.APPLICATION_DATA if self.version is Version.TLS13 else Content.ALERT
        self.tcp.client(record(kind, self._secret("close", 19 if kind is Content.APPLICATION_DATA else 26)))
        self.tcp.close()

    def _secret(self, label: str, length: int) -> bytes:
        return pseudo_random(f"{self.tcp.label}/tls/{label}", length)

    def _data(self, label: str, length: int) -> bytes:
        return record(Content.APPLICATION_DATA, self._secret(label, length))

    def _client_hello(self) -> bytes:
        modern = self.version is Version.TLS13
        body = shorts(Version.TLS12) + self._secret("client random", 32)
        body += vector(1, self._secret("session", 32) if modern else b"")
        body += vector(2, shorts(*(CIPHERS_13 if modern else ()), *CIPHERS_12)) + vector(1, b"\0")
        name = vector(2, b"\0" + vector(2, self.server_name.encode()))
        groups = (X25519_MLKEM768, X25519, 0x0017) if self.large_hello else (X25519, 0x0017, 0x0018)
        extensions = extension(0, name) + extension(23) + extension(0xFF01, b"\0")
        extensions += (
            extension(10, vector(2, shorts(*groups))) + extension(11, vector(1, b"\0")) + extension(35)
        )
        if self.alpn:
            extensions += extension(16, vector(2, *(vector(1, protocol.encode()) for protocol in self.alpn)))
        extensions += extension(13, vector(2, shorts(*SIGNATURES)))
        if modern:
            extensions += extension(51, vector(2, self._key_shares())) + extension(45, b"\x01\x01")
            extensions += extension(43, vector(1, shorts(Version.TLS13, Version.TLS12)))
        return handshake(Handshake.CLIENT_HELLO, body + vector(2, extensions))

    def _key_shares(self) -> bytes:
        shares = shorts(X25519) + vector(2, self._secret("client share", 32))
        if self.large_hello:
            shares = shorts(X25519_MLKEM768) + vector(2, self._secret("hybrid share", MLKEM_SHARE)) + shares
        return shares

    def _server_hello(self) -> bytes:
        modern = self.version is Version.TLS13
        body = shorts(Version.TLS12) + self._secret("server random", 32)
        body += vector(1, self._secret("session", 32)) + shorts(0x1301 if modern else 0xC02F) + b"\0"
        if modern:
            extensions = extension(51, shorts(X25519) + vector(2, self._secret("server share", 32)))
            extensions += extension(43, shorts(Version.TLS13))
        else:
            extensions = (
                extension(0xFF01, b"\0") + extension(11, vector(1, b"\0")) + extension(35) + extension(23)
            )
        return handshake(Handshake.SERVER_HELLO, body + vector(2, extensions))

    def _certificate(self) -> bytes:
        issuer = "Example Issuing CA"
        chain = (
            certificate(self.server_name, issuer),
            certificate(issuer, "Example Root CA", authority=True),
        )
        return handshake(Handshake.CERTIFICATE, vector(3, *(vector(3, one) for one in chain)))

    def _handshake_12(self) -> None:
        exchange = b"\x03" + shorts(X25519) + vector(1, self._secret("server point", 32))
        exchange += shorts(0x0804) + vector(2, self._secret("server signature", 256))
        flight = (
            self._server_hello(),
            self._certificate(),
            handshake(Handshake.SERVER_KEY_EXCHANGE, exchange),
            handshake(Handshake.SERVER_HELLO_DONE, b""),
        )
        self.tcp.server(b"".join(record(Content.HANDSHAKE, message) for message in flight))
        change = record(Content.CHANGE_CIPHER_SPEC, b"\x01")
        point = handshake(Handshake.CLIENT_KEY_EXCHANGE, vector(1, self._secret("client point", 32)))
        finished = record(Content.HANDSHAKE, b"\0" * 8 + self._secret("client finished", 32))
        self.tcp.client(record(Content.HANDSHAKE, point) + change + finished)
        ticket = struct.pack("!I", 7200) + vector(2, self._secret("ticket", 176))
        renewal = record(Content.HANDSHAKE, handshake(Handshake.NEW_SESSION_TICKET, ticket))
        confirmed = record(Content.HANDSHAKE, b"\0" * 8 + self._secret("server finished", 32))
        self.tcp.server(renewal + change + confirmed)

    def _handshake_13(self) -> None:
        change = record(Content.CHANGE_CIPHER_SPEC, b"\x01")
        flight = record(Content.HANDSHAKE, self._server_hello()) + change
        for label, length in (("extensions", 32), ("chain", 1740), ("verify", 281), ("finished", 53)):
            flight += self._data(f"server {label}", length)
        self.tcp.server(flight)
        self.tcp.client(change + self._data("client finished", 53))
