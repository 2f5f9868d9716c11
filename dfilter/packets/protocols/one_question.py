"""A question of one line, and an answer that lasts until the server closes: WHOIS and Finger alike.

In: the bytes of one direction.  Out: a layer for the whole question or the whole answer, and their frames linked.
What always holds: a question ends with CR LF, an answer with FIN; both as Wireshark 4.4 waits for them.
"""

from __future__ import annotations

from dfilter.packets.declare import Protocol
from dfilter.packets.protocols.text_lines import MAX_WAIT, decode
from dfilter.packets.region import Region
from dfilter.packets.streams.reassembly import ONE_MORE_SEGMENT, UNTIL_FIN, NeedMore
from dfilter.packets.view import Layer, View
from dfilter.slotted import slotted


@slotted
class Question:
    """What a connection asked last."""

    frame: int
    time: int | None


def dissect_exchange(view: View, region: Region, protocol: Protocol, port: int, answer_in: str) -> bool:
    """Push a layer for a whole question or answer; its state is the `Question`, None for an answer without one.

    Args:
        port: the server's.
        answer_in: the field that tells a question where its answer is.
    """
    stream = view.stream
    if stream is None:
        return False
    state = stream.conversation.state
    if view.ports[1] == port:
        if not region.rest().endswith(b"\r\n") and not stream.finished and region.reported_length <= MAX_WAIT:
            raise NeedMore(region.start, ONE_MORE_SEGMENT)
        layer = view.push(protocol, region)
        layer.state = state[protocol.name] = Question(view.number, view.time)
        return True
    if not stream.finished:
        raise NeedMore(region.start, UNTIL_FIN)
    layer = view.push(protocol, region)
    layer.state = state.get(protocol.name)
    if layer.state is not None:
        view.session.foresee(answer_in, layer.state.frame, view.number)
    return True


def add_question(layer: Layer, query: str, answer_in: str, no_line_end: str) -> None:
    """The fields of a question."""
    region = layer.region
    text = region.rest()
    layer.add(query, decode(text), region.start, region.length)
    if not text.endswith(b"\r\n"):
        layer.add(no_line_end, None, region.start, region.length)
    for frame in layer.view.session.foresight_for(answer_in, layer.view.number):
        layer.add(answer_in, frame)


def add_link(layer: Layer, answer_to: str, response_time: str) -> None:
    """Which question an answer belongs to, and how long it took."""
    question: Question | None = layer.state
    if question is not None:
        layer.add(answer_to, question.frame)
        layer.add(response_time, (layer.view.time or 0) - (question.time or 0))


def is_question(layer: Layer) -> bool:
    """Is this layer a question: did this frame ask it?"""
    return layer.state is not None and layer.state.frame == layer.view.number
