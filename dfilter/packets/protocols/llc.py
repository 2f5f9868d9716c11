"""IEEE 802.2 LLC, with SNAP (RFC 1042)."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, header
from dfilter.packets.protocols.eth import call_ethertype
from dfilter.packets.region import Region
from dfilter.packets.view import View

SNAP = 0xAA
ENCAPSULATED_ETHERNET = (0x000000, 0x0000F8)
"""Organisation codes whose protocol id is an Ethernet type (RFC 1042, IEEE 802.1H)."""

LLC = Protocol(
    "llc",
    "LLC",
    fields=(
        header("llc.dsap", T.UINT8, 0),
        header("llc.ssap", T.UINT8, 1),
        computed("llc.control", T.UINT16),
        computed("llc.oui", T.UINT24),
        computed("llc.type", T.UINT16),
    ),
    carries=("llc.dsap", "ethertype", "data"),
)


@LLC.dissector
def dissect_llc(view: View, region: Region) -> None:
    dsap, ssap, control = region.u8(0), region.u8(1), region.u8(2)
    control_length = 1 if control & 0x03 == 0x03 else 2
    length = 2 + control_length
    if dsap == SNAP and ssap == SNAP:
        layer = view.push(LLC, region, length + 5)
        oui, kind = region.u24(length), region.u16(length + 3)
        layer.add("llc.oui", oui, region.start + length, 3)
        layer.add("llc.type", kind, region.start + length + 3, 2)
        payload = region.sub(length + 5)
        if oui in ENCAPSULATED_ETHERNET:
            call_ethertype(view, kind, payload)
        else:
            view.call_data(payload)
        return
    view.push(LLC, region, length)
    protocol = view.lookup("llc.dsap", dsap)
    if protocol is None:
        view.call_data(region.sub(length))
    else:
        view.call(protocol, region.sub(length))
