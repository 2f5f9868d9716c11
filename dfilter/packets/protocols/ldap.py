"""LDAP (RFC 4511) over TCP, and connection-less LDAP over UDP.

In: the bytes of a connection, or one datagram.  Out: a layer for each message or SASL buffer.  What always holds: a
message that is not whole yet is waited for; which SASL mechanism a connection uses is remembered from its bind.
"""

from __future__ import annotations

from collections import OrderedDict

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, computed_table
from dfilter.packets.protocols.ber import CONTEXT, INTEGER, OCTET_STRING, SEQUENCE, Element, elements, read_element
from dfilter.packets.protocols.gssapi import MIC, WRAP, fill_verifier, wrap_length
from dfilter.packets.protocols.ldap_info import conclude_ldap, write_ldap
from dfilter.packets.protocols.ldap_operations import Operation, fill_message
from dfilter.packets.region import Region
from dfilter.packets.streams.reassembly import NeedMore
from dfilter.packets.view import Layer, View
from dfilter.slotted import field, frozen, slotted

MAX_PENDING = 4096
"""Requests of one connection that wait for a response; the oldest is forgotten first."""
START_TLS = b"1.3.6.1.4.1.1466.20037"
_SASL = 3
_NTLM_SIGNATURE = b"\x01\x00\x00\x00"

LDAP = Protocol(
    "ldap",
    "LDAP",
    fields=(
        *computed_table("""
            ldap.AttributeDescription STRING
            ldap.AttributeList_item_element NONE
            ldap.AttributeValue BYTES
            ldap.Control_element NONE
            ldap.LDAPMessage_element NONE
            ldap.LDAPURL STRING
            ldap.PartialAttributeList_item_element NONE
            ldap.SearchControlValue_element NONE
            ldap.abandonRequest UINT32
            ldap.addRequest_element NONE
            ldap.addResponse_element NONE
            ldap.and UINT32
            ldap.and_item UINT32
            ldap.any STRING
            ldap.approxMatch_element NONE
            ldap.assertionValue STRING
            ldap.attributeDesc STRING
            ldap.attributes UINT32
            ldap.authentication UINT32
            ldap.ava_element NONE
            ldap.baseObject STRING
            ldap.bindRequest_element NONE
            ldap.bindResponse_element NONE
            ldap.compareRequest_element NONE
            ldap.compareResponse_element NONE
            ldap.controlType STRING
            ldap.controlValue BYTES
            ldap.controls UINT32
            ldap.cookie BYTES
            ldap.credentials BYTES
            ldap.criticality BOOLEAN
            ldap.delRequest STRING
            ldap.delResponse_element NONE
            ldap.deleteoldrdn BOOLEAN
            ldap.derefAliases UINT32
            ldap.dnAttributes BOOLEAN
            ldap.entry STRING
            ldap.equalityMatch_element NONE
            ldap.errorMessage STRING
            ldap.extendedReq_element NONE
            ldap.extendedResp_element NONE
            ldap.extensibleMatch_element NONE
            ldap.filter UINT32
            ldap.final STRING
            ldap.greaterOrEqual_element NONE
            ldap.initial STRING
            ldap.intermediateResponse_element NONE
            ldap.lessOrEqual_element NONE
            ldap.matchValue STRING
            ldap.matchedDN STRING
            ldap.matchingRule STRING
            ldap.mechanism STRING
            ldap.messageID UINT32
            ldap.modDNRequest_element NONE
            ldap.modDNResponse_element NONE
            ldap.modification UINT32
            ldap.modification_element NONE
            ldap.modification_item_element NONE
            ldap.modifyRequest_element NONE
            ldap.modifyResponse_element NONE
            ldap.name STRING
            ldap.newSuperior STRING
            ldap.newrdn STRING
            ldap.not UINT32
            ldap.object STRING
            ldap.objectName STRING
            ldap.operation UINT32
            ldap.or UINT32
            ldap.or_item UINT32
            ldap.present STRING
            ldap.protocolOp UINT32
            ldap.referral UINT32
            ldap.requestName STRING
            ldap.requestValue BYTES
            ldap.response BYTES
            ldap.responseName STRING
            ldap.resultCode UINT32
            ldap.sasl_buffer_length UINT32
            ldap.sasl_element NONE
            ldap.scope UINT32
            ldap.searchRequest_element NONE
            ldap.searchResDone_element NONE
            ldap.searchResEntry_element NONE
            ldap.searchResRef UINT32
            ldap.serverSaslCreds BYTES
            ldap.simple STRING
            ldap.size INT32
            ldap.sizeLimit UINT32
            ldap.gssapi_encrypted_payload BYTES
            ldap.substrings UINT32
            ldap.substrings_element NONE
            ldap.substrings_item UINT32
            ldap.timeLimit UINT32
            ldap.type STRING
            ldap.typesOnly BOOLEAN
            ldap.unbindRequest_element NONE
            ldap.vals UINT32
            ldap.version UINT32
        """),
        computed("ldap.response_in", T.FRAMENUM, look_ahead=True),
        computed("ldap.response_to", T.FRAMENUM, stateful=True),
        computed("ldap.time", T.RELATIVE_TIME, stateful=True),
    ),
    over={"tcp.port": (389, 3268)},
    carries=("gss-api", "spnego", "ntlmssp", "tls", "data"),
    shares=("ntlmssp",),
)
CLDAP = Protocol("cldap", "CLDAP", over={"udp.port": (389,)}, shares=("ldap",))


@slotted
class _Connection:
    """What one connection remembers: its SASL mechanism, the requests by message id, and which one asked for TLS."""

    mechanism: str = ""
    pending: OrderedDict[int, tuple[int, int]] = field(default_factory=OrderedDict)
    start_tls: int | None = None


@frozen
class _Pairing:
    """The other half of an exchange; `size` of a SASL buffer instead."""

    message_id: int = 0
    response_to: int = 0
    elapsed: int = 0
    sasl: int = 0


@LDAP.dissector
def dissect_ldap(view: View, region: Region) -> bool | None:
    state = _Connection()
    if view.stream is not None:
        state = view.stream.conversation.state.setdefault("ldap", state)
    at = 0
    while at < region.length:
        rest = region.sub(at)
        size = _message_size(rest)
        if size == 0:
            return False if at == 0 else None
        if size > rest.length and rest.length == rest.reported_length:
            raise NeedMore(rest.start, size - rest.length)
        _dissect_message(view, LDAP, rest.clipped(0, size), state)
        at += size
    return None


@CLDAP.dissector
def dissect_cldap(view: View, region: Region) -> bool | None:
    if region.length and region.u8(0) != SEQUENCE:
        view.push(CLDAP, region)
        return None
    _dissect_message(view, CLDAP, region, view.session.memory("cldap", _Connection))
    return None


def _message_size(rest: Region) -> int:
    """The length of the message or SASL buffer at the start of `rest`; 0 if it is neither."""
    whole = rest.length == rest.reported_length
    if rest.u8(0) != SEQUENCE:
        if rest.length < 4:
            if whole:
                raise NeedMore(rest.start, 4 - rest.length)
            return 0
        size = rest.u32(0)
        return 4 + size if size else 0
    if rest.length < 6 and whole and rest.length < 2 + (rest.u8(1) & 0x7F if rest.length > 1 else 1):
        raise NeedMore(rest.start, 2 if rest.length < 2 else 2 + (rest.u8(1) & 0x7F) - rest.length)
    length = rest.u8(1)
    if not length & 0x80:
        return 2 + length
    count = length & 0x7F
    if not 1 <= count <= 4:
        return 0
    if rest.length < 2 + count:
        if whole:
            raise NeedMore(rest.start, 2 + count - rest.length)
        return 0
    return 2 + count + int.from_bytes(rest.bytes(2, count), "big")


def _dissect_message(view: View, protocol: Protocol, region: Region, state: _Connection) -> None:
    layer = view.push(protocol, region)
    if region.u8(0) != SEQUENCE:
        layer.state = _Pairing(sasl=region.u32(0))
        _dissect_buffer(view, layer, region.sub(4))
        return
    message = read_element(region)
    parts = elements(message.content)
    identity, operation = next(parts, None), next(parts, None)
    if identity is None or operation is None or identity.identifier != INTEGER or not operation.is_application:
        return
    if not view.quoted:
        layer.state = _pair(view, identity.unsigned() & 0xFFFFFFFF, operation, state)
    if operation.tag == Operation.BIND_REQUEST:
        _dissect_bind(view, operation, state)
    elif operation.tag == Operation.BIND_RESPONSE:
        _dissect_bind_response(view, operation)
    elif operation.tag in (Operation.EXTENDED_REQUEST, Operation.EXTENDED_RESPONSE):
        _note_start_tls(view, identity.unsigned(), operation, state)


def _note_start_tls(view: View, message_id: int, operation: Element, state: _Connection) -> None:
    """From a successful answer to StartTLS on (RFC 4511 section 4.14), the connection speaks TLS."""
    part = next(elements(operation.content), None)
    if part is None or view.stream is None:
        return
    if operation.tag == Operation.EXTENDED_REQUEST:
        state.start_tls = message_id if part.octets() == START_TLS else None
    elif state.start_tls == message_id and part.unsigned() == 0:
        view.stream.conversation.protocol = view.session.catalogue.protocols["tls"]


def _pair(view: View, message_id: int, operation: Element, state: _Connection) -> _Pairing:
    number, time = view.frame.number, view.frame.time or 0
    if Operation.is_request(operation.tag):
        state.pending[message_id] = (number, time)
        if len(state.pending) > MAX_PENDING:
            state.pending.popitem(last=False)
        return _Pairing(message_id)
    request = state.pending.get(message_id)
    if request is None or operation.tag in (Operation.UNBIND, Operation.ABANDON):
        return _Pairing()
    view.session.foresee("ldap.response_in", request[0], (message_id, number))
    return _Pairing(0, request[0], time - request[1])


def _dissect_bind(view: View, operation: Element, state: _Connection) -> None:
    """The credentials of a SASL bind (RFC 4511 section 4.2) go on to their mechanism."""
    for part in elements(operation.content):
        if part.identifier != CONTEXT + _SASL:
            continue
        values = list(elements(part.content))
        if not values or values[0].identifier != OCTET_STRING:
            return
        state.mechanism = values[0].octets().decode("latin-1")
        if len(values) > 1 and state.mechanism in ("GSS-SPNEGO", "GSSAPI") and values[1].content.length:
            view.call_guarded(view.session.catalogue.protocols["gss-api"], values[1].content)


def _dissect_bind_response(view: View, operation: Element) -> None:
    protocols = view.session.catalogue.protocols
    for part in elements(operation.content):
        if part.identifier != 0x87 or part.content.length < 8:
            continue
        content = part.content
        if content.bytes(0, 7) == b"NTLMSSP":
            view.call_guarded(protocols["ntlmssp"], content)
        elif content.u8(0) in (0xA0, 0xA1):
            view.call_guarded(protocols["spnego"], content)
        elif content.u8(0) == 0x60:
            view.call_guarded(protocols["gss-api"], content)


def _dissect_buffer(view: View, layer: Layer, content: Region) -> None:
    if content.length >= 16 and content.bytes(0, 4) == _NTLM_SIGNATURE:
        fill_verifier(layer, content.sub(0, 16))
    elif content.length >= 16 and content.u16(0) == WRAP:
        size = wrap_length(content)
        view.call_guarded(view.session.catalogue.protocols["gss-api"], content.clipped(0, size))
        rest = content.clipped(size, content.reported_length)
        if rest.length and content.u8(2) & 2:
            layer.add("ldap.gssapi_encrypted_payload", rest.rest(), rest.start, rest.length)
    elif content.length >= 2 and (content.u16(0) == MIC or content.u8(0) == 0x60):
        view.call_guarded(view.session.catalogue.protocols["gss-api"], content)


def fill_ldap(layer: Layer) -> None:
    pairing = layer.state
    if isinstance(pairing, _Pairing) and pairing.sasl:
        layer.add("ldap.sasl_buffer_length", pairing.sasl, layer.start, 4)
        return
    fill_message(layer, read_element(layer.region))
    layer.region.need_all()
    if not isinstance(pairing, _Pairing):
        return
    if pairing.response_to:
        layer.add("ldap.response_to", pairing.response_to, layer.start)
        layer.add("ldap.time", pairing.elapsed, layer.start)
    for message_id, frame in layer.view.session.foresight_for("ldap.response_in", layer.view.frame.number):
        if message_id == pairing.message_id:
            layer.add("ldap.response_in", frame, layer.start)
            return


LDAP.fill = fill_ldap
CLDAP.fill = fill_ldap


LDAP.write = CLDAP.write = write_ldap
LDAP.conclude = CLDAP.conclude = conclude_ldap
