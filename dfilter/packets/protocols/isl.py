"""Cisco's Inter-Switch Link: a header, a whole Ethernet frame with its check sequence, and one more of its own.

In: a frame whose destination begins with ISL's group address.  Out: its layer, and the frame inside.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, header, union
from dfilter.packets.protocols.inner import call_name
from dfilter.packets.region import Region
from dfilter.packets.view import View

GROUPS = (b"\x01\0\x0c\0\0", b"\x03\0\x0c\0\0")
"""The first 40 bits of the destination."""
HEADER = 26
BEFORE_LENGTH = 14
ETHERNET = 0

ISL = Protocol(
    "isl",
    "ISL",
    fields=(
        header("isl.dst", T.ETHER, 0),
        header("isl.src", T.ETHER, 6),
        union("isl.addr", T.ETHER, "isl.dst", "isl.src"),
        header("isl.type", T.UINT8, 5, mask=0xF0),
        computed("isl.user_eth", T.UINT8),
        computed("isl.user", T.UINT8),
        header("isl.len", T.UINT16, 12),
        header("isl.dsap", T.UINT8, 14),
        header("isl.ssap", T.UINT8, 15),
        header("isl.control", T.UINT8, 16),
        header("isl.hsa", T.UINT24, 17),
        header("isl.vlan_id", T.UINT16, 20, mask=0xFFFE),
        header("isl.bpdu", T.BOOLEAN, 20, 2, mask=0x0001),
        header("isl.index", T.UINT16, 22),
        header("isl.reserved", T.UINT16, 24),
    ),
    carries=("eth", "data"),
)


@ISL.dissector
def dissect_isl(view: View, region: Region) -> None:
    layer = view.push(ISL, region, HEADER)
    user = region.u8(5)
    if user >> 4 == ETHERNET:
        layer.add("isl.user_eth", user & 3, region.start + 5, 1)
    else:
        layer.add("isl.user", user & 15, region.start + 5, 1)
    region.need(0, HEADER)
    payload = region.clipped(HEADER, region.u16(12) + BEFORE_LENGTH - HEADER)
    if user >> 4 == ETHERNET:
        call_name(view, "eth", payload)
    else:
        view.call_data(payload)
