"""The Ethernet configuration testing protocol, "loopback" (Ethernet specification 2.0, chapter 8)."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed_table, header
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

REPLY, FORWARD = 1, 2
MAX_FUNCTIONS = 256

LOOP = Protocol(
    "loop",
    "LOOP",
    fields=(
        header("loop.skipcount", T.UINT16, 0, little_endian=True),
        *computed_table("""
            loop.relevant_function  UINT16
            loop.function           UINT16
            loop.forwarding_address ETHER
            loop.receipt_number     UINT16
        """),
    ),
    over={"ethertype": (0x9000,)},
    carries=("data",),
)


@LOOP.dissector
def dissect_loop(view: View, region: Region) -> None:
    layer = view.push(LOOP, region)
    skip = region.le16(0)
    if region.length >= skip + 4:
        layer.add("loop.relevant_function", region.le16(2 + skip), layer.start + 2 + skip, 2)
    at = 2
    for _ in range(MAX_FUNCTIONS):
        function = region.le16(at)
        layer.add("loop.function", function, layer.start + at, 2)
        at += 2
        if function == FORWARD:
            layer.add("loop.forwarding_address", region.bytes(at, 6), layer.start + at, 6)
            at += 6
            continue
        if function == REPLY:
            layer.add("loop.receipt_number", region.le16(at), layer.start + at, 2)
            at += 2
        break
    layer.set_length(at)
    view.call_data(region.sub(at))


@LOOP.info_line
def loop_info(layer: Layer) -> str:
    return {REPLY: "Reply", FORWARD: "Forward Data"}.get((*layer.computed("loop.relevant_function"), 0)[0], "")
