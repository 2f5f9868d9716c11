"""Finger (RFC 1288): a query, and a response that ends with the connection."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed
from dfilter.packets.protocols.one_question import add_link, add_question, dissect_exchange, is_question
from dfilter.packets.protocols.text_lines import decode
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

PORT = 79

FINGER = Protocol(
    "finger",
    "FINGER",
    fields=(
        computed("finger.query", T.STRING, stateful=True),
        computed("finger.response", T.STRING, stateful=True),
        computed("finger.response_in", T.FRAMENUM, look_ahead=True),
        computed("finger.response_to", T.FRAMENUM, stateful=True),
        computed("finger.response_time", T.RELATIVE_TIME, stateful=True),
        computed("finger.nocrlf", T.NONE, stateful=True),
    ),
    over={"tcp.port": (PORT,)},
)


@FINGER.dissector
def dissect_finger(view: View, region: Region) -> bool:
    return dissect_exchange(view, region, FINGER, PORT, "finger.response_in")


@FINGER.filler
def fill_finger(layer: Layer) -> None:
    if is_question(layer):
        add_question(layer, "finger.query", "finger.response_in", "finger.nocrlf")
        return
    region = layer.region
    layer.add("finger.response", decode(region.rest()), region.start, region.length)
    add_link(layer, "finger.response_to", "finger.response_time")


@FINGER.info_line
def finger_info(layer: Layer) -> str:
    return "Query: " + decode(layer.region.rest()).strip() if is_question(layer) else "Response"
