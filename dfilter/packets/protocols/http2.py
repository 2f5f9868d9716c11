"""HTTP/2 (RFC 9113) in the clear: by upgrade from HTTP/1, or with its preface at once; each frame is a layer."""

from __future__ import annotations

import re

from dfilter.packets.columns import Columns
from dfilter.packets.declare import Evidence, Protocol
from dfilter.packets.protocols.http2_fields import HTTP2_FIELDS, Frame, fill_frame, frame_info
from dfilter.packets.protocols.http2_hpack import BrokenBlock, Entry
from dfilter.packets.protocols.http2_settings import PREFACE
from dfilter.packets.protocols.http2_streams import Half, Http2State, StreamState
from dfilter.packets.protocols.http_body import decode
from dfilter.packets.protocols.http_media import media_type
from dfilter.packets.protocols.http_named_headers import SHARED_FIELDS
from dfilter.packets.region import Region
from dfilter.packets.streams.reassembly import NeedMore
from dfilter.packets.view import Layer, View
from dfilter.slotted import slotted

DATA, HEADERS, SETTINGS, PUSH_PROMISE, WINDOW_UPDATE, CONTINUATION = 0, 1, 4, 5, 8, 9
END_STREAM, PADDED, PRIORITY = 0x01, 0x08, 0x20
INITIAL_WINDOW_SIZE = 4
MAX_SETTINGS = 64

HTTP2 = Protocol(
    "http2",
    "HTTP2",
    fields=HTTP2_FIELDS,
    carries=("media_type", "media", "data", "data-text-lines"),
    shares=SHARED_FIELDS,
    second_look=True,
    evidence=Evidence(claims=re.compile(rb"PRI \* HT")),
)


def looks_like_http2(view: View, region: Region) -> bool:
    """The preface; the conversation is HTTP/2 from then on, and in a second pass it was from its start."""
    conversation = None if view.stream is None else view.stream.conversation
    if not region.buf.startswith(PREFACE, region.start, region.end):
        return conversation is not None and bool(view.session.foresight_for("http2", conversation.index))
    if conversation is not None:
        view.session.foreseen.setdefault("http2", {})[conversation.index] = [True]
        conversation.protocol = HTTP2
    return True


HTTP2.heuristics["tcp"] = looks_like_http2


@slotted(eq=True)
class _Context:
    """A frame's surroundings while it is dissected."""

    view: View
    state: Http2State
    sender: int


@HTTP2.dissector
def dissect_http2(view: View, region: Region) -> None:
    stream = view.stream
    if stream is None:
        return
    state = stream.conversation.state.get("http2")
    if state is None:
        state = stream.conversation.state["http2"] = Http2State()
    context = _Context(view, state, stream.sender)
    offset = 0
    while offset < region.length:
        if region.buf.startswith(PREFACE, region.start + offset, region.end):
            layer = view.push(HTTP2, region.sub(offset), len(PREFACE))
            layer.state = Frame(region.clipped(offset, len(PREFACE)), 0, 0, 0, 0, magic=True)
            offset += len(PREFACE)
            continue
        have = region.length - offset
        needed = 9 + region.u24(offset) if have >= 3 else 9
        missing = offset + needed - region.reported_length
        if missing > 0 and region.end == region.reported_end:
            raise NeedMore(region.start + offset, missing)
        _dissect_frame(context, region.clipped(offset, needed))
        offset += needed


def _dissect_frame(context: _Context, region: Region) -> None:
    """One frame (RFC 9113 section 4.1)."""
    if region.length < 9:
        raise region.beyond(region.start + 9)
    frame = Frame(region, region.u24(0), region.u8(3), region.u8(4), region.u32(5) & 0x7FFFFFFF)
    frame.content, frame.padding = _payload(frame)
    layer = context.view.push(HTTP2, region)
    layer.state = frame
    if frame.type == DATA:
        _dissect_data(context, layer, frame)
    elif frame.type in (HEADERS, CONTINUATION, PUSH_PROMISE):
        _dissect_headers(context, frame)
    elif frame.type == SETTINGS:
        _note_settings(context, frame)
    elif frame.type == WINDOW_UPDATE and frame.content.length >= 4:
        _note_window(context, frame)
    if region.end < region.reported_end:
        raise region.beyond(region.reported_end)


def _payload(frame: Frame) -> tuple[Region, int]:
    """What the frame carries, without padding, and how many bytes of padding follow it."""
    whole = frame.region.clipped(9, frame.length)
    if frame.type not in (DATA, HEADERS, PUSH_PROMISE, CONTINUATION) or not frame.flags & PADDED or not whole.length:
        return whole, 0
    padding = whole.u8(0)
    return whole.clipped(1, max(whole.reported_length - 1 - padding, 0)), padding


def _dissect_data(context: _Context, layer: Layer, frame: Frame) -> None:
    stream = context.state.stream(frame.stream)
    half, length = stream.halves[context.sender], frame.content.reported_length
    data, number = frame.content.rest(), context.view.frame.number
    frame.connection_window = context.state.sides[context.sender].sending_window.move(number, -length)
    frame.stream_window = half.window.move(number, -length)
    if frame.content.end < frame.content.reported_end or half.streams:
        return
    if not frame.flags & END_STREAM:
        half.add(number, data)
        return
    if half.frames:
        half.add(number, data)
        frame.fragments, frame.body = half.frames, bytes(half.body)
        for earlier, _ in half.frames:
            context.view.session.foresee("http2.body.reassembled.in", earlier, (frame.stream, number))
        half.frames, half.body = [], bytearray()
    _dissect_body(context.view, frame, half)


def _dissect_body(view: View, frame: Frame, half: Half) -> None:
    """A whole body, by its type."""
    body = frame.content if frame.body is None else Region(frame.body, 0, len(frame.body))
    coding = half.headers.get(b"content-encoding")
    if coding is not None and coding != b"identity" and body.length:
        unpacked = decode(body.rest(), coding)
        if unpacked is None:
            return
        frame.unpacked = unpacked
        body = Region(unpacked, 0, len(unpacked))
    if not body.length:
        return
    name = media_type(half.headers.get(b"content-type", b""))
    handler = view.lookup("media_type", name)
    if handler is not None:
        view.call(handler, body)


def _dissect_headers(context: _Context, frame: Frame) -> None:
    """Decode a header block, or the part of one in this frame."""
    skip = 0
    if frame.type == HEADERS and frame.flags & PRIORITY:
        skip = 5
    elif frame.type == PUSH_PROMISE:
        skip = 4
    block = frame.content.clipped(skip, frame.content.reported_length)
    frame.block = block
    try:
        frame.entries = context.state.sides[context.sender].decoder.decode(block.rest())
    except BrokenBlock:
        return
    if frame.type == PUSH_PROMISE:
        return
    stream = context.state.stream(frame.stream)
    headers = stream.halves[context.sender].headers
    headers.update({entry.name: entry.value for entry in frame.entries[:64]})
    _link(context, frame, stream, frame.entries)


def _link(context: _Context, frame: Frame, stream: StreamState, entries: list[Entry]) -> None:
    view = context.view
    if any(entry.name == b":method" for entry in entries):
        stream.requester = context.sender
        stream.request_frame, stream.request_time = view.frame.number, view.frame.time
        frame.is_request = True
    elif frame.type == HEADERS and stream.requester == 1 - context.sender:
        frame.request_frame = stream.request_frame
        if stream.request_time is not None and view.frame.time is not None:
            frame.time = view.frame.time - stream.request_time
        view.session.foresee("http2.response_in", stream.request_frame, view.frame.number)


def _note_settings(context: _Context, frame: Frame) -> None:
    for at in range(0, min(frame.content.length - 5, 6 * MAX_SETTINGS), 6):
        if frame.content.u16(at) == INITIAL_WINDOW_SIZE:
            context.state.set_initial_window(context.sender, frame.content.u32(at + 2))


def _note_window(context: _Context, frame: Frame) -> None:
    increment = frame.content.u32(0) & 0x7FFFFFFF
    number = context.view.frame.number
    if frame.stream == 0:
        frame.connection_window = context.state.sides[1 - context.sender].sending_window.move(number, increment)
    else:
        half = context.state.stream(frame.stream).halves[1 - context.sender]
        frame.stream_window = half.window.move(number, increment)


@HTTP2.filler
def fill_http2(layer: Layer) -> None:
    fill_frame(layer)


@HTTP2.column_writer
def write_http2(layer: Layer, columns: Columns) -> None:
    """The frames of a segment are one list."""
    if not any(before.protocol is HTTP2 for before in layer.view.layers[: layer.index]):
        columns.set("")
    columns.protocol = "HTTP2"
    columns.append(frame_info(layer), ", ")
