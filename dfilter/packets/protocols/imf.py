"""Internet Message Format (RFC 5322): the header of a mail, its addresses, and what its body holds.

In: one whole message.  Out: its layer, and those of its body where a content type with parameters names a protocol.
What always holds: as in Wireshark 4.4 only CR LF ends a header line; lists are cut at every comma.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from dfilter.packets.columns import Columns
from dfilter.packets.declare import Protocol
from dfilter.packets.protocols.imf_fields import HEADERS, IMF_FIELDS, Syntax
from dfilter.packets.protocols.multipart_envelope import envelope
from dfilter.packets.protocols.text_lines import decode
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View
from dfilter.slotted import frozen

IMF = Protocol(
    "imf",
    "IMF",
    fields=IMF_FIELDS,
    over={"media_type": ("message/rfc822",)},
    carries=("media_type",),
)

MAX_HEADERS = 4096
"""Header fields of one message beyond which the rest is left alone."""

_LINE_END = re.compile(rb"\r\n(?![ \t])")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")


@frozen
class HeaderField:
    """One header field; absolute offsets.

    Attributes:
        name_end: of the colon.
        start, end: of the value, without leading spaces and line end.
        list_end: where lists in the value end: Wireshark 4.4 counts the line end in.
    """

    name_start: int
    name_end: int
    start: int
    end: int
    list_end: int


@frozen
class Header:
    """The header of a message, and where its body begins."""

    fields: tuple[HeaderField, ...]
    body: int

    def last(self, buf: bytes, name: bytes) -> HeaderField | None:
        found = [f for f in self.fields if buf[f.name_start : f.name_end].strip().lower() == name]
        return found[-1] if found else None


def parse_header(buf: bytes, start: int, stop: int) -> Header:
    """The header fields of `buf[start:stop]` (RFC 5322 section 2.2)."""
    found: list[HeaderField] = []
    at = start
    while at < stop and len(found) < MAX_HEADERS:
        if buf.startswith(b"\r\n", at, stop):
            return Header(tuple(found), at + 2 if found else start)
        colon = buf.find(b":", at, stop)
        if colon < 0:
            break
        value = colon + 1
        while value < stop and buf[value] == 0x20:
            value += 1
        line_end = _LINE_END.search(buf, colon + 1, stop)
        if line_end is None or line_end.end() == stop:
            found.append(HeaderField(at, colon, value, stop, max(stop - 2, value)))
            return Header(tuple(found), stop)
        end = max(line_end.start(), value)
        found.append(HeaderField(at, colon, value, end, line_end.end()))
        at = line_end.end()
    return Header(tuple(found), at if found else start)


@IMF.dissector
def dissect_imf(view: View, region: Region) -> None:
    layer = view.push(IMF, region)
    layer.state = header = parse_header(region.buf, region.start, region.end)
    content_type = header.last(region.buf, b"content-type")
    if content_type is None or header.body >= region.end:
        return
    name, semicolon, _ = region.buf[content_type.start : content_type.end].partition(b";")
    if semicolon:
        if name.lower().startswith(b"multipart/"):
            envelope(view.session).value = region.buf[content_type.start : content_type.end]
        _dissect_body(view, region, header, name.decode("ascii", "replace").lower())


def _dissect_body(view: View, region: Region, header: Header, name: str) -> None:
    """Give the body to the protocol of its type, if there is one."""
    protocol = view.lookup("media_type", name)
    if protocol is None and name.startswith("multipart/"):
        protocol = view.lookup("media_type", "multipart/")
    body = region.sub(header.body - region.start)
    encoding = header.last(region.buf, b"content-transfer-encoding")
    if encoding is not None and region.buf[encoding.start : encoding.end].strip().lower() == b"base64":
        data = decode_base64(body.rest())
        body = Region(data, 0, len(data))
    if protocol is not None and body.length:
        view.call(protocol, body)


def decode_base64(text: bytes) -> bytes:
    """What base64 text stands for (RFC 2045 section 6.8), whatever else is between its characters."""
    packed = _NOT_BASE64.sub(b"", text)
    packed = packed[: len(packed) - 1] if len(packed) % 4 == 1 else packed
    try:
        return base64.b64decode(packed + b"=" * (-len(packed) % 4))
    except binascii.Error:
        return b""


@IMF.filler
def fill_imf(layer: Layer) -> None:
    header: Header = layer.state
    buf = layer.buf
    parameters = False
    for field in header.fields:
        known = HEADERS.get(buf[field.name_start : field.name_end].lower())
        if known is None and buf[field.name_start : field.name_end].lower() == b"sio-label":
            layer.add("imf.siolabel", None, field.start, field.end - field.start)
            continue
        if known is None:
            _add_extension(layer, field)
            continue
        name, syntax = known
        _add_text(layer, name, field.start, field.end)
        match syntax:
            case Syntax.MAILBOX:
                _add_mailbox(layer, field.start, field.list_end)
            case Syntax.MAILBOXES:
                _add_mailboxes(layer, field.start, field.list_end)
            case Syntax.ADDRESSES:
                _add_addresses(layer, field.start, field.list_end)
            case Syntax.CONTENT_TYPE:
                parameters = _add_content_type(layer, field) or parameters
            case Syntax.TEXT:
                pass
    if not parameters:
        layer.add("imf.message_text", None, header.body, layer.end - header.body)


def _add_text(layer: Layer, name: str, start: int, end: int) -> None:
    layer.add(name, decode(layer.buf[start:end]), start, end - start)


def _add_extension(layer: Layer, field: HeaderField) -> None:
    _add_text(layer, "imf.extension", field.name_start, field.end)
    _add_text(layer, "imf.extension.type", field.name_start, field.name_end)
    _add_text(layer, "imf.extension.value", field.start, field.end)


def _add_content_type(layer: Layer, field: HeaderField) -> bool:
    at = layer.buf.find(b";", field.start, field.end)
    if at < 0:
        return False
    _add_text(layer, "imf.content.type.type", field.start, at)
    _add_text(layer, "imf.content.type.parameters", at + 1, field.end)
    return True


def _items(buf: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The parts between commas."""
    while start < end:
        comma = buf.find(b",", start, end)
        if comma < 0:
            comma = end
        yield start, comma
        start = comma + 1


def _add_mailbox(layer: Layer, start: int, end: int) -> None:
    """A display name and an address in angle brackets, or an address alone (RFC 5322 section 3.4)."""
    opening = layer.buf.find(b"<", start, end)
    if opening < 0:
        _add_text(layer, "imf.address", start, end)
        return
    name = layer.buf[start:opening]
    if name.strip():
        begin = start + len(name) - len(name.lstrip())
        _add_text(layer, "imf.display_name", begin, begin + len(name.strip()))
    closing = layer.buf.find(b">", opening, end)
    _add_text(layer, "imf.address", opening + 1, end if closing < 0 else closing)


def _add_mailboxes(layer: Layer, start: int, end: int) -> None:
    for item_start, item_end in _items(layer.buf, start, end):
        _add_text(layer, "imf.mailbox_list.item", item_start, item_end)
        _add_mailbox(layer, item_start, item_end)


def _add_addresses(layer: Layer, start: int, end: int) -> None:
    """Mailboxes and groups; the name of a group loses its last character, as in Wireshark 4.4."""
    buf = layer.buf
    for item_start, item_end in _items(buf, start, end):
        _add_text(layer, "imf.address_list.item", item_start, item_end)
        colon = buf.find(b":", item_start, item_end)
        if colon < 0:
            _add_mailbox(layer, item_start, item_end)
            continue
        _add_text(layer, "imf.display_name", item_start, max(colon - 1, item_start))
        semicolon = buf.find(b";", colon, item_end)
        group_end = item_end if semicolon < 0 else semicolon
        if buf[colon + 1 : group_end].strip():
            _add_mailboxes(layer, colon + 1, group_end)


@IMF.column_writer
def write_imf(layer: Layer, columns: Columns) -> None:
    """Who writes about what; behind it the lines of a body that no other protocol takes."""
    columns.protocol += "/IMF" if columns.protocol else "IMF"
    header: Header = layer.state
    parts = [f"{name}: {value}, " for name in ("from", "subject")
             for value in layer.computed(f"imf.{name}")[:1]]  # fmt: skip
    columns.set("".join(parts))
    if any(after.protocol.name in _TAKERS for after in layer.view.layers[layer.index + 1 :]):
        return
    for line in layer.buf[header.body : min(layer.region.end, header.body + MAX_SHOWN)].split(b"\r\n")[:-1]:
        columns.append(f"{line.decode('utf-8', 'replace')}  ", ", ")


_TAKERS = frozenset({"data-text-lines", "mime_multipart", "media", "png", "image-gif", "image-jfif", "json", "xml"})
MAX_SHOWN = 4096
"""Bytes of a body that can matter for a line."""
