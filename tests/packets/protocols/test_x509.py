"""Certificates inside TLS. The shapes of values are as in Wireshark 4.4."""

from __future__ import annotations

import struct

import pytest

from tests.packets.protocols.http_wire import Talk, shown
from tests.packets.protocols.tls_wire import certificate, certificates, der, message, name, record, server_hello

GENERAL_NAMES = der(0x30, der(0x82, b"a.example"), der(0x81, b"b@example"), der(0x87, b"\x0a\0\0\1"),
                    der(0x86, b"http://c/"), der(0xA4, name(("550403", 12, b"d"))), der(0x87, b"abc"))  # fmt: skip
STAMP = b"\0" + bytes(32) + struct.pack(">Q", 1500) + b"\0\0" + b"\4\3" + b"\0\2ss"
STAMPS = struct.pack(">HH", len(STAMP) + 2, len(STAMP)) + STAMP
POLICY = der(0x30, der(0x30, der(6, b"\x2a\3"), der(0x30, der(0x30, der(6, bytes.fromhex("2b06010505070201")), der(
    22, b"http://p/")))))  # fmt: skip

PLAIN: list[tuple[str, list[object]]] = [
    ("x509af.version", [2]),
    ("x509af.serialNumber", [b"\x12\x34"]),
    ("x509af.utcTime", ["2016-09-26 21:10:38 (UTC)"]),
    ("x509af.generalizedTime", [3147455438 * 10**9]),
    ("x509sat.CountryName", ["US"]),
    ("x509sat.printableString", ["Example CA"]),
    ("x509sat.uTF8String", ["exämple.org"]),
    ("x509sat.IA5String", ["a@example.org"]),
    ("x509sat.DirectoryString", [1, 4]),
    ("x509if.rdnSequence", [2]),
    ("x509af.rdnSequence", [2]),
    ("pkcs1.publicExponent", [65537]),
    ("x509af.encrypted", [b"signature"]),
]

LOGOTYPE = der(0x30, der(0xA1, der(0xA0, der(0x30, der(0x30, der(
    0x30, der(22, b"image/gif"), der(0x30, der(0x30, der(0x30, der(6, bytes.fromhex("2b0e03021a"))), der(4, b"hash"))),
    der(0x30, der(22, b"http://a"))))))))  # fmt: skip

EXTENSIONS: list[tuple[str, bytes, str, list[object]]] = [
    ("2b0601050507010c", LOGOTYPE, "logotypecertextn.mediaType", ["image/gif"]),
    ("2b0601050507010c", LOGOTYPE, "logotypecertextn.hashValue", [b"hash"]),
    ("2b0601050507010c", LOGOTYPE, "logotypecertextn.logotypeURI_item", ["http://a"]),
    ("6086480186f842010d", der(22, b"note"), "ns_cert_exts.Comment", ["note"]),
    ("6086480186f8420101", b"\3\2\6\x40", "ns_cert_exts.CertType", [b"\x40"]),
    ("551d11", GENERAL_NAMES, "x509ce.dNSName", ["a.example"]),
    ("551d11", GENERAL_NAMES, "x509ce.rfc822Name", ["b@example"]),
    ("551d11", GENERAL_NAMES, "x509ce.uniformResourceIdentifier", ["http://c/"]),
    ("551d11", GENERAL_NAMES, "x509ce.IPAddress.ipv4", [b"\x0a\0\0\1"]),
    ("551d11", GENERAL_NAMES, "x509ce.IPAddress.unknown", [b"abc"]),
    ("551d11", GENERAL_NAMES, "x509ce.GeneralName", [2, 1, 7, 6, 4, 7]),
    ("551d0f", der(3, b"\5\xa0"), "x509ce.KeyUsage.keyEncipherment", [True]),
    ("551d0f", der(3, b"\5\xa0"), "x509ce.KeyUsage.decipherOnly", [False]),
    ("551d13", der(0x30, der(1, b"\xff"), der(2, b"\0")), "x509ce.pathLenConstraint", [0]),
    ("551d25", der(0x30, der(6, b"\x2b\6")), "x509ce.KeyPurposeId", [b"\x2b\6"]),
    ("551d1f", der(0x30, der(0x30, der(0xA0, der(0xA0, der(0x86, b"http://l/"))))), "x509ce.fullName", [1]),
    ("551d20", POLICY, "pkix1explicit.DirectoryString", ["http://p/"]),
    ("2b06010401d679020402", der(4, STAMPS), "tls.sct.sct_timestamp", [1500 * 10**6]),
    ("551d11", b"\x30\x05abc", "x509af.extension.id", [b"\x55\x1d\x11"]),
]


@pytest.mark.parametrize(("field", "expected"), PLAIN)
def test_fields(field: str, expected: list[object]) -> None:
    views = Talk(443).server(record(22, server_hello()), record(22, certificates(certificate()))).views()
    assert shown(views, field) == {5: expected}


@pytest.mark.parametrize(("oid", "content", "field", "expected"), EXTENSIONS)
def test_extensions(oid: str, content: bytes, field: str, expected: list[object]) -> None:
    views = Talk(443).server(record(22, server_hello()), record(22, certificates(certificate((oid, content))))).views()
    assert shown(views, field) == {5: expected}


def test_the_name_spaces_select_nothing_by_themselves() -> None:
    views = Talk(443).server(record(22, certificates(certificate()))).views()
    for space in ("x509af", "x509sat", "x509ce", "pkcs-1"):
        assert shown(views, space) == {}


def test_accepted_authorities_are_names() -> None:
    authority = name(("55040a", 19, b"Accepted"))
    body = b"\1\1" + b"\0\2\4\1" + struct.pack(">HH", len(authority) + 2, len(authority)) + authority
    views = Talk(443).server(record(22, server_hello()), record(22, message(13, body))).views()
    assert shown(views, "x509sat.printableString") == {5: ["Accepted"]}
    assert shown(views, "x509if.rdnSequence") == {}


@pytest.mark.parametrize("cut", [1, 2, 3, 10, 50, 120])
def test_what_was_read_before_the_damage_counts(cut: int) -> None:
    data = certificate()[:-cut]
    views = Talk(443).server(record(22, certificates(data))).views()
    assert shown(views, "tls.handshake.certificate") == {4: [data]}
