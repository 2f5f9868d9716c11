"""RTSP (RFC 2326): requests, responses, and data interleaved with them.

In: bytes of one direction.  Out: a layer a message, and those of their bodies.  What always holds: a message waits
until its head and body are whole; what is no message is a layer without fields of a head.
"""

from __future__ import annotations

import re

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, computed_table
from dfilter.packets.protocols.text_lines import decode, lines, next_line
from dfilter.packets.region import Region
from dfilter.packets.streams.reassembly import ONE_MORE_SEGMENT, NeedMore
from dfilter.packets.view import Layer, View
from dfilter.slotted import frozen

RTSP = Protocol(
    "rtsp",
    "RTSP",
    fields=(
        *computed_table("""
            rtsp.request        STRING
            rtsp.response       STRING
            rtsp.method         STRING
            rtsp.url            STRING
            rtsp.content-type   STRING
            rtsp.content-length UINT32
            rtsp.session        STRING
            rtsp.transport      STRING
            rtsp.magic          UINT8
            rtsp.channel        UINT8
            rtsp.length         UINT16
            rtsp.data           BYTES
        """),
        computed("rtsp.status", T.UINT32),
    ),
    over={"tcp.port": (554, 7236, 8554)},
    carries=("media_type",),
)

MAX_HEAD = 1 << 16
"""Bytes of a head beyond which its end is not waited for any more."""

INTERLEAVED = 0x24
"""The "$" before binary data (RFC 2326 section 10.12)."""

_START = re.compile(
    rb"(?:(OPTIONS|DESCRIBE|ANNOUNCE|GET_PARAMETER|PAUSE|PLAY|RECORD|REDIRECT|SETUP|SET_PARAMETER|TEARDOWN)"
    rb" +([^ \r\n]*)|RTSP/[^ \r\n]* +(\d{1,9}))"
)
_HEADERS = {b"content-type": "content-type", b"session": "session", b"transport": "transport"}


@frozen
class Content:
    """A message: where its head ends (the region's start for what is no message) and where its bytes end."""

    head: int
    end: int
    interleaved: bool = False


@RTSP.dissector
def dissect_rtsp(view: View, region: Region) -> None:
    at = region.start
    while at < region.end:
        at = _dissect_message(view, region.sub(at - region.start))


def _dissect_message(view: View, region: Region) -> int:
    buf, start = region.buf, region.start
    waits = view.stream is not None and not view.stream.finished
    if buf[start] == INTERLEAVED:
        return _dissect_interleaved(view, region, waits)
    if _START.match(buf, start, region.end) is None:
        view.push(RTSP, region).state = Content(start, region.end)
        return region.end
    blank = buf.find(b"\r\n\r\n", start, region.end)
    if blank < 0 and waits and region.length < MAX_HEAD:
        raise NeedMore(start, ONE_MORE_SEGMENT)
    head = region.end if blank < 0 else blank + 4
    values = dict(_header_values(buf, start, head))
    text = values.get(b"content-length", b"0")
    length = int(text) if text.isdigit() and len(text) < 9 else 0
    if waits and head + length > region.end:
        raise NeedMore(start, head + length - region.end)
    end = min(head + length, region.end)
    layer = view.push(RTSP, region, end - start)
    layer.state = Content(head, end)
    name = values.get(b"content-type", b"").partition(b";")[0].strip().lower().decode("ascii", "replace")
    protocol = view.lookup("media_type", name) if end > head else None
    if protocol is not None:
        layer.set_length(head - start)
        layer.state = Content(head, head)
        view.call(protocol, Region(buf, head, end))
    return end


def _header_values(buf: bytes, start: int, stop: int) -> list[tuple[bytes, bytes]]:
    found = []
    for line in lines(buf, start, stop):
        name, colon, value = buf[line.start : line.end].partition(b":")
        if colon:
            found.append((name.strip().lower(), value.strip()))
    return found


def _dissect_interleaved(view: View, region: Region, waits: bool) -> int:
    if region.length < 4 and waits:
        raise NeedMore(region.start, ONE_MORE_SEGMENT)
    end = region.start + 4 + region.u16(2)
    if end > region.end and waits:
        raise NeedMore(region.start, end - region.end)
    end = min(end, region.end)
    view.push(RTSP, region, 4).state = Content(region.start + 4, end, True)
    return end


@RTSP.filler
def fill_rtsp(layer: Layer) -> None:
    content: Content = layer.state
    buf, start = layer.buf, layer.start
    if content.interleaved:
        layer.add("rtsp.magic", buf[start], start, 1)
        layer.add("rtsp.channel", buf[start + 1], start + 1, 1)
        layer.add("rtsp.length", buf[start + 2] << 8 | buf[start + 3], start + 2, 2)
    elif content.head > start:
        _fill_head(layer, content.head)
    elif b"\n" in buf[start : content.end]:
        return
    if content.end > content.head:
        layer.add("rtsp.data", buf[content.head : content.end], content.head, content.end - content.head)


def _fill_head(layer: Layer, head: int) -> None:
    """Start line and header fields; Wireshark 4.4 shows the start line with its line end as written escapes."""
    buf, start = layer.buf, layer.start
    line = next_line(buf, start, head)
    found = _START.match(buf, start, line.end)
    if found is None:
        return
    text = decode(buf[start : line.next]).replace("\r", "\\r").replace("\n", "\\n")
    layer.add("rtsp.request" if found[1] else "rtsp.response", text, start, line.next - start)
    if found[1]:
        layer.add("rtsp.method", decode(found[1]), start, len(found[1]))
        layer.add("rtsp.url", decode(found[2]), found.start(2), len(found[2]))
    else:
        layer.add("rtsp.status", int(found[3]), found.start(3), len(found[3]))
    for field in lines(buf, line.next, head):
        name, _, value = buf[field.start : field.end].partition(b":")
        key, length = name.strip().lower(), field.next - field.start
        if key == b"content-length" and value.strip().isdigit():
            layer.add("rtsp.content-length", min(int(value.strip()[:12]), 0xFFFFFFFF), field.start, length)
        elif key in _HEADERS:
            layer.add(f"rtsp.{_HEADERS[key]}", decode(value.strip()), field.start, length)


@RTSP.info_line
def rtsp_info(layer: Layer) -> str:
    line = next_line(layer.buf, layer.start, layer.end)
    return decode(layer.buf[line.start : line.end])
