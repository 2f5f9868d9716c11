"""RTP (RFC 3550) where a session description announced it.

In: one datagram.  Out: its layer.  What always holds: Wireshark 4.4's default: RTP is not guessed.
"""

from __future__ import annotations

from collections import OrderedDict

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, bits, computed, computed_table, header
from dfilter.packets.protocols.media_sessions import Announcement, rtp_sessions
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View
from dfilter.slotted import frozen

RTP = Protocol(
    "rtp",
    "RTP",
    fields=(
        header("rtp.version", T.UINT8, 0, mask=0xC0),
        *bits((("rtp.padding", 0x20), ("rtp.ext", 0x10)), at=0),
        header("rtp.cc", T.UINT8, 0, mask=0x0F),
        *bits((("rtp.marker", 0x80),), at=1),
        header("rtp.p_type", T.UINT8, 1, mask=0x7F),
        header("rtp.seq", T.UINT16, 2),
        header("rtp.timestamp", T.UINT32, 4),
        header("rtp.ssrc", T.UINT32, 8),
        *computed_table("""
            rtp.csrc.items          NONE
            rtp.csrc.item           UINT32
            rtp.ext.profile         UINT16
            rtp.ext.len             UINT16
            rtp.payload             BYTES
            rtp.padding.data        BYTES
            rtp.padding.count       UINT8
        """),
        computed("rtp.extseq", T.UINT32, stateful=True),
        computed("rtp.timestamp_ext", T.UINT64, stateful=True),
        computed("rtp.setup", T.STRING, stateful=True),
        computed("rtp.setup-frame", T.FRAMENUM, stateful=True),
        computed("rtp.setup-method", T.STRING, stateful=True),
    ),
    shares=("sip.call_id_generated",),
)

HEADER = 12
MAX_SOURCES = 65_536
"""Synchronisation sources whose counters are remembered; beyond that the oldest is forgotten."""


@frozen
class Packet:
    """What the filler needs: the announcement, and the extended counters."""

    announcement: Announcement | None
    sequence: int
    timestamp: int


class Counters:
    """Sequence numbers and timestamps beyond their 16 and 32 bits, by source."""

    def __init__(self) -> None:
        self._last: OrderedDict[tuple[object, ...], tuple[int, int]] = OrderedDict()

    def extend(self, key: tuple[object, ...], sequence: int, timestamp: int) -> tuple[int, int]:
        last = self._last.get(key)
        if last is None:
            if len(self._last) >= MAX_SOURCES:
                self._last.popitem(last=False)
            extended = (1 << 16 | sequence, 1 << 32 | timestamp)
        else:
            extended = (nearest(last[0], sequence, 16), nearest(last[1], timestamp, 32))
        self._last[key] = extended
        return extended


def nearest(last: int, value: int, width: int) -> int:
    """The number nearest to `last` whose lower `width` bits are `value`."""
    cycle = 1 << width
    distance = (value - last) & (cycle - 1)
    return last + (distance if distance < cycle >> 1 else distance - cycle)


def is_announced(view: View, region: Region) -> bool:
    return region.length > 0 and region.u8(0) >> 6 == 2 and rtp_sessions(view).find(view) is not None


RTP.heuristics["udp.announced"] = is_announced


@RTP.dissector
def dissect_rtp(view: View, region: Region) -> None:
    layer = view.push(RTP, region)
    key = (view.addresses, view.ports, region.u32(8))
    sequence, timestamp = view.session.memory("rtp.counters", Counters).extend(key, region.u16(2), region.u32(4))
    layer.state = Packet(rtp_sessions(view).find(view), sequence, timestamp)


@RTP.filler
def fill_rtp(layer: Layer) -> None:
    packet: Packet | None = layer.state
    region, start = layer.region, layer.start
    if packet is None:
        return
    if packet.announcement is not None:
        layer.add("rtp.setup", "", start)
        layer.add("rtp.setup-frame", packet.announcement.frame, start)
        layer.add("rtp.setup-method", packet.announcement.method, start)
        if packet.announcement.call_id is not None:
            layer.add("sip.call_id_generated", packet.announcement.call_id, start)
    layer.add("rtp.extseq", packet.sequence & 0xFFFFFFFF, start + 2, 2)
    layer.add("rtp.timestamp_ext", packet.timestamp, start + 4, 4)
    at = HEADER
    count = region.u8(0) & 0x0F
    if count:
        layer.add("rtp.csrc.items", None, start + at, 4 * count)
    for _ in range(count):
        layer.add("rtp.csrc.item", region.u32(at), start + at, 4)
        at += 4
    if region.u8(0) & 0x10:
        layer.add("rtp.ext.profile", region.u16(at), start + at, 2)
        length = region.u16(at + 2)
        layer.add("rtp.ext.len", length, start + at + 2, 2)
        at += 4 + 4 * length
        region.need(at, 0)
    _fill_payload(layer, at)


def _fill_payload(layer: Layer, at: int) -> None:
    region, start = layer.region, layer.start
    end = region.length
    padding = region.u8(end - 1) if region.u8(0) & 0x20 and end > at and region.end == region.reported_end else 0
    stop = max(end - padding, at)
    if stop > at:
        layer.add("rtp.payload", region.bytes(at, stop - at), start + at, stop - at)
    if padding:
        if padding > 1:
            layer.add("rtp.padding.data", region.bytes(stop, end - 1 - stop), start + stop, end - 1 - stop)
        layer.add("rtp.padding.count", padding, start + end - 1, 1)


@RTP.info_line
def rtp_info(layer: Layer) -> str:
    """The payload's type and what orders the packets."""
    region = layer.region
    kind = region.u8(1) & 0x7F
    name = _PAYLOAD_NAMES.get(kind) or (f"DynamicRTP-Type-{kind}" if kind >= 96 else "Unassigned")
    text = f"PT={name}, SSRC=0x{region.u32(8):X}, Seq={region.u16(2)}, Time={region.u32(4)}"
    return text + (", Mark" if region.u8(1) & 0x80 else "")


_PAYLOAD_NAMES = {
    0: "ITU-T G.711 PCMU", 3: "GSM 06.10", 4: "ITU-T G.723", 8: "ITU-T G.711 PCMA", 9: "ITU-T G.722",
    13: "Comfort noise", 15: "ITU-T G.728", 18: "ITU-T G.729", 26: "JPEG-compressed video", 31: "ITU-T H.261",
    33: "MPEG-II transport streams", 34: "ITU-T H.263",
}  # fmt: skip
"""RFC 3551 section 6."""
