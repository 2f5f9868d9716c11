"""IRC (RFC 2812) and its client-to-client messages.

In: one segment.  Out: its layer.  What always holds: as in Wireshark 4.4 every segment is read by itself, line by
line, requests towards the server's port and responses from it.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, computed_table
from dfilter.packets.protocols.text_lines import decode, lines
from dfilter.packets.region import Malformed, Region
from dfilter.packets.view import Layer, View
from dfilter.slotted import frozen

IRC = Protocol(
    "irc",
    "IRC",
    fields=(
        *computed_table("""
            irc.request                     STRING
            irc.request.prefix              STRING
            irc.request.command             STRING
            irc.request.command_parameter   STRING
            irc.request.trailer             STRING
            irc.request.command.missing     NONE
            irc.request.command.numeric     NONE
            irc.response                    STRING
            irc.response.prefix             STRING
            irc.response.command            STRING
            irc.response.num_command        UINT16
            irc.response.command_parameter  STRING
            irc.response.trailer            STRING
            irc.response.command.missing    NONE
            irc.prefix_missing_ending_space NONE
            irc.ctcp.command                STRING
            irc.ctcp.parameters             STRING
        """),
        computed("irc.ctcp", T.PROTOCOL),
        computed("irc.missing_end_delimiter", T.NONE),
    ),
    over={"tcp.port": (6667, 57000)},
)

CTCP = 0x01
"""The byte around a client-to-client message."""


@frozen
class Part:
    """A field of a line: its kind ("prefix", "command", ...), start and end."""

    kind: str
    start: int
    end: int


def split_message(buf: bytes, start: int, end: int) -> tuple[list[Part], bool]:
    """The parts of one line (RFC 2812 section 2.3.1), and whether it is well-formed."""
    parts: list[Part] = []
    at = start
    if buf[at : at + 1] == b":":
        space = buf.find(b" ", at, end)
        if space < 0:
            return parts, False
        parts.append(Part("prefix", at + 1, space))
        at = space
    at = _skip_spaces(buf, at, end)
    if at >= end:
        return parts, False
    stop = _word_end(buf, at, end)
    parts.append(Part("command", at, stop))
    at = stop
    while (at := _skip_spaces(buf, at, end)) < end:
        if buf[at] == 0x3A:
            parts.append(Part("trailer", at + 1, end))
            break
        stop = _word_end(buf, at, end)
        parts.append(Part("command_parameter", at, stop))
        at = stop
    return parts, True


def _skip_spaces(buf: bytes, at: int, end: int) -> int:
    while at < end and buf[at] == 0x20:
        at += 1
    return at


def _word_end(buf: bytes, at: int, end: int) -> int:
    space = buf.find(b" ", at, end)
    return end if space < 0 else space


@IRC.dissector
def dissect_irc(view: View, region: Region) -> None:
    layer = view.push(IRC, region)
    layer.state = view.lookup("tcp.port", view.ports[1]) is IRC


@IRC.filler
def fill_irc(layer: Layer) -> None:
    kind = "request" if layer.state else "response"
    damaged = False
    for line in lines(layer.buf, layer.start, layer.end):
        end = line.end if line.terminated else line.start + len(layer.buf[line.start : line.end].rstrip(b"\r"))
        if end == line.start:
            continue
        _add(layer, f"irc.{kind}", line.start, end)
        parts, whole = split_message(layer.buf, line.start, end)
        for part in parts:
            _add_part(layer, kind, part)
        if not whole:
            damaged = True
            layer.add(f"irc.{kind}.command.missing" if parts else "irc.prefix_missing_ending_space", None, line.start)
    if damaged:
        raise Malformed("a line without a command")


def _add(layer: Layer, name: str, start: int, end: int) -> None:
    layer.add(name, decode(layer.buf[start:end]), start, end - start)


def _add_part(layer: Layer, kind: str, part: Part) -> None:
    text = layer.buf[part.start : part.end]
    _add(layer, f"irc.{kind}.{part.kind}", part.start, part.end)
    if part.kind == "command" and kind == "response" and len(text) == 3 and text.isdigit():
        layer.add("irc.response.num_command", int(text), part.start, 3)
    elif part.kind == "command" and kind == "request" and text[:1].isdigit():
        layer.add("irc.request.command.numeric", None, part.start, len(text))
    elif part.kind == "trailer" and text[:1] == bytes((CTCP,)):
        _add_ctcp(layer, part)


def _add_ctcp(layer: Layer, part: Part) -> None:
    """A client-to-client message: text between two 0x01 bytes that make up the trailer."""
    start = part.start + 1
    end = layer.buf.find(bytes((CTCP,)), start, part.end)
    if end < 0:
        layer.add("irc.missing_end_delimiter", None, part.start, part.end - part.start)
        layer.view.damaged(Malformed("a client-to-client message without its end"))
        return
    layer.add("irc.ctcp", layer.part(start, end - start), start, end - start)
    space = layer.buf.find(b" ", start, end)
    _add(layer, "irc.ctcp.command", start, end if space < 0 else space)
    if space >= 0 and space + 1 < end:
        _add(layer, "irc.ctcp.parameters", space + 1, end)


@IRC.info_line
def irc_info(layer: Layer) -> str:
    names = [decode(layer.buf[part.start : part.end]) for line in lines(layer.buf, layer.start, layer.end)
             for part in split_message(layer.buf, line.start, line.end)[0] if part.kind == "command"]  # fmt: skip
    return f"{'Request' if layer.state else 'Response'} ({', '.join(names)})"
