"""Telnet (RFC 854): commands, option negotiation, and the lines between them.

In: one segment.  Out: its layer.  What always holds: as in Wireshark 4.4 every segment is read by itself; lines
are items of their own, and an escaped 0xFF byte stays doubled in them.
"""

from __future__ import annotations

import re

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, computed_table
from dfilter.packets.protocols.text_lines import decode
from dfilter.packets.region import Malformed, Region
from dfilter.packets.view import Layer, View

TELNET = Protocol(
    "telnet",
    "TELNET",
    fields=(
        *computed_table("""
            telnet.cmd                 UINT8
            telnet.subcmd              UINT8
            telnet.data                STRING
            telnet.option_data         BYTES
            telnet.string_subopt.value STRING
            telnet.naws_subopt.width   UINT16
            telnet.naws_subopt.height  UINT16
            telnet.rfc_subopt.cmd      UINT8
            telnet.auth.cmd            UINT8
            telnet.auth.name           STRING
            telnet.auth.type           UINT8
        """),
        computed("telnet.starttls", T.UINT8),
    ),
    over={"tcp.port": (23,)},
    carries=("tls",),
)

IAC, SB, SE, WILL, DONT, DO = 255, 250, 240, 251, 254, 253
"""Command bytes (RFC 854, "TELNET command structure")."""

IS, SEND, INFO, NAME = 0, 1, 2, 3
"""First byte of many suboptions (RFC 1091, 2941)."""

X_DISPLAY, NAWS, TERMINAL_TYPE, FLOW_CONTROL, AUTHENTICATION, START_TLS = 35, 31, 24, 33, 37, 46

_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r\x00|\r|\n)?")


@TELNET.dissector
def dissect_telnet(view: View, region: Region) -> None:
    view.push(TELNET, region)
    if view.stream is None or bytes((IAC, SB, START_TLS)) not in region.rest():
        return
    state = view.stream.conversation.state
    if state.setdefault("telnet", view.stream.sender) != view.stream.sender:
        tls = view.session.catalogue.protocols.get("tls")  # both sides said that TLS follows
        if tls is not None:
            view.stream.conversation.protocol = tls


@TELNET.filler
def fill_telnet(layer: Layer) -> None:
    buf, at, stop = layer.buf, layer.start, layer.end
    while at < stop:
        command = _next_command(buf, at, stop)
        _add_lines(layer, at, command)
        at = command
        if at < stop:
            at = _add_command(layer, at, stop)


def _next_command(buf: bytes, at: int, stop: int) -> int:
    """Where the next IAC is that is not an escaped 0xFF; `stop` if there is none."""
    while (found := buf.find(bytes((IAC,)), at, stop)) >= 0:
        if buf[found + 1 : found + 2] != bytes((IAC,)) or found + 1 >= stop:
            return found
        at = found + 2
    return stop


def _add_lines(layer: Layer, at: int, stop: int) -> None:
    while at < stop:
        found = _LINE.match(layer.buf, at, stop)
        assert found is not None  # the pattern matches the empty text
        end = found.end()
        layer.add("telnet.data", decode(layer.buf[at:end]), at, end - at)
        at = end


def _add_command(layer: Layer, at: int, stop: int) -> int:
    """One command at `at`; where what follows it begins."""
    buf = layer.buf
    if at + 1 >= stop:
        raise Malformed("a command without its code")
    code = buf[at + 1]
    layer.add("telnet.cmd", code, at + 1, 1)
    if not (WILL <= code <= DONT or code == SB):
        return at + 2
    if at + 2 >= stop:
        raise Malformed("an option without its code")
    layer.add("telnet.subcmd", buf[at + 2], at + 2, 1)
    if code != SB:
        return at + 3
    end = _next_command(buf, at + 3, stop)
    if end > at + 3:
        _add_suboption(layer, buf[at + 2], at + 3, end)
    return end


def _add_suboption(layer: Layer, option: int, at: int, end: int) -> None:
    buf = layer.buf
    match option:
        case _ if option in (TERMINAL_TYPE, X_DISPLAY):
            layer.add("telnet.subcmd", buf[at], at, 1)
            if buf[at] == IS and end > at + 1:
                layer.add("telnet.string_subopt.value", decode(buf[at + 1 : end]), at + 1, end - at - 1)
        case _ if option == NAWS and end - at == 4:
            layer.add("telnet.naws_subopt.width", int.from_bytes(buf[at : at + 2], "big"), at, 2)
            layer.add("telnet.naws_subopt.height", int.from_bytes(buf[at + 2 : at + 4], "big"), at + 2, 2)
        case _ if option == FLOW_CONTROL and end - at == 1:
            layer.add("telnet.rfc_subopt.cmd", buf[at], at, 1)
        case _ if option == START_TLS and end - at == 1:
            layer.add("telnet.starttls", buf[at], at, 1)
        case _ if option == AUTHENTICATION:
            _add_authentication(layer, at, end)
        case _:
            layer.add("telnet.option_data", buf[at:end], at, end - at)


def _add_authentication(layer: Layer, at: int, end: int) -> None:
    """RFC 2941 section 2: a command, then account name or authentication types."""
    command = layer.buf[at]
    layer.add("telnet.auth.cmd", command, at, 1)
    if command == NAME:
        layer.add("telnet.auth.name", decode(layer.buf[at + 1 : end]), at + 1, end - at - 1)
    elif command in (IS, INFO):
        if end > at + 1:
            layer.add("telnet.auth.type", layer.buf[at + 1], at + 1, 1)
    elif command == SEND:
        for pair in range(at + 1, end - 1, 2):
            layer.add("telnet.auth.type", layer.buf[pair], pair, 1)


@TELNET.info_line
def telnet_info(layer: Layer) -> str:
    return f"{layer.end - layer.start} bytes data"
