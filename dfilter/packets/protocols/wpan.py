"""IEEE 802.15.4 frames: the header with its addresses (LINKTYPE_IEEE802_15_4_WITHFCS and _NOFCS)."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed_table, header
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

WITH_FCS, WITHOUT_FCS = 195, 230
NO_ADDRESS, SHORT, EXTENDED = 0, 2, 3
DATA_FRAME = 1
FCS_LENGTH = 2
VERSION_2015 = 2

WPAN = Protocol(
    "wpan",
    "IEEE 802.15.4",
    fields=(
        header("wpan.fcf", T.UINT16, 0, little_endian=True),
        *computed_table("""
            wpan.frame_type          UINT16
            wpan.security            BOOLEAN
            wpan.pending             BOOLEAN
            wpan.ack_request         BOOLEAN
            wpan.pan_id_compression  BOOLEAN
            wpan.seqno_suppression   BOOLEAN
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
        """),
    ),
    over={"link": (WITH_FCS, WITHOUT_FCS)},
)


@WPAN.dissector
def dissect_wpan(view: View, region: Region) -> None:
    region.need(0, 2)
    view.push(WPAN, region)


@WPAN.filler
def fill_wpan(layer: Layer) -> None:
    region, start, add = layer.region, layer.start, layer.add
    control = region.le16(0)
    version, to_mode, from_mode = control >> 12 & 3, control >> 10 & 3, control >> 14
    add("wpan.frame_type", control & 7, start, 2)
    for name, bit in (("security", 0x08), ("pending", 0x10), ("ack_request", 0x20), ("pan_id_compression", 0x40)):
        add(f"wpan.{name}", bool(control & bit), start, 2)
    suppressed = version == VERSION_2015 and bool(control & 0x0100)
    if version == VERSION_2015:
        add("wpan.seqno_suppression", suppressed, start, 2)
    add("wpan.dst_addr_mode", to_mode, start, 2)
    add("wpan.version", version, start, 2)
    add("wpan.src_addr_mode", from_mode, start, 2)
    at = 2
    if not suppressed:
        add("wpan.seq_no", region.u8(2), start + 2, 1)
        at = 3
    to_pan, from_pan = pan_ids(version, to_mode, from_mode, bool(control & 0x40))
    at = _fill_address(layer, "dst", to_mode, to_pan, at)
    _fill_address(layer, "src", from_mode, from_pan, at)


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


def _fill_address(layer: Layer, side: str, mode: int, has_pan: bool, at: int) -> int:
    region, start, add = layer.region, layer.start, layer.add
    if has_pan:
        add(f"wpan.{side}_pan", region.le16(at), start + at, 2)
        at += 2
    if mode == SHORT:
        value = region.le16(at)
        add(f"wpan.{side}16", value, start + at, 2)
        add("wpan.addr16", value, start + at, 2)
        at += 2
    elif mode == EXTENDED:
        address = region.bytes(at, 8)[::-1]
        add(f"wpan.{side}64", address, start + at, 8)
        add("wpan.addr64", address, start + at, 8)
        at += 8
    return at
