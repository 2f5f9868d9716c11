"""Session Description Protocol (RFC 4566), and the media streams that it announces.

In: the body of a message.  Out: its layer.  What always holds: addresses are announced when the description is
dissected, fields are made on first touch.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.protocols.media_sessions import Announcement, Origin, rtcp_sessions, rtp_sessions
from dfilter.packets.protocols.text_lines import decode, lines
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

SDP = Protocol(
    "sdp",
    "SDP",
    fields=computed_table("""
        sdp.version                       STRING
        sdp.owner                         STRING
        sdp.owner.username                STRING
        sdp.owner.sessionid               STRING
        sdp.owner.version                 STRING
        sdp.owner.network_type            STRING
        sdp.owner.address_type            STRING
        sdp.owner.address                 STRING
        sdp.session_name                  STRING
        sdp.session_info                  STRING
        sdp.uri                           STRING
        sdp.email                         STRING
        sdp.phone                         STRING
        sdp.connection_info               STRING
        sdp.connection_info.network_type  STRING
        sdp.connection_info.address_type  STRING
        sdp.connection_info.address       STRING
        sdp.connection_info.ttl           STRING
        sdp.bandwidth                     STRING
        sdp.bandwidth.modifier            STRING
        sdp.bandwidth.value               STRING
        sdp.time                          STRING
        sdp.time.start                    STRING
        sdp.time.stop                     STRING
        sdp.repeat_time                   STRING
        sdp.timezone                      STRING
        sdp.encryption_key                STRING
        sdp.session_attr                  STRING
        sdp.session_attr.field            STRING
        sdp.session_attr.value            STRING
        sdp.media_title                   STRING
        sdp.media                         STRING
        sdp.media.media                   STRING
        sdp.media.port_string             STRING
        sdp.media.port                    UINT16
        sdp.media.portcount               STRING
        sdp.media.proto                   STRING
        sdp.media.format                  STRING
        sdp.media_attr                    STRING
        sdp.media_attribute.field         STRING
        sdp.media_attribute.value         STRING
        sdp.mime.type                     STRING
        sdp.sample_rate                   STRING
        sdp.channels                      STRING
        sdp.fmtp.parameter                STRING
        sdp.unknown                       STRING
    """),
    over={"media_type": ("application/sdp",)},
    shares=("sip.call_id_generated",),
    carries=("rtp", "rtcp"),
)

MAX_MEDIA = 256
"""Media descriptions of one session description that are announced."""

Span = tuple[int, int]

_NAMES = {
    "v": "version", "o": "owner", "s": "session_name", "u": "uri", "e": "email", "p": "phone",
    "c": "connection_info", "b": "bandwidth", "t": "time", "r": "repeat_time", "z": "timezone",
    "k": "encryption_key",
}  # fmt: skip
_OWNER = ("username", "sessionid", "version", "network_type", "address_type", "address")
_WORDS = {"o": ("owner", _OWNER), "t": ("time", ("start", "stop"))}

_PAYLOAD_TYPES = {
    0: "ITU-T G.711 PCMU", 1: "USA Federal Standard FS-1016", 2: "ITU-T G.721",
    3: "GSM 06.10", 4: "ITU-T G.723", 5: "DVI4 8000 samples/s", 6: "DVI4 16000 samples/s",
    8: "ITU-T G.711 PCMA", 9: "ITU-T G.722", 10: "16-bit uncompressed audio, stereo",
    11: "16-bit uncompressed audio, monaural", 13: "Comfort noise", 14: "MPEG-I/II Audio", 15: "ITU-T G.728",
    18: "ITU-T G.729", 26: "JPEG-compressed video", 31: "ITU-T H.261", 32: "MPEG-I/II Video",
    33: "MPEG-II transport streams", 34: "ITU-T H.263",
}  # fmt: skip
"""RFC 3551 section 6, in Wireshark's words."""


def _words(buf: bytes, start: int, end: int) -> Iterator[Span]:
    at = start
    while at < end:
        stop = buf.find(b" ", at, end)
        stop = end if stop < 0 else stop
        if stop > at:
            yield at, stop
        at = stop + 1


@SDP.dissector
def dissect_sdp(view: View, region: Region) -> None:
    layer = view.push(SDP, region)
    origin = view.session.memory("sdp", Origin)
    layer.state = origin.call_id
    if not view.quoted:
        _announce(view, region, Announcement(origin.frame or view.frame.number, "SDP", origin.call_id))


def _announce(view: View, region: Region, announcement: Announcement) -> None:
    """Tell RTP and RTCP where their streams go: the port of each medium, and the next one (RFC 3605)."""
    buf, session, media = region.buf, b"", list[tuple[bytes, int, int]]()
    for line in lines(buf, region.start, region.end):
        key, value = buf[line.start : line.start + 2], buf[line.start + 2 : line.end]
        words = value.split()
        if key == b"c=" and len(words) > 2:
            address = _address(words[2].split(b"/")[0])
            if media:
                media[-1] = (address, *media[-1][1:])
            else:
                session = address
        elif key == b"m=" and len(words) > 2 and len(media) < MAX_MEDIA:
            port = words[1].split(b"/")[0]
            if b"RTP/" in words[2] and port.isdigit() and len(port) < 6:
                media.append((session, int(port), int(port) + 1))
            else:
                media.append((b"", 0, 0))
        elif key == b"a=" and value.startswith(b"rtcp:") and media and value[5:].split()[:1]:
            port = value[5:].split()[0]
            if port.isdigit() and len(port) < 6:
                media[-1] = (media[-1][0], media[-1][1], int(port))
    for address, rtp_port, rtcp_port in media:
        if address and rtp_port:
            rtp_sessions(view).announce(address, rtp_port, announcement)
            rtcp_sessions(view).announce(address, rtcp_port, announcement)


def _address(text: bytes) -> bytes:
    try:
        return ipaddress.ip_address(text.decode("ascii", "replace")).packed
    except ValueError:
        return b""


def _add(layer: Layer, name: str, span: Span) -> None:
    layer.add(f"sdp.{name}", decode(layer.buf[span[0] : span[1]]), span[0], span[1] - span[0])


@SDP.filler
def fill_sdp(layer: Layer) -> None:
    buf, in_media = layer.buf, False
    for line in lines(buf, layer.start, layer.end):
        if line.end - line.start < 2 or buf[line.start + 1] != 0x3D:
            continue
        key = chr(buf[line.start])
        start, end = line.start + 2, line.end
        in_media = in_media or key == "m"
        if key == "m":
            _fill_media(layer, start, end)
        elif key == "a":
            _fill_attribute(layer, start, end, in_media)
        elif key == "i":
            _add(layer, "media_title" if in_media else "session_info", (start, end))
        elif key == "c":
            _fill_connection(layer, start, end)
        else:
            _fill_line(layer, key, start, end)
    if layer.state is not None:
        layer.add("sip.call_id_generated", layer.state, layer.start)


def _fill_line(layer: Layer, key: str, start: int, end: int) -> None:
    _add(layer, _NAMES.get(key, "unknown"), (start, end))
    prefix, names = _WORDS.get(key, ("", ()))
    for name, span in zip(names, _words(layer.buf, start, end), strict=False):
        _add(layer, f"{prefix}.{name}", span)
    colon = layer.buf.find(b":", start, end)
    if key == "b" and colon >= 0:
        _add(layer, "bandwidth.modifier", (start, colon))
        _add(layer, "bandwidth.value", (colon + 1, end))


def _fill_connection(layer: Layer, start: int, end: int) -> None:
    """RFC 4566 section 5.7."""
    _add(layer, "connection_info", (start, end))
    spans = list(_words(layer.buf, start, end))[:3]
    for name, span in zip(("network_type", "address_type"), spans, strict=False):
        _add(layer, f"connection_info.{name}", span)
    if len(spans) == 3:
        at, stop = spans[2]
        slash = layer.buf.find(b"/", at, stop)
        _add(layer, "connection_info.address", (at, stop if slash < 0 else slash))
        if slash >= 0:
            _add(layer, "connection_info.ttl", (slash + 1, stop))


def _fill_media(layer: Layer, start: int, end: int) -> None:
    """RFC 4566 section 5.14."""
    buf = layer.buf
    _add(layer, "media", (start, end))
    spans = list(_words(buf, start, end))
    if len(spans) < 2:
        return
    _add(layer, "media.media", spans[0])
    at, stop = spans[1]
    slash = buf.find(b"/", at, stop)
    port = (at, stop if slash < 0 else slash)
    _add(layer, "media.port_string", port)
    digits = buf[slice(*port)]
    if digits.isdigit() and len(digits) < 6:
        layer.add("sdp.media.port", int(digits) & 0xFFFF, port[0], port[1] - port[0])
    if slash >= 0:
        _add(layer, "media.portcount", (slash + 1, stop))
    for span in spans[2:3]:
        _add(layer, "media.proto", span)
    is_rtp = len(spans) > 2 and b"RTP/" in buf[slice(*spans[2])]
    for at, stop in spans[3:]:
        text = decode(buf[at:stop])
        if is_rtp and text.isascii() and text.isdigit() and len(text) < 4:
            text = _PAYLOAD_TYPES.get(int(text), f"DynamicRTP-Type-{text}" if 96 <= int(text) < 128 else text)
        layer.add("sdp.media.format", text, at, stop - at)


def _fill_attribute(layer: Layer, start: int, end: int, in_media: bool) -> None:
    """RFC 4566 sections 5.13 and 6."""
    buf = layer.buf
    _add(layer, "media_attr" if in_media else "session_attr", (start, end))
    colon = buf.find(b":", start, end)
    if colon < 0:
        return
    prefix = "media_attribute" if in_media else "session_attr"
    _add(layer, f"{prefix}.field", (start, colon))
    name = buf[start:colon]
    if in_media and name == b"rtpmap":
        _fill_map(layer, colon + 1, end)
    elif in_media and name == b"fmtp":
        space = buf.find(b" ", colon + 1, end)
        if space >= 0:
            _add(layer, "media.format", (colon + 1, space))
            _fill_parameters(layer, space + 1, end)
    else:
        _add(layer, f"{prefix}.value", (colon + 1, end))


def _fill_map(layer: Layer, start: int, end: int) -> None:
    """a=rtpmap: payload type, encoding name, clock rate, channels."""
    buf = layer.buf
    space = buf.find(b" ", start, end)
    if space < 0:
        return
    _add(layer, "media.format", (start, space))
    begin = space + 1
    for name in ("mime.type", "sample_rate", "channels"):
        slash = buf.find(b"/", begin, end)
        stop = end if slash < 0 else slash
        _add(layer, name, (begin, stop))
        if slash < 0:
            return
        begin = slash + 1


def _fill_parameters(layer: Layer, start: int, end: int) -> None:
    while start < end:
        stop = layer.buf.find(b";", start, end)
        stop = end if stop < 0 else stop
        while start < stop and layer.buf[start] == 0x20:
            start += 1
        if stop > start:
            _add(layer, "fmtp.parameter", (start, stop))
        start = stop + 1
