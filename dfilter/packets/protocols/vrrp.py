"""VRRP (RFC 3768, 5798): who is the router of a link."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed_table, header
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.protocols.sums import fill_checksum, pseudo_header
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

AUTHENTICATION_LENGTH = 8
SIMPLE_TEXT = 1
PROTOCOL_NUMBER = 112

VRRP = Protocol(
    "vrrp",
    "VRRP",
    fields=(
        header("vrrp.typever", T.UINT8, 0),
        header("vrrp.version", T.UINT8, 0, mask=0xF0),
        header("vrrp.type", T.UINT8, 0, mask=0x0F),
        header("vrrp.virt_rtr_id", T.UINT8, 1),
        header("vrrp.prio", T.UINT8, 2),
        header("vrrp.addr_count", T.UINT8, 3),
        *computed_table("""
            vrrp.auth_type       UINT8
            vrrp.adver_int       UINT8
            vrrp.reserved_mbz    UINT8
            vrrp.short_adver_int UINT16
            vrrp.checksum        UINT16
            vrrp.checksum.status UINT8
            vrrp.ip_addr         IPv4
            vrrp.ipv6_addr       IPv6
            vrrp.auth_string     STRING
        """),
    ),
    over={"ip.proto": (PROTOCOL_NUMBER,)},
)


@VRRP.dissector
def dissect_vrrp(view: View, region: Region) -> None:
    view.push(VRRP, region).state = view.addresses


@VRRP.filler
def fill_vrrp(layer: Layer) -> None:
    region = layer.region
    version, count = region.u8(0) >> 4, region.u8(3)
    cursor = Cursor(layer, region, 4, big=True)
    over_ip6 = len(layer.state[0]) == 16
    if version == 3:
        cursor.parts(2, (("vrrp.reserved_mbz", 0xF000), ("vrrp.short_adver_int", 0x0FFF)))
        pseudo = pseudo_header(layer.state, region.reported_length, PROTOCOL_NUMBER) if over_ip6 else b""
        fill_checksum(cursor, "vrrp.checksum", pseudo=pseudo)
    else:
        cursor.u8("vrrp.auth_type")
        cursor.u8("vrrp.adver_int")
        fill_checksum(cursor, "vrrp.checksum")
    for _ in range(count):
        cursor.raw("vrrp.ipv6_addr" if over_ip6 else "vrrp.ip_addr", 16 if over_ip6 else 4)
    if version == 2 and region.u8(4) == SIMPLE_TEXT:
        cursor.text("vrrp.auth_string", AUTHENTICATION_LENGTH)
