"""Cisco's discovery protocol: who is at the other end of a link, on which port, with which addresses."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, computed_table, header
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.protocols.sums import fill_checksum
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

CISCO, CDP_TYPE = 0x00000C, 0x2000
HEADER_LENGTH = 4
DEVICE, ADDRESSES, PORT, CAPABILITIES, SOFTWARE, PLATFORM = range(1, 7)
VTP_DOMAIN, NATIVE_VLAN, DUPLEX, SYSTEM_NAME, MANAGEMENT = 9, 10, 11, 20, 22
IP = b"\xcc"
CAPABILITY_NAMES = ("router", "trans_bridge", "src_bridge", "switch", "host", "igmp_capable", "repeater", "voip_phone",
                    "remote", "cvta", "mac_relay")  # fmt: skip
TEXTS = {DEVICE: "cdp.deviceid", PORT: "cdp.portid", PLATFORM: "cdp.platform",
         VTP_DOMAIN: "cdp.vtp_management_domain", SYSTEM_NAME: "cdp.system_name"}  # fmt: skip

CDP = Protocol(
    "cdp",
    "CDP",
    fields=(
        header("cdp.version", T.UINT8, 0),
        header("cdp.ttl", T.UINT8, 1),
        *computed_table("""
            cdp.checksum              UINT16
            cdp.checksum.status       UINT8
            cdp.tlv.type              UINT16
            cdp.tlv.len               UINT16
            cdp.deviceid              STRING
            cdp.portid                STRING
            cdp.platform              STRING
            cdp.software_version      STRINGZ
            cdp.vtp_management_domain STRING
            cdp.system_name           STRING
            cdp.number_of_addresses   UINT32
            cdp.protocol_type         UINT8
            cdp.protocol_length       UINT8
            cdp.protocol              BYTES
            cdp.address_length        UINT16
            cdp.nrgyz.ip_address      IPv4
            cdp.capabilities          UINT32
            cdp.native_vlan           UINT16
            cdp.duplex                BOOLEAN
        """),
        *(computed(f"cdp.capabilities.{name}", T.BOOLEAN) for name in CAPABILITY_NAMES),
    ),
    over={"llc.snap": ((CISCO, CDP_TYPE),), "gre.proto": (CDP_TYPE,)},
)


@CDP.dissector
def dissect_cdp(view: View, region: Region) -> None:
    view.push(CDP, region)


@CDP.filler
def fill_cdp(layer: Layer) -> None:
    region = layer.region
    if region.reported_length % 2:
        Cursor(layer, region, 2, big=True).u16("cdp.checksum")  # Cisco sums an odd last byte in a way of its own
    else:
        fill_checksum(Cursor(layer, region, 2, big=True), "cdp.checksum")
    cursor = Cursor(layer, region, HEADER_LENGTH, big=True)
    while cursor.left > 0:
        kind, length = cursor.peek(2), cursor.peek(2, skip=2)
        if length < 4:
            return
        stop = cursor.at + length
        cursor.u16("cdp.tlv.type")
        cursor.u16("cdp.tlv.len")
        _fill_tlv(cursor, kind, min(length - 4, cursor.left))
        cursor.at = stop


def _fill_tlv(cursor: Cursor, kind: int, length: int) -> None:
    if kind in TEXTS:
        cursor.text(TEXTS[kind], length)
    elif kind == SOFTWARE:
        for line in cursor.region.bytes(cursor.at, length).split(b"\n"):
            cursor.mark("cdp.software_version", len(line), line.split(b"\0", 1)[0].decode("utf-8", "replace"))
            cursor.skip(len(line) + 1)
    elif kind in (ADDRESSES, MANAGEMENT):
        _fill_addresses(cursor, length)
    elif kind == CAPABILITIES:
        name = "cdp.capabilities"
        cursor.flags(name, 4, [(f"{name}.{bit}", 1 << place) for place, bit in enumerate(CAPABILITY_NAMES)])
    elif kind == NATIVE_VLAN:
        cursor.u16("cdp.native_vlan")
    elif kind == DUPLEX:
        cursor.parts(1, (), (("cdp.duplex", 0xFF),))


def _fill_addresses(cursor: Cursor, length: int) -> None:
    stop = cursor.at + length
    for _ in range(cursor.u32("cdp.number_of_addresses")):
        if cursor.at >= stop:
            return
        cursor.u8("cdp.protocol_type")
        protocol = cursor.raw("cdp.protocol", cursor.u8("cdp.protocol_length"))
        size = cursor.u16("cdp.address_length")
        if protocol == IP and size == 4:
            cursor.raw("cdp.nrgyz.ip_address", 4)
        else:
            cursor.region.bytes(cursor.at, size)
            cursor.skip(size)
