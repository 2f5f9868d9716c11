"""HTTP/1 (RFC 9110, 9112) over TCP: messages, tunnels, upgrades, as Wireshark 4.4 shows them.

A message belongs to the frame that completes it.  What is neither a request nor a response continues a body of a
conversation that has spoken HTTP before; in one that has not, it is left alone.
"""

from __future__ import annotations

import re

from dfilter.packets.columns import Columns
from dfilter.packets.declare import Evidence, Protocol
from dfilter.packets.protocols.http2_settings import PREFACE, SETTINGS_FIELDS
from dfilter.packets.protocols.http_body import Chunks, is_chunked, may_be_chunked, missing_chunks, read_chunks
from dfilter.packets.protocols.http_exchange import HttpState, Link, Progress, note, state_of, status_code
from dfilter.packets.protocols.http_fields import HTTP_FIELDS, Message, fill_message, head_line, message_info
from dfilter.packets.protocols.http_head import Head, Kind, classify, first_line_end, head_is_complete, parse_head, text
from dfilter.packets.protocols.http_media import dissect_body
from dfilter.packets.protocols.http_plain import PLAIN
from dfilter.packets.region import Malformed, Region
from dfilter.packets.streams.reassembly import ONE_MORE_SEGMENT, UNTIL_FIN, NeedMore
from dfilter.packets.view import Layer, View
from dfilter.slotted import frozen

MAX_HEAD = 1 << 17
"""Bytes of a head beyond which its end is not waited for any more: every new segment searches it again."""

SMALL_CHUNK = 1024
"""Of a chunk that lacks less, the next segment is likely to bring more than the rest."""

MAX_LENGTH = 0x7FFFFFFF
"""A Content-Length beyond this is not counted down: the message lasts until its sender closes."""

STREAMED_TYPES = frozenset({
    b"application/grpc", b"application/grpc+proto", b"application/grpc-web", b"application/grpc-web+proto",
    b"application/grpc-web-text", b"application/grpc-web-text+proto",
})  # fmt: skip
"""Types whose chunks Wireshark 4.4 dissects as they come, not when the message is complete; it compares the whole value
of the header, parameters and case included (observed)."""

HTTP = Protocol(
    "http",
    "HTTP",
    fields=HTTP_FIELDS,
    joins=("http.subdissector_failed",),
    second_look=("http", "http.file_data"),
    over={"tcp.port": (80, 1900, 2710, 2869, 3128, 3132, 3689, 5985, 8080, 8088, 11371), "sctp.port": (80,)},
    carries=("media_type", "media", "data", "json", "xml", "tcp.port", "tcp", "websocket", "http2"),
    shares=SETTINGS_FIELDS,
    evidence=Evidence(
        claims=re.compile(rb"/1\.[01][\r\n]"),
        starts={"tcp": (((0, 0xDF, 0x48), (1, 0xDF, 0x54), (2, 0xDF, 0x54), (3, 0xDF, 0x50), (4, 0xFF, 0x2F)),)},
        plain=PLAIN,
        alone=True,
    ),
)


def looks_like_http(view: View, region: Region) -> bool:
    """A whole first line that begins or ends with the version; the conversation is HTTP from then on."""
    line = first_line_end(region)
    if line is None or line[0] - region.start < 8:
        return False
    first = region.buf[region.start : region.start + 8]
    last = region.buf[line[0] - 8 : line[0]]
    if not any(word.upper() in (b"HTTP/1.0", b"HTTP/1.1") for word in (first, last)):
        return False
    if view.stream is not None:
        view.stream.conversation.protocol = HTTP
    return True


HTTP.heuristics["tcp"] = looks_like_http


@frozen
class _Context:
    """Where messages are being read: whose layers they make, and whether missing bytes can still come.

    Attributes:
        origin: absolute offset of the byte whose sequence number the stream tells.
    """

    view: View
    protocol: Protocol
    state: HttpState
    can_wait: bool
    finished: bool
    origin: int = 0


@HTTP.dissector
def dissect_http(view: View, region: Region) -> None:
    stream = view.stream
    if stream is None:
        dissect_messages(_Context(view, HTTP, HttpState(seen=True), False, True), region)
        return
    state = state_of(stream.conversation)
    if state.upgraded is not None:
        view.call(state.upgraded, region)
    elif state.tunnel is not None:
        _dissect_tunnel(view, region, state.tunnel)
    elif region.buf.startswith(PREFACE, region.start, region.end):
        state.upgraded = view.session.catalogue.protocols["http2"]
        view.call(state.upgraded, region)
    else:
        can_wait = region.end == region.reported_end
        dissect_messages(_Context(view, HTTP, state, can_wait, stream.finished, region.start), region)


def dissect_datagram(view: View, protocol: Protocol, region: Region, state: HttpState) -> None:
    """Messages over a transport that does not put them together (SSDP)."""
    dissect_messages(_Context(view, protocol, state, False, True), region)


def dissect_messages(context: _Context, region: Region) -> None:
    """All messages of a region, one after the other."""
    offset, state = 0, context.state
    while offset < region.length:
        used = _dissect_message(context, region.sub(offset), offset > 0)
        offset += used
        if state.upgraded is not None and offset < region.length:
            context.view.call(state.upgraded, region.sub(offset))
            return
        if used == 0:
            return
    if region.end < region.reported_end:
        raise region.beyond(region.reported_end)


def _dissect_message(context: _Context, region: Region, follows: bool) -> int:
    """One message at the start of `region`, and how many bytes it takes; 0 if nothing can come after it."""
    buf, start = region.buf, region.start
    skip = 2 if region.length > 2 and buf.startswith(b"\r\n", start, region.end) else 0
    line = first_line_end(region, skip)
    is_text, is_captured = _is_text(buf[start + skip]), region.end == region.reported_end
    if line is None and is_text and not is_captured and buf.endswith(b"\r", start, region.end):
        raise region.beyond(region.reported_end)
    if line is None and context.can_wait and is_text and region.length < MAX_HEAD:
        if classify(buf, start + skip, region.end) is not Kind.OTHER:
            context.view.tell(text(buf[start + skip : region.end]))
        raise NeedMore(start, ONE_MORE_SEGMENT)
    kind = classify(buf, start + skip, region.end if line is None else line[0])
    if kind is Kind.OTHER:
        if context.view.stream is not None and context.view.stream.sender in context.state.streaming:
            return _dissect_stream(context, region)
        _dissect_continuation(context, region, skip, follows)
        if is_text and not is_captured:
            raise region.beyond(region.reported_end)
        return 0
    if context.can_wait and kind is not Kind.HEADERS:
        _wait_for_head(context, region, skip, line)
    head = parse_head(region, skip, kind)
    try:
        length, chunks = _body_length(context, region, head)
    except NeedMore:
        no_length = head.content_length is None or is_chunked(head.last(b"transfer-encoding"))
        context.view.tell(head_line(head), again=no_length)
        raise
    link = note(context.view, context.state, head)
    if kind is not Kind.HEADERS:
        _recognised(context.view, context.state)
    layer = context.view.push(context.protocol, region.sub(skip))
    body = region.clipped(head.end - start, 0 if head.unfinished else length)
    layer.state = message = Message(head, link, body, chunks)
    if skip:
        message.leading_crlf = True
        context.view.damaged(Malformed("an empty line before the message"))
    if head.cut or head.unfinished:
        raise region.beyond(region.reported_end + (region.end == region.reported_end))
    _dissect_content(context, layer, message)
    _change_protocol(context.view, context.state, head, link)
    return head.end - start + length


def _progress(context: _Context, region: Region) -> Progress:
    """How far the message at the start of `region` was read before."""
    stream = context.view.stream
    if stream is None:
        return Progress()
    return context.state.progress_of(stream.sender, stream.seq + region.start - context.origin)


def _wait_for_head(context: _Context, region: Region, skip: int, line: tuple[int, int] | None) -> None:
    progress = _progress(context, region)
    if region.length >= MAX_HEAD or progress.chunks or head_is_complete(region, skip, progress.head):
        return
    progress.head = region.length
    if line is not None:
        context.view.tell(text(region.buf[region.start + skip : line[0]]) + " ")
    raise NeedMore(region.start, ONE_MORE_SEGMENT)


def _wait_for_chunks(context: _Context, region: Region, head: Head) -> None:
    progress = _progress(context, region)
    start = max(head.end, region.start + progress.chunks)
    missing, resume = missing_chunks(region.buf, start, region.end)
    if missing:
        progress.chunks = resume - region.start
        raise NeedMore(region.start, missing if missing > SMALL_CHUNK else ONE_MORE_SEGMENT)


def _streams(context: _Context, head: Head) -> bool:
    """Is the body of a kind whose chunks Wireshark 4.4 dissects as they come?"""
    return context.view.stream is not None and (head.last(b"content-type") or b"").strip() in STREAMED_TYPES


def _stream_chunks(context: _Context, region: Region, at: int) -> Chunks:
    """The chunks from `at` on, the last of them complete unless no more can come; remembers if more will come."""
    chunks = read_chunks(region.buf, region.start + at, region.end, streamed=True)
    if chunks.missing and context.can_wait and not context.finished:
        raise NeedMore(region.start, chunks.missing if chunks.missing > 1 else ONE_MORE_SEGMENT)
    stream = context.view.stream
    if stream is not None:
        (context.state.streaming.discard if chunks.is_last else context.state.streaming.add)(stream.sender)
    return chunks


def _dissect_stream(context: _Context, region: Region) -> int:
    """The chunks that a message goes on with: a layer of their own."""
    chunks = _stream_chunks(context, region, 0)
    body = region.clipped(0, chunks.end - region.start)
    layer = context.view.push(context.protocol, body)
    layer.state = Message(Head(Kind.OTHER, region.buf, region.start, region.start, region.start), Link(0), body, chunks)
    return chunks.end - region.start


def _is_text(byte: int) -> bool:
    """Can a start line begin with this byte?"""
    return 0x20 <= byte < 0x7F


def _dissect_continuation(context: _Context, region: Region, skip: int, follows: bool) -> None:
    if not context.state.seen and not _will_be_seen(context.view):
        context.state.skipped = True
        return
    layer = context.view.push(context.protocol, region.sub(skip))
    head = Head(Kind.OTHER, region.buf, region.start, region.start, region.start)
    layer.state = Message(head, Link(0), region, None, excess=follows)
    context.view.call_data(region)


def _will_be_seen(view: View) -> bool:
    """Did a first pass find HTTP in this conversation?  Then what comes before it continues a body too."""
    stream = view.stream
    return stream is not None and bool(view.session.foresight_for("http", stream.conversation.index))


def _recognised(view: View, state: HttpState) -> None:
    """Remember that the conversation speaks HTTP, for a second pass too where something came before."""
    if not state.seen and state.skipped and view.stream is not None:
        view.session.foreseen.setdefault("http", {})[view.stream.conversation.index] = [True]
    state.seen = True


def _body_length(context: _Context, region: Region, head: Head) -> tuple[int, Chunks | None]:
    """How many bytes the body takes, and its chunks; raises `NeedMore` while it can still grow."""
    at = head.end - region.start
    rest = region.reported_length - at
    waits = context.can_wait and not context.finished and head.kind is not Kind.HEADERS
    if head.kind is Kind.RESPONSE and _has_no_body(context, head):
        return 0, None
    encoding = head.last(b"transfer-encoding")
    if may_be_chunked(encoding) or is_chunked(encoding):
        if waits and not may_be_chunked(encoding):
            raise NeedMore(region.start, UNTIL_FIN)
        if waits and _streams(context, head):
            chunks = _stream_chunks(context, region, at)
            return chunks.end - head.end, chunks
        if waits:
            _wait_for_chunks(context, region, head)
        chunks = read_chunks(region.buf, head.end, region.end)
        return (chunks.end - head.end if not chunks.missing else rest), chunks if is_chunked(encoding) else None
    length = head.content_length
    if length is not None:
        if length > rest and waits:
            raise NeedMore(region.start, length - rest if length <= MAX_LENGTH else UNTIL_FIN)
        return min(length, rest), None
    if head.kind not in (Kind.RESPONSE, Kind.HEADERS):
        return 0, None
    if waits:
        raise NeedMore(region.start, UNTIL_FIN)
    return rest, None


def _has_no_body(context: _Context, head: Head) -> bool:
    """RFC 9112 section 6.3: responses to HEAD and CONNECT, 1xx, 204 and 304."""
    code = status_code(head)
    if code is not None and (100 <= code < 200 or code in (204, 304)):
        return True
    exchange = context.state.current
    if exchange is None or exchange.answered:
        return False
    return exchange.method == b"HEAD" or (exchange.method == b"CONNECT" and code is not None and code // 100 == 2)


def _dissect_content(context: _Context, layer: Layer, message: Message) -> None:
    body = message.raw
    if message.chunks is not None and message.chunks.missing:
        raise body.beyond(body.end + message.chunks.missing)
    if body.length > 0:
        dissect_body(context.view, layer, message)


def _change_protocol(view: View, state: HttpState, head: Head, link: Link) -> None:
    """What a response turns the conversation into: a tunnel (CONNECT), or what both agreed to upgrade to; the
    latter it says itself, should the request be missing."""
    if head.kind is not Kind.RESPONSE:
        return
    code = status_code(head)
    if link.exchange is not None and link.exchange.method == b"CONNECT" and code is not None and code // 100 == 2:
        host, _, port = link.exchange.uri.rpartition(":")
        if port.isascii() and port.isdigit() and len(port) <= 5:
            state.tunnel = (host, int(port) & 0xFFFF)
    upgrade = head.last(b"upgrade")
    if code == 101 and upgrade is not None:
        name = {b"websocket": "websocket", b"h2c": "http2", b"h2": "http2"}.get(upgrade.strip().lower(), "data")
        state.upgraded = view.session.catalogue.protocols[name]
        state.extensions = (head.last(b"sec-websocket-extensions") or b"").lower()


def _dissect_tunnel(view: View, region: Region, tunnel: tuple[str, int]) -> None:
    """What passes through a proxy, by the port that it was opened to."""
    layer = view.push(HTTP, region)
    head = Head(Kind.OTHER, region.buf, region.start, region.start, region.start)
    layer.state = Message(head, Link(0), region.clipped(0, 0), None, tunnel=tunnel)
    inner = view.lookup("tcp.port", tunnel[1])
    if inner is None or inner is HTTP or view.call(inner, region) is False:
        view.call_data(region)


@HTTP.filler
def fill_http(layer: Layer) -> None:
    fill_message(layer)


@HTTP.column_writer
def write_http(layer: Layer, columns: Columns) -> None:
    """The start line; what an earlier message of the frame said stays before it."""
    if any(other.protocol is HTTP for other in layer.view.layers[: layer.index]):
        columns.fence()
    columns.protocol = "HTTP"
    columns.set(message_info(layer))
