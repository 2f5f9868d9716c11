"""The keys of WireGuard that a capture file carries itself, and the handshake that session keys follow from (the
protocol's white paper, sections 5.4.1 to 5.4.6).

In: the Decryption Secrets Blocks of WireGuard that a section holds, lines like `LOCAL_STATIC_PRIVATE_KEY=base64`, and
handshake messages.  Out: what the messages encrypt, and the keys of transport messages.  What always holds: what is
decrypted is authentic; how many keys are kept is bounded; without the cryptography library there is nothing.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import re
from functools import cache
from typing import Any

from dfilter.packets.protocols.tls_secrets import section_of
from dfilter.packets.view import View
from dfilter.slotted import field, slotted

WG_KEY_LOG = 0x57474B4C
MAX_KEYS = 4096
"""Ephemeral keys kept: one a handshake."""
CONSTRUCTION = b"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s"
IDENTIFIER = b"WireGuard v1 zx2c4 Jason@zx2c4.com"
MAC1_AT = {1: 116, 2: 60}
"""Message type -> where its first authentication code begins."""
_LINE = re.compile(rb"(LOCAL_STATIC_PRIVATE_KEY|REMOTE_STATIC_PUBLIC_KEY|LOCAL_EPHEMERAL_PRIVATE_KEY|PRESHARED_KEY)"
                   rb" *= *([A-Za-z0-9+/]{43}=)")  # fmt: skip


def digest(*parts: bytes) -> bytes:
    return hashlib.blake2s(b"".join(parts)).digest()


def derive(key: bytes, data: bytes, count: int) -> list[bytes]:
    """HKDF with BLAKE2s: `count` keys of 32 bytes."""
    secret, out = hmac.digest(key, data, "blake2s"), [b""]
    for number in range(1, count + 1):
        out.append(hmac.digest(secret, out[-1] + bytes([number]), "blake2s"))
    return out[1:]


@cache
def _library() -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric import x25519
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
    except ImportError:
        return None
    return x25519, ChaCha20Poly1305


def public_key(private: bytes) -> bytes:
    x25519 = _library()[0]
    return bytes(x25519.X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw())


def exchange(private: bytes, public: bytes) -> bytes | None:
    x25519 = _library()[0]
    try:
        key = x25519.X25519PublicKey.from_public_bytes(public)
        return bytes(x25519.X25519PrivateKey.from_private_bytes(private).exchange(key))
    except ValueError:  # a point of small order
        return None


def open_sealed(key: bytes, counter: int, sealed: bytes, associated: bytes) -> bytes | None:
    """The plain bytes of an authenticated encryption; None if the tag is wrong."""
    from cryptography.exceptions import InvalidTag

    try:
        return bytes(_library()[1](key).decrypt(bytes(4) + counter.to_bytes(8, "little"), sealed, associated))
    except (InvalidTag, ValueError):
        return None


@slotted
class WgKeys:
    """The keys that the capture told so far.

    Attributes:
        private: public key -> private key, of static and ephemeral ones.
        static: the public keys that identify peers.
        shared: preshared keys.
    """

    private: dict[bytes, bytes] = field(default_factory=dict)
    static: list[bytes] = field(default_factory=list)
    shared: list[bytes] = field(default_factory=list)
    _section: Any = None
    _read: int = 0

    def update(self, section: Any) -> None:
        if section is not self._section:
            self._section, self._read = section, 0
        for kind, data in section.secrets[self._read :]:
            for found in _LINE.finditer(data) if kind == WG_KEY_LOG else ():
                if len(self.private) + len(self.static) + len(self.shared) < MAX_KEYS:
                    self._add(found[1], binascii.a2b_base64(found[2]))
        self._read = len(section.secrets)

    def _add(self, name: bytes, key: bytes) -> None:
        if name == b"PRESHARED_KEY":
            self.shared.append(key)
            return
        if name.endswith(b"PRIVATE_KEY"):
            public = public_key(key)
            self.private[public] = key
        else:
            public = key
        if b"STATIC" in name and public not in self.static:
            self.static.append(public)

    def receiver(self, message: bytes) -> bytes | None:
        """Whose public key the first authentication code of a handshake message was made with."""
        at = MAC1_AT[message[0]]
        for key in self.static:
            code = hashlib.blake2s(message[:at], digest_size=16, key=digest(b"mac1----", key)).digest()
            if hmac.compare_digest(code, message[at : at + 16]):
                return key
        return None


def known_keys(view: View) -> WgKeys | None:
    """The keys told so far; None where the capture has told none."""
    section = section_of(view)
    if section is None or not section.secrets or _library() is None:
        return None
    keys = view.session.memory("wg.secrets", WgKeys)
    keys.update(section)
    return keys if keys.static else None


@slotted
class Handshake:
    """A handshake as it goes on.

    Attributes:
        initiator, responder: their static public keys; the first is empty until it could be decrypted.
        timestamp: TAI64N, once decrypted.
        transport: the keys of what (the initiator, the responder) sends, once both messages were decrypted.
    """

    responder: bytes
    chain: bytes
    hash: bytes
    initiator: bytes = b""
    ephemeral: bytes = b""
    timestamp: bytes = b""
    transport: tuple[bytes, bytes] | None = None


def begin(keys: WgKeys, message: bytes) -> Handshake | None:
    """A handshake by its initiation message; None if it is for a peer that is not known."""
    responder = keys.receiver(message)
    if responder is None:
        return None
    ephemeral, static, stamp = message[8:40], message[40:88], message[88:116]
    chain = digest(CONSTRUCTION)
    shake = Handshake(responder, derive(chain, ephemeral, 1)[0], digest(digest(chain, IDENTIFIER), responder),
                      ephemeral=ephemeral)  # fmt: skip
    shake.hash = digest(shake.hash, ephemeral)
    shared = _shared(keys, ephemeral, responder)
    if shared is None:
        return shake
    shake.chain, key = derive(shake.chain, shared, 2)
    initiator = open_sealed(key, 0, static, shake.hash)
    shake.hash = digest(shake.hash, static)
    if initiator is None:
        return shake
    shake.initiator = initiator
    shared = _shared(keys, initiator, responder)
    if shared is not None:
        shake.chain, key = derive(shake.chain, shared, 2)
        shake.timestamp = open_sealed(key, 0, stamp, shake.hash) or b""
        shake.hash = digest(shake.hash, stamp)
    return shake


def answer(keys: WgKeys, shake: Handshake, message: bytes) -> bool:
    """Go on with a response message: could it be decrypted?"""
    ephemeral, empty = message[12:44], message[44:60]
    first, second = _shared(keys, shake.ephemeral, ephemeral), _shared(keys, shake.initiator, ephemeral)
    if first is None or second is None or not shake.timestamp:
        return False
    chain = derive(shake.chain, ephemeral, 1)[0]
    for secret in (first, second):
        chain = derive(chain, secret, 1)[0]
    for psk in (bytes(32), *keys.shared):
        after, tau, key = derive(chain, psk, 3)
        if open_sealed(key, 0, empty, digest(digest(shake.hash, ephemeral), tau)) is not None:
            one, other = derive(after, b"", 2)
            shake.transport = one, other
            return True
    return False


def _shared(keys: WgKeys, one: bytes, other: bytes) -> bytes | None:
    """The secret of two public keys, of one of which the private one is known."""
    for public, peer in ((one, other), (other, one)):
        private = keys.private.get(public)
        if private is not None:
            return exchange(private, peer)
    return None
