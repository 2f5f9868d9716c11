"""Certificates (X.509, RFC 5280), as the layer that carries them shows them.

In: the bytes of one certificate.  Out: the fields x509af.*, x509if.*, x509sat.*, x509ce.*, pkix1*.* and pkcs1.* of
that layer.  What always holds: damage ends the certificate quietly; what was read before counts.
"""

from __future__ import annotations

from dfilter.packets.protocols.x509_der import (
    BIT_STRING,
    BOOLEAN,
    GENERALIZED_TIME,
    INTEGER,
    OCTET_STRING,
    OID,
    SEQUENCE,
    UTC_TIME,
    BadDer,
    Der,
    Node,
)
from dfilter.packets.protocols.x509_extensions import walk_extension
from dfilter.packets.protocols.x509_names import walk_rdn_sequence
from dfilter.packets.region import Region
from dfilter.packets.view import Layer

RSA_ENCRYPTION = bytes.fromhex("2a864886f70d010101")
EC_PUBLIC_KEY = bytes.fromhex("2a8648ce3d0201")
DSA = bytes.fromhex("2a8648ce380401")
VERSION, ISSUER_ID, SUBJECT_ID, EXTENSIONS = 0xA0, 0x81, 0x82, 0xA3


def fill_certificate(layer: Layer, region: Region, foreign: bool = False, named: bool = True) -> None:
    """Add the fields of the certificate that `region` holds; `foreign`, `named`: as `Der` says."""
    der = Der(layer, region.buf, foreign, named)
    try:
        walk_certificate(der, der.node(region.start, region.end))
    except BadDer:
        return


def walk_certificate(der: Der, whole: Node) -> None:
    """Add the fields of a certificate; raises `BadDer` where it is damaged."""
    parts = der.children(whole)
    signed = next(parts, None)
    if signed is None:
        raise BadDer
    der.mark("x509af.signedCertificate_element", signed)
    _signed_part(der, signed)
    for part in parts:
        if part.tag == SEQUENCE:
            der.mark("x509af.algorithmIdentifier_element", part)
            walk_algorithm(der, part)
        elif part.tag == BIT_STRING:
            der.add("x509af.encrypted", der.buf[part.content + 1 : part.end], part.content + 1, part.end)


def _signed_part(der: Der, signed: Node) -> None:
    """The fields in the order of RFC 5280 section 4.1; sequences are told apart by their place."""
    sequences = iter((_signature, _issuer, _validity, _subject, _public_key))
    for part in der.children(signed):
        if part.tag == VERSION:
            version = der.only(part)
            der.put("x509af.version", der.integer(version), version)
        elif part.tag == INTEGER:
            der.put("x509af.serialNumber", der.bytes(part), part)
        elif part.tag == SEQUENCE:
            next(sequences, _ignore)(der, part)
        elif part.tag == EXTENSIONS:
            _extensions(der, der.only(part))


def _ignore(der: Der, part: Node) -> None:
    """A sequence more than there should be."""


def walk_algorithm(der: Der, node: Node) -> bytes:
    """An AlgorithmIdentifier: its object identifier (and the curve of an elliptic curve key)."""
    parts = der.all_children(node)
    if not parts:
        raise BadDer
    algorithm = der.bytes(parts[0])
    der.put("x509af.algorithm.id", algorithm, parts[0])
    if algorithm == EC_PUBLIC_KEY and len(parts) > 1 and parts[1].tag == OID:
        der.add("pkcs1.ECParameters", 1, parts[1].start, parts[1].end)
        der.put("pkcs1.namedCurve", der.bytes(parts[1]), parts[1])
    elif algorithm == DSA and len(parts) > 1 and parts[1].tag == SEQUENCE:
        der.mark("x509af.DSS_Params_element", parts[1])
        for name, number in zip("pqg", der.children(parts[1]), strict=False):
            der.put("x509af." + name, der.bytes(number), number)
    return algorithm


def _signature(der: Der, part: Node) -> None:
    der.mark("x509af.signature_element", part)
    walk_algorithm(der, part)


def _issuer(der: Der, part: Node) -> None:
    der.add("x509af.issuer", 0, part.start, part.end)
    walk_rdn_sequence(der, part, "x509if.rdnSequence")


def _subject(der: Der, part: Node) -> None:
    der.add("x509af.subject", 0, part.start, part.end)
    walk_rdn_sequence(der, part, "x509af.rdnSequence")


def _validity(der: Der, part: Node) -> None:
    der.mark("x509af.validity_element", part)
    for name, time in zip(("notBefore", "notAfter"), der.children(part), strict=False):
        walk_time(der, "x509af." + name, time)


def walk_time(der: Der, name: str, time: Node) -> None:
    """A Time: a choice under `name`, and the time as text (two-digit years) or as a moment."""
    if time.tag == UTC_TIME:
        der.add(name, 0, time.start, time.end)
        der.put("x509af.utcTime", der.utc_time(time), time)
    elif time.tag == GENERALIZED_TIME:
        der.add(name, 1, time.start, time.end)
        moment = der.time(time)
        if moment is not None:
            der.put("x509af.generalizedTime", moment, time)


def _public_key(der: Der, part: Node) -> None:
    der.mark("x509af.subjectPublicKeyInfo_element", part)
    algorithm = b""
    for child in der.children(part):
        if child.tag == SEQUENCE:
            der.mark("x509af.algorithm_element", child)
            algorithm = walk_algorithm(der, child)
        elif child.tag == BIT_STRING and child.length:
            start = child.content + 1
            der.add("x509af.subjectPublicKey", der.buf[start : child.end], start, child.end)
            if algorithm == RSA_ENCRYPTION:
                _rsa_key(der, der.node(start, child.end))


def _rsa_key(der: Der, key: Node) -> None:
    modulus, exponent = (*der.all_children(key), None, None)[:2]
    if modulus is not None:
        der.put("pkcs1.modulus", der.bytes(modulus), modulus)
    if exponent is not None:
        der.put("pkcs1.publicExponent", der.integer(exponent), exponent)


def _extensions(der: Der, items: Node) -> None:
    extensions = der.all_children(items)
    der.put("x509af.extensions", len(extensions), items)
    for extension in extensions:
        der.add("x509af.Extension_element", None, extension.start, extension.end)
        identifier = b""
        for part in der.children(extension):
            if part.tag == OID:
                identifier = der.bytes(part)
                der.put("x509af.extension.id", identifier, part)
            elif part.tag == BOOLEAN:
                der.put("x509af.critical", der.bytes(part) != b"\0", part)
            elif part.tag == OCTET_STRING:
                walk_extension(der, identifier, part)
