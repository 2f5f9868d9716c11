"""PKINIT in Kerberos: signed data with certificates. Values are as in Wireshark 4.4."""

from __future__ import annotations

import pytest

from tests.packets.builders import dissect
from tests.packets.protocols.test_kerberos import TIME, TIME_NS, number, text
from tests.packets.protocols.tls_wire import ALGORITHM, ISSUER, certificate, der
from tests.packets.protocols.windows_wire import check, datagram, survives


def oid(digits: str) -> bytes:
    return der(6, bytes.fromhex(digits))


def explicit(tag: int, content: bytes) -> bytes:
    return der(0xA0 | tag, content)


PRINCIPAL = der(0x30, explicit(0, text("EXAMPLE.COM")),
                explicit(1, der(0x30, explicit(0, number(1)), explicit(1, der(0x30, text("alice"))))))  # fmt: skip
ALTERNATIVE = der(0x30, explicit(0, oid("2b0601050202") + explicit(0, PRINCIPAL)))
AUTHENTICATOR = der(0x30, explicit(0, number(7)), explicit(1, TIME), explicit(2, number(0x7FFFFFF0)),
                    explicit(3, der(4, b"sum")))  # fmt: skip
DOMAIN = der(0x30, der(2, b"\x7f" * 9), number(2), der(2, b"\x7f" * 9))
PUBLIC = der(0x30, der(0x30, oid("2a8648ce3e0201"), DOMAIN), der(3, b"\0public"))
PACK = der(0x30, explicit(0, AUTHENTICATOR), explicit(1, PUBLIC), explicit(2, der(0x30, ALGORITHM)))
ATTRIBUTES = explicit(0, der(0x30, oid("2a864886f70d010903"), der(0x31, oid("2b060105020301"))) +
                      der(0x30, oid("2a864886f70d010904"), der(0x31, der(4, b"digest"))))  # fmt: skip
SIGNER = der(0x30, number(1), der(0x30, ISSUER, number(0x1234)), ALGORITHM, ATTRIBUTES, ALGORITHM, der(4, b"signature"))


def signed(signer: bytes = SIGNER) -> bytes:
    data = der(0x30, number(3), der(0x31, ALGORITHM), der(0x30, oid("2b060105020301"), explicit(0, der(4, PACK))),
               explicit(0, certificate(("551d11", ALTERNATIVE))), der(0x31, signer))  # fmt: skip
    return der(0x30, oid("2a864886f70d010702"), explicit(0, data))


def request(pack: bytes, kind: int = 16) -> bytes:
    value = der(0x30, der(0x80, pack), explicit(1, der(0x30, b"")), der(0x82, b"key")) if kind == 16 else pack
    padata = der(0x30, der(0x30, der(0xA1, number(kind)), der(0xA2, der(4, value))))
    return der(0x6A, der(0x30, explicit(1, number(5)), explicit(2, number(10)), explicit(3, padata)))


def test_a_request_with_a_certificate() -> None:
    view = dissect([datagram(request(signed()), 88)])[0]
    check(view, {
        "cms.version": [3, 1], "cms.eContent": [PACK], "cms.CertificateChoices": [0], "cms.signature": [b"signature"],
        "cms.MessageDigest": [b"digest"], "cms.serialNumber": [b"\x12\x34"], "cms.sid": [0], "cms.attrValues": [1, 1],
        "x509af.serialNumber": [b"\x12\x34"], "x509af.subjectPublicKey": [der(0x30, der(2, b"\x00\xab\xcd"), der(
            2, b"\x01\x00\x01")), b"public"], "pkix1explicit.g": [2],
        "pkinit.nonce": [0x7FFFFFF0], "pkinit.cusec": [7], "pkinit.paChecksum": [b"sum"], "pkinit.kdcPkId": [b"key"],
        "pkinit.supportedCMSTypes": [1], "kerberos.ctime": [TIME_NS], "kerberos.realm": ["EXAMPLE.COM"],
        "kerberos.KerberosString": ["alice"], "x509ce.GeneralName": [0],
    })  # fmt: skip


@pytest.mark.parametrize("signer", [b"", der(0x30), der(0x30, number(1)), der(0x30, number(1), der(0x30, ISSUER))])
def test_damaged_signers_end_the_walk(signer: bytes) -> None:
    view = dissect([datagram(request(signed(signer)), 88)])[0]
    check(view, {"cms.CertificateChoices": [0], "cms.signature": [], "kerberos.msg_type": [10]})


def test_a_signer_known_by_its_key() -> None:
    view = dissect([datagram(request(signed(der(0x30, number(3), der(0x80, b"id")))), 88)])[0]
    check(view, {"cms.sid": [1], "cms.subjectKeyIdentifier": [b"id"]})


def test_a_reply() -> None:
    view = dissect([datagram(request(explicit(0, explicit(0, b"\x30\0")), 17), 88)])[0]
    check(view, {"pkinit.dhSignedData_element": [None]})


def test_damage() -> None:
    survives([datagram(request(signed()), 88)], rounds=150)
