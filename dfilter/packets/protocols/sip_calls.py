"""Which SIP response answers which request, and what was sent again.

In: messages in file order.  Out: `Exchange`s.  What always holds: as in Wireshark 4.4 only the latest transaction
between two ends in a call is remembered, known by its number in CSeq; a request is sent again only while no
response was seen; the calls remembered are bounded.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

from dfilter.slotted import frozen, slotted

MAX_CALLS = 65_536
"""Calls, and transactions, remembered; beyond that the oldest is forgotten."""


@frozen
class Message:
    """What identifies a message: the method and number of CSeq, the code of a response; time in ns.

    Attributes:
        ends: the two ends between which it travels, in any order.
    """

    frame: int
    time: int | None
    ends: Hashable
    method: str
    code: int | None
    number: int


@frozen
class Exchange:
    """What is known of a message: the frame it repeats, and the request it answers (frame, ms); None if unknown.

    Attributes:
        release_ms: of the response to BYE: since that.
    """

    original: int | None = None
    request: int | None = None
    response_ms: int | None = None
    release_ms: int | None = None


@slotted(eq=True)
class Transaction:
    """The latest transaction between two ends of a call.

    Attributes:
        code, response_frame: of the final response, or else the last provisional one; 0 before.
    """

    number: int
    method: str
    frame: int
    time: int | None
    code: int = 0
    response_frame: int = 0


class Calls:
    """The calls of a session: their transactions, and the frames of their SDP offers."""

    def __init__(self) -> None:
        self._transactions: OrderedDict[Hashable, Transaction] = OrderedDict()
        self._offers: OrderedDict[str, int] = OrderedDict()

    def offer(self, call_id: str, frame: int, is_request: bool) -> int:
        """The frame of the offer to which the session description in `frame` belongs (RFC 3264)."""
        if not is_request and call_id in self._offers:
            return self._offers[call_id]
        if len(self._offers) >= MAX_CALLS:
            self._offers.popitem(last=False)
        self._offers[call_id] = frame
        return frame

    def note(self, call_id: str, message: Message) -> Exchange:
        """Learn of a message of a call."""
        key = (call_id, message.ends)
        known = self._transactions.get(key)
        if message.code is not None:
            return _answer(known, message)
        if message.method == "ACK":
            return _link(known, message)
        if known is None or known.number != message.number:
            if known is None and len(self._transactions) >= MAX_CALLS:
                self._transactions.popitem(last=False)
            self._transactions[key] = Transaction(message.number, message.method, message.frame, message.time)
            return Exchange()
        if known.method == message.method and not known.code:
            return Exchange(known.frame)
        known.frame, known.time = message.frame, message.time
        return Exchange()


def _answer(known: Transaction | None, message: Message) -> Exchange:
    if known is None or known.number != message.number or known.method != message.method:
        return Exchange()
    code = message.code or 0
    if known.code == code:
        return _link(known, message, known.response_frame)
    if known.code < 200:
        known.code, known.response_frame = code, message.frame
    return _link(known, message)


def _link(known: Transaction | None, message: Message, original: int | None = None) -> Exchange:
    if known is None or known.number != message.number:
        return Exchange(original)
    elapsed = _milliseconds(known.time, message.time)
    release = elapsed if message.method == "BYE" else None
    return Exchange(original, known.frame, elapsed, release)


def _milliseconds(start: int | None, end: int | None) -> int | None:
    """Elapsed milliseconds as Wireshark 4.4 counts: whole seconds apart from their fractions, each cut off."""
    if start is None or end is None:
        return None
    seconds = end // 10**9 - start // 10**9
    return max(seconds * 1000 + int((end % 10**9 - start % 10**9) / 10**6), 0)
