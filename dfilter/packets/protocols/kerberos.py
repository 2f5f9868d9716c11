"""Kerberos 5 (RFC 4120) over UDP and TCP port 88, and inside GSS-API tokens.

In: one message; over TCP with its record mark (RFC 4120 section 7.2.2).  Out: its layer.  What always holds: nothing
is decrypted; the walk follows the table of `kerberos_schema` only as deep as `MAX_DEPTH`.
"""

from __future__ import annotations

from calendar import timegm
from collections import OrderedDict

from dfilter.fields.types import FieldType as T
from dfilter.packets.columns import Columns
from dfilter.packets.declare import Protocol, computed, computed_table
from dfilter.packets.protocols.ber import SEQUENCE, Element, elements, inner, read_element
from dfilter.packets.protocols.kerberos_schema import AP_OPTIONS, ELEMENTS, KDC_OPTIONS, MESSAGES, SCHEMA, Part
from dfilter.packets.protocols.pkinit import fill_reply, fill_request
from dfilter.packets.protocols.x509 import X509_SPACES
from dfilter.packets.region import Malformed, Region
from dfilter.packets.streams.reassembly import NeedMore
from dfilter.packets.view import Layer, View

MAX_DEPTH = 16
"""Types within types; the specification's own nesting is below ten."""
MAX_PENDING = 4096
"""Requests that wait for a reply; the oldest is forgotten first."""
_REQUESTS, _REPLIES = (10, 12), (11, 13, 30)
_SIGNED = frozenset({"name_type", "etype", "ENCTYPE", "addr_type", "cksumtype", "padata_type", "error_code",
                     "msg_type", "armor_type"})  # fmt: skip
_IPV4, _NETBIOS, _IPV6 = 2, 20, 24
_METHOD_DATA_ERRORS = (6, 12, 14, 24, 25, 31, 36, 60, 64, 65, 66, 90, 91)
"""Error codes whose e-data is a list of PA-DATA."""

KERBEROS = Protocol(
    "kerberos",
    "KRB5",
    fields=(
        *computed_table("""
            kerberos.CNameString                           STRING
            kerberos.ENCTYPE                               INT32
            kerberos.ETYPE_INFO2_ENTRY_element             NONE
            kerberos.ETYPE_INFO_ENTRY_element              NONE
            kerberos.HostAddress_element                   NONE
            kerberos.KerberosString                        STRING
            kerberos.PA_DATA_element                       NONE
            kerberos.SNameString                           STRING
            kerberos.Ticket_element                        NONE
            kerberos.additional_tickets                    UINT32
            kerberos.addr_ip                               IPv4
            kerberos.addr_ipv6                             IPv6
            kerberos.addr_nb                               STRING
            kerberos.addr_type                             INT32
            kerberos.addresses                             UINT32
            kerberos.ap_options                            BYTES
            kerberos.ap_rep_element                        NONE
            kerberos.ap_req_element                        NONE
            kerberos.armor_element                         NONE
            kerberos.armor_type                            INT32
            kerberos.armor_value                           BYTES
            kerberos.armored_data_element                  NONE
            kerberos.as_rep_element                        NONE
            kerberos.as_req_element                        NONE
            kerberos.auth                                  STRING
            kerberos.authenticator_element                 NONE
            kerberos.checksum                              BYTES
            kerberos.cipher                                BYTES
            kerberos.cksum_element                         NONE
            kerberos.cksumtype                             INT32
            kerberos.cname_element                         NONE
            kerberos.cname_string                          UINT32
            kerberos.crealm                                STRING
            kerberos.ctime                                 ABSOLUTE_TIME
            kerberos.cusec                                 UINT32
            kerberos.e_data                                BYTES
            kerberos.e_text                                STRING
            kerberos.enc_authorization_data_element        NONE
            kerberos.enc_fast_rep_element                  NONE
            kerberos.enc_fast_req_element                  NONE
            kerberos.enc_part_element                      NONE
            kerberos.error_code                            INT32
            kerberos.etype                                 INT32
            kerberos.from                                  ABSOLUTE_TIME
            kerberos.include_pac                           BOOLEAN
            kerberos.info2_salt                            STRING
            kerberos.info_salt                             BYTES
            kerberos.kdc-req-body.etype                    UINT32
            kerberos.kdc_options                           BYTES
            kerberos.krb_cred_element                      NONE
            kerberos.krb_error_element                     NONE
            kerberos.krb_priv_element                      NONE
            kerberos.krb_safe_element                      NONE
            kerberos.kvno                                  UINT32
            kerberos.msg_type                              INT32
            kerberos.name_element                          NONE
            kerberos.name_string                           UINT32
            kerberos.name_type                             INT32
            kerberos.nonce                                 UINT32
            kerberos.padata                                UINT32
            kerberos.padata_type                           INT32
            kerberos.padata_value                          BYTES
            kerberos.pvno                                  UINT32
            kerberos.pw_salt                               BYTES
            kerberos.realm                                 STRING
            kerberos.req_body_element                      NONE
            kerberos.req_checksum_element                  NONE
            kerberos.rm.length                             UINT32
            kerberos.rm.reserved                           BOOLEAN
            kerberos.rtime                                 ABSOLUTE_TIME
            kerberos.s2kparams                             BYTES
            kerberos.s_address_element                     NONE
            kerberos.safe_body_element                     NONE
            kerberos.seq_number                            UINT32
            kerberos.sname_element                         NONE
            kerberos.sname_string                          UINT32
            kerberos.stime                                 ABSOLUTE_TIME
            kerberos.susec                                 UINT32
            kerberos.tgs_rep_element                       NONE
            kerberos.tgs_req_element                       NONE
            kerberos.ticket_element                        NONE
            kerberos.tickets                               UINT32
            kerberos.till                                  ABSOLUTE_TIME
            kerberos.timestamp                             ABSOLUTE_TIME
            kerberos.tkt_vno                               UINT32
            kerberos.usec                                  UINT32
        """),
        *computed_table("\n".join(f"kerberos.KDCOptions.{name} BOOLEAN" for name in KDC_OPTIONS)),
        *computed_table("\n".join(f"kerberos.APOptions.{name} BOOLEAN" for name in AP_OPTIONS)),
        computed("kerberos.response_in", T.FRAMENUM, look_ahead=True),
        computed("kerberos.response_to", T.FRAMENUM, stateful=True),
        computed("kerberos.time", T.RELATIVE_TIME, stateful=True),
    ),
    shares=(*X509_SPACES, "cms", "pkinit"),
    over={"udp.port": (88,), "tcp.port": (88,)},
    carries=("data", "krb4"),
)

VERSION_4 = Protocol("krb4", "KRB4")
TYPES_OF_VERSION_4 = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 0x3F})


@KERBEROS.dissector
def dissect_kerberos(view: View, region: Region) -> bool | None:
    if view.stream is not None and 88 in view.ports:
        return _dissect_records(view, region)
    if not _is_message(region, 0):
        if view.stream is None and _is_version_4(region):
            view.mention(KERBEROS, region)
            view.push(VERSION_4, region)
            return None
        return False
    layer = view.push(KERBEROS, region)
    layer.state = 0
    if view.ports and 88 in view.ports and not view.quoted:
        _pair(view, layer, region.u8(0) & 0x1F)
    return None


def _is_version_4(region: Region) -> bool:
    """The protocol's predecessor: its version, then a known type whose lowest bit is the order of bytes."""
    return region.length >= 2 and region.u8(0) == 4 and region.u8(1) >> 1 in TYPES_OF_VERSION_4


def _is_message(region: Region, at: int) -> bool:
    return region.length > at and region.u8(at) & 0xE0 == 0x60 and region.u8(at) & 0x1F in MESSAGES


def _dissect_records(view: View, region: Region) -> bool | None:
    at = 0
    while at < region.length:
        left = region.length - at
        whole = region.length == region.reported_length
        if left < 4 and whole:
            raise NeedMore(region.start + at, 4 - left)
        size = 4 + (region.u32(at) & 0x7FFFFFFF)
        if size > left and whole:
            raise NeedMore(region.start + at, size - left)
        if not _is_message(region, at + 4):
            return False if at == 0 else None
        record = region.clipped(at, size)
        layer = view.push(KERBEROS, record)
        layer.state = 4
        _pair(view, layer, record.u8(4) & 0x1F)
        at += size
    return None


def _pair(view: View, layer: Layer, kind: int) -> None:
    """A reply answers the last request of its conversation."""
    session, frame, time = view.session, view.frame.number, view.frame.time or 0
    if not session.needs.wants("kerberos.response_in", "kerberos.response_to", "kerberos.time"):
        return
    pending: OrderedDict[object, tuple[int, int]] = session.memory("kerberos", OrderedDict)
    key = tuple(sorted(zip(view.addresses, view.ports, strict=True)))
    if kind in _REQUESTS:
        pending[key] = (frame, time)
        if len(pending) > MAX_PENDING:
            pending.popitem(last=False)
        for answer in session.foresight_for("kerberos.response_in", frame):
            layer.add("kerberos.response_in", answer, layer.start)
    elif kind in _REPLIES and key in pending:
        request, asked = pending.pop(key)
        layer.add("kerberos.response_to", request, layer.start)
        layer.add("kerberos.time", time - asked, layer.start)
        session.foresee("kerberos.response_in", request, frame)


@KERBEROS.filler
def fill_kerberos(layer: Layer) -> None:
    region, base = layer.region, layer.state
    if base:
        mark = region.u32(0)
        layer.add("kerberos.rm.reserved", bool(mark >> 31), layer.start, 4)
        layer.add("kerberos.rm.length", mark & 0x7FFFFFFF, layer.start, 4)
    _fill_message(layer, read_element(region, base), 0)


def _fill_message(layer: Layer, message: Element, depth: int) -> None:
    known = MESSAGES.get(message.tag) if message.is_application else None
    if known is None:
        raise Malformed("not a Kerberos message")
    layer.add("kerberos." + known[0], None, message.content.start, message.content.length)
    _fill_type(layer, inner(message), known[1], depth + 1)


def _fill_type(layer: Layer, sequence: Element, name: str, depth: int) -> None:
    """The components of a SEQUENCE, by their context tags; those that the table lacks are passed over."""
    if depth > MAX_DEPTH:
        raise Malformed("types nested too deep")
    if sequence.identifier != SEQUENCE:
        return
    parts = SCHEMA[name]
    facts: dict[str, int] = {}
    for component in elements(sequence.content):
        part = parts.get(component.tag) if component.is_context else None
        if part is None:
            continue
        value = read_element(component.content)
        _fill_part(layer, part, value, facts, depth)


def _fill_part(layer: Layer, part: Part, value: Element, facts: dict[str, int], depth: int) -> None:
    field, content = "kerberos." + part.field, value.content
    match part.kind:
        case "int":
            facts[part.field] = value.integer() if part.field in _SIGNED else value.unsigned() & 0xFFFFFFFF
            layer.add(field, facts[part.field], content.start, content.length)
        case "text":
            layer.add(field, content.rest().decode("utf-8", "replace"), content.start, content.length)
        case "octets":
            layer.add(field, content.rest(), content.start, content.length)
        case "boolean":
            layer.add(field, value.unsigned() != 0, content.start, content.length)
        case "time":
            content.need_all()
            layer.add(field, generalized_time(content.rest()), content.start, content.length)
        case "seq":
            layer.add(field, None, value.start, value.end - value.start)
            _fill_type(layer, value, part.type, depth + 1)
        case "application":
            layer.add(field, None, content.start, content.length)
            _fill_type(layer, inner(value), part.type, depth + 1)
        case "seqof" | "names":
            _fill_list(layer, field, value, part, depth)
        case "kdcoptions" | "apoptions":
            _fill_bits(layer, field, content, part.kind == "kdcoptions")
        case "address":
            _fill_address(layer, content, facts.get("addr_type", 0))
        case "padata":
            layer.add(field, content.rest(), content.start, content.length)
            _fill_padata(layer, content, facts.get("padata_type", 0), depth + 1)
        case "errordata":
            layer.add(field, content.rest(), content.start, content.length)
            if facts.get("error_code") in _METHOD_DATA_ERRORS:
                _fill_members(layer, read_element(content), "PA-DATA", depth + 1)


def _fill_list(layer: Layer, field: str, value: Element, part: Part, depth: int) -> None:
    members = list(elements(value.content))
    layer.add(field, len(members), value.content.start, value.content.length)
    for member in members:
        content = member.content
        if part.kind == "names":
            text = content.rest().decode("utf-8", "replace")
            layer.add("kerberos." + part.type, text, content.start, content.length)
        elif part.type == "ENCTYPE":
            layer.add("kerberos.ENCTYPE", member.integer(), content.start, content.length)
        else:
            _fill_member(layer, member, part.type, depth + 1)


def _fill_members(layer: Layer, value: Element, type_: str, depth: int) -> None:
    if value.identifier == SEQUENCE:
        for member in elements(value.content):
            _fill_member(layer, member, type_, depth)


def _fill_member(layer: Layer, member: Element, type_: str, depth: int) -> None:
    if type_ == "Ticket":
        member = inner(member)
    layer.add("kerberos." + ELEMENTS[type_], None, member.start, member.end - member.start)
    _fill_type(layer, member, type_, depth)


def _fill_bits(layer: Layer, field: str, content: Region, of_kdc: bool) -> None:
    """A KerberosFlags bit string: a byte of padding, then bit 0 in the highest place."""
    layer.add(field, content.rest(1), content.start + 1, max(content.length - 1, 0))
    names, prefix = (KDC_OPTIONS, "kerberos.KDCOptions.") if of_kdc else (AP_OPTIONS, "kerberos.APOptions.")
    for index, name in enumerate(names):
        at = 1 + index // 8
        if at >= content.length:
            return
        layer.add(prefix + name, bool(content.u8(at) & 0x80 >> index % 8), content.start + at, 1)


def _fill_address(layer: Layer, content: Region, kind: int) -> None:
    data = content.rest()
    if kind == _IPV4 and len(data) == 4:
        layer.add("kerberos.addr_ip", data, content.start, 4)
    elif kind == _IPV6 and len(data) == 16:
        layer.add("kerberos.addr_ipv6", data, content.start, 16)
    elif kind == _NETBIOS:
        layer.add("kerberos.addr_nb", data[:15].rstrip(b" \0").decode("latin-1"), content.start, content.length)


def _fill_padata(layer: Layer, content: Region, kind: int, depth: int) -> None:
    """What the pre-authentication data of this kind holds (RFC 4120 section 7.5.2)."""
    if content.reported_length == 0:
        return
    if kind == 3:
        layer.add("kerberos.pw_salt", content.rest(), content.start, content.length)
        return
    if kind in (16, 17):
        (fill_request if kind == 16 else fill_reply)(layer, content)
        return
    if kind not in (1, 2, 11, 19, 128, 129, 136):
        return
    value = read_element(content)
    if kind == 1:
        _fill_message(layer, value, depth)
    elif kind == 2:
        _fill_type(layer, value, "EncryptedData", depth)
    elif kind == 128:
        _fill_type(layer, value, "PA-PAC-REQUEST", depth)
    elif kind == 129:
        _fill_type(layer, value, "PA-S4U2Self", depth)
    elif kind == 136:
        _fill_fast(layer, value, depth)
    else:
        _fill_members(layer, value, "ETYPE-INFO-ENTRY" if kind == 11 else "ETYPE-INFO2-ENTRY", depth)


def _fill_fast(layer: Layer, value: Element, depth: int) -> None:
    """PA-FX-FAST-REQUEST or -REPLY (RFC 6113 section 5.4): a choice whose only member is tagged 0."""
    armored = inner(value)
    layer.add("kerberos.armored_data_element", None, value.content.start, value.content.length)
    is_reply = layer.items.get("kerberos.msg_type", [0])[0] in _REPLIES
    _fill_type(layer, armored, "KrbFastArmoredRep" if is_reply else "KrbFastArmoredReq", depth)


def generalized_time(text: bytes) -> int:
    """Nanoseconds since 1970 of a KerberosTime "YYYYMMDDHHMMSSZ" (RFC 4120 section 5.2.3)."""
    digits = text[:14]
    if len(digits) < 14 or not digits.isdigit():
        raise Malformed("not a time")
    year, month, day, hour, minute, second = (int(digits[a:b]) for a, b in
                                              ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12), (12, 14)))  # fmt: skip
    if not 1 <= month <= 12 or year < 1:
        raise Malformed("not a time")
    return (timegm((year, month, 1, hour, minute, second)) + 86_400 * (day - 1)) * 10**9


@KERBEROS.column_writer
def write_kerberos(layer: Layer, columns: Columns) -> None:
    """What other protocols carry for their security does not show in the list."""
    if not any(before.protocol.name == "gss-api" for before in layer.view.layers[: layer.index]):
        columns.protocol = "KRB5"
        columns.set(kerberos_info(layer))


def kerberos_info(layer: Layer) -> str:
    """The message's type, and the error that it reports."""
    names = {10: "AS-REQ", 11: "AS-REP", 12: "TGS-REQ", 13: "TGS-REP", 14: "AP-REQ", 15: "AP-REP", 20: "KRB-SAFE",
             21: "KRB-PRIV", 22: "KRB-CRED", 30: "KRB Error"}  # fmt: skip
    kinds, errors = layer.computed("kerberos.msg_type"), layer.computed("kerberos.error_code")
    if kinds and kinds[0] == 30 and errors:
        return f"KRB Error: {_ERROR_NAMES.get(errors[0], errors[0])}"
    return names.get(kinds[0], "") if kinds else ""


_ERROR_NAMES = {
    6: "KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN", 7: "KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN", 9: "KRB5KDC_ERR_NULL_KEY",
    12: "KRB5KDC_ERR_POLICY", 13: "KRB5KDC_ERR_BADOPTION", 14: "KRB5KDC_ERR_ETYPE_NOSUPP",
    18: "KRB5KDC_ERR_CLIENT_REVOKED", 23: "KRB5KDC_ERR_KEY_EXPIRED", 24: "KRB5KDC_ERR_PREAUTH_FAILED",
    25: "KRB5KDC_ERR_PREAUTH_REQUIRED", 31: "KRB5KRB_AP_ERR_BAD_INTEGRITY", 32: "KRB5KRB_AP_ERR_TKT_EXPIRED",
    33: "KRB5KRB_AP_ERR_TKT_NYV", 34: "KRB5KRB_AP_ERR_REPEAT", 36: "KRB5KRB_AP_ERR_BADMATCH",
    37: "KRB5KRB_AP_ERR_SKEW", 41: "KRB5KRB_AP_ERR_MODIFIED", 52: "KRB5KRB_ERR_RESPONSE_TOO_BIG",
    60: "KRB5KRB_ERR_GENERIC", 68: "KRB5KDC_ERR_WRONG_REALM",
}  # fmt: skip
"""RFC 4120 section 7.5.9."""
