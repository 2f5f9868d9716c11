"""Cryptographic Message Syntax (RFC 5652): signed data, as the layer that carries it shows it.

In: a ContentInfo.  Out: the fields cms.* and those of the certificates inside, on that layer; the content that is
signed.  What always holds: damage raises `BadDer`, which every caller contains; what was read before counts.
"""

from __future__ import annotations

from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.protocols.x509_certificate import walk_algorithm, walk_certificate
from dfilter.packets.protocols.x509_der import INTEGER, OCTET_STRING, SEQUENCE, BadDer, Der, Node
from dfilter.packets.protocols.x509_names import walk_rdn_sequence

SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
CONTENT_TYPE, MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010903"), bytes.fromhex("2a864886f70d010904")
SET, CERTIFICATES, SIGNED_ATTRIBUTES, KEY_IDENTIFIER, UNSIGNED_ATTRIBUTES = 0x31, 0xA0, 0xA0, 0x80, 0xA1

CMS = Protocol("cms", "CMS", fields=computed_table("""
    cms.contentType                      OID
    cms.SignedData_element               NONE
    cms.version                          INT32
    cms.digestAlgorithms                 UINT32
    cms.DigestAlgorithmIdentifier_element  NONE
    cms.encapContentInfo_element         NONE
    cms.eContentType                     OID
    cms.eContent                         BYTES
    cms.certificates                     UINT32
    cms.CertificateChoices               UINT32
    cms.certificate_element              NONE
    cms.signerInfos                      UINT32
    cms.SignerInfo_element               NONE
    cms.sid                              UINT32
    cms.issuerAndSerialNumber_element    NONE
    cms.issuer                           UINT32
    cms.serialNumber                     BYTES
    cms.subjectKeyIdentifier             BYTES
    cms.digestAlgorithm_element          NONE
    cms.signedAttrs                      UINT32
    cms.unsignedAttrs                    UINT32
    cms.Attribute_element                NONE
    cms.attrType                         OID
    cms.attrValues                       UINT32
    cms.ContentType                      OID
    cms.MessageDigest                    BYTES
    cms.signatureAlgorithm_element       NONE
    cms.signature                        BYTES
"""))  # fmt: skip
"""A name space: no layers of its own (see `x509`)."""


def walk_content_info(der: Der, info: Node) -> Node | None:
    """The fields of signed data; the content that is signed, if it is there."""
    parts = der.all_children(info)
    if not parts:
        raise BadDer
    der.put("cms.contentType", der.bytes(parts[0]), parts[0])
    if der.bytes(parts[0]) != SIGNED_DATA or len(parts) < 2:
        return None
    return _signed_data(der, der.only(parts[1]))


def _signed_data(der: Der, signed: Node) -> Node | None:
    der.mark("cms.SignedData_element", signed)
    content, sets = None, 0
    for part in der.children(signed):
        if part.tag == INTEGER:
            der.put("cms.version", der.integer(part), part)
        elif part.tag == SEQUENCE:
            content = _encapsulated(der, part)
        elif part.tag == CERTIFICATES:
            _certificates(der, part)
        elif part.tag == SET:
            (_digests if sets == 0 else _signers)(der, part)
            sets += 1
    return content


def _digests(der: Der, part: Node) -> None:
    algorithms = der.all_children(part)
    der.put("cms.digestAlgorithms", len(algorithms), part)
    for algorithm in algorithms:
        der.mark("cms.DigestAlgorithmIdentifier_element", algorithm)
        walk_algorithm(der, algorithm)


def _encapsulated(der: Der, part: Node) -> Node | None:
    der.mark("cms.encapContentInfo_element", part)
    parts = der.all_children(part)
    if not parts:
        raise BadDer
    der.put("cms.eContentType", der.bytes(parts[0]), parts[0])
    if len(parts) < 2:
        return None
    content = der.only(parts[1])
    der.put("cms.eContent", der.bytes(content), content)
    return content


def _certificates(der: Der, part: Node) -> None:
    choices = der.all_children(part)
    der.put("cms.certificates", len(choices), part)
    for choice in choices:
        if choice.tag == SEQUENCE:
            der.put("cms.CertificateChoices", 0, choice)
            der.mark("cms.certificate_element", choice)
            walk_certificate(der, choice)


def _signers(der: Der, part: Node) -> None:
    signers = der.all_children(part)
    der.put("cms.signerInfos", len(signers), part)
    for signer in signers:
        der.mark("cms.SignerInfo_element", signer)
        _signer(der, signer)


def _signer(der: Der, signer: Node) -> None:
    """RFC 5652 section 5.3; the three sequences are told apart by their order."""
    parts = der.all_children(signer)
    if len(parts) < 2:
        raise BadDer
    der.put("cms.version", der.integer(parts[0]), parts[0])
    _identifier(der, parts[1])
    names = iter(("digestAlgorithm", "signatureAlgorithm"))
    for part in parts[2:]:
        if part.tag == SEQUENCE:
            der.mark(f"cms.{next(names, 'signatureAlgorithm')}_element", part)
            walk_algorithm(der, part)
        elif part.tag == SIGNED_ATTRIBUTES:
            _attributes(der, part, "cms.signedAttrs")
        elif part.tag == UNSIGNED_ATTRIBUTES:
            _attributes(der, part, "cms.unsignedAttrs")
        elif part.tag == OCTET_STRING:
            der.put("cms.signature", der.bytes(part), part)


def _identifier(der: Der, sid: Node) -> None:
    if sid.tag == KEY_IDENTIFIER:
        der.put("cms.sid", 1, sid)
        der.put("cms.subjectKeyIdentifier", der.bytes(sid), sid)
        return
    der.put("cms.sid", 0, sid)
    der.mark("cms.issuerAndSerialNumber_element", sid)
    parts = der.all_children(sid)
    if len(parts) != 2:
        raise BadDer
    der.put("cms.issuer", 0, parts[0])
    walk_rdn_sequence(der, parts[0], "x509if.rdnSequence")
    der.put("cms.serialNumber", der.bytes(parts[1]), parts[1])


def _attributes(der: Der, part: Node, field: str) -> None:
    attributes = der.all_children(part)
    der.put(field, len(attributes), part)
    for attribute in attributes:
        der.mark("cms.Attribute_element", attribute)
        parts = der.all_children(attribute)
        if len(parts) != 2:
            raise BadDer
        type_, values = der.bytes(parts[0]), der.all_children(parts[1])
        der.put("cms.attrType", type_, parts[0])
        der.put("cms.attrValues", len(values), parts[1])
        for value in values:
            if type_ == CONTENT_TYPE:
                der.put("cms.ContentType", der.bytes(value), value)
            elif type_ == MESSAGE_DIGEST:
                der.put("cms.MessageDigest", der.bytes(value), value)
