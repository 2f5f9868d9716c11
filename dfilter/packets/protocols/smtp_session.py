"""What an SMTP conversation is doing, and what each line of the client is in it.

In: the lines of client and server, in order.  Out: `Piece`s: commands, credentials, parts of messages.  What always
holds: as in Wireshark 4.4 the replies of the server do not decide whether a DATA command took effect; a line that
is no command and no credential belongs to a message whose DATA command was not seen, and makes its whole segment
part of that message; chunks (BDAT, RFC 3030) are counted, not searched for their end.
"""

from __future__ import annotations

from enum import Enum, auto

from dfilter.packets.protocols.message_parts import Parts
from dfilter.packets.protocols.text_lines import Line, next_line
from dfilter.slotted import field, frozen, slotted

_END = b"\r\n.\r\n"
MAX_CHUNK = 0xFFFFFFFF


class Kind(Enum):
    """What a piece of a client's segment is."""

    COMMAND = auto()
    USERNAME = auto()
    PASSWORD = auto()
    CREDENTIALS = auto()
    NTLM = auto()
    MESSAGE = auto()
    CHUNK = auto()
    LAST_CHUNK = auto()
    END_OF_MESSAGE = auto()


class Login(Enum):
    """How far authentication (RFC 4954) has come."""

    NONE = auto()
    PLAIN = auto()
    PLAIN_ASKED = auto()
    LOGIN = auto()
    USERNAME_ASKED = auto()
    USERNAME_SENT = auto()
    PASSWORD_ASKED = auto()
    NTLM = auto()
    NTLM_ASKED = auto()
    DONE = auto()


_ASKS = {
    Login.PLAIN: Login.PLAIN_ASKED,
    Login.LOGIN: Login.USERNAME_ASKED,
    Login.USERNAME_SENT: Login.PASSWORD_ASKED,
    Login.NTLM: Login.NTLM_ASKED,
}
_ANSWERS = {
    Login.PLAIN_ASKED: (Kind.CREDENTIALS, Login.DONE),
    Login.USERNAME_ASKED: (Kind.USERNAME, Login.USERNAME_SENT),
    Login.PASSWORD_ASKED: (Kind.PASSWORD, Login.DONE),
    Login.NTLM_ASKED: (Kind.NTLM, Login.DONE),
}


@frozen
class Piece:
    """A stretch of a client's segment: text in `[start, end)`, with its line end up to `next`; absolute offsets."""

    kind: Kind
    start: int
    end: int
    next: int


@slotted
class SmtpState:
    """What a conversation remembers.

    Attributes:
        in_data: between DATA and the line with a single dot.
        line_ended: the message so far ends with CR LF.
        chunk_left: bytes of a chunk that are still to come; chunk_is_last: it ends its message.
        starts_tls: STARTTLS was sent and not answered yet.
    """

    in_data: bool = False
    line_ended: bool = False
    chunk_left: int = 0
    chunk_is_last: bool = False
    login: Login = Login.NONE
    starts_tls: bool = False
    parts: Parts = field(default_factory=Parts)

    def note_reply(self, code: int) -> None:
        """Learn from a reply code of the server."""
        if code == 334:
            self.login = _ASKS.get(self.login, self.login)


def is_command(text: bytes) -> bool:
    """Can this line be a command?  Four letters alone or before a space, or STARTTLS."""
    if len(text) < 4 or not text[:4].isalpha():
        return False
    return len(text) == 4 or text[4:5] == b" " or text[:8].upper() == b"STARTTLS"


def read_segment(state: SmtpState, buf: bytes, start: int, stop: int) -> list[Piece]:
    """The pieces of one client segment; `state` is brought up to date."""
    pieces: list[Piece] = []
    at = start
    while at < stop:
        if state.in_data:
            at = _read_message(state, buf, start, at, stop, pieces)
        elif state.chunk_left:
            at = _read_chunk(state, at, stop, pieces)
        else:
            line = next_line(buf, at, stop)
            pieces.append(_read_line(state, buf, line))
            at = line.next
            if state.chunk_is_last and not state.chunk_left:
                state.chunk_is_last = False
                pieces.append(Piece(Kind.LAST_CHUNK, at, at, at))
    return _settle(pieces, start, stop)


def _settle(pieces: list[Piece], start: int, stop: int) -> list[Piece]:
    """The last line decides: a segment that ends in a message is all message, one that does not has commands only."""
    ends = next((i for i, piece in enumerate(pieces) if piece.kind is Kind.END_OF_MESSAGE), None)
    if ends is not None:
        end = pieces[ends]
        message = [Piece(Kind.MESSAGE, start, end.start, end.start)]
        return message + [end] + [_as_command(piece) for piece in pieces[ends + 1 :]]
    if pieces and pieces[-1].kind is Kind.MESSAGE:
        return [Piece(Kind.MESSAGE, start, stop, stop)]
    return [_as_command(piece) for piece in pieces]


def _as_command(piece: Piece) -> Piece:
    return Piece(Kind.COMMAND, piece.start, piece.end, piece.next) if piece.kind is Kind.MESSAGE else piece


def _read_message(state: SmtpState, buf: bytes, first: int, at: int, stop: int, pieces: list[Piece]) -> int:
    """Up to the line with a single dot (RFC 5321 section 4.1.1.4), or all there is."""
    begins_line = state.line_ended if at == first else buf.endswith(b"\r\n", first, at)
    if begins_line and buf.startswith(b".\r\n", at, stop):
        dot = at
    else:
        found = buf.find(_END, at, stop)
        dot = found + 2 if found >= 0 else -1
    if dot < 0:
        pieces.append(Piece(Kind.MESSAGE, at, stop, stop))
        state.line_ended = buf.endswith(b"\r\n", at, stop)
        return stop
    state.in_data = False
    pieces.append(Piece(Kind.END_OF_MESSAGE, dot, dot + 3, dot + 3))
    return dot + 3


def _read_chunk(state: SmtpState, at: int, stop: int, pieces: list[Piece]) -> int:
    end = min(at + state.chunk_left, stop)
    state.chunk_left -= end - at
    last = state.chunk_is_last and not state.chunk_left
    state.chunk_is_last = state.chunk_is_last and not last
    pieces.append(Piece(Kind.LAST_CHUNK if last else Kind.CHUNK, at, end, end))
    return end


def _read_line(state: SmtpState, buf: bytes, line: Line) -> Piece:
    text = buf[line.start : line.end]
    kind = Kind.COMMAND
    if is_command(text):
        _note_command(state, text)
    elif state.login in _ANSWERS:
        kind, state.login = _ANSWERS[state.login]
    elif state.login is Login.NONE:
        kind = Kind.MESSAGE
        state.line_ended = True
    return Piece(kind, line.start, line.end, line.next)


def _note_command(state: SmtpState, text: bytes) -> None:
    upper = text.upper()
    if upper == b"DATA":
        state.in_data = state.line_ended = True
    elif upper.startswith(b"BDAT "):
        words = upper.split()
        if len(words) > 1 and words[1].removeprefix(b"-").isdigit():
            state.chunk_left = min(int(words[1][:12]), MAX_CHUNK) & MAX_CHUNK  # -1 counts as 4294967295
            state.chunk_is_last = words[-1] == b"LAST"
    elif upper.startswith(b"STARTTLS"):
        state.starts_tls = True
    elif upper.startswith(b"AUTH LOGIN"):
        state.login = Login.USERNAME_SENT if len(text) > 11 else Login.LOGIN
    elif upper.startswith(b"AUTH PLAIN"):
        state.login = Login.DONE if len(text) > 11 else Login.PLAIN
    elif upper.startswith(b"AUTH NTLM "):
        state.login = Login.NTLM
