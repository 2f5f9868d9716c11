"""BSD loopback encapsulation: LINKTYPE_NULL, LINKTYPE_LOOP and OpenBSD's variant of it.

The first four bytes are an address family in the byte order of the capturing host; where they cannot be one
(some drivers write an Ethernet type or a PPP header), Wireshark guesses, and so does this.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed
from dfilter.packets.protocols.eth import call_ethertype
from dfilter.packets.region import Region
from dfilter.packets.view import View

NULL = Protocol(
    "null",
    "Null/Loopback",
    fields=(computed("null.family", T.UINT32), computed("null.type", T.UINT16)),
    over={"link": (0, 108)},
    carries=("null.family", "ethertype", "ppp.protocol", "ppp", "data"),
)

PPP_HEADER = 0xFF03
PPP_HDLC_ON_NULL = b"\xff\x03"


@NULL.dissector
def dissect_null(view: View, region: Region) -> None:
    family = region.u32(0)
    if family >> 16 == PPP_HEADER:
        protocol = view.session.catalogue.protocols.get("ppp")
        if protocol is not None:
            view.call(protocol, region)
            return
    layer = view.push(NULL, region, 4)
    payload = region.sub(4)
    if family & 0xFFFF0000 and family >> 16 > 0 and family & 0x0000FFFF == 0 and family >> 24 == 0:
        family = int.from_bytes(family.to_bytes(4, "big"), "little")
    elif family & 0xFF000000 and not family & 0x00FFFFFF:
        family >>= 24
    elif family & 0xFFFF0000 and family & 0xFFFF == 0:
        family >>= 16
    if family > 0x05FF:
        layer.add("null.type", family & 0xFFFF, region.start, 4)
        call_ethertype(view, family & 0xFFFF, payload)
        return
    layer.add("null.family", family, region.start, 4)
    protocol = view.lookup("null.family", family)
    if protocol is None:
        view.call_data(payload)
    else:
        view.call(protocol, payload)
