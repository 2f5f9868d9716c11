"""GSS-API tokens (RFC 2743 section 3.1) and SPNEGO negotiation (RFC 4178), with NTLM and Kerberos tokens in them.

In: a security blob of another protocol.  Out: layers for the token, the negotiation, and what the tokens carry.
What always holds: a blob that is neither is left to the caller; damage inside a token ends only the token.
"""

from __future__ import annotations

from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.protocols.ber import CONTEXT, OID, Element, dotted, elements, inner, read_element
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.region import Malformed, Region
from dfilter.packets.view import Layer, View

SPNEGO_OID = "1.3.6.1.5.5.2"
KERBEROS_OIDS = ("1.2.840.113554.1.2.2", "1.2.840.48018.1.2.2", "1.2.840.113554.1.2.2.3")
_INITIAL = 0x60
_INIT, _TARG = 0xA0, 0xA1
_AP_TAGS = (0x6E, 0x6F, 0x7E)
MIC, WRAP, OLD_MIC, OLD_WRAP = 0x0404, 0x0504, 0x0101, 0x0102
_TOKEN_IDS = (MIC, WRAP, OLD_MIC, OLD_WRAP)

GSS_API = Protocol(
    "gss-api",
    "GSS-API",
    fields=computed_table("""
        gss-api.OID          STRING
        gss-api.token_object BYTES
    """),
    carries=("spnego", "kerberos", "ntlmssp"),
    shares=("spnego",),
)
SPNEGO = Protocol(
    "spnego",
    "SPNEGO",
    fields=computed_table("""
        spnego.negTokenInit_element    NONE
        spnego.negTokenTarg_element    NONE
        spnego.mechTypes               UINT32
        spnego.MechType                OID
        spnego.reqFlags                BYTES
        spnego.mechToken               BYTES
        spnego.negHints_element        NONE
        spnego.hintName                STRING
        spnego.hintAddress             BYTES
        spnego.negResult               UINT32
        spnego.supportedMech           OID
        spnego.responseToken           BYTES
        spnego.mechListMIC             BYTES
        spnego.krb5.blob               BYTES
        spnego.krb5_oid                STRING
        spnego.krb5.tok_id             UINT16
        spnego.krb5.cfx_flags          UINT8
        spnego.krb5.acceptor_subkey    BOOLEAN
        spnego.krb5.sealed             BOOLEAN
        spnego.krb5.send_by_acceptor   BOOLEAN
        spnego.krb5.filler             BYTES
        spnego.krb5.cfx_ec             UINT16
        spnego.krb5.cfx_rrc            UINT16
        spnego.krb5.cfx_seq            UINT64
        spnego.krb5.sgn_alg            UINT16
        spnego.krb5.seal_alg           UINT16
        spnego.krb5.snd_seq            BYTES
        spnego.krb5.sgn_cksum          BYTES
        spnego.krb5.confounder         BYTES
    """),
    carries=("kerberos", "ntlmssp"),
    shares=("ntlmssp",),
)


@GSS_API.dissector
def dissect_gss_api(view: View, region: Region) -> bool | None:
    """An initial token, a bare negotiation token, or what a mechanism sends later."""
    first = region.u8(0)
    layer = view.push(GSS_API, region)
    protocols = view.session.catalogue.protocols
    if region.buf[region.start : region.start + 7] == b"NTLMSSP":
        view.call_guarded(protocols["ntlmssp"], region)
    elif first == _INITIAL:
        _dissect_initial(view, layer, region)
    elif first in (_INIT, _TARG):
        view.call_guarded(SPNEGO, region)
    elif first in _AP_TAGS or (region.length >= 2 and region.u16(0) in _TOKEN_IDS):
        dissect_kerberos_token(view, layer, region)
    return None


def _dissect_initial(view: View, layer: Layer, region: Region) -> None:
    token = read_element(region)
    mechanism = read_element(token.content)
    if mechanism.identifier != OID:
        raise Malformed("a token without its mechanism")
    name = dotted(mechanism.octets())
    layer.add("gss-api.OID", name, mechanism.content.start, mechanism.content.length)
    rest = token.content.sub(mechanism.end - token.content.start)
    if name == SPNEGO_OID:
        view.call_guarded(SPNEGO, rest)
    elif name in KERBEROS_OIDS:
        dissect_kerberos_token(view, layer, rest)


@SPNEGO.dissector
def dissect_spnego(view: View, region: Region) -> None:
    layer = view.push(SPNEGO, region)
    choice = read_element(region)
    if choice.identifier == _INIT:
        layer.add("spnego.negTokenInit_element", None, choice.content.start, choice.content.length)
        for part in elements(inner(choice).content):
            _dissect_init_part(view, layer, part)
    elif choice.identifier == _TARG:
        layer.add("spnego.negTokenTarg_element", None, choice.content.start, choice.content.length)
        for part in elements(inner(choice).content):
            _dissect_targ_part(view, layer, part)


def _dissect_init_part(view: View, layer: Layer, part: Element) -> None:
    number, value = part.identifier - CONTEXT, inner(part)
    content = value.content
    if number == 0:
        mechanisms = list(elements(content))
        layer.add("spnego.mechTypes", len(mechanisms), content.start, content.length)
        for mechanism in mechanisms:
            layer.add("spnego.MechType", mechanism.octets(), mechanism.content.start, mechanism.content.length)
    elif number == 1:
        layer.add("spnego.reqFlags", content.rest(1), content.start + 1, max(content.length - 1, 0))
    elif number == 2:
        layer.add("spnego.mechToken", content.rest(), content.start, content.length)
        _dissect_token(view, layer, content)
    elif number == 3 and value.constructed:
        layer.add("spnego.negHints_element", None, content.start, content.length)
        for hint in elements(content):
            text = inner(hint).content
            if hint.identifier == CONTEXT:
                layer.add("spnego.hintName", text.rest().decode("utf-8", "replace"), text.start, text.length)
            else:
                layer.add("spnego.hintAddress", text.rest(), text.start, text.length)
    elif number in (3, 4):
        _dissect_mic(view, layer, content)


def _dissect_targ_part(view: View, layer: Layer, part: Element) -> None:
    number, value = part.identifier - CONTEXT, inner(part)
    content = value.content
    if number == 0:
        layer.add("spnego.negResult", value.unsigned(), content.start, content.length)
    elif number == 1:
        layer.add("spnego.supportedMech", content.rest(), content.start, content.length)
    elif number == 2:
        layer.add("spnego.responseToken", content.rest(), content.start, content.length)
        _dissect_token(view, layer, content)
    elif number == 3:
        _dissect_mic(view, layer, content)


def _dissect_token(view: View, layer: Layer, content: Region) -> None:
    """The token of the mechanism, which shows by its first bytes which one it is."""
    if content.length < 2:
        return
    protocols = view.session.catalogue.protocols
    if content.buf[content.start : content.start + 7] == b"NTLMSSP":
        view.call_guarded(protocols["ntlmssp"], content)
    elif content.u8(0) in (_INITIAL, *_AP_TAGS):
        dissect_kerberos_token(view, layer, content)


def _dissect_mic(view: View, layer: Layer, content: Region) -> None:
    """The signature over the list of mechanisms: of Kerberos or of NTLM."""
    layer.add("spnego.mechListMIC", content.rest(), content.start, content.length)
    if content.length >= 2 and content.u16(0) in _TOKEN_IDS:
        dissect_kerberos_token(view, layer, content)
    elif content.length == 16 and content.le32(0) == 1:
        fill_verifier(layer, content)
    elif content.length > 1 and content.u8(0) in (_INIT, _TARG, _INITIAL):
        return


def fill_verifier(layer: Layer, content: Region) -> None:
    """An NTLM message signature (MS-NLMP section 2.2.2.9), as a layer of another protocol carries it."""
    cursor = Cursor(layer, content)
    layer.add("ntlmssp.verf", None, content.start, content.length)
    cursor.u32("ntlmssp.verf.vers")
    cursor.captured("ntlmssp.verf.body", cursor.left)


def dissect_kerberos_token(view: View, layer: Layer, content: Region) -> None:
    """A Kerberos token, with the header of RFC 4121 section 4.1 or bare."""
    layer.add("spnego.krb5.blob", content.rest(), content.start, content.length)
    body = content
    if content.u8(0) == _INITIAL:
        token = read_element(content)
        mechanism = read_element(token.content)
        name = mechanism.content
        layer.add("spnego.krb5_oid", dotted(mechanism.octets()), name.start, name.length)
        body = token.content.sub(mechanism.end - token.content.start)
    if body.u8(0) not in _AP_TAGS:
        cursor = Cursor(layer, body)
        token_id = cursor.u16("spnego.krb5.tok_id")
        if body.u16(0) in _TOKEN_IDS:
            _fill_per_message(cursor, body.u16(0))
            return
        if token_id not in (1, 2, 3):
            return
        body = body.sub(2)
    view.call_guarded(view.session.catalogue.protocols["kerberos"], body)


def wrap_length(content: Region) -> int:
    """How many bytes of a wrapped message are its header and checksum (RFC 4121 section 4.2.6.2)."""
    sealed = content.u8(2) & 2
    extra, rotated = content.u16(4), content.u16(6)
    return 16 + (16 + rotated + extra if sealed else extra)


def _fill_per_message(cursor: Cursor, token_id: int) -> None:
    """Signatures and wrapped messages: RFC 4121 section 4.2.6, and RFC 1964 section 1.2 for RC4."""
    if token_id in (MIC, WRAP):
        cursor.big = True
        cursor.flags(
            "spnego.krb5.cfx_flags",
            1,
            (("spnego.krb5.acceptor_subkey", 4), ("spnego.krb5.sealed", 2), ("spnego.krb5.send_by_acceptor", 1)),
        )
        if token_id == MIC:
            cursor.raw("spnego.krb5.filler", 5)
        else:
            cursor.raw("spnego.krb5.filler", 1)
            cursor.u16("spnego.krb5.cfx_ec")
            cursor.u16("spnego.krb5.cfx_rrc")
        cursor.u64("spnego.krb5.cfx_seq")
        size = cursor.left
        if token_id == WRAP:
            size = min(size, wrap_length(cursor.region) - 16)
        if size:
            cursor.captured("spnego.krb5.sgn_cksum", size)
        return
    cursor.u16("spnego.krb5.sgn_alg")
    if token_id == OLD_WRAP:
        cursor.u16("spnego.krb5.seal_alg")
        cursor.skip(2)
    else:
        cursor.skip(4)
    cursor.raw("spnego.krb5.snd_seq", 8)
    cursor.raw("spnego.krb5.sgn_cksum", 8)
    if token_id == OLD_WRAP:
        cursor.raw("spnego.krb5.confounder", 8)
