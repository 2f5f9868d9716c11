"""Which keys protect the records of a TLS connection at each moment.

In: hellos, changes of cipher, finished messages of a connection, in order, and the secrets of the capture.  Out: the
plain content of records.  What always holds: secrets are looked up by the client's random and nothing else, at the
moment when keys change: those that the capture tells later do not count (Wireshark 4.4).
"""

from __future__ import annotations

from dfilter.packets.protocols.tls_decrypt import (
    TLS10,
    TLS12,
    TLS13,
    RecordCipher,
    bare_cipher,
    bare_mac_length,
    cipher_13,
    ciphers_12,
    next_secret,
)
from dfilter.packets.protocols.tls_secrets import KeyLog
from dfilter.slotted import field, slotted

APPLICATION_DATA = 23
FINISHED, KEY_UPDATE, ENCRYPTED_EXTENSIONS = 20, 24, 8
ALPN, ENCRYPT_THEN_MAC = 16, 22


@slotted
class Protection:
    """What protects the records of one connection.

    Attributes:
        client: the end (0 or 1) that sent the client's hello.
        client_random, server_random: of the hellos; empty before them.
        version, suite: as the server chose; 0 before its hello.
        mac_last: encrypt-then-MAC was agreed on (RFC 7366).
    """

    client: int = 0
    client_random: bytes = b""
    server_random: bytes = b""
    version: int = 0
    suite: int = 0
    mac_last: bool = False
    _ciphers: list[RecordCipher | None] = field(default_factory=lambda: [None, None])
    _secrets: list[bytes] = field(default_factory=lambda: [b"", b""])

    def client_hello(self, end: int, hello: bytes) -> None:
        """A client's hello (its body) was sent by this end."""
        self.client, self.client_random = end, hello[2:34]

    def server_hello(self, hello: bytes, version: int, suite: int | None, log: KeyLog | None) -> None:
        """The server's hello (its body), and what it chose."""
        self.server_random, self.version, self.suite = hello[2:34], version, suite or 0
        session_end = 35 + (hello[34] if len(hello) > 34 else 0)
        self.mac_last = ENCRYPT_THEN_MAC in extensions(hello[session_end + 3 :])
        if version == TLS13:
            self._begin_13(self.client, "CLIENT_HANDSHAKE_TRAFFIC_SECRET", log)
            self._begin_13(1 - self.client, "SERVER_HANDSHAKE_TRAFFIC_SECRET", log)

    def change_cipher(self, end: int, log: KeyLog | None) -> None:
        """What this end sends from now on is protected by new keys."""
        if self.version == TLS13:
            return
        self._ciphers[end] = None
        bare = bare_mac_length(self.suite)
        if bare is not None:
            self._ciphers[end] = bare_cipher(bare)
            return
        master = None if log is None else log.find("CLIENT_RANDOM", self.client_random)
        if master is None or not TLS10 <= self.version <= TLS12:
            return
        randoms = (self.client_random, self.server_random)
        ciphers = ciphers_12(self.version, self.suite, master, randoms, self.mac_last)
        if ciphers is not None:
            self._ciphers[end] = ciphers[end != self.client]

    def note(self, end: int, type_: int | None, log: KeyLog | None) -> None:
        """This end sent a handshake message after which it uses other keys (TLS 1.3)."""
        if self.version != TLS13 or self._ciphers[end] is None:
            return
        if type_ == FINISHED:
            self._begin_13(end, f"{'CLIENT' if end == self.client else 'SERVER'}_TRAFFIC_SECRET_0", log)
        elif type_ == KEY_UPDATE:
            self._secrets[end] = next_secret(self.suite, self._secrets[end])
            self._ciphers[end] = cipher_13(self.suite, self._secrets[end])

    def _begin_13(self, end: int, label: str, log: KeyLog | None) -> None:
        secret = None if log is None else log.find(label, self.client_random)
        self._ciphers[end] = None if secret is None else cipher_13(self.suite, secret)
        self._secrets[end] = secret or b""

    def open(self, end: int, header: bytes, content: bytes) -> tuple[int, bytes] | None:
        """The type and plain content of a record; None if it is not protected, or by keys that are not known."""
        cipher = self._ciphers[end]
        if cipher is None or (self.version == TLS13 and header[0] != APPLICATION_DATA):
            return None
        plain = cipher.decrypt(header, content)
        if plain is None:
            return None
        if self.version != TLS13:
            return header[0], plain
        plain = plain.rstrip(b"\0")
        return (plain[-1], plain[:-1]) if plain else None

    def open_numbered(self, end: int, sequence: int, header: bytes, content: bytes) -> bytes | None:
        """The plain content of a DTLS record, whose epoch and number (RFC 6347 section 4.1.2.1) count in place of its
        place in the stream."""
        cipher = self._ciphers[end]
        if cipher is None:
            return None
        cipher.sequence = sequence
        return cipher.decrypt(header, content)


def extensions(block: bytes) -> dict[int, bytes]:
    """The extensions in a block that begins with its length (RFC 8446 section 4.2); of what is cut off, none."""
    found: dict[int, bytes] = {}
    at = 2
    while at + 4 <= len(block):
        type_, size = int.from_bytes(block[at : at + 2], "big"), int.from_bytes(block[at + 2 : at + 4], "big")
        found.setdefault(type_, block[at + 4 : at + 4 + size])
        at += 4 + size
    return found


def chosen_protocol(encrypted_extensions: bytes) -> bytes | None:
    """What ALPN chose, in the body of a server's encrypted extensions (RFC 7301 section 3.1)."""
    content = extensions(encrypted_extensions).get(ALPN, b"")
    return content[3 : 3 + content[2]] if len(content) > 3 else None
