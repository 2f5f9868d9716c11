"""IPv6 extension headers: hop-by-hop and destination options, routing, fragment, mobility's place among them.

In: the layer of one extension header, whose region is the header.  Out: its fields.
What always holds: nothing is read beyond the extension header's own length.  `ipv6.py` walks the chain.

Sources: RFC 8200 section 4, RFC 2675 (jumbo), RFC 2711 (router alert), RFC 5095 and RFC 6275 (routing), RFC 6554
(RPL), RFC 8754 (segment routing), RFC 7731 (MPL), RFC 6553 (RPL option), RFC 5570 (CALIPSO).
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed_table, header
from dfilter.packets.region import Malformed, Region
from dfilter.packets.view import Layer

HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION = 0, 43, 44, 60

OPTION_FIELDS = """
        ipv6.opt.type                      UINT8
        ipv6.opt.type.action               UINT8
        ipv6.opt.type.change               BOOLEAN
        ipv6.opt.type.rest                 UINT8
        ipv6.opt.length                    UINT8
        ipv6.opt.invalid_len               NONE
        ipv6.opt.pad1                      NONE
        ipv6.opt.padn                      BYTES
        ipv6.opt.router_alert              UINT16
        ipv6.opt.jumbo                     UINT32
        ipv6.opt.tel                       UINT8
        ipv6.opt.mipv6.home_address        IPv6
        ipv6.opt.rpl.flag                  UINT8
        ipv6.opt.rpl.flag.o                BOOLEAN
        ipv6.opt.rpl.flag.r                BOOLEAN
        ipv6.opt.rpl.flag.f                BOOLEAN
        ipv6.opt.rpl.flag.rsv              UINT8
        ipv6.opt.rpl.instance_id           UINT8
        ipv6.opt.rpl.sender_rank           UINT16
        ipv6.opt.mpl.flag                  UINT8
        ipv6.opt.mpl.flag.s                UINT8
        ipv6.opt.mpl.flag.m                BOOLEAN
        ipv6.opt.mpl.flag.v                BOOLEAN
        ipv6.opt.mpl.flag.rsv              UINT8
        ipv6.opt.mpl.sequence              UINT8
        ipv6.opt.mpl.seed_id               BYTES
        ipv6.opt.calipso.doi               UINT32
        ipv6.opt.calipso.cmpt.length       UINT8
        ipv6.opt.calipso.sens_level        UINT8
        ipv6.opt.calipso.checksum          UINT16
        ipv6.opt.calipso.cmpt_bitmap       BYTES
        ipv6.opt.ilnp_nonce                BYTES
        ipv6.opt.lio.length                UINT8
        ipv6.opt.lio.line_id               STRING
        ipv6.opt.experimental              BYTES
        ipv6.opt.unknown                   BYTES
        ipv6.opt                           NONE
"""

HOPOPTS = Protocol(
    "ipv6.hopopts",
    "IPv6 Hop-by-Hop",
    fields=computed_table("""
        ipv6.hopopts.nxt                   UINT8
        ipv6.hopopts.len                   UINT8
        ipv6.hopopts.len_oct               UINT16
    """ + OPTION_FIELDS),
    carries=("ip.proto", "data"),
)

DSTOPTS = Protocol(
    "ipv6.dstopts",
    "IPv6 Destination Options",
    fields=computed_table("""
        ipv6.dstopts.nxt                   UINT8
        ipv6.dstopts.len                   UINT8
        ipv6.dstopts.len_oct               UINT16
    """),
    carries=("ip.proto", "data"),
    shares=tuple(row.split()[0] for row in OPTION_FIELDS.splitlines() if row.strip()),
)

ROUTING_HEADER = Protocol(
    "ipv6.routing",
    "IPv6 Routing",
    fields=computed_table("""
        ipv6.routing.nxt                   UINT8
        ipv6.routing.len                   UINT8
        ipv6.routing.len_oct               UINT16
        ipv6.routing.type                  UINT8
        ipv6.routing.segleft               UINT8
        ipv6.routing.deprecated            NONE
        ipv6.routing.src.reserved          BYTES
        ipv6.routing.src.addr              IPv6
        ipv6.routing.mipv6.reserved        BYTES
        ipv6.routing.mipv6.home_address    IPv6
        ipv6.routing.rpl.cmprI             UINT32
        ipv6.routing.rpl.cmprE             UINT32
        ipv6.routing.rpl.pad               UINT32
        ipv6.routing.rpl.reserved          UINT32
        ipv6.routing.rpl.addr_count        INT32
        ipv6.routing.rpl.address           BYTES
        ipv6.routing.rpl.full_address      IPv6
        ipv6.routing.srh.last_entry        UINT8
        ipv6.routing.srh.flags             UINT8
        ipv6.routing.srh.tag               BYTES
        ipv6.routing.srh.addr              IPv6
        ipv6.routing.unknown_data          BYTES
    """),
    carries=("ip.proto", "data"),
)

FRAGMENT_HEADER = Protocol(
    "ipv6.fraghdr",
    "IPv6 Fragment",
    fields=(
        header("ipv6.fraghdr.nxt", T.UINT8, 0),
        header("ipv6.fraghdr.reserved_octet", T.UINT8, 1),
        header("ipv6.fraghdr.offset", T.UINT16, 2, mask=0xFFF8),
        header("ipv6.fraghdr.reserved_bits", T.UINT16, 2, mask=0x0006),
        header("ipv6.fraghdr.more", T.BOOLEAN, 2, 2, 0x0001),
        header("ipv6.fraghdr.ident", T.UINT32, 4),
    ),
    carries=("ip.proto", "data"),
)

HEADERS = {HOP_BY_HOP: HOPOPTS, ROUTING: ROUTING_HEADER, FRAGMENT: FRAGMENT_HEADER, DESTINATION: DSTOPTS}
"""The extension headers that are read here, by their protocol number."""

PAD1, PADN = 0x00, 0x01
TUNNEL_LIMIT, ROUTER_ALERT, CALIPSO, RPL, MPL = 0x04, 0x05, 0x07, 0x63, 0x6D
ILNP_NONCE, LINE_ID, JUMBO, HOME_ADDRESS = 0x8B, 0x8C, 0xC2, 0xC9
RPL_OLD = 0x23
MAX_PLAIN = 0xFFFF
"""The longest payload of a packet that is no jumbogram, bytes."""
PMTU = 0x30
RPL_ROUTE, SEGMENT_ROUTING = 3, 4
DEPRECATED_ROUTES = (0, 1)
"""Source routes (RFC 5095) and Nimrod."""
_OPTION_LENGTHS = {ROUTER_ALERT: (2, 2), JUMBO: (4, 4), TUNNEL_LIMIT: (1, 1), HOME_ADDRESS: (16, 16), PMTU: (4, 4),
                   RPL: (4, 255), RPL_OLD: (4, 255), CALIPSO: (8, 255)}  # fmt: skip
"""The shortest and the longest that these options may be, bytes."""
EXPERIMENTAL = frozenset({0x1E, 0x3E, 0x5E, 0x7E, 0x9E, 0xBE, 0xDE, 0xFE})


def jumbo_length(region: Region) -> int | None:
    """The packet length that a jumbo payload option right behind the IPv6 header states (RFC 2675)."""
    if region.length < 48:
        return None
    at, stop = 42, min(40 + 8 + region.u8(41) * 8, region.length)
    while at + 6 <= stop:
        kind = region.u8(at)
        if kind == PAD1:
            at += 1
            continue
        if kind == JUMBO and region.u8(at + 1) == 4 and region.u32(at + 2) > MAX_PLAIN:
            return region.u32(at + 2)
        at += 2 + region.u8(at + 1)
    return None


def final_destination(header: Region, target: bytes) -> bytes:
    """Where a route that is still to go ends, by a whole routing header; `target` where there is none."""
    if header.length < 24 or not header.u8(3):
        return target
    kind = header.u8(2)
    if kind in (0, 2):
        return header.bytes(8 + (header.length - 8) // 16 * 16 - 16, 16)
    if kind == SEGMENT_ROUTING:
        return header.bytes(8, 16)
    if kind != RPL_ROUTE:
        return target
    shared, pad = header.u8(4) & 0x0F, header.u8(5) >> 4
    end = header.length - pad
    return target[:shared] + header.bytes(end - 16 + shared, 16 - shared) if end - 16 + shared >= 8 else target


def home_address(header: Region) -> bytes:
    """The mobile host's own address (RFC 6275 section 6.3) in destination options that are within `header`."""
    offset = 2
    while offset + 18 <= header.length:
        kind = header.u8(offset)
        if kind == HOME_ADDRESS and header.u8(offset + 1) == 16:
            return header.bytes(offset + 2, 16)
        offset += 1 if kind == PAD1 else 2 + header.u8(offset + 1)
    return b""


def fill_options_header(layer: Layer) -> None:
    """Hop-by-hop and destination options; an option is read as far as the packet goes."""
    _fill_start(layer)
    _fill_options(layer, layer.state or layer.region, layer.region.reported_length)


def _fill_start(layer: Layer) -> None:
    region, at, name = layer.region, layer.start, layer.protocol.name
    layer.add(f"{name}.nxt", region.u8(0), at, 1)
    layer.add(f"{name}.len", region.u8(1), at + 1, 1)
    layer.add(f"{name}.len_oct", 8 + region.u8(1) * 8, at + 1, 1)


def check_options(packet: Region, length: int) -> None:
    """Raises where an option of a header of `length` bytes reaches beyond the `packet` that begins with the header."""
    offset = 2
    while offset < length:
        offset += 1 if packet.u8(offset) == PAD1 else 2 + packet.u8(offset + 1)
        if offset > packet.length:
            raise packet.beyond(packet.start + offset)


def _fill_options(layer: Layer, region: Region, stop: int) -> None:
    offset = 2
    while offset < stop:
        kind, at = region.u8(offset), region.start + offset
        length = 0 if kind == PAD1 else region.u8(offset + 1)
        layer.add("ipv6.opt", None, at, 1 if kind == PAD1 else 2 + length)
        layer.add("ipv6.opt.type", kind, at, 1)
        layer.add("ipv6.opt.type.action", kind >> 6, at, 1)
        layer.add("ipv6.opt.type.change", bool(kind & 0x20), at, 1)
        layer.add("ipv6.opt.type.rest", kind & 0x1F, at, 1)
        if kind == PAD1:
            layer.add("ipv6.opt.pad1", None, at, 1)
            offset += 1
            continue
        layer.add("ipv6.opt.length", length, at + 1, 1)
        _fill_option(layer, kind, region.clipped(offset + 2, length))
        offset += 2 + length


def _fill_option(layer: Layer, kind: int, body: Region) -> None:
    at, length, add = body.start, body.reported_length, layer.add
    shortest, longest = _OPTION_LENGTHS.get(kind, (0, 255))
    if not shortest <= length <= longest:
        add("ipv6.opt.invalid_len", None, at - 1, 1)
        if not layer.quoted:
            layer.view.damaged(Malformed("an option of the wrong length"))
    if kind == PADN:
        add("ipv6.opt.padn", body.rest(), at, length)
    elif kind == ROUTER_ALERT and length == 2:
        add("ipv6.opt.router_alert", body.u16(0), at, 2)
    elif kind == JUMBO and length == 4:
        add("ipv6.opt.jumbo", body.u32(0), at, 4)
    elif kind == TUNNEL_LIMIT and length == 1:
        add("ipv6.opt.tel", body.u8(0), at, 1)
    elif kind == HOME_ADDRESS and length == 16:
        add("ipv6.opt.mipv6.home_address", body.bytes(0, 16), at, 16)
    elif kind in (RPL, RPL_OLD) and length >= 4:
        _fill_rpl_option(layer, body)
    elif kind == MPL and length >= 2:
        _fill_mpl_option(layer, body)
    elif kind == CALIPSO and length >= 8:
        _fill_calipso(layer, body)
    elif kind == ILNP_NONCE:
        add("ipv6.opt.ilnp_nonce", body.rest(), at, length)
    elif kind == LINE_ID and length >= 1:
        add("ipv6.opt.lio.length", body.u8(0), at, 1)
        add("ipv6.opt.lio.line_id", body.rest(1).decode("utf-8", "replace"), at + 1, length - 1)
    elif kind in EXPERIMENTAL:
        add("ipv6.opt.experimental", body.rest(), at, length)
    elif length:
        add("ipv6.opt.unknown", body.rest(), at, length)


def _fill_rpl_option(layer: Layer, body: Region) -> None:
    at, flags, add = body.start, body.u8(0), layer.add
    add("ipv6.opt.rpl.flag", flags, at, 1)
    add("ipv6.opt.rpl.flag.o", bool(flags & 0x80), at, 1)
    add("ipv6.opt.rpl.flag.r", bool(flags & 0x40), at, 1)
    add("ipv6.opt.rpl.flag.f", bool(flags & 0x20), at, 1)
    add("ipv6.opt.rpl.flag.rsv", flags & 0x1F, at, 1)
    add("ipv6.opt.rpl.instance_id", body.u8(1), at + 1, 1)
    add("ipv6.opt.rpl.sender_rank", body.u16(2), at + 2, 2)


def _fill_mpl_option(layer: Layer, body: Region) -> None:
    at, flags, add = body.start, body.u8(0), layer.add
    add("ipv6.opt.mpl.flag", flags, at, 1)
    add("ipv6.opt.mpl.flag.s", flags >> 6, at, 1)
    add("ipv6.opt.mpl.flag.m", bool(flags & 0x20), at, 1)
    add("ipv6.opt.mpl.flag.v", bool(flags & 0x10), at, 1)
    add("ipv6.opt.mpl.flag.rsv", flags & 0x0F, at, 1)
    add("ipv6.opt.mpl.sequence", body.u8(1), at + 1, 1)
    seed = (0, 2, 8, 16)[flags >> 6]
    if seed:
        add("ipv6.opt.mpl.seed_id", body.bytes(2, seed), at + 2, seed)


def _fill_calipso(layer: Layer, body: Region) -> None:
    at, add = body.start, layer.add
    add("ipv6.opt.calipso.doi", body.u32(0), at, 4)
    add("ipv6.opt.calipso.cmpt.length", body.u8(4), at + 4, 1)
    add("ipv6.opt.calipso.sens_level", body.u8(5), at + 5, 1)
    add("ipv6.opt.calipso.checksum", body.u16(6), at + 6, 2)
    if body.reported_length > 8:
        add("ipv6.opt.calipso.cmpt_bitmap", body.rest(8), at + 8, body.length - 8)


def fill_routing(layer: Layer) -> None:
    """The routing header's types 0, 2, 3 and 4; of others the bytes."""
    _fill_start(layer)
    region = layer.region
    at, kind = region.start, region.u8(2)
    layer.add("ipv6.routing.type", kind, at + 2, 1)
    layer.add("ipv6.routing.segleft", region.u8(3), at + 3, 1)
    if kind in DEPRECATED_ROUTES:
        layer.add("ipv6.routing.deprecated", None, at + 2, 1)
    if kind in (0, 2):
        side = "src" if kind == 0 else "mipv6"
        layer.add(f"ipv6.routing.{side}.reserved", region.bytes(4, 4), at + 4, 4)
        name = "ipv6.routing.src.addr" if kind == 0 else "ipv6.routing.mipv6.home_address"
        _fill_addresses(layer, region, name, 8, region.reported_length)
    elif kind == 3:
        _fill_rpl_route(layer, region)
    elif kind == 4:
        layer.add("ipv6.routing.srh.last_entry", region.u8(4), at + 4, 1)
        layer.add("ipv6.routing.srh.flags", region.u8(5), at + 5, 1)
        layer.add("ipv6.routing.srh.tag", region.bytes(6, 2), at + 6, 2)
        stop = min(8 + 16 * (region.u8(4) + 1), region.reported_length)
        _fill_addresses(layer, region, "ipv6.routing.srh.addr", 8, stop)
    else:
        length = region.reported_length - 4
        layer.add("ipv6.routing.unknown_data", region.bytes(4, length), at + 4, length)


def _fill_addresses(layer: Layer, region: Region, name: str, offset: int, stop: int) -> None:
    while offset + 16 <= stop:
        layer.add(name, region.bytes(offset, 16), region.start + offset, 16)
        offset += 16


def _fill_rpl_route(layer: Layer, region: Region) -> None:
    """A source route whose addresses leave out the prefix that they share with the destination."""
    at, word, add = region.start, region.u32(4), layer.add
    inner, last, pad = word >> 28, word >> 24 & 0xF, word >> 20 & 0xF
    add("ipv6.routing.rpl.cmprI", inner, at + 4, 4)
    add("ipv6.routing.rpl.cmprE", last, at + 4, 4)
    add("ipv6.routing.rpl.pad", pad, at + 4, 4)
    add("ipv6.routing.rpl.reserved", word & 0xFFFFF, at + 4, 4)
    room = region.reported_length - 8 - pad - (16 - last)
    count = room // (16 - inner) + 1 if room >= 0 else 0
    add("ipv6.routing.rpl.addr_count", count, at + 2, 1)
    below = [other for other in layer.view.by_name.get("ipv6", ()) if other.index < layer.index]
    target = below[-1].region.bytes(24, 16) if below else bytes(16)
    offset = 8
    for index in range(count):
        shared = last if index == count - 1 else inner
        value = region.bytes(offset, 16 - shared)
        add("ipv6.routing.rpl.address", value, at + offset, len(value))
        add("ipv6.routing.rpl.full_address", target[:shared] + value, at + offset, len(value))
        offset += 16 - shared


HOPOPTS.fill = DSTOPTS.fill = fill_options_header
ROUTING_HEADER.fill = fill_routing
