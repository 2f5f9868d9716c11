"""UDP (RFC 768), and how its ports lead to other protocols.

Wireshark's defaults: the lower port number chooses first, then the higher, then protocols that recognise
themselves.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, header, union
from dfilter.packets.region import Region, Remarked
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
        computed("udp.length.bad", T.NONE),
        computed("udp.checksum.zero", T.NONE),
        computed("udp.possible_traceroute", T.NONE),
        computed("udp.stream", T.UINT32, stateful=True),
        computed("udp.stream.pnum", T.UINT32, stateful=True),
        computed("udp.time_relative", T.RELATIVE_TIME, stateful=True),
        computed("udp.time_delta", T.RELATIVE_TIME, stateful=True),
    ),
    over={"ip.proto": (17,)},
    carries=("udp.port", "udp", "udp.announced", "data"),
)

MAX_LENGTH = 65535
TRACEROUTE_PORTS = range(33435, 33465)
"""Thirty hops, three attempts each, share ports (observed)."""
DNS_OPERATIONS = (0, 1, 2, 4, 5, 6)
UNVERIFIED, NOT_PRESENT, ILLEGAL = 2, 3, 4
"""What udp.checksum.status says; UDP over IPv6 must have a checksum (RFC 8200 section 8.1)."""
_STREAM_FIELDS = ("udp.stream", "udp.stream.pnum", "udp.time_relative", "udp.time_delta")


@UDP.dissector
def dissect_udp(view: View, region: Region) -> None:
    if region.start >= region.end:
        view.mention(UDP, region)
        raise region.beyond(region.start + 8)
    layer = view.push(UDP, region, 8)
    if region.end - region.start < 8:
        raise region.beyond(region.start + 8)
    buf, start = region.buf, region.start
    source, target = buf[start] << 8 | buf[start + 1], buf[start + 2] << 8 | buf[start + 3]
    length = buf[start + 4] << 8 | buf[start + 5]
    view.ports = (source, target)
    if length == 0 and _is_jumbogram(view):
        length = region.reported_length  # RFC 2675 section 4
    if length < 8:
        layer.region = region.clipped(0, 6)
        if not view.quoted:
            layer.add("udp.length.bad", None, start + 4, 2)
            view.damaged(Remarked(f"UDP length {length} is less than its header"))
        return
    if length > region.reported_length and not view.quoted:
        layer.add("udp.length.bad", None, start + 4, 2)
        view.damaged(Remarked(f"UDP length {length} is more than the IP payload"))
    if view.session.needs.wants(*_STREAM_FIELDS):
        view.session.memory("udp", DatagramStreams).number(view, layer, "udp")
    payload = region.clipped(8, length - 8)
    layer.state = view.addresses
    if payload.reported_length > 0:
        if payload.length == 0 and not view.quoted:  # whoever it is, nothing shows
            raise payload.beyond(payload.start + 1)
        dissect_payload(view, payload, source, target)


def _is_jumbogram(view: View) -> bool:
    """Is the network layer's packet one whose length does not fit its header?"""
    below = view.layer("ipv6")
    return below is not None and below.region.length >= 6 and below.region.u16(4) == 0


def dissect_payload(view: View, payload: Region, source: int, target: int) -> None:
    """Find the protocol of a UDP payload and dissect it, the first that does not decline: one that was announced for
    this conversation, the owners of its ports, one that recognises the bytes; else `data`."""
    if view.is_recognised("udp.announced", payload):
        return
    if view.is_taken("udp", sorted((source, target)), payload):
        return
    if payload.end < payload.reported_end and not view.quoted:
        _demand_beginning(payload)
    view.call_data(payload)


def _demand_beginning(payload: Region) -> None:
    """Raises where a capture holds less of a payload than the recognisers of Wireshark 4.4 look at: one reads four
    bytes of everything, one six where a wake-up call fits, one the counts of what has an operation of DNS."""
    for needed, shortest in ((1, 1), (4, 4), (6, 102), (10, 12)):
        if payload.length >= needed or payload.reported_length < shortest:
            continue
        if needed < 10 or payload.u8(2) >> 3 & 15 in DNS_OPERATIONS:
            raise payload.beyond(payload.start + needed)


@UDP.filler
def fill_udp(layer: Layer) -> None:
    region, start = layer.region, layer.start
    if region.length < 8:
        return
    for at in (0, 2):
        if region.u16(at) in TRACEROUTE_PORTS:
            layer.add("udp.possible_traceroute", None, start + at, 2)
    checksum = region.u16(6)
    unchecked = ILLEGAL if layer.state and len(layer.state[0]) == 16 and not layer.quoted else NOT_PRESENT
    status = UNVERIFIED if checksum else unchecked
    layer.add("udp.checksum.status", status, start + 6, 2)
    if status == ILLEGAL:
        layer.add("udp.checksum.zero", None, start + 6, 2)
    if region.length > 8 and region.u16(4) != 8:
        layer.add("udp.payload", region.rest(8), start + 8, region.length - 8)


@UDP.info_line
def udp_info(layer: Layer) -> str:
    """The ports and the length; what is wrong with it."""
    buf, start = layer.buf, layer.start
    if len(buf) < start + 6:
        return ""
    source, target, length = (int.from_bytes(buf[start + at : start + at + 2], "big") for at in (0, 2, 4))
    text = f"{source} → {target}"
    if length < 8:
        return f"{text} [BAD UDP LENGTH {length} < 8]"
    if length > layer.region.reported_length:
        text += f" [BAD UDP LENGTH {length} > IP PAYLOAD LENGTH]"
    return f"{text} Len={length - 8}"
