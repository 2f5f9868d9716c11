"""The fields of HTTP/3 (RFC 9114): streams, frames, headers, and the instructions of QPACK encoders.

In: a layer whose state is a `Part`.  Out: its computed fields, added on first touch.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import computed, computed_table
from dfilter.packets.protocols.header_coding import Text
from dfilter.packets.protocols.http3_qpack import CAPACITY, INSERT, INSERT_INDEXED, Header, Instruction
from dfilter.packets.protocols.http_named_headers import NamedHeaders
from dfilter.packets.protocols.http_status import describe
from dfilter.packets.protocols.quic_packets import variable_integer
from dfilter.packets.region import Region
from dfilter.packets.view import Layer
from dfilter.slotted import field, slotted

_NAMED_HEADERS = NamedHeaders("http3.headers")
_SETTINGS = {1: "qpack.max_table_capacity", 6: "max_field_section_size", 7: "qpack.blocked_streams",
             8: "extended_connect", 0x33: "h3_datagram", 0xFFD277: "h3_datagram_draft04",
             0x2B603742: "webtransport"}  # fmt: skip

_FIELDS = """
    http3.stream NONE
    http3.stream.uni NONE
    http3.stream_uni_type UINT64
    http3.push_id UINT64
    http3.frame NONE
    http3.frame_type UINT64
    http3.frame_length UINT64
    http3.frame_payload BYTES
    http3.data BYTES
    http3.settings NONE
    http3.settings.id UINT64
    http3.settings.value UINT64
    http3.priority_update_element_id UINT64
    http3.priority_update_field_value STRING
    http3.headers.header.length UINT32
    http3.headers.count UINT32
    http3.headers.header NONE
    http3.headers.header.name.length UINT32
    http3.header.header.name STRING
    http3.headers.header.value.length UINT32
    http3.headers.header.value STRING
    http3.request.full_uri STRING
    http3.qpack.encoder BYTES
    http3.qpack_enc_failed NONE
    http3.qpack.encoder.icnt UINT64
    http3.qpack.encoder.icnt.inc UINT32
    http3.qpack.encoder.opcode.dtable_cap BYTES
    http3.qpack.encoder.opcode.dtable_cap.val UINT64
    http3.qpack.encoder.opcode.duplicate BYTES
    http3.qpack.encoder.opcode.insert BYTES
    http3.qpack.encoder.opcode.insert.name BYTES
    http3.qpack.encoder.opcode.insert.hname BYTES
    http3.qpack.encoder.opcode.insert.val BYTES
    http3.qpack.encoder.opcode.insert.hval BYTES
    http3.qpack.encoder.opcode.insert_indexed BYTES
    http3.qpack.encoder.opcode.insert_indexed.ref BYTES
    http3.qpack.encoder.opcode.insert_indexed.val BYTES
    http3.qpack.encoder.opcode.insert_indexed.hval BYTES
"""
HTTP3_FIELDS = (
    *computed_table(_FIELDS, stateful=True),
    *(computed(f"http3.settings.{name}", T.UINT64, stateful=True) for name in _SETTINGS.values()),
    *_NAMED_HEADERS.declared,
)

CONTROL, PUSH, ENCODER = 0, 1, 2
DATA, HEADERS, CANCEL_PUSH, SETTINGS, PUSH_PROMISE, GOAWAY, MAX_PUSH_ID = 0, 1, 3, 4, 5, 7, 0x0D
PRIORITY_UPDATES = (0x0F0700, 0x0F0701)
_TEXTS = {DATA: "DATA", HEADERS: "HEADERS", CANCEL_PUSH: "CANCEL_PUSH", SETTINGS: "SETTINGS",
          PUSH_PROMISE: "PUSH_PROMISE", GOAWAY: "GOAWAY", MAX_PUSH_ID: "MAX_PUSH_ID",
          **dict.fromkeys(PRIORITY_UPDATES, "PRIORITY_UPDATE")}  # fmt: skip


@slotted
class Http3Frame:
    """One frame: where it begins, the sizes of its two leading integers, and what became of its headers."""

    at: int
    type: int
    length: int
    type_size: int
    length_size: int
    headers: list[Header] | None = None


@slotted
class Part:
    """What one piece of a stream holds.

    Attributes:
        is_request: the stream goes both ways.
        uni_type: the type of one that goes one way.
        type_length: bytes of that type, if the piece begins with it.
        content_at: where its frames or instructions begin.
        end: where they end.
        least: how long what follows them is at least, where that much is known.
        is_broken: the instructions of this direction cannot be followed any more.
        increment, inserted: entries that these instructions insert, and all so far.
    """

    is_request: bool
    uni_type: int | None = None
    type_length: int = 0
    push_id: int | None = None
    content_at: int = 0
    end: int = 0
    frames: list[Http3Frame] = field(default_factory=list)
    instructions: list[Instruction] | None = None
    least: int = 0
    is_broken: bool = False
    increment: int = 0
    inserted: int = 0


def fill_part(layer: Layer) -> None:
    part: Part = layer.state
    start, add = layer.start, layer.add
    if part.is_request:
        add("http3.stream", None, start, 1)
    else:
        add("http3.stream.uni", None, start, layer.end - start)
    if part.type_length:
        add("http3.stream_uni_type", part.uni_type, start, part.type_length)
    if part.push_id is not None:
        add("http3.push_id", part.push_id, start + part.type_length, part.content_at - part.type_length)
    for frame in part.frames:
        _add_frame(layer, layer.region, frame)
    if part.instructions is not None:
        _add_encoder(layer, part)


def _add_frame(layer: Layer, region: Region, frame: Http3Frame) -> None:
    start, add = layer.start + frame.at, layer.add
    prefix = frame.type_size + frame.length_size
    add("http3.frame", None, start, prefix + frame.length)
    add("http3.frame_type", frame.type, start, frame.type_size)
    add("http3.frame_length", frame.length, start + frame.type_size, frame.length_size)
    if not frame.length:
        return
    content = region.sub(frame.at + prefix, frame.length)
    add("http3.frame_payload", content.rest(), content.start, content.length)
    if frame.type == DATA:
        add("http3.data", content.rest(), content.start, content.length)
    elif frame.type == HEADERS:
        _add_headers(layer, frame, content)
    elif frame.type == SETTINGS:
        _add_settings(layer, content)
    elif frame.type in PRIORITY_UPDATES:
        value, size = variable_integer(content, 0)
        add("http3.priority_update_element_id", value, content.start, size)
        text = content.rest(size).decode("utf-8", "replace")
        add("http3.priority_update_field_value", text, content.start + size, content.length - size)


def _add_settings(layer: Layer, content: Region) -> None:
    at = 0
    while at < content.length:
        number, size = variable_integer(content, at)
        value, value_size = variable_integer(content, at + size)
        place = content.start + at
        layer.add("http3.settings", None, place, 2)
        layer.add("http3.settings.id", number, place, size)
        layer.add("http3.settings.value", value, place + size, value_size)
        if number in _SETTINGS:
            layer.add(f"http3.settings.{_SETTINGS[number]}", value, place + size, value_size)
        at += size + value_size


def _add_headers(layer: Layer, frame: Http3Frame, content: Region) -> None:
    add, start = layer.add, layer.start + frame.at
    if not frame.headers:
        return
    add("http3.headers.header.length", sum(8 + len(name) + len(value) for name, value in frame.headers), start, 1)
    add("http3.headers.count", len(frame.headers), start, 1)
    for name, value in frame.headers:
        _add_header(layer, name, value, content.start)
    parts = {name: value.decode("ascii", "replace") for name, value in frame.headers}
    if b":authority" in parts:
        scheme, path = (parts.get(name, "(null)") for name in (b":scheme", b":path"))
        uri = f"{scheme}://{parts[b':authority']}{path}"
        add("http3.request.full_uri", uri, content.start)


def _add_header(layer: Layer, name: bytes, value: bytes, at: int) -> None:
    add = layer.add
    add("http3.headers.header", None, at)
    add("http3.headers.header.name.length", len(name), at)
    add("http3.header.header.name", name.decode("ascii", "replace"), at)
    add("http3.headers.header.value.length", len(value), at)
    add("http3.headers.header.value", value.decode("ascii", "replace"), at)
    _NAMED_HEADERS.add(layer, name, value, at)


def _add_encoder(layer: Layer, part: Part) -> None:
    add, at = layer.add, layer.start + part.content_at
    length = layer.end - at
    add("http3.qpack.encoder", layer.buf[at : at + length], at, length)
    for instruction in part.instructions or ():
        _add_instruction(layer, instruction)
    if length:
        add("http3.qpack.encoder.icnt.inc", part.increment, at)
        add("http3.qpack.encoder.icnt", part.inserted, at)
    if part.is_broken:
        add("http3.qpack_enc_failed", None, at, length)


def _add_instruction(layer: Layer, instruction: Instruction) -> None:
    at, length, add = layer.start + instruction.at, instruction.length, layer.add
    name = f"http3.qpack.encoder.opcode.{instruction.kind}"
    add(name, layer.buf[at : at + length], at, length)
    if instruction.kind == CAPACITY:
        add(f"{name}.val", instruction.number, at, length)
    elif instruction.kind == INSERT_INDEXED:
        size = instruction.number_length
        add(f"{name}.ref", layer.buf[at : at + size], at, size)
    if instruction.kind == INSERT and instruction.name is not None:
        _add_string(layer, f"{name}.hname", f"{name}.name", instruction.name)
    if instruction.value is not None:
        _add_string(layer, f"{name}.hval", f"{name}.val", instruction.value)


def _add_string(layer: Layer, coded: str, plain: str, text: Text) -> None:
    if text.is_huffman:
        layer.add(coded, text.raw, layer.start + text.at, len(text.raw))
    layer.add(plain, text.value, layer.start + text.at, len(text.raw))


def frame_text(frame: Http3Frame) -> str:
    """What a packet list says of a frame; empty for those that nobody knows."""
    text = _TEXTS.get(frame.type, "")
    headers = {name: value.decode("ascii", "replace") for name, value in frame.headers or ()}
    if b":method" in headers:
        return f"{text}: {headers[b':method']} {headers.get(b':path', '')}".rstrip()
    status = headers.get(b":status", "")
    return f"{text}: {status} {describe(int(status))}" if status.isascii() and status.isdigit() else text
