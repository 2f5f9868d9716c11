"""SIP (RFC 3261) over UDP and TCP.

In: a datagram, or the bytes of a stream.  Out: a layer a message, and the layers of its body.  What always holds:
as in Wireshark 4.4 only what begins with a request line or a status line is SIP, on whatever UDP port.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dfilter.packets.declare import Evidence, Protocol
from dfilter.packets.protocols.media_sessions import Origin
from dfilter.packets.protocols.sip_calls import Calls, Exchange, Message
from dfilter.packets.protocols.sip_fields import ADDRESSES, AUTHENTICATION, HEADERS, NUMBERS, SIP_FIELDS
from dfilter.packets.protocols.sip_parts import (
    add,
    add_address,
    add_addresses,
    add_authentication,
    add_tag,
    add_uri,
    add_via,
    stripped,
)
from dfilter.packets.protocols.text_lines import decode, next_line
from dfilter.packets.region import Malformed, Region
from dfilter.packets.streams.reassembly import ONE_MORE_SEGMENT, wait_for
from dfilter.packets.view import Layer, View
from dfilter.slotted import frozen, slotted

SIP = Protocol(
    "sip",
    "SIP",
    fields=SIP_FIELDS,
    over={"udp.port": (5060,), "tcp.port": (5060,), "media_type": ("message/sip",)},
    carries=("media_type",),
    evidence=Evidence(claims=re.compile(rb"SIP/2\.0")),
)

MAX_HEAD = 1 << 16
"""Bytes of a head in a stream beyond which its end is not waited for any more."""

_REQUEST = re.compile(rb"[A-Za-z0-9\-.!%*_+`'~]{2,32} [^\s:]+:\S* SIP/2\.0\s*$")
_STATUS = re.compile(rb"SIP/2\.0 (\d{3})(?: |\s*$)")
_LINE_END = re.compile(rb"\r?\n(?![ \t])")


@frozen
class Header:
    """One header field: name and value spans, absolute."""

    start: int
    colon: int
    value: int
    end: int
    next: int


@slotted
class Content:
    """What the filler needs: the first line, the headers, where the body begins, what is known of the exchange."""

    line_end: int
    head: int
    headers: tuple[Header, ...]
    body: int
    status: int | None
    call_id: str | None
    exchange: Exchange
    body_end: int = 0
    broken: bool = False


def first_line(region: Region) -> bytes:
    """The first line, if it is that of a SIP message; else nothing."""
    line = next_line(region.buf, region.start, region.end)
    text = region.buf[line.start : line.end]
    return text if _STATUS.match(text) or _REQUEST.match(text) else b""


def looks_like_sip(view: View, region: Region) -> bool:
    return bool(first_line(region))


SIP.heuristics["udp"] = looks_like_sip
SIP.heuristics["tcp"] = looks_like_sip


@SIP.dissector
def dissect_sip(view: View, region: Region) -> bool | None:
    if not first_line(region):
        return False
    at = region.start
    while at < region.end:
        part = region.sub(at - region.start)
        if not first_line(part):
            break
        end = _find_head_end(part)
        if view.stream is not None and end < 0 and part.length < MAX_HEAD and not view.stream.finished:
            wait_for(part, 0, ONE_MORE_SEGMENT)
        at = _dissect_message(view, part, part.end if end < 0 else end)
        if view.stream is None:
            break
    return None


def _find_head_end(region: Region) -> int:
    """Where the body begins; -1 if the empty line is not there."""
    at = region.buf.find(b"\r\n\r\n", region.start, region.end)
    if at >= 0:
        return at + 4
    at = region.buf.find(b"\n\n", region.start, region.end)
    return at + 2 if at >= 0 else -1


def _headers(buf: bytes, start: int, stop: int) -> Iterator[Header]:
    while start < stop and buf[start : start + 1] not in (b"\r", b"\n"):
        found = _LINE_END.search(buf, start, stop)
        end, following = (found.start(), found.end()) if found else (stop, stop)
        colon = buf.find(b":", start, end)
        value = stripped(buf, colon + 1, end) if colon >= 0 else (end, end)
        yield Header(start, colon, *value, following)
        start = following


def _name(buf: bytes, header: Header) -> str:
    return HEADERS.get(buf[header.start : header.colon].strip().lower(), "") if header.colon >= 0 else ""


def _dissect_message(view: View, region: Region, body: int) -> int:
    """One message; where the next one begins."""
    buf = region.buf
    line = next_line(buf, region.start, region.end)
    headers = tuple(_headers(buf, line.next, body))
    values = {_name(buf, header): buf[header.value : header.end] for header in headers}
    length = values.get("Content-Length", b"")
    end = region.end
    if length.isdigit() and len(length) < 10:
        if view.stream is not None and body + int(length) > region.end and not view.stream.finished:
            wait_for(region, 0, body + int(length) - region.end)
        end = min(body + int(length), region.end)
    status = _STATUS.match(buf, line.start, line.end)
    code = int(status[1]) if status is not None else None
    call_id = decode(values["Call-ID"]) if values.get("Call-ID") else None
    layer = view.push(SIP, region, (end if view.stream is not None else region.end) - region.start)
    broken = any(header.colon < 0 for header in headers)
    content = Content(line.end, line.next, headers, body, code, call_id, Exchange(), end, broken)
    layer.state = content
    if call_id is not None:
        content.exchange = _note(view, content, values)
    if broken:
        view.damaged(Malformed("a header line without a colon"))
    if end > body:
        _dissect_body(view, buf, content, values)
    return end


def _note(view: View, content: Content, values: dict[str, bytes]) -> Exchange:
    words = values.get("CSeq", b"").split()
    if len(words) < 2 or not words[0].isdigit() or view.quoted:
        return Exchange()
    frame = view.frame
    ends = frozenset(zip(view.addresses, view.ports, strict=True))
    message = Message(frame.number, frame.time, ends, decode(words[1]), content.status, int(words[0][:12]))
    return view.session.memory("sip", Calls).note(content.call_id or "", message)


def _dissect_body(view: View, buf: bytes, content: Content, values: dict[str, bytes]) -> None:
    origin = view.session.memory("sdp", Origin)
    repeated = content.exchange.original is not None
    if content.call_id is not None:
        calls = view.session.memory("sip", Calls)
        origin.call_id = content.call_id
        origin.frame = calls.offer(content.call_id, view.frame.number, content.status is None and not repeated)
    name = values.get("Content-Type", b"").split(b";", 1)[0].strip().lower().decode("ascii", "replace")
    protocol = view.lookup("media_type", name)
    if protocol is None and name.startswith("multipart/"):
        protocol = view.lookup("media_type", "multipart/")
    try:
        if protocol is not None:
            view.call(protocol, Region(buf, content.body, content.body_end))
    finally:
        origin.call_id, origin.frame = None, 0


@SIP.filler
def fill_sip(layer: Layer) -> None:
    content: Content = layer.state
    start, buf = layer.start, layer.buf
    if content.status is None:
        _fill_request_line(layer, content.line_end)
    else:
        add(layer, "sip.Status-Line", (start, content.line_end))
        layer.add("sip.Status-Code", content.status, start + 8, 3)
    _fill_exchange(layer, content.exchange)
    add(layer, "sip.msg_hdr", (content.head, content.body))
    for header in content.headers:
        name = _name(buf, header)
        if header.colon < 0:
            layer.add("sip.header_no_colon", None, header.start, header.end - header.start)
        elif not name:
            layer.add("sip.unrecognized_header", None, header.start, header.end - header.start)
        elif header.end > header.value:
            _fill_header(layer, name, header)
    if content.call_id is None:
        layer.add("sip.Call-ID.invalid", None, start)
    if content.body_end > content.body:
        layer.add("sip.msg_body", buf[content.body : content.body_end], content.body, content.body_end - content.body)


def _fill_request_line(layer: Layer, end: int) -> None:
    start, buf = layer.start, layer.buf
    add(layer, "sip.Request-Line", (start, end))
    space = buf.find(b" ", start, end)
    last = buf.find(b" ", space + 1, end)
    add(layer, "sip.Method", (start, space))
    add(layer, "sip.r-uri", (space + 1, last))
    add_uri(layer, "sip.r-uri", space + 1, last)


def _fill_exchange(layer: Layer, exchange: Exchange) -> None:
    start = layer.start
    layer.add("sip.resend", exchange.original is not None, start)
    for name, value in (("resend-original", exchange.original), ("response-request", exchange.request),
                        ("response-time", exchange.response_ms), ("release-time", exchange.release_ms)):  # fmt: skip
        if value is not None:
            layer.add(f"sip.{name}", value, start)


def _fill_header(layer: Layer, name: str, header: Header) -> None:
    buf, start, end = layer.buf, header.value, header.end
    if name in NUMBERS:
        if not buf[start:end].isdigit():
            return
        layer.add(f"sip.{name}", min(int(buf[start:end][:12]), 0xFFFFFFFF), header.start, header.next - header.start)
        return
    layer.add(f"sip.{name}", decode(buf[start:end]), header.start, header.next - header.start)
    if name in ("From", "To"):
        prefix = f"sip.{ADDRESSES[name]}"
        add_tag(layer, f"{prefix}.tag", *add_address(layer, prefix, "addr", start, end))
    elif name in ADDRESSES:
        prefix = ADDRESSES[name]
        uri_name = "uri" if prefix[0].isupper() or prefix == "contact" else "addr"
        add_addresses(layer, f"sip.{prefix}", uri_name, start, end)
    elif name == "Via":
        add_via(layer, start, end)
    elif name == "Call-ID":
        layer.add("sip.call_id_generated", decode(buf[start:end]), header.start, header.next - header.start)
    elif name == "CSeq":
        number, _, method = buf[start:end].partition(b" ")
        if number.isdigit():
            layer.add("sip.CSeq.seq", min(int(number[:12]), 0xFFFFFFFF), start, len(number))
        if method.strip():
            add(layer, "sip.CSeq.method", stripped(buf, start + len(number), end))
    elif name in AUTHENTICATION:
        add_authentication(layer, start, end)
        add(layer, "sip.auth", (header.start, header.next))


@SIP.info_line
def sip_info(layer: Layer) -> str:
    content: Content = layer.state
    text = decode(layer.buf[layer.start : content.line_end])
    if content.status is not None:
        return f"Status: {text.removeprefix('SIP/2.0 ')}"
    return f"Request: {text.removesuffix(' SIP/2.0')}"
