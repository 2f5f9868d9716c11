"""Options of neighbour discovery messages: RFC 4861, RFC 4191 (routes), RFC 8106 (DNS), RFC 3971 (nonce, time).

In: the bytes behind a message's fixed part.  Out: fields on the `icmpv6` layer.
"""

from __future__ import annotations

from dfilter.packets.region import Region, Remarked
from dfilter.packets.view import Layer

OPTION_FIELDS = """
    icmpv6.opt                              NONE
    icmpv6.opt.type                         UINT8
    icmpv6.opt.length                       UINT8
    icmpv6.opt.linkaddr                     BYTES
    icmpv6.opt.src_linkaddr                 BYTES
    icmpv6.opt.target_linkaddr              BYTES
    icmpv6.opt.prefix.length                UINT8
    icmpv6.opt.prefix.flag                  UINT8
    icmpv6.opt.prefix.flag.l                BOOLEAN
    icmpv6.opt.prefix.flag.a                BOOLEAN
    icmpv6.opt.prefix.flag.r                BOOLEAN
    icmpv6.opt.prefix.flag.reserved         UINT8
    icmpv6.opt.prefix.valid_lifetime        UINT32
    icmpv6.opt.prefix.preferred_lifetime    UINT32
    icmpv6.opt.prefix                       IPv6
    icmpv6.opt.reserved                     NONE
    icmpv6.opt.redirected_packet            NONE
    icmpv6.opt.mtu                          UINT32
    icmpv6.opt.advertisement_interval       UINT32
    icmpv6.opt.nonce                        BYTES
    icmpv6.opt.timestamp                    ABSOLUTE_TIME
    icmpv6.opt.route_info.flag              UINT8
    icmpv6.opt.route_info.flag.route_preference UINT8
    icmpv6.opt.route_info.flag.reserved     UINT8
    icmpv6.opt.route_lifetime               UINT32
    icmpv6.opt.rdnss.lifetime               UINT32
    icmpv6.opt.rdnss                        IPv6
    icmpv6.opt.pref64.scaled_lifetime       UINT16
    icmpv6.opt.pref64.plc                   UINT16
    icmpv6.opt.pref64.prefix                IPv6
    icmpv6.opt.dnssl.lifetime               UINT32
    icmpv6.opt.dnssl                        STRING
"""

SOURCE_STATION, TARGET_STATION, PREFIX, REDIRECTED, MTU, INTERVAL = 1, 2, 3, 4, 5, 7
TIMESTAMP, NONCE, ROUTE, RDNSS, DNSSL, PREF64 = 13, 14, 24, 25, 31, 38
PREF64_BYTES = 16
PREF64_SIZES = (12, 8, 7, 6, 5, 4)
"""Bytes of a prefix by its code (RFC 8781 section 4)."""
STATION_LENGTH = 6


def fill_options(layer: Layer, region: Region) -> None:
    """Add the fields of the options in `region`; an option of length 0 ends them."""
    offset = 0
    while offset < region.reported_length:
        kind, length = region.u8(offset), region.u8(offset + 1) * 8
        at = region.start + offset
        layer.add("icmpv6.opt", None, at, length)
        layer.add("icmpv6.opt.type", kind, at, 1)
        layer.add("icmpv6.opt.length", length // 8, at + 1, 1)
        if not length:
            return
        _fill_option(layer, kind, region.clipped(offset, length))
        offset += length


def _fill_option(layer: Layer, kind: int, option: Region) -> None:
    at, length, add = option.start, option.reported_length, layer.add
    if kind in (SOURCE_STATION, TARGET_STATION):
        size = STATION_LENGTH if length == 8 else length - 2
        value = option.bytes(2, size)
        add("icmpv6.opt.linkaddr", value, at + 2, size)
        add(f"icmpv6.opt.{'src' if kind == SOURCE_STATION else 'target'}_linkaddr", value, at + 2, size)
    elif kind == PREFIX:
        _fill_prefix(layer, option)
    elif kind == REDIRECTED:
        add("icmpv6.opt.reserved", None, at + 2, 6)
        add("icmpv6.opt.redirected_packet", None, at + 8, length - 8)
    elif kind == MTU:
        add("icmpv6.opt.reserved", None, at + 2, 2)
        add("icmpv6.opt.mtu", option.u32(4), at + 4, 4)
    elif kind == INTERVAL:
        add("icmpv6.opt.reserved", None, at + 2, 2)
        add("icmpv6.opt.advertisement_interval", option.u32(4), at + 4, 4)
    elif kind == NONCE:
        add("icmpv6.opt.nonce", option.bytes(2, length - 2), at + 2, length - 2)
    elif kind == TIMESTAMP:
        add("icmpv6.opt.reserved", None, at + 2, 6)
        stamp = option.u64(8)
        add("icmpv6.opt.timestamp", (stamp >> 16) * 10**9 + (stamp & 0xFFFF) * 10**9 // 65536, at + 8, 8)
    elif kind == ROUTE:
        _fill_route(layer, option)
    elif kind == RDNSS:
        _fill_dns_servers(layer, option)
    elif kind == DNSSL:
        _fill_search_list(layer, option)
    elif kind == PREF64:
        _fill_pref64(layer, option)


def _fill_pref64(layer: Layer, option: Region) -> None:
    """A prefix for translation to IPv4 (RFC 8781); its codes of a prefix length end at 5."""
    at, word = option.start, option.u16(2)
    layer.add("icmpv6.opt.pref64.scaled_lifetime", word >> 3, at + 2, 2)
    layer.add("icmpv6.opt.pref64.plc", word & 7, at + 2, 2)
    size = dict(enumerate(PREF64_SIZES)).get(word & 7, 0)
    if size:
        layer.add("icmpv6.opt.pref64.prefix", option.bytes(4, size).ljust(16, b"\0"), at + 4, size)
    for is_wrong in (not size, option.reported_length > PREF64_BYTES):
        if is_wrong and not layer.quoted:
            layer.view.damaged(Remarked("an option of a length that does not fit"))


def _fill_prefix(layer: Layer, option: Region) -> None:
    at, flags, add = option.start, option.u8(3), layer.add
    add("icmpv6.opt.prefix.length", option.u8(2), at + 2, 1)
    add("icmpv6.opt.prefix.flag", flags, at + 3, 1)
    for name, bit in (("l", 0x80), ("a", 0x40), ("r", 0x20)):
        add("icmpv6.opt.prefix.flag." + name, bool(flags & bit), at + 3, 1)
    add("icmpv6.opt.prefix.flag.reserved", flags & 0x1F, at + 3, 1)
    add("icmpv6.opt.prefix.valid_lifetime", option.u32(4), at + 4, 4)
    add("icmpv6.opt.prefix.preferred_lifetime", option.u32(8), at + 8, 4)
    add("icmpv6.opt.reserved", None, at + 12, 4)
    add("icmpv6.opt.prefix", option.bytes(16, 16), at + 16, 16)


def _fill_route(layer: Layer, option: Region) -> None:
    at, flags, add = option.start, option.u8(3), layer.add
    add("icmpv6.opt.prefix.length", option.u8(2), at + 2, 1)
    add("icmpv6.opt.route_info.flag", flags, at + 3, 1)
    add("icmpv6.opt.route_info.flag.route_preference", flags >> 3 & 3, at + 3, 1)
    add("icmpv6.opt.route_info.flag.reserved", flags & 7, at + 3, 1)
    add("icmpv6.opt.route_lifetime", option.u32(4), at + 4, 4)
    prefix = option.rest(8)[:16]
    if prefix:
        add("icmpv6.opt.prefix", prefix.ljust(16, b"\0"), at + 8, len(prefix))


def _fill_dns_servers(layer: Layer, option: Region) -> None:
    at, add = option.start, layer.add
    add("icmpv6.opt.reserved", None, at + 2, 2)
    add("icmpv6.opt.rdnss.lifetime", option.u32(4), at + 4, 4)
    for offset in range(8, option.reported_length - 15, 16):
        add("icmpv6.opt.rdnss", option.bytes(offset, 16), at + offset, 16)


def _fill_search_list(layer: Layer, option: Region) -> None:
    at, add = option.start, layer.add
    add("icmpv6.opt.reserved", None, at + 2, 2)
    add("icmpv6.opt.dnssl.lifetime", option.u32(4), at + 4, 4)
    offset, stop = 8, option.reported_length
    while offset < stop and option.u8(offset):
        labels, begin = [], offset
        while offset < stop and option.u8(offset):
            size = min(option.u8(offset), stop - offset - 1)
            labels.append(option.bytes(offset + 1, size).decode("utf-8", "replace"))
            offset += 1 + size
        offset += 1
        add("icmpv6.opt.dnssl", ".".join(labels), at + begin, min(offset, stop) - begin)
