"""IEEE 802.2 LLC, with SNAP (RFC 1042)."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, computed_table, header
from dfilter.packets.protocols.eth import call_ethertype
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

SNAP = 0xAA
ENCAPSULATED_ETHERNET = (0x000000, 0x0000F8)
"""Organisation codes whose protocol id is an Ethernet type (RFC 1042, IEEE 802.1H)."""
CISCO = 0x00000C
BRIDGED = 0x0080C2
"""Organisation code of IEEE 802.1: bridged frames (RFC 2684 section 5.2)."""
BRIDGED_ETHERNET = (1, 7)
"""Protocol ids of bridged Ethernet, with and without frame check sequence."""
SNAP_TYPES = {CISCO: "llc.cisco_pid", BRIDGED: "llc.pid"}
INFORMATION, SUPERVISORY, UNNUMBERED = 0, 1, 3
UI, XID, TEST = 0x03, 0xAF, 0xE3
POLL_FINAL = 0x10

LLC = Protocol(
    "llc",
    "LLC",
    fields=(
        header("llc.dsap", T.UINT8, 0),
        header("llc.dsap.sap", T.UINT8, 0, mask=0xFE),
        header("llc.dsap.ig", T.BOOLEAN, 0, 1, 0x01),
        header("llc.ssap", T.UINT8, 1),
        header("llc.ssap.sap", T.UINT8, 1, mask=0xFE),
        header("llc.ssap.cr", T.BOOLEAN, 1, 1, 0x01),
        computed("llc.control", T.UINT16),
        *computed_table("""
            llc.control.ftype        UINT16
            llc.control.n_r          UINT16
            llc.control.n_s          UINT16
            llc.control.p            BOOLEAN
            llc.control.f            BOOLEAN
            llc.control.s_ftype      UINT16
            llc.control.u_modifier_cmd  UINT8
            llc.control.u_modifier_resp UINT8
            llc.oui                  UINT24
            llc.type                 UINT16
            llc.cisco_pid            UINT16
            llc.pid                  UINT16
        """),
    ),
    over={"link": (100,)},
    carries=("basicxid", "llc.dsap", "llc.snap", "ethertype", "eth", "data"),
)


BASIC_FORMAT = 0x81
BASICXID = Protocol(
    "basicxid",
    "XID",
    fields=(
        header("basicxid.llc.xid.format", T.UINT8, 0),
        header("basicxid.llc.xid.types", T.UINT8, 1, mask=0x1F),
        header("basicxid.llc.xid.wsize", T.UINT8, 2, mask=0xFE),
    ),
)
"""An exchange of identification in the basic format (IEEE 802.2 section 5.4.1.1.2)."""


@BASICXID.dissector
def dissect_basicxid(view: View, region: Region) -> None:
    region.need(0, 3)
    view.push(BASICXID, region, 3)


@LLC.dissector
def dissect_llc(view: View, region: Region) -> None:
    layer = view.push(LLC, region, 3)
    dsap, ssap, control = region.u8(0), region.u8(1), region.u8(2)
    kind = control & 3
    length = 3 if kind == UNNUMBERED else 4
    region.need(0, length)
    layer.set_length(length)
    if dsap == SNAP and ssap == SNAP and kind == UNNUMBERED:
        layer.set_length(length + 5)
        _dissect_snap(view, region, length)
        return
    payload = region.sub(length)
    if payload.reported_length == 0 or kind == SUPERVISORY:
        return
    if control & ~POLL_FINAL == XID and payload.u8(0) == BASIC_FORMAT:
        view.call(BASICXID, payload)
        return
    protocol = view.lookup("llc.dsap", dsap) if control & ~POLL_FINAL == UI or not kind & 1 else None
    if protocol is None and view.pass_over("llc.dsap", dsap, payload):
        return
    if protocol is None or view.call(protocol, payload) is False:
        view.call_data(payload)


def _dissect_snap(view: View, region: Region, at: int) -> None:
    oui, kind = region.u24(at), region.u16(at + 3)
    payload = region.sub(at + 5)
    if oui in ENCAPSULATED_ETHERNET:
        call_ethertype(view, kind, payload)
        return
    if oui == BRIDGED and kind in BRIDGED_ETHERNET:
        view.call(view.session.catalogue.protocols["eth"], payload)
        return
    protocol = view.lookup("llc.snap", (oui, kind))
    if protocol is None and view.pass_over("llc.snap", oui << 16 | kind, payload):
        return
    if protocol is None or view.call(protocol, payload) is False:
        view.call_data(payload)


@LLC.filler
def fill_llc(layer: Layer) -> None:
    region, start, add = layer.region, layer.start, layer.add
    is_response = bool(region.u8(1) & 1)
    control = region.u8(2)
    if control & 3 == UNNUMBERED:
        add("llc.control", control, start + 2, 1)
        name = "resp" if is_response else "cmd"
        add(f"llc.control.u_modifier_{name}", control & 0xEC, start + 2, 1)
        add("llc.control.ftype", UNNUMBERED, start + 2, 1)
        _fill_snap(layer)
        return
    word = region.le16(2)
    add("llc.control", word, start + 2, 2)
    add("llc.control.n_r", word >> 9, start + 2, 2)
    if control & 3 == SUPERVISORY:
        add("llc.control.s_ftype", word & 0x0C, start + 2, 2)
        add("llc.control.ftype", SUPERVISORY, start + 2, 2)
    else:
        add("llc.control.n_s", word >> 1 & 0x7F, start + 2, 2)
        add("llc.control.ftype", INFORMATION, start + 2, 2)
    add("llc.control.f" if is_response else "llc.control.p", bool(word & 0x0100), start + 2, 2)


def _fill_snap(layer: Layer) -> None:
    region, start, add = layer.region, layer.start, layer.add
    if region.u8(0) != SNAP or region.u8(1) != SNAP:
        return
    oui = region.u24(3)
    add("llc.oui", oui, start + 3, 3)
    name = "llc.type" if oui in ENCAPSULATED_ETHERNET else SNAP_TYPES.get(oui, "llc.pid")
    add(name, region.u16(6), start + 6, 2)


@LLC.info_line
def llc_info(layer: Layer) -> str:
    return f"DSAP 0x{layer.region.u8(0):02x}, SSAP 0x{layer.region.u8(1):02x}" if layer.region.length > 1 else ""
