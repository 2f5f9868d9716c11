"""HSRP: who is the router of a link, in Cisco's networks; versions 0 and 1 (RFC 2281) and version 2.

In: a datagram of port 1985, or 2029 over IPv6.  Out: one layer.  What always holds: version 2 shows in the group that
the message was sent to.
"""

from __future__ import annotations

from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

HSRP = Protocol(
    "hsrp",
    "HSRP",
    fields=computed_table("""
        hsrp.version             UINT8
        hsrp.opcode              UINT8
        hsrp.state               UINT8
        hsrp.hellotime           UINT8
        hsrp.holdtime            UINT8
        hsrp.priority            UINT8
        hsrp.group               UINT8
        hsrp.reserved            UINT8
        hsrp.auth_data           STRING
        hsrp.virt_ip             IPv4
        hsrp.adv.tlvtype         UINT16
        hsrp.adv.tlvlength       UINT16
        hsrp.adv.state           UINT8
        hsrp.adv.reserved1       UINT8
        hsrp.adv.activegrp       UINT16
        hsrp.adv.passivegrp      UINT16
        hsrp.adv.reserved2       UINT32
        hsrp2.version            UINT8
        hsrp2.opcode             UINT8
        hsrp2.state              UINT8
        hsrp2.ipversion          UINT8
        hsrp2.group              UINT16
        hsrp2.identifier         ETHER
        hsrp2.priority           UINT32
        hsrp2.hellotime          UINT32
        hsrp2.holdtime           UINT32
        hsrp2.virt_ip            IPv4
        hsrp2.virt_ip_v6         IPv6
        hsrp2.auth_data          STRING
        hsrp2.active_groups       UINT16
        hsrp2.passive_groups      UINT16
        hsrp2.md5_algorithm      UINT8
        hsrp2.md5_flags          UINT16
        hsrp.md5_ip_address     IPv4
        hsrp2.md5_key_id         UINT32
        hsrp2.md5_auth_data      BYTES
        hsrp2.group_state_tlv    UINT8
        hsrp2.interface_state_tlv UINT8
        hsrp2.text_auth_tlv      UINT8
        hsrp2.md5_auth_tlv       UINT8
    """),
    over={"udp.port": (1985, 2029)},
)
ADVERTISEMENT = 3
"""Opcode of version 0's interface state messages."""
ALL_ROUTERS_1, ALL_ROUTERS_2 = b"\xe0\0\0\x02", b"\xe0\0\0\x66"
"""The multicast groups that versions 0 and 1, and version 2, send to; as in Wireshark 4.4 what goes elsewhere is not
read further."""
GROUP_STATE, INTERFACE_STATE, TEXT, MD5 = range(1, 5)


@HSRP.dissector
def dissect_hsrp(view: View, region: Region) -> None:
    view.push(HSRP, region).state = view.addresses[1]


@HSRP.filler
def fill_hsrp(layer: Layer) -> None:
    cursor = Cursor(layer, layer.region, big=True)
    target = layer.state
    if target == ALL_ROUTERS_2 or len(target) == 16:
        _fill_version_2(cursor)
    if target != ALL_ROUTERS_1:
        return
    cursor.u8("hsrp.version")
    if cursor.u8("hsrp.opcode") == ADVERTISEMENT:
        cursor.integers((("hsrp.adv.tlvtype", 2), ("hsrp.adv.tlvlength", 2), ("hsrp.adv.state", 1),
                         ("hsrp.adv.reserved1", 1), ("hsrp.adv.activegrp", 2), ("hsrp.adv.passivegrp", 2),
                         ("hsrp.adv.reserved2", 4)))  # fmt: skip
        return
    for name in ("state", "hellotime", "holdtime", "priority", "group", "reserved"):
        cursor.u8("hsrp." + name)
    cursor.text("hsrp.auth_data", 8)
    cursor.raw("hsrp.virt_ip", 4)
    if cursor.left >= 2 and cursor.peek(1) == MD5:
        _fill_tlv(cursor)


def _fill_version_2(cursor: Cursor) -> None:
    while cursor.left > 2:
        stop = cursor.at + 2 + cursor.peek(1, skip=1)
        _fill_tlv(cursor)
        cursor.at = stop


def _fill_tlv(cursor: Cursor) -> None:
    kind, length = cursor.peek(1), cursor.peek(1, skip=1)
    names = {GROUP_STATE: "group_state", INTERFACE_STATE: "interface_state", TEXT: "text_auth", MD5: "md5_auth"}
    if kind in names:
        cursor.mark(f"hsrp2.{names[kind]}_tlv", 2, kind)
    cursor.skip(2)
    if kind == GROUP_STATE:
        for name in ("version", "opcode", "state", "ipversion"):
            cursor.u8("hsrp2." + name)
        cursor.u16("hsrp2.group")
        cursor.raw("hsrp2.identifier", 6)
        for name in ("priority", "hellotime", "holdtime"):
            cursor.u32("hsrp2." + name)
        if cursor.layer.items["hsrp2.ipversion"][-1] == 4:
            cursor.raw("hsrp2.virt_ip", 4)
        else:
            cursor.raw("hsrp2.virt_ip_v6", 16)
    elif kind == INTERFACE_STATE:
        cursor.u16("hsrp2.active_groups")
        cursor.u16("hsrp2.passive_groups")
    elif kind == TEXT:
        cursor.text("hsrp2.auth_data", length)
    elif kind == MD5:
        cursor.u8("hsrp2.md5_algorithm")
        cursor.skip(1)
        cursor.integer("hsrp2.md5_flags", 2)
        cursor.raw("hsrp.md5_ip_address", 4)
        cursor.u32("hsrp2.md5_key_id")
        cursor.raw("hsrp2.md5_auth_data", 16)
