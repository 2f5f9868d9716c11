"""OCSP responses stapled to a TLS handshake."""

from __future__ import annotations

import pytest

from dfilter.packets.protocols.ocsp import dotted
from tests.packets.protocols.http_wire import Talk, frames_with, shown
from tests.packets.protocols.tls_wire import ALGORITHM, ISSUER, certificate, der, message, record, server_hello

UPDATE = der(24, b"20140421080410Z")
IDENTITY = der(0x30, der(0x30, der(6, b"\x2b\x0e\3\2\x1a"), b"\5\0"), der(4, b"name"), der(4, b"key"), der(2, b"\7"))


def response(status: bytes) -> bytes:
    single = der(0x30, IDENTITY, status, UPDATE, der(0xA0, UPDATE))
    data = der(0x30, der(0xA1, ISSUER), UPDATE, der(0x30, single))
    basic = der(0x30, data, ALGORITHM, der(3, b"\0sig"), der(0xA0, der(0x30, certificate())))
    wrapped = der(0x30, der(6, bytes.fromhex("2b0601050507300101")), der(4, basic))
    return der(0x30, der(0x0A, b"\0"), der(0xA0, wrapped))


def staple(content: bytes) -> bytes:
    return record(22, message(22, b"\1" + len(content).to_bytes(3, "big") + content))


FIELDS: list[tuple[bytes, str, list[object]]] = [
    (der(0x80), "ocsp.certStatus", [0]),
    (der(0x80), "ocsp.responseType.id", ["1.3.6.1.5.5.7.48.1.1"]),
    (der(0x80), "ocsp.producedAt", [1398067450 * 10**9]),
    (der(0x80), "ocsp.serialNumber", [b"\7"]),
    (der(0x80), "ocsp.signature", [b"sig"]),
    (der(0x80), "x509sat.printableString", ["Example CA", "Example CA"]),
    (der(0xA1, UPDATE, der(0xA0, der(0x0A, b"\1"))), "ocsp.certStatus", [1]),
    (der(0xA1, UPDATE, der(0xA0, der(0x0A, b"\1"))), "ocsp.revocationReason", [1]),
]


@pytest.mark.parametrize(("status", "field", "expected"), FIELDS)
def test_fields(status: bytes, field: str, expected: list[object]) -> None:
    views = Talk(443).server(record(22, server_hello()), staple(response(status))).views()
    assert shown(views, field) == {5: expected}


@pytest.mark.parametrize("cut", range(1, 300, 13))
def test_damage_ends_it_quietly(cut: int) -> None:
    views = Talk(443).server(staple(response(der(0x80))[:-cut])).views()
    assert frames_with(views, "ocsp") == [4]
    assert frames_with(views, "_ws.malformed") == []


def test_dotted_identifiers() -> None:
    assert dotted(bytes.fromhex("2a864886f70d")) == "1.2.840.113549"
    assert dotted(b"") == ""
