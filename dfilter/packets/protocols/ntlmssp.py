"""NTLM authentication messages (MS-NLMP section 2.2.1), wherever another protocol carries them.

In: one message from its signature on.  Out: its layer.  What always holds: strings and blobs lie where their
descriptors say or the message is malformed; an empty string shows as "NULL", as in Wireshark 4.4.
"""

from __future__ import annotations

from dfilter.packets.columns import Columns
from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.protocols.cursor import Cursor, from_filetime, mask_table, utf16_text
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

NEGOTIATE, CHALLENGE, AUTHENTICATE = 1, 2, 3
_UNICODE, _DOMAIN_SUPPLIED, _WORKSTATION_SUPPLIED = 0x1, 0x1000, 0x2000
_EXTENDED_SECURITY, _TARGET_INFO, _VERSION = 0x80000, 0x800000, 0x2000000
_LM_RESPONSE_LENGTH = 24
MAX_ATTRIBUTES = 64
"""AV_PAIRs of one list that are walked: ten kinds exist."""

_FLAGS = mask_table("""
    ntlmssp.negotiate56 0x80000000
    ntlmssp.negotiatekeyexch 0x40000000
    ntlmssp.negotiate128 0x20000000
    ntlmssp.unused10000000 0x10000000
    ntlmssp.unused08000000 0x08000000
    ntlmssp.unused04000000 0x04000000
    ntlmssp.negotiateversion 0x02000000
    ntlmssp.unused01000000 0x01000000
    ntlmssp.negotiatetargetinfo 0x00800000
    ntlmssp.requestnonntsessionkey 0x00400000
    ntlmssp.unused00200000 0x00200000
    ntlmssp.negotiateidentify 0x00100000
    ntlmssp.negotiateextendedsessionsecurity 0x00080000
    ntlmssp.unused00040000 0x00040000
    ntlmssp.targettypeserver 0x00020000
    ntlmssp.targettypedomain 0x00010000
    ntlmssp.negotiatealwayssign 0x00008000
    ntlmssp.unused00004000 0x00004000
    ntlmssp.negotiateoemworkstationsupplied 0x00002000
    ntlmssp.negotiateoemdomainsupplied 0x00001000
    ntlmssp.negotiateanonymous 0x00000800
    ntlmssp.unused00000400 0x00000400
    ntlmssp.negotiatentlm 0x00000200
    ntlmssp.unused00000100 0x00000100
    ntlmssp.negotiatelmkey 0x00000080
    ntlmssp.negotiatedatagram 0x00000040
    ntlmssp.negotiateseal 0x00000020
    ntlmssp.negotiatesign 0x00000010
    ntlmssp.unused00000008 0x00000008
    ntlmssp.requesttarget 0x00000004
    ntlmssp.negotiateoem 0x00000002
    ntlmssp.negotiateunicode 0x00000001
""")
_ATTRIBUTES = {1: "nb_computer_name", 2: "nb_domain_name", 3: "dns_computer_name", 4: "dns_domain_name",
               5: "dns_tree_name", 6: "flags", 7: "timestamp", 8: "restrictions", 9: "target_name",
               10: "channel_bindings"}  # fmt: skip
_FLAGS_ITEM, _TIMESTAMP_ITEM, _RESTRICTIONS_ITEM, _BINDINGS_ITEM = 6, 7, 8, 10

NTLMSSP = Protocol(
    "ntlmssp",
    "NTLMSSP",
    fields=(
        *computed_table("""
            ntlmssp.auth.domain STRING
            ntlmssp.auth.hostname STRING
            ntlmssp.auth.lmresponse BYTES
            ntlmssp.auth.ntresponse BYTES
            ntlmssp.auth.sesskey BYTES
            ntlmssp.auth.username STRING
            ntlmssp.authenticate.mic BYTES
            ntlmssp.blob.length UINT16
            ntlmssp.blob.maxlen UINT16
            ntlmssp.blob.offset UINT32
            ntlmssp.challenge.target_info NONE
            ntlmssp.challenge.target_info.channel_bindings BYTES
            ntlmssp.challenge.target_info.dns_computer_name STRING
            ntlmssp.challenge.target_info.dns_domain_name STRING
            ntlmssp.challenge.target_info.dns_tree_name STRING
            ntlmssp.challenge.target_info.flags UINT32
            ntlmssp.challenge.target_info.item.length UINT16
            ntlmssp.challenge.target_info.item.type UINT16
            ntlmssp.challenge.target_info.length UINT16
            ntlmssp.challenge.target_info.maxlen UINT16
            ntlmssp.challenge.target_info.nb_computer_name STRING
            ntlmssp.challenge.target_info.nb_domain_name STRING
            ntlmssp.challenge.target_info.offset UINT32
            ntlmssp.challenge.target_info.restrictions BYTES
            ntlmssp.challenge.target_info.target_name STRING
            ntlmssp.challenge.target_info.timestamp ABSOLUTE_TIME
            ntlmssp.challenge.target_name STRING
            ntlmssp.identifier STRING
            ntlmssp.messagetype UINT32
            ntlmssp.negotiate.callingworkstation STRING
            ntlmssp.negotiate.domain STRING
            ntlmssp.negotiateflags UINT32
            ntlmssp.ntlmclientchallenge BYTES
            ntlmssp.ntlmserverchallenge BYTES
            ntlmssp.ntlmv2_response BYTES
            ntlmssp.ntlmv2_response.chal BYTES
            ntlmssp.ntlmv2_response.channel_bindings BYTES
            ntlmssp.ntlmv2_response.dns_computer_name STRING
            ntlmssp.ntlmv2_response.dns_domain_name STRING
            ntlmssp.ntlmv2_response.dns_tree_name STRING
            ntlmssp.ntlmv2_response.flags UINT32
            ntlmssp.ntlmv2_response.hirversion UINT8
            ntlmssp.ntlmv2_response.item.length UINT16
            ntlmssp.ntlmv2_response.item.type UINT16
            ntlmssp.ntlmv2_response.nb_computer_name STRING
            ntlmssp.ntlmv2_response.nb_domain_name STRING
            ntlmssp.ntlmv2_response.ntproofstr BYTES
            ntlmssp.ntlmv2_response.pad BYTES
            ntlmssp.ntlmv2_response.restrictions BYTES
            ntlmssp.ntlmv2_response.rversion UINT8
            ntlmssp.ntlmv2_response.target_name STRING
            ntlmssp.ntlmv2_response.time ABSOLUTE_TIME
            ntlmssp.ntlmv2_response.timestamp ABSOLUTE_TIME
            ntlmssp.ntlmv2_response.z BYTES
            ntlmssp.reserved BYTES
            ntlmssp.string.length UINT16
            ntlmssp.string.maxlen UINT16
            ntlmssp.string.offset UINT32
            ntlmssp.verf NONE
            ntlmssp.verf.body BYTES
            ntlmssp.verf.vers UINT32
            ntlmssp.version NONE
            ntlmssp.version.build_number UINT16
            ntlmssp.version.major UINT8
            ntlmssp.version.minor UINT8
            ntlmssp.version.ntlm_current_revision UINT8
        """),
        *computed_table("\n".join(f"{name} BOOLEAN" for name, _ in _FLAGS)),
    ),
)


@NTLMSSP.dissector
def dissect_ntlmssp(view: View, region: Region) -> bool | None:
    if region.length < 12 or region.buf[region.start : region.start + 7] != b"NTLMSSP":
        return False
    view.push(NTLMSSP, region)
    return None


@NTLMSSP.filler
def fill_ntlmssp(layer: Layer) -> None:
    cursor = Cursor(layer, layer.region)
    layer.add("ntlmssp.identifier", "NTLMSSP", cursor.absolute, 8)
    cursor.skip(8)
    kind = cursor.u32("ntlmssp.messagetype")
    if kind == NEGOTIATE:
        _fill_negotiate(cursor)
    elif kind == CHALLENGE:
        _fill_challenge(cursor)
    elif kind == AUTHENTICATE:
        _fill_authenticate(cursor)


def _fill_negotiate(cursor: Cursor) -> None:
    flags = cursor.flags("ntlmssp.negotiateflags", 4, _FLAGS)
    if cursor.left < 8:
        return
    _fill_string(cursor, "ntlmssp.negotiate.domain", unicode=False)
    if cursor.left >= 8:
        _fill_string(cursor, "ntlmssp.negotiate.callingworkstation", unicode=False)
    if flags & _VERSION and cursor.left >= 8:
        _fill_version(cursor)


def _fill_challenge(cursor: Cursor) -> None:
    unicode = bool(cursor.peek(4, 8) & _UNICODE)
    _fill_string(cursor, "ntlmssp.challenge.target_name", unicode)
    flags = cursor.flags("ntlmssp.negotiateflags", 4, _FLAGS)
    cursor.raw("ntlmssp.ntlmserverchallenge", 8)
    if cursor.left < 16:
        return
    cursor.raw("ntlmssp.reserved", 8)
    length, offset = cursor.peek(2), cursor.peek(4, 4)
    if length:
        content = cursor.region.sub(offset, length)
        cursor.layer.add("ntlmssp.challenge.target_info", None, content.start, content.length)
        _fill_descriptor(cursor, "ntlmssp.challenge.target_info.")
        fill_attributes(Cursor(cursor.layer, content), "ntlmssp.challenge.target_info.")
    else:
        cursor.skip(8)
    if flags & _VERSION and cursor.left >= 8:
        _fill_version(cursor)


def _fill_authenticate(cursor: Cursor) -> None:
    region, layer = cursor.region, cursor.layer
    first = min(region.le32(at) for at in (16, 24, 32, 40, 48))
    flags = region.le32(60) if first >= 64 and region.length >= 64 else _UNICODE
    unicode = bool(flags & _UNICODE)
    lm = _fill_blob(cursor, "ntlmssp.auth.lmresponse")
    if lm.length == _LM_RESPONSE_LENGTH and flags & _EXTENDED_SECURITY:
        layer.add("ntlmssp.ntlmclientchallenge", lm.bytes(0, 8), lm.start, 8)
    nt = _fill_blob(cursor, "ntlmssp.auth.ntresponse")
    if nt.length > _LM_RESPONSE_LENGTH:
        _fill_response(Cursor(layer, nt))
    for name in ("domain", "username", "hostname"):
        _fill_string(cursor, "ntlmssp.auth." + name, unicode)
    if first < 60:
        return
    _fill_blob(cursor, "ntlmssp.auth.sesskey")
    if first < 64:
        return
    cursor.flags("ntlmssp.negotiateflags", 4, _FLAGS)
    if first >= 72 and flags & _VERSION:
        _fill_version(cursor)
        if first >= 88:
            cursor.raw("ntlmssp.authenticate.mic", 16)


def _fill_descriptor(cursor: Cursor, prefix: str) -> None:
    """Length, room and offset of a string or blob."""
    cursor.u16(prefix + "length")
    cursor.u16(prefix + "maxlen")
    cursor.u32(prefix + "offset")


def _fill_string(cursor: Cursor, name: str, unicode: bool) -> None:
    length, offset = cursor.peek(2), cursor.peek(4, 4)
    if length == 0:
        cursor.layer.add(name, "NULL", cursor.absolute, 8)
        cursor.skip(8)
        return
    content = cursor.region.sub(offset, length)
    data = content.bytes(0, length)
    text = utf16_text(data) if unicode else data.split(b"\0", 1)[0].decode("latin-1")
    cursor.layer.add(name, text, content.start, length)
    _fill_descriptor(cursor, "ntlmssp.string.")


def _fill_blob(cursor: Cursor, name: str) -> Region:
    length, offset = cursor.peek(2), cursor.peek(4, 4)
    if length == 0:
        cursor.raw(name, 8)  # Wireshark 4.4 shows the empty descriptor itself
        return cursor.region.clipped(cursor.at, 0)
    content = cursor.region.sub(offset, length)
    cursor.layer.add(name, content.bytes(0, length), content.start, length)
    _fill_descriptor(cursor, "ntlmssp.blob.")
    return content


def _fill_response(cursor: Cursor) -> None:
    """NTLMv2_CLIENT_CHALLENGE after its proof (MS-NLMP section 2.2.2.7)."""
    prefix = "ntlmssp.ntlmv2_response"
    cursor.layer.add(prefix, cursor.region.rest(), cursor.absolute, cursor.region.length)
    cursor.raw(prefix + ".ntproofstr", 16)
    cursor.u8(prefix + ".rversion")
    cursor.u8(prefix + ".hirversion")
    cursor.raw(prefix + ".z", 6)
    cursor.filetime(prefix + ".time")
    cursor.raw(prefix + ".chal", 8)
    cursor.raw(prefix + ".z", 4)
    fill_attributes(cursor, prefix + ".")
    if cursor.left > 0:
        cursor.raw(prefix + ".pad", cursor.left)


def fill_attributes(cursor: Cursor, prefix: str) -> None:
    """A list of AV_PAIRs up to its end mark (MS-NLMP section 2.2.2.1)."""
    for _ in range(MAX_ATTRIBUTES):
        if cursor.left < 4:
            return
        kind = cursor.u16(prefix + "item.type")
        length = cursor.u16(prefix + "item.length")
        if kind == 0:
            return
        content = cursor.region.sub(cursor.at, length)
        name = _ATTRIBUTES.get(kind)
        if name is not None and length:
            cursor.layer.add(prefix + name, _attribute(kind, content), content.start, length)
        cursor.skip(length)


def _attribute(kind: int, content: Region) -> object:
    if kind == _FLAGS_ITEM:
        return content.le32(0)
    if kind == _TIMESTAMP_ITEM:
        return from_filetime(content.le64(0))
    data = content.bytes(0, content.reported_length)
    return data if kind in (_RESTRICTIONS_ITEM, _BINDINGS_ITEM) else utf16_text(data)


def _fill_version(cursor: Cursor) -> None:
    cursor.layer.add("ntlmssp.version", None, cursor.absolute, 8)
    cursor.u8("ntlmssp.version.major")
    cursor.u8("ntlmssp.version.minor")
    cursor.u16("ntlmssp.version.build_number")
    cursor.skip(3)
    cursor.u8("ntlmssp.version.ntlm_current_revision")


@NTLMSSP.column_writer
def write_ntlmssp(layer: Layer, columns: Columns) -> None:
    """Added to the line of the protocol that carries it."""
    names = {NEGOTIATE: "NTLMSSP_NEGOTIATE", CHALLENGE: "NTLMSSP_CHALLENGE", AUTHENTICATE: "NTLMSSP_AUTH"}
    kinds = layer.computed("ntlmssp.messagetype")
    if not kinds or kinds[0] not in names:
        return
    columns.append(names[kinds[0]], ", ")
    if kinds[0] == AUTHENTICATE:
        domain, user = (("".join(layer.computed("ntlmssp.auth." + name)[:1])) for name in ("domain", "username"))
        domain, user = ("" if text == "NULL" else text for text in (domain, user))
        columns.append(f", User: {domain}\\{user}")
