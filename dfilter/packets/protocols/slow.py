"""Slow protocols (IEEE 802.3 annex 57A): LACP (IEEE 802.1AX) and the synchronization messages of ITU-T G.8264."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, computed_table, header
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

LACP_SUBTYPE, OSSP_SUBTYPE = 1, 10
TERMINATOR, ACTOR, PARTNER, COLLECTOR = range(4)
STATE = ("activity", "timeout", "aggregation", "synchronization", "collecting", "distributing", "defaulted", "expired")
LETTERS = "ASGSCDFE"
ITU = 0x0019A7

SLOW = Protocol(
    "slow",
    "Slow Protocols",
    fields=(header("slow.subtype", T.UINT8, 0),),
    over={"ethertype": (0x8809,)},
    carries=("lacp", "ossp", "data"),
)

LACP = Protocol(
    "lacp",
    "LACP",
    fields=(
        header("lacp.version", T.UINT8, 0),
        *computed_table("""
            lacp.tlv_type            UINT8
            lacp.tlv_length          UINT8
            lacp.collector.max_delay UINT16
            lacp.coll_reserved       BYTES
            lacp.pad                 BYTES
        """),
        *(field for side in ("actor", "partner") for field in (
            computed(f"lacp.{side}.sys_priority", T.UINT16), computed(f"lacp.{side}.sysid", T.ETHER),
            computed(f"lacp.{side}.key", T.UINT16), computed(f"lacp.{side}.port_priority", T.UINT16),
            computed(f"lacp.{side}.port", T.UINT16), computed(f"lacp.{side}.state", T.UINT8),
            computed(f"lacp.{side}.state_str", T.STRING), computed(f"lacp.{side}.reserved", T.BYTES),
            *(computed(f"lacp.{side}.state.{name}", T.BOOLEAN) for name in STATE))),
    ),
)  # fmt: skip

OSSP = Protocol(
    "ossp",
    "OSSP",
    fields=computed_table("""
        ossp.oui                  UINT24
        ossp.itu.subtype          UINT16
        ossp.esmc.version         UINT8
        ossp.esmc.event_flag      BOOLEAN
        ossp.esmc.reserved_bits   UINT8
        ossp.esmc.reserved        UINT24
        ossp.esmc.tlv             NONE
        ossp.esmc.tlv_type        UINT8
        ossp.esmc.tlv_length      UINT16
        ossp.esmc.tlv_ql_unused   UINT8
        ossp.esmc.tlv_ql_ssm      UINT8
        ossp.esmc.ql              UINT16
        ossp.esmc.padding         BYTES
    """),
    carries=("data",),
)
QUALITY_END = 13
"""Where the first TLV of a synchronization message ends."""


@SLOW.dissector
def dissect_slow(view: View, region: Region) -> None:
    subtype = region.u8(0)
    view.push(SLOW, region, 1)
    rest = region.sub(1)
    if subtype == LACP_SUBTYPE:
        view.call(LACP, rest)
    elif subtype == OSSP_SUBTYPE:
        view.call(OSSP, rest)
    else:
        view.call_data(rest)


@LACP.dissector
def dissect_lacp(view: View, region: Region) -> None:
    view.push(LACP, region)


@LACP.filler
def fill_lacp(layer: Layer) -> None:
    cursor = Cursor(layer, layer.region, 1, big=True)
    kind = -1
    while kind != TERMINATOR and cursor.left >= 2:
        start = cursor.at
        kind, length = cursor.u8("lacp.tlv_type"), cursor.u8("lacp.tlv_length")
        if kind in (ACTOR, PARTNER):
            _fill_port(cursor, "lacp.actor." if kind == ACTOR else "lacp.partner.")
        elif kind == COLLECTOR:
            cursor.u16("lacp.collector.max_delay")
            cursor.raw("lacp.coll_reserved", 12)
        if kind != TERMINATOR:
            cursor.at = start + max(length, 2)
    if cursor.left > 0:
        cursor.raw("lacp.pad", cursor.left)


def _fill_port(cursor: Cursor, prefix: str) -> None:
    cursor.u16(prefix + "sys_priority")
    cursor.raw(prefix + "sysid", 6)
    for name in ("key", "port_priority", "port"):
        cursor.u16(prefix + name)
    value = cursor.peek(1)
    text = "".join(LETTERS[place] if value >> place & 1 else "*" for place in reversed(range(8)))
    cursor.layer.add(prefix + "state_str", text, cursor.absolute, 1)
    cursor.flags(prefix + "state", 1, [(f"{prefix}state.{name}", 1 << place) for place, name in enumerate(STATE)])
    cursor.raw(prefix + "reserved", 3)


@OSSP.dissector
def dissect_ossp(view: View, region: Region) -> None:
    view.push(OSSP, region)
    if region.u24(0) != ITU:
        view.call_data(region.sub(3))
    elif region.reported_length > QUALITY_END:
        view.call_data(region.sub(QUALITY_END))


@OSSP.filler
def fill_ossp(layer: Layer) -> None:
    cursor = Cursor(layer, layer.region, big=True)
    if cursor.integer("ossp.oui", 3) != ITU:
        return
    cursor.u16("ossp.itu.subtype")
    cursor.parts(1, (("ossp.esmc.version", 0xF0), ("ossp.esmc.reserved_bits", 0x07)), (("ossp.esmc.event_flag", 8),))
    cursor.integer("ossp.esmc.reserved", 3)
    cursor.mark("ossp.esmc.tlv", 4)
    cursor.u8("ossp.esmc.tlv_type")
    cursor.u16("ossp.esmc.tlv_length")
    value = cursor.parts(1, (("ossp.esmc.tlv_ql_unused", 0xF0), ("ossp.esmc.tlv_ql_ssm", 0x0F)))
    cursor.layer.add("ossp.esmc.ql", value & 0x0F, cursor.absolute - 1, 1)
    if cursor.left > 0:
        cursor.raw("ossp.esmc.padding", cursor.left)
