"""From TCP segments to the protocols above.

In: one segment's payload and its place in the stream.  Out: calls of the right protocol on whole messages, and
the reassembly fields of the TCP layer.  Wireshark's defaults: messages are put together across segments, in the
order of the stream; retransmitted and out-of-order segments are not dissected again.
"""

from __future__ import annotations

from dfilter.packets.declare import Protocol
from dfilter.packets.region import DissectionError, Region
from dfilter.packets.streams.analysis import REPEATED, Verdict
from dfilter.packets.streams.conversation import Stream
from dfilter.packets.streams.reassembly import ONE_MORE_SEGMENT, UNTIL_FIN, Assembly, NeedMore
from dfilter.packets.streams.sequence import SEQ_MASK
from dfilter.packets.view import Layer, View

OUT_OF_ORDER, FAST = int(Verdict.OUT_OF_ORDER), int(Verdict.FAST_RETRANSMISSION)


def dissect_segment(view: View, layer: Layer, stream: Stream, payload: Region, verdicts: int) -> None:
    """Give the payload of one segment to the protocol above, together with what waits for it."""
    if verdicts & OUT_OF_ORDER:
        return
    if verdicts & REPEATED & ~FAST:
        layer.add("tcp.segment_data", payload.rest(), payload.start, payload.length)
        return
    flow = stream.flow
    position = 0
    frame = view.frame.number
    while position < payload.length:
        seq = (stream.seq + position) & SEQ_MASK
        assembly = flow.assembly
        if assembly is None or not assembly.takes(seq):
            part = payload.sub(position)
            _dissect_direct(view, layer, Stream(stream.conversation, stream.sender, stream.finished, seq), part)
            return
        room = assembly.room(((seq - assembly.seq) & SEQ_MASK))
        take = payload.length - position if room is None else min(room, payload.length - position)
        assembly.add(frame, seq, payload.buf[payload.start + position : payload.start + position + take])
        position += take
        layer.add("tcp.segment_data", payload.buf[payload.start + position - take : payload.start + position],
                  payload.start + position - take, take)  # fmt: skip
        if assembly.oversized:
            flow.assembly = None
            return
        if assembly.complete(stream.finished):
            flow.assembly = None
            _dissect_assembled(view, layer, stream, assembly)
        else:
            _announce(view, layer)


def finish(view: View, layer: Layer, stream: Stream) -> None:
    """The sender closed: a message that lasts until then is complete."""
    assembly = stream.flow.assembly
    if assembly is not None and assembly.wanted == UNTIL_FIN:
        stream.flow.assembly = None
        _dissect_assembled(view, layer, stream, assembly)


def _dissect_direct(view: View, layer: Layer, stream: Stream, part: Region) -> None:
    try:
        dissect_message(view, stream, part)
    except NeedMore as need:
        offset = need.offset - part.start
        waiting = part.rest(offset)
        wanted = need.count if need.count < 0 else len(waiting) + need.count
        assembly = Assembly((stream.seq + offset) & SEQ_MASK, wanted)
        assembly.add(view.frame.number, assembly.seq, waiting)
        layer.add("tcp.segment_data", waiting, need.offset, len(waiting))
        _wait(view, layer, stream, assembly)


def _dissect_assembled(view: View, layer: Layer, stream: Stream, assembly: Assembly) -> None:
    data = assembly.join()
    whole = Stream(stream.conversation, stream.sender, stream.finished, assembly.seq)
    try:
        dissect_message(view, whole, Region(data, 0, len(data)))
    except NeedMore as need:
        if need.offset == 0:
            assembly.wanted = need.count if need.count < 0 else len(data) + need.count
            _wait(view, layer, stream, assembly)
            return
        wanted = need.count if need.count < 0 else len(data) - need.offset + need.count
        _add_reassembled(view, layer, assembly, need.offset)
        _wait(view, layer, stream, assembly.tail(need.offset, (assembly.seq + need.offset) & SEQ_MASK, wanted))
        return
    except DissectionError as error:
        view.damaged(error)
    _add_reassembled(view, layer, assembly, len(data))


def _wait(view: View, layer: Layer, stream: Stream, assembly: Assembly) -> None:
    if stream.finished and assembly.wanted in (UNTIL_FIN, ONE_MORE_SEGMENT):
        return
    stream.flow.assembly = None if assembly.oversized else assembly
    _announce(view, layer)


def _announce(view: View, layer: Layer) -> None:
    """The frame in which this segment's message is complete, once a first pass has found it."""
    for frame in view.session.foresight_for("tcp.reassembled_in", view.frame.number):
        if frame not in layer.items.get("tcp.reassembled_in", ()):
            layer.add("tcp.reassembled_in", frame)


def _add_reassembled(view: View, layer: Layer, assembly: Assembly, length: int) -> None:
    """The fields with which the completing frame shows the segments of its message."""
    segments = [part for part in assembly.segments if part[1] < length]
    if len(segments) < 2:
        return
    layer.add("tcp.segments", None)
    for frame, _, _ in segments:
        layer.add("tcp.segment", frame)
        if frame != view.frame.number:
            view.session.foresee("tcp.reassembled_in", frame, view.frame.number)
    layer.add("tcp.segment.count", len(segments))
    layer.add("tcp.reassembled.length", length)
    layer.add("tcp.reassembled.data", assembly.join()[:length])


def dissect_message(view: View, stream: Stream, region: Region) -> None:
    """Find the protocol of a conversation and dissect `region` as it; `data` where none is known."""
    view.stream = stream
    try:
        for protocol in _candidates(view, stream, region):
            if view.call(protocol, region) is not False:
                return
        view.call_data(region)
    finally:
        view.stream = None


def _candidates(view: View, stream: Stream, region: Region) -> list[Protocol]:
    """The protocols to try: the one that claimed the conversation, the ports' (lower first), the rest."""
    claimed = stream.conversation.protocol
    if claimed is not None:
        return [claimed]
    by_port = [view.lookup("tcp.port", port) for port in sorted(view.ports)]
    found = [protocol for protocol in by_port if protocol is not None]
    for candidate in view.session.catalogue.heuristics.get("tcp", ()):
        if candidate.heuristics["tcp"](view, region):
            found.append(candidate)
    return found
