"""Removing the protection of TLS records whose secrets are known.

In: a cipher suite, a version, secrets (RFC 5246 section 6.3, RFC 8446 section 7), and protected records in order.
Out: plain content.  What always holds: a record counts as decrypted only if its authentication holds; without the
cryptography library, or for a suite that is not known here, there is no cipher and records stay as they are.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from dfilter.fields.values import labels
from dfilter.fields.versions import Version
from dfilter.slotted import frozen

TLS10, TLS12, TLS13 = 0x0301, 0x0303, 0x0304
SEQUENCE, FIXED_NONCE, EXPLICIT_NONCE, NONCE, BLOCK = 8, 4, 8, 12, 16

_SUITE = re.compile(
    r"(?P<cipher>(?:AES|CAMELLIA|ARIA)_(?P<bits>128|256)_(?P<mode>GCM|CCM_8|CCM|CBC)|CHACHA20_POLY1305)(?:_(?P<hash>SHA\d*))?$"
)
_HASHES = {"SHA": "sha1", "SHA256": "sha256", "SHA384": "sha384"}


@frozen
class Suite:
    """What a cipher suite's name says: the cipher, its mode, key length in bytes, and its hash."""

    cipher: str
    mode: str
    key_length: int
    hash: str

    @property
    def derivation(self) -> str:
        """The hash that keys are derived with: never less than SHA-256 from TLS 1.2 on."""
        return "sha384" if self.hash == "sha384" else "sha256"


@cache
def suite_of(number: int) -> Suite | None:
    """A cipher suite by its number; None for one that cannot be removed here."""
    name = next((text for first, last, text in labels("tls.handshake.ciphersuite", Version.V4_4) or ()
                 if first <= number <= last), "")  # fmt: skip
    found = _SUITE.search(name)
    if found is None or found["cipher"].startswith(("ARIA", "CAMELLIA")):
        return None
    if found["mode"] is None:
        return Suite("CHACHA20", "CHACHA20", 32, "sha256")
    return Suite("AES", found["mode"], int(found["bits"]) // 8, _HASHES.get(found["hash"] or "SHA256", "sha256"))


@cache
def bare_mac_length(number: int) -> int | None:
    """How long the MAC of a suite that does not encrypt is ("WITH_NULL_SHA"); None for other suites."""
    name = next((text for first, last, text in labels("tls.handshake.ciphersuite", Version.V4_4) or ()
                 if first <= number <= last), "")  # fmt: skip
    hash_ = name.partition("_WITH_NULL_")[2]
    return {"MD5": 16, "SHA": 20, "SHA256": 32, "SHA384": 48}.get(hash_)


class RecordCipher:
    """What protects the records of one direction, from the first one after a change of keys on.

    Attributes:
        sequence: how many of them were decrypted.
    """

    def __init__(self, open_record: Callable[[int, bytes, bytes], bytes | None]) -> None:
        self.sequence = 0
        self._open = open_record

    def decrypt(self, header: bytes, content: bytes) -> bytes | None:
        """The plain content of the next record; None if it is not protected by these keys.

        Args:
            header: the record's first five bytes.
        """
        plain = self._open(self.sequence, header, content)
        if plain is not None:
            self.sequence += 1
        return plain


def prf(secret: bytes, label: bytes, seed: bytes, length: int, version: int, hash_: str) -> bytes:
    """The pseudorandom function of TLS 1.2 (RFC 5246 section 5), and of 1.0 and 1.1 (RFC 4346 section 5)."""
    if version >= TLS12:
        return _expand(secret, label + seed, length, hash_)
    half = (len(secret) + 1) // 2
    first = _expand(secret[:half], label + seed, length, "md5")
    second = _expand(secret[-half:], label + seed, length, "sha1")
    return bytes(a ^ b for a, b in zip(first, second, strict=True))


def _expand(secret: bytes, seed: bytes, length: int, hash_: str) -> bytes:
    out, link = b"", seed
    while len(out) < length:
        link = hmac.digest(secret, link, hash_)
        out += hmac.digest(secret, link + seed, hash_)
    return out[:length]


def expand_label(secret: bytes, label: str, length: int, hash_: str) -> bytes:
    """HKDF-Expand-Label with an empty context (RFC 8446 section 7.1)."""
    name = b"tls13 " + label.encode()
    info = length.to_bytes(2, "big") + bytes([len(name)]) + name + b"\0"
    out = link = b""
    for count in range(1, -(-length // hashlib.new(hash_).digest_size) + 1):
        link = hmac.digest(secret, link + info + bytes([count]), hash_)
        out += link
    return out[:length]


def bare_cipher(mac_length: int) -> RecordCipher:
    """What "protects" records whose suite does not encrypt: a MAC behind the content, which is not looked at."""
    return RecordCipher(lambda _, __, content: content[:-mac_length] if len(content) > mac_length else None)


def ciphers_12(version: int, number: int, master: bytes, randoms: tuple[bytes, bytes],
               mac_last: bool) -> tuple[RecordCipher, RecordCipher] | None:  # fmt: skip
    """The ciphers of (client, server) up to TLS 1.2.

    Args:
        master: the master secret.
        randoms: of (client, server).
        mac_last: the MAC covers what is encrypted (RFC 7366).
    """
    suite = suite_of(number)
    if suite is None or _library() is None:
        return None
    block = suite.mode == "CBC"
    mac_length = hashlib.new(suite.hash).digest_size if block else 0
    iv_length = (BLOCK if version == TLS10 else 0) if block else NONCE if suite.cipher == "CHACHA20" else FIXED_NONCE
    sizes = (mac_length, mac_length, suite.key_length, suite.key_length, iv_length, iv_length)
    client, server = randoms
    keys = prf(master, b"key expansion", server + client, sum(sizes), version, suite.derivation)
    parts = []
    for size in sizes:
        parts.append(keys[:size])
        keys = keys[size:]
    made = []
    for mac, key, iv in (parts[0::2], parts[1::2]):
        if block:
            made.append(RecordCipher(_Cbc(key, mac, iv, suite.hash, mac_last).open))
        else:
            made.append(RecordCipher(_aead_12(_aead(suite, key), iv, suite)))
    return made[0], made[1]


def cipher_13(number: int, secret: bytes) -> RecordCipher | None:
    """The cipher of one direction of TLS 1.3, from its traffic secret."""
    suite = suite_of(number)
    if suite is None or suite.mode == "CBC" or _library() is None:
        return None
    key = expand_label(secret, "key", suite.key_length, suite.derivation)
    iv = expand_label(secret, "iv", NONCE, suite.derivation)
    aead = _aead(suite, key)
    return RecordCipher(lambda sequence, header, content: aead(_nonce(iv, sequence), content, header))


def next_secret(number: int, secret: bytes) -> bytes:
    """The traffic secret after a key update (RFC 8446 section 7.2)."""
    suite = suite_of(number)
    hash_ = "sha256" if suite is None else suite.derivation
    return expand_label(secret, "traffic upd", len(secret), hash_)


@cache
def _library() -> Any:
    try:
        from cryptography.hazmat.primitives.ciphers import aead
    except ImportError:
        return None
    return aead


def _aead(suite: Suite, key: bytes) -> Callable[[bytes, bytes, bytes], bytes | None]:
    """A function (nonce, content, associated data) -> plain bytes, or None if their tag is wrong."""
    from cryptography.exceptions import InvalidTag

    library = _library()
    if suite.mode == "GCM":
        cipher = library.AESGCM(key)
    elif suite.mode == "CHACHA20":
        cipher = library.ChaCha20Poly1305(key)
    else:
        cipher = library.AESCCM(key, tag_length=8 if suite.mode == "CCM_8" else 16)

    def decrypt(nonce: bytes, content: bytes, associated: bytes) -> bytes | None:
        try:
            return bytes(cipher.decrypt(nonce, content, associated))
        except (InvalidTag, ValueError):
            return None

    return decrypt


def _nonce(iv: bytes, sequence: int) -> bytes:
    return (int.from_bytes(iv, "big") ^ sequence).to_bytes(NONCE, "big")


def _aead_12(aead: Callable[[bytes, bytes, bytes], bytes | None], iv: bytes,
             suite: Suite) -> Callable[[int, bytes, bytes], bytes | None]:  # fmt: skip
    """RFC 5246 section 6.2.3.3; the nonce is partly in the record (RFC 5288) or not at all (RFC 7905)."""
    explicit = 0 if suite.mode == "CHACHA20" else EXPLICIT_NONCE
    tag = 8 if suite.mode == "CCM_8" else 16

    def open_record(sequence: int, header: bytes, content: bytes) -> bytes | None:
        length = len(content) - explicit - tag
        if length < 0:
            return None
        nonce = iv + content[:explicit] if explicit else _nonce(iv, sequence)
        associated = sequence.to_bytes(SEQUENCE, "big") + header[:3] + length.to_bytes(2, "big")
        return aead(nonce, content[explicit:], associated)

    return open_record


class _Cbc:
    """A block cipher with a MAC (RFC 5246 section 6.2.3.2, RFC 2246 where the last block is the next vector)."""

    def __init__(self, key: bytes, mac: bytes, iv: bytes, hash_: str, mac_last: bool) -> None:
        self._key, self._mac, self._iv, self._hash, self._mac_last = key, mac, iv, hash_, mac_last

    def open(self, sequence: int, header: bytes, content: bytes) -> bytes | None:
        size = hashlib.new(self._hash).digest_size
        tag = content[-size:] if self._mac_last else b""
        sealed = content[: len(content) - len(tag)]
        if self._mac_last and not self._is_authentic(sequence, header, sealed, tag):
            return None
        vector, body = (self._iv, sealed) if self._iv else (sealed[:BLOCK], sealed[BLOCK:])
        if len(body) < BLOCK or len(body) % BLOCK:
            return None
        plain = self._decrypt(vector, body)
        plain = plain[: max(len(plain) - 1 - plain[-1], 0)]
        if not self._mac_last:
            plain, tag = plain[: max(len(plain) - size, 0)], plain[-size:]
            if not self._is_authentic(sequence, header, plain, tag):
                return None
        if self._iv:
            self._iv = body[-BLOCK:]
        return plain

    def _decrypt(self, vector: bytes, body: bytes) -> bytes:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        decryptor = Cipher(algorithms.AES(self._key), modes.CBC(vector)).decryptor()
        return bytes(decryptor.update(body) + decryptor.finalize())

    def _is_authentic(self, sequence: int, header: bytes, content: bytes, tag: bytes) -> bool:
        covered = sequence.to_bytes(SEQUENCE, "big") + header[:3] + len(content).to_bytes(2, "big") + content
        return hmac.compare_digest(hmac.digest(self._mac, covered, self._hash), tag)
