"""RTCP (RFC 3550 section 6) where a session description announced it.

In: one datagram.  Out: a layer for each packet in it.  What always holds: sender and receiver reports, source
descriptions and BYE are taken apart; of other packets the header is shown.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, bits, computed, computed_table, header
from dfilter.packets.protocols.media_sessions import rtcp_sessions
from dfilter.packets.protocols.text_lines import decode
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

RTCP = Protocol(
    "rtcp",
    "RTCP",
    fields=(
        header("rtcp.version", T.UINT8, 0, mask=0xC0),
        *bits((("rtcp.padding", 0x20),), at=0),
        header("rtcp.pt", T.UINT8, 1),
        header("rtcp.length", T.UINT16, 2),
        *computed_table("""
            rtcp.rc                       UINT8
            rtcp.sc                       UINT8
            rtcp.senderssrc               UINT32
            rtcp.timestamp.ntp.msw        UINT32
            rtcp.timestamp.ntp.lsw        UINT32
            rtcp.timestamp.ntp            ABSOLUTE_TIME
            rtcp.timestamp.rtp            UINT32
            rtcp.sender.packetcount       UINT32
            rtcp.sender.octetcount        UINT32
            rtcp.ssrc.identifier          UINT32
            rtcp.ssrc.fraction            UINT8
            rtcp.ssrc.cum_nr              INT24
            rtcp.ssrc.ext_high            UINT32
            rtcp.ssrc.high_seq            UINT16
            rtcp.ssrc.high_cycles         UINT16
            rtcp.ssrc.jitter              UINT32
            rtcp.ssrc.lsr                 UINT32
            rtcp.ssrc.dlsr                UINT32
            rtcp.sdes.type                UINT8
            rtcp.sdes.length              UINT32
            rtcp.sdes.text                STRING
            rtcp.length_check             BOOLEAN
        """),
        computed("rtcp.setup", T.STRING, stateful=True),
        computed("rtcp.setup-frame", T.FRAMENUM, stateful=True),
        computed("rtcp.setup-method", T.STRING, stateful=True),
    ),
)

SENDER_REPORT, RECEIVER_REPORT, SOURCES, GOODBYE = 200, 201, 202, 203
FIRST_TYPE, LAST_TYPE = 192, 213
MAX_PACKETS = 64
"""Packets of one datagram that are taken apart."""

NTP_ERAS = ((0x80000000, -2_208_988_800), (0, 2_085_978_496))
"""Seconds from which on an NTP timestamp belongs to an era, and what leads from there to 1970 (RFC 4330)."""


def is_announced(view: View, region: Region) -> bool:
    if region.length < 4 or region.u8(0) >> 6 != 2 or not FIRST_TYPE <= region.u8(1) <= LAST_TYPE:
        return False
    return rtcp_sessions(view).find(view) is not None


RTCP.heuristics["udp.announced"] = is_announced


@RTCP.dissector
def dissect_rtcp(view: View, region: Region) -> None:
    announcement = rtcp_sessions(view).find(view)
    at = 0
    for _ in range(MAX_PACKETS):
        if at >= region.length:
            return
        length = (region.u16(at + 2) + 1) * 4
        layer = view.push(RTCP, region.clipped(at, length))
        layer.state = (announcement, at + length >= region.reported_length, at + length == region.reported_length)
        at += length


@RTCP.filler
def fill_rtcp(layer: Layer) -> None:
    announcement, is_last, fits = layer.state
    region, start = layer.region, layer.start
    if announcement is not None:
        layer.add("rtcp.setup", "", start)
        layer.add("rtcp.setup-frame", announcement.frame, start)
        layer.add("rtcp.setup-method", announcement.method, start)
    count, kind = region.u8(0) & 0x1F, region.u8(1)
    if kind in (SENDER_REPORT, RECEIVER_REPORT):
        layer.add("rtcp.rc", count, start, 1)
        layer.add("rtcp.senderssrc", region.u32(4), start + 4, 4)
        at = _fill_sender(layer) if kind == SENDER_REPORT else 8
        for _ in range(count):
            at = _fill_report(layer, at)
    elif kind in (SOURCES, GOODBYE):
        layer.add("rtcp.sc", count, start, 1)
        at = 4
        for _ in range(count):
            layer.add("rtcp.ssrc.identifier", region.u32(at), start + at, 4)
            at = _fill_items(layer, at + 4) if kind == SOURCES else at + 4
    if is_last:
        layer.add("rtcp.length_check", fits, start)


def _fill_sender(layer: Layer) -> int:
    """Sender information (RFC 3550 section 6.4.1)."""
    region, start = layer.region, layer.start
    seconds, fraction = region.u32(8), region.u32(12)
    layer.add("rtcp.timestamp.ntp.msw", seconds, start + 8, 4)
    layer.add("rtcp.timestamp.ntp.lsw", fraction, start + 12, 4)
    shift = next(offset for begin, offset in NTP_ERAS if seconds >= begin)
    layer.add("rtcp.timestamp.ntp", (seconds + shift) * 10**9 + (fraction * 10**9 >> 32), start + 8, 8)
    layer.add("rtcp.timestamp.rtp", region.u32(16), start + 16, 4)
    layer.add("rtcp.sender.packetcount", region.u32(20), start + 20, 4)
    layer.add("rtcp.sender.octetcount", region.u32(24), start + 24, 4)
    return 28


def _fill_report(layer: Layer, at: int) -> int:
    """One report block."""
    region, start = layer.region, layer.start
    layer.add("rtcp.ssrc.identifier", region.u32(at), start + at, 4)
    layer.add("rtcp.ssrc.fraction", region.u8(at + 4), start + at + 4, 1)
    lost = region.u24(at + 5)
    layer.add("rtcp.ssrc.cum_nr", lost - (1 << 24) if lost >> 23 else lost, start + at + 5, 3)
    layer.add("rtcp.ssrc.ext_high", region.u32(at + 8), start + at + 8, 4)
    layer.add("rtcp.ssrc.high_cycles", region.u16(at + 8), start + at + 8, 2)
    layer.add("rtcp.ssrc.high_seq", region.u16(at + 10), start + at + 10, 2)
    layer.add("rtcp.ssrc.jitter", region.u32(at + 12), start + at + 12, 4)
    layer.add("rtcp.ssrc.lsr", region.u32(at + 16), start + at + 16, 4)
    layer.add("rtcp.ssrc.dlsr", region.u32(at + 20), start + at + 20, 4)
    return at + 24


def _fill_items(layer: Layer, at: int) -> int:
    """The items of one source, up to the end item and its padding; where the next source begins."""
    region, start = layer.region, layer.start
    while at < region.length:
        kind = region.u8(at)
        layer.add("rtcp.sdes.type", kind, start + at, 1)
        if kind == 0:
            return (at + 4) & ~3
        length = region.u8(at + 1)
        layer.add("rtcp.sdes.length", length, start + at + 1, 1)
        layer.add("rtcp.sdes.text", decode(region.bytes(at + 2, length)), start + at + 2, length)
        at += 2 + length
    return at


@RTCP.info_line
def rtcp_info(layer: Layer) -> str:
    names = {SENDER_REPORT: "Sender Report", RECEIVER_REPORT: "Receiver Report", SOURCES: "Source description",
             GOODBYE: "Goodbye"}  # fmt: skip
    return names.get(layer.region.u8(1), "RTCP")
