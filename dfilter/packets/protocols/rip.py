"""RIP (RFC 1058, 2453), its authentication (RFC 4822), and RIPng (RFC 2080)."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed_table, header
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

ENTRY_LENGTH = 20
UNSPECIFIED, IPV4, AUTHENTICATION = 0, 2, 0xFFFF
TRAILER, PASSWORD, KEYED = 1, 2, 3

RIP = Protocol(
    "rip",
    "RIP",
    fields=(
        header("rip.command", T.UINT8, 0),
        header("rip.version", T.UINT8, 1),
        *computed_table("""
            rip.routing_domain      UINT16
            rip.family              UINT16
            rip.route_tag           UINT16
            rip.ip                  IPv4
            rip.netmask             IPv4
            rip.next_hop            IPv4
            rip.metric              UINT16
            rip.auth.type           UINT16
            rip.auth.passwd         STRING
            rip.digest_offset       UINT16
            rip.key_id              UINT8
            rip.auth_data_len       UINT8
            rip.seq_num             UINT32
            rip.zero_padding        STRING
            rip.authentication_data BYTES
        """),
    ),
    over={"udp.port": (520,)},
)

RIPNG = Protocol(
    "ripng",
    "RIPng",
    fields=(
        header("ripng.cmd", T.UINT8, 0),
        header("ripng.version", T.UINT8, 1),
        header("ripng.reserved", T.BYTES, 2, 2),
        *computed_table("""
            ripng.rte               NONE
            ripng.rte.ipv6_prefix   IPv6
            ripng.rte.route_tag     UINT16
            ripng.rte.prefix_length UINT8
            ripng.rte.metric        UINT8
        """),
    ),
    over={"udp.port": (521,)},
)


@RIP.dissector
def dissect_rip(view: View, region: Region) -> None:
    region.need(0, 2)
    view.push(RIP, region)


@RIP.filler
def fill_rip(layer: Layer) -> None:
    cursor, version = Cursor(layer, layer.region, 4, big=True), layer.region.u8(1)
    while cursor.left > 0:
        family = cursor.peek(2)
        end = cursor.at + ENTRY_LENGTH
        if family in (UNSPECIFIED, IPV4):
            _fill_route(cursor, version)
        elif family == AUTHENTICATION:
            if _fill_authentication(cursor):
                return
        else:
            cursor.region.bytes(cursor.at, ENTRY_LENGTH)
        cursor.at = end


def _fill_route(cursor: Cursor, version: int) -> None:
    cursor.u16("rip.family")
    if version == 2:
        cursor.u16("rip.route_tag")
    else:
        cursor.skip(2)
    family = cursor.layer.items["rip.family"][-1]
    if family == IPV4:
        cursor.raw("rip.ip", 4)
    else:
        cursor.skip(4)
    if version == 2:
        cursor.raw("rip.netmask", 4)
        cursor.raw("rip.next_hop", 4)
    else:
        cursor.skip(8)
    cursor.integer("rip.metric", 4)


def _fill_authentication(cursor: Cursor) -> bool:
    """The entry that authenticates; True for the trailer behind the routes, which is the last."""
    if cursor.peek(2, skip=2) == TRAILER and "rip.auth_data_len" in cursor.layer.items:
        cursor.skip(4)
        cursor.raw("rip.authentication_data", cursor.left)
        return True
    cursor.skip(2)
    kind = cursor.u16("rip.auth.type")
    if kind == PASSWORD:
        cursor.text("rip.auth.passwd", 16)
    elif kind == KEYED:
        cursor.u16("rip.digest_offset")
        cursor.u8("rip.key_id")
        cursor.u8("rip.auth_data_len")
        cursor.u32("rip.seq_num")
        cursor.text("rip.zero_padding", 8)
    return False


@RIPNG.dissector
def dissect_ripng(view: View, region: Region) -> None:
    region.need(0, 4)
    view.push(RIPNG, region)


@RIPNG.filler
def fill_ripng(layer: Layer) -> None:
    cursor = Cursor(layer, layer.region, 4, big=True)
    while cursor.left > 0:
        cursor.mark("ripng.rte", min(ENTRY_LENGTH, cursor.left))
        cursor.raw("ripng.rte.ipv6_prefix", 16)
        cursor.u16("ripng.rte.route_tag")
        cursor.u8("ripng.rte.prefix_length")
        cursor.u8("ripng.rte.metric")
