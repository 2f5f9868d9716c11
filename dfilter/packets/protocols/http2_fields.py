"""The fields of an HTTP/2 frame.

In: a layer whose state is a `Frame`.  Out: its computed fields, added on first touch.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import computed, computed_table
from dfilter.packets.protocols.http2_hpack import SIZE_UPDATE, Entry
from dfilter.packets.protocols.http2_settings import SETTINGS_TABLE, add_settings
from dfilter.packets.protocols.http_named_headers import NamedHeaders
from dfilter.packets.protocols.http_status import describe
from dfilter.packets.region import Region
from dfilter.packets.streams.fragments import add_fragment_list
from dfilter.packets.view import Layer
from dfilter.slotted import field, slotted

_NAMED_HEADERS = NamedHeaders("http2.headers")

_FRAME_FIELDS = """
    http2.stream NONE
    http2.magic STRING
    http2.length UINT24
    http2.type UINT8
    http2.flags UINT8
    http2.flags.unused UINT8
    http2.flags.unused_data UINT8
    http2.flags.unused_headers UINT8
    http2.flags.unused_settings UINT8
    http2.flags.unused_push_promise UINT8
    http2.flags.unused_ping UINT8
    http2.flags.unused_continuation UINT8
    http2.flags.end_stream BOOLEAN
    http2.flags.eh BOOLEAN
    http2.flags.padded BOOLEAN
    http2.flags.priority BOOLEAN
    http2.flags.ack.settings BOOLEAN
    http2.flags.ack.ping BOOLEAN
    http2.r UINT32
    http2.streamid UINT32
    http2.padding UINT8
    http2.pad_length UINT16
    http2.exclusive BOOLEAN
    http2.stream_dependency UINT32
    http2.headers.weight UINT8
    http2.headers.weight_real UINT8
    http2.headers BYTES
    http2.headers.padding BYTES
    http2.push_promise.r UINT32
    http2.push_promise.promised_stream_id UINT32
    http2.push_promise.header BYTES
    http2.push_promise.padding BYTES
    http2.continuation.header BYTES
    http2.continuation.padding BYTES
    http2.data.padding BYTES
    http2.rst_stream.error UINT32
    http2.ping BYTES
    http2.pong BYTES
    http2.goaway.r UINT32
    http2.goaway.last_stream_id UINT32
    http2.goaway.error UINT32
    http2.goaway.addata BYTES
    http2.window_update.r UINT32
    http2.window_update.window_size_increment UINT32
    http2.altsvc.origin.len UINT16
    http2.altsvc.origin STRING
    http2.altsvc.field_value STRING
    http2.origin NONE
    http2.origin.origin_len UINT16
    http2.origin.origin STRING
    http2.priority_update_stream_id UINT64
    http2.priority_update_field_value STRING
    http2.unknown BYTES
"""

_CONVERSATION_FIELDS = """
    http2.header NONE
    http2.header.length UINT32
    http2.header.count UINT32
    http2.header.name STRING
    http2.header.name.length UINT32
    http2.header.value STRING
    http2.header.value.length UINT32
    http2.header.unescaped STRING
    http2.header.repr STRING
    http2.header.index UINT32
    http2.header_table_size_update NONE
    http2.header_table_size_update.header_table_size UINT32
    http2.request.full_uri STRING
    http2.request_in FRAMENUM
    http2.time RELATIVE_TIME
    http2.data.data BYTES
    http2.body.fragments NONE
    http2.body.fragment FRAMENUM
    http2.body.fragment.count UINT32
    http2.body.reassembled.length UINT32
    http2.body.reassembled.data BYTES
    http2.calculated.connection.window_size.before INT32
    http2.calculated.connection.window_size.after INT32
    http2.calculated.stream.window_size.before INT32
    http2.calculated.stream.window_size.after INT32
"""

HTTP2_FIELDS = (
    *computed_table(_FRAME_FIELDS),
    *computed_table(SETTINGS_TABLE),
    *computed_table(_CONVERSATION_FIELDS, stateful=True),
    *_NAMED_HEADERS.declared,
    computed("http2.response_in", T.FRAMENUM, look_ahead=True),
    computed("http2.body.reassembled.in", T.FRAMENUM, look_ahead=True),
)

_FLAGS = {
    0: ("unused_data", {"padded": 8, "end_stream": 1}),
    1: ("unused_headers", {"priority": 32, "padded": 8, "eh": 4, "end_stream": 1}),
    4: ("unused_settings", {"ack.settings": 1}),
    5: ("unused_push_promise", {"padded": 8, "eh": 4}),
    6: ("unused_ping", {"ack.ping": 1}),
    9: ("unused_continuation", {"padded": 8, "eh": 4}),
}
_TYPES = {0: "DATA", 1: "HEADERS", 2: "PRIORITY", 3: "RST_STREAM", 4: "SETTINGS", 5: "PUSH_PROMISE", 6: "PING",
          7: "GOAWAY", 8: "WINDOW_UPDATE", 9: "CONTINUATION", 10: "ALTSVC", 12: "ORIGIN",
          16: "PRIORITY_UPDATE"}  # fmt: skip
_BLOCK_FIELD = {1: "http2.headers", 5: "http2.push_promise.header", 9: "http2.continuation.header"}
_PADDING_FIELD = {0: "http2.data.padding", 1: "http2.headers.padding", 5: "http2.push_promise.padding",
                  9: "http2.continuation.padding"}  # fmt: skip
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")


@slotted
class Frame:
    """One frame, or the preface (`magic`), and what the conversation says of it."""

    region: Region
    length: int
    type: int
    flags: int
    stream: int
    magic: bool = False
    content: Region = field(default_factory=lambda: Region(b"", 0, 0))
    padding: int = 0
    block: Region | None = None
    entries: list[Entry] | None = None
    is_request: bool = False
    request_frame: int | None = None
    time: int | None = None
    connection_window: tuple[int, int] | None = None
    stream_window: tuple[int, int] | None = None
    fragments: list[tuple[int, int]] = field(default_factory=list)
    unpacked: bytes | None = None
    body: bytes | None = None


def fill_frame(layer: Layer) -> None:
    """Add every field of the layer's frame."""
    frame: Frame = layer.state
    start, add = layer.start, layer.add
    add("http2.stream", None, start, frame.region.length)
    if frame.magic:
        add("http2.magic", frame.region.rest().decode("ascii"), start, frame.region.length)
        return
    add("http2.length", frame.length, start, 3)
    add("http2.type", frame.type, start + 3, 1)
    _add_flags(layer, frame)
    add("http2.r", frame.region.u8(5) >> 7, start + 5, 4)
    add("http2.streamid", frame.stream, start + 5, 4)
    if frame.type in _PADDING_FIELD:
        _add_padding(layer, frame)
    filler = _FILLERS.get(frame.type)
    if filler is not None:
        filler(layer, frame.content, frame)
    else:
        add("http2.unknown", frame.content.rest(), frame.content.start, frame.content.length)
    _add_windows(layer, frame)


def _add_flags(layer: Layer, frame: Frame) -> None:
    at = layer.start + 4
    layer.add("http2.flags", frame.flags, at, 1)
    unused, named = _FLAGS.get(frame.type, ("unused", {}))
    layer.add(f"http2.flags.{unused}", frame.flags & ~sum(named.values()), at, 1)
    for name, bit in named.items():
        layer.add(f"http2.flags.{name}", frame.flags & bit != 0, at, 1)


def _add_padding(layer: Layer, frame: Frame) -> None:
    padded = frame.flags & 8 != 0
    if padded:
        layer.add("http2.padding", frame.padding, layer.start + 9, 1)
    layer.add("http2.pad_length", frame.padding, layer.start + 9, int(padded))
    if frame.padding:
        start = frame.content.end
        stop = min(start + frame.padding, frame.region.end)
        layer.add(_PADDING_FIELD[frame.type], layer.buf[start:stop], start, stop - start)


def _add_data(layer: Layer, content: Region, frame: Frame) -> None:
    for stream, number in layer.view.session.foresight_for("http2.body.reassembled.in", layer.view.frame.number):
        if not frame.flags & 1 and stream == frame.stream:
            layer.add("http2.body.reassembled.in", number, content.start)
    if frame.body is not None:
        add_fragment_list(layer, "http2.body", [number for number, _ in frame.fragments], layer.start)
        layer.add("http2.body.reassembled.length", len(frame.body), layer.start)
        layer.add("http2.body.reassembled.data", frame.body, layer.start)
    value = frame.unpacked if frame.unpacked is not None else content.rest() if frame.body is None else frame.body
    layer.add("http2.data.data", value, content.start, content.length)


def _add_priority(layer: Layer, content: Region, frame: Frame) -> None:
    number = content.u32(0)
    layer.add("http2.exclusive", number >> 31 != 0, content.start, 4)
    layer.add("http2.stream_dependency", number & 0x7FFFFFFF, content.start, 4)
    layer.add("http2.headers.weight", content.u8(4), content.start + 4, 1)
    layer.add("http2.headers.weight_real", content.u8(4) + 1 & 0xFF, content.start + 4, 1)


def _add_headers(layer: Layer, content: Region, frame: Frame) -> None:
    if frame.type == 1 and frame.flags & 0x20:
        _add_priority(layer, content, frame)
    elif frame.type == 5:
        layer.add("http2.push_promise.r", content.u8(0) >> 7, content.start, 4)
        layer.add("http2.push_promise.promised_stream_id", content.u32(0) & 0x7FFFFFFF, content.start, 4)
    block = frame.block
    if block is None:
        return
    layer.add(_BLOCK_FIELD[frame.type], block.rest(), block.start, block.length)
    entries = frame.entries
    if not entries:
        return
    real = [entry for entry in entries if entry.representation != SIZE_UPDATE]
    layer.add("http2.header.length", sum(8 + len(e.name) + len(e.value) for e in real), layer.start, 1)
    layer.add("http2.header.count", len(entries), layer.start, 1)
    for entry in entries:
        _add_entry(layer, entry, block.start + entry.start)
    _add_links(layer, frame, real)


def _add_entry(layer: Layer, entry: Entry, at: int) -> None:
    add, length = layer.add, entry.length
    if entry.representation == SIZE_UPDATE:
        add("http2.header_table_size_update", None, at, length)
        add("http2.header_table_size_update.header_table_size", entry.index, at, length)
        return
    value = entry.value.decode("ascii", "replace")
    add("http2.header", None, at, length)
    add("http2.header.name.length", len(entry.name), at, length)
    add("http2.header.name", entry.name.decode("ascii", "replace"), at, length)
    add("http2.header.value.length", len(entry.value), at, length)
    add("http2.header.value", value, at, length)
    _NAMED_HEADERS.add(layer, entry.name, entry.value, at, length)
    shown = unquote_to_bytes(entry.value).decode("utf-8", "replace") if _ESCAPE.search(value) else value
    add("http2.header.unescaped", shown, at, length)
    add("http2.header.repr", entry.representation, at, 1)
    if entry.index:
        add("http2.header.index", entry.index, at, 1)


def _add_links(layer: Layer, frame: Frame, entries: list[Entry]) -> None:
    start = layer.start
    if frame.is_request:
        parts = {entry.name: entry.value.decode("ascii", "replace") for entry in entries}
        if b":scheme" in parts and b":authority" in parts:
            uri = f"{parts[b':scheme']}://{parts[b':authority']}{parts.get(b':path', '(null)')}"
            layer.add("http2.request.full_uri", uri, start)
        for number in layer.view.session.foresight_for("http2.response_in", layer.view.frame.number)[:1]:
            layer.add("http2.response_in", number, start)
    if frame.request_frame is not None:
        if frame.time is not None:
            layer.add("http2.time", frame.time, start)
        layer.add("http2.request_in", frame.request_frame, start)


def _add_settings(layer: Layer, content: Region, frame: Frame) -> None:
    add_settings(layer, content.rest(), content.start)


def _add_reset(layer: Layer, content: Region, frame: Frame) -> None:
    layer.add("http2.rst_stream.error", content.u32(0), content.start, 4)


def _add_ping(layer: Layer, content: Region, frame: Frame) -> None:
    layer.add("http2.pong" if frame.flags & 1 else "http2.ping", content.bytes(0, 8), content.start, 8)


def _add_goaway(layer: Layer, content: Region, frame: Frame) -> None:
    layer.add("http2.goaway.r", content.u8(0) >> 7, content.start, 4)
    layer.add("http2.goaway.last_stream_id", content.u32(0) & 0x7FFFFFFF, content.start, 4)
    layer.add("http2.goaway.error", content.u32(4), content.start + 4, 4)
    if content.length > 8:
        layer.add("http2.goaway.addata", content.rest(8), content.start + 8, content.length - 8)


def _add_window_update(layer: Layer, content: Region, frame: Frame) -> None:
    layer.add("http2.window_update.r", content.u8(0) >> 7, content.start, 4)
    layer.add("http2.window_update.window_size_increment", content.u32(0) & 0x7FFFFFFF, content.start, 4)


def _add_text(layer: Layer, name: str, content: Region, at: int, length: int) -> None:
    layer.add(name, content.bytes(at, length).decode("ascii", "replace"), content.start + at, length)


def _add_altsvc(layer: Layer, content: Region, frame: Frame) -> None:
    """RFC 7838 section 4."""
    length = content.u16(0)
    layer.add("http2.altsvc.origin.len", length, content.start, 2)
    if length:
        _add_text(layer, "http2.altsvc.origin", content, 2, length)
    if content.length > 2 + length:
        _add_text(layer, "http2.altsvc.field_value", content, 2 + length, content.length - 2 - length)


def _add_origin(layer: Layer, content: Region, frame: Frame) -> None:
    """RFC 8336 section 2."""
    at = 0
    while at < content.length:
        length = content.u16(at)
        layer.add("http2.origin", None, content.start + at, 2 + length)
        layer.add("http2.origin.origin_len", length, content.start + at, 2)
        _add_text(layer, "http2.origin.origin", content, at + 2, length)
        at += 2 + length


def _add_priority_update(layer: Layer, content: Region, frame: Frame) -> None:
    """RFC 9218 section 7.1."""
    layer.add("http2.priority_update_stream_id", content.u32(0) & 0x7FFFFFFF, content.start, 4)
    _add_text(layer, "http2.priority_update_field_value", content, 4, content.length - 4)


def _add_windows(layer: Layer, frame: Frame) -> None:
    for kind, window in (("connection", frame.connection_window), ("stream", frame.stream_window)):
        if window is not None:
            layer.add(f"http2.calculated.{kind}.window_size.before", window[0], layer.start)
            layer.add(f"http2.calculated.{kind}.window_size.after", window[1], layer.start)


_FILLERS = {0: _add_data, 1: _add_headers, 2: _add_priority, 3: _add_reset, 4: _add_settings, 5: _add_headers,
            6: _add_ping, 7: _add_goaway, 8: _add_window_update, 9: _add_headers, 10: _add_altsvc, 12: _add_origin,
            16: _add_priority_update}  # fmt: skip


def frame_info(layer: Layer) -> str:
    """The frame's kind and stream, as a packet list shows them."""
    frame: Frame = layer.state
    if frame.magic:
        return "Magic"
    text = f"{_TYPES.get(frame.type, 'Unknown type')}[{frame.stream}]"
    headers = dict(zip(layer.computed("http2.header.name"), layer.computed("http2.header.value"), strict=False))
    if ":method" in headers:
        return f"{text}: {headers[':method']} {headers.get(':path', '')}"
    status = layer.computed("http2.headers.status")
    return f"{text}: {status[0]} {describe(int(status[0]))}".rstrip() if status else text
