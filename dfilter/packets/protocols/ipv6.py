"""IPv6 (RFC 8200) with its extension headers and fragments.

As in Wireshark 4.4 the extension headers belong to the `ipv6` layer, which covers them.  Fragments are put
together, and the frame that completes a packet carries what is above.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, computed_table, header, union
from dfilter.packets.protocols.ip import dissect_payload, number_stream
from dfilter.packets.protocols.ipv6_addresses import ADDRESS_FIELDS, ADDRESS_UNIONS, fill_addresses
from dfilter.packets.protocols.ipv6_extensions import (
    EXTENSION_FIELDS,
    FRAGMENT,
    HEADERS,
    HOP_BY_HOP,
    fill_extension,
    jumbo_length,
)
from dfilter.packets.region import Malformed, Region
from dfilter.packets.streams.fragments import FRAGMENT_KINDS, Fragments, add_fragment_fields
from dfilter.packets.view import Layer, View

NO_NEXT_HEADER = 59
MAX_EXTENSIONS = 64
"""Extension headers in one packet that are read: more are no packet that anybody sends."""

IPV6 = Protocol(
    "ipv6",
    "IPv6",
    fields=(
        header("ipv6.version", T.UINT8, 0, mask=0xF0),
        header("ipv6.tclass", T.UINT32, 0, mask=0x0FF00000),
        header("ipv6.tclass.dscp", T.UINT32, 0, mask=0x0FC00000),
        header("ipv6.tclass.ecn", T.UINT32, 0, mask=0x00300000),
        header("ipv6.flow", T.UINT24, 1, mask=0x0FFFFF),
        header("ipv6.plen", T.UINT16, 4),
        header("ipv6.nxt", T.UINT8, 6),
        header("ipv6.hlim", T.UINT8, 7),
        header("ipv6.src", T.IPv6, 8),
        header("ipv6.dst", T.IPv6, 24),
        union("ipv6.addr", T.IPv6, "ipv6.src", "ipv6.dst"),
        computed("ipv6.src_host", T.STRING),
        computed("ipv6.dst_host", T.STRING),
        union("ipv6.host", T.STRING, "ipv6.src_host", "ipv6.dst_host"),
        computed("ipv6.plen_zero", T.NONE),
        computed("ipv6.stream", T.UINT32, stateful=True),
        *computed_table(ADDRESS_FIELDS),
        *(union(name, type_, *parts) for name, type_, parts in ADDRESS_UNIONS),
        *computed_table(EXTENSION_FIELDS),
        *(computed(f"ipv6.{name}", type_, stateful=True) for name, type_ in FRAGMENT_KINDS),
        computed("ipv6.fragments", T.NONE, stateful=True),
        computed("ipv6.reassembled.in", T.FRAMENUM, look_ahead=True),
    ),
    over={"ethertype": (0x86DD,), "ip.proto": (41,), "link": (229,), "null.family": (10, 23, 24, 28, 30),
          "ppp.protocol": (0x0057,)},
    carries=("ip.proto", "data"),
    shares=("ip.version",),
)  # fmt: skip


@IPV6.dissector
def dissect_ipv6(view: View, region: Region) -> int:
    """Dissect one IPv6 packet; the absolute offset where it ends."""
    buf, start = region.buf, region.start
    layer = view.push(IPV6, region, 40)
    extensions: list[tuple[int, Region]] = []
    layer.state = extensions
    if region.end - start < 40:
        raise region.beyond(start + 40)
    if buf[start] >> 4 != 6:
        raise Malformed("the version is not 6")
    length = buf[start + 4] << 8 | buf[start + 5]
    next_header = buf[start + 6]
    if length == 0:
        length = _length_of_large(region, next_header)
    stop = min(start + 40 + length, region.reported_end)
    view.addresses = (buf[start + 8 : start + 24], buf[start + 24 : start + 40])
    if not view.quoted and view.session.needs.wants("ipv6.stream"):
        number_stream(view, layer, "ipv6", view.addresses)
    payload = region.clipped(40, stop - start - 40)
    _dissect_extensions(view, layer, extensions, next_header, payload)
    return stop


def _length_of_large(region: Region, next_header: int) -> int:
    """A payload length of 0: a jumbogram (RFC 2675) says its length in an option; else all there is."""
    if next_header == HOP_BY_HOP:
        jumbo = jumbo_length(region)
        if jumbo is not None:
            return jumbo
        return 0
    return region.reported_length - 40


def _dissect_extensions(view: View, layer: Layer, extensions: list[tuple[int, Region]], next_header: int,
                        payload: Region) -> None:  # fmt: skip
    """Walk the extension headers, noting (kind, bytes) of each, then go on to what is above."""
    while next_header in HEADERS and len(extensions) < MAX_EXTENSIONS:
        length = 8 if next_header == FRAGMENT else 8 + payload.u8(1) * 8
        extensions.append((next_header, payload.clipped(0, length)))
        if payload.buf is layer.buf:
            layer.set_length(payload.start - layer.start + length)
        if next_header == FRAGMENT:
            bits = payload.u16(2)
            next_header = payload.u8(0)
            if bits & 0xFFF9:
                _dissect_fragment(view, layer, payload, next_header)
                return
        else:
            next_header = payload.u8(0)
        payload = payload.sub(length)
    if next_header == NO_NEXT_HEADER:
        view.call_data(payload)
    else:
        dissect_payload(view, next_header, payload)


def _dissect_fragment(view: View, layer: Layer, header_region: Region, number: int) -> None:
    bits, payload = header_region.u16(2), header_region.sub(8)
    more, offset = bool(bits & 1), bits & 0xFFF8
    if payload.end < payload.reported_end or view.quoted:
        if offset == 0:
            dissect_payload(view, number, payload)
        else:
            view.call_data(payload)
        return
    key = (header_region.u32(4), view.addresses)
    fragments = view.session.memory("ipv6.fragments", Fragments)
    whole = fragments.add(key, view.frame.number, offset, payload.rest(), more)
    if whole is None:
        view.call_data(payload)
        for frame in view.session.foresight_for("ipv6.reassembled.in", view.frame.number):
            layer.add("ipv6.reassembled.in", frame)
        return
    add_fragment_fields(layer, "ipv6", whole)
    for frame in whole.frames:
        if frame != view.frame.number:
            view.session.foresee("ipv6.reassembled.in", frame, view.frame.number)
    _dissect_extensions(view, layer, layer.state, number, Region(whole.data, 0, len(whole.data)))


@IPV6.filler
def fill_ipv6(layer: Layer) -> None:
    region, start = layer.region, layer.start
    if region.length < 40:
        return
    layer.add("ip.version", region.u8(0) >> 4, start, 1)
    fill_addresses(layer, region.bytes(8, 16), region.bytes(24, 16))
    extensions: list[tuple[int, Region]] = layer.state
    for kind, body in extensions:
        fill_extension(layer, kind, body)


@IPV6.info_line
def ipv6_info(layer: Layer) -> str:
    region = layer.region
    return f"next header {region.u8(6)}" if region.length >= 40 else ""
