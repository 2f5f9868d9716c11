"""The data of QUIC streams in order (RFC 9000 section 2.2), for the protocol that the connection has agreed on.

In: STREAM frames of decrypted packets.  Out: layers of HTTP/3, and notes on the packet about messages that were put
together.  What always holds: what is kept of a stream, and how many streams are, is bounded; what Wireshark 4.4 says of
pieces is reproduced: a frame that only begins a message does not name the one that ends it.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from operator import itemgetter

from dfilter.packets.protocols.http3 import Http3Connection, Result, dissect_http3
from dfilter.packets.protocols.quic_frames import StreamFrame
from dfilter.packets.protocols.quic_packets import Packet
from dfilter.packets.region import Region
from dfilter.packets.view import View
from dfilter.slotted import field, frozen, slotted

MAX_STREAMS = 10_000
"""Streams kept of a connection; the oldest are forgotten beyond that."""
MAX_WAITING = 16 * 1024 * 1024
"""Bytes of one message beyond which it is passed over."""
MAX_OPEN = 128 * 1024
"""Bytes of one message whose length is not known beyond which its stream is given up: each attempt reads all of it."""
MAX_PIECES = 65_536
"""Pieces of one message that are listed."""
MAX_GAPPED = 8
"""Messages of a stream that can wait at a time; those with gaps that nothing fills are forgotten."""
MAX_FINISHED = 64
"""Messages of a stream that are remembered as put together, so that repeated pieces of them are not taken for more."""
FIELDS = ("quic.fragments", "quic.fragment", "quic.fragment.overlap", "quic.fragment.count", "quic.reassembled.length",
          "quic.reassembled.data", "quic.reassembled_in")  # fmt: skip
"""What notes on streams show."""


@slotted
class Waiting:
    """A message that lacks its end.

    Attributes:
        start: offset of its first byte in the stream.
        wanted: its length, or a constant of the reassembly module.
        least: its length at least, as far as that is known; before that nothing is tried.
        pieces: (offset, frame) of each piece.
        named: (frame, offset) of the STREAM frames that name the frame with its end.
        later: offset -> what came before an earlier piece did; `later_bytes` of them.
        overlaps: how many pieces came before.
    """

    start: int
    data: bytearray
    wanted: int
    pieces: list[tuple[int, int]]
    least: int = 0
    named: list[tuple[int, int]] = field(default_factory=list)
    later: dict[int, bytes] = field(default_factory=dict)
    later_bytes: int = 0
    overlaps: int = 0

    @property
    def end(self) -> int:
        """Offset behind its last byte, or behind the last that is there where its length is not known."""
        return self.start + (self.wanted if self.wanted >= 0 else len(self.data) + 1)

    def take(self, offset: int, data: bytes, frame: int) -> None:
        """Add a piece, or keep it until the gap before it is filled."""
        if len(self.pieces) < MAX_PIECES:
            self.pieces.append((offset, frame))
        if offset == self.start + len(self.data):
            self.data += data
            while (kept := self.later.pop(self.start + len(self.data), None)) is not None:
                self.data += kept
        elif offset < self.start + len(self.data) or offset in self.later:
            self.overlaps += 1
        elif self.later_bytes + len(data) <= self.wanted and len(self.later) < MAX_PIECES:
            self.later[offset] = data
            self.later_bytes += len(data)


@slotted
class StreamHalf:
    """What one side sends on one stream.

    Attributes:
        next: offset of the first byte that has not come.
        waiting: messages that lack their ends; only the last can be without gaps.
        finished: (start, end, frame with the end) of messages that were put together.
        pass_over: offset up to which bytes belong to a message that is too long to keep.
        is_lost: nothing can be made of it any more.
        uni_type: the type of a stream that goes one way.
    """

    next: int = 0
    waiting: deque[Waiting] = field(default_factory=lambda: deque(maxlen=MAX_GAPPED))
    finished: deque[tuple[int, int, int]] = field(default_factory=lambda: deque(maxlen=MAX_FINISHED))
    pass_over: int = 0
    is_lost: bool = False
    uni_type: int | None = None


@slotted
class QuicStreams:
    """All streams of a connection."""

    http3: Http3Connection = field(default_factory=Http3Connection)
    _halves: OrderedDict[tuple[int, int], StreamHalf] = field(default_factory=OrderedDict)

    def half(self, number: int, side: int) -> StreamHalf:
        found = self._halves.get((number, side))
        if found is None:
            if len(self._halves) >= MAX_STREAMS:
                self._halves.popitem(last=False)
            found = self._halves[number, side] = StreamHalf()
        return found


@frozen
class Carrier:
    """The packet that brings a STREAM frame."""

    view: View
    packet: Packet
    streams: QuicStreams
    connection: int
    side: int
    frame: StreamFrame

    def key(self, offset: int) -> tuple[int, int, int, int]:
        """Which STREAM frame a note belongs to."""
        return self.connection, self.side, self.frame.number, offset


def deliver_stream(carrier: Carrier, payload: bytes) -> None:
    """Give the data of one STREAM frame to HTTP/3, with what waits for it."""
    frame, half = carrier.frame, carrier.streams.half(carrier.frame.number, carrier.side)
    offset, end = frame.offset, frame.offset + frame.length
    if offset < half.pass_over:
        half.next = max(half.next, min(end, half.pass_over))
        offset = half.next
    while offset < end and not half.is_lost:
        region = Region(payload, frame.at + offset - frame.offset, frame.at + frame.length)
        waiting = next((one for one in half.waiting if one.start <= offset < one.end), None)
        if waiting is not None:
            offset = _add(carrier, half, waiting, region, offset)
        elif offset >= half.next:  # with bytes missing before it, it is taken for a beginning (Wireshark 4.4)
            _begin(carrier, half, region, end, offset == frame.offset)
            offset = end
        else:
            offset = _repeat(carrier, half, region, end)
    half.next = max(half.next, end)


def _begin(carrier: Carrier, half: StreamHalf, region: Region, end: int, is_first: bool) -> None:
    """Dissect what begins here; a message that lacks its end waits."""
    result = _dissect(carrier, half, region)
    if not result.more:
        return
    rest = region.sub(result.done)
    start = end - rest.length
    wanted = _length(rest.length, result.more)
    waiting = Waiting(start, bytearray(rest.rest()), wanted, [(start, carrier.view.number)], result.least)
    if result.done and is_first:
        _name(carrier, waiting)
    _keep(half, waiting)


def _repeat(carrier: Carrier, half: StreamHalf, region: Region, end: int) -> int:
    """Data that came before: dissected once more, but for pieces of messages (Wireshark 4.4)."""
    offset = end - region.length
    for start, stop, last in half.finished:
        if start < offset < stop:
            carrier.packet.notes.append(("quic.reassembled_in", last))
            return end
    new = max(min(half.next, end), offset + 1)
    _dissect(carrier, half, region.sub(0, new - offset))
    return new


def _add(carrier: Carrier, half: StreamHalf, waiting: Waiting, region: Region, offset: int) -> int:
    """Add a piece to a message, and dissect that once it is whole; the offset behind the piece."""
    room = region.length if waiting.wanted < 0 else min(waiting.end - offset, region.length)
    waiting.take(offset, region.bytes(0, room), carrier.view.number)
    if len(waiting.data) < max(waiting.wanted, waiting.least):
        _name(carrier, waiting)
        return offset + room
    half.waiting.remove(waiting)
    whole = bytes(waiting.data)
    result = _dissect(carrier, half, Region(whole, 0, len(whole)))
    if result.more and not result.done:
        waiting.wanted, waiting.least = _length(len(whole), result.more), result.least
        _name(carrier, waiting)
        _keep(half, waiting)
        return offset + room
    _note_fragments(carrier, waiting, whole[: result.done])
    stop = waiting.start + result.done
    half.finished.append((waiting.start, stop, carrier.view.number))
    if result.more:
        rest = bytearray(whole[result.done :])
        wanted, first = _length(len(rest), result.more), [(stop, carrier.view.number)]
        _keep(half, Waiting(stop, rest, wanted, first, result.least))
    return offset + room


def _length(have: int, more: int) -> int:
    return more if more < 0 else have + more


def _dissect(carrier: Carrier, half: StreamHalf, region: Region) -> Result:
    result, half.uni_type = dissect_http3(carrier.view, region, carrier.streams.http3, carrier.side,
                                          carrier.frame.number, half.uni_type)  # fmt: skip
    carrier.packet.texts.setdefault(carrier.frame.at, []).extend(result.texts)
    return result


def _keep(half: StreamHalf, waiting: Waiting) -> None:
    """Let a message wait; give up what is too long to keep."""
    if waiting.wanted > MAX_WAITING:
        half.pass_over = waiting.end
    elif waiting.wanted < 0 and max(len(waiting.data), waiting.least) > MAX_OPEN:
        half.is_lost = True
        half.waiting.clear()
    else:
        half.waiting.append(waiting)


def _name(carrier: Carrier, waiting: Waiting) -> None:
    """Name the frame with the end of the message, if a first pass has seen it."""
    view, offset = carrier.view, carrier.frame.offset
    if len(waiting.named) < MAX_PIECES:
        waiting.named.append((view.number, offset))
    for key, last in view.session.foresight_for("quic.reassembled_in", view.number):
        if key == carrier.key(offset):
            carrier.packet.notes.append(("quic.reassembled_in", last))


def _note_fragments(carrier: Carrier, waiting: Waiting, whole: bytes) -> None:
    note, view = carrier.packet.notes.append, carrier.view
    note(("quic.fragments", None))
    for _, number in sorted(waiting.pieces, key=itemgetter(0)):
        note(("quic.fragment", number))
    for _ in range(waiting.overlaps):
        note(("quic.fragment.overlap", True))
    note(("quic.fragment.count", len(waiting.pieces)))
    note(("quic.reassembled.length", len(whole)))
    note(("quic.reassembled.data", whole))
    for number, offset in waiting.named:
        if number != view.number:
            view.session.foresee("quic.reassembled_in", number, (carrier.key(offset), view.number))
