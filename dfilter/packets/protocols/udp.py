"""UDP (RFC 768), and how its ports lead to other protocols.

Wireshark's defaults: the lower port number chooses first, then the higher, then protocols that recognise
themselves.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, header, union
from dfilter.packets.region import Malformed, Region
from dfilter.packets.streams.datagrams import DatagramStreams
from dfilter.packets.view import Layer, View

UDP = Protocol(
    "udp",
    "UDP",
    fields=(
        header("udp.srcport", T.UINT16, 0),
        header("udp.dstport", T.UINT16, 2),
        union("udp.port", T.UINT16, "udp.srcport", "udp.dstport"),
        header("udp.length", T.UINT16, 4),
        header("udp.checksum", T.UINT16, 6),
        computed("udp.checksum.status", T.UINT8),
        computed("udp.payload", T.BYTES),
        computed("udp.stream", T.UINT32, stateful=True),
        computed("udp.stream.pnum", T.UINT32, stateful=True),
        computed("udp.time_relative", T.RELATIVE_TIME, stateful=True),
        computed("udp.time_delta", T.RELATIVE_TIME, stateful=True),
    ),
    over={"ip.proto": (17,)},
    carries=("udp.port", "udp", "data"),
)

_STREAM_FIELDS = ("udp.stream", "udp.stream.pnum", "udp.time_relative", "udp.time_delta")


@UDP.dissector
def dissect_udp(view: View, region: Region) -> None:
    layer = view.push(UDP, region, 8)
    if region.end - region.start < 8:
        raise region.beyond(region.start + 8)
    buf, start = region.buf, region.start
    source, target = buf[start] << 8 | buf[start + 1], buf[start + 2] << 8 | buf[start + 3]
    length = buf[start + 4] << 8 | buf[start + 5]
    view.ports = (source, target)
    if not view.quoted and view.session.needs.wants(*_STREAM_FIELDS):
        view.session.memory("udp", DatagramStreams).number(view, layer, "udp")
    if length == 0:
        length = region.reported_length  # a jumbogram, or a length that the sender left to its hardware
    if length < 8:
        raise Malformed(f"UDP length {length} is less than its header")
    payload = region.clipped(8, length - 8)
    layer.state = payload
    if payload.reported_length > 0:
        dissect_payload(view, payload, source, target)


def dissect_payload(view: View, payload: Region, source: int, target: int) -> None:
    """Find the protocol of a UDP payload and dissect it; `data` where none is known."""
    for port in sorted((source, target)):
        protocol = view.lookup("udp.port", port)
        if protocol is not None and view.call(protocol, payload) is not False:
            return
    for candidate in view.session.catalogue.heuristics.get("udp", ()):
        if candidate.heuristics["udp"](view, payload):
            view.call(candidate, payload)
            return
    view.call_data(payload)


@UDP.filler
def fill_udp(layer: Layer) -> None:
    payload: Region | None = layer.state
    if layer.region.length >= 8:
        checksum = layer.region.u16(6)
        layer.add("udp.checksum.status", 3 if checksum == 0 else 2, layer.start + 6)
    if payload is not None and payload.length > 0:
        layer.add("udp.payload", payload.rest(), payload.start, payload.length)


@UDP.info_line
def udp_info(layer: Layer) -> str:
    region = layer.region
    if region.length < 8:
        return ""
    return f"{region.u16(0)} → {region.u16(2)} Len={max(region.u16(4) - 8, 0)}"
