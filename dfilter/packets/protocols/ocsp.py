"""OCSP responses (RFC 6960), stapled to TLS handshakes or fetched over HTTP.

In: the DER bytes of a response.  Out: an `ocsp` layer with its fields and those of the certificates in it.
What always holds: damage ends the response quietly; what was read before counts.
"""

from __future__ import annotations

from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.protocols.x509 import X509_SPACES
from dfilter.packets.protocols.x509_certificate import walk_algorithm, walk_certificate
from dfilter.packets.protocols.x509_der import (
    BIT_STRING,
    GENERALIZED_TIME,
    INTEGER,
    OCTET_STRING,
    SEQUENCE,
    BadDer,
    Der,
    Node,
)
from dfilter.packets.protocols.x509_names import walk_rdn_sequence
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

OCSP = Protocol(
    "ocsp",
    "OCSP",
    fields=computed_table("""
        ocsp.responseStatus              UINT32
        ocsp.responseBytes_element       NONE
        ocsp.responseType.id             STRING
        ocsp.BasicOCSPResponse_element   NONE
        ocsp.tbsResponseData_element     NONE
        ocsp.version                     INT32
        ocsp.responderID                 UINT32
        ocsp.byName                      UINT32
        ocsp.byKey                       BYTES
        ocsp.producedAt                  ABSOLUTE_TIME
        ocsp.responses                   UINT32
        ocsp.SingleResponse_element      NONE
        ocsp.certID_element              NONE
        ocsp.hashAlgorithm_element       NONE
        ocsp.issuerNameHash              BYTES
        ocsp.issuerKeyHash               BYTES
        ocsp.serialNumber                BYTES
        ocsp.certStatus                  UINT32
        ocsp.good_element                NONE
        ocsp.revoked_element             NONE
        ocsp.unknown_element             NONE
        ocsp.revocationTime              ABSOLUTE_TIME
        ocsp.revocationReason            UINT32
        ocsp.thisUpdate                  ABSOLUTE_TIME
        ocsp.nextUpdate                  ABSOLUTE_TIME
        ocsp.signatureAlgorithm_element  NONE
        ocsp.signature                   BYTES
        ocsp.certs                       UINT32
        ocsp.Certificate_element         NONE
    """),
    over={"media_type": ("application/ocsp-response",)},
    shares=X509_SPACES,
)

BASIC_RESPONSE = bytes.fromhex("2b0601050507300101")


@OCSP.dissector
def dissect_ocsp(view: View, region: Region) -> None:
    view.push(OCSP, region)


@OCSP.filler
def fill_ocsp(layer: Layer) -> None:
    region = layer.region
    der = Der(layer, region.buf, foreign=False)
    try:
        for part in der.children(der.node(region.start, region.end)):
            if part.tag == 0x0A:
                der.put("ocsp.responseStatus", der.integer(part), part)
            elif part.tag == 0xA0:
                _response_bytes(der, der.only(part))
    except BadDer:
        return


def _response_bytes(der: Der, node: Node) -> None:
    der.mark("ocsp.responseBytes_element", node)
    type_, content = _first(der, node, 2)
    der.put("ocsp.responseType.id", dotted(der.bytes(type_)), type_)
    if der.bytes(type_) == BASIC_RESPONSE:
        _basic_response(der, der.only(content))


def _first(der: Der, node: Node, count: int) -> list[Node]:
    """The first `count` nodes inside `node`."""
    parts = der.all_children(node)
    if len(parts) < count:
        raise BadDer
    return parts[:count]


def dotted(identifier: bytes) -> str:
    """An object identifier as text: "1.3.6.1"."""
    arcs: list[int] = []
    arc = 0
    for byte in identifier:
        arc = arc << 7 | byte & 0x7F
        if byte & 0x80:
            continue
        arcs += [min(arc // 40, 2), arc - 40 * min(arc // 40, 2)] if not arcs else [arc]
        arc = 0
    return ".".join(map(str, arcs))


def _basic_response(der: Der, node: Node) -> None:
    der.mark("ocsp.BasicOCSPResponse_element", node)
    parts = der.all_children(node)
    if len(parts) < 3 or parts[2].tag != BIT_STRING:
        raise BadDer
    _response_data(der, parts[0])
    der.mark("ocsp.signatureAlgorithm_element", parts[1])
    walk_algorithm(der, parts[1])
    der.add("ocsp.signature", der.buf[parts[2].content + 1 : parts[2].end], parts[2].content + 1, parts[2].end)
    if len(parts) > 3:
        items = der.all_children(der.only(parts[3]))
        der.put("ocsp.certs", len(items), parts[3])
        for item in items:
            der.mark("ocsp.Certificate_element", item)
            walk_certificate(der, item)


def _response_data(der: Der, node: Node) -> None:
    der.mark("ocsp.tbsResponseData_element", node)
    for part in der.children(node):
        if part.tag == 0xA0:
            der.put("ocsp.version", der.integer(der.only(part)), part)
        elif part.tag == 0xA1 and part.is_context:
            der.put("ocsp.responderID", 1, part)
            der.put("ocsp.byName", 0, part)
            walk_rdn_sequence(der, der.only(part), "x509if.rdnSequence")
        elif part.tag == 0xA2:
            der.put("ocsp.responderID", 2, part)
            key = der.only(part)
            der.put("ocsp.byKey", der.bytes(key), key)
        elif part.tag == GENERALIZED_TIME:
            _time(der, "ocsp.producedAt", part)
        elif part.tag == SEQUENCE:
            responses = der.all_children(part)
            der.put("ocsp.responses", len(responses), part)
            for response in responses:
                _single_response(der, response)
            return


def _time(der: Der, name: str, node: Node) -> None:
    moment = der.time(node)
    if moment is not None:
        der.put(name, moment, node)


def _single_response(der: Der, node: Node) -> None:
    der.mark("ocsp.SingleResponse_element", node)
    identity, status, this_update = _first(der, node, 3)
    _certificate_id(der, identity)
    der.put("ocsp.certStatus", status.number, status)
    if status.number == 1:
        der.mark("ocsp.revoked_element", status)
        for part in der.children(status):
            if part.tag == GENERALIZED_TIME:
                _time(der, "ocsp.revocationTime", part)
            elif part.tag == 0xA0:
                reason = der.only(part)
                der.put("ocsp.revocationReason", der.integer(reason), reason)
    else:
        der.mark("ocsp.good_element" if status.number == 0 else "ocsp.unknown_element", status)
    _time(der, "ocsp.thisUpdate", this_update)
    for part in der.all_children(node)[3:]:
        if part.tag == 0xA0:
            _time(der, "ocsp.nextUpdate", der.only(part))


def _certificate_id(der: Der, node: Node) -> None:
    der.mark("ocsp.certID_element", node)
    names = iter(("ocsp.issuerNameHash", "ocsp.issuerKeyHash"))
    for part in der.children(node):
        if part.tag == SEQUENCE:
            der.mark("ocsp.hashAlgorithm_element", part)
            walk_algorithm(der, part)
        elif part.tag == OCTET_STRING:
            der.put(next(names, "ocsp.issuerKeyHash"), der.bytes(part), part)
        elif part.tag == INTEGER:
            der.put("ocsp.serialNumber", der.bytes(part), part)
