"""IPv4 (RFC 791), its options and fragments.

Wireshark's defaults: fragments are put together, and the frame that completes a datagram carries what is above.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, bits, computed, computed_table, header, union
from dfilter.packets.protocols.ip_options import OPTION_FIELDS, fill_options
from dfilter.packets.protocols.label_texts import label_of
from dfilter.packets.region import Region
from dfilter.packets.streams.fragments import FRAGMENT_KINDS, Fragments, add_fragment_fields
from dfilter.packets.streams.remembered import Numbers
from dfilter.packets.view import Layer, View

LINKTYPE_IPV4 = 228

IP = Protocol(
    "ip",
    "IPv4",
    fields=(
        header("ip.version", T.UINT8, 0, mask=0xF0),
        computed("ip.hdr_len", T.UINT8),
        header("ip.dsfield", T.UINT8, 1),
        header("ip.dsfield.dscp", T.UINT8, 1, mask=0xFC),
        header("ip.dsfield.ecn", T.UINT8, 1, mask=0x03),
        computed("ip.len", T.UINT16, plain_at=2),
        header("ip.id", T.UINT16, 4),
        header("ip.flags", T.UINT8, 6, mask=0xE0),
        *bits((("ip.flags.rb", 0x80), ("ip.flags.df", 0x40), ("ip.flags.mf", 0x20)), at=6),
        header("ip.frag_offset", T.UINT16, 6, mask=0x1FFF),
        header("ip.ttl", T.UINT8, 8),
        header("ip.proto", T.UINT8, 9),
        header("ip.checksum", T.UINT16, 10),
        computed("ip.checksum.status", T.UINT8),
        header("ip.src", T.IPv4, 12),
        computed("ip.src_host", T.STRING),
        computed("ip.dst", T.IPv4, plain_at=16),
        computed("ip.dst_host", T.STRING),
        union("ip.addr", T.IPv4, "ip.src", "ip.dst"),
        union("ip.host", T.STRING, "ip.src_host", "ip.dst_host"),
        computed("ip.stream", T.UINT32, stateful=True),
        *(computed(f"ip.{name}", type_, stateful=True) for name, type_ in FRAGMENT_KINDS),
        computed("ip.fragments", T.BYTES, stateful=True),
        computed("ip.reassembled_in", T.FRAMENUM, look_ahead=True),
        *computed_table(OPTION_FIELDS),
        computed("ip.bogus_ip_version", T.NONE),
        computed("ip.bogus_header_length", T.NONE),
        computed("ip.bogus_ip_length", T.NONE),
        computed("ip.ttl.too_small", T.NONE),
        computed("ip.ttl.lncb", T.NONE),
    ),
    over={"ethertype": (0x0800,), "ip.proto": (4,), "link": (LINKTYPE_IPV4,), "null.family": (2,),
          "ppp.protocol": (0x0021,)},
    carries=("ip.proto", "ipv6", "data"),
)  # fmt: skip


LOCAL_GROUPS = bytes((224, 0, 0))
MIN_TTL = 5
IGMP, OSPF, PIM = 2, 89, 103
_GROUP_TTL = {18: 255, 102: 255, 251: 255, 252: None}


@IP.dissector
def dissect_ip(view: View, region: Region) -> None:
    """Dissect one IPv4 datagram; afterwards `region` reaches as far as its total length says."""
    buf, start, end = region.buf, region.start, region.end
    if start >= end:
        view.mention(IP, region)
        raise region.beyond(start + 1)
    first = buf[start]
    header_length = (first & 0x0F) * 4
    if first >> 4 != 4 or header_length < 20:
        _dissect_bogus(view, region, first >> 4, header_length)
        return
    layer = view.push(IP, region, header_length)
    if end - start < 4:
        raise region.beyond(start + 20)
    total = buf[start + 2] << 8 | buf[start + 3]
    if total == 0:  # segmentation offload: the sender left the length to its hardware
        total = region.reported_length
    if total < header_length:
        layer.state = "ip.bogus_ip_length"
        layer.region = region.clipped(0, 4)
        return
    if end - start < 20:
        raise region.beyond(start + 20)
    if total > region.reported_length:
        layer.state = "ip.bogus_ip_length"
        if not view.quoted:
            layer.add("ip.bogus_ip_length", None)
    is_cut = start + total > end
    region.trim(total)
    if header_length > region.length:
        raise region.beyond(start + header_length)
    addresses = (buf[start + 12 : start + 16], buf[start + 16 : start + 20])
    view.addresses = addresses
    if view.session.needs.wants("ip.stream"):
        number_stream(view, layer, "ip", addresses)
    fragment = (buf[start + 6] << 8 | buf[start + 7]) & 0x3FFF
    payload = region.sub(header_length)
    if fragment:
        _dissect_fragment(view, layer, payload, fragment, is_cut)
    elif payload.reported_length > 0:
        dissect_payload(view, buf[start + 9], payload)


def _dissect_bogus(view: View, region: Region, version: int, header_length: int) -> None:
    """No IPv4 header: only its first byte is shown; IPv6 behind IPv4's Ethernet type is dissected as such."""
    if version == 6 and view.frame.link_type == LINKTYPE_IPV4 and len(view.layers) == 1:
        view.mention(IP, region)
        view.call(view.session.catalogue.protocols["ipv6"], region)
        return
    layer = view.push(IP, region)
    layer.region = region.clipped(0, 1)
    if version == 4:
        layer.state = "ip.bogus_header_length"
        layer.set_end(header_length)
        return
    layer.state = "ip.bogus_ip_version"
    layer.set_end(0 if version == 6 else 20)
    if version == 6:
        view.call(view.session.catalogue.protocols["ipv6"], region)


def number_stream(view: View, layer: Layer, prefix: str, addresses: tuple[bytes, bytes]) -> None:
    """Conversations between two addresses, in order of appearance."""
    streams: Numbers[tuple[bytes, bytes]] = view.session.memory(prefix + ".stream", Numbers)
    first, second = addresses
    key = (first, second) if first <= second else (second, first)
    layer.add(f"{prefix}.stream", streams.of(key))


def dissect_payload(view: View, number: int, payload: Region) -> None:
    """Dissect what an IP protocol number says follows; `data` where it is not known."""
    protocol = view.lookup("ip.proto", number)
    if protocol is not None:
        view.call(protocol, payload)
    elif not view.pass_over("ip.proto", number, payload):
        view.call_data(payload)


def _dissect_fragment(view: View, layer: Layer, payload: Region, flags: int, is_cut: bool) -> None:
    more, offset = bool(flags & 0x2000), (flags & 0x1FFF) * 8
    number = layer.buf[layer.start + 9]
    if is_cut:
        if offset:
            view.call_data(payload)
        else:
            view.partial = more
            dissect_payload(view, number, payload)  # a cut first fragment is never put together
        return
    if view.quoted:
        view.call_data(payload)
        return
    ident = layer.region.u16(4)
    vlan = view.layer("vlan")
    if vlan is not None:  # the reference mixes the tag into the identification
        ident ^= vlan.region.u16(0) & 0x0FFF
    key = (ident, number, view.addresses)
    fragments = view.session.memory("ip.fragments", Fragments)
    whole = fragments.add(key, view.frame.number, offset, payload.rest(), more)
    if whole is None:
        view.call_data(payload)
        for frame in view.session.foresight_for("ip.reassembled_in", view.frame.number):
            layer.add("ip.reassembled_in", frame)
        return
    add_fragment_fields(layer, "ip", whole)
    for frame in whole.frames:
        if frame != view.frame.number:
            view.session.foresee("ip.reassembled_in", frame, view.frame.number)
    dissect_payload(view, number, Region(whole.data, 0, len(whole.data)))


@IP.filler
def fill_ip(layer: Layer) -> None:
    region, start = layer.region, layer.start
    if layer.state == "ip.bogus_ip_version":
        layer.add(layer.state, None)
        return
    header_length = (region.u8(0) & 0x0F) * 4
    layer.add("ip.hdr_len", header_length, start, 1)
    if region.length >= 4:
        layer.add("ip.len", region.u16(2) or layer.region.reported_length, start + 2, 2)
    if region.length <= 4 and layer.state is not None:
        layer.add(layer.state, None)
    if region.length < 20:
        return
    _remark_on_ttl(layer, region, start)
    layer.add("ip.checksum.status", 2, start + 10)
    source, target = region.bytes(12, 4), region.bytes(16, 4)
    layer.add("ip.src_host", dotted(source), start + 12, 4)
    try:
        if header_length > 20:
            target = fill_options(layer, header_length, target)
    finally:
        layer.add("ip.dst", target, start + 16, 4)
        layer.add("ip.dst_host", dotted(target), start + 16, 4)


def _remark_on_ttl(layer: Layer, region: Region, start: int) -> None:
    """A time to live that is not meant to lead far; local groups are sent with the one that their protocol states."""
    ttl, target = region.u8(8), region.bytes(16, 4)
    if target[:3] == LOCAL_GROUPS:
        if expected_ttl(region) not in (None, ttl):
            layer.add("ip.ttl.lncb", None, start + 8, 1)
    elif ttl < MIN_TTL and target[0] >> 4 != 14 and region.u8(9) not in (OSPF, PIM):
        layer.add("ip.ttl.too_small", None, start + 8, 1)


def expected_ttl(region: Region) -> int | None:
    """The time to live of packets to a local group (RFC 3171), as Wireshark 4.4 expects it; None if any will do."""
    if region.u8(9) == IGMP:
        return 1
    return _GROUP_TTL.get(region.u8(19), 1)


def dotted(address: bytes) -> str:
    return ".".join(map(str, address))


@IP.info_line
def ip_info(layer: Layer) -> str:
    """What follows, where nothing above says more; a fragment says that it is one."""
    region = layer.region
    if region.length < 4 or layer.state == "ip.bogus_ip_version":
        return ""
    if region.length < 20:
        return f"Bogus IP length ({region.u16(2)}, less than header length {(region.u8(0) & 15) * 4})"
    number = region.u8(9)
    name = label_of("ip.proto", number)
    if region.u16(6) & 0x3FFF:
        offset = (region.u16(6) & 0x1FFF) * 8
        text = f"Fragmented IP protocol (proto={name} {number}, off={offset}, ID={region.u16(4):04x})"
        return text + "".join(f" [Reassembled in #{frame}]" for frame in layer.computed("ip.reassembled_in")[:1])
    return f"{name} ({number})"
