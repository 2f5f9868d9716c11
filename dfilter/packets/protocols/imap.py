"""IMAP4 (RFC 9051, 3501): requests, tagged and untagged responses, the mails that FETCH brings.

In: bytes of one direction.  Out: a layer, and those of the mails in it.  What always holds: as in Wireshark 4.4 a
line waits until it is whole, and one with a mail until that is whole; a response belongs to the latest request
with its tag.
"""

from __future__ import annotations

import re

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, computed_table
from dfilter.packets.protocols.text_lines import MAX_WAIT, Line, decode, next_line
from dfilter.packets.region import Malformed, Region
from dfilter.packets.streams.reassembly import ONE_MORE_SEGMENT, NeedMore
from dfilter.packets.view import Layer, View
from dfilter.slotted import field, frozen, slotted

IMAP = Protocol(
    "imap",
    "IMAP",
    fields=(
        *computed_table("""
            imap.isrequest             BOOLEAN
            imap.line                  STRINGZ
            imap.request               STRINGZ
            imap.response              STRINGZ
            imap.request_tag           STRINGZ
            imap.response_tag          STRINGZ
            imap.tag                   STRINGZ
            imap.request.command       STRINGZ
            imap.request.command.uid   BOOLEAN
            imap.request.folder        STRINGZ
            imap.request.username      STRINGZ
            imap.request.password      STRINGZ
            imap.response.status       STRINGZ
            imap.response.command      STRINGZ
            imap.command               STRINGZ
        """),
        computed("imap.response_in", T.FRAMENUM, look_ahead=True),
        computed("imap.response_to", T.FRAMENUM, stateful=True),
        computed("imap.time", T.RELATIVE_TIME, stateful=True),
    ),
    over={"tcp.port": (143,)},
    carries=("imf", "tls"),
)

MAX_TAGS = 1024
"""Requests of a conversation that are remembered; beyond that the oldest is forgotten."""

MAX_TOKENS = 12
"""Words of a line that are looked at."""

_FETCH = re.compile(rb"\* +\d+ +FETCH\b.*\{(\d{1,9})\}\s*$", re.I | re.S)
_FOLDER_COMMANDS = frozenset(
    (b"SELECT", b"EXAMINE", b"CREATE", b"DELETE", b"RENAME", b"SUBSCRIBE", b"UNSUBSCRIBE", b"STATUS", b"APPEND")
)


@slotted
class ImapState:
    """What a conversation remembers: (frame, time in ns) of the requests by tag, and that of STARTTLS."""

    requests: dict[bytes, tuple[int, int | None]] = field(default_factory=dict)
    starttls: bytes | None = None

    def note(self, tag: bytes, frame: int, time: int | None) -> None:
        self.requests.pop(tag, None)
        if len(self.requests) >= MAX_TAGS:
            del self.requests[next(iter(self.requests))]
        self.requests[tag] = (frame, time)


@frozen
class TaggedLine:
    """A line and its words (start, end); `answers`: frame and time of the request that it answers."""

    line: Line
    words: tuple[tuple[int, int], ...]
    answers: tuple[int, int | None] | None


@frozen
class Segment:
    is_request: bool
    lines: tuple[TaggedLine, ...]


def split_words(buf: bytes, start: int, end: int) -> tuple[tuple[int, int], ...]:
    """The first words of a line, as they lie between single spaces."""
    found: list[tuple[int, int]] = []
    while start < end and len(found) < MAX_TOKENS:
        at = buf.find(b" ", start, end)
        at = end if at < 0 else at
        found.append((start, at))
        start = at + 1
    return tuple(found)


@IMAP.dissector
def dissect_imap(view: View, region: Region) -> None:
    stream, buf = view.stream, region.buf
    is_request = view.lookup("tcp.port", view.ports[1]) is IMAP
    state = ImapState() if stream is None else stream.conversation.state.setdefault("imap", ImapState())
    found: list[TaggedLine] = []
    mails: list[Region] = []
    at, missing = region.start, 0
    while at < region.end:
        line = next_line(buf, at, region.end)
        if not line.terminated and stream is not None and line.end - line.start < MAX_WAIT:
            missing = ONE_MORE_SEGMENT
            break
        length = 0 if is_request else _mail_length(buf, line)
        if line.next + length > region.end and stream is not None:
            missing = line.next + length - region.end
            break
        found.append(_note_line(view, state, buf, line, is_request))
        mail_end = min(line.next + length, region.end)
        if mail_end > line.next:
            mails.append(Region(buf, line.next, mail_end))
        at = mail_end
    if found:
        layer = view.push(IMAP, region.clipped(0, at - region.start))
        layer.state = Segment(is_request, tuple(found))
        for mail in mails:
            view.call(view.session.catalogue.protocols["imf"], mail)
    if missing:
        raise NeedMore(at, missing)


def _mail_length(buf: bytes, line: Line) -> int:
    """Length of the literal that ends a FETCH response (RFC 9051 section 4.3); 0 if there is none."""
    if buf[line.start] != 0x2A or line.end == line.start or buf[line.end - 1] != 0x7D:
        return 0
    found = _FETCH.match(buf[line.start : line.end])
    return int(found[1]) if found else 0


def _note_line(view: View, state: ImapState, buf: bytes, line: Line, is_request: bool) -> TaggedLine:
    """Match responses with requests, and follow STARTTLS (RFC 9051 section 6.2.1)."""
    if buf[line.start : line.start + 1] in (b"*", b" ") and not is_request:
        return TaggedLine(line, (), None)
    words = split_words(buf, line.start, line.end)
    texts = [buf[start:end] for start, end in words[:2]]
    frame = view.frame
    if len(texts) < 2 or not texts[1]:
        return TaggedLine(line, words, None)
    if is_request:
        state.note(texts[0], frame.number, frame.time)
        if texts[1].upper() == b"STARTTLS":
            state.starttls = texts[0]
        return TaggedLine(line, words, None)
    answers = state.requests.get(texts[0])
    if answers is not None:
        view.session.foresee("imap.response_in", answers[0], (texts[0], frame.number))
    if state.starttls == texts[0]:
        state.starttls = None
        tls = view.session.catalogue.protocols.get("tls")
        if texts[1].upper() == b"OK" and tls is not None and view.stream is not None:
            view.stream.conversation.protocol = tls
    return TaggedLine(line, words, answers)


@IMAP.filler
def fill_imap(layer: Layer) -> None:
    segment: Segment = layer.state
    layer.add("imap.isrequest", segment.is_request, layer.start)
    for tagged in segment.lines:
        line = tagged.line
        _add(layer, "imap.line", line.start, line.next)
        first = layer.buf[line.start : line.start + 1]
        if (first == b"*" and not segment.is_request) or line.end == line.start:
            continue
        kind = "request" if segment.is_request else "response"
        _add(layer, f"imap.{kind}", line.start, line.end)
        if not tagged.words or tagged.words[0][1] == tagged.words[0][0]:
            continue
        _add(layer, f"imap.{kind}_tag", *tagged.words[0])
        _add(layer, "imap.tag", *tagged.words[0])
        if segment.is_request:
            _fill_request(layer, tagged)
        else:
            _fill_response(layer, tagged)


def _add(layer: Layer, name: str, start: int, end: int) -> None:
    layer.add(name, decode(layer.buf[start:end]), start, end - start)


def _fill_request(layer: Layer, tagged: TaggedLine) -> None:
    buf, words = layer.buf, tagged.words
    if len(words) < 2 or words[1][1] == words[1][0]:
        return
    rest = words[1:]
    if buf[slice(*rest[0])].upper() == b"UID":
        layer.add("imap.request.command.uid", True, rest[0][0], rest[0][1] - rest[0][0])
        _add(layer, "imap.command", *rest[0])
        rest = rest[1:]
        if rest:
            _add(layer, "imap.request.command", *rest[0])
    else:
        _add(layer, "imap.request.command", *rest[0])
        _add(layer, "imap.command", *rest[0])
    command = buf[slice(*rest[0])].upper() if rest else b""
    if command == b"LOGIN":
        _fill_login(layer, rest)
    elif command in _FOLDER_COMMANDS and len(rest) > 1:
        _add(layer, "imap.request.folder", *rest[1])
    elif command == b"COPY" and len(rest) > 2:
        _add(layer, "imap.request.folder", *rest[2])
    tag = buf[slice(*words[0])]
    answers = layer.view.session.foresight_for("imap.response_in", layer.view.frame.number)
    frames = [frame for answered, frame in answers if answered == tag]
    if frames:
        layer.add("imap.response_in", frames[-1], layer.start)


def _fill_login(layer: Layer, words: tuple[tuple[int, int], ...]) -> None:
    """User name and password; Wireshark 4.4 cuts a character off each side of the password, quoted or not."""
    if len(words) > 1:
        _add(layer, "imap.request.username", *words[1])
    if len(words) < 3 or words[2][1] - words[2][0] < 2:
        raise Malformed("no password after LOGIN")
    start, end = words[2]
    layer.add("imap.request.password", decode(layer.buf[start + 1 : end - 1]), start, end - start)


def _fill_response(layer: Layer, tagged: TaggedLine) -> None:
    words = tagged.words
    if len(words) > 1 and words[1][1] > words[1][0]:
        _add(layer, "imap.response.status", *words[1])
    if len(words) > 2 and words[2][1] > words[2][0]:
        _add(layer, "imap.response.command", *words[2])
        _add(layer, "imap.command", *words[2])
    if tagged.answers is not None:
        frame, time = tagged.answers
        layer.add("imap.response_to", frame, layer.start)
        now = layer.view.frame.time
        if time is not None and now is not None:
            layer.add("imap.time", now - time, layer.start)


@IMAP.info_line
def imap_info(layer: Layer) -> str:
    segment: Segment = layer.state
    line = segment.lines[0].line
    return f"{'Request' if segment.is_request else 'Response'}: {decode(layer.buf[line.start : line.end])}"
