"""PIM version 2 (RFC 7761, bootstrap RFC 5059, state refresh RFC 3973), and the packets that register messages carry.

In: the bytes behind IP.  Out: one layer, and what a register message tunnels.  What always holds: addresses and options
are read one after the other; one that does not fit is malformed.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed_table, header
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.protocols.inner import call_ip_version
from dfilter.packets.protocols.sums import fill_checksum, pseudo_header
from dfilter.packets.region import Malformed, Region
from dfilter.packets.view import Layer, View

PROTOCOL_NUMBER = 103
HELLO, REGISTER, REGISTER_STOP, JOIN_PRUNE, BOOTSTRAP, ASSERT = range(6)
GRAFT, GRAFT_ACK, CANDIDATE, REFRESH, ELECTION = range(6, 11)
REGISTER_COVERED = 8
"""Of register messages the checksum leaves out what they carry (RFC 7761 section 4.9)."""
IPV4, IPV6 = 1, 2
HEADER_LENGTH = 4

PIM = Protocol(
    "pim",
    "PIM",
    fields=(
        header("pim.version", T.UINT8, 0, mask=0xF0),
        header("pim.type", T.UINT8, 0, mask=0x0F),
        *computed_table("""
            pim.res_bytes                   BYTES
            pim.df_elect.subtype            UINT8
            pim.df_elect.rsvd               UINT8
            pim.packedregstoppbit           BOOLEAN
            pim.cksum                       UINT16
            pim.cksum.status                UINT8
            pim.option                      NONE
            pim.optiontype                  UINT16
            pim.optionlength                UINT16
            pim.optionvalue                 BYTES
            pim.holdtime                    UINT16
            pim.t                           BOOLEAN
            pim.propagation_delay           UINT16
            pim.override_interval           UINT16
            pim.dr_priority                 UINT32
            pim.generation_id               UINT32
            pim.state_refresh_version       UINT8
            pim.state_refresh_interval      UINT8
            pim.state_refresh_reserved      UINT16
            pim.address_list                IPv4
            pim.address_list_ip6            IPv6
            pim.register_flag               UINT32
            pim.register_flag.border        BOOLEAN
            pim.register_flag.null_register BOOLEAN
            pim.ip_version                  UINT8
            pim.dummy_header                NONE
            pim.addr_address_family         UINT8
            pim.addr_encoding_type          UINT8
            pim.unicast                     IPv4
            pim.unicast_ipv6                IPv6
            pim.group                       IPv4
            pim.group_ip6                   IPv6
            pim.group_addr.flags            UINT8
            pim.group_addr.flags.b          BOOLEAN
            pim.group_addr.flags.reserved   UINT8
            pim.group_addr.flags.z          BOOLEAN
            pim.mask_len                    UINT8
            pim.source                      IPv4
            pim.source_ip6                  IPv6
            pim.source_addr.flags           UINT8
            pim.source_addr.flags.reserved  UINT8
            pim.source_addr.flags.s         BOOLEAN
            pim.source_addr.flags.w         BOOLEAN
            pim.source_addr.flags.r         BOOLEAN
            pim.upstream_neighbor           IPv4
            pim.upstream_neighbor_ip6       IPv6
            pim.numgroups                   UINT16
            pim.group_set                   STRING
            pim.numjoins                    UINT16
            pim.numprunes                   UINT16
            pim.join_ip                     IPv4
            pim.join_ip6                    IPv6
            pim.prune_ip                    IPv4
            pim.prune_ip6                   IPv6
            pim.fragment_tag                UINT16
            pim.hash_mask_len               UINT8
            pim.bsr_priority                UINT8
            pim.bsr                         IPv4
            pim.bsr_ip6                     IPv6
            pim.rp                          IPv4
            pim.rp_ip6                      IPv6
            pim.rp_count                    UINT8
            pim.frp_count                   UINT8
            pim.priority                    UINT8
            pim.prefix_count                UINT8
            pim.rpt                         BOOLEAN
            pim.metric_pref                 UINT32
            pim.metric                      UINT32
            pim.originator                  IPv4
            pim.originator_ip6              IPv6
            pim.prune_indicator             BOOLEAN
            pim.prune_now                   BOOLEAN
            pim.assert_override             BOOLEAN
            pim.ttl                         UINT8
            pim.interval                    UINT8
        """),
    ),
    over={"ip.proto": (PROTOCOL_NUMBER,)},
    carries=("ip", "ipv6", "data"),
)


@PIM.dissector
def dissect_pim(view: View, region: Region) -> None:
    region.need(0, 1)
    layer = view.push(PIM, region)
    layer.state = view.addresses
    if region.u8(0) != 0x20 | REGISTER:
        return
    region.need(0, HEADER_LENGTH + 4)
    payload = region.sub(HEADER_LENGTH + 4)
    if payload.reported_length > 0 and payload.u8(0) >> 4 in (4, 6):
        call_ip_version(view, payload)


@PIM.filler
def fill_pim(layer: Layer) -> None:
    region = layer.region
    version, kind = region.u8(0) >> 4, region.u8(0) & 0x0F
    if version != 2:
        return
    cursor = Cursor(layer, region, 1, big=True)
    if kind == ELECTION:
        cursor.parts(1, (("pim.df_elect.subtype", 0xF0), ("pim.df_elect.rsvd", 0x0F)))
    else:
        if kind == REGISTER_STOP:
            layer.add("pim.packedregstoppbit", bool(cursor.peek(1) & 0x01), cursor.absolute, 1)
        cursor.raw("pim.res_bytes", 1)
    over_ip6 = len(layer.state[0]) == 16
    covered = min(REGISTER_COVERED, region.reported_length) if kind == REGISTER else region.reported_length
    pseudo = pseudo_header(layer.state, covered, PROTOCOL_NUMBER) if over_ip6 else b""
    fill_checksum(cursor, "pim.cksum", covered=covered, pseudo=pseudo)
    if cursor.left <= 0:
        return
    cursor.mark("pim.option", cursor.left)
    message = MESSAGES.get(kind)
    if message is not None:
        message(cursor)


def _address(cursor: Cursor, name: str) -> None:
    """An encoded unicast address (RFC 7761 section 4.9.1)."""
    size, suffix = _family(cursor)
    cursor.mark(name + ("_ip6" if suffix else ""), 2 + size, cursor.region.bytes(cursor.at + 2, size))
    _encoding(cursor)
    cursor.raw("pim.unicast_ipv6" if suffix else "pim.unicast", size)


def _family(cursor: Cursor) -> tuple[int, bool]:
    """Size of the address here, and whether it is IPv6."""
    family = cursor.peek(1)
    if family not in (IPV4, IPV6):
        raise Malformed("an address of an unknown family")
    return (16, True) if family == IPV6 else (4, False)


def _encoding(cursor: Cursor) -> None:
    cursor.u8("pim.addr_address_family")
    cursor.u8("pim.addr_encoding_type")


def _group(cursor: Cursor) -> None:
    size, is_ip6 = _family(cursor)
    name = "pim.group_ip6" if is_ip6 else "pim.group"
    cursor.mark(name, 4 + size, cursor.region.bytes(cursor.at + 4, size))
    _encoding(cursor)
    cursor.mark("pim.group_addr.flags", 1, cursor.peek(1))
    cursor.parts(1, (("pim.group_addr.flags.reserved", 0x7E),),
                 (("pim.group_addr.flags.b", 0x80), ("pim.group_addr.flags.z", 0x01)))  # fmt: skip
    cursor.u8("pim.mask_len")
    cursor.raw(name, size)


def _source(cursor: Cursor, name: str) -> None:
    size, is_ip6 = _family(cursor)
    cursor.mark(name + ("_ip6" if is_ip6 else "_ip" if name != "pim.source" else ""), 4 + size,
                cursor.region.bytes(cursor.at + 4, size))  # fmt: skip
    _encoding(cursor)
    cursor.mark("pim.source_addr.flags", 1, cursor.peek(1))
    flags = (("pim.source_addr.flags.s", 4), ("pim.source_addr.flags.w", 2), ("pim.source_addr.flags.r", 1))
    cursor.parts(1, (("pim.source_addr.flags.reserved", 0xF8),), flags)
    cursor.u8("pim.mask_len")
    cursor.raw("pim.source_ip6" if is_ip6 else "pim.source", size)


KNOWN_OPTIONS = frozenset({1, 2, 19, 20, 21})
"""Options that are read whatever length they say."""


def _fill_hello(cursor: Cursor) -> None:
    """Hostile packets hold thousands of options, so what most of them need is done without the cursor."""
    region, add, at = cursor.region, cursor.layer.add, cursor.at
    buf, start, end = region.buf, region.start, region.length
    while region.reported_length - at >= 2:
        if at + 4 > end:
            cursor.at = at
            cursor.u16("pim.optiontype")
            cursor.u16("pim.optionlength")
        here = start + at
        kind, length = buf[here] << 8 | buf[here + 1], buf[here + 2] << 8 | buf[here + 3]
        add("pim.optiontype", kind, here, 2)
        add("pim.optionlength", length, here + 2, 2)
        at += 4
        if length or kind in KNOWN_OPTIONS:
            cursor.at = at
            _fill_option(cursor, kind, length)
        at += length


def _fill_option(cursor: Cursor, kind: int, length: int) -> None:
    if kind == 20:
        cursor.u32("pim.generation_id")
    elif kind == 1:
        cursor.u16("pim.holdtime")
    elif kind == 2:
        cursor.parts(2, (("pim.propagation_delay", 0x7FFF),), (("pim.t", 0x8000),))
        cursor.u16("pim.override_interval")
    elif kind == 19:
        cursor.u32("pim.dr_priority")
    elif kind == 21:
        cursor.u8("pim.state_refresh_version")
        cursor.u8("pim.state_refresh_interval")
        cursor.u16("pim.state_refresh_reserved")
    elif kind in (24, 65001):
        stop = cursor.at + length
        while cursor.at < stop:
            _address(cursor, "pim.address_list")
    elif kind not in (22, 65004) and length:
        cursor.raw("pim.optionvalue", length)


def _fill_register(cursor: Cursor) -> None:
    cursor.flags("pim.register_flag", 4, (("pim.register_flag.border", 0x80000000),
                                          ("pim.register_flag.null_register", 0x40000000)))  # fmt: skip
    if cursor.left > 0:
        version = cursor.peek(1) >> 4
        cursor.mark("pim.ip_version", 1, version)
        if version not in (4, 6):
            cursor.mark("pim.dummy_header", cursor.left)


def _fill_register_stop(cursor: Cursor) -> None:
    _group(cursor)
    _address(cursor, "pim.source")


def _fill_join_prune(cursor: Cursor) -> None:
    """Joins and prunes, and grafts, which are like them."""
    _address(cursor, "pim.upstream_neighbor")
    cursor.raw("pim.res_bytes", 1)
    count = cursor.u8("pim.numgroups")
    cursor.u16("pim.holdtime")
    for _ in range(count):
        start = cursor.at
        _group(cursor)
        joins, prunes = cursor.peek(2), cursor.peek(2, skip=2)
        cursor.u16("pim.numjoins")
        cursor.mark("pim.numprunes", 2, prunes)
        cursor.skip(2)
        for _ in range(joins):
            _source(cursor, "pim.join")
        for _ in range(prunes):
            _source(cursor, "pim.prune")
        cursor.layer.add("pim.group_set", "", cursor.region.start + start, cursor.at - start)


def _fill_bootstrap(cursor: Cursor) -> None:
    cursor.u16("pim.fragment_tag")
    cursor.u8("pim.hash_mask_len")
    cursor.u8("pim.bsr_priority")
    _address(cursor, "pim.bsr")
    while cursor.left > 0:
        _group(cursor)
        cursor.u8("pim.rp_count")
        count = cursor.u8("pim.frp_count")
        cursor.skip(2)
        for _ in range(count):
            _address(cursor, "pim.rp")
            cursor.u16("pim.holdtime")
            cursor.u8("pim.priority")
            cursor.raw("pim.res_bytes", 1)


def _fill_assert(cursor: Cursor) -> None:
    _group(cursor)
    _address(cursor, "pim.source")
    _fill_metric(cursor)


def _fill_metric(cursor: Cursor) -> None:
    cursor.layer.add("pim.rpt", bool(cursor.peek(1) & 0x80), cursor.absolute, 1)
    cursor.parts(4, (("pim.metric_pref", 0x7FFFFFFF),))
    cursor.u32("pim.metric")


def _fill_candidate(cursor: Cursor) -> None:
    count = cursor.u8("pim.prefix_count")
    cursor.u8("pim.priority")
    cursor.u16("pim.holdtime")
    _address(cursor, "pim.rp")
    for _ in range(count):
        _group(cursor)


def _fill_refresh(cursor: Cursor) -> None:
    _group(cursor)
    _address(cursor, "pim.source")
    _address(cursor, "pim.originator")
    _fill_metric(cursor)
    cursor.u8("pim.mask_len")
    cursor.u8("pim.ttl")
    cursor.parts(1, (), (("pim.prune_indicator", 0x80), ("pim.prune_now", 0x40), ("pim.assert_override", 0x20)))
    cursor.u8("pim.interval")


def _fill_election(cursor: Cursor) -> None:
    """As in Wireshark 4.4 without what backoff and pass messages add."""
    _address(cursor, "pim.rp")
    cursor.u32("pim.metric_pref")
    cursor.u32("pim.metric")


MESSAGES = {HELLO: _fill_hello, REGISTER: _fill_register, REGISTER_STOP: _fill_register_stop,
            JOIN_PRUNE: _fill_join_prune, GRAFT: _fill_join_prune, GRAFT_ACK: _fill_join_prune,
            BOOTSTRAP: _fill_bootstrap, ASSERT: _fill_assert, CANDIDATE: _fill_candidate, REFRESH: _fill_refresh,
            ELECTION: _fill_election}  # fmt: skip
