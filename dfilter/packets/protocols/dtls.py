"""DTLS 1.0 and 1.2 (RFC 4347, RFC 6347), with the keys that the capture holds, and the hellos of 1.3 (RFC 9147).

In: UDP payloads on its ports, or that look like it.  Out: one `dtls` layer a datagram.  Handshake messages belong to
the frame that brings the last of their fragments.  What is recognised is as observed in Wireshark 4.4.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, computed_table
from dfilter.packets.protocols.dtls_session import DtlsConnection, DtlsConnections
from dfilter.packets.protocols.tls_fields import handshake_fields
from dfilter.packets.protocols.tls_handshake import Agreed, fill_message, server_choice
from dfilter.packets.protocols.tls_info import write_dtls
from dfilter.packets.protocols.tls_protection import extensions
from dfilter.packets.protocols.tls_secrets import key_log
from dfilter.packets.protocols.tls_session import KNOWN_TYPES, foreseen_version
from dfilter.packets.protocols.tls_walk import Walk
from dfilter.packets.protocols.x509 import X509_SPACES
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View
from dfilter.slotted import field, frozen, replace, slotted

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA, HEARTBEAT, CONNECTION_ID, ACKNOWLEDGEMENT = range(20, 27)
UNIFIED = -1
"""Stands for the type of a record with the short header of DTLS 1.3, whose type is encrypted."""
VERSIONS = frozenset({0xFEFF, 0xFEFD, 0x0100})
TLS_VERSIONS = {0xFEFF: 0x0302, 0xFEFD: 0x0303}
"""The version of TLS whose protection a version of DTLS has."""
RECORD_HEADER, HANDSHAKE_HEADER = 13, 12
HAS_CONNECTION_ID, SEQUENCE_SIZE, HAS_LENGTH = 0x10, 0x08, 0x04
UNIFIED_MASK, UNIFIED_BITS = 0xE0, 0x20
CONNECTION_ID_EXTENSION = 54
RANDOM_FIELDS = ("dtls.handshake.random_time", "dtls.handshake.random_bytes")
MAX_RECORDS = 1000
"""Records in one datagram: 65,535 bytes hold no more than 5,041."""

DTLS = Protocol(
    "dtls",
    "DTLS",
    fields=(
        *handshake_fields("dtls"),
        *computed_table("""
            dtls.record                     NONE
            dtls.record.content_type        UINT8
            dtls.record.version             UINT16
            dtls.record.epoch               UINT16
            dtls.record.sequence_number     UINT64
            dtls.record.length              UINT16
            dtls.handshake.message_seq      UINT16
            dtls.handshake.fragment_offset  UINT24
            dtls.handshake.fragment_length  UINT24
            dtls.handshake.cookie_length    UINT8
            dtls.handshake.cookie           BYTES
            dtls.alert_message              NONE
            dtls.alert_message.level        UINT8
            dtls.alert_message.desc         UINT8
            dtls.change_cipher_spec         NONE
            dtls.app_data                   BYTES
            dtls.unified_header.bitmask     UINT8
            dtls.unified_header.fixed       UINT8
            dtls.unified_header.cid_present BOOLEAN
            dtls.unified_header.seq_size    BOOLEAN
            dtls.unified_header.length      BOOLEAN
            dtls.unified_header.epoch_bits  UINT8
            dtls.record.connection_id       BYTES
            dtls.record.sequence_suffix     UINT16
            dtls.enc_content                BYTES
            dtls.fragments                  NONE
            dtls.fragment                   FRAMENUM
            dtls.fragment.count             UINT32
            dtls.reassembled.length         UINT32
        """, stateful=True),
        computed("dtls.handshake.random_time", T.ABSOLUTE_TIME, look_ahead=True),
        computed("dtls.handshake.random_bytes", T.BYTES, look_ahead=True),
    ),
    over={"udp.port": (853, 2221, 5684, 5868)},
    decrypts=("data",),
    shares=X509_SPACES,
)  # fmt: skip


@frozen
class Fragment:
    """A handshake message or a part of one.

    Attributes:
        at: where its header lies in the record's content; `length` with the header.
        body: the whole message's content, if this fragment completes it.
        frames: those of its fragments, if there are several.
    """

    at: int
    length: int
    body: Region | None
    frames: tuple[int, ...] = ()


@slotted
class Record:
    """One record: where it lies in the layer's region, its type, what its handshake messages are, and its plain content
    if it was decrypted."""

    at: int
    length: int
    type: int
    agreed: Agreed
    fragments: list[Fragment] = field(default_factory=list)
    is_encrypted: bool = False
    plain: Region | None = None
    id_length: int = 0


def is_record(region: Region, at: int) -> bool:
    """Does a record's header of a known type lie at `at`?"""
    return region.length - at >= RECORD_HEADER and CHANGE_CIPHER_SPEC <= region.u8(at) <= ACKNOWLEDGEMENT


def looks_like_dtls(view: View, region: Region) -> bool:
    """Does a datagram consist of records, each of a known type and version, and of nothing else? Short headers count
    between endpoints that spoke DTLS before."""
    if view.quoted:
        return False
    if region.reported_end != region.end:
        return _looks_like_cut_dtls(region)
    source, target = zip(view.addresses, view.ports, strict=True)
    connections = view.session.memory("dtls", DtlsConnections)
    if region.length and region.u8(0) & UNIFIED_MASK == UNIFIED_BITS and connections.knows(source, target):
        connection, sender = connections.between(source, target)
        if _unified_length(region, 0, connection.id_lengths[1 - sender]):
            return True
    at = 0
    while at < region.length:
        if not is_record(region, at) or region.u16(at + 1) not in VERSIONS:
            return False
        at += RECORD_HEADER + region.u16(at + 11)
    return at == region.length > 0


DTLS.heuristics["udp"] = looks_like_dtls


def _looks_like_cut_dtls(region: Region) -> bool:
    """Of a datagram that the capture cut: are the records, as far as they were captured, of known types, and do they
    fit?  Short headers are judged like long ones, but for their version (as Wireshark 4.4 does)."""
    at = 0
    while at < region.length:
        rest = region.length - at
        if rest < 3:
            return at > 0
        is_short = region.u8(at) & UNIFIED_MASK == UNIFIED_BITS
        is_long = CHANGE_CIPHER_SPEC <= region.u8(at) <= ACKNOWLEDGEMENT and region.u16(at + 1) in VERSIONS
        if not is_short and not is_long:
            return False
        if rest < RECORD_HEADER:
            return True
        at += RECORD_HEADER + region.u16(at + 11)
        if at > region.reported_length:
            return False
    return at > 0


@DTLS.dissector
def dissect_dtls(view: View, region: Region) -> None:
    layer = view.push(DTLS, region)
    source, target = zip(view.addresses, view.ports, strict=True)
    connection, sender = view.session.memory("dtls", DtlsConnections).between(source, target)
    records: list[Record] = []
    layer.state = records
    at = 0
    while at < region.length and len(records) < MAX_RECORDS:
        id_length = connection.id_lengths[1 - sender]
        unified = _unified_length(region, at, id_length)
        if unified:
            records.append(Record(at, unified, UNIFIED, Agreed(0, None, "d"), id_length=id_length))
            at += unified
            _demand(region, at)
            continue
        if not is_record(region, at):
            _demand(region, at + RECORD_HEADER)
            return
        size = region.u16(at + 11)
        agreed = Agreed(connection.tls.version, connection.tls.suite, "d")
        record = Record(at, RECORD_HEADER + size, region.u8(at), agreed, is_encrypted=region.u16(at + 3) > 0)
        if record.is_encrypted:
            record.plain = _open(connection, sender, region.clipped(at, record.length))
        elif record.type == CHANGE_CIPHER_SPEC:
            connection.tls.protection.change_cipher(sender, key_log(view))
        if record.type == HANDSHAKE and (record.plain is not None or not record.is_encrypted):
            content = region.clipped(at + RECORD_HEADER, size) if record.plain is None else record.plain
            _split(view, connection, sender, content, record)
            record.agreed = Agreed(connection.tls.version, connection.tls.suite, "d")
        elif record.type == APPLICATION_DATA and record.plain is not None:
            view.call_data(record.plain)
        records.append(record)
        at += record.length
        if record.type not in (CHANGE_CIPHER_SPEC, ACKNOWLEDGEMENT):  # their content is not read
            _demand(region, at)
    if at == region.length:
        _demand(region, at + 1)


def _demand(region: Region, end: int) -> None:
    """Where the capture cut the datagram, what lies up to `end` must be there."""
    if region.end != region.reported_end and end > region.length:
        raise region.beyond(region.start + end)


def _open(connection: DtlsConnection, sender: int, record: Region) -> Region | None:
    """The plain content of a protected record, where the capture holds its secrets."""
    if record.length < record.reported_length or record.length < RECORD_HEADER:
        return None
    header = record.bytes(0, 3) + record.bytes(11, 2)
    plain = connection.tls.protection.open_numbered(sender, record.u64(3), header, record.rest(RECORD_HEADER))
    return None if plain is None else Region(plain, 0, len(plain))


def _unified_length(region: Region, at: int, id_length: int) -> int:
    """The length of a record with a unified header (RFC 9147 section 4); 0 if it is none.

    Args:
        id_length: how long a connection ID in it is; 0 if none is expected.
    """
    first = region.u8(at)
    is_expected = id_length or not first & HAS_CONNECTION_ID or region.end != region.reported_end
    if first & UNIFIED_MASK != UNIFIED_BITS or not is_expected:
        return 0
    header = (3 if first & SEQUENCE_SIZE else 2) + (id_length if first & HAS_CONNECTION_ID else 0)
    if not first & HAS_LENGTH:
        return region.reported_length - at
    return header + 2 + region.u16(at + header)


def announced_id_length(type_: int, hello: bytes) -> int:
    """How long the connection ID is that the sender of a hello (its body) wants to be sent (RFC 9146 section 3)."""
    at = 34
    for size in (1, 1, 2, 1) if type_ == 1 else (1,):  # the session, and of clients the cookie, suites, compressions
        at += size + int.from_bytes(hello[at : at + size], "big")
    content = extensions(hello[at if type_ == 1 else at + 3 :]).get(CONNECTION_ID_EXTENSION, b"")
    return content[0] if content else 0


def _split(view: View, connection: DtlsConnection, sender: int, region: Region, record: Record) -> None:
    """Find the messages in the content of a handshake record and put fragments together."""
    at, end = 0, region.length
    while end - at >= HANDSHAKE_HEADER:
        type_, length, number = region.u8(at), region.u24(at + 1), region.u16(at + 4)
        offset, size = region.u24(at + 6), region.u24(at + 9)
        start = at + HANDSHAKE_HEADER
        if type_ not in KNOWN_TYPES or start + size > end or (size == 0 and length > 0):
            return
        body, frames = None, [view.number]
        if size == length:
            body = region.sub(start, size)
        else:
            found = connection.add(sender, type_, number, length, offset, region.bytes(start, size), view.number)
            if found is not None:
                body, frames = Region(found[0], 0, length), found[1]
        record.fragments.append(Fragment(at, HANDSHAKE_HEADER + size, body, tuple(frames) if size != length else ()))
        if type_ in (1, 2) and body is not None:
            connection.id_lengths[sender] = announced_id_length(type_, body.rest())
        if type_ == 2 and body is not None:
            version, suite, _ = server_choice(body.rest())
            connection.tls.version, connection.tls.suite = version, suite
            connection.tls.decide(view.session)
            connection.tls.protection.server_hello(body.rest(), TLS_VERSIONS.get(version, 0), suite, key_log(view))
        elif type_ == 1 and body is not None:
            connection.tls.wait(RANDOM_FIELDS, view.number)
            connection.tls.protection.client_hello(sender, body.rest())
        at = start + size


@DTLS.filler
def fill_dtls(layer: Layer) -> None:
    for record in layer.state:
        _fill_record(layer, record)


def _fill_unified(walk: Walk, record: Record) -> None:
    first = walk.peek(1)
    walk.note("unified_header.bitmask", first, 1)
    walk.note("unified_header.fixed", first >> 5, 1)
    walk.note("unified_header.cid_present", first & HAS_CONNECTION_ID != 0, 1)
    walk.note("unified_header.seq_size", first & SEQUENCE_SIZE != 0, 1)
    walk.note("unified_header.length", first & HAS_LENGTH != 0, 1)
    walk.note("unified_header.epoch_bits", first & 0x03, 1)
    walk.at += 1
    if first & HAS_CONNECTION_ID:
        walk.opaque("record.connection_id", record.id_length)
    walk.number("record.sequence_suffix", 2 if first & SEQUENCE_SIZE else 1)
    if first & HAS_LENGTH:
        walk.number("record.length", 2)
    walk.opaque("enc_content", record.at + record.length - walk.at)


def _fill_record(layer: Layer, record: Record) -> None:
    walk = Walk(layer, "dtls", layer.region, record.at)
    walk.note("record", None, record.length)
    if record.type == UNIFIED:
        _fill_unified(walk, record)
        return
    walk.number("record.content_type", 1)
    walk.number("record.version", 2)
    walk.number("record.epoch", 2)
    walk.number("record.sequence_number", 6)
    size = walk.number("record.length", 2)
    if record.type == HANDSHAKE:
        if not record.fragments:
            walk.note("handshake", None, size)
        content = layer.region.clipped(record.at + RECORD_HEADER, size) if record.plain is None else record.plain
        for fragment in record.fragments:
            _fill_fragment(layer, fragment, content, record.agreed)
    elif record.type == CHANGE_CIPHER_SPEC:
        walk.note("change_cipher_spec", None, size)
    elif record.type == ALERT:
        walk.note("alert_message", None, size)
        if record.plain is not None and record.plain.length == 2:
            walk, size = Walk(layer, "dtls", record.plain), 2
        if size == 2:
            walk.number("alert_message.level", 1)
            walk.number("alert_message.desc", 1)
    elif record.type == APPLICATION_DATA:
        walk.opaque("app_data", size)


def _fill_fragment(layer: Layer, fragment: Fragment, content: Region, agreed: Agreed) -> None:
    walk = Walk(layer, "dtls", content, fragment.at)
    walk.note("handshake", None, fragment.length)
    type_ = walk.number("handshake.type", 1)
    walk.number("handshake.length", 3)
    walk.number("handshake.message_seq", 2)
    walk.number("handshake.fragment_offset", 3)
    walk.number("handshake.fragment_length", 3)
    if fragment.body is None:
        return
    if type_ == 1 and not agreed.version:
        agreed = replace(agreed, version=foreseen_version(layer, RANDOM_FIELDS))
    fill_message(Walk(layer, "dtls", fragment.body), type_, agreed)
    if fragment.frames:
        walk.note("fragments", None)
        for frame in fragment.frames:
            walk.note("fragment", frame)
        walk.note("fragment.count", len(fragment.frames))
        walk.note("reassembled.length", fragment.body.length)


DTLS.write = write_dtls
