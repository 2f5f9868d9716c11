"""The RPKI to router protocol (RFC 8210): what route origins are valid."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed_table, header
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.region import Malformed, Region
from dfilter.packets.streams.reassembly import each_message
from dfilter.packets.view import Layer, View

HEADER_LENGTH = 8
NOTIFY, SERIAL_QUERY, RESET_QUERY, CACHE_RESPONSE, IPV4, _, IPV6, END, CACHE_RESET, ROUTER_KEY, ERROR = range(11)

RPKI = Protocol(
    "rpkirtr",
    "RPKI-RTR",
    fields=(
        header("rpki-rtr.version", T.UINT8, 0),
        header("rpki-rtr.pdu_type", T.UINT8, 1),
        header("rpki-rtr.length", T.UINT32, 4),
        *computed_table("""
            rpki-rtr.session_id              UINT16
            rpki-rtr.serial_number           UINT32
            rpki-rtr.reserved                BYTES
            rpki-rtr.flags                   UINT8
            rpki-rtr.flags.aw                BOOLEAN
            rpki-rtr.prefix_length           UINT8
            rpki-rtr.max_length              UINT8
            rpki-rtr.ipv4_prefix             IPv4
            rpki-rtr.ipv6_prefix             IPv6
            rpki-rtr.as_number               UINT32
            rpki-rtr.refresh_interval        UINT32
            rpki-rtr.retry_interval          UINT32
            rpki-rtr.expire_interval         UINT32
            rpki-rtr.subject_key_identifier  BYTES
            rpki-rtr.error_code              UINT16
            rpki-rtr.length_pdu              UINT32
            rpki-rtr.error_pdu               BYTES
            rpki-rtr.length_text             UINT32
            rpki-rtr.error_text              STRING
        """),
    ),
    over={"tcp.port": (323,)},
)


@RPKI.dissector
def dissect_rpki(view: View, region: Region) -> bool:
    if view.stream is None:
        return False
    return each_message(region, HEADER_LENGTH, _length, lambda message: view.push(RPKI, message))


def _length(rest: Region) -> int:
    length = rest.u32(4)
    if length < HEADER_LENGTH:
        raise Malformed("a message shorter than its header")
    return length


@RPKI.filler
def fill_rpki(layer: Layer) -> None:
    cursor, kind = Cursor(layer, layer.region, 2, big=True), layer.region.u8(1)
    if kind in (NOTIFY, SERIAL_QUERY, CACHE_RESPONSE, END):
        cursor.u16("rpki-rtr.session_id")
        cursor.skip(4)
        if kind != CACHE_RESPONSE:
            cursor.u32("rpki-rtr.serial_number")
        if kind == END and layer.region.u8(0) > 0:
            cursor.integers((f"rpki-rtr.{name}_interval", 4) for name in ("refresh", "retry", "expire"))
    elif kind in (RESET_QUERY, CACHE_RESET):
        cursor.raw("rpki-rtr.reserved", 2)
    elif kind in (IPV4, IPV6):
        cursor.raw("rpki-rtr.reserved", 2)
        cursor.skip(4)
        cursor.flags("rpki-rtr.flags", 1, (("rpki-rtr.flags.aw", 0x01),))
        cursor.u8("rpki-rtr.prefix_length")
        cursor.u8("rpki-rtr.max_length")
        cursor.raw("rpki-rtr.reserved", 1)
        cursor.raw("rpki-rtr.ipv4_prefix" if kind == IPV4 else "rpki-rtr.ipv6_prefix", 4 if kind == IPV4 else 16)
        cursor.u32("rpki-rtr.as_number")
    elif kind == ROUTER_KEY:
        cursor.skip(6)
        cursor.raw("rpki-rtr.subject_key_identifier", 20)
        cursor.u32("rpki-rtr.as_number")
    elif kind == ERROR:
        cursor.u16("rpki-rtr.error_code")
        cursor.skip(4)
        cursor.raw("rpki-rtr.error_pdu", cursor.u32("rpki-rtr.length_pdu"))
        cursor.text("rpki-rtr.error_text", cursor.u32("rpki-rtr.length_text"))
