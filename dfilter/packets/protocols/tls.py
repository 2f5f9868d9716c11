"""TLS and SSL 3.0 (RFC 8446, RFC 5246, RFC 6101): records, and what can be read of them, with the keys that the capture
itself holds where it holds any.

In: a TCP stream, or what another protocol hands over.  Out: a `tls` layer for each run of whole records; a record
that is not complete is asked for again.  Handshake messages are put together across records and belong to the
record that completes them.  Which bytes count as a record, and when they are refused, is as observed in
Wireshark 4.4.
"""

from __future__ import annotations

import re

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Evidence, Protocol, computed, computed_table
from dfilter.packets.dispatch import SEES_ALL
from dfilter.packets.protocols.ocsp import OCSP
from dfilter.packets.protocols.tls_application import application_name
from dfilter.packets.protocols.tls_decrypt import bare_mac_length
from dfilter.packets.protocols.tls_fields import handshake_fields
from dfilter.packets.protocols.tls_handshake import TLS13, Agreed, server_choice, sole_offer
from dfilter.packets.protocols.tls_info import version_name, write_tls
from dfilter.packets.protocols.tls_inside import PROTOCOLS, begin, dissect_inside
from dfilter.packets.protocols.tls_plain import PLAIN
from dfilter.packets.protocols.tls_protection import ENCRYPTED_EXTENSIONS, chosen_protocol
from dfilter.packets.protocols.tls_records import (
    APPLICATION_DATA,
    CHANGE_CIPHER_SPEC,
    HANDSHAKE,
    RANDOM_FIELDS,
    RECORD_HEADER,
    TYPE_FIELDS,
    Record,
    TlsState,
    fill_tls,
)
from dfilter.packets.protocols.tls_secrets import key_log
from dfilter.packets.protocols.tls_session import MAX_PIECES, Message, TlsConnection, split_messages
from dfilter.packets.protocols.tls_ssl2 import SSL2_FIELDS, is_sound_ssl2_hello, is_ssl2_hello, ssl2_length
from dfilter.packets.protocols.tls_stapled import stapled_responses
from dfilter.packets.protocols.x509 import X509_SPACES
from dfilter.packets.region import Region
from dfilter.packets.streams.reassembly import NeedMore
from dfilter.packets.view import Layer, View
from dfilter.slotted import replace

CONTENT_TYPES = range(20, 27)
VERSIONS = range(0x0300, 0x0305)
LONGEST_RECOGNISED = 18431
"""A record that the bytes alone may give away is no longer than that."""
PORTS = (443, 465, 631, 636, 802, 853, 993, 995, 1300, 2221, 2443, 324, 3249, 3250, 3251, 3252, 3496, 5061, 5671,
         5684, 5868, 8883, 11207, 19999)  # fmt: skip

TLS = Protocol(
    "tls",
    "TLS",
    fields=(
        *handshake_fields("tls"),
        computed("tls.handshake.random_time", T.ABSOLUTE_TIME, look_ahead=True),
        computed("tls.handshake.random_bytes", T.BYTES, look_ahead=True),
        computed("tls.record.content_type", T.UINT8, look_ahead=True),
        computed("tls.record.opaque_type", T.UINT8, look_ahead=True),
        computed("tls.handshake.reassembled_in", T.FRAMENUM, look_ahead=True),
        computed("tls.reassembled_in", T.FRAMENUM, look_ahead=True),
        *computed_table("""
            tls.record                           NONE
            tls.record.version                   UINT16
            tls.record.length                    UINT16
            tls.change_cipher_spec               NONE
            tls.alert_message                    NONE
            tls.alert_message.level              UINT8
            tls.alert_message.desc               UINT8
            tls.app_data                         BYTES
            tls.app_data_proto                   STRING
            tls.heartbeat_message                NONE
            tls.heartbeat_message.type           UINT8
            tls.heartbeat_message.payload_length UINT16
            tls.heartbeat_message.payload_length.invalid NONE
            tls.heartbeat_message.payload        BYTES
            tls.heartbeat_message.padding        BYTES
            tls.handshake.fragments              NONE
            tls.handshake.fragment               FRAMENUM
            tls.handshake.fragment.count         UINT32
            tls.ignored_unknown_record           NONE
            tls.segment.data                     BYTES
            tls.segments                         NONE
            tls.segment                          FRAMENUM
            tls.segment.count                    UINT32
            tls.reassembled.length               UINT32
            tls.reassembled.data                 BYTES
        """, stateful=True),
        *SSL2_FIELDS,
    ),
    over={"tcp.port": PORTS},
    carries=("ocsp", "data"),
    decrypts=tuple(sorted(set(PROTOCOLS.values()))),
    shares=X509_SPACES,
    joins=("tls.segment.data", "tls.segments", "tls.segment", "tls.segment.count", "tls.reassembled.length",
           "tls.reassembled.data", "tls.reassembled_in"),
    evidence=Evidence(
        traces=re.compile(rb"\x16\x03"),
        starts={"tcp": (((0, 0xFE, HANDSHAKE), (1, 0xFF, 3)), ((0, 0x80, 0x80), (2, 0xFF, 1)))},
        plain=PLAIN,
        alone=True,
    ),
    fill=fill_tls,
    write=write_tls,
)  # fmt: skip


def is_record(region: Region, at: int) -> bool:
    """Could the bytes at `at` be a record's header?"""
    return region.u8(at) in CONTENT_TYPES and region.u16(at + 1) in VERSIONS


def looks_like_tls(view: View, region: Region) -> bool:
    """Does a stream's segment begin with a handshake or data record, on whatever port?"""
    if region.length < RECORD_HEADER:
        return False
    if is_sound_ssl2_hello(region):
        return True
    return (region.u8(0) in (HANDSHAKE, APPLICATION_DATA) and region.u16(1) in range(0x0300, 0x0304)
            and 0 < region.u16(3) <= LONGEST_RECOGNISED)  # fmt: skip


TLS.heuristics["tcp"] = looks_like_tls


def connection_of(view: View) -> TlsConnection:
    """The state of the connection that the view's bytes belong to; a fresh one outside of TCP."""
    if view.stream is None:
        return TlsConnection()
    return view.stream.conversation.state.setdefault("tls", TlsConnection())  # type: ignore[no-any-return]


def _is_idle(view: View, region: Region) -> bool:
    """Is only the inside wanted, and can it not be had? Then no more than the hellos need to be known."""
    names = view.session.needs.names
    if names is None or view.session.memory("tls.wanted", lambda: [_wants_tls(view)])[0]:
        return False
    if region.length > RECORD_HEADER and region.u8(0) == HANDSHAKE and is_record(region, 0):
        return False
    return key_log(view) is None and not _is_bare(view)


def _is_bare(view: View) -> bool:
    """Did the two ends agree on a suite that does not encrypt?"""
    connection = None if view.stream is None else view.stream.conversation.state.get("tls")
    return connection is not None and bare_mac_length(connection.protection.suite) is not None


def _pass_by(view: View, region: Region) -> bool | None:
    """Leave the bytes alone, or decline them: what never looked like TLS in this conversation may be another's."""
    if view.stream is None:
        return None
    state = view.stream.conversation.state
    if "tls" in state or "tls.passed" in state:
        return None
    if region.length >= RECORD_HEADER and _is_text(region):
        return False
    state["tls.passed"] = True
    return None


def _is_text(region: Region) -> bool:
    """Do the bytes begin with printable characters, not with a record?"""
    if is_record(region, 0) or is_ssl2_hello(region, 0):
        return False
    return all(0x20 <= byte < 0x7F for byte in region.bytes(0, 4))


def _wants_tls(view: View) -> bool:
    """Is a name asked for that depends on TLS layers themselves, or on how its messages are put together?"""
    names, carriers = view.session.needs.names or frozenset(), view.session.catalogue.carriers
    if any(name.startswith(("tcp.segment", "tcp.reassembled", "tcp.pdu")) for name in names):
        return True
    return not SEES_ALL.isdisjoint(names) or any(not _OWN.isdisjoint(carriers.get(name, ())) for name in names)


_OWN = frozenset({"tls", "ocsp", "data"})
"""Protocols that are there, or (data) are not, because of what TLS does with its bytes."""


@TLS.dissector
def dissect_tls(view: View, region: Region) -> bool | None:
    stream = view.stream
    if _is_idle(view, region):
        return _pass_by(view, region)
    is_cut = stream is not None and region.end < region.reported_end
    if region.length < RECORD_HEADER and is_cut:
        view.push(TLS, region).state = TlsState()
        return True
    if region.length < RECORD_HEADER and stream is not None:
        _tell_waiting(view, connection_of(view))
        raise NeedMore(region.start, RECORD_HEADER - region.length)
    if region.length < RECORD_HEADER:
        return False
    connection = connection_of(view)
    if stream is not None and connection.inside is not None and connection.inside.until_fin[stream.sender]:
        return True
    if _is_text(region):
        return False
    is_known = is_record(region, 0) or is_ssl2_hello(region, 0)
    if is_known and stream is not None and stream.conversation.protocol is None and _is_claim(view, region):
        stream.conversation.protocol = TLS
    state = TlsState(version=connection.version)
    layer: Layer | None = None
    at = 0
    while at < region.length:
        missing = _missing(region, at)
        if missing and stream is not None and not is_cut:
            if layer is not None and region.buf is view.data:
                state.waiting = (at, region.length - at)
            _tell_waiting(view, connection)
            raise NeedMore(region.start + at, missing)
        if layer is None:
            layer = view.push(TLS, region)
            layer.state = state
        if is_cut and _goes_on(region, at):
            state.waiting = (at, region.length - at)
            break
        at = _dissect_record(view, region, at, connection, layer)
    return True


def _tell_waiting(view: View, connection: TlsConnection) -> None:
    """A frame with nothing but the beginning of a record has the protocol's name in the packet list, and no text."""
    if TLS.name not in view.by_name:
        view.tell("", version_name(connection.version, "SSL"))


def _is_claim(view: View, region: Region) -> bool:
    """On a port that is not known for TLS the bytes' own word makes the conversation TLS for good."""
    if any(view.lookup("tcp.port", port) is TLS for port in view.ports):
        return False
    return looks_like_tls(view, region)


def _missing(region: Region, at: int) -> int:
    """How many bytes the record at `at` lacks; 0 if it is whole, or no record."""
    left = region.length - at
    if left < RECORD_HEADER:
        return RECORD_HEADER - left if at == 0 or region.u8(at) in CONTENT_TYPES else 0
    if is_record(region, at):
        return max(RECORD_HEADER + region.u16(at + 3) - left, 0)
    if is_ssl2_hello(region, at):
        return max(ssl2_length(region, at) - left, 0)
    return 0


def _goes_on(region: Region, at: int) -> bool:
    """Does the record at `at` go beyond the segment, captured or not?"""
    if region.length - at < RECORD_HEADER or not is_record(region, at):
        return False
    return at + RECORD_HEADER + region.u16(at + 3) > region.reported_length


def _dissect_record(view: View, region: Region, at: int, connection: TlsConnection, layer: Layer) -> int:
    """Note the record at `at`; where the next one begins."""
    state: TlsState = layer.state
    left = region.length - at
    if left < RECORD_HEADER or not is_record(region, at):
        if left >= RECORD_HEADER and is_ssl2_hello(region, at):
            state.ssl2.append((at, ssl2_length(region, at)))
            return at + ssl2_length(region, at)
        if connection.version:
            state.unknown = at
        return region.length
    type_, version, size = region.u8(at), region.u16(at + 1), region.u16(at + 3)
    content = region.clipped(at + RECORD_HEADER, size)
    record = Record(at, RECORD_HEADER + size, type_, version, Agreed(0, None, ""), inner_type=type_)
    frame = view.number
    sender = view.stream.sender if view.stream is not None else 0
    record = _open(view, region.bytes(at, RECORD_HEADER), content, record, connection)
    if record.inner_type == HANDSHAKE and size:
        messages = split_messages(connection, sender, frame, record.plain or content,
                                  may_be_encrypted=record.plain is None)  # fmt: skip
        _learn(view, connection, messages, sender)
        _stapled_responses(view, messages, connection.version)
        record = replace(record, messages=tuple(messages))
    elif type_ == CHANGE_CIPHER_SPEC:
        connection.cipher_frames[sender] = frame
        connection.protection.change_cipher(sender, key_log(view))
    elif record.inner_type == APPLICATION_DATA:
        if not connection.version and connection.undecided:
            connection.wait(TYPE_FIELDS, frame)
        elif not connection.version:
            connection.version = version
        record = replace(record, application=application_name(view, connection.protocol))
        if record.plain is not None and view.stream is not None:
            connection.inside = connection.inside or begin(view.stream.conversation)
            dissect_inside(view, layer, connection.inside, record.application, record.plain.rest())
    agreed = Agreed(connection.version, connection.suite, "t" if "tcp" in view.by_name else "")
    state.records.append(replace(record, agreed=agreed))
    return at + RECORD_HEADER + size


def _open(view: View, header: bytes, content: Region, record: Record, connection: TlsConnection) -> Record:
    """The record with its plain content, where the capture holds the keys."""
    if view.stream is None or content.length < content.reported_length:
        return record
    opened = connection.protection.open(view.stream.sender, header, content.rest())
    if opened is None:
        return record
    type_, plain = opened
    return replace(record, inner_type=type_, plain=Region(plain, 0, len(plain)))


def _learn(view: View, connection: TlsConnection, messages: list[Message], sender: int) -> None:
    """Keep what hellos settle; foretell where pieces end and what depends on the version."""
    session, frame, protection = view.session, view.number, connection.protection
    for message in messages:
        for earlier, _, piece in message.parts[:-1]:
            if piece > MAX_PIECES:
                continue
            session.foresee("tls.handshake.reassembled_in", earlier, (piece, frame))
        protection.note(sender, message.type, key_log(view))
        if message.type == 1:
            connection.wait(RANDOM_FIELDS, frame)
            if message.body is not None:
                protection.client_hello(sender, message.body.rest(4))
                connection.offered = sole_offer(message.body.rest(4))
        elif message.type == 2 and message.body is not None:
            version, suite, protocol = server_choice(message.body.rest(4))
            connection.version, connection.suite = version, suite
            connection.protocol = protocol or connection.protocol
            connection.decide(session)
            protection.server_hello(message.body.rest(4), version, suite, key_log(view))
        elif message.type == ENCRYPTED_EXTENSIONS and message.body is not None:
            connection.protocol = chosen_protocol(message.body.rest(4)) or connection.protocol


def push_bare_handshake(view: View, content: Region, connection: TlsConnection, sender: int) -> None:
    """Dissect handshake messages that come without records, as QUIC carries them.

    Args:
        content: the next bytes of the handshake, in order.
        connection: what TLS remembers of the connection.
        sender: which end sent them, 0 or 1.
    """
    messages = split_messages(connection, sender, view.number, content, may_be_encrypted=False)
    _learn(view, connection, messages, sender)
    if "tls" not in view.session.reachable:
        return
    layer = view.push(TLS, content)
    agreed = Agreed(connection.version or TLS13, connection.suite, "q")  # QUIC knows no older version
    layer.state = TlsState(bare=(tuple(messages), agreed))
    _stapled_responses(view, messages, agreed.version)


def _stapled_responses(view: View, messages: list[Message], version: int) -> None:
    """OCSP responses are layers of their own."""
    if "ocsp" not in view.session.reachable:
        return
    for message in messages:
        if message.body is not None:
            for response in stapled_responses(message.type, message.body, version):
                view.call(OCSP, response)
