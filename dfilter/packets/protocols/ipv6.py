"""IPv6 (RFC 8200) with its extension headers and fragments.

As in Wireshark 4.4 the extension headers are layers of their own, which the `ipv6` layer covers too.  Fragments
are put together, and the frame that completes a packet carries what is above.
"""

from __future__ import annotations

from collections.abc import Callable

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, computed_table, header, union
from dfilter.packets.protocols.ip import dissect_payload, number_stream
from dfilter.packets.protocols.ipv6_addresses import ADDRESS_FIELDS, ADDRESS_UNIONS, fill_addresses
from dfilter.packets.protocols.ipv6_extensions import (
    DESTINATION,
    DSTOPTS,
    FRAGMENT,
    HEADERS,
    HOP_BY_HOP,
    HOPOPTS,
    ROUTING,
    check_options,
    final_destination,
    home_address,
    jumbo_length,
)
from dfilter.packets.protocols.label_texts import label_of
from dfilter.packets.region import Malformed, Region
from dfilter.packets.streams.fragments import FRAGMENT_KINDS, Fragments, add_fragment_fields
from dfilter.packets.view import Layer, View

NO_NEXT_HEADER = 59
OPTION_HEADERS = (HOPOPTS, DSTOPTS)
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
        computed("ipv6.bogus_ipv6_version", T.NONE),
        computed("ipv6.plen_zero", T.NONE),
        computed("ipv6.plen_exceeds_framing", T.NONE),
        computed("ipv6.opt.jumbo.missing", T.NONE),
        computed("ipv6.stream", T.UINT32, stateful=True),
        *computed_table(ADDRESS_FIELDS),
        *(union(name, type_, *parts) for name, type_, parts in ADDRESS_UNIONS),
        *(computed(f"ipv6.{name}", type_, stateful=True) for name, type_ in FRAGMENT_KINDS),
        computed("ipv6.fragments", T.NONE, stateful=True),
        computed("ipv6.reassembled.in", T.FRAMENUM, look_ahead=True),
    ),
    over={"ethertype": (0x86DD,), "ip.proto": (41,), "link": (229,), "null.family": (10, 23, 24, 28, 30),
          "ppp.protocol": (0x0057,)},
    carries=("ip.proto", "ipv6.hopopts", "ipv6.dstopts", "ipv6.routing", "ipv6.fraghdr", "data"),
    shares=("ip.version",),
)  # fmt: skip


@IPV6.dissector
def dissect_ipv6(view: View, region: Region) -> None:
    """Dissect one IPv6 packet; afterwards `region` reaches as far as its payload length says."""
    buf, start = region.buf, region.start
    layer = view.push(IPV6, region, 40)
    if region.u8(0) >> 4 != 6:
        layer.region = region.clipped(0, 1)
        layer.add("ipv6.bogus_ipv6_version", None)
        if not view.quoted:
            view.damaged(Malformed("the version is not 6"))
        if layer.index > 1:  # what carries it shows as data what was declined; the outermost header is nobody's
            view.call_data(region)
        return
    if region.end - start < 40:
        raise region.beyond(start + 40)
    length = buf[start + 4] << 8 | buf[start + 5]
    next_header = buf[start + 6]
    if length == 0:
        length = _length_of_large(layer, region, next_header)
    if 40 + length > region.reported_length:
        layer.add("ipv6.plen_exceeds_framing", None, start + 4, 2)
    region.trim(40 + length)
    view.addresses = (buf[start + 8 : start + 24], buf[start + 24 : start + 40])
    if view.session.needs.wants("ipv6.stream"):
        number_stream(view, layer, "ipv6", view.addresses)
    dissect_chain(view, layer, next_header, region.sub(40))


def _length_of_large(layer: Layer, region: Region, next_header: int) -> int:
    """A payload length of 0: a jumbogram (RFC 2675) says its length in an option, or there is no payload."""
    length = jumbo_length(region) if next_header == HOP_BY_HOP else None
    if length is None:
        missing = next_header == HOP_BY_HOP
        layer.add("ipv6.opt.jumbo.missing" if missing else "ipv6.plen_zero", None, region.start + 4, 2)
    return length or 0


def dissect_chain(view: View, layer: Layer | None, next_header: int, payload: Region) -> None:
    """Walk the extension headers that begin with `next_header`, then go on to what is above.

    `layer` is the IPv6 layer that covers them; None where one follows something else.
    """
    for _ in range(MAX_EXTENSIONS):
        protocol = HEADERS.get(next_header)
        if protocol is None:
            break
        if payload.length < 2:
            view.mention(protocol, payload)
            raise payload.beyond(payload.start + 2)
        extension = view.push(protocol, payload)
        length = 8 if next_header == FRAGMENT else 8 + payload.u8(1) * 8
        body = payload.clipped(0, length)
        extension.region, extension.end, extension.state = body, body.end, payload
        if layer is not None and payload.buf is layer.buf:
            layer.set_end(body.end - layer.start)
        payload.need(0, length)
        if protocol in OPTION_HEADERS:
            check_options(payload, length)
        _redirect(view, next_header, body)
        if next_header == FRAGMENT and payload.u16(2) & 0xFFF9:
            _dissect_fragment(view, layer or extension, body, payload.sub(8))
            return
        next_header = payload.u8(0)
        payload = payload.sub(length)
    if next_header == NO_NEXT_HEADER:
        if payload.length > 0:
            view.call_data(payload)
    else:
        dissect_payload(view, next_header, payload)


def _redirect(view: View, number: int, header: Region) -> None:
    """Conversations are between the ends of a route that is still to go, and belong to a host's home address."""
    source, target = view.addresses
    if number == ROUTING:
        target = final_destination(header, target)
    elif number == DESTINATION:
        source = home_address(header) or source
    view.addresses = (source, target)


def _dissect_fragment(view: View, layer: Layer, head: Region, payload: Region) -> None:
    number, bits = head.u8(0), head.u16(2)
    more, offset = bool(bits & 1), bits & 0xFFF8
    if payload.end < payload.reported_end or view.quoted:
        if offset == 0 and not (more and view.quoted):
            view.partial = more
            dissect_chain(view, layer, number, payload)
        else:
            view.call_data(payload)
        return
    key = (head.u32(4), view.addresses)
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
    dissect_chain(view, layer, number, Region(whole.data, 0, len(whole.data)))


def _dissect_lone(number: int) -> Callable[[View, Region], None]:
    """An extension header that follows something other than IPv6."""
    return lambda view, region: dissect_chain(view, None, number, region)


for _number, _protocol in HEADERS.items():
    _protocol.over = {"ip.proto": (_number,)}
    _protocol.dissect = _dissect_lone(_number)


@IPV6.filler
def fill_ipv6(layer: Layer) -> None:
    region, start = layer.region, layer.start
    if region.length:
        layer.add("ip.version", region.u8(0) >> 4, start, 1)
    if region.length >= 40:
        fill_addresses(layer, region.bytes(8, 16), region.bytes(24, 16))


@IPV6.info_line
def ipv6_info(layer: Layer) -> str:
    region = layer.region
    """What follows, where nothing above says more."""
    return _NEXT_TEXTS.get(region.u8(6), label_of("ip.proto", region.u8(6))) if region.length >= 40 else ""


_NEXT_TEXTS = {0: "IPv6 hop-by-hop options", 43: "IPv6 routing", 44: "IPv6 fragment", 59: "IPv6 no next header",
               60: "IPv6 destination options"}  # fmt: skip
