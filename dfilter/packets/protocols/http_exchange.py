"""Which HTTP response answers which request, and what a conversation has become.

In: requests and responses of one conversation, in order.  Out: `Exchange`s.  What always holds: as in Wireshark
4.4 a response answers the request seen last, if no final response did before; the messages of one frame share what
is known of the last of them; memory is one exchange a conversation.
"""

from __future__ import annotations

import re

from dfilter.packets.declare import Protocol
from dfilter.packets.protocols.http_head import Head, Kind, text
from dfilter.packets.streams.conversation import Conversation
from dfilter.packets.view import View
from dfilter.slotted import field, slotted

MAX_RANGES = 256
"""Requests for parts of a resource that wait for an answer, beyond which the oldest is forgotten."""

_NUMBER = re.compile(rb"0*([1-9][0-9]{0,18})")


@slotted
class Exchange:
    """A request and what is known of its response."""

    frame: int
    time: int | None
    method: bytes
    uri: str
    full_uri: str | None
    has_range: bool = False
    answered: bool = False


@slotted
class Link:
    """The exchange of a frame's last message; all messages of the frame show it.

    Attributes:
        full_uri: a response shows the whole URI too: not where a Range was asked for and none came back.
    """

    frame: int
    exchange: Exchange | None = None
    full_uri: bool = True


@slotted
class Progress:
    """How far an incomplete message was read before it was asked to wait, so that this is not done over and over.

    Attributes:
        seq: sequence number of its first byte.
        head: bytes in which its head does not end.
        chunks: offset of the first chunk that was not complete.
    """

    seq: int = -1
    head: int = 0
    chunks: int = 0


@slotted
class HttpState:
    """What HTTP remembers of a conversation.

    Attributes:
        seen: a request or response was seen, so what else comes continues a body.
        skipped: bytes came before that.
        current: the exchange of the last request.
        ranges: requests with a Range, by the number that tells them apart.
        progress: how far each side's incomplete message was read.
        streaming: senders whose message goes on with chunks that are dissected as they come.
        link: of the frame seen last.
        tunnel: host and port that CONNECT opened a tunnel to.
        upgraded: what the conversation was upgraded to.
        extensions: the WebSocket extensions that the server agreed to.
    """

    seen: bool = False
    skipped: bool = False
    current: Exchange | None = None
    ranges: list[tuple[int, Exchange]] = field(default_factory=list)
    progress: tuple[Progress, Progress] = field(default_factory=lambda: (Progress(), Progress()))
    streaming: set[int] = field(default_factory=set)
    link: Link | None = None
    tunnel: tuple[str, int] | None = None
    upgraded: Protocol | None = None
    extensions: bytes = b""

    def progress_of(self, sender: int, seq: int) -> Progress:
        """The progress of the message that begins at `seq`."""
        known = self.progress[sender]
        if known.seq != seq:
            known.seq, known.head, known.chunks = seq, 0, 0
        return known

    def link_of(self, frame: int) -> Link:
        if self.link is None or self.link.frame != frame:
            self.link = Link(frame)
        return self.link


def state_of(conversation: Conversation) -> HttpState:
    """The state of a conversation, made on first use."""
    state = conversation.state.get("http")
    if state is None:
        state = conversation.state["http"] = HttpState()
    return state


def full_uri(view: View, head: Head) -> str | None:
    """The request's target with scheme and authority, as far as its Host header tells (RFC 9112 section 3.3)."""
    host = head.last(b"host")
    if host is None:
        return None
    start, end = head.words()[1]
    target = text(head.buf[start:end])
    if "://" in target or head.method == b"CONNECT":
        return target
    scheme = "https" if "tls" in view.by_name else "http"
    return f"{scheme}://{text(host).strip()}{target}"


def note(view: View, state: HttpState, head: Head) -> Link:
    """Learn of a message, once its start line is known."""
    link = state.link_of(view.frame.number)
    if head.kind is Kind.REQUEST:
        start, end = head.words()[1]
        state.current = link.exchange = Exchange(
            view.frame.number, view.frame.time, head.method, text(head.buf[start:end]), full_uri(view, head)
        )
        number = _range_number(head.last(b"range"))
        state.current.has_range = number is not None
        if number is not None:
            state.ranges = [*state.ranges[1 - MAX_RANGES :], (number, state.current)]
    elif head.kind is Kind.RESPONSE:
        link.exchange = exchange = _answer(view, state, head)
        link.full_uri = exchange is None or not exchange.has_range or head.last(b"content-range") is not None
    return link


def _answer(view: View, state: HttpState, head: Head) -> Exchange | None:
    content_range = head.last(b"content-range")
    exchange = state.current if content_range is None else _ranged(state, _range_number(content_range))
    if exchange is None or exchange.answered:
        return None
    exchange.answered = (status_code(head) or 0) // 100 != 1
    view.session.foresee("http.response_in", exchange.frame, view.frame.number)
    return exchange


def _range_number(value: bytes | None) -> int | None:
    """The first number of a Range or Content-Range that is not 0."""
    found = _NUMBER.search(value) if value is not None else None
    return int(found[1]) if found else None


def _ranged(state: HttpState, number: int | None) -> Exchange | None:
    """The oldest request for the range that a response carries; it counts as the last request then."""
    for place, (wanted, exchange) in enumerate(state.ranges):
        if wanted == number:
            del state.ranges[place]
            state.current = exchange
            return exchange
    return None


def status_code(head: Head) -> int | None:
    """The status code of a response: the number in the second word's first three characters; None without them."""
    start, end = head.words()[1]
    if end - start < 3:
        return None
    digits = head.buf[start : start + 3]
    return int(digits) if digits.isdigit() else 0
