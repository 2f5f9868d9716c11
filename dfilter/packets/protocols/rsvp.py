"""RSVP (RFC 2205) with the objects of traffic engineering (RFC 3209): sessions, hops, routes, labels.

In: the bytes behind IP.  Out: one layer.  What always holds: an object that says it is shorter than its header counts
as malformed and is the last one; objects that are not read here keep their length, class and type.
"""

from __future__ import annotations

from collections.abc import Callable

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed_table, header
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

HEADER_LENGTH, OBJECT_HEADER = 8, 4
MESSAGES = {1: "path", 2: "resv", 3: "perr", 4: "rerr", 5: "ptear", 6: "rtear", 7: "resvconf", 12: "bundle", 13: "ack",
            15: "srefresh", 20: "hello"}  # fmt: skip
BUNDLE = 12
IPV4_HOP, IPV6_HOP, LABEL_HOP, UNNUMBERED_HOP = 1, 2, 3, 4

RSVP = Protocol(
    "rsvp",
    "RSVP",
    fields=(
        header("rsvp.version", T.UINT8, 0, mask=0xF0),
        header("rsvp.flags", T.UINT8, 0, mask=0x0F),
        header("rsvp.msg", T.UINT8, 1),
        header("rsvp.message_checksum", T.UINT16, 2),
        header("rsvp.sending_ttl", T.UINT8, 4),
        header("rsvp.message_length", T.UINT16, 6),
        *computed_table("\n".join(f"rsvp.{name} BOOLEAN" for name in MESSAGES.values())),
        *computed_table("""
            rsvp.length                              UINT16
            rsvp.object                              UINT8
            rsvp.ctype                               UINT32
            rsvp.session                             NONE
            rsvp.session.ip                          IPv4
            rsvp.session.proto                       UINT8
            rsvp.session.flags                       UINT8
            rsvp.session.port                        UINT16
            rsvp.session.tunnel_id                   UINT16
            rsvp.session.ext_tunnel_id               UINT32
            rsvp.hop                                 NONE
            rsvp.hop.neighbor_address_ipv4           IPv4
            rsvp.hop.logical_interface               UINT32
            rsvp.time                                NONE
            rsvp.refresh_interval                    UINT32
            rsvp.error                               NONE
            rsvp.error.error_node_ipv4               IPv4
            rsvp.error_flags                         UINT8
            rsvp.error.error_code                    UINT8
            rsvp.error_value                         UINT16
            rsvp.style                               NONE
            rsvp.style.flags                         UINT8
            rsvp.style.style                         UINT24
            rsvp.filter                              NONE
            rsvp.sender                              NONE
            rsvp.sender.ip                           IPv4
            rsvp.sender.port                         UINT16
            rsvp.sender.lsp_id                       UINT16
            rsvp.confirm                             NONE
            rsvp.confirm.receiver_address_ipv4       IPv4
            rsvp.label                               NONE
            rsvp.label.label                         UINT32
            rsvp.label_request                       NONE
            rsvp.label_request.l3pid                 UINT16
            rsvp.explicit_route                      NONE
            rsvp.record_route                        NONE
            rsvp.loose_hop                           BOOLEAN
            rsvp.ero_rro_subobjects.length           UINT8
            rsvp.ero_rro_subobjects.ipv4_hop         IPv4
            rsvp.ero_rro_subobjects.ipv6_hop         IPv6
            rsvp.ero_rro_subobjects.prefix_length    UINT8
            rsvp.ero_rro_subobjects.label            UINT32
            rsvp.ero_rro_subobjects.router_id        IPv4
            rsvp.ero_rro_subobjects.interface_id     UINT32
            rsvp.hello_obj                           NONE
            rsvp.hello.source_instance               UINT32
            rsvp.hello.destination_instance          UINT32
            rsvp.session_attribute                   NONE
            rsvp.session_attribute.setup_priority    UINT8
            rsvp.session_attribute.hold_priority     UINT8
            rsvp.session_attribute.flags             UINT8
            rsvp.session_attribute.name_length       UINT8
            rsvp.session_attribute.name              STRING
            rsvp.obj_unknown                         NONE
        """),
    ),
    over={"ip.proto": (46,)},
)


@RSVP.dissector
def dissect_rsvp(view: View, region: Region) -> None:
    region.need(0, 2)
    view.push(RSVP, region)


@RSVP.filler
def fill_rsvp(layer: Layer) -> None:
    region = layer.region
    kind, length = region.u8(1), region.u16(6)
    if kind in MESSAGES:
        layer.add(f"rsvp.{MESSAGES[kind]}", True, layer.start + 1, 1)
    if kind == BUNDLE:
        return
    cursor = Cursor(layer, region, HEADER_LENGTH, big=True)
    while cursor.at < length:
        if not _fill_object(cursor):
            return


def _fill_object(cursor: Cursor) -> bool:
    length = cursor.peek(2)
    if length < OBJECT_HEADER:
        cursor.mark("rsvp.obj_unknown", 0)
        cursor.u16("rsvp.length")
        cursor.wrong("an object shorter than its header")
        return False
    kind, variant = cursor.peek(1, skip=2), cursor.peek(1, skip=3)
    name, fill = OBJECTS.get(kind, ("", None))
    if name:
        cursor.mark("rsvp." + name, length)
    stop = cursor.at + length
    cursor.u16("rsvp.length")
    cursor.u8("rsvp.object")
    cursor.mark("rsvp.ctype", 1, variant)
    cursor.skip(1)
    if fill is not None:
        fill(cursor, variant, stop)
    cursor.region.bytes(stop - length, length)
    cursor.at = stop
    return True


def _fill_session(cursor: Cursor, variant: int, stop: int) -> None:
    if variant == 1:
        cursor.raw("rsvp.session.ip", 4)
        cursor.u8("rsvp.session.proto")
        cursor.u8("rsvp.session.flags")
        cursor.u16("rsvp.session.port")
    elif variant == 7:
        cursor.raw("rsvp.session.ip", 4)
        cursor.skip(2)
        cursor.u16("rsvp.session.tunnel_id")
        cursor.u32("rsvp.session.ext_tunnel_id")


def _fill_hop(cursor: Cursor, variant: int, stop: int) -> None:
    if variant == 1:
        cursor.raw("rsvp.hop.neighbor_address_ipv4", 4)
        cursor.u32("rsvp.hop.logical_interface")


def _fill_time(cursor: Cursor, variant: int, stop: int) -> None:
    if variant == 1:
        cursor.u32("rsvp.refresh_interval")


def _fill_error(cursor: Cursor, variant: int, stop: int) -> None:
    if variant == 1:
        cursor.raw("rsvp.error.error_node_ipv4", 4)
        cursor.u8("rsvp.error_flags")
        cursor.u8("rsvp.error.error_code")
        cursor.u16("rsvp.error_value")


def _fill_style(cursor: Cursor, variant: int, stop: int) -> None:
    if variant == 1:
        cursor.u8("rsvp.style.flags")
        cursor.integer("rsvp.style.style", 3)


def _fill_sender(cursor: Cursor, variant: int, stop: int) -> None:
    if variant in (1, 7):
        cursor.raw("rsvp.sender.ip", 4)
        cursor.skip(2)
        cursor.u16("rsvp.sender.port" if variant == 1 else "rsvp.sender.lsp_id")


def _fill_confirmation(cursor: Cursor, variant: int, stop: int) -> None:
    if variant == 1:
        cursor.raw("rsvp.confirm.receiver_address_ipv4", 4)


def _fill_label(cursor: Cursor, variant: int, stop: int) -> None:
    if variant == 1:
        cursor.u32("rsvp.label.label")


def _fill_request(cursor: Cursor, variant: int, stop: int) -> None:
    if variant == 1:
        cursor.skip(2)
        cursor.u16("rsvp.label_request.l3pid")


def _fill_route(cursor: Cursor, variant: int, stop: int) -> None:
    """The hops of an explicit or recorded route (RFC 3209 section 4.3, 4.4)."""
    if variant != 1:
        return
    prefix = "rsvp.ero_rro_subobjects."
    explicit = cursor.region.u8(cursor.at - 2) == EXPLICIT_ROUTE
    while cursor.at < stop:
        start, word = cursor.at, cursor.peek(1)
        if explicit:
            cursor.layer.add("rsvp.loose_hop", bool(word & 0x80), cursor.absolute, 1)
        cursor.skip(1)
        length = cursor.u8(prefix + "length")
        kind = word & 0x7F if explicit else word
        if kind in (IPV4_HOP, IPV6_HOP):
            cursor.raw(prefix + ("ipv4_hop" if kind == IPV4_HOP else "ipv6_hop"), 4 if kind == IPV4_HOP else 16)
            cursor.u8(prefix + "prefix_length")
        elif kind == LABEL_HOP:
            cursor.skip(2)
            cursor.u32(prefix + "label")
        elif kind == UNNUMBERED_HOP:
            cursor.skip(2)
            cursor.raw(prefix + "router_id", 4)
            cursor.u32(prefix + "interface_id")
        if length < 2:
            cursor.wrong("a hop without a length")
            return
        cursor.at = start + length


def _fill_hello(cursor: Cursor, variant: int, stop: int) -> None:
    if variant in (1, 2):
        cursor.u32("rsvp.hello.source_instance")
        cursor.u32("rsvp.hello.destination_instance")


def _fill_attribute(cursor: Cursor, variant: int, stop: int) -> None:
    prefix = "rsvp.session_attribute."
    if variant != 7:
        return
    for name in ("setup_priority", "hold_priority", "flags"):
        cursor.u8(prefix + name)
    cursor.text(prefix + "name", cursor.u8(prefix + "name_length"))


EXPLICIT_ROUTE = 20
OBJECTS: dict[int, tuple[str, Callable[[Cursor, int, int], None]]] = {
    1: ("session", _fill_session), 3: ("hop", _fill_hop), 5: ("time", _fill_time), 6: ("error", _fill_error),
    8: ("style", _fill_style), 10: ("filter", _fill_sender), 11: ("sender", _fill_sender),
    15: ("confirm", _fill_confirmation), 16: ("label", _fill_label), 19: ("label_request", _fill_request),
    EXPLICIT_ROUTE: ("explicit_route", _fill_route), 21: ("record_route", _fill_route), 22: ("hello_obj", _fill_hello),
    207: ("session_attribute", _fill_attribute),
}  # fmt: skip
"""Object class -> its name, and its fields."""
