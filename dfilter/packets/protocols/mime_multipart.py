"""Multipart bodies (RFC 2046 section 5.1): their parts, the headers of these, and what they hold.

In: a body, and the boundary that its content type names; where the caller knows none, the first line that begins
like one.  Out: its layer, and the layers of its parts.  What always holds: as in Wireshark 4.4 parts are not decoded;
their number is bounded, and their nesting by the view's depth.
"""

from __future__ import annotations

import re

from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.protocols.multipart_envelope import envelope
from dfilter.packets.protocols.text_lines import decode
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View
from dfilter.slotted import frozen

_HEADERS = (
    "content-description", "content-disposition", "content-encoding", "content-id", "content-language",
    "content-length", "content-transfer-encoding", "content-type",
)  # fmt: skip

MIME_MULTIPART = Protocol(
    "mime_multipart",
    "MIME Multipart",
    fields=computed_table(
        """
        mime_multipart.type            STRING
        mime_multipart.preamble        BYTES
        mime_multipart.first_boundary  STRING
        mime_multipart.part            STRING
        mime_multipart.boundary        STRING
        mime_multipart.last_boundary   STRING
        mime_multipart.trailer         BYTES
    """
        + "".join(f"\nmime_multipart.header.{name} STRING" for name in _HEADERS)
    ),
    over={"media_type": ("multipart/",)},
    carries=("media", "media_type", "data"),
)

MAX_PARTS = 4096
"""Parts of one body that are taken apart."""

_BOUNDARY = re.compile(rb'boundary\s*=\s*(?:"([^"\r\n]{1,200})"|([^\s;"]{1,200}))', re.I)
_FIRST_LINE = re.compile(rb"(?:\A|\r\n)--([^\r\n]{1,200})\r\n")
_SPACE = re.compile(rb"\s+")
_LINE_END = re.compile(rb"\r\n(?![ \t])")

Span = tuple[int, int]


@frozen
class HeaderField:
    name: str
    value: bytes
    span: Span


@frozen
class Part:
    """One part: its header fields, and where its content lies."""

    span: Span
    headers: tuple[HeaderField, ...]
    body: Span


@frozen
class Content:
    media_type: str
    delimiters: tuple[Span, ...]
    closed: bool
    parts: tuple[Part, ...]


@MIME_MULTIPART.dissector
def dissect_mime_multipart(view: View, region: Region) -> None:
    content_type = envelope(view.session).take()
    layer = view.push(MIME_MULTIPART, region)
    delimiters, closed = find_delimiters(region, content_type)
    parts = tuple(_read_part(region.buf, end, _following(delimiters, index, region.end))
                  for index, (_, end) in enumerate(delimiters[: len(delimiters) - closed]))  # fmt: skip
    name = decode(content_type.partition(b";")[0].strip())
    layer.state = Content(name, delimiters, closed, parts)
    for part in parts:
        _dissect_part(view, region, part)


def _following(delimiters: tuple[Span, ...], index: int, stop: int) -> int:
    return delimiters[index + 1][0] if index + 1 < len(delimiters) else stop


def find_delimiters(region: Region, content_type: bytes) -> tuple[tuple[Span, ...], bool]:
    """Where the delimiter lines lie, with the line end before them, and whether the last one closes the body."""
    buf, start, stop = region.buf, region.start, region.end
    named = _BOUNDARY.search(content_type)
    if named is not None:
        boundary = named[1] or named[2]
    else:
        guessed = _FIRST_LINE.search(buf[start:stop])
        if guessed is None:
            return (), False
        boundary = guessed[1].rstrip()
    pattern = re.compile(rb"--" + re.escape(boundary) + rb"(--)?[ \t]*(?:\r\n|\Z)")
    found: list[Span] = []
    at = start
    while len(found) <= MAX_PARTS:
        match = pattern.match(buf, at, stop)
        begin = at - 2 if found and at > start else at
        if match is not None:
            found.append((begin, match.end()))
            if match[1]:
                return tuple(found), True
            at = match.end() - 2  # its line end can begin the next delimiter
        at = buf.find(b"\r\n--", max(at, start), stop) + 2
        if at < 2:
            break
    return tuple(found), False


def _read_part(buf: bytes, start: int, stop: int) -> Part:
    stop = max(start, stop)
    at, headers = start, list[HeaderField]()
    while at < stop:
        if buf.startswith(b"\r\n", at, stop):
            return Part((start, stop), tuple(headers), (at + 2 if headers else at, stop))
        line_end = _LINE_END.search(buf, at, stop)
        end, following = (line_end.start(), line_end.end()) if line_end else (stop, stop)
        name, colon, value = buf[at:end].partition(b":")
        if not colon:
            break
        text = re.sub(rb"\s*;\s*", b";", _SPACE.sub(b" ", value).strip())
        headers.append(HeaderField(name.strip().lower().decode("ascii", "replace"), text, (at, following)))
        at = following
    return Part((start, stop), tuple(headers), (at if headers else start, stop))


def _dissect_part(view: View, region: Region, part: Part) -> None:
    """Give a part to the protocol of its type, `media` where there is none or it declines; `data` without a type."""
    body = Region(region.buf, *part.body)
    value = next((field.value for field in part.headers if field.name == "content-type"), b"")
    name = value.partition(b";")[0].strip().lower().decode("ascii", "replace")
    protocol = view.lookup("media_type", name) if name else None
    if protocol is None and name.startswith("multipart/"):
        protocol = view.lookup("media_type", "multipart/")
        envelope(view.session).value = value
    if not body.length:
        return
    if protocol is not None and view.ask(protocol, body) is not False:
        return
    if name in ("", "application/octet-stream"):
        view.call_data(body)
    else:
        view.call(view.session.catalogue.protocols["media"], body)


@MIME_MULTIPART.filler
def fill_mime_multipart(layer: Layer) -> None:
    content: Content = layer.state
    if content.media_type:
        layer.add("mime_multipart.type", content.media_type, layer.start)
    for index, (start, end) in enumerate(content.delimiters):
        kind = "last_boundary" if content.closed and index + 1 == len(content.delimiters) else "boundary"
        if index == 0 and kind == "boundary":
            kind = "first_boundary"
            _add_bytes(layer, "preamble", layer.start, start)
        layer.add(f"mime_multipart.{kind}", decode(layer.buf[start:end]), start, end - start)
        if index < len(content.parts):
            _fill_part(layer, content.parts[index])
        if kind == "last_boundary":
            _add_bytes(layer, "trailer", end, layer.end)


def _add_bytes(layer: Layer, name: str, start: int, end: int) -> None:
    if end > start:
        layer.add(f"mime_multipart.{name}", layer.buf[start:end], start, end - start)


def _fill_part(layer: Layer, part: Part) -> None:
    layer.add("mime_multipart.part", "", part.span[0], part.span[1] - part.span[0])
    for field in part.headers:
        if field.name in _HEADERS:
            start, end = field.span
            layer.add(f"mime_multipart.header.{field.name}", decode(field.value), start, end - start)
