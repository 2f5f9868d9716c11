"""TLS records, hellos and certificates from a few words, for the tests of what carries them."""

from __future__ import annotations

import struct


def record(type_: int, content: bytes, version: int = 0x0303) -> bytes:
    return struct.pack(">BHH", type_, version, len(content)) + content


def message(type_: int, body: bytes) -> bytes:
    return bytes([type_]) + len(body).to_bytes(3, "big") + body


def extension(type_: int, content: bytes) -> bytes:
    return struct.pack(">HH", type_, len(content)) + content


def client_hello(extensions: bytes | None = b"", suites: bytes = b"\x13\x01\xc0\x2f", session: bytes = b"",
                 version: int = 0x0303, cookie: bytes | None = None) -> bytes:  # fmt: skip
    """A whole message; `cookie`: with the field that only DTLS has."""
    body = struct.pack(">H", version) + bytes(range(32)) + bytes([len(session)]) + session
    if cookie is not None:
        body += bytes([len(cookie)]) + cookie
    body += struct.pack(">H", len(suites)) + suites + b"\x01\x00"
    if extensions is not None:
        body += struct.pack(">H", len(extensions)) + extensions
    return message(1, body)


def server_hello(extensions: bytes = b"", suite: int = 0xC02F, version: int = 0x0303,
                 random: bytes = bytes(range(32))) -> bytes:  # fmt: skip
    body = struct.pack(">H", version) + random + b"\0" + struct.pack(">HB", suite, 0)
    if extensions:
        body += struct.pack(">H", len(extensions)) + extensions
    return message(2, body)


def server_name(name: bytes) -> bytes:
    return extension(0, struct.pack(">HBH", len(name) + 3, 0, len(name)) + name)


def der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    return bytes([tag, 0x82]) + struct.pack(">H", len(content)) + content


def name(*attributes: tuple[str, int, bytes]) -> bytes:
    """A distinguished name of (object identifier in hexadecimal, tag, value)."""
    parts = (der(0x31, der(0x30, der(6, bytes.fromhex(oid)), der(tag, value))) for oid, tag, value in attributes)
    return der(0x30, *parts)


ALGORITHM = der(0x30, der(6, bytes.fromhex("2a864886f70d01010b")), b"\x05\x00")
ISSUER = name(("550406", 19, b"US"), ("55040a", 19, b"Example CA"))
SUBJECT = name(("550403", 12, "exämple.org".encode()), ("2a864886f70d010901", 22, b"a@example.org"))


def certificate(*extensions: tuple[str, bytes], times: tuple[bytes, bytes] | None = None) -> bytes:
    """A certificate whose extensions are (object identifier in hexadecimal, content of the octet string)."""
    first, last = times or (der(23, b"160926211038Z"), der(24, b"20690926211038Z"))
    key = der(0x30, der(0x30, der(6, bytes.fromhex("2a864886f70d010101")), b"\x05\x00"),
              der(3, b"\0", der(0x30, der(2, b"\x00\xab\xcd"), der(2, b"\x01\x00\x01"))))  # fmt: skip
    items = der(0x30, *(der(0x30, der(6, bytes.fromhex(oid)), der(4, content)) for oid, content in extensions))
    signed = der(0x30, der(0xA0, der(2, b"\2")), der(2, b"\x12\x34"), ALGORITHM, ISSUER, der(0x30, first, last),
                 SUBJECT, key, der(0xA3, items))  # fmt: skip
    return der(0x30, signed, ALGORITHM, der(3, b"\0signature"))


def certificates(*items: bytes) -> bytes:
    """A certificate message of TLS 1.2."""
    chain = b"".join(len(item).to_bytes(3, "big") + item for item in items)
    return message(11, len(chain).to_bytes(3, "big") + chain)
