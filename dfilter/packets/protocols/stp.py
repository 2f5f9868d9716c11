"""Spanning tree BPDUs: STP, RSTP (IEEE 802.1D-2004 clause 9), MSTP (IEEE 802.1Q clause 14), Cisco's per-VLAN form."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed_table, header
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

CONFIGURATION, RAPID, TOPOLOGY_CHANGE = 0x00, 0x02, 0x80
ANNOUNCED_BYTES = 27
"""Up to the port: what the packet list shows of a configuration, without which there is no layer."""
MULTIPLE_VERSION = 3
PVST = ((0x00000C, 0x010B),)
PVST_BYTES = 42
"""A BPDU that ends in the number of the VLAN it was sent on."""
_FLAGS = (("tcack", 0x80), ("agreement", 0x40), ("forwarding", 0x20), ("learning", 0x10), ("proposal", 0x02),
          ("tc", 0x01))  # fmt: skip

STP = Protocol(
    "stp",
    "STP",
    fields=(
        header("stp.protocol", T.UINT16, 0),
        header("stp.version", T.UINT8, 2),
        header("stp.type", T.UINT8, 3),
        *computed_table("""
            stp.flags             UINT8
            stp.flags.tcack       BOOLEAN
            stp.flags.agreement   BOOLEAN
            stp.flags.forwarding  BOOLEAN
            stp.flags.learning    BOOLEAN
            stp.flags.port_role   UINT8
            stp.flags.proposal    BOOLEAN
            stp.flags.tc          BOOLEAN
            stp.root.prio         UINT16
            stp.root.ext          UINT16
            stp.root.hw           ETHER
            stp.root.cost         UINT32
            stp.bridge.prio       UINT16
            stp.bridge.ext        UINT16
            stp.bridge.hw         ETHER
            stp.port              UINT16
            stp.msg_age           DOUBLE
            stp.max_age           DOUBLE
            stp.hello             DOUBLE
            stp.forward           DOUBLE
            stp.version_1_length  UINT8
            stp.pvst.origvlan     UINT16
            mstp.version_3_length             UINT16
            mstp.config_format_selector       UINT8
            mstp.config_name                  STRINGZPAD
            mstp.config_revision_level        UINT16
            mstp.config_digest                BYTES
            mstp.cist_internal_root_path_cost UINT32
            mstp.cist_bridge.prio             UINT16
            mstp.cist_bridge.ext              UINT16
            mstp.cist_bridge.hw               ETHER
            mstp.cist_remaining_hops          UINT8
            mstp.msti.flags                   UINT8
            mstp.msti.priority                UINT8
            mstp.msti.msti_id                 UINT16
            mstp.msti.root.hw                 ETHER
            mstp.msti.root_cost               UINT32
            mstp.msti.bridge_priority         UINT8
            mstp.msti.port_priority           UINT8
            mstp.msti.remaining_hops          UINT8
        """),
    ),
    over={"llc.dsap": (0x42,), "llc.snap": PVST},
)


@STP.dissector
def dissect_stp(view: View, region: Region) -> None:
    region.need(0, 4)
    if region.u8(3) in (CONFIGURATION, RAPID):
        region.need(0, ANNOUNCED_BYTES)
    layer = view.push(STP, region)
    llc = view.layer("llc")
    if llc is not None and llc.computed("llc.cisco_pid"):
        layer.state = PVST_BYTES


@STP.filler
def fill_stp(layer: Layer) -> None:
    region, start, add = layer.region, layer.start, layer.add
    kind = region.u8(3)
    if kind not in (CONFIGURATION, RAPID):
        return
    flags = region.u8(4)
    add("stp.flags", flags, start + 4, 1)
    _fill_flags(layer, 4, rapid=kind == RAPID)
    _fill_identifier(layer, "stp.root", 5)
    add("stp.root.cost", region.u32(13), start + 13, 4)
    _fill_identifier(layer, "stp.bridge", 17)
    add("stp.port", region.u16(25), start + 25, 2)
    for index, name in enumerate(("msg_age", "max_age", "hello", "forward")):
        at = 27 + 2 * index
        add(f"stp.{name}", region.u16(at) / 256, start + at, 2)
    if layer.state == PVST_BYTES and region.reported_length >= PVST_BYTES:
        add("stp.pvst.origvlan", region.u16(40), start + 40, 2)
    if kind == RAPID and region.reported_length > 35:
        add("stp.version_1_length", region.u8(35), start + 35, 1)
        if region.u8(2) >= MULTIPLE_VERSION and region.reported_length >= 102:
            _fill_multiple(layer)


def _fill_flags(layer: Layer, offset: int, rapid: bool) -> None:
    flags, at = layer.region.u8(offset), layer.start + offset
    for name, bit in _FLAGS:
        if rapid or name in ("tcack", "tc"):
            layer.add(f"stp.flags.{name}", bool(flags & bit), at, 1)
    if rapid:
        layer.add("stp.flags.port_role", flags >> 2 & 3, at, 1)


def _fill_identifier(layer: Layer, name: str, offset: int) -> None:
    """A bridge identifier: 4 bits of priority, 12 of system id, the address."""
    region, at = layer.region, layer.start + offset
    word = region.u16(offset)
    layer.add(f"{name}.prio", word & 0xF000, at, 1)
    layer.add(f"{name}.ext", word & 0x0FFF, at, 2)
    layer.add(f"{name}.hw", region.bytes(offset + 2, 6), at + 2, 6)


def _fill_multiple(layer: Layer) -> None:
    region, start, add = layer.region, layer.start, layer.add
    length = region.u16(36)
    add("mstp.version_3_length", length, start + 36, 2)
    add("mstp.config_format_selector", region.u8(38), start + 38, 1)
    name = region.bytes(39, 32).split(b"\0", 1)[0].decode("utf-8", "replace")
    add("mstp.config_name", name, start + 39, 32)
    add("mstp.config_revision_level", region.u16(71), start + 71, 2)
    add("mstp.config_digest", region.bytes(73, 16), start + 73, 16)
    add("mstp.cist_internal_root_path_cost", region.u32(89), start + 89, 4)
    _fill_identifier(layer, "mstp.cist_bridge", 93)
    add("mstp.cist_remaining_hops", region.u8(101), start + 101, 1)
    for offset in range(102, min(38 + length, region.reported_length) - 15, 16):
        _fill_instance(layer, offset)


def _fill_instance(layer: Layer, offset: int) -> None:
    region, at, add = layer.region, layer.start + offset, layer.add
    add("mstp.msti.flags", region.u8(offset), at, 1)
    _fill_flags(layer, offset, rapid=True)
    add("mstp.msti.priority", region.u8(offset + 1) >> 4, at + 1, 1)
    add("mstp.msti.msti_id", region.u16(offset + 1) & 0x0FFF, at + 1, 2)
    add("mstp.msti.root.hw", region.bytes(offset + 3, 6), at + 3, 6)
    add("mstp.msti.root_cost", region.u32(offset + 9), at + 9, 4)
    add("mstp.msti.bridge_priority", region.u8(offset + 13) >> 4, at + 13, 1)
    add("mstp.msti.port_priority", region.u8(offset + 14) >> 4, at + 14, 1)
    add("mstp.msti.remaining_hops", region.u8(offset + 15), at + 15, 1)


@STP.info_line
def stp_info(layer: Layer) -> str:
    """The kind of message and who is the root (IEEE 802.1D section 9.3)."""
    region = layer.region
    if region.u8(3) == TOPOLOGY_CHANGE:
        return "Topology Change Notification"
    name = {0: "Conf.", 2: "RST.", 3: "MST.", 4: "SPT."}.get(region.u8(2), "Conf.")
    flags = region.u8(4)
    marks = [mark for bit, mark in ((0x80, "TC + ACK"), (1, "TC + ")) if flags & bit]
    priority, root = region.u16(5), region.bytes(7, 6).hex(":")
    text = f"{name} {''.join(marks[:1])}Root = {priority & 0xF000}/{priority & 0x0FFF}/{root}"
    return f"{text}  Cost = {region.u32(13)}  Port = 0x{region.u16(25):04x}"
