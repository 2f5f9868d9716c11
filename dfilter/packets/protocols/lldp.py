"""LLDP (IEEE 802.1AB): the mandatory and the basic TLVs, those of IEEE 802.1 and 802.3, DCBX and LLDP-MED in part.

In: the bytes behind the Ethernet type.  Out: a layer up to the TLV that ends the message.  What always holds: chassis,
port and time to live come first and in this order, or the message is malformed there and not read further.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, computed_table
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.protocols.lldp_organizations import FIELDS as ORGANIZATION_FIELDS
from dfilter.packets.protocols.lldp_organizations import fill_organization
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

END, CHASSIS, PORT, LIFETIME, PORT_NAME, SYSTEM_NAME, SYSTEM_TEXT, CAPABILITIES, MANAGEMENT = range(9)
ORGANIZATION = 127
MANDATORY = (CHASSIS, PORT, LIFETIME)
MAX_TLVS = 1000
"""More than fit in a jumbo frame."""

CAPABILITY_NAMES = ("other", "repeater", "bridge", "wlan_access_pt", "router", "telephone", "docsis_cable_device",
                    "station_only", "cvlan", "svlan", "tpmr")  # fmt: skip
TEXTS = {PORT_NAME: "lldp.port.desc", SYSTEM_NAME: "lldp.tlv.system.name", SYSTEM_TEXT: "lldp.tlv.system.desc"}
IPV4, IPV6 = 1, 2

LLDP = Protocol(
    "lldp",
    "LLDP",
    fields=(
        *computed_table("""
            lldp.tlv.type              UINT16
            lldp.tlv.len               UINT16
            lldp.chassis.subtype       UINT8
            lldp.chassis.id            BYTES
            lldp.chassis.id.mac        ETHER
            lldp.chassis.id.ip4        IPv4
            lldp.chassis.id.ip6        IPv6
            lldp.port.subtype          UINT8
            lldp.port.id               STRING
            lldp.port.id.mac           ETHER
            lldp.port.id.ip4           IPv4
            lldp.port.id.ip6           IPv6
            lldp.network_address.subtype UINT8
            lldp.pdu_type              NONE
            lldp.time_to_live          UINT16
            lldp.port.desc             STRING
            lldp.tlv.system.name       STRING
            lldp.tlv.system.desc       STRING
            lldp.tlv.system_cap        UINT16
            lldp.tlv.enable_system_cap UINT16
            lldp.mgn.address.len       UINT8
            lldp.mgn.address.subtype   UINT8
            lldp.mgn.addr.ip4          IPv4
            lldp.mgn.addr.ip6          IPv6
            lldp.mgn.addr.hex          BYTES
            lldp.mgn.interface.subtype UINT8
            lldp.mgn.interface.number  UINT32
            lldp.mgn.obj.len           UINT8
            lldp.mgn.obj.id            OID
        """),
        *(computed(f"lldp.tlv.{kind}.{name}", T.BOOLEAN)
          for kind in ("system_cap", "enable_system_cap") for name in CAPABILITY_NAMES),
        *computed_table(ORGANIZATION_FIELDS),
    ),
    over={"ethertype": (0x88CC, 0x8942)},
)  # fmt: skip


@LLDP.dissector
def dissect_lldp(view: View, region: Region) -> None:
    layer = view.push(LLDP, region)
    at = 0
    for index in range(MAX_TLVS):
        word = region.u16(at)
        kind, at = word >> 9, at + 2 + (word & 0x1FF)
        if kind == END or (index < len(MANDATORY) and kind != MANDATORY[index]) or at >= region.reported_length:
            break
    if at <= region.reported_length:
        layer.set_length(at)
        region.trim(at)


@LLDP.filler
def fill_lldp(layer: Layer) -> None:
    cursor = Cursor(layer, layer.region, big=True)
    for index in range(MAX_TLVS):
        word = cursor.peek(2)
        kind, length = word >> 9, word & 0x1FF
        if index < len(MANDATORY) and kind != MANDATORY[index]:
            cursor.wrong("a mandatory TLV is not where it must be")
            return
        if kind == LIFETIME:
            cursor.mark("lldp.pdu_type", 2 + length)
        cursor.parts(2, (("lldp.tlv.type", 0xFE00), ("lldp.tlv.len", 0x01FF)))
        stop = cursor.at + length
        _fill_tlv(cursor, kind, length)
        cursor.at = stop
        if kind == END or cursor.left <= 0:
            return


def _fill_tlv(cursor: Cursor, kind: int, length: int) -> None:
    if kind in (CHASSIS, PORT):
        _fill_identity(cursor, kind, length)
    elif kind == LIFETIME:
        cursor.u16("lldp.time_to_live")
    elif kind in TEXTS:
        cursor.text(TEXTS[kind], length)
    elif kind == CAPABILITIES:
        for name in ("lldp.tlv.system_cap", "lldp.tlv.enable_system_cap"):
            cursor.flags(name, 2, [(f"{name}.{bit}", 1 << place) for place, bit in enumerate(CAPABILITY_NAMES)])
    elif kind == MANAGEMENT:
        _fill_management(cursor)
    elif kind == ORGANIZATION:
        fill_organization(cursor, length)


def _fill_identity(cursor: Cursor, kind: int, length: int) -> None:
    """A chassis' or a port's name: what it is depends on its subtype."""
    name, mac, network = ("chassis", 4, 5) if kind == CHASSIS else ("port", 3, 4)
    subtype = cursor.u8(f"lldp.{name}.subtype")
    if subtype == mac:
        cursor.raw(f"lldp.{name}.id.mac", 6)
    elif subtype == network:
        family = cursor.u8("lldp.network_address.subtype")
        size = {IPV4: 4, IPV6: 16}.get(family)
        if size:
            cursor.raw(f"lldp.{name}.id.ip{4 if size == 4 else 6}", size)
    elif kind == CHASSIS:
        cursor.raw("lldp.chassis.id", length - 1)
    else:
        cursor.text("lldp.port.id", length - 1)


def _fill_management(cursor: Cursor) -> None:
    length = cursor.u8("lldp.mgn.address.len")
    subtype, size = cursor.u8("lldp.mgn.address.subtype"), length - 1
    if not 1 <= size <= 31:
        cursor.wrong("a management address of an impossible length")
        return
    name = {(IPV4, 4): "ip4", (IPV6, 16): "ip6"}.get((subtype, size), "hex")
    cursor.raw("lldp.mgn.addr." + name, size)
    cursor.u8("lldp.mgn.interface.subtype")
    cursor.u32("lldp.mgn.interface.number")
    length = cursor.u8("lldp.mgn.obj.len")
    if length:
        cursor.raw("lldp.mgn.obj.id", length)


@LLDP.info_line
def lldp_info(layer: Layer) -> str:
    names = layer.computed("lldp.tlv.system.name")
    return f"SysN={names[0]}" if names else "LLDPDU"
