"""Frame Relay (Q.922 addresses, RFC 2427 encapsulation) and Cisco's two-byte type: LINKTYPE_FRELAY."""

from __future__ import annotations

from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.protocols.inner import call_name, call_table
from dfilter.packets.region import Region
from dfilter.packets.view import View

UNNUMBERED_INFORMATION = 0x03
CORE_CONTROL = 0x02
"""In the last octet of a long address: its other bits are not of the connection's number."""
SIGNALLING = 0
"""The connection of Q.933."""
BRIDGED_WITHOUT_HEADER = 0x00
"""What no control field says: Ethernet follows the address, as Wireshark 4.4 finds."""
NLPID_IP, NLPID_IPV6, NLPID_SNAP, NLPID_PADDING = 0xCC, 0x8E, 0x80, 0x00
ETHERNET_TYPES = 0x000000
BRIDGED = 0x0080C2

FR = Protocol(
    "fr",
    "Frame Relay",
    fields=computed_table("""
        fr.first_addr_octet  UINT8
        fr.second_addr_octet UINT8
        fr.dlci              UINT32
        fr.cr                BOOLEAN
        fr.fecn              BOOLEAN
        fr.becn              BOOLEAN
        fr.de                BOOLEAN
        fr.control           UINT8
        fr.nlpid             UINT8
        fr.snap.oui          UINT24
        fr.snap.pid          UINT16
        fr.snaptype          UINT16
        fr.chdlctype         UINT16
    """),
    over={"link": (107,), "gre.proto": (0x6559,)},
    carries=("ethertype", "ip", "ipv6", "eth", "osi.nlpid", "data"),
)


@FR.dissector
def dissect_fr(view: View, region: Region) -> None:
    layer = view.push(FR, region, 4)
    start, first, second = region.start, region.u8(0), region.u8(1)
    layer.add("fr.first_addr_octet", first, start, 1)
    layer.add("fr.cr", bool(first & 2), start, 1)
    layer.add("fr.second_addr_octet", second, start + 1, 1)
    for name, bit in (("fecn", 8), ("becn", 4), ("de", 2)):
        layer.add(f"fr.{name}", bool(second & bit), start + 1, 1)
    dlci, length = (first >> 2) << 4 | second >> 4, 2
    while not region.u8(length - 1) & 1:
        octet, length = region.u8(length), length + 1
        if not octet & 1:
            dlci = (dlci << 7 | octet >> 1) & 0x7FFFFFFF
        elif not octet & CORE_CONTROL:
            dlci = (dlci << 6 | octet >> 2) & 0x7FFFFFFF
    layer.add("fr.dlci", dlci, start, length)
    layer.set_length(length)
    control = region.u8(length)
    if control == UNNUMBERED_INFORMATION:
        _dissect_multiprotocol(view, region, length)
        return
    kind, payload = region.u16(length), region.sub(length + 2)
    if view.lookup("ethertype", kind) is not None:
        layer.add("fr.chdlctype", kind, start + length, 2)
        layer.set_length(length + 2)
        call_table(view, "ethertype", kind, payload)
    elif control == BRIDGED_WITHOUT_HEADER:
        call_name(view, "eth", region.sub(length))
    else:
        layer.add("fr.control", kind >> 8, start + length, 2)
        layer.set_length(length + 2)
        if dlci == SIGNALLING or payload.length == 0:
            view.call_data(payload)
        else:
            _call_network(view, payload)


def _call_network(view: View, payload: Region) -> None:
    """What the network layer's own identifier says, the payload's first byte."""
    if payload.reported_length <= 0:
        return
    nlpid = payload.u8(0)
    known = view.lookup("osi.nlpid", nlpid) is not None
    call_table(view, "osi.nlpid" if known else "fr.nlpid", nlpid, payload)


def _dissect_multiprotocol(view: View, region: Region, at: int) -> None:
    layer, start = view.layers[-1], region.start
    layer.add("fr.control", UNNUMBERED_INFORMATION, start + at, 1)
    at += 1
    if region.u8(at) == NLPID_PADDING:
        at += 1
    nlpid = region.u8(at)
    layer.add("fr.nlpid", nlpid, start + at, 1)
    layer.set_length(at + 1)
    payload = region.sub(at + 1)
    if nlpid in (NLPID_IP, NLPID_IPV6):
        call_name(view, "ip" if nlpid == NLPID_IP else "ipv6", payload)
    elif nlpid == NLPID_SNAP:
        oui, kind = payload.u24(0), payload.u16(3)
        layer.add("fr.snap.oui", oui, payload.start, 3)
        layer.add("fr.snaptype" if oui == ETHERNET_TYPES else "fr.snap.pid", kind, payload.start + 3, 2)
        layer.set_length(at + 6)
        if oui == ETHERNET_TYPES:
            call_table(view, "ethertype", kind, payload.sub(5))
        elif oui == BRIDGED and kind in (1, 7):
            call_name(view, "eth", payload.sub(5))
        else:
            view.call_data(payload.sub(5))
    else:
        _call_network(view, region.sub(at))
