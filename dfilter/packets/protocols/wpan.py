"""IEEE 802.15.4 frames: the header with its addresses and information elements (LINKTYPE_IEEE802_15_4_WITHFCS, _NOFCS).

In: a frame, with or without its check sequence.  Out: the layer, and what an unprotected data frame carries.  What
always holds: the payload of a frame whose check sequence is wrong is data.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed_table, header
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.protocols.inner import call_name
from dfilter.packets.protocols.sixlowpan import is_dispatch
from dfilter.packets.region import Malformed, Region
from dfilter.packets.view import Layer, View
from dfilter.slotted import frozen

WITH_FCS, WITHOUT_FCS = 195, 230
NO_ADDRESS, RESERVED, SHORT, EXTENDED = 0, 1, 2, 3
BEACON_FRAME, DATA_FRAME, ACKNOWLEDGEMENT, COMMAND = 0, 1, 2, 3
FCS_LENGTH = 2
VERSION_2015 = 2
SECURED, ELEMENTS = 0x0008, 0x0200
ZIGBEE = Protocol("zbee_nwk", "ZigBee")
ZIGBEE_HEADER, ZIGBEE_VERSION, ZIGBEE_SECURED = 8, 2, 0x0200
LAST_ELEMENTS = (0x7E, 0x7F)
FLAGS = (("security", 0x08), ("pending", 0x10), ("ack_request", 0x20), ("pan_id_compression", 0x40))

WPAN = Protocol(
    "wpan",
    "IEEE 802.15.4",
    fields=(
        header("wpan.fcf", T.UINT16, 0, little_endian=True),
        *computed_table("""
            wpan.frame_length        UINT8
            wpan.frame_type          UINT16
            wpan.security            BOOLEAN
            wpan.pending             BOOLEAN
            wpan.ack_request         BOOLEAN
            wpan.pan_id_compression  BOOLEAN
            wpan.fcf.reserved        BOOLEAN
            wpan.seqno_suppression   BOOLEAN
            wpan.ie_present          BOOLEAN
            wpan.dst_addr_mode       UINT16
            wpan.src_addr_mode       UINT16
            wpan.version             UINT16
            wpan.seq_no              UINT8
            wpan.dst_pan             UINT16
            wpan.dst16               UINT16
            wpan.dst64               EUI64
            wpan.src_pan             UINT16
            wpan.src16               UINT16
            wpan.src64               EUI64
            wpan.addr16              UINT16
            wpan.addr64              EUI64
            wpan.cmd                 UINT8
            wpan.fcs                 UINT16
            wpan.fcs_ok              BOOLEAN
        """),
    ),
    over={"link": (WITH_FCS, WITHOUT_FCS), "ethertype": (0x809A,)},
    carries=("6lowpan", "zbee_nwk", "data"),
)


@frozen
class Head:
    """What of a frame is known before its layer is filled.

    Attributes:
        length: of the header with addresses and elements, bytes.
        source, target: addresses as they lie on the wire; empty where there is none.
        checked: the check sequence is right, or not there to be wrong.
    """

    length: int
    source: bytes
    target: bytes
    checked: bool


@WPAN.dissector
def dissect_wpan(view: View, region: Region) -> None:
    region.need(0, 2)
    layer = view.push(WPAN, region)
    body = region
    if view.frame.link_type != WITHOUT_FCS and region.reported_length >= FCS_LENGTH:
        body = region.clipped(0, region.reported_length - FCS_LENGTH)
    control = region.le16(0)
    if RESERVED in (control >> 10 & 3, control >> 14):
        view.damaged(Malformed("an address mode that is reserved"))
        return
    layer.state = head = _read_head(body, control, _is_right(region, body))
    layer.set_length(head.length)
    payload = body.sub(head.length)
    if control & 7 == ACKNOWLEDGEMENT:
        view.call_data(payload)
    if payload.reported_length <= 0 or control & 7 not in (DATA_FRAME, BEACON_FRAME):
        return
    if control & 7 == BEACON_FRAME:
        layer.set_length(region.length)
    elif control & SECURED or not head.checked:
        view.call_data(payload)
    elif _is_plain_zigbee(payload, head):
        view.push(ZIGBEE, payload)
    elif is_dispatch(payload):
        call_name(view, "6lowpan", payload)
    else:
        view.call_data(payload)


def _is_plain_zigbee(payload: Region, head: Head) -> bool:
    """A frame of ZigBee's network layer that is not encrypted: we know whose it is, no more."""
    if payload.length < ZIGBEE_HEADER or len(head.source) != 2 or len(head.target) != 2:
        return False
    control = payload.le16(0)
    return control >> 2 & 0x0F == ZIGBEE_VERSION and control & 3 <= 1 and not control & ZIGBEE_SECURED


def _read_head(region: Region, control: int, checked: bool) -> Head:
    """Walks the header, so that damage in it shows whether its fields are asked for or not."""
    version, to_mode, from_mode = control >> 12 & 3, control >> 10 & 3, control >> 14
    at = 2 if version == VERSION_2015 and control & 0x0100 else 3
    to_pan, from_pan = pan_ids(version, to_mode, from_mode, bool(control & 0x40))
    at += 2 * to_pan
    target = region.bytes(at, _size(to_mode))
    at += len(target) + 2 * from_pan
    source = region.bytes(at, _size(from_mode))
    at += len(source)
    if version == VERSION_2015 and control & ELEMENTS:
        at = _after_elements(region, at)
    return Head(at, source, target, checked)


def _after_elements(region: Region, at: int) -> int:
    """Behind the header's information elements (IEEE 802.15.4-2015 section 7.4.2)."""
    while at + 2 <= region.reported_length:
        word = region.le16(at)
        at += 2 + (word & 0x7F)
        if at > region.reported_length:
            raise Malformed("an information element longer than the frame")
        if word >> 7 & 0xFF in LAST_ELEMENTS:
            break
    return at


def _size(mode: int) -> int:
    return {SHORT: 2, EXTENDED: 8}.get(mode, 0)


def _is_right(region: Region, body: Region) -> bool:
    """Is the check sequence right (ITU-T CRC-16, reflected)? One that is not there or was cut counts as right."""
    if body is region or region.length < region.reported_length:
        return True
    value = 0
    for octet in body.rest():
        value ^= octet
        for _ in range(8):
            value = value >> 1 ^ 0x8408 if value & 1 else value >> 1
    return value == region.le16(body.reported_length)


@WPAN.filler
def fill_wpan(layer: Layer) -> None:
    region, start, add = layer.region, layer.start, layer.add
    control = region.le16(0)
    version, to_mode, from_mode = control >> 12 & 3, control >> 10 & 3, control >> 14
    with_fcs = layer.view.frame.link_type != WITHOUT_FCS and region.reported_length >= FCS_LENGTH
    add("wpan.frame_length", region.reported_length - FCS_LENGTH * with_fcs & 0xFF, start)
    add("wpan.frame_type", control & 7, start, 2)
    for name, bit in FLAGS:
        add(f"wpan.{name}", bool(control & bit), start, 2)
    add("wpan.fcf.reserved", bool(control & 0x0080), start, 2)
    suppressed = version == VERSION_2015 and bool(control & 0x0100)
    add("wpan.seqno_suppression", bool(control & 0x0100), start, 2)
    add("wpan.ie_present", bool(control & ELEMENTS), start, 2)
    add("wpan.dst_addr_mode", to_mode, start, 2)
    add("wpan.version", version, start, 2)
    add("wpan.src_addr_mode", from_mode, start, 2)
    cursor = Cursor(layer, region, 2)
    if not suppressed:
        cursor.u8("wpan.seq_no")
    head = layer.state
    if head is None:
        return
    to_pan, from_pan = pan_ids(version, to_mode, from_mode, bool(control & 0x40))
    _fill_address(cursor, "dst", to_mode, to_pan)
    _fill_address(cursor, "src", from_mode, from_pan)
    if control & 7 == COMMAND and not control & SECURED:
        cursor.at = head.length
        cursor.u8("wpan.cmd")
    if with_fcs and region.length == region.reported_length:
        cursor.at = region.length - FCS_LENGTH
        cursor.u16("wpan.fcs")
    add("wpan.fcs_ok", head.checked, start)


def pan_ids(version: int, to_mode: int, from_mode: int, compressed: bool) -> tuple[bool, bool]:
    """Which PAN identifiers are there (IEEE 802.15.4-2006 section 7.2.1.1.5, 802.15.4-2015 table 7-2)."""
    if version != VERSION_2015:
        return to_mode != NO_ADDRESS, from_mode != NO_ADDRESS and not compressed
    if to_mode == from_mode == EXTENDED:
        return not compressed, False
    if to_mode and from_mode:
        return True, not compressed
    if to_mode:
        return not compressed, False
    if from_mode:
        return False, not compressed
    return compressed, False


def _fill_address(cursor: Cursor, side: str, mode: int, has_pan: bool) -> None:
    if has_pan:
        cursor.u16(f"wpan.{side}_pan")
    if mode == SHORT:
        cursor.mark("wpan.addr16", 2, cursor.peek(2))
        cursor.u16(f"wpan.{side}16")
    elif mode == EXTENDED:
        address = cursor.region.bytes(cursor.at, 8)[::-1]
        cursor.mark(f"wpan.{side}64", 8, address)
        cursor.mark("wpan.addr64", 8, address)
        cursor.skip(8)
