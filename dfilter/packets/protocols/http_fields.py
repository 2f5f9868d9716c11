"""The fields of an HTTP message, from its parsed head and body.

In: a layer whose state is a `Message`.  Out: its computed fields, added on first touch, and its decoded body.
"""

from __future__ import annotations

import base64
import binascii
import re

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import computed, computed_table
from dfilter.packets.protocols.http2_settings import add_settings
from dfilter.packets.protocols.http_body import Chunks, decode, transfer_codings
from dfilter.packets.protocols.http_exchange import Link, status_code
from dfilter.packets.protocols.http_head import Head, HeaderLine, Kind, has_odd_name, parse_length, text
from dfilter.packets.protocols.http_status import describe
from dfilter.packets.region import Region
from dfilter.packets.view import Layer
from dfilter.slotted import slotted

_HEADERS = """
    accept accept_encoding accept_language authorization cache_control connection content_encoding content_range
    content_type cookie date host http2_settings last_modified location proxy_authenticate proxy_authorization range
    referer sec_websocket_accept sec_websocket_extensions sec_websocket_key sec_websocket_protocol
    sec_websocket_version server set_cookie transfer_encoding upgrade user_agent www_authenticate x_forwarded_for
"""
_FIELD_OF = {name.replace("_", "-").encode(): f"http.{name}" for name in _HEADERS.split()}
"""Header name -> the field of its own that holds its value."""

HTTP_FIELDS = (
    *computed_table("\n".join(f"{name} STRING" for name in _FIELD_OF.values())),
    *computed_table("""
        http.request                     BOOLEAN
        http.request.method              STRING
        http.request.uri                 STRING
        http.request.uri.path            STRING
        http.request.uri.path.segment    STRING
        http.request.uri.query           STRING
        http.request.uri.query.parameter STRING
        http.request.version             STRING
        http.request.line                STRING
        http.response                    BOOLEAN
        http.response.version            STRING
        http.response.code               UINT24
        http.response.code.desc          STRING
        http.response.phrase             STRING
        http.response.line               STRING
        http.notification                BOOLEAN
        http.unknown_header              STRING
        http.bad_header_name             NONE
        http.content_length_header       STRING
        http.content_length              UINT64
        http.cookie_pair                 STRING
        http.authbasic                   STRING
        http.chunk_size                  UINT32
        http.chunk_data                  BYTES
        http.chunk_boundary              BYTES
        http.chunked_trailer_part        STRING
        http.file_data                   BYTES
        http.decompression_failed        NONE
        http.subdissector_failed         NONE
        http.te_unknown                  NONE
        http.te_and_length               NONE
        http.excess_data                 NONE
        http.leading_crlf                NONE
        http.proxy_connect_host          STRING
        http.proxy_connect_port          UINT16
    """),
    *computed_table("""
        http.request.full_uri            STRING
        http.request_in                  FRAMENUM
        http.time                        RELATIVE_TIME
    """, stateful=True),
    computed("http.response_in", T.FRAMENUM, look_ahead=True),
)  # fmt: skip

_PARAMETER = re.compile(rb".[^&;+,]*", re.S)
_SEGMENT_END = re.compile(rb"[;,]")
_COOKIE = re.compile(rb"[^; ][^;]*")


@slotted
class Message:
    """One message (or what follows one) of a frame.

    Attributes:
        raw: the body as sent.
        chunks: the chunks of a chunked body.
        excess: bytes after a complete message of the same region.
        leading_crlf: an empty line came before it.
        failed: its media type's protocol refused the body.
        tunnel: host and port that the bytes are tunnelled to.
    """

    head: Head
    link: Link
    raw: Region
    chunks: Chunks | None
    excess: bool = False
    leading_crlf: bool = False
    failed: bool = False
    tunnel: tuple[str, int] | None = None
    _plain: Region | None = None
    _decoded: bool = False

    def unchunked(self) -> Region:
        if self.chunks is None:
            return self.raw
        data = self.chunks.join(self.raw.buf)
        return Region(data, 0, len(data))

    def body(self) -> Region | None:
        """The body without transfer and content codings; None where it cannot be decoded."""
        if not self._decoded:
            self._decoded = True
            self._plain = self._decode()
        return self._plain

    def _decode(self) -> Region | None:
        body = self.unchunked()
        for coding in self._codings():
            data = decode(body.rest(), coding)
            if data is None:
                return None
            body = Region(data, 0, len(data))
        return body

    def _codings(self) -> list[bytes]:
        """What the body was packed with, to be undone in this order."""
        found = []
        transfer = self.head.last(b"transfer-encoding")
        if transfer is not None:
            found += [coding for coding in transfer_codings(transfer) if coding in (b"gzip", b"deflate")]
        content = self.head.last(b"content-encoding")
        if content is not None and content.strip().lower() not in (b"", b"identity"):
            found.append(content)
        return found if self.raw.reported_length else []


def fill_message(layer: Layer) -> None:
    """Add every field of the layer's message."""
    message: Message = layer.state
    head = message.head
    if message.tunnel is not None:
        layer.add("http.proxy_connect_host", message.tunnel[0], layer.start)
        layer.add("http.proxy_connect_port", message.tunnel[1], layer.start)
        return
    if message.leading_crlf:
        layer.add("http.leading_crlf", None, layer.start)
    if message.excess:
        layer.add("http.excess_data", None, layer.start)
    if head.kind is Kind.RESPONSE:
        _add_status_line(layer, head)
    elif head.kind in (Kind.REQUEST, Kind.NOTIFICATION):
        _add_request_line(layer, head)
    for line in head.headers:
        _add_header(layer, head, line)
    if head.cut:
        return
    _add_links(layer, message)
    if message.raw.reported_length > 0:
        _add_body(layer, message)


def _add_text(layer: Layer, name: str, start: int, end: int) -> None:
    layer.add(name, text(layer.buf[start:end]), start, end - start)


def _add_request_line(layer: Layer, head: Head) -> None:
    method, uri, version = head.words()
    _add_text(layer, "http.request.method", *method)
    _add_text(layer, "http.request.uri", *uri)
    _add_text(layer, "http.request.version", *version)
    question = head.buf.find(b"?", *uri)
    path_end = uri[1] if question < 0 else question
    if question >= 0 or _SEGMENT_END.search(head.buf, uri[0], path_end):
        _add_path(layer, head.buf, uri[0], path_end)
    if question >= 0:
        _add_text(layer, "http.request.uri.query", question + 1, uri[1])
        add_parameters(layer, head.buf, question + 1, uri[1])


def _add_path(layer: Layer, buf: bytes, start: int, end: int) -> None:
    _add_text(layer, "http.request.uri.path", start, end)
    parts = _SEGMENT_END.split(buf[start:end])
    if len(parts) == 1:
        return
    for part in parts:
        _add_text(layer, "http.request.uri.path.segment", start, start + len(part))
        start += len(part) + 1


def add_parameters(layer: Layer, buf: bytes, at: int, end: int, start: int = 0) -> None:
    """The parts between & ; + and commas; each holds at least one character, whatever that is."""
    while at < end:
        found = _PARAMETER.match(buf, at, end)
        assert found is not None
        length = found.end() - found.start()
        layer.add("http.request.uri.query.parameter", text(found[0]), start or at, length)
        at = found.end() + 1


def _add_status_line(layer: Layer, head: Head) -> None:
    version, code, phrase = head.words()
    _add_text(layer, "http.response.version", *version)
    number = status_code(head)
    if number is None:
        return
    layer.add("http.response.code", number, code[0], 3)
    layer.add("http.response.code.desc", describe(number), code[0], 3)
    if phrase[1] > phrase[0]:
        _add_text(layer, "http.response.phrase", *phrase)


def _add_header(layer: Layer, head: Head, line: HeaderLine) -> None:
    buf, length = layer.buf, line.end - line.start
    name = _FIELD_OF.get(line.name)
    value = buf[line.value_start : line.value_end]
    if name is not None:
        layer.add(name, text(value), line.start, length)
    elif line.name == b"content-length":
        layer.add("http.content_length_header", text(value), line.start, length)
        number = parse_length(value)
        if number is not None:
            layer.add("http.content_length", number, line.start, length)
    elif head.kind not in (Kind.REQUEST, Kind.RESPONSE):
        layer.add("http.unknown_header", escaped(text(buf[line.start : line.end])), line.start, length)
    if head.kind in (Kind.REQUEST, Kind.RESPONSE):
        layer.add(f"http.{head.kind.value}.line", text(buf[line.start : line.end]), line.start, length)
    _add_header_parts(layer, line, value)


def _add_header_parts(layer: Layer, line: HeaderLine, value: bytes) -> None:
    if has_odd_name(line):
        layer.add("http.bad_header_name", None, line.start)
    if line.name == b"cookie":
        for found in _COOKIE.finditer(value):
            start = line.value_start + found.start()
            layer.add("http.cookie_pair", text(found[0]), start, len(found[0]))
    elif line.name in (b"authorization", b"proxy-authorization") and value.startswith(b"Basic "):
        layer.add("http.authbasic", text(_from_base64(value[6:])), line.start)
    elif line.name == b"http2-settings":
        add_settings(layer, _from_base64(value.replace(b"-", b"+").replace(b"_", b"/")), line.start)
    elif line.name == b"transfer-encoding":
        _add_transfer_coding(layer, line, value)


def _add_transfer_coding(layer: Layer, line: HeaderLine, value: bytes) -> None:
    head: Head = layer.state.head
    if not all(coding in _TRANSFER_CODINGS for coding in transfer_codings(value)):
        layer.add("http.te_unknown", None, line.start)
    if any(other.name == b"content-length" for other in head.headers):
        layer.add("http.te_and_length", None, line.end)


_TRANSFER_CODINGS = frozenset((b"chunked", b"gzip", b"x-gzip", b"deflate", b"compress", b"x-compress", b"identity"))


def _from_base64(value: bytes) -> bytes:
    """What is between the first characters that are base64 and the first that are not."""
    letters = re.match(rb"[A-Za-z0-9+/]*", value.strip())
    digits = letters[0] if letters else b""
    if len(digits) % 4 == 1:
        digits = digits[:-1]
    try:
        return base64.b64decode(digits + b"=" * (-len(digits) % 4))
    except binascii.Error:
        return b""


def escaped(shown: str) -> str:
    """Text with its control characters written as C escapes."""
    for char, escape in (("\\", "\\\\"), ("\r", "\\r"), ("\n", "\\n"), ("\t", "\\t")):
        shown = shown.replace(char, escape)
    return "".join(char if char >= " " else f"\\{ord(char):03o}" for char in shown)


def _add_links(layer: Layer, message: Message) -> None:
    kind, exchange = message.head.kind, message.link.exchange
    if kind in (Kind.OTHER, Kind.HEADERS):
        return
    layer.add(f"http.{kind.value}", True, layer.start)
    if exchange is None or kind is Kind.NOTIFICATION:
        return
    session, start = layer.view.session, layer.start
    if kind is Kind.REQUEST:
        for frame in session.foresight_for("http.response_in", exchange.frame)[-1:]:
            layer.add("http.response_in", frame, start)
    else:
        layer.add("http.request_in", exchange.frame, start)
        if exchange.time is not None and layer.view.frame.time is not None:
            layer.add("http.time", layer.view.frame.time - exchange.time, start)
        layer.add("http.request.uri", exchange.uri, start)
    if exchange.full_uri is not None and (kind is Kind.REQUEST or message.link.full_uri):
        layer.add("http.request.full_uri", exchange.full_uri, start)


def _add_body(layer: Layer, message: Message) -> None:
    if message.chunks is not None:
        if message.chunks.missing:
            return
        _add_chunks(layer, message.chunks)
    body = message.body()
    if body is None:
        layer.add("http.decompression_failed", None, message.raw.start)
        return
    value = body.rest()
    same = body.buf is layer.buf
    layer.add("http.file_data", value, body.start if same else layer.start, len(value))
    if message.failed:
        layer.add("http.subdissector_failed", None, layer.start)


def _add_chunks(layer: Layer, chunks: Chunks) -> None:
    buf = layer.buf
    for chunk in chunks.chunks:
        layer.add("http.chunk_size", chunk.size, chunk.start, chunk.data - chunk.start)
        stop = chunk.data + chunk.size
        if chunk.size and stop + 2 <= chunk.end:
            layer.add("http.chunk_data", buf[chunk.data : stop], chunk.data, chunk.size)
            layer.add("http.chunk_boundary", buf[stop : stop + 2], stop, 2)
    if chunks.trailer is not None:
        _add_text(layer, "http.chunked_trailer_part", *chunks.trailer)


def message_info(layer: Layer) -> str:
    """The start line, as a packet list shows it."""
    message: Message = layer.state
    head = message.head
    if head.kind is Kind.OTHER and message.chunks is not None:
        return "Chunk Stream " + " [Last Chunk]" * message.chunks.is_last
    if head.kind is Kind.OTHER:
        return "Continuation"
    return head_line(head)


def head_line(head: Head) -> str:
    """The start line with a blank where it ends."""
    line = text(head.buf[head.start : head.line_end])
    return line + " " if head.buf[head.line_end : head.line_end + 1] in (b"\r", b"\n") else line
