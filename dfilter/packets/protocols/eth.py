"""Ethernet II and IEEE 802.3 frames.

Source: IEEE 802.3-2018 clause 3; field names, and which trailing bytes count as padding, trailer or frame check
sequence, are Wireshark 4.4's (`trailing`).
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, header, union
from dfilter.packets.protocols.inner import call_name
from dfilter.packets.protocols.isl import GROUPS as ISL_GROUPS
from dfilter.packets.region import DissectionError, Malformed, Region, Truncated
from dfilter.packets.streams.remembered import Numbers
from dfilter.packets.view import Layer, View

MAX_LENGTH_FIELD = 1500
"""A type/length field up to this value is a length (IEEE 802.3)."""
MIN_TYPE_FIELD = 1536
"""From this value on it is an Ethernet type; between the two it is neither."""
MIN_PAYLOAD = 46
"""Shorter payloads are padded with zeroes to this length."""
MIN_FRAME_WITH_FCS = 64
FCS_LENGTH = 4
PRP_MISTAKE = 3
"""Trailers of this length end in a malformed packet: the reference's check for a PRP trailer reads four bytes."""
RAW_IPX = 0xFFFF

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
        computed("eth.len.past_end", T.NONE),
        computed("eth.invalid_lentype", T.UINT16),
        computed("eth.padding", T.BYTES),
        computed("eth.trailer", T.BYTES),
        computed("eth.padding_bad", T.NONE),
        computed("eth.src_not_group", T.NONE),
        computed("eth.fcs", T.UINT32),
        computed("eth.fcs.status", T.UINT8),
        computed("eth.stream", T.UINT32, stateful=True),
    ),
    over={"link": (1,), "gre.proto": (0x6558, 0x6400), "ip.proto": (143,)},
    carries=("ethertype", "llc", "isl", "data"),
    joins=("eth.padding", "eth.trailer", "eth.padding_bad", "eth.fcs", "eth.fcs.status"),
)


@ETH.dissector
def dissect_eth(view: View, region: Region) -> None:
    if region.end - region.start < 14:
        view.mention(ETH, region)
        raise region.beyond(region.start + 14)
    start, buf = region.start, region.buf
    if buf[start] & 1 and buf[start : start + 5] in ISL_GROUPS and "isl" not in view.by_name:
        view.mention(ETH, region)
        call_name(view, "isl", region)
        return
    layer = view.push(ETH, region, 14)
    if buf[start + 6] & 1:
        layer.add("eth.src_not_group", None, start + 6, 3)
    kind = buf[start + 12] << 8 | buf[start + 13]
    numbered = view.session.needs.wants("eth.stream")
    if numbered and kind >= MIN_TYPE_FIELD:
        _number_stream(view, layer)
    payload = region.sub(14)
    if 0 < kind <= MAX_LENGTH_FIELD:  # zero counts as a type, of nobody
        layer.add("eth.len", kind, start + 12, 2)
        if kind > payload.reported_length:
            layer.add("eth.len.past_end", None)  # no damage: Wireshark notes it only where fields of eth are asked for
        payload.trim(kind)
        outer, view.addresses = view.addresses, (b"", b"")
        call_length_field(view, payload)
        inner = view.addresses
        view.addresses = inner if any(inner) else outer
        if numbered:
            _number_stream(view, layer, inner)
    elif 0 < kind < MIN_TYPE_FIELD:
        layer.add("eth.invalid_lentype", kind, start + 12, 2)
        view.call_data(payload)
        return
    else:
        layer.add("eth.type", kind, start + 12, 2)
        layer.state = "ethertype"
        call_ethertype(view, kind, payload)
    if payload.reported_end < region.reported_end:
        has_fcs = (layer.index <= 1 or "isl" in view.by_name) and region.reported_length >= MIN_FRAME_WITH_FCS
        trailing(view, layer, payload, "eth.trailer", has_fcs)


def call_ethertype(view: View, kind: int, payload: Region) -> None:
    """Dissect the payload of an Ethernet type; afterwards `payload` reaches as far as its protocol says.

    Damage inside ends the payload only: the trailer behind it is still looked at.
    """
    protocol = view.lookup("ethertype", kind)
    if protocol is None:
        if not view.pass_over("ethertype", kind, payload):
            view.call_data(payload)
        return
    try:
        result = view.call(protocol, payload)
    except DissectionError as error:
        if view.quoted:
            raise
        view.damaged(error)
        return
    if result is False:
        view.call_data(payload)


def call_length_field(view: View, payload: Region) -> None:
    """Dissect what follows a length field: LLC, or Novell's "raw" IPX, which begins with no checksum.

    Malformed bytes end the payload only; where the capture was cut, the frame ends, as in the reference.
    """
    protocols = view.session.catalogue.protocols
    ipx = protocols.get("ipx")
    raw = ipx is not None and payload.length >= 2 and payload.u16(0) == RAW_IPX
    try:
        view.call(ipx if raw and ipx is not None else protocols["llc"], payload)
    except Malformed as error:
        if view.quoted:
            raise
        view.damaged(error)


def _number_stream(view: View, layer: Layer, inner: tuple[bytes, bytes] = (b"", b"")) -> None:
    """Conversations between two stations, in order of appearance.

    Behind a length field the reference numbers last, when the addresses are those of the network layer, if any.
    """
    streams: Numbers[tuple[bytes, ...]] = view.session.memory("eth", Numbers)
    stations = (layer.buf[layer.start : layer.start + 6], layer.buf[layer.start + 6 : layer.start + 12])
    pair = tuple(sorted(inner if any(inner) else stations))
    layer.add("eth.stream", streams.of(pair))


def trailing(view: View, layer: Layer, payload: Region, name: str, has_fcs: bool) -> None:
    """Add what lies behind the payload, which `payload` has been trimmed to.

    Zeroes up to the minimum payload are padding; if the frame is long enough, the last four bytes are the frame
    check sequence; what is left is the trailer.
    """
    region, at = layer.region, payload.reported_end
    rest = region.buf[at : region.end]
    if not rest:
        return
    reported = region.reported_end - at
    padding = 0
    room = payload.start + MIN_PAYLOAD - at
    if 0 < room <= reported:
        if room > len(rest):
            view.damaged(Truncated("the padding was not captured"))
            return
        padding = room - len(rest[:room].lstrip(b"\0"))
    unpadded = 0 < room <= reported and not padding
    if padding:
        layer.add("eth.padding", rest[:padding], at, padding)
    reported -= padding
    at += padding
    check = FCS_LENGTH if has_fcs and reported >= FCS_LENGTH else 0
    if reported and at + reported > region.end:
        view.damaged(Truncated("the trailer was not captured"))
        return
    length = reported - check
    if length == PRP_MISTAKE and name == "eth.trailer":
        view.damaged(Malformed("a trailer of three bytes"))
        return
    if length:
        layer.add(name, region.buf[at : at + length], at, length)
        if unpadded and name == "eth.trailer":
            layer.add("eth.padding_bad", None, at, length)
    if check:
        at += length
        layer.add("eth.fcs", int.from_bytes(region.buf[at : at + 4], "big"), at, 4)
        layer.add("eth.fcs.status", 2, at)


@ETH.info_line
def eth_info(layer: Layer) -> str:
    try:
        return f"0x{layer.region.u16(12):04x}"
    except DissectionError:
        return ""
