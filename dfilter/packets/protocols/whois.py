"""WHOIS (RFC 3912): a query, and an answer that ends with the connection."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed
from dfilter.packets.protocols.one_question import add_link, add_question, dissect_exchange, is_question
from dfilter.packets.protocols.text_lines import decode, lines
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

PORT = 43

WHOIS = Protocol(
    "whois",
    "WHOIS",
    fields=(
        computed("whois.query", T.STRING, stateful=True),
        computed("whois.answer", T.STRING, stateful=True),
        computed("whois.answer_in", T.FRAMENUM, look_ahead=True),
        computed("whois.answer_to", T.FRAMENUM, stateful=True),
        computed("whois.response_time", T.RELATIVE_TIME, stateful=True),
        computed("whois.nocrlf", T.NONE, stateful=True),
        computed("whois.encoding", T.NONE, stateful=True),
    ),
    over={"tcp.port": (PORT,)},
)


@WHOIS.dissector
def dissect_whois(view: View, region: Region) -> bool:
    return dissect_exchange(view, region, WHOIS, PORT, "whois.answer_in")


@WHOIS.filler
def fill_whois(layer: Layer) -> None:
    if is_question(layer):
        add_question(layer, "whois.query", "whois.answer_in", "whois.nocrlf")
        return
    add_link(layer, "whois.answer_to", "whois.response_time")
    region = layer.region
    for line in lines(region.buf, region.start, region.end):
        layer.add("whois.answer", decode(region.buf[line.start : line.next]), line.start, line.next - line.start)
    layer.add("whois.encoding", None, region.start, region.length)


@WHOIS.info_line
def whois_info(layer: Layer) -> str:
    return "Query: " + decode(layer.region.rest()).strip() if is_question(layer) else "Answer"
