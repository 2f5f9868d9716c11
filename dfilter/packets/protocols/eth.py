"""Ethernet II and IEEE 802.3 frames.

Source: IEEE 802.3-2018 clause 3; field names and the treatment of padding, trailer and frame check sequence
are Wireshark 4.4's.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, header, union
from dfilter.packets.region import Region, Truncated
from dfilter.packets.view import Layer, View

MAX_LENGTH_FIELD = 1500
"""A type/length field up to this value is a length (IEEE 802.3), above it an Ethernet type."""

ETH = Protocol(
    "eth",
    "Ethernet",
    fields=(
        header("eth.dst", T.ETHER, 0),
        header("eth.dst.oui", T.UINT24, 0),
        header("eth.dst.lg", T.BOOLEAN, 0, 3, 0x020000),
        header("eth.dst.ig", T.BOOLEAN, 0, 3, 0x010000),
        header("eth.src", T.ETHER, 6),
        header("eth.src.oui", T.UINT24, 6),
        header("eth.src.lg", T.BOOLEAN, 6, 3, 0x020000),
        header("eth.src.ig", T.BOOLEAN, 6, 3, 0x010000),
        union("eth.addr", T.ETHER, "eth.dst", "eth.src"),
        union("eth.addr.oui", T.UINT24, "eth.dst.oui", "eth.src.oui"),
        union("eth.lg", T.BOOLEAN, "eth.dst.lg", "eth.src.lg"),
        union("eth.ig", T.BOOLEAN, "eth.dst.ig", "eth.src.ig"),
        computed("eth.type", T.UINT16),
        computed("eth.len", T.UINT16),
        computed("eth.padding", T.BYTES),
        computed("eth.trailer", T.BYTES),
        computed("eth.fcs", T.UINT32),
        computed("eth.stream", T.UINT32, stateful=True),
    ),
    over={"link": (1,), "gre.proto": (0x6558,)},
    carries=("ethertype", "llc", "data"),
)


@ETH.dissector
def dissect_eth(view: View, region: Region) -> None:
    layer = view.push(ETH, region, 14)
    if region.end - region.start < 14:
        raise region.beyond(region.start + 14)
    start, buf = region.start, region.buf
    kind = buf[start + 12] << 8 | buf[start + 13]
    if view.session.needs.wants("eth.stream"):
        _number_stream(view, layer)
    if kind <= MAX_LENGTH_FIELD:
        layer.add("eth.len", kind, start + 12, 2)
        payload = region.sub(14).clipped(0, kind)
        _call(view, "llc", payload)
        _trailer(layer, payload.reported_end)
        return
    layer.add("eth.type", kind, start + 12, 2)
    layer.state = "ethertype"
    end = call_ethertype(view, kind, region.sub(14))
    _trailer(layer, end)


def call_ethertype(view: View, kind: int, payload: Region) -> int:
    """Dissect the payload of an Ethernet type; the absolute offset where its protocol says it ends."""
    protocol = view.lookup("ethertype", kind)
    if protocol is None:
        view.call_data(payload)
        return payload.reported_end
    used = view.call(protocol, payload)
    return used if isinstance(used, int) else payload.reported_end


def _call(view: View, name: str, payload: Region) -> None:
    view.call(view.session.catalogue.protocols[name], payload)


def _number_stream(view: View, layer: Layer) -> None:
    """Conversations between two stations, in order of appearance."""
    streams: dict[tuple[bytes, ...], int] = view.session.memory("eth", dict)
    pair = tuple(sorted((layer.buf[layer.start : layer.start + 6], layer.buf[layer.start + 6 : layer.start + 12])))
    layer.add("eth.stream", streams.setdefault(pair, len(streams)))


def _trailer(layer: Layer, payload_end: int) -> None:
    """What follows the payload in the frame: zeroes up to the minimum size are padding, the rest a trailer."""
    region = layer.region
    if payload_end >= region.end or region.reported_end <= payload_end:
        return
    rest = region.buf[payload_end : region.end]
    minimum_end = region.start + 60
    padding = 0
    if payload_end < minimum_end:
        padding = min(minimum_end, region.end) - payload_end
        if any(rest[:padding]):
            padding = 0
    if padding:
        layer.add("eth.padding", rest[:padding], payload_end, padding)
    if len(rest) > padding:
        layer.add("eth.trailer", rest[padding:], payload_end + padding, len(rest) - padding)


@ETH.info_line
def eth_info(layer: Layer) -> str:
    try:
        return f"0x{layer.region.u16(12):04x}"
    except Truncated:
        return ""
