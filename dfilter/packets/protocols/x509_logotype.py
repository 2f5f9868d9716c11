"""Logotypes in certificates (RFC 3709 section 4.1): a picture of the issuer by its hash and address.

In: the extension's content.  Out: the fields logotypecertextn.*, as Wireshark 4.4 shows them.  What always holds:
damage raises `BadDer`; only pictures that are there directly are told in detail.
"""

from __future__ import annotations

from dfilter.packets.protocols.x509_der import OCTET_STRING, SEQUENCE, Der, Node

LOGOS = {0: "communityLogos", 1: "issuerLogo", 2: "subjectLogo", 3: "otherLogos"}
DIRECT, IA5_STRING = 0, 22


def walk_logotype(der: Der, node: Node) -> None:
    """Add the fields of the extension."""
    der.mark("logotypecertextn.LogotypeExtn_element", node)
    for logo in der.children(node):
        name = LOGOS.get(logo.number)
        if name in ("issuerLogo", "subjectLogo"):
            info = der.only(logo)
            der.put("logotypecertextn." + name, info.number, info)
            if info.number == DIRECT:
                _direct(der, info)


def _direct(der: Der, info: Node) -> None:
    der.mark("logotypecertextn.direct_element", info)
    for images in der.children(info):
        if images.tag != SEQUENCE:
            continue
        found = der.all_children(images)
        der.put("logotypecertextn.image", len(found), images)
        for image in found:
            der.mark("logotypecertextn.LogotypeImage_element", image)
            details = next(der.children(image), None)
            if details is not None:
                _details(der, details)


def _details(der: Der, details: Node) -> None:
    der.mark("logotypecertextn.imageDetails_element", details)
    lists = [("logotypecertextn.logotypeHash", _hash), ("logotypecertextn.logotypeURI", _address)]
    for part in der.children(details):
        if part.tag == IA5_STRING:
            der.put("logotypecertextn.mediaType", der.text(part), part)
        elif part.tag == SEQUENCE and lists:
            name, walk = lists.pop(0)
            items = der.all_children(part)
            der.put(name, len(items), part)
            for item in items:
                walk(der, item)


def _hash(der: Der, item: Node) -> None:
    der.mark("logotypecertextn.HashAlgAndValue_element", item)
    for part in der.children(item):
        if part.tag == SEQUENCE:
            der.mark("logotypecertextn.hashAlg_element", part)
            identifier = next(der.children(part), None)
            if identifier is not None:
                der.put("x509af.algorithm.id", der.bytes(identifier), identifier)
        elif part.tag == OCTET_STRING:
            der.put("logotypecertextn.hashValue", der.bytes(part), part)


def _address(der: Der, item: Node) -> None:
    der.put("logotypecertextn.logotypeURI_item", der.text(item), item)
