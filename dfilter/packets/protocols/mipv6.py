"""Mobility headers of Mobile IPv6 (RFC 6275), of NEMO (RFC 3963) and proxy mobility (RFC 5213).

In: the header behind IPv6, or over UDP.  Out: one layer with the message and its options.  What always holds: an option
that is shorter than its fields is malformed and ends the message, as in Wireshark 4.4.
"""

from __future__ import annotations

from collections.abc import Callable

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed_table, header
from dfilter.packets.protocols.cursor import Cursor, mask_table
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

REFRESH, HOME_INIT, CARE_INIT, HOME_TEST, CARE_TEST, UPDATE, ACKNOWLEDGEMENT, ERROR = range(8)
FAST_UPDATE, FAST_ACKNOWLEDGEMENT, FAST_ADVERTISEMENT, HEARTBEAT = 8, 9, 10, 13
PAD1, PADN = 0, 1

MIPV6 = Protocol(
    "mipv6",
    "MIPv6",
    fields=(
        header("mip6.proto", T.UINT8, 0),
        header("mip6.hlen", T.UINT8, 1),
        header("mip6.mhtype", T.UINT8, 2),
        header("mip6.reserved", T.UINT8, 3),
        header("mip6.csum", T.UINT16, 4),
        *computed_table("""
            mip6.binding_refresh_request BYTES
            mip6.hoti.cookie             UINT64
            mip6.coti.cookie             UINT64
            mip6.hot.nindex              UINT16
            mip6.hot.cookie              UINT64
            mip6.hot.token               UINT64
            mip6.cot.nindex              UINT16
            mip6.cot.cookie              UINT64
            mip6.bu.seqnr                UINT16
            mip6.bu.a_flag               BOOLEAN
            mip6.bu.h_flag               BOOLEAN
            mip6.bu.l_flag               BOOLEAN
            mip6.bu.k_flag               BOOLEAN
            mip6.bu.m_flag               BOOLEAN
            mip6.nemo.bu.r_flag          BOOLEAN
            mip6.bu.p_flag               BOOLEAN
            mip6.bu.f_flag               BOOLEAN
            mip6.bu.t_flag               BOOLEAN
            mip6.bu.b_flag               BOOLEAN
            mip6.bu.lifetime             UINT16
            mip6.ba.status               UINT8
            mip6.ba.k_flag               BOOLEAN
            mip6.nemo.ba.r_flag          BOOLEAN
            mip6.ba.p_flag               BOOLEAN
            mip6.ba.t_flag               BOOLEAN
            mip6.ba.b_flag               BOOLEAN
            mip6.ba.seqnr                UINT16
            mip6.ba.lifetime             UINT16
            mip6.be.status               UINT8
            mip6.be.haddr                IPv6
            mip6.hb.u_flag               BOOLEAN
            mip6.hb.r_flag               BOOLEAN
            mip6.hb.seqnr                UINT32
            mip6.mobility_opt            UINT8
            mip6.mobility_opt.len        UINT8
            mip6.options.pad1            PROTOCOL
            mip6.options.padn            PROTOCOL
            mip6.options.bra             PROTOCOL
            mip6.options.acoa            PROTOCOL
            mip6.options.ni              PROTOCOL
            mip6.options.bad_auth        PROTOCOL
            mip6.options.mnp             PROTOCOL
            mip6.options.lla             PROTOCOL
            mip6.options.mnid            PROTOCOL
            mip6.bra.interval            UINT16
            mip6.acoa.acoa               IPv6
            mip6.ni.hni                  UINT16
            mip6.ni.cni                  UINT16
            mip6.bad.auth                BYTES
            mip6.nemo.mnp.pfl            UINT8
            mip6.nemo.mnp.mnp            IPv6
            mip6.mnid.subtype            UINT8
            mip6.lla.optcode             UINT8
            mip6.lla                     BYTES
        """),
    ),
    over={"ip.proto": (62, 135), "udp.port": (5436,)},
)

UPDATE_FLAGS = mask_table("""
    mip6.bu.a_flag      0x8000
    mip6.bu.h_flag      0x4000
    mip6.bu.l_flag      0x2000
    mip6.bu.k_flag      0x1000
    mip6.bu.m_flag      0x0800
    mip6.nemo.bu.r_flag 0x0400
    mip6.bu.p_flag      0x0200
    mip6.bu.f_flag      0x0100
    mip6.bu.t_flag      0x0080
    mip6.bu.b_flag      0x0040
""")
ACKNOWLEDGEMENT_FLAGS = mask_table("""
    mip6.ba.k_flag      0x80
    mip6.nemo.ba.r_flag 0x40
    mip6.ba.p_flag      0x20
    mip6.ba.t_flag      0x10
    mip6.ba.b_flag      0x08
""")


@MIPV6.dissector
def dissect_mipv6(view: View, region: Region) -> None:
    region.need(0, 6)
    view.push(MIPV6, region)


@MIPV6.filler
def fill_mipv6(layer: Layer) -> None:
    cursor, kind = Cursor(layer, layer.region, 6, big=True), layer.region.u8(2)
    message = MESSAGES.get(kind)
    if message is None:
        return
    message(cursor)
    while cursor.left > 0:
        _fill_option(cursor)


def _fill_refresh(cursor: Cursor) -> None:
    cursor.raw("mip6.binding_refresh_request", 2)


def _fill_init(kind: str) -> Callable[[Cursor], None]:
    def fill(cursor: Cursor) -> None:
        cursor.skip(2)
        cursor.u64(f"mip6.{kind}.cookie")

    return fill


def _fill_test(kind: str) -> Callable[[Cursor], None]:
    def fill(cursor: Cursor) -> None:
        cursor.u16(f"mip6.{kind}.nindex")
        cursor.u64(f"mip6.{kind}.cookie")
        cursor.u64("mip6.hot.token")

    return fill


def _fill_update(cursor: Cursor) -> None:
    cursor.u16("mip6.bu.seqnr")
    cursor.parts(2, (), UPDATE_FLAGS)
    cursor.u16("mip6.bu.lifetime")


def _fill_acknowledgement(cursor: Cursor) -> None:
    cursor.u8("mip6.ba.status")
    cursor.parts(1, (), ACKNOWLEDGEMENT_FLAGS)
    cursor.u16("mip6.ba.seqnr")
    cursor.u16("mip6.ba.lifetime")


def _fill_error(cursor: Cursor) -> None:
    cursor.u8("mip6.be.status")
    cursor.skip(1)
    cursor.raw("mip6.be.haddr", 16)


def _fill_heartbeat(cursor: Cursor) -> None:
    cursor.skip(1)
    cursor.parts(1, (), (("mip6.hb.u_flag", 0x02), ("mip6.hb.r_flag", 0x01)))
    cursor.u32("mip6.hb.seqnr")


MESSAGES: dict[int, Callable[[Cursor], None]] = {
    REFRESH: _fill_refresh, HOME_INIT: _fill_init("hoti"), CARE_INIT: _fill_init("coti"),
    HOME_TEST: _fill_test("hot"), CARE_TEST: _fill_test("cot"), UPDATE: _fill_update,
    ACKNOWLEDGEMENT: _fill_acknowledgement, ERROR: _fill_error, HEARTBEAT: _fill_heartbeat,
}  # fmt: skip

OPTIONS: dict[int, tuple[str, tuple[tuple[str, int, bool], ...]]] = {
    2: ("bra", (("mip6.bra.interval", 2, True),)),
    3: ("acoa", (("mip6.acoa.acoa", 16, False),)),
    4: ("ni", (("mip6.ni.hni", 2, True), ("mip6.ni.cni", 2, True))),
    5: ("bad_auth", (("mip6.bad.auth", 12, False),)),
    6: ("mnp", (("", 1, True), ("mip6.nemo.mnp.pfl", 1, True), ("mip6.nemo.mnp.mnp", 16, False))),
    7: ("lla", (("mip6.lla.optcode", 1, True),)),
    8: ("mnid", (("mip6.mnid.subtype", 1, True),)),
}
"""Option -> its name, and its fields: name (empty: reserved), bytes, whether it is a number."""


def _fill_option(cursor: Cursor) -> None:
    layer, start, kind = cursor.layer, cursor.absolute, cursor.peek(1)
    if kind == PAD1:
        layer.add("mip6.options.pad1", layer.part(start, 1), start, 1)
        cursor.skip(1)
        return
    length = cursor.peek(1, skip=1)
    stop, size = cursor.at + 2 + length, min(2 + length, cursor.left)
    if kind in OPTIONS or kind == PADN:
        name = "mip6.options." + (OPTIONS[kind][0] if kind in OPTIONS else "padn")
        layer.add(name, layer.part(start, size), start, size)
        cursor.skip(1)
    else:
        cursor.u8("mip6.mobility_opt")
    cursor.u8("mip6.mobility_opt.len")
    if kind in OPTIONS:
        inside = Cursor(layer, cursor.region.clipped(0, stop), cursor.at, big=True)
        for name, width, is_number in OPTIONS[kind][1]:
            if not name:
                inside.skip(width)
            elif is_number:
                inside.integer(name, width)
            else:
                inside.raw(name, width)
    cursor.at = stop
