"""ICMPv6: errors and echo (RFC 4443), neighbour discovery (RFC 4861), multicast listeners (RFC 2710, RFC 3810),
router renumbering (RFC 2894), routing in low-power networks (RFC 6550).

A packet that an error message quotes is dissected but keeps no state (`View.quoted`).  Echo requests and replies
are paired by identifier and sequence number, as in Wireshark 4.4.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, computed_table, header
from dfilter.packets.protocols.icmpv6_info import message_line
from dfilter.packets.protocols.icmpv6_options import OPTION_FIELDS, fill_options
from dfilter.packets.protocols.icmpv6_renumbering import RENUMBERING_FIELDS, fill_renumbering
from dfilter.packets.protocols.icmpv6_rpl import RPL_FIELDS, fill_rpl
from dfilter.packets.protocols.quotes import internet_checksum_ok, quote
from dfilter.packets.region import Region
from dfilter.packets.streams.echoes import Echoes
from dfilter.packets.view import Layer, View

NONCE_BYTES = 4
UNREACHABLE, TOO_BIG, TIME_EXCEEDED, PARAMETER_PROBLEM, ECHO, ECHO_REPLY = 1, 2, 3, 4, 128, 129
QUERY, REPORT, DONE, ROUTER_SOLICITATION, ROUTER_ADVERTISEMENT = 130, 131, 132, 133, 134
SOLICITATION, ADVERTISEMENT, REDIRECT, RENUMBERING, REPORT_V2, RPL = 135, 136, 137, 138, 143, 155
ERRORS = frozenset({UNREACHABLE, TOO_BIG, TIME_EXCEEDED, PARAMETER_PROBLEM})
NEIGHBOUR_DISCOVERY = frozenset({ROUTER_SOLICITATION, ROUTER_ADVERTISEMENT, SOLICITATION, ADVERTISEMENT, REDIRECT})
OPTIONS_AT = {ROUTER_SOLICITATION: 8, ROUTER_ADVERTISEMENT: 16, SOLICITATION: 24, ADVERTISEMENT: 24, REDIRECT: 40}
MLDV1_LENGTH = 24

ICMPV6 = Protocol(
    "icmpv6",
    "ICMPv6",
    fields=(
        header("icmpv6.type", T.UINT8, 0),
        header("icmpv6.code", T.UINT8, 1),
        header("icmpv6.checksum", T.UINT16, 2),
        *computed_table("""
            icmpv6.checksum.status            UINT8
            icmpv6.checksum_bad.expert        NONE
            icmpv6.reserved                   BYTES
            icmpv6.unknown_data               BYTES
            icmpv6.length                     UINT8
            icmpv6.mtu                        UINT32
            icmpv6.pointer                    UINT32
            icmpv6.echo.identifier            UINT16
            icmpv6.echo.sequence_number       UINT16
            icmpv6.mld.maximum_response_delay UINT16
            icmpv6.mld.maximum_response_code  UINT16
            icmpv6.mld.multicast_address      IPv6
            icmpv6.mld.flag                   UINT8
            icmpv6.mld.flag.s                 BOOLEAN
            icmpv6.mld.flag.qrv               UINT8
            icmpv6.mld.flag.reserved          UINT8
            icmpv6.mld.qqi                    UINT8
            icmpv6.mld.nb_sources             UINT16
            icmpv6.mld.source_address         IPv6
            icmpv6.mldr.nb_mcast_records      UINT16
            icmpv6.mldr.mar                   NONE
            icmpv6.mldr.mar.record_type       UINT8
            icmpv6.mldr.mar.aux_data_len      UINT8
            icmpv6.mldr.mar.nb_sources        UINT16
            icmpv6.mldr.mar.multicast_address IPv6
            icmpv6.mldr.mar.source_address    IPv6
            icmpv6.mldr.mar.auxiliary_data    BYTES
            icmpv6.nd.ra.cur_hop_limit        UINT8
            icmpv6.nd.ra.flag                 UINT8
            icmpv6.nd.ra.flag.m               BOOLEAN
            icmpv6.nd.ra.flag.o               BOOLEAN
            icmpv6.nd.ra.flag.h               BOOLEAN
            icmpv6.nd.ra.flag.prf             UINT8
            icmpv6.nd.ra.flag.p               BOOLEAN
            icmpv6.nd.ra.flag.rsv             UINT8
            icmpv6.nd.ra.router_lifetime      UINT16
            icmpv6.nd.ra.reachable_time       UINT32
            icmpv6.nd.ra.retrans_timer        UINT32
            icmpv6.nd.ns.target_address       IPv6
            icmpv6.nd.na.flag                 UINT32
            icmpv6.nd.na.flag.r               BOOLEAN
            icmpv6.nd.na.flag.s               BOOLEAN
            icmpv6.nd.na.flag.o               BOOLEAN
            icmpv6.nd.na.flag.rsv             UINT32
            icmpv6.nd.na.target_address       IPv6
            icmpv6.nd.rd.target_address       IPv6
            icmpv6.rd.na.destination_address  IPv6
        """),
        *computed_table(OPTION_FIELDS),
        *computed_table(RENUMBERING_FIELDS),
        *computed_table(RPL_FIELDS),
        computed("icmpv6.resp_to", T.FRAMENUM, stateful=True),
        computed("icmpv6.resptime", T.DOUBLE, stateful=True),
        computed("icmpv6.resp_in", T.FRAMENUM, look_ahead=True),
        computed("icmpv6.no_resp", T.NONE, look_ahead=True),
        computed("icmpv6.resp_not_found", T.NONE, look_ahead=True),
    ),
    over={"ip.proto": (58,)},
    carries=("ipv6", "data"),
)


@ICMPV6.dissector
def dissect_icmpv6(view: View, region: Region) -> None:
    layer = view.push(ICMPV6, region)
    region.need(0, 4)
    layer.state = view.addresses
    kind = region.u8(0)
    if kind in ERRORS:
        region.need(0, 9)
        quote(view, "ipv6", region.sub(8))
    elif kind in (ECHO, ECHO_REPLY):
        if not view.quoted and region.length >= 8:
            key = (region.u16(4), region.u16(6))
            view.session.memory("icmpv6", Echoes).pair(view, layer, "icmpv6", key, kind == ECHO)
        region.need(0, 8)
        if kind == ECHO and "teredo" in view.by_name:
            region.need(8, NONCE_BYTES)  # a test of connectivity (RFC 4380 section 5.2.9)
        else:
            view.call_data(region.sub(8))
    elif kind == REDIRECT:
        _quote_redirected(view, region)


def _quote_redirected(view: View, region: Region) -> None:
    """The packet that a redirect is about lies in an option of type 4."""
    offset = OPTIONS_AT[REDIRECT]
    while offset + 8 <= region.length:
        length = region.u8(offset + 1) * 8
        if not length:
            return
        if region.u8(offset) == 4 and length > 8:
            quote(view, "ipv6", region.clipped(offset + 8, length - 8))
        offset += length


@ICMPV6.filler
def fill_icmpv6(layer: Layer) -> None:
    region, start = layer.region, layer.start
    kind = region.u8(0)
    region.need(0, 4)
    _fill_checksum(layer)
    if kind in ERRORS or kind in (ECHO, ECHO_REPLY):
        _fill_common(layer, kind)
    elif kind in (QUERY, REPORT, DONE):
        _fill_listener(layer, kind)
    elif kind == REPORT_V2:
        _fill_listener_report(layer)
    elif kind in NEIGHBOUR_DISCOVERY:
        _fill_discovery(layer, kind, start)
        fill_options(layer, region.sub(OPTIONS_AT[kind]))
    elif kind == RENUMBERING:
        fill_renumbering(layer)
    elif kind == RPL:
        fill_rpl(layer)


def _fill_checksum(layer: Layer) -> None:
    """The checksum covers a pseudo header of the addresses, length and protocol (RFC 8200 section 8.1)."""
    region, at = layer.region, layer.start + 2
    if region.end < region.reported_end or layer.quoted:
        layer.add("icmpv6.checksum.status", 2, at)
        return
    source, target = layer.state
    pseudo = source + target + region.length.to_bytes(4, "big") + b"\0\0\0\x3a"
    good = internet_checksum_ok(region.rest(), pseudo)
    layer.add("icmpv6.checksum.status", int(good), at)
    if not good:
        layer.add("icmpv6.checksum_bad.expert", None)


def _fill_common(layer: Layer, kind: int) -> None:
    region, start, add = layer.region, layer.start, layer.add
    if kind in (ECHO, ECHO_REPLY):
        add("icmpv6.echo.identifier", region.u16(4), start + 4, 2)
        add("icmpv6.echo.sequence_number", region.u16(6), start + 6, 2)
    elif kind == TOO_BIG:
        add("icmpv6.mtu", region.u32(4), start + 4, 4)
    elif kind == PARAMETER_PROBLEM:
        add("icmpv6.pointer", region.u32(4), start + 4, 4)
    else:
        add("icmpv6.reserved", region.bytes(4, 4), start + 4, 4)


def _fill_listener(layer: Layer, kind: int) -> None:
    region, start, add = layer.region, layer.start, layer.add
    second = kind == QUERY and region.reported_length > MLDV1_LENGTH
    add(f"icmpv6.mld.maximum_response_{'code' if second else 'delay'}", region.u16(4), start + 4, 2)
    add("icmpv6.reserved", region.bytes(6, 2), start + 6, 2)
    add("icmpv6.mld.multicast_address", region.bytes(8, 16), start + 8, 16)
    if not second:
        return
    flags = region.u8(24)
    add("icmpv6.mld.flag", flags, start + 24, 1)
    add("icmpv6.mld.flag.s", bool(flags & 8), start + 24, 1)
    add("icmpv6.mld.flag.qrv", flags & 7, start + 24, 1)
    add("icmpv6.mld.flag.reserved", flags >> 4, start + 24, 1)
    add("icmpv6.mld.qqi", region.u8(25), start + 25, 1)
    count = region.u16(26)
    add("icmpv6.mld.nb_sources", count, start + 26, 2)
    for offset in range(28, 28 + 16 * count, 16):
        add("icmpv6.mld.source_address", region.bytes(offset, 16), start + offset, 16)


def _fill_listener_report(layer: Layer) -> None:
    region, start, add = layer.region, layer.start, layer.add
    add("icmpv6.reserved", region.bytes(4, 2), start + 4, 2)
    count = region.u16(6)
    add("icmpv6.mldr.nb_mcast_records", count, start + 6, 2)
    offset = 8
    for _ in range(count):
        auxiliary, sources = region.u8(offset + 1) * 4, region.u16(offset + 2)
        at, prefix = start + offset, "icmpv6.mldr.mar"
        add(prefix, None, at, 20 + 16 * sources + auxiliary)
        add(prefix + ".record_type", region.u8(offset), at, 1)
        add(prefix + ".aux_data_len", region.u8(offset + 1), at + 1, 1)
        add(prefix + ".nb_sources", sources, at + 2, 2)
        add(prefix + ".multicast_address", region.bytes(offset + 4, 16), at + 4, 16)
        offset += 20
        for _ in range(sources):
            add(prefix + ".source_address", region.bytes(offset, 16), start + offset, 16)
            offset += 16
        if auxiliary:
            add(prefix + ".auxiliary_data", region.bytes(offset, auxiliary), start + offset, auxiliary)
            offset += auxiliary


def _fill_discovery(layer: Layer, kind: int, start: int) -> None:
    region, add = layer.region, layer.add
    if kind == ROUTER_ADVERTISEMENT:
        _fill_router_advertisement(layer)
        return
    if kind == ADVERTISEMENT:
        flags = region.u32(4)
        add("icmpv6.nd.na.flag", flags, start + 4, 4)
        for name, bit in (("r", 0x80000000), ("s", 0x40000000), ("o", 0x20000000)):
            add("icmpv6.nd.na.flag." + name, bool(flags & bit), start + 4, 4)
        add("icmpv6.nd.na.flag.rsv", flags & 0x1FFFFFFF, start + 4, 4)
    else:
        add("icmpv6.reserved", region.bytes(4, 4), start + 4, 4)
    message = {SOLICITATION: "ns", ADVERTISEMENT: "na", REDIRECT: "rd"}.get(kind)
    if message:
        add(f"icmpv6.nd.{message}.target_address", region.bytes(8, 16), start + 8, 16)
    if kind == REDIRECT:
        add("icmpv6.rd.na.destination_address", region.bytes(24, 16), start + 24, 16)


def _fill_router_advertisement(layer: Layer) -> None:
    region, start, add = layer.region, layer.start, layer.add
    add("icmpv6.nd.ra.cur_hop_limit", region.u8(4), start + 4, 1)
    flags = region.u8(5)
    add("icmpv6.nd.ra.flag", flags, start + 5, 1)
    for name, bit in (("m", 0x80), ("o", 0x40), ("h", 0x20), ("p", 0x04)):
        add("icmpv6.nd.ra.flag." + name, bool(flags & bit), start + 5, 1)
    add("icmpv6.nd.ra.flag.prf", flags >> 3 & 3, start + 5, 1)
    add("icmpv6.nd.ra.flag.rsv", flags & 3, start + 5, 1)
    add("icmpv6.nd.ra.router_lifetime", region.u16(6), start + 6, 2)
    add("icmpv6.nd.ra.reachable_time", region.u32(8), start + 8, 4)
    add("icmpv6.nd.ra.retrans_timer", region.u32(12), start + 12, 4)


@ICMPV6.info_line
def icmpv6_info(layer: Layer) -> str:
    return message_line(layer)
