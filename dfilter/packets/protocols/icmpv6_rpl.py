"""RPL (RFC 6550): how nodes of a low-power network build the graph along which they send.

In: an ICMPv6 message of type 155.  Out: fields on the `icmpv6` layer.  What always holds, as in Wireshark 4.4: what is
secured (codes from 0x80 on) and what metrics hold is not taken apart; a prefix has 0, 8 or 16 bytes.
"""

from __future__ import annotations

from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.view import Layer

RPL_FIELDS = """
    icmpv6.data                               BYTES
    icmpv6.invalid_option_length              NONE
    icmpv6.undecoded.rpl_option               NONE
    icmpv6.unknown_data.expert                NONE
    icmpv6.rpl.dis.flags                      UINT8
    icmpv6.rpl.dio.instance                   UINT8
    icmpv6.rpl.dio.version                    UINT8
    icmpv6.rpl.dio.rank                       UINT16
    icmpv6.rpl.dio.flag                       UINT8
    icmpv6.rpl.dio.flag.g                     BOOLEAN
    icmpv6.rpl.dio.flag.0                     BOOLEAN
    icmpv6.rpl.dio.flag.mop                   UINT8
    icmpv6.rpl.dio.flag.preference            UINT8
    icmpv6.rpl.dio.dtsn                       UINT8
    icmpv6.rpl.dio.dagid                      IPv6
    icmpv6.rpl.dao.instance                   UINT8
    icmpv6.rpl.dao.flag                       UINT8
    icmpv6.rpl.dao.flag.k                     BOOLEAN
    icmpv6.rpl.dao.flag.d                     BOOLEAN
    icmpv6.rpl.dao.flag.rsv                   UINT8
    icmpv6.rpl.dao.sequence                   UINT8
    icmpv6.rpl.dao.dodagid                    IPv6
    icmpv6.rpl.daoack.instance                UINT8
    icmpv6.rpl.daoack.flag                    UINT8
    icmpv6.rpl.daoack.flag.d                  BOOLEAN
    icmpv6.rpl.daoack.flag.rsv                UINT8
    icmpv6.rpl.daoack.sequence                UINT8
    icmpv6.rpl.daoack.status                  UINT8
    icmpv6.rpl.daoack.dodagid                 IPv6
    icmpv6.rpl.opt.type                       UINT8
    icmpv6.rpl.opt.length                     UINT8
    icmpv6.rpl.opt.padn                       NONE
    icmpv6.rpl.opt.route.prefix_length        UINT8
    icmpv6.rpl.opt.route.flag                 UINT8
    icmpv6.rpl.opt.route.pref                 UINT8
    icmpv6.rpl.opt.route.reserved             UINT8
    icmpv6.rpl.opt.route.lifetime             UINT32
    icmpv6.rpl.opt.route.prefix               IPv6
    icmpv6.rpl.opt.config.flag                UINT8
    icmpv6.rpl.opt.config.reserved            UINT8
    icmpv6.rpl.opt.config.auth                BOOLEAN
    icmpv6.rpl.opt.config.pcs                 UINT8
    icmpv6.rpl.opt.config.interval_double     UINT8
    icmpv6.rpl.opt.config.interval_min        UINT16
    icmpv6.rpl.opt.config.redundancy          UINT8
    icmpv6.rpl.opt.config.max_rank_inc        UINT16
    icmpv6.rpl.opt.config.min_hop_rank_inc    UINT16
    icmpv6.rpl.opt.config.ocp                 UINT16
    icmpv6.rpl.opt.config.rsv                 UINT8
    icmpv6.rpl.opt.config.def_lifetime        UINT8
    icmpv6.rpl.opt.config.lifetime_unit       UINT16
    icmpv6.rpl.opt.config.flag.a              BOOLEAN
    icmpv6.rpl.opt.config.flag.r              BOOLEAN
    icmpv6.rpl.opt.config.flag.rsv            UINT8
    icmpv6.rpl.opt.target.flag                NONE
    icmpv6.rpl.opt.target.prefix_length       UINT8
    icmpv6.rpl.opt.target.prefix              IPv6
    icmpv6.rpl.opt.transit.flag               UINT8
    icmpv6.rpl.opt.transit.flag.e             BOOLEAN
    icmpv6.rpl.opt.transit.flag.rsv           UINT8
    icmpv6.rpl.opt.transit.pathctl            UINT8
    icmpv6.rpl.opt.transit.pathctl.pc1        UINT8
    icmpv6.rpl.opt.transit.pathctl.pc2        UINT8
    icmpv6.rpl.opt.transit.pathctl.pc3        UINT8
    icmpv6.rpl.opt.transit.pathctl.pc4        UINT8
    icmpv6.rpl.opt.transit.pathseq            UINT8
    icmpv6.rpl.opt.transit.pathlifetime       UINT8
    icmpv6.rpl.opt.transit.parent             IPv6
    icmpv6.rpl.opt.solicited.instance         UINT8
    icmpv6.rpl.opt.solicited.flag             UINT8
    icmpv6.rpl.opt.solicited.flag.v           BOOLEAN
    icmpv6.rpl.opt.solicited.flag.i           BOOLEAN
    icmpv6.rpl.opt.solicited.flag.d           BOOLEAN
    icmpv6.rpl.opt.solicited.flag.rsv         UINT8
    icmpv6.rpl.opt.solicited.dodagid          IPv6
    icmpv6.rpl.opt.solicited.version          UINT8
    icmpv6.rpl.opt.prefix.length              UINT8
    icmpv6.rpl.opt.prefix.flag                UINT8
    icmpv6.rpl.opt.prefix.flag.l              BOOLEAN
    icmpv6.rpl.opt.prefix.valid_lifetime      UINT32
    icmpv6.rpl.opt.prefix.preferred_lifetime  UINT32
    icmpv6.rpl.opt.reserved                   NONE
    icmpv6.rpl.opt.prefix                     IPv6
    icmpv6.rpl.opt.targetdesc.descriptor      UINT32
"""

SOLICITATION, INFORMATION, ADVERTISEMENT, ACKNOWLEDGEMENT = range(4)
PAD_1, PAD_N, METRIC, ROUTE, CONFIGURATION, TARGET, TRANSIT, SOLICITED, PREFIX, DESCRIPTOR = range(10)
PREFIX_BYTES = (0, 8, 16)


def fill_rpl(layer: Layer) -> None:
    """The fields behind the checksum; options that lack bytes raise as `Region` does."""
    cursor, code = Cursor(layer, layer.region, 4, big=True), layer.region.u8(1)
    if code == SOLICITATION:
        cursor.u8("icmpv6.rpl.dis.flags")
        cursor.raw("icmpv6.reserved", 1)
    elif code == INFORMATION:
        _fill_information(cursor)
    elif code in (ADVERTISEMENT, ACKNOWLEDGEMENT):
        _fill_advertisement(cursor, is_answer=code == ACKNOWLEDGEMENT)
    else:
        return
    while cursor.left > 0:
        _fill_option(cursor)


def _fill_information(cursor: Cursor) -> None:
    prefix = "icmpv6.rpl.dio."
    cursor.integers(((prefix + "instance", 1), (prefix + "version", 1), (prefix + "rank", 2)))
    cursor.mark(prefix + "flag", 1, cursor.peek(1))
    cursor.parts(1, ((prefix + "flag.mop", 0x38), (prefix + "flag.preference", 0x07)),
                 ((prefix + "flag.g", 0x80), (prefix + "flag.0", 0x40)))  # fmt: skip
    cursor.integers(((prefix + "dtsn", 1), (prefix + "flag", 1)))
    cursor.raw("icmpv6.reserved", 1)
    cursor.raw(prefix + "dagid", 16)


def _fill_advertisement(cursor: Cursor, is_answer: bool) -> None:
    prefix = "icmpv6.rpl.daoack." if is_answer else "icmpv6.rpl.dao."
    cursor.u8(prefix + "instance")
    cursor.mark(prefix + "flag", 1, cursor.peek(1))
    if is_answer:
        flags = cursor.parts(1, ((prefix + "flag.rsv", 0x7F),), ((prefix + "flag.d", 0x80),)) & 0x80
        cursor.integers(((prefix + "sequence", 1), (prefix + "status", 1)))
    else:
        bits = ((prefix + "flag.k", 0x80), (prefix + "flag.d", 0x40))
        flags = cursor.parts(1, ((prefix + "flag.rsv", 0x3F),), bits) & 0x40
        cursor.raw("icmpv6.reserved", 1)
        cursor.u8(prefix + "sequence")
    if flags:
        cursor.raw(prefix + "dodagid", 16)


def _fill_option(cursor: Cursor) -> None:
    kind = cursor.peek(1)
    length = 0 if kind == PAD_1 else cursor.peek(1, skip=1)
    size = 1 if kind == PAD_1 else 2 + length
    is_cut = size > cursor.left
    cursor.mark("icmpv6.opt", min(size, cursor.left))
    cursor.u8("icmpv6.rpl.opt.type")
    if kind == PAD_1:
        return
    cursor.u8("icmpv6.rpl.opt.length")
    stop = cursor.at + length
    known = {ROUTE: 6, TARGET: 2}.get(kind)
    is_odd = known is not None and length - known not in PREFIX_BYTES
    if is_cut or is_odd:
        cursor.mark("icmpv6.invalid_option_length", 0)
        cursor.wrong("an option of an impossible length")
    fill = _OPTIONS.get(kind)
    if fill is not None:
        fill(cursor, stop)
    elif kind != METRIC:
        cursor.mark("icmpv6.undecoded.rpl_option", 0)
        cursor.raw("icmpv6.data", length)
    if is_odd and cursor.at < stop:
        cursor.mark("icmpv6.unknown_data.expert", 0)
        cursor.raw("icmpv6.unknown_data", stop - cursor.at)
        cursor.wrong("bytes behind a prefix")
    cursor.at = max(cursor.at, stop)


def _fill_prefix(cursor: Cursor, name: str, stop: int) -> None:
    """The first bytes of an address."""
    size = stop - cursor.at
    if size in PREFIX_BYTES[1:]:
        cursor.mark(name, size, cursor.region.bytes(cursor.at, size).ljust(16, b"\0"))
        cursor.at = stop


def _fill_padding(cursor: Cursor, stop: int) -> None:
    cursor.mark("icmpv6.rpl.opt.padn", stop - cursor.at)


def _fill_route(cursor: Cursor, stop: int) -> None:
    prefix = "icmpv6.rpl.opt.route."
    cursor.u8(prefix + "prefix_length")
    cursor.mark(prefix + "flag", 1, cursor.peek(1))
    cursor.parts(1, ((prefix + "pref", 0x18), (prefix + "reserved", 0xE7)))
    cursor.u32(prefix + "lifetime")
    _fill_prefix(cursor, prefix + "prefix", stop)


def _fill_configuration(cursor: Cursor, stop: int) -> None:
    prefix = "icmpv6.rpl.opt.config."
    cursor.mark(prefix + "flag", 1, cursor.peek(1))
    cursor.parts(1, ((prefix + "reserved", 0xF0), (prefix + "pcs", 0x07)), ((prefix + "auth", 0x08),))
    cursor.u8(prefix + "interval_double")
    for name in ("interval_min", "redundancy"):
        cursor.integer(prefix + name, 1)
    for name in ("max_rank_inc", "min_hop_rank_inc", "ocp"):
        cursor.u16(prefix + name)
    cursor.integers(((prefix + "rsv", 1), (prefix + "def_lifetime", 1), (prefix + "lifetime_unit", 2)))


def _fill_target(cursor: Cursor, stop: int) -> None:
    cursor.mark("icmpv6.rpl.opt.target.flag", 1)
    cursor.skip(1)
    cursor.u8("icmpv6.rpl.opt.target.prefix_length")
    _fill_prefix(cursor, "icmpv6.rpl.opt.target.prefix", stop)


def _fill_transit(cursor: Cursor, stop: int) -> None:
    prefix = "icmpv6.rpl.opt.transit."
    cursor.mark(prefix + "flag", 1, cursor.peek(1))
    cursor.parts(1, ((prefix + "flag.rsv", 0x7F),), ((prefix + "flag.e", 0x80),))
    cursor.mark(prefix + "pathctl", 1, cursor.peek(1))
    cursor.parts(1, [(f"{prefix}pathctl.pc{number}", 0xC0 >> 2 * number - 2) for number in range(1, 5)])
    cursor.integers(((prefix + "pathseq", 1), (prefix + "pathlifetime", 1)))
    if stop - cursor.at >= 16:
        cursor.raw(prefix + "parent", 16)


def _fill_solicited(cursor: Cursor, stop: int) -> None:
    prefix = "icmpv6.rpl.opt.solicited."
    cursor.u8(prefix + "instance")
    cursor.mark(prefix + "flag", 1, cursor.peek(1))
    bits = ((prefix + "flag.v", 0x80), (prefix + "flag.i", 0x40), (prefix + "flag.d", 0x20))
    cursor.parts(1, ((prefix + "flag.rsv", 0x1F),), bits)
    cursor.raw(prefix + "dodagid", 16)
    cursor.u8(prefix + "version")


def _fill_prefix_information(cursor: Cursor, stop: int) -> None:
    prefix, flags = "icmpv6.rpl.opt.prefix.", "icmpv6.rpl.opt.config.flag."
    cursor.u8(prefix + "length")
    cursor.mark(prefix + "flag", 1, cursor.peek(1))
    cursor.parts(1, ((flags + "rsv", 0x1F),), ((prefix + "flag.l", 0x80), (flags + "a", 0x40), (flags + "r", 0x20)))
    cursor.integers(((prefix + "valid_lifetime", 4), (prefix + "preferred_lifetime", 4)))
    cursor.mark("icmpv6.rpl.opt.reserved", 4)
    cursor.skip(4)
    cursor.raw("icmpv6.rpl.opt.prefix", 16)


def _fill_descriptor(cursor: Cursor, stop: int) -> None:
    cursor.u32("icmpv6.rpl.opt.targetdesc.descriptor")


_OPTIONS = {PAD_N: _fill_padding, ROUTE: _fill_route, CONFIGURATION: _fill_configuration, TARGET: _fill_target,
            TRANSIT: _fill_transit, SOLICITED: _fill_solicited, PREFIX: _fill_prefix_information,
            DESCRIPTOR: _fill_descriptor}  # fmt: skip
