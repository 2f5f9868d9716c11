"""The data of QUIC streams in order (RFC 9000 section 2.2), for the protocol that the connection has agreed on.

In: STREAM frames of decrypted packets.  Out: layers of HTTP/3, and notes on the packet about messages that were put
together.  What always holds: what is kept of a stream, and how many streams are, is bounded; what Wireshark 4.4 says of
pieces is reproduced: a frame that only begins a message does not name the one that ends it.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field

from dfilter.packets.protocols.http3 import Http3Connection, Result, dissect_http3
from dfilter.packets.protocols.quic_frames import StreamFrame
from dfilter.packets.protocols.quic_packets import Packet
from dfilter.packets.region import Region
from dfilter.packets.view import View

MAX_STREAMS = 10_000
"""Streams kept of a connection; the oldest are forgotten beyond that."""
MAX_WAITING = 16 * 1024 * 1024
"""Bytes of one message beyond which it is passed over."""
MAX_OPEN = 128 * 1024
"""Bytes of one message whose length is not known beyond which its stream is given up: each attempt reads all of it."""
MAX_PIECES = 65_536
"""Pieces of one message that are listed."""
MAX_FINISHED = 64
"""Messages of a stream that are remembered as put together, so that repeated pieces of them are not taken for more."""
FIELDS = ("quic.fragments", "quic.fragment", "quic.fragment.count", "quic.reassembled.length", "quic.reassembled.data",
          "quic.reassembled_in")  # fmt: skip
"""What notes on streams show."""


@dataclass(slots=True, eq=False)
class Waiting:
    """A message that lacks its end.

    Attributes:
        start: offset of its first byte in the stream.
        wanted: its length, or a constant of the reassembly module.
        pieces: the frame of each piece, in order of offset.
        named: (frame, offset) of the STREAM frames that name the frame with its end.
        later: offset -> what came before an earlier piece did, and its frame; `later_bytes` of them.
    """

    start: int
    data: bytearray
    wanted: int
    pieces: list[int]
    named: list[tuple[int, int]] = field(default_factory=list)
    later: dict[int, tuple[bytes, int]] = field(default_factory=dict)
    later_bytes: int = 0

    def keep(self, offset: int, data: bytes, frame: int) -> None:
        """Keep a piece until the gap before it is filled."""
        if offset not in self.later and self.later_bytes + len(data) <= self.wanted and len(self.later) < MAX_PIECES:
            self.later[offset] = data, frame
            self.later_bytes += len(data)


@dataclass(slots=True, eq=False)
class StreamHalf:
    """What one side sends on one stream.

    Attributes:
        next: offset of the first byte that has not come.
        finished: offsets of the first byte of, and behind, messages that were put together.
        pass_over: offset up to which bytes belong to a message that is too long to keep.
    """

    next: int = 0
    waiting: Waiting | None = None
    pass_over: int = 0
    is_lost: bool = False
    finished: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=MAX_FINISHED))
    uni_type: int | None = None


@dataclass(slots=True, eq=False)
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


@dataclass(frozen=True, slots=True)
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
    if half.is_lost or not frame.length:
        return
    stop = frame.at + frame.length
    if frame.offset + frame.length <= half.next:
        _repeat(carrier, half, Region(payload, frame.at, stop))
        return
    if frame.offset > half.next:
        waiting = half.waiting
        if waiting is not None and frame.offset < waiting.start + waiting.wanted:
            waiting.keep(frame.offset, payload[frame.at : stop], carrier.view.number)
            _name(carrier, waiting)
            return
        half.waiting, half.next = None, frame.offset  # bytes are missing: go on with what is there (Wireshark 4.4)
    at = min(frame.at + max(half.next, half.pass_over) - frame.offset, stop)
    half.next = frame.offset + frame.length
    is_first = True
    while at < stop and not half.is_lost:
        at = _step(carrier, half, Region(payload, at, stop), is_first)
        is_first = False


def _repeat(carrier: Carrier, half: StreamHalf, region: Region) -> None:
    """Data that came before: dissected once more, but for pieces of messages (Wireshark 4.4)."""
    offset, waiting = carrier.frame.offset, half.waiting
    if waiting is not None and waiting.start <= offset:
        _name(carrier, waiting)
    elif not any(first < offset < end for first, end in half.finished):
        _dissect(carrier, half, region)


def _step(carrier: Carrier, half: StreamHalf, region: Region, is_first: bool) -> int:
    """Dissect what is there, or add it to what waits; where the next step begins."""
    waiting = half.waiting
    if waiting is None:
        result = _dissect(carrier, half, region)
        if result.more:
            _wait(carrier, half, region.sub(result.done), result, result.done > 0 and is_first)
        return region.end
    room = region.length if waiting.wanted < 0 else min(waiting.wanted - len(waiting.data), region.length)
    waiting.data += region.bytes(0, room)
    waiting.pieces.append(carrier.view.number)
    rest = _fill_gaps(half, waiting)
    if len(waiting.data) < waiting.wanted:
        _name(carrier, waiting)
        return region.end
    half.waiting = None
    whole = bytes(waiting.data)
    result = _dissect(carrier, half, Region(whole, 0, len(whole)))
    if result.more and not result.done:
        waiting.wanted = _length(len(whole), result.more)
        half.waiting = waiting
        _bound(half, waiting)
    else:
        _note_fragments(carrier, waiting, whole[: result.done])
        half.finished.append((waiting.start, waiting.start + result.done))
        if result.more:
            _wait(carrier, half, Region(whole, result.done, len(whole)), result, False)
    if rest:
        half.next += len(rest)
        _step(carrier, half, Region(rest, 0, len(rest)), False)
    return region.start + room


def _fill_gaps(half: StreamHalf, waiting: Waiting) -> bytes:
    """Add the pieces that came too early and have no gap before them any more; what the last has beyond the message."""
    rest = b""
    while waiting.later and not rest:
        kept = waiting.later.pop(waiting.start + len(waiting.data), None)
        if kept is None:
            break
        data, frame = kept
        room = waiting.wanted - len(waiting.data)
        waiting.data += data[:room]
        waiting.pieces.append(frame)
        half.next, rest = waiting.start + len(waiting.data), data[room:]
    return rest


def _length(have: int, more: int) -> int:
    return more if more < 0 else have + more


def _dissect(carrier: Carrier, half: StreamHalf, region: Region) -> Result:
    result, half.uni_type = dissect_http3(carrier.view, region, carrier.streams.http3, carrier.side,
                                          carrier.frame.number, half.uni_type)  # fmt: skip
    carrier.packet.texts.setdefault(carrier.frame.at, []).extend(result.texts)
    return result


def _wait(carrier: Carrier, half: StreamHalf, rest: Region, result: Result, is_named: bool) -> None:
    """Keep the beginning of a message, which ends with the last byte that has come."""
    start = half.next - rest.length
    half.waiting = Waiting(start, bytearray(rest.rest()), _length(rest.length, result.more), [carrier.view.number])
    if is_named:
        _name(carrier, half.waiting)
    _bound(half, half.waiting)


def _bound(half: StreamHalf, waiting: Waiting) -> None:
    """Give up what is too long to keep."""
    if waiting.wanted > MAX_WAITING:
        half.pass_over = half.next + waiting.wanted - len(waiting.data)
        half.waiting = None
    elif waiting.wanted < 0 and len(waiting.data) > MAX_OPEN:
        half.is_lost, half.waiting = True, None


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
    for number in waiting.pieces:
        note(("quic.fragment", number))
    note(("quic.fragment.count", len(waiting.pieces)))
    note(("quic.reassembled.length", len(whole)))
    note(("quic.reassembled.data", whole))
    for number, offset in waiting.named:
        if number != view.number:
            view.session.foresee("quic.reassembled_in", number, (carrier.key(offset), view.number))
