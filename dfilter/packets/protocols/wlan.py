"""IEEE 802.11 frames as far as their header, the network's name, and what unencrypted data frames carry.

LINKTYPE_IEEE802_11 and frames inside radiotap headers or Aruba's GRE tunnels.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, bits, computed_table, header
from dfilter.packets.protocols.inner import call_name
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

MANAGEMENT, CONTROL, DATA = 0, 1, 2
VERSION = 0x03
"""Only version 0 of the protocol is known; frames of another one end behind the first two bytes."""
TO_DS, FROM_DS, MORE_FRAGMENTS, PROTECTED, ORDER = 0x01, 0x02, 0x04, 0x40, 0x80
QOS, NO_DATA = 0x08, 0x04
BAR, BLOCK_ACK, PS_POLL, RTS, CTS, ACK, CF_END, CF_END_ACK = 8, 9, 10, 11, 12, 13, 14, 15
AMSDU_PRESENT = 0x80
TAGS_AT = {0: 4, 1: 6, 2: 10, 3: 6, 4: 0, 5: 12, 8: 12}
"""Management subtype -> where its tagged parameters begin behind the header."""
SSID_TAG = 0

WLAN = Protocol(
    "wlan",
    "802.11",
    fields=(
        header("wlan.fc", T.UINT16, 0),
        header("wlan.fc.version", T.UINT8, 0, mask=0x03),
        header("wlan.fc.type", T.UINT8, 0, mask=0x0C),
        header("wlan.fc.subtype", T.UINT8, 0, mask=0xF0),
        header("wlan.flags", T.UINT8, 1),
        header("wlan.fc.ds", T.UINT8, 1, mask=0x03),
        *bits((("wlan.fc.tods", TO_DS), ("wlan.fc.fromds", FROM_DS), ("wlan.fc.frag", MORE_FRAGMENTS),
               ("wlan.fc.retry", 0x08), ("wlan.fc.pwrmgt", 0x10), ("wlan.fc.moredata", 0x20),
               ("wlan.fc.protected", PROTECTED), ("wlan.fc.order", ORDER)), at=1),
        header("wlan.duration", T.UINT16, 2, little_endian=True),
        *computed_table("""
            wlan.fc.type_subtype  UINT16
            wlan.ra               ETHER
            wlan.ta               ETHER
            wlan.da               ETHER
            wlan.sa               ETHER
            wlan.bssid            ETHER
            wlan.staa             ETHER
            wlan.addr             ETHER
            wlan.frag             UINT16
            wlan.seq              UINT16
            wlan.qos              UINT16
            wlan.qos.tid          UINT16
            wlan.qos.amsdupresent BOOLEAN
            wlan.fcs              UINT32
            wlan.tag              NONE
            wlan.tag.number       UINT8
            wlan.tag.length       UINT32
            wlan.ssid             BYTES
        """),
    ),
    over={"link": (105,), "gre.proto": tuple(range(0x8200, 0x8400, 0x10))},
    carries=("llc", "data"),
)  # fmt: skip


@WLAN.dissector
def dissect_wlan(view: View, region: Region) -> None:
    control, flags = region.u8(0), region.u8(1)
    region.need(0, 4)
    kind, subtype = control >> 2 & 3, control >> 4
    layer = view.push(WLAN, region)
    if control & VERSION:
        layer.set_length(2)
        view.call_data(region.sub(2))
        return
    if kind != DATA:
        layer.set_length(24 if kind == MANAGEMENT else 16)
        if kind == MANAGEMENT and flags & PROTECTED:
            _pass_encrypted(view, region.sub(24))
        return
    length = 30 if flags & TO_DS and flags & FROM_DS else 24
    aggregate = False
    if subtype & QOS:
        aggregate = bool(region.u8(length) & AMSDU_PRESENT)
        length += 2
        if flags & ORDER:
            length += 4
    region.need(0, length)
    layer.set_length(length)
    if subtype & NO_DATA:
        return
    payload = region.sub(length)
    if flags & PROTECTED:
        _pass_encrypted(view, payload)
    elif aggregate:
        _dissect_aggregate(view, payload)
    elif flags & MORE_FRAGMENTS or region.le16(22) & 0x0F:
        view.call_data(payload)
    elif payload.reported_length > 0:
        call_name(view, "llc", payload)


def _pass_encrypted(view: View, payload: Region) -> None:
    """Behind the 4 or 8 bytes of the cipher's header lies what cannot be read, then its check value."""
    if payload.length < 4:
        return
    extended = payload.u8(3) & 0x20
    start, end = (8, 8) if extended else (4, 4)
    view.call_data(payload.clipped(start, payload.reported_length - start - end))


def _dissect_aggregate(view: View, payload: Region) -> None:
    """An A-MSDU: subframes with an Ethernet-like header each, padded to four bytes."""
    while payload.length >= 14:
        length = payload.u16(12)
        call_name(view, "llc", payload.sub(14).clipped(0, length))
        step = 14 + length + -(14 + length) % 4
        if step >= payload.reported_length:
            return
        payload = payload.sub(step)


@WLAN.filler
def fill_wlan(layer: Layer) -> None:
    region, start = layer.region, layer.start
    control, flags = region.u8(0), region.u8(1)
    kind, subtype = control >> 2 & 3, control >> 4
    layer.add("wlan.fc.type_subtype", kind << 4 | subtype, start, 1)
    if kind == CONTROL:
        _fill_control(layer, subtype)
        return
    roles: tuple[tuple[str, ...], ...] = (("ra", "da"), ("ta", "sa"), ("bssid",))
    if kind == DATA:
        roles = ((("ra", "da"), ("ta", "sa"), ("bssid",)), (("ra", "bssid"), ("ta", "sa"), ("da",)),
                 (("ra", "da"), ("ta", "bssid"), ("sa",)), (("ra",), ("ta",), ("da",)))[flags & 3]  # fmt: skip
    for index, names in enumerate(roles):
        at = 4 + 6 * index
        for name in names:
            layer.add(f"wlan.{name}", region.bytes(at, 6), start + at, 6)
        layer.add("wlan.addr", region.bytes(at, 6), start + at, 6)
    sequence = region.le16(22)
    layer.add("wlan.frag", sequence & 15, start + 22, 2)
    layer.add("wlan.seq", sequence >> 4, start + 22, 2)
    if kind == DATA:
        _fill_data(layer, flags, subtype)
    elif subtype in TAGS_AT and not flags & PROTECTED:
        _fill_tags(layer, 24 + TAGS_AT[subtype] + (4 if flags & ORDER else 0))


def _fill_control(layer: Layer, subtype: int) -> None:
    region, start = layer.region, layer.start
    if subtype in (BAR, BLOCK_ACK, PS_POLL, RTS, CTS, ACK, CF_END, CF_END_ACK):
        names = ["bssid" if subtype == PS_POLL else "ra"]
        if subtype not in (CTS, ACK):
            names.append("ta")
        for index, name in enumerate(names):
            at = 4 + 6 * index
            layer.add(f"wlan.{name}", region.bytes(at, 6), start + at, 6)
            layer.add("wlan.addr", region.bytes(at, 6), start + at, 6)


def _fill_data(layer: Layer, flags: int, subtype: int) -> None:
    region, start, at = layer.region, layer.start, 24
    if flags & 3 == TO_DS | FROM_DS:
        layer.add("wlan.sa", region.bytes(24, 6), start + 24, 6)
        layer.add("wlan.addr", region.bytes(24, 6), start + 24, 6)
        at = 30
    elif flags & 3:
        station = 4 if flags & FROM_DS else 10
        layer.add("wlan.staa", region.bytes(station, 6), start + station, 6)
    if subtype & QOS:
        control = region.le16(at)
        layer.add("wlan.qos", control, start + at, 2)
        layer.add("wlan.qos.tid", control & 15, start + at, 2)
        layer.add("wlan.qos.amsdupresent", bool(control & AMSDU_PRESENT), start + at, 2)


def _fill_tags(layer: Layer, at: int) -> None:
    region, start = layer.region, layer.start
    while at + 2 <= region.reported_length:
        number, length = region.u8(at), region.u8(at + 1)
        layer.add("wlan.tag", None, start + at, 2 + length)
        layer.add("wlan.tag.number", number, start + at, 1)
        layer.add("wlan.tag.length", length, start + at + 1, 1)
        value = region.bytes(at + 2, length)
        if number == SSID_TAG:
            layer.add("wlan.ssid", value, start + at + 2, length)
        at += 2 + length
