"""VLAN tags: IEEE 802.1Q (`vlan`) and 802.1ad (`ieee8021ad`), one in another.

Each tag is a layer of its own.  Wireshark 4.4 shows tags behind the Ethernet types 0x8100, 0x9100 and 0x9200 as
`vlan`, behind 0x88a8 as `ieee8021ad`.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, header
from dfilter.packets.protocols.eth import MAX_LENGTH_FIELD, call_ethertype, call_length_field, trailing
from dfilter.packets.region import Region
from dfilter.packets.view import View

VLAN = Protocol(
    "vlan",
    "VLAN",
    fields=(
        header("vlan.priority", T.UINT16, 0, mask=0xE000),
        header("vlan.dei", T.BOOLEAN, 0, 2, 0x1000),
        header("vlan.id", T.UINT16, 0, mask=0x0FFF),
        computed("vlan.etype", T.UINT16),
        computed("vlan.len", T.UINT16),
        computed("vlan.trailer", T.BYTES),
    ),
    over={"ethertype": (0x8100, 0x9100, 0x9200)},
    carries=("ethertype", "llc", "data"),
    shares=("eth.padding",),
    joins=("eth.padding", "vlan.trailer"),
)

SERVICE_TAG = Protocol(
    "ieee8021ad",
    "IEEE 802.1ad",
    fields=(
        header("ieee8021ad.priority", T.UINT16, 0, mask=0xE000),
        header("ieee8021ad.dei", T.UINT16, 0, mask=0x1000),
        header("ieee8021ad.id", T.UINT16, 0, mask=0x0FFF),
        computed("ieee8021ah.etype", T.UINT16),
        computed("ieee8021ah.trailer", T.BYTES),
    ),
    over={"ethertype": (0x88A8,)},
    carries=("ethertype", "llc", "data"),
    shares=("eth.padding",),
    joins=("eth.padding", "ieee8021ah.trailer"),
)


@VLAN.dissector
def dissect_vlan(view: View, region: Region) -> None:
    _dissect_tag(view, region, VLAN)


@SERVICE_TAG.dissector
def dissect_service_tag(view: View, region: Region) -> None:
    _dissect_tag(view, region, SERVICE_TAG)


def _dissect_tag(view: View, region: Region, protocol: Protocol) -> None:
    layer = view.push(protocol, region, 4)
    region.u16(0)
    kind = region.u16(2)
    payload = region.sub(4)
    is_vlan = protocol is VLAN
    if kind <= MAX_LENGTH_FIELD:
        if is_vlan:
            layer.add("vlan.len", kind, region.start + 2, 2)
        payload.trim(kind)
        call_length_field(view, payload)
    else:
        layer.add("vlan.etype" if is_vlan else "ieee8021ah.etype", kind, region.start + 2, 2)
        layer.state = "ethertype"
        call_ethertype(view, kind, payload)
    if payload.reported_end < region.reported_end:
        trailing(view, layer, payload, "vlan.trailer" if is_vlan else "ieee8021ah.trailer", has_fcs=False)
