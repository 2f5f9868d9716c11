"""L2TP over UDP (RFC 2661; RFC 3931 for version 3): control messages with their AVPs, and PPP in tunnels.

In: a datagram of port 1701.  Out: the `l2tp` layer; PPP behind data of version 2, `data` behind those of version 3,
whose content only the control connection tells.  What always holds: as in Wireshark 4.4 a datagram of another
version is none of L2TP's.
"""

from __future__ import annotations

from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.protocols.inner import call_name
from dfilter.packets.region import Region, Remarked
from dfilter.packets.view import Layer, View
from dfilter.slotted import frozen

CONTROL, LENGTH, SEQUENCE, OFFSET, PRIORITY, VERSION = 0x8000, 0x4000, 0x0800, 0x0200, 0x0100, 0x000F
SHORTEST = 6
AVP_HEADER, AVP_LENGTH = 6, 0x03FF
_BITS = (("l2tp.length_bit", LENGTH), ("l2tp.seq_bit", SEQUENCE))
_BITS_OF_2 = (("l2tp.offset_bit", OFFSET), ("l2tp.priority", PRIORITY))
_NUMBERS = {
    0: (("message_type", 2),), 2: (("protocol_version", 1), ("protocol_revision", 1)), 6: (("firmware_revision", 2),),
    9: (("assigned_tunnel_id", 2),), 10: (("receive_window_size", 2),), 14: (("assigned_session_id", 2),),
}  # fmt: skip
"""AVPs of the IETF that are numbers, with the bytes of each (RFC 2661 section 4.4)."""
_TEXTS = {7: "host_name", 8: "vendor_name", 21: "called_number", 22: "calling_number"}

L2TP = Protocol(
    "l2tp",
    "L2TP",
    fields=computed_table("""
        l2tp.flags        UINT16
        l2tp.type         UINT16
        l2tp.length_bit   BOOLEAN
        l2tp.seq_bit      BOOLEAN
        l2tp.offset_bit   BOOLEAN
        l2tp.priority     BOOLEAN
        l2tp.version      UINT16
        l2tp.length       UINT16
        l2tp.tunnel       UINT16
        l2tp.session      UINT16
        l2tp.Ns           UINT16
        l2tp.Nr           UINT16
        l2tp.offset       UINT16
        l2tp.ccid         UINT32
        l2tp.sid          UINT32
        l2tp.avp_length.bad           NONE
        l2tp.avp.mandatory            BOOLEAN
        l2tp.avp.hidden               BOOLEAN
        l2tp.avp.length               UINT16
        l2tp.avp.vendor_id            UINT32
        l2tp.avp.type                 UINT16
        l2tp.avp.message_type         UINT16
        l2tp.avp.protocol_version     UINT8
        l2tp.avp.protocol_revision    UINT8
        l2tp.avp.firmware_revision    UINT16
        l2tp.avp.host_name            STRING
        l2tp.avp.vendor_name          STRING
        l2tp.avp.assigned_tunnel_id   UINT16
        l2tp.avp.receive_window_size  UINT16
        l2tp.avp.assigned_session_id  UINT16
        l2tp.avp.called_number        STRING
        l2tp.avp.calling_number       STRING
    """),
    over={"udp.port": (1701,)},
    carries=("ppp", "data"),
)


@frozen
class Head:
    """Where what follows the header begins: data, or AVPs."""

    flags: int
    size: int

    @property
    def is_control(self) -> bool:
        return bool(self.flags & CONTROL)


@L2TP.dissector
def dissect_l2tp(view: View, region: Region) -> bool | None:
    if region.length < SHORTEST:
        return False
    flags = region.u16(0)
    if flags & VERSION not in (2, 3):
        return False
    layer = view.push(L2TP, region)
    layer.state = head = Head(flags, _size(region, flags))
    if flags & LENGTH and (flags & VERSION == 2 or head.is_control):
        region.trim(region.u16(2))
    if head.is_control or region.reported_length < head.size:
        return None
    layer.set_length(head.size)
    if flags & VERSION == 3:
        view.call_data(region.sub(head.size))
    else:
        call_name(view, "ppp", region.sub(head.size))
    return None


def _size(region: Region, flags: int) -> int:
    """Bytes of a header, padding included (RFC 2661 section 3.1, RFC 3931 sections 3.2.1 and 4.1.2.1)."""
    if flags & VERSION == 3:
        return 12 if flags & CONTROL else 8
    size = 6 + (2 if flags & LENGTH else 0) + (4 if flags & SEQUENCE else 0)
    if flags & CONTROL or not flags & OFFSET:
        return size
    return size + 2 + region.u16(size)


@L2TP.filler
def fill_l2tp(layer: Layer) -> None:
    head = layer.state
    cursor = Cursor(layer, layer.region, big=True)
    flags = cursor.peek(2)
    layer.add("l2tp.flags", flags, cursor.absolute, 2)
    layer.add("l2tp.type", flags >> 15, cursor.absolute, 2)
    cursor.flags("", 2, _BITS if flags & VERSION == 3 else _BITS + _BITS_OF_2)
    layer.add("l2tp.version", flags & VERSION, layer.start, 2)
    if head is None:
        return
    if flags & VERSION == 3:
        _fill_head_of_3(cursor, head)
    else:
        _fill_head_of_2(cursor, head)
    if head.is_control:
        while cursor.left > 0:
            _fill_avp(cursor)


def _fill_head_of_2(cursor: Cursor, head: Head) -> None:
    if head.flags & LENGTH:
        cursor.u16("l2tp.length")
    cursor.u16("l2tp.tunnel")
    cursor.u16("l2tp.session")
    if head.flags & SEQUENCE:
        cursor.u16("l2tp.Ns")
        cursor.u16("l2tp.Nr")
    if head.flags & OFFSET and not head.is_control:
        cursor.u16("l2tp.offset")


def _fill_head_of_3(cursor: Cursor, head: Head) -> None:
    if not head.is_control:
        cursor.skip(2)
        cursor.u32("l2tp.sid")
        return
    cursor.integers((("l2tp.length", 2), ("l2tp.ccid", 4), ("l2tp.Ns", 2), ("l2tp.Nr", 2)))


def _fill_avp(cursor: Cursor) -> None:
    layer, start = cursor.layer, cursor.at
    word, at = cursor.peek(2), cursor.absolute
    length = word & AVP_LENGTH
    if length < AVP_HEADER:
        layer.add("l2tp.avp_length.bad", None, at, 2)
        raise Remarked(f"an AVP of {length} bytes")
    layer.add("l2tp.avp.mandatory", bool(word & 0x8000), at, 2)
    layer.add("l2tp.avp.hidden", bool(word & 0x4000), at, 2)
    layer.add("l2tp.avp.length", length, at, 2)
    cursor.skip(2)
    vendor = cursor.peek(2)
    layer.add("l2tp.avp.vendor_id", vendor, cursor.absolute, 2)
    cursor.skip(2)
    if vendor == 0:  # the types of others have names of their own
        kind = cursor.u16("l2tp.avp.type")
        if not word & 0x4000:
            _fill_value(cursor, kind, length - AVP_HEADER)
    cursor.at = start + length


def _fill_value(cursor: Cursor, kind: int, size: int) -> None:
    if kind in _NUMBERS:
        for name, width in _NUMBERS[kind]:
            cursor.integer("l2tp.avp." + name, width)
    elif kind in _TEXTS:
        value = cursor.region.bytes(cursor.at, size)
        text = value.split(b"\0", 1)[0].decode("utf-8", "replace")
        cursor.layer.add("l2tp.avp." + _TEXTS[kind], text, cursor.absolute, size)
