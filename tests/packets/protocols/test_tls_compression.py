"""Compressed certificates: RFC 8879, as Wireshark 4.4 shows them."""

from __future__ import annotations

import zlib

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard

from dfilter.packets.protocols.tls_compression import ZLIB, certificate_of
from dfilter.packets.protocols.tls_stapled import stapled_responses
from dfilter.packets.region import Region
from tests.packets.protocols.http_wire import frames_with, shown
from tests.packets.protocols.test_quic import crypto, initial, talk
from tests.packets.protocols.tls_wire import certificate, extension, message

CERTIFICATE = certificate(("551d11", b"\x30\x0b\x82\x09a.example"))
STATUS = extension(5, b"\1\0\0\5\x30\x03\x0a\1\1")


def body(extensions: bytes = b"") -> bytes:
    """A certificate message of TLS 1.3."""
    entry = len(CERTIFICATE).to_bytes(3, "big") + CERTIFICATE + len(extensions).to_bytes(2, "big") + extensions
    return b"\0" + len(entry).to_bytes(3, "big") + entry


def compressed(algorithm: int, data: bytes, claimed: int) -> bytes:
    return algorithm.to_bytes(2, "big") + claimed.to_bytes(3, "big") + len(data).to_bytes(3, "big") + data


WAYS = [(1, zlib.compress), (2, brotli.compress), (3, zstandard.compress)]


@pytest.mark.parametrize(("algorithm", "compress"), WAYS)
def test_a_compressed_certificate(algorithm: int, compress: object) -> None:
    assert callable(compress)
    plain = body()
    views = talk((True, initial(crypto(0, message(25, compressed(algorithm, compress(plain), len(plain)))))))
    assert shown(views, "tls.handshake.certificate") == {1: [CERTIFICATE]}
    assert shown(views, "x509ce.dNSName") == {1: ["a.example"]}
    assert shown(views, "tls.compress_certificate.algorithm") == {1: [algorithm]}


@pytest.mark.parametrize("claimed", [0, 1, len(body()) - 1, len(body()) + 1])
@pytest.mark.parametrize(("algorithm", "compress"), WAYS)
def test_a_wrong_length_is_not_believed(algorithm: int, compress: object, claimed: int) -> None:
    assert callable(compress)
    views = talk((True, initial(crypto(0, message(25, compressed(algorithm, compress(body()), claimed))))))
    assert frames_with(views, "tls.handshake.certificate") == []
    assert frames_with(views, "tls.compress_certificate.algorithm") == [1]


@pytest.mark.parametrize("algorithm", [0, 1, 2, 3, 4])
def test_rubbish_and_bombs(algorithm: int) -> None:
    bomb = zlib.compress(bytes(1 << 24)) if algorithm == ZLIB else b"\x28\xb5\x2f\xfd" + bytes(range(200))
    data = compressed(algorithm, bomb, 100)
    assert certificate_of(Region(data, 0, len(data))) is None


def test_stapled_responses() -> None:
    plain = body(STATUS)
    for type_, content in ((11, plain), (25, compressed(ZLIB, zlib.compress(plain), len(plain)))):
        whole = message(type_, content)
        found = list(stapled_responses(type_, Region(whole, 0, len(whole)), 0x0304))
        assert [region.rest() for region in found] == [b"\x30\x03\x0a\1\1"]
        for size in range(4, len(whole)):
            list(stapled_responses(type_, Region(whole, 0, size), 0x0304))
