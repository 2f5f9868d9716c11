"""FTP's control connection (RFC 959, 2228, 2428).

In: one segment, to or from the port that leads here.  Out: its layer.  What always holds: as in Wireshark 4.4 a
segment is read by itself and only its first line is taken apart; what the connection remembers is its working
directory, the last command, and the data connection that was announced last.
"""

from __future__ import annotations

import posixpath
import re

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, computed_table
from dfilter.packets.protocols.ftp_addresses import (
    IPV4_FAMILY,
    Endpoint,
    find_extended_port,
    find_six_numbers,
    parse_eprt,
)
from dfilter.packets.protocols.ftp_transfers import (
    LOOK_AHEAD_FIELDS,
    Key,
    Transfer,
    announced,
    foresee,
    foreseen,
)
from dfilter.packets.protocols.text_lines import decode, next_line, word_end
from dfilter.packets.region import Malformed, Region
from dfilter.packets.view import Layer, View
from dfilter.slotted import frozen, slotted

DATA_PORT = 20

MAX_PATH = 4096
"""Characters of a working directory that are kept: every relative CWD makes it longer."""

FTP = Protocol(
    "ftp",
    "FTP",
    fields=(
        *computed_table("""
            ftp.request               BOOLEAN
            ftp.response              BOOLEAN
            ftp.request.command       STRING
            ftp.request.arg           STRING
            ftp.response.code         UINT32
            ftp.response.arg          STRING
            ftp.active.cip            IPv4
            ftp.active.port           UINT16
            ftp.active.nat            BOOLEAN
            ftp.passive.ip            IPv4
            ftp.passive.port          UINT16
            ftp.passive.nat           BOOLEAN
            ftp.eprt.af               UINT8
            ftp.eprt.ip               IPv4
            ftp.eprt.ipv6             IPv6
            ftp.eprt.port             UINT16
            ftp.eprt.args_invalid     NONE
            ftp.epsv.ip               IPv4
            ftp.epsv.ipv6             IPv6
            ftp.epsv.port             UINT16
            ftp.epsv.args_invalid     NONE
        """),
        computed("ftp.current-working-directory", T.STRING, stateful=True),
        computed("ftp.command", T.STRING, look_ahead=True),
        computed("ftp.command-frame", T.FRAMENUM, look_ahead=True),
        computed("ftp.command-response.frames", T.UINT32, look_ahead=True),
        computed("ftp.command-response.bytes", T.UINT32, look_ahead=True),
        computed("ftp.command-response.first-frame-num", T.FRAMENUM, look_ahead=True),
        computed("ftp.command-response.last-frame-num", T.FRAMENUM, look_ahead=True),
        computed("ftp.command-response.duration", T.UINT32, look_ahead=True),
        computed("ftp.command-response.bitrate", T.UINT32, look_ahead=True),
        computed("ftp.setup-frame", T.FRAMENUM, look_ahead=True),
    ),
    over={"tcp.port": (21,)},
    carries=("ftp-data", "tls"),
    joins=LOOK_AHEAD_FIELDS,
)

_QUOTED = re.compile(rb'"((?:[^"]|"")*)"')


@slotted
class FtpState:
    """What a control connection remembers.

    Attributes:
        pending: the data connection that was announced last, until a command comes.
        started: a command was seen in this pass.
    """

    directory: str = ""
    command: bytes = b""
    argument: bytes = b""
    pending: Transfer | None = None
    started: bool = False


@frozen
class FirstLine:
    """The first line of a segment, taken apart; offsets are absolute.

    Attributes:
        word: start and end of the command or the reply code; empty if there is none.
        argument: start and end of the rest.
    """

    is_request: bool
    start: int
    end: int
    word: tuple[int, int]
    argument: tuple[int, int]


@slotted
class Message:
    """What the filler needs: the line, the state after it, and what was found in it.

    Attributes:
        setup: the data connection that this line announces; served: the one that this command uses.
        endpoint: what PORT, EPRT or PASV announce; extended: EPSV's port, its start and length in the argument.
        broken: EPRT or EPSV without a readable address.
    """

    line: FirstLine
    directory: str
    setup: Transfer | None = None
    served: Transfer | None = None
    endpoint: Endpoint | None = None
    extended: tuple[int, int, int] | None = None
    broken: bool = False


def split_first_line(buf: bytes, start: int, stop: int, is_request: bool) -> FirstLine:
    """Command and argument, or reply code and text (RFC 959 sections 4.1 and 4.2)."""
    end = next_line(buf, start, stop).end
    if is_request:
        word = (start, word_end(buf, start, end))
    else:
        word = (start, start + 3) if end - start >= 3 and buf[start : start + 3].isdigit() else (start, start)
    after = word[1] + 1 if word[1] > start or is_request else start
    return FirstLine(is_request, start, end, word, (min(after, end), end))


@FTP.dissector
def dissect_ftp(view: View, region: Region) -> None:
    layer = view.push(FTP, region)
    line = split_first_line(region.buf, region.start, region.end, view.lookup("tcp.port", view.ports[1]) is FTP)
    state = FtpState() if view.stream is None else view.stream.conversation.state.setdefault("ftp", FtpState())
    message = Message(line, state.directory)
    layer.state = message
    if line.is_request:
        _note_request(view, region.buf, state, message)
    else:
        _note_response(view, region.buf, state, message)
    message.directory = state.directory
    _recall(view, message)
    if message.broken:
        view.damaged(Malformed("the announced address is not readable"))


def _note_request(view: View, buf: bytes, state: FtpState, message: Message) -> None:
    frame, line = view.frame.number, message.line
    if not state.started:
        state.started = True
        foresee(view.session, frame, state)
        leftover = [old.pending for old in foreseen(view.session, frame) if isinstance(old, FtpState)]
        state.pending = next((transfer for transfer in leftover if transfer is not None), state.pending)
    if state.pending is not None:
        message.served, state.pending = state.pending, None
        message.served.command = decode(buf[line.start : line.end])
        message.served.command_frame = frame
        foresee(view.session, frame, message.served)
    state.command, state.argument = buf[slice(*line.word)], buf[slice(*line.argument)]
    if state.command == b"PORT":
        message.endpoint = find_six_numbers(state.argument)
        if message.endpoint is not None:
            key = (view.addresses[1], DATA_PORT, message.endpoint.address, message.endpoint.port)
            _announce(view, state, message, "PORT", key)
    elif state.command == b"EPRT":
        message.endpoint = parse_eprt(state.argument)
        message.broken = message.endpoint is None
        if message.endpoint is not None:
            _announce(view, state, message, "EPRT", None)  # Wireshark 4.4 does not find its connection


def _note_response(view: View, buf: bytes, state: FtpState, message: Message) -> None:
    code, text = buf[slice(*message.line.word)], buf[slice(*message.line.argument)]
    if code == b"227":
        message.endpoint = find_six_numbers(text)
        if message.endpoint is not None:
            _announce(view, state, message, "PASV",
                      (view.addresses[1], None, message.endpoint.address, message.endpoint.port))  # fmt: skip
    elif code == b"229":
        message.extended = find_extended_port(text)
        message.broken = message.extended is None
        if message.extended is not None:
            _announce(view, state, message, "EPASV",
                      (view.addresses[1], None, view.addresses[0], message.extended[0]))  # fmt: skip
    elif code == b"257":
        quoted = _QUOTED.match(text)
        if quoted is not None and quoted[1]:
            state.directory = decode(quoted[1].replace(b'""', b'"'))
    elif code == b"250" and state.command in (b"CWD", b"CDUP"):
        state.directory = change_directory(state.directory, b".." if state.command == b"CDUP" else state.argument)
    elif code == b"234" and state.command.upper() == b"AUTH" and view.stream is not None:
        view.stream.conversation.protocol = view.session.catalogue.protocols.get("tls", FTP)


def change_directory(directory: str, argument: bytes) -> str:
    """Where CWD leads from `directory`, as far as the text tells."""
    if not argument:
        return directory
    return posixpath.normpath(posixpath.join(directory, decode(argument)[:MAX_PATH]))[:MAX_PATH]


def _announce(view: View, state: FtpState, message: Message, method: str, key: Key | None) -> None:
    if view.quoted or view.stream is None:
        return
    frame = view.frame.number
    message.setup = state.pending = Transfer(frame, method, state.directory)
    foresee(view.session, frame, message.setup)
    if key is not None:
        announced(view.session).add(key, message.setup)


def _recall(view: View, message: Message) -> None:
    """In a second pass, the transfers of this frame as the first pass left them."""
    frame = view.frame.number
    for transfer in foreseen(view.session, frame):
        if isinstance(transfer, Transfer) and transfer.setup_frame == frame:
            message.setup = transfer
        elif isinstance(transfer, Transfer) and transfer.command_frame == frame:
            message.served = transfer


@FTP.filler
def fill_ftp(layer: Layer) -> None:
    message: Message = layer.state
    line, buf = message.line, layer.buf
    layer.add("ftp.request", line.is_request, layer.start)
    layer.add("ftp.response", not line.is_request, layer.start)
    (start, end), (at, stop) = line.word, line.argument
    kind = "request" if line.is_request else "response"
    if end > start:
        value = decode(buf[start:end]) if line.is_request else int(buf[start:end])
        layer.add(f"ftp.{kind}.{'command' if line.is_request else 'code'}", value, start, end - start)
    if stop > at:
        layer.add(f"ftp.{kind}.arg", decode(buf[at:stop]), at, stop - at)
    _fill_addresses(layer, message, at)
    layer.add("ftp.current-working-directory", message.directory, layer.start)
    if message.setup is not None and message.setup.command is not None and message.setup.frames:
        layer.add("ftp.command", message.setup.command, layer.start)
        layer.add("ftp.command-frame", message.setup.command_frame, layer.start)
    if message.served is not None and message.served is not message.setup and message.setup is None:
        _fill_served(layer, message.served)


def _fill_addresses(layer: Layer, message: Message, at: int) -> None:
    endpoint, start = message.endpoint, layer.start
    source = layer.view.addresses[0]
    if message.extended is not None:
        port, offset, length = message.extended
        layer.add("ftp.epsv.ip" if len(source) == 4 else "ftp.epsv.ipv6", source, start)
        layer.add("ftp.epsv.port", port, at + offset, length)
    elif message.broken:
        layer.add("ftp.eprt.args_invalid" if message.line.is_request else "ftp.epsv.args_invalid", None, start)
    elif endpoint is not None and endpoint.family:
        layer.add("ftp.eprt.af", endpoint.family, at + endpoint.family_span[0], endpoint.family_span[1])
        layer.add("ftp.eprt.ip" if endpoint.family == IPV4_FAMILY else "ftp.eprt.ipv6", endpoint.address,
                  at + endpoint.address_span[0], endpoint.address_span[1])  # fmt: skip
        layer.add("ftp.eprt.port", endpoint.port, at + endpoint.port_span[0], endpoint.port_span[1])
    elif endpoint is not None:
        group, name = ("active", "cip") if message.line.is_request else ("passive", "ip")
        layer.add(f"ftp.{group}.{name}", endpoint.address, at + endpoint.address_span[0], endpoint.address_span[1])
        layer.add(f"ftp.{group}.port", endpoint.port, at + endpoint.port_span[0], endpoint.port_span[1])
        if endpoint.address != source:
            layer.add(f"ftp.{group}.nat", True, start)


def _fill_served(layer: Layer, transfer: Transfer) -> None:
    start = layer.start
    for name, value in (("frames", transfer.frames), ("bytes", transfer.length),
                        ("first-frame-num", transfer.first_frame),
                        ("last-frame-num", transfer.last_frame)):  # fmt: skip
        layer.add("ftp.command-response." + name, value, start)
    if transfer.frames > 1:
        layer.add("ftp.command-response.duration", transfer.duration_ms, start)
        layer.add("ftp.command-response.bitrate", transfer.bitrate, start)
    layer.add("ftp.setup-frame", transfer.setup_frame if transfer.frames else 0, start)


@FTP.info_line
def ftp_info(layer: Layer) -> str:
    line: FirstLine = layer.state.line
    kind = "Request" if line.is_request else "Response"
    return f"{kind}: {decode(layer.buf[line.start : line.end])}"
