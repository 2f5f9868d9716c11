"""TLS records as they were dissected, and their fields.

In: what `dissect_tls` found in a stretch of bytes (`TlsState`).  Out: the fields of the `tls` layer.  What always
holds: nothing here changes state; fields of decrypted content cover no bytes of the frame.
"""

from __future__ import annotations

from dfilter.packets.protocols.tls_extensions import SERVER_HELLO
from dfilter.packets.protocols.tls_fields import wants_bodies
from dfilter.packets.protocols.tls_handshake import Agreed, fill_message, is_tls13, require_versions
from dfilter.packets.protocols.tls_session import HANDSHAKE_HEADER, MAX_PIECES, Message, foreseen_version
from dfilter.packets.protocols.tls_ssl2 import fill_ssl2
from dfilter.packets.protocols.tls_walk import Walk
from dfilter.packets.region import Malformed, Region
from dfilter.packets.streams.fragments import add_fragment_list
from dfilter.packets.view import Layer
from dfilter.slotted import field, frozen, replace, slotted

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA, HEARTBEAT = 20, 21, 22, 23, 24
RECORD_HEADER = 5
TYPE_FIELDS = ("tls.record.opaque_type", "tls.record.content_type")
RANDOM_FIELDS = ("tls.handshake.random_time", "tls.handshake.random_bytes")
"""What depends on the version, also in frames before the answer that settles it."""


@frozen
class Record:
    """One record as dissected.

    Attributes:
        at, length: where it lies in the layer's region, header included.
        type, version: as its header says.
        messages: of a handshake record.
        agreed: what the connection had agreed on.
        application: the protocol inside, as Wireshark names it; empty if unknown.
        plain: its content without protection, if that could be removed.
        inner_type: what that content is.
    """

    at: int
    length: int
    type: int
    version: int
    agreed: Agreed
    messages: tuple[Message, ...] = ()
    application: str = ""
    plain: Region | None = None
    inner_type: int = 0


@slotted
class TlsState:
    """What a `tls` layer was found to hold.

    Attributes:
        records: whole records, in order.
        ssl2: (at, length) of each SSL 2.0 record.
        unknown: where bytes begin that are no record, in a connection whose version is known.
        waiting: (at, length) of the beginning of a record that was asked for again.
        version: what the connection had agreed on when its bytes came; 0 as long as it is not known.
        bare: messages without records (QUIC), and what the connection had agreed on.
    """

    records: list[Record] = field(default_factory=list)
    ssl2: list[tuple[int, int]] = field(default_factory=list)
    unknown: int | None = None
    waiting: tuple[int, int] | None = None
    version: int = 0
    bare: tuple[tuple[Message, ...], Agreed] | None = None


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
    _check_captured(region, state)
    if state.waiting is not None:
        at, length = state.waiting
        if length >= RECORD_HEADER:
            layer.add("tls.segment.data", region.bytes(at, length), region.start + at, length)


def _check_captured(region: Region, state: TlsState) -> None:
    """Raise `Truncated` for a last record that the capture cut, unless it is not looked into (as in Wireshark 4.4)."""
    if state.unknown is None and state.records:
        last = state.records[-1]
        if last.type == HANDSHAKE and last.messages and last.messages[-1].type is None:
            return
    if state.waiting is None:
        region.need_all()


def _fill_record(layer: Layer, record: Record) -> None:
    start = layer.region.start + record.at
    add = layer.add
    agreed = record.agreed
    if not agreed.version:
        agreed = replace(agreed, version=foreseen_version(layer, TYPE_FIELDS))
    add("tls.record", None, start, record.length)
    opaque = record.type == APPLICATION_DATA and is_tls13(agreed.version)
    add("tls.record.opaque_type" if opaque else "tls.record.content_type", record.type, start, 1)
    if opaque and record.plain is not None:
        add("tls.record.content_type", record.inner_type)
    add("tls.record.version", record.version, start + 1, 2)
    size = record.length - RECORD_HEADER
    add("tls.record.length", size, start + 3, 2)
    content = layer.region.clipped(record.at + RECORD_HEADER, size)
    if record.plain is not None:
        _fill_plain(layer, record, record.plain, agreed)
        if record.inner_type != APPLICATION_DATA:
            return
    if record.type == HANDSHAKE:
        if not size:
            raise Malformed("a handshake record without content")
        for message in record.messages:
            fill_handshake(layer, content, message, agreed)
    elif record.type == CHANGE_CIPHER_SPEC:
        content.need(0, min(size, 1))
        add("tls.change_cipher_spec", None, start + RECORD_HEADER, size)
    elif record.type == ALERT:
        content.need(0, min(size, 1))
        add("tls.alert_message", None, start + RECORD_HEADER, size)
        if size == 2:
            content.need_all()
            add("tls.alert_message.level", content.u8(0), content.start, 1)
            add("tls.alert_message.desc", content.u8(1), content.start + 1, 1)
    elif record.type == APPLICATION_DATA:
        content.need_all()
        add("tls.app_data", content.rest(), content.start, size)
        if record.application:
            add("tls.app_data_proto", record.application, start)
    elif record.type == HEARTBEAT:
        _fill_heartbeat(layer, content)


def _fill_plain(layer: Layer, record: Record, plain: Region, agreed: Agreed) -> None:
    """The fields of decrypted content other than application data."""
    if record.inner_type == HANDSHAKE:
        for message in record.messages:
            fill_handshake(layer, plain, message, agreed)
    elif record.inner_type == ALERT:
        layer.add("tls.alert_message", None)
        if plain.length == 2:
            layer.add("tls.alert_message.level", plain.u8(0))
            layer.add("tls.alert_message.desc", plain.u8(1))


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


def _require_captured(content: Region, message: Message) -> None:
    """What Wireshark 4.4 reads of a message before it shows anything: bytes that tell whether it is encrypted, and a
    server's hello up to its version."""
    left = content.reported_length - message.at
    content.need(message.at, min(left, HANDSHAKE_HEADER if message.at else HANDSHAKE_HEADER + 1))
    if message.type == SERVER_HELLO and message.body is not None:
        require_versions(message.body, "tls", is_server=True)


def fill_handshake(layer: Layer, content: Region, message: Message, agreed: Agreed) -> None:
    """Add the fields of one message, or piece of one."""
    add = layer.add
    start = content.start + message.at
    if content.end < content.reported_end:
        _require_captured(content, message)
    if message.parts:
        add("tls.handshake", None, start, message.length)
        add_fragment_list(layer, "tls.handshake", [frame for frame, _, _ in message.parts])
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
