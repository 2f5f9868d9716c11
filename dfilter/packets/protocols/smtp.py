"""SMTP (RFC 5321), with authentication (RFC 4954), STARTTLS (RFC 3207) and chunks (RFC 3030).

In: one segment.  Out: its layer, and that of the message it completes.  What always holds: as in Wireshark 4.4 a
segment waits for the next one only if it has no line end at all; a message belongs to the frame with its last byte.
"""

from __future__ import annotations

from itertools import zip_longest

from dfilter.packets.columns import Columns
from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.protocols.message_parts import Message, fragment_fields
from dfilter.packets.protocols.smtp_session import Kind, Piece, SmtpState, read_segment
from dfilter.packets.protocols.text_lines import MAX_WAIT, decode, lines
from dfilter.packets.region import Region
from dfilter.packets.streams.reassembly import ONE_MORE_SEGMENT, wait_for
from dfilter.packets.view import Layer, View
from dfilter.slotted import frozen

SMTP = Protocol(
    "smtp",
    "SMTP",
    fields=(
        *computed_table(
            """
            smtp.req                      BOOLEAN
            smtp.command_line             STRING
            smtp.req.command              STRING
            smtp.req.parameter            STRING
            smtp.auth.username            STRING
            smtp.auth.password            STRING
            smtp.auth.username_password   STRING
            smtp.base64_decode            NONE
            smtp.eom                      NONE
            smtp.rsp                      BOOLEAN
            smtp.response                 STRING
            smtp.response.code            UINT32
            smtp.response.code.unexpected NONE
            smtp.rsp.parameter            STRING
        """,
            stateful=True,
        ),
        *fragment_fields("smtp.data"),
    ),
    over={"tcp.port": (25, 587)},
    carries=("imf", "data-text-lines", "tls"),
)

REASSEMBLED_IN = "smtp.data.reassembled.in"
AUTH_PREFIX = 11
"""Length of "AUTH LOGIN " and "AUTH PLAIN "."""


@frozen
class Segment:
    """What the filler needs: the client's pieces (None: the server speaks), and the message completed here."""

    pieces: list[Piece] | None
    message: Message | None = None


@SMTP.dissector
def dissect_smtp(view: View, region: Region) -> None:
    stream = view.stream
    has_line = region.buf.find(b"\n", region.start, region.end) >= 0
    if stream is not None and not has_line and region.length < MAX_WAIT:
        wait_for(region, 0, ONE_MORE_SEGMENT)
    state = SmtpState() if stream is None else stream.conversation.state.setdefault("smtp", SmtpState())
    layer = view.push(SMTP, region)
    if view.lookup("tcp.port", view.ports[1]) is not SMTP:
        layer.state = Segment(None)
        _note_replies(view, region, state)
        return
    pieces = read_segment(state, region.buf, region.start, region.end)
    layer.state = Segment(pieces)
    for piece in pieces:
        _take_piece(view, layer, state, piece)


def _note_replies(view: View, region: Region, state: SmtpState) -> None:
    for line in lines(region.buf, region.start, region.end):
        code = _reply_code(region.buf, line.start, line.end)
        if code is None:
            continue
        state.note_reply(code)
        if state.starts_tls:
            state.starts_tls = False
            tls = view.session.catalogue.protocols.get("tls")
            if code == 220 and tls is not None and view.stream is not None:
                view.stream.conversation.protocol = tls


def _take_piece(view: View, layer: Layer, state: SmtpState, piece: Piece) -> None:
    """Collect messages; show what is complete as a message, what is not as text."""
    buf, frame = layer.buf, view.frame.number
    if piece.kind in (Kind.MESSAGE, Kind.CHUNK):
        if piece.kind is Kind.CHUNK or layer.state.pieces[-1] is piece:
            state.parts.add(frame, buf[piece.start : piece.end])
            view.call(view.session.catalogue.protocols["data-text-lines"], Region(buf, piece.start, piece.end))
        else:
            state.parts.add(frame, buf[piece.start : piece.end])
    elif piece.kind is Kind.LAST_CHUNK:
        if piece.end > piece.start:
            state.parts.add(frame, buf[piece.start : piece.end])
        _complete(view, layer, state, Region(buf, piece.start, piece.end))
    elif piece.kind is Kind.END_OF_MESSAGE:
        _complete(view, layer, state, Region(buf, layer.state.pieces[0].start, piece.start))


def _complete(view: View, layer: Layer, state: SmtpState, direct: Region) -> None:
    """A message is whole: it is in this segment (`direct`), or in several."""
    imf = view.session.catalogue.protocols["imf"]
    message = state.parts.finish()
    if not message.pieces:
        return
    if len(message.pieces) == 1 and message.pieces[0][0] == view.frame.number:
        view.call(imf, direct)
        return
    layer.state = Segment(layer.state.pieces, message)
    message.foretell(view.session, "smtp.data", view.frame.number)
    view.call(imf, Region(message.data, 0, len(message.data)))


def _reply_code(buf: bytes, start: int, end: int) -> int | None:
    digits = buf[start : start + 3]
    return int(digits) if end - start >= 3 and digits.isdigit() else None


@SMTP.filler
def fill_smtp(layer: Layer) -> None:
    segment: Segment = layer.state
    if segment.pieces is None:
        _fill_replies(layer)
        return
    if segment.message is not None:
        segment.message.add_fields(layer, "smtp.data")
    for piece in segment.pieces:
        _fill_piece(layer, piece)
    if any(piece.kind in (Kind.MESSAGE, Kind.CHUNK) for piece in segment.pieces):
        for frame in layer.view.session.foresight_for(REASSEMBLED_IN, layer.view.frame.number):
            layer.add(REASSEMBLED_IN, frame, layer.start)


def _fill_piece(layer: Layer, piece: Piece) -> None:
    match piece.kind:
        case Kind.END_OF_MESSAGE:
            layer.add("smtp.eom", None, piece.start, 3)
        case Kind.COMMAND:
            layer.add("smtp.req", True, layer.start)
            _fill_command(layer, piece)
        case Kind.USERNAME | Kind.PASSWORD | Kind.CREDENTIALS:
            layer.add("smtp.req", True, layer.start)
            _add_credential(layer, piece.kind, piece.start, piece.end)
        case Kind.NTLM:
            layer.add("smtp.req", True, layer.start)
            _add(layer, "smtp.command_line", piece.start, piece.end)
        case Kind.MESSAGE | Kind.CHUNK | Kind.LAST_CHUNK:
            pass


def _add(layer: Layer, name: str, start: int, end: int) -> None:
    layer.add(name, decode(layer.buf[start:end]), start, end - start)


def _add_credential(layer: Layer, kind: Kind, start: int, end: int) -> None:
    """Base64 as it was sent: decoding it is a preference that is off in Wireshark."""
    if kind is Kind.CREDENTIALS:
        _add(layer, "smtp.auth.username_password", start, end)
        layer.add("smtp.base64_decode", None, start)
    else:
        _add(layer, "smtp.auth.username" if kind is Kind.USERNAME else "smtp.auth.password", start, end)


def _fill_command(layer: Layer, piece: Piece) -> None:
    """Wireshark takes the first four characters for the command: STARTTLS is "STAR" with the parameter "TLS"."""
    start, end = piece.start, piece.end
    _add(layer, "smtp.command_line", start, piece.next)
    _add(layer, "smtp.req.command", start, min(start + 4, end))
    if end - start > 5:
        _add(layer, "smtp.req.parameter", start + 5, end)
    text = layer.buf[start : start + AUTH_PREFIX].upper()
    if end - start > AUTH_PREFIX and text == b"AUTH LOGIN ":
        _add_credential(layer, Kind.USERNAME, start + AUTH_PREFIX, end)
    elif end - start > AUTH_PREFIX and text == b"AUTH PLAIN ":
        _add_credential(layer, Kind.CREDENTIALS, start + AUTH_PREFIX, end)


def _fill_replies(layer: Layer) -> None:
    """Replies of one or several lines (RFC 5321 section 4.2.1); of the further lines only the text is shown."""
    buf = layer.buf
    layer.add("smtp.rsp", True, layer.start)
    group: int | None = None
    for line in lines(buf, layer.start, layer.end):
        code = _reply_code(buf, line.start, line.end)
        if code is None:
            continue
        if group is None:
            _add(layer, "smtp.response", line.start, line.next)
            layer.add("smtp.response.code", code, line.start, 3)
        elif code != group:
            layer.add("smtp.response.code.unexpected", None, line.start, 3)
        if line.end - line.start >= 4:
            _add(layer, "smtp.rsp.parameter", line.start + 4, line.end)
        continues = line.end - line.start >= 4 and buf[line.start + 3] == 0x2D
        group = (code if group is None else group) if continues else None


@SMTP.info_line
def smtp_info(layer: Layer) -> str:
    segment: Segment = layer.state
    shown = [decode(layer.buf[line.start : line.end]) for line in lines(layer.buf, layer.start, layer.end)]
    if segment.pieces is None:
        return "S: " + " | ".join(_further_text(shown, index) for index in range(len(shown)))
    if any(piece.kind is Kind.MESSAGE for piece in segment.pieces):
        return f"C: DATA fragment, {layer.end - layer.start} bytes"
    marks = [_CREDENTIALS.get(piece.kind, "") for piece in segment.pieces]
    return "C: " + " | ".join(mark + text for mark, text in zip_longest(marks, shown, fillvalue=""))


_CREDENTIALS = {Kind.USERNAME: "User: ", Kind.PASSWORD: "Pass: "}


def _further_text(shown: list[str], index: int) -> str:
    """A line of a reply; of the further lines of one with several, only the text behind the code."""
    line = shown[index]
    continues = index > 0 and shown[index - 1][3:4] == "-" and shown[index - 1][:3] == line[:3]
    return line[4:] if continues else line


def conclude_smtp(layer: Layer, columns: Columns) -> None:
    """What a client says behind a message: its end, and what follows it."""
    pieces = layer.state.pieces or []
    ends = next((index for index, piece in enumerate(pieces) if piece.kind is Kind.END_OF_MESSAGE), None)
    if ends is None or "imf" not in layer.view.by_name:
        return
    texts = [decode(layer.buf[piece.start : piece.end]).strip() for piece in pieces[ends:]]
    follows = any(piece.end > piece.start for piece in pieces[:ends])
    columns.append((" | " if follows else "C: ") + " | ".join(texts))


SMTP.conclude = conclude_smtp
