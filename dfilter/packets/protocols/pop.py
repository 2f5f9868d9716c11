"""POP3 (RFC 1939, 2595): requests, responses, and the mails between them.

In: one segment.  Out: its layer, and that of the mail it completes.  What always holds: as in Wireshark 4.4 every
segment is read by itself; a segment of the server that begins with no indicator belongs to a mail, whose length
only the number in the reply to RETR tells.
"""

from __future__ import annotations

import re
from enum import Enum, auto

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, computed_table
from dfilter.packets.protocols.message_parts import Message, Parts, fragment_fields
from dfilter.packets.protocols.text_lines import decode, lines, next_line, word_end
from dfilter.packets.region import Malformed, Region
from dfilter.packets.view import Layer, View
from dfilter.slotted import field, frozen, slotted

POP = Protocol(
    "pop",
    "POP",
    fields=(
        *computed_table("""
            pop.request                  STRING
            pop.request.command          STRING
            pop.request.parameter        STRING
            pop.request.data             STRING
            pop.response                 STRING
            pop.response.indicator       STRING
            pop.response.description     STRING
            pop.response.data            STRING
        """),
        computed("pop.response.tot_len.invalid", T.NONE, stateful=True),
        *fragment_fields("pop.data"),
    ),
    over={"tcp.port": (110,)},
    carries=("imf", "tls"),
)

REASSEMBLED_IN = "pop.data.reassembled.in"
_INDICATORS = (b"+OK", b"-ERR")
_DIGITS = re.compile(rb"\d{1,10}")


class Role(Enum):
    REQUEST = auto()
    RESPONSE = auto()
    MAIL = auto()
    MAIL_PART = auto()


@slotted
class PopState:
    """What a conversation remembers.

    Attributes:
        command: the last request's, upper case.
        total, read: bytes of the mail that RETR announced (0: unknown), and those that came as parts.
    """

    command: bytes = b""
    total: int = 0
    read: int = 0
    parts: Parts = field(default_factory=Parts)


@frozen
class Segment:
    role: Role
    message: Message | None = None
    length_unknown: bool = False


@POP.dissector
def dissect_pop(view: View, region: Region) -> None:
    stream, buf, start, end = view.stream, region.buf, region.start, region.end
    state = PopState() if stream is None else stream.conversation.state.setdefault("pop", PopState())
    layer = view.push(POP, region)
    line = next_line(buf, start, end)
    if view.lookup("tcp.port", view.ports[1]) is POP:
        state.command = buf[start : word_end(buf, start, line.end)].upper()
        layer.state = Segment(Role.REQUEST)
    elif buf.startswith(_INDICATORS, start, end):
        layer.state = Segment(Role.RESPONSE, length_unknown=_note_response(view, state, buf, start, line.end))
        if layer.state.length_unknown:
            view.damaged(Malformed("no length in the reply to RETR"))
    else:
        _take_mail(view, layer, region, state)


def _note_response(view: View, state: PopState, buf: bytes, start: int, end: int) -> bool:
    """Learn from a response; is it one to RETR that should tell a length, and does not?"""
    if not buf.startswith(b"+OK", start, end):
        return False
    tls = view.session.catalogue.protocols.get("tls")
    if state.command == b"STLS" and tls is not None and view.stream is not None:
        view.stream.conversation.protocol = tls
    description = buf[start + 4 : end]
    if state.command != b"RETR" or not description:
        return False
    found = _DIGITS.match(description)
    state.total = int(found[0]) if found else 0
    state.read = 0
    return found is None


def _take_mail(view: View, layer: Layer, region: Region, state: PopState) -> None:
    """A segment within a mail: a part of it, or, as far as is known, the whole."""
    imf = view.session.catalogue.protocols["imf"]
    if not state.total and not state.parts.pieces:
        layer.state = Segment(Role.MAIL)
        view.call(imf, region)
        return
    layer.state = Segment(Role.MAIL_PART)
    state.parts.add(view.frame.number, region.rest())
    state.read += region.length
    if state.read < state.total:
        return
    state.total = state.read = 0
    message = state.parts.finish()
    if len(message.pieces) < 2:
        layer.state = Segment(Role.MAIL)
        view.call(imf, region)
        return
    layer.state = Segment(Role.MAIL, message)
    message.foretell(view.session, "pop.data", view.frame.number)
    view.call(imf, Region(message.data, 0, len(message.data)))


@POP.filler
def fill_pop(layer: Layer) -> None:
    segment: Segment = layer.state
    match segment.role:
        case Role.REQUEST:
            _fill_lines(layer, "pop.request", "pop.request.command", "pop.request.parameter")
        case Role.RESPONSE:
            if segment.length_unknown:
                layer.add("pop.response.tot_len.invalid", None, layer.start)
            _fill_lines(layer, "pop.response", "pop.response.indicator", "pop.response.description")
        case Role.MAIL | Role.MAIL_PART:
            for frame in layer.view.session.foresight_for(REASSEMBLED_IN, layer.view.frame.number):
                layer.add(REASSEMBLED_IN, frame, layer.start)
    if segment.message is not None:
        segment.message.add_fields(layer, "pop.data")


def _fill_lines(layer: Layer, name: str, word_name: str, rest_name: str) -> None:
    """The first line, and the others whole; Wireshark 4.4 gives the items of whole lines an empty text."""
    buf = layer.buf
    for line in lines(buf, layer.start, layer.end):
        length = line.next - line.start
        if line.start != layer.start:
            layer.add(name + ".data", "", line.start, length)
            continue
        layer.add(name, "", line.start, length)
        end = word_end(buf, line.start, line.end)
        if end > line.start:
            layer.add(word_name, decode(buf[line.start : end]), line.start, end - line.start)
        if end + 1 < line.end:
            layer.add(rest_name, decode(buf[end + 1 : line.end]), end + 1, line.end - end - 1)


@POP.info_line
def pop_info(layer: Layer) -> str:
    segment: Segment = layer.state
    line = next_line(layer.buf, layer.start, layer.end)
    if segment.role in (Role.MAIL, Role.MAIL_PART):
        return f"S: DATA fragment, {layer.end - layer.start} bytes"
    return f"{'C' if segment.role is Role.REQUEST else 'S'}: {decode(layer.buf[line.start : line.end])}"
