"""TLS and SSL 3.0 (RFC 8446, RFC 5246, RFC 6101): records, and what can be read of them without keys.

In: a TCP stream, or what another protocol hands over.  Out: a `tls` layer for each run of whole records; a record
that is not complete is asked for again.  Handshake messages are put together across records and belong to the
record that completes them.  Which bytes count as a record, and when they are refused, is as observed in
Wireshark 4.4.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, computed_table
from dfilter.packets.protocols.ocsp import OCSP
from dfilter.packets.protocols.tls_application import application_name
from dfilter.packets.protocols.tls_fields import handshake_fields, wants_bodies
from dfilter.packets.protocols.tls_handshake import (
    CERTIFICATE_STATUS,
    TLS13,
    Agreed,
    fill_message,
    is_tls13,
    server_choice,
)
from dfilter.packets.protocols.tls_session import MAX_PIECES, Message, TlsConnection, foreseen_version, split_messages
from dfilter.packets.protocols.tls_ssl2 import (
    SSL2_FIELDS,
    fill_ssl2,
    is_sound_ssl2_hello,
    is_ssl2_hello,
    ssl2_length,
)
from dfilter.packets.protocols.tls_walk import Walk
from dfilter.packets.protocols.x509 import X509_SPACES
from dfilter.packets.region import Malformed, Region
from dfilter.packets.streams.reassembly import NeedMore
from dfilter.packets.view import Layer, View

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA, HEARTBEAT = 20, 21, 22, 23, 24
CONTENT_TYPES = range(20, 27)
VERSIONS = range(0x0300, 0x0305)
RECORD_HEADER = 5
LONGEST_RECOGNISED = 18431
"""A record that the bytes alone may give away is no longer than that."""
TYPE_FIELDS = ("tls.record.opaque_type", "tls.record.content_type")
RANDOM_FIELDS = ("tls.handshake.random_time", "tls.handshake.random_bytes")
"""What depends on the version, also in frames before the answer that settles it."""
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
        """, stateful=True),
        *SSL2_FIELDS,
    ),
    over={"tcp.port": PORTS},
    carries=("ocsp",),
    shares=X509_SPACES,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Record:
    """One record as dissected.

    Attributes:
        at, length: where it lies in the layer's region, header included.
        type, version: as its header says.
        messages: of a handshake record.
        agreed: what the connection had agreed on.
        application: the protocol inside, as Wireshark names it; empty if unknown.
    """

    at: int
    length: int
    type: int
    version: int
    agreed: Agreed
    messages: tuple[Message, ...] = ()
    application: str = ""


@dataclass(slots=True, eq=False)
class TlsState:
    """What a `tls` layer was found to hold.

    Attributes:
        records: whole records, in order.
        ssl2: (at, length) of each SSL 2.0 record.
        unknown: where bytes begin that are no record, in a connection whose version is known.
        waiting: (at, length) of the beginning of a record that was asked for again.
        bare: messages without records (QUIC), and what the connection had agreed on.
    """

    records: list[Record] = field(default_factory=list)
    ssl2: list[tuple[int, int]] = field(default_factory=list)
    unknown: int | None = None
    waiting: tuple[int, int] | None = None
    bare: tuple[tuple[Message, ...], Agreed] | None = None


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


@TLS.dissector
def dissect_tls(view: View, region: Region) -> bool:
    stream = view.stream
    if region.length < RECORD_HEADER and stream is not None:
        raise NeedMore(region.start, RECORD_HEADER - region.length)
    if region.length < RECORD_HEADER:
        return False
    connection = connection_of(view)
    if not is_record(region, 0) and not is_ssl2_hello(region, 0):
        if all(0x20 <= byte < 0x7F for byte in region.bytes(0, 4)):
            return False
    elif stream is not None and stream.conversation.protocol is None and _is_claim(view, region):
        stream.conversation.protocol = TLS
    state = TlsState()
    layer: Layer | None = None
    at = 0
    while at < region.length:
        missing = _missing(region, at, connection)
        if missing and stream is not None and region.reported_end == region.end:
            if layer is not None and region.buf is view.data:
                state.waiting = (at, region.length - at)
            raise NeedMore(region.start + at, missing)
        if layer is None:
            layer = view.push(TLS, region)
            layer.state = state
        at = _dissect_record(view, region, at, connection, state)
    return True


def _is_claim(view: View, region: Region) -> bool:
    """On a port that is not known for TLS the bytes' own word makes the conversation TLS for good."""
    if any(view.lookup("tcp.port", port) is TLS for port in view.ports):
        return False
    return looks_like_tls(view, region)


def _missing(region: Region, at: int, connection: TlsConnection) -> int:
    """How many bytes the record at `at` lacks; 0 if it is whole, or no record."""
    left = region.length - at
    if left < RECORD_HEADER:
        return RECORD_HEADER - left if at == 0 or region.u8(at) in CONTENT_TYPES else 0
    if is_record(region, at):
        return max(RECORD_HEADER + region.u16(at + 3) - left, 0)
    if is_ssl2_hello(region, at):
        return max(ssl2_length(region, at) - left, 0)
    return 0


def _dissect_record(view: View, region: Region, at: int, connection: TlsConnection, state: TlsState) -> int:
    """Note the record at `at`; where the next one begins."""
    left = region.length - at
    if left < RECORD_HEADER or not is_record(region, at):
        if left >= RECORD_HEADER and is_ssl2_hello(region, at):
            state.ssl2.append((at, ssl2_length(region, at)))
            return at + ssl2_length(region, at)
        if connection.version and at:
            state.unknown = at
        return region.length
    type_, version, size = region.u8(at), region.u16(at + 1), region.u16(at + 3)
    content = region.clipped(at + RECORD_HEADER, size)
    record = Record(at, RECORD_HEADER + size, type_, version, Agreed(0, None, "t"))
    frame = view.number
    sender = view.stream.sender if view.stream is not None else 0
    if type_ == HANDSHAKE and size:
        messages = split_messages(connection, sender, frame, content)
        _learn(view, connection, messages)
        _stapled_responses(view, messages)
        record = replace(record, messages=tuple(messages))
    elif type_ == CHANGE_CIPHER_SPEC:
        connection.cipher_frames[sender] = frame
    elif type_ == APPLICATION_DATA:
        if not connection.version and connection.undecided:
            connection.wait(TYPE_FIELDS, frame)
        elif not connection.version:
            connection.version = version
        record = replace(record, application=application_name(view, connection.protocol))
    agreed = Agreed(connection.version, connection.suite, "t")
    state.records.append(replace(record, agreed=agreed))
    return at + RECORD_HEADER + size


def _learn(view: View, connection: TlsConnection, messages: list[Message]) -> None:
    """Keep what hellos settle; foretell where pieces end and what depends on the version."""
    session, frame = view.session, view.number
    for message in messages:
        for earlier, _, piece in message.parts[:-1]:
            if piece > MAX_PIECES:
                continue
            session.foresee("tls.handshake.reassembled_in", earlier, (piece, frame))
        if message.type == 1:
            connection.wait(RANDOM_FIELDS, frame)
        elif message.type == 2 and message.body is not None:
            version, suite, protocol = server_choice(message.body.rest(4))
            connection.version, connection.suite = version, suite
            connection.protocol = protocol or connection.protocol
            connection.decide(session)


def push_bare_handshake(view: View, content: Region, connection: TlsConnection, sender: int) -> None:
    """Dissect handshake messages that come without records, as QUIC carries them.

    Args:
        content: the next bytes of the handshake, in order.
        connection: what TLS remembers of the connection.
        sender: which end sent them, 0 or 1.
    """
    messages = split_messages(connection, sender, view.number, content, may_be_encrypted=False)
    _learn(view, connection, messages)
    if "tls" not in view.session.reachable:
        return
    layer = view.push(TLS, content)
    agreed = Agreed(connection.version or TLS13, connection.suite, "q")  # QUIC knows no older version
    layer.state = TlsState(bare=(tuple(messages), agreed))


def _stapled_responses(view: View, messages: list[Message]) -> None:
    """OCSP responses in certificate status messages (RFC 6066 section 8) are layers of their own."""
    for message in messages:
        if message.type == CERTIFICATE_STATUS and message.body is not None and message.body.length > 8:
            size = message.body.u24(5)
            if message.body.u8(4) == 1 and 0 < size <= message.body.length - 8:
                view.call(OCSP, message.body.sub(8, size))


@TLS.filler
def fill_tls(layer: Layer) -> None:
    state: TlsState = layer.state
    region = layer.region
    if state.bare is not None:
        for message in state.bare[0]:
            fill_handshake(layer, region, message, state.bare[1])
    for at, length in state.ssl2:
        fill_ssl2(layer, region.clipped(at, length))
    for record in state.records:
        _fill_record(layer, record)
    if state.unknown is not None:
        layer.add("tls.ignored_unknown_record", None)
    if state.waiting is not None:
        at, length = state.waiting
        layer.add("tls.segment.data", region.bytes(at, length), region.start + at, length)


def _fill_record(layer: Layer, record: Record) -> None:
    start = layer.region.start + record.at
    add = layer.add
    agreed = record.agreed
    if not agreed.version:
        agreed = replace(agreed, version=foreseen_version(layer, TYPE_FIELDS))
    add("tls.record", None, start, record.length)
    opaque = record.type == APPLICATION_DATA and is_tls13(agreed.version)
    add("tls.record.opaque_type" if opaque else "tls.record.content_type", record.type, start, 1)
    add("tls.record.version", record.version, start + 1, 2)
    size = record.length - RECORD_HEADER
    add("tls.record.length", size, start + 3, 2)
    content = layer.region.clipped(record.at + RECORD_HEADER, size)
    if record.type == HANDSHAKE:
        if not size:
            raise Malformed("a handshake record without content")
        for message in record.messages:
            fill_handshake(layer, content, message, agreed)
    elif record.type == CHANGE_CIPHER_SPEC:
        add("tls.change_cipher_spec", None, start + RECORD_HEADER, size)
    elif record.type == ALERT:
        add("tls.alert_message", None, start + RECORD_HEADER, size)
        if size == 2:
            add("tls.alert_message.level", content.u8(0), content.start, 1)
            add("tls.alert_message.desc", content.u8(1), content.start + 1, 1)
    elif record.type == APPLICATION_DATA:
        add("tls.app_data", content.rest(), content.start, size)
        if record.application:
            add("tls.app_data_proto", record.application, start)
    elif record.type == HEARTBEAT:
        _fill_heartbeat(layer, content)


def _fill_heartbeat(layer: Layer, content: Region) -> None:
    """RFC 6520; one whose type is neither request nor response is encrypted."""
    add, start = layer.add, content.start
    add("tls.heartbeat_message", None, start, content.reported_length)
    if content.length < 3 or content.u8(0) not in (1, 2):
        return
    claimed, left = content.u16(1), content.length - 3
    add("tls.heartbeat_message.type", content.u8(0), start, 1)
    add("tls.heartbeat_message.payload_length", claimed, start + 1, 2)
    invalid = claimed + 16 > left
    if invalid:
        add("tls.heartbeat_message.payload_length.invalid", None)
        layer.view.damaged(Malformed("a heartbeat that claims more than it holds"))
    size = min(claimed, left)
    add("tls.heartbeat_message.payload", content.bytes(3, size), start + 3, size)
    if left > size:
        add("tls.heartbeat_message.padding", content.bytes(3 + size, left - size), start + 3 + size, left - size)


def fill_handshake(layer: Layer, content: Region, message: Message, agreed: Agreed) -> None:
    """Add the fields of one message, or piece of one."""
    add = layer.add
    start = content.start + message.at
    if message.parts:
        add("tls.handshake", None, start, message.length)
        add("tls.handshake.fragments", None)
        for frame, _, _ in message.parts:
            add("tls.handshake.fragment", frame)
        add("tls.handshake.fragment.count", len(message.parts))
    if message.body is None or message.type is None:
        if not message.parts:
            add("tls.handshake", None, start, message.length)
        completions = layer.view.session.foresight_for("tls.handshake.reassembled_in", layer.view.number)
        for piece, frame in completions if message.piece <= MAX_PIECES else ():
            if piece == message.piece:
                add("tls.handshake.reassembled_in", frame)
        return
    walk = Walk(layer, "tls", message.body)
    walk.note("handshake", None, walk.left)
    walk.number("handshake.type", 1)
    walk.number("handshake.length", 3)
    if not wants_bodies(layer.view.session):
        return
    if message.type == 1 and not agreed.version:
        agreed = replace(agreed, version=foreseen_version(layer, RANDOM_FIELDS))
    fill_message(walk, message.type, agreed)


@TLS.info_line
def tls_info(layer: Layer) -> str:
    names = []
    for record in layer.state.records:
        if record.type == HANDSHAKE:
            names += [_MESSAGE_NAMES.get(message.type, "Encrypted Handshake Message") for message in record.messages]
        elif record.type == ALERT:
            names.append("Alert" if record.length == RECORD_HEADER + 2 else "Encrypted Alert")
        else:
            names.append(_RECORD_NAMES.get(record.type, ""))
    return ", ".join(filter(None, names)) or "Continuation Data"


_RECORD_NAMES = {CHANGE_CIPHER_SPEC: "Change Cipher Spec", APPLICATION_DATA: "Application Data", HEARTBEAT: "Heartbeat"}
_MESSAGE_NAMES = {
    0: "Hello Request", 1: "Client Hello", 2: "Server Hello", 3: "Hello Verify Request", 4: "New Session Ticket",
    5: "End of Early Data", 6: "Hello Retry Request", 8: "Encrypted Extensions", 11: "Certificate",
    12: "Server Key Exchange", 13: "Certificate Request", 14: "Server Hello Done", 15: "Certificate Verify",
    16: "Client Key Exchange", 20: "Finished", 21: "Client Certificate URL", 22: "Certificate Status",
    23: "Supplemental Data", 24: "Key Update", 25: "Compressed Certificate", 67: "Encrypted Extensions",
}  # fmt: skip
