"""IEEE 802.11 frames as far as their header, the network's name, and what unencrypted data frames carry.

LINKTYPE_IEEE802_11 and frames inside radiotap headers or Aruba's GRE tunnels.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, bits, computed, computed_table, header
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.protocols.inner import call_name
from dfilter.packets.protocols.wlan_management import FIELDS, fill_management
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

MANAGEMENT, CONTROL, DATA = 0, 1, 2
VERSION = 0x03
"""Only version 0 of the protocol is known; frames of another one end behind the first two bytes."""
TO_DS, FROM_DS, MORE_FRAGMENTS, PROTECTED, ORDER = 0x01, 0x02, 0x04, 0x40, 0x80
QOS, NO_DATA = 0x08, 0x04
BAR, BLOCK_ACK, PS_POLL, RTS, CTS, ACK, CF_END, CF_END_ACK = 8, 9, 10, 11, 12, 13, 14, 15
AMSDU_PRESENT = 0x80
ADDRESSES = ("ra", "ta", "da", "sa", "bssid", "staa")
FLAGS, FCS_AT_END, FCS_LENGTH, UNVERIFIED = 1, 0x10, 4, 2
"""Radiotap's field of flags and its bit that tells of a frame check sequence; the length and the status of that."""
FLAG_LETTERS = "opmPRMFT"
"""From the highest bit of the flags to the lowest."""

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
            wlan.fcs.status       UINT8
            wlan.oui              UINT24
            wlan.addr.lg          BOOLEAN
            wlan.addr.ig          BOOLEAN
            wlan.flags.str        STRING
            wlan.qos.priority     UINT16
            wlan.qos.ack          UINT16
            wlan.qos.eosp         BOOLEAN
            wlan.qos.bit4         BOOLEAN
        """),
        *(field for role in ADDRESSES for field in (
            computed(f"wlan.{role}.oui", T.UINT24), computed(f"wlan.{role}.lg", T.BOOLEAN),
            computed(f"wlan.{role}.ig", T.BOOLEAN))),
        *computed_table(FIELDS),
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
    if control & VERSION:
        return
    kind, subtype = control >> 2 & 3, control >> 4
    letters = (letter if flags & 0x80 >> place else "." for place, letter in enumerate(FLAG_LETTERS))
    checked = _check_sequence(layer)
    layer.add("wlan.flags.str", "".join(letters) + ("C" if checked else ""), start)
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
        _add_address(layer, names, at)
    sequence = region.le16(22)
    layer.add("wlan.frag", sequence & 15, start + 22, 2)
    layer.add("wlan.seq", sequence >> 4, start + 22, 2)
    if kind == DATA:
        _fill_data(layer, flags, subtype)
    elif not flags & PROTECTED:
        fill_management(Cursor(layer, region, 28 if flags & ORDER else 24), subtype)


def _check_sequence(layer: Layer) -> bool:
    """The frame check sequence behind the frame, where radiotap says that there is one."""
    radiotap = layer.view.layer("radiotap")
    flags = radiotap.state.get(FLAGS) if radiotap is not None and isinstance(radiotap.state, dict) else None
    at = layer.region.reported_end
    if not flags or not flags[0] & FCS_AT_END or at + FCS_LENGTH > len(layer.buf):
        return False
    layer.add("wlan.fcs", int.from_bytes(layer.buf[at : at + FCS_LENGTH], "little"), at, FCS_LENGTH)
    layer.add("wlan.fcs.status", UNVERIFIED, at)
    return True


def _add_address(layer: Layer, roles: tuple[str, ...], at: int, *, again: bool = False) -> None:
    """An address under the names of its roles, and what its first bits say; `again`: it was added before."""
    value, start = layer.region.bytes(at, 6), layer.start + at
    oui, local, group = int.from_bytes(value[:3], "big"), bool(value[0] & 2), bool(value[0] & 1)
    for role in roles:
        layer.add(f"wlan.{role}", value, start, 6)
        layer.add(f"wlan.{role}.oui", oui, start, 3)
        layer.add(f"wlan.{role}.lg", local, start, 3)
        layer.add(f"wlan.{role}.ig", group, start, 3)
    if not again:
        layer.add("wlan.addr", value, start, 6)
        layer.add("wlan.oui", oui, start, 3)
    if roles[0] == "ra" or (layer.region.u8(0) & 0x0C and not again):  # management: only the receiver
        layer.add("wlan.addr.lg", local, start, 3)
        layer.add("wlan.addr.ig", group, start, 3)


def _fill_control(layer: Layer, subtype: int) -> None:
    if subtype in (BAR, BLOCK_ACK, PS_POLL, RTS, CTS, ACK, CF_END, CF_END_ACK):
        names = ["bssid" if subtype == PS_POLL else "ra"]
        if subtype not in (CTS, ACK):
            names.append("ta")
        for index, name in enumerate(names):
            _add_address(layer, (name,), 4 + 6 * index)


def _fill_data(layer: Layer, flags: int, subtype: int) -> None:
    region, start, at = layer.region, layer.start, 24
    if flags & 3 == TO_DS | FROM_DS:
        _add_address(layer, ("sa",), 24)
        at = 30
    elif flags & 3:
        station = 4 if flags & FROM_DS else 10
        _add_address(layer, ("staa",), station, again=True)
    if subtype & QOS:
        control = region.le16(at)
        layer.add("wlan.qos", control, start + at, 2)
        layer.add("wlan.qos.tid", control & 15, start + at, 2)
        layer.add("wlan.qos.priority", control & 7, start + at, 2)
        layer.add("wlan.qos.ack", control >> 5 & 3, start + at, 2)
        layer.add("wlan.qos.eosp" if flags & FROM_DS else "wlan.qos.bit4", bool(control & 0x10), start + at, 2)
        layer.add("wlan.qos.amsdupresent", bool(control & AMSDU_PRESENT), start + at, 2)
