"""VLAN tags: IEEE 802.1Q and 802.1ad, one in another (QinQ).

Each tag is a layer of its own.  Wireshark 4.4 shows every tag that follows an Ethernet type 0x8100, 0x88a8,
0x9100 or 0x9200 as `vlan`.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, header
from dfilter.packets.protocols.eth import MAX_LENGTH_FIELD, call_ethertype
from dfilter.packets.region import Region
from dfilter.packets.view import View

MAX_TAGS = 20
"""Tags in one another that are dissected, as in the reference."""

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
    over={"ethertype": (0x8100, 0x88A8, 0x9100, 0x9200)},
    carries=("ethertype", "llc", "data"),
)


@VLAN.dissector
def dissect_vlan(view: View, region: Region) -> int:
    """Dissect one tag; the absolute offset where what it carries ends."""
    layer = view.push(VLAN, region, 4)
    kind = region.u16(2)
    payload = region.sub(4)
    if kind <= MAX_LENGTH_FIELD:
        layer.add("vlan.len", kind, region.start + 2, 2)
        inner = payload.clipped(0, kind)
        view.call(view.session.catalogue.protocols["llc"], inner)
        return inner.reported_end
    layer.add("vlan.etype", kind, region.start + 2, 2)
    layer.state = "ethertype"
    if len(view.by_name["vlan"]) >= MAX_TAGS:
        return region.reported_end
    return call_ethertype(view, kind, payload)
