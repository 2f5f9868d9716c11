"""Frame Relay (Q.922 addresses, RFC 2427 encapsulation) and Cisco's two-byte type: LINKTYPE_FRELAY."""

from __future__ import annotations

from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.protocols.inner import call_name, call_table
from dfilter.packets.region import Region
from dfilter.packets.view import View

UNNUMBERED_INFORMATION = 0x03
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
    if not second & 1:
        third = region.u8(2)
        length = 3
        if not third & 1:
            dlci = dlci << 7 | third >> 1
            third = region.u8(3)
            length = 4
        dlci = dlci << 6 | third >> 2
    layer.add("fr.dlci", dlci, start, length)
    if region.u8(length) == UNNUMBERED_INFORMATION:
        _dissect_multiprotocol(view, region, length)
        return
    kind = region.u16(length)
    layer.add("fr.chdlctype", kind, start + length, 2)
    layer.set_length(length + 2)
    call_table(view, "ethertype", kind, region.sub(length + 2))


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
        known = view.lookup("osi.nlpid", nlpid) is not None
        call_table(view, "osi.nlpid" if known else "fr.nlpid", nlpid, region.sub(at))
