"""PKINIT (RFC 4556): certificates in the messages of Kerberos.

In: the value of a PA-PK-AS-REQ or PA-PK-AS-REP.  Out: the fields pkinit.*, cms.* and those of the certificates, on the
layer of Kerberos.  What always holds: damage ends the walk quietly; what was read before counts.
"""

from __future__ import annotations

from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.protocols.cms import walk_content_info
from dfilter.packets.protocols.x509_certificate import walk_algorithm
from dfilter.packets.protocols.x509_der import BIT_STRING, INTEGER, SEQUENCE, BadDer, Der, Node
from dfilter.packets.region import Region
from dfilter.packets.view import Layer

DH_PUBLIC_NUMBER = bytes.fromhex("2a8648ce3e0201")
DH_SIGNED_DATA = 0xA0
SIGNED_AUTH_PACK, TRUSTED_CERTIFIERS, KDC_KEY = 0x80, 0xA1, 0x82

PKINIT = Protocol("pkinit", "PKINIT", fields=computed_table("""
    pkinit.signedAuthPack_element       NONE
    pkinit.AuthPack_element             NONE
    pkinit.pkAuthenticator_element      NONE
    pkinit.cusec                        INT32
    pkinit.nonce                        UINT32
    pkinit.paChecksum                   BYTES
    pkinit.clientPublicValue_element    NONE
    pkinit.supportedCMSTypes            UINT32
    pkinit.AlgorithmIdentifier_element  NONE
    pkinit.clientDHNonce                BYTES
    pkinit.trustedCertifiers            UINT32
    pkinit.kdcPkId                      BYTES
    pkinit.KRB5PrincipalName_element    NONE
    pkinit.dhSignedData_element         NONE
"""))  # fmt: skip
"""A name space: no layers of its own (see `x509`)."""


def fill_request(layer: Layer, region: Region) -> None:
    """Add the fields of a PA-PK-AS-REQ (RFC 4556 section 3.2.1)."""
    der = Der(layer, region.buf, region.buf is not layer.buf)
    try:
        for part in der.children(der.node(region.start, region.end)):
            if part.tag == SIGNED_AUTH_PACK:
                _signed_auth_pack(der, part)
            elif part.tag == TRUSTED_CERTIFIERS:
                certifiers = der.only(part) if part.length else part
                der.put("pkinit.trustedCertifiers", len(der.all_children(certifiers)), certifiers)
            elif part.tag == KDC_KEY:
                der.put("pkinit.kdcPkId", der.bytes(part), part)
    except BadDer:
        return


def fill_reply(layer: Layer, region: Region) -> None:
    """Add the one field that Wireshark 4.4 finds in a PA-PK-AS-REP: the choice of signed data."""
    if region.length and region.u8(0) == DH_SIGNED_DATA:
        layer.add("pkinit.dhSignedData_element", None)


def _signed_auth_pack(der: Der, part: Node) -> None:
    der.mark("pkinit.signedAuthPack_element", part)
    signed = walk_content_info(der, der.only(part))
    if signed is not None:
        _auth_pack(der, der.only(signed))


def _auth_pack(der: Der, pack: Node) -> None:
    der.add("pkinit.AuthPack_element", None, pack.start, pack.end)
    for part in der.children(pack):
        if part.number == 0:
            _authenticator(der, der.only(part))
        elif part.number == 1:
            _public_value(der, der.only(part))
        elif part.number == 2:
            algorithms = der.all_children(der.only(part))
            der.put("pkinit.supportedCMSTypes", len(algorithms), part)
            for algorithm in algorithms:
                der.mark("pkinit.AlgorithmIdentifier_element", algorithm)
                walk_algorithm(der, algorithm)
        elif part.number == 3:
            nonce = der.only(part)
            der.put("pkinit.clientDHNonce", der.bytes(nonce), nonce)


def _authenticator(der: Der, authenticator: Node) -> None:
    der.mark("pkinit.pkAuthenticator_element", authenticator)
    for part in der.children(authenticator):
        value = der.only(part)
        if part.number == 0:
            der.put("pkinit.cusec", der.integer(value), value)
        elif part.number == 1:
            der.put("kerberos.ctime", der.time(value), value)
        elif part.number == 2:
            der.put("pkinit.nonce", der.integer(value) & 0xFFFFFFFF, value)
        elif part.number == 3:
            der.put("pkinit.paChecksum", der.bytes(value), value)


def _public_value(der: Der, value: Node) -> None:
    """A SubjectPublicKeyInfo with the parameters of Diffie-Hellman (RFC 3279 section 2.3.3)."""
    der.mark("pkinit.clientPublicValue_element", value)
    for part in der.children(value):
        if part.tag == SEQUENCE:
            der.mark("x509af.algorithm_element", part)
            if walk_algorithm(der, part) == DH_PUBLIC_NUMBER:
                _domain(der, der.all_children(part)[1:])
        elif part.tag == BIT_STRING:
            der.add("x509af.subjectPublicKey", der.buf[part.content + 1 : part.end], part.content + 1, part.end)


def _domain(der: Der, parameters: list[Node]) -> None:
    for domain in parameters:
        der.mark("pkix1explicit.DomainParameters_element", domain)
        numbers = [part for part in der.children(domain) if part.tag == INTEGER]
        if len(numbers) > 1:
            der.put("pkix1explicit.g", der.integer(numbers[1]), numbers[1])
