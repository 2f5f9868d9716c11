"""The keys of QUIC packets: of Initial ones, which anyone can derive, and from secrets that the capture holds
(RFC 9001 sections 5 and 6, RFC 9369 section 3.3).

In: a version and the client's first destination connection ID, or a secret.  Out: `PacketKeys` of each side, and the
plain bytes of a packet.  What always holds: without the cryptography library, or for a version whose salt is not known,
there are no keys and nothing is decrypted; damage never raises.
"""

from __future__ import annotations

import hashlib
import hmac
import importlib.util

from dfilter.packets.protocols.tls_decrypt import expand_label, suite_of
from dfilter.slotted import frozen, replace

VERSION_1, VERSION_2 = 0x00000001, 0x6B3343CF
SAMPLE_LENGTH = 16
LONG = 0x80

_SALTS = (
    (range(0xFF000011, 0xFF000015), "ef4fb0abb47470c41befcf8031334fae485e09a0"),
    (range(0xFF000017, 0xFF00001D), "c3eef712c72ebb5a11a7d2432bb46365bef9f502"),
    (range(0xFF00001D, 0xFF000021), "afbfec289993d24c9e9786f19c6111e04390a899"),
    (range(0xFF000021, 0xFF000023), "38762cf7f55934b34d179ae6a4c80cadccbb7f0a"),
    (range(VERSION_1, VERSION_1 + 1), "38762cf7f55934b34d179ae6a4c80cadccbb7f0a"),
    (range(VERSION_2, VERSION_2 + 1), "0dede3def700a6db819381be6e269dcbf9bd2ed9"),
)
"""Version numbers -> the salt of the initial secret."""


@frozen
class PacketKeys:
    """What protects the packets that one side sends; `header` is the key of header protection."""

    key: bytes
    iv: bytes
    header: bytes
    cipher: str = "AES"


@frozen
class PlainPacket:
    """A packet without its protection.

    Attributes:
        first: its first byte.
        number, number_length: the packet number as it was sent, and its bytes.
        payload: the frames.
    """

    first: int
    number: int
    number_length: int
    payload: bytes


def _expand_label(secret: bytes, label: str, length: int) -> bytes:
    """HKDF-Expand-Label of TLS 1.3 with SHA-256 (RFC 8446 section 7.1)."""
    name = b"tls13 " + label.encode()
    info = length.to_bytes(2, "big") + bytes([len(name)]) + name + b"\0"
    return hmac.digest(secret, info + b"\x01", hashlib.sha256)[:length]


def initial_keys(version: int, connection_id: bytes) -> tuple[PacketKeys, PacketKeys] | None:
    """The keys of (client, server), from the connection ID that the client chose for the server."""
    salt = next((salt for versions, salt in _SALTS if version in versions), None)
    if salt is None:
        return None
    initial = hmac.digest(bytes.fromhex(salt), connection_id, hashlib.sha256)
    prefix = "quicv2 " if version == VERSION_2 else "quic "
    client, server = (_side(_expand_label(initial, label, 32), prefix) for label in ("client in", "server in"))
    return client, server


def _side(secret: bytes, prefix: str) -> PacketKeys:
    parts = (("key", 16), ("iv", 12), ("hp", 16))
    key, iv, header = (_expand_label(secret, prefix + label, size) for label, size in parts)
    return PacketKeys(key, iv, header)


def keys_of(version: int, suite_number: int, secret: bytes) -> PacketKeys | None:
    """The keys that follow from a traffic secret (RFC 9001 section 5.1); None for a suite that QUIC does not use."""
    suite = suite_of(suite_number)
    if suite is None or suite.mode not in ("GCM", "CHACHA20"):
        return None
    prefix = "quicv2 " if version == VERSION_2 else "quic "
    parts = (("key", suite.key_length), ("iv", 12), ("hp", suite.key_length))
    key, iv, header = (expand_label(secret, prefix + label, size, suite.derivation) for label, size in parts)
    return PacketKeys(key, iv, header, suite.cipher)


def updated_keys(version: int, suite_number: int, secret: bytes, before: PacketKeys) -> tuple[bytes, PacketKeys] | None:
    """The next secret and keys after a key update (RFC 9001 section 6.1), which leaves header protection alone."""
    suite = suite_of(suite_number)
    if suite is None:
        return None
    label = "quicv2 ku" if version == VERSION_2 else "quic ku"
    following = expand_label(secret, label, len(secret), suite.derivation)
    keys = keys_of(version, suite_number, following)
    return None if keys is None else (following, replace(keys, header=before.header))


def remove_protection(keys: PacketKeys, packet: bytes, number_at: int, largest: int) -> PlainPacket | None:
    """Remove the protection of a packet whose packet number lies at `number_at`; None if that fails.

    Args:
        largest: the largest packet number that this side sent before, -1 for none.
    """
    try:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
    except ImportError:
        return None
    sample = packet[number_at + 4 : number_at + 4 + SAMPLE_LENGTH]
    if len(sample) < SAMPLE_LENGTH:
        return None
    mask = _mask(keys, sample)
    first = packet[0] ^ (mask[0] & (0x0F if packet[0] & LONG else 0x1F))
    size = (first & 0x03) + 1
    number = bytes(a ^ b for a, b in zip(packet[number_at : number_at + size], mask[1:], strict=False))
    header = bytes([first]) + packet[1:number_at] + number
    full = _full_number(int.from_bytes(number, "big"), size, largest)
    nonce = bytes(a ^ b for a, b in zip(keys.iv, full.to_bytes(12, "big"), strict=True))
    try:
        cipher = AESGCM(keys.key) if keys.cipher == "AES" else ChaCha20Poly1305(keys.key)
        payload = cipher.decrypt(nonce, packet[number_at + size :], header)
    except (InvalidTag, ValueError):
        return None
    return PlainPacket(first, full, size, payload)


def unmasked_first(keys: PacketKeys, packet: bytes, number_at: int) -> int | None:
    """The first byte without header protection, of a packet that may be cut off or not authentic."""
    sample = packet[number_at + 4 : number_at + 4 + SAMPLE_LENGTH]
    if len(sample) < SAMPLE_LENGTH or importlib.util.find_spec("cryptography") is None:
        return None
    return packet[0] ^ (_mask(keys, sample)[0] & (0x0F if packet[0] & LONG else 0x1F))


def _mask(keys: PacketKeys, sample: bytes) -> bytes:
    """Header protection (RFC 9001 sections 5.4.3 and 5.4.4)."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    if keys.cipher == "AES":
        return bytes(Cipher(algorithms.AES(keys.header), modes.ECB()).encryptor().update(sample))
    return bytes(Cipher(algorithms.ChaCha20(keys.header, sample), None).encryptor().update(bytes(5)))


def _full_number(truncated: int, size: int, largest: int) -> int:
    """The packet number nearest to the expected one with these low bytes (RFC 9000 appendix A.3)."""
    window = 1 << 8 * size
    expected = largest + 1
    candidate = (expected & ~(window - 1)) | truncated
    if candidate <= expected - window // 2 and candidate < (1 << 62) - window:
        return candidate + window
    if candidate > expected + window // 2 and candidate >= window:
        return candidate - window
    return candidate
