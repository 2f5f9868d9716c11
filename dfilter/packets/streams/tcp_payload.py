"""From TCP segments to the protocols above.

In: one segment's payload, its place in the stream and the analysis' verdicts.  Out: calls of the right protocol on
whole messages, and the reassembly fields of the TCP layer.  What always holds: Wireshark 4.4's default preferences:
messages are put together across segments; segments sent again or out of order help to complete a message but are
not dissected themselves ("do not call subdissectors for error packets"), except fast retransmissions.
"""

from __future__ import annotations

from collections.abc import Iterator

from dfilter.packets.region import DissectionError, Region
from dfilter.packets.streams.analysis import REPEATED, Verdict
from dfilter.packets.streams.conversation import Conversation, Flow, Stream
from dfilter.packets.streams.reassembly import ONE_MORE_SEGMENT, UNTIL_FIN, Assembly, NeedMore
from dfilter.packets.streams.sequence import SEQ_MASK, seq_diff
from dfilter.packets.view import Layer, View

_AGAIN = REPEATED & ~int(Verdict.FAST_RETRANSMISSION)
_LATE = _AGAIN | int(Verdict.OUT_OF_ORDER)
_KEEP_ALIVE = int(Verdict.KEEP_ALIVE)

PDU_PROTOCOLS = frozenset({
    "bgp", "c1222", "dcerpc", "dnp3", "dns", "doip", "git", "http2", "kerberos", "ldap", "mongo", "mqtt", "mysql",
    "opcua", "openflow_v1", "openflow_v4", "openflow_v5", "openflow_v6", "pgsql", "rpkirtr", "tcpcl",
})  # fmt: skip
"""Protocols whose messages say their own length first: Wireshark shows it as `tcp.pdu.size` (observed)."""

_BEFORE_MESSAGES = frozenset({"http", "openflow"})
"""What can come before such messages without holding them: an upgrade, a name for several versions."""

MAX_ASSEMBLIES = 8
"""Messages in the making of one flow, apart by lost segments; beyond that the oldest is forgotten."""

MAX_LATE = 256
"""Segments listed that came again after their message was complete."""

MAX_FINISHED = 8
"""Completed messages of a flow remembered, so that segments sent again can name the frame they belong to."""


def dissect_segment(view: View, layer: Layer, stream: Stream, payload: Region, verdicts: int) -> None:
    """Give the payload of one segment to the protocol above, together with what waits for it."""
    flow, position = stream.flow, 0
    first, flow.carried = not flow.carried, True
    if verdicts & _KEEP_ALIVE:
        view.call_data(payload)
        return
    if first and verdicts & _LATE:
        if verdicts & Verdict.SPURIOUS_RETRANSMISSION:
            _dissect_direct(view, layer, stream, payload)
        return
    continued: Assembly | None = None
    while position < payload.length:
        seq = (stream.seq + position) & SEQ_MASK
        rest = payload.sub(position)
        whole = payload.length == payload.reported_length
        assembly = _waiting_for(flow, seq, rest.length, bool(verdicts & _LATE)) if whole else None
        if assembly is None:
            _dissect_alone(view, layer, stream.at(seq), rest, verdicts)
            return
        room = assembly.room(seq_diff(seq, assembly.seq))
        take = rest.length if room is None else min(room, rest.length)
        position += take
        if assembly.wanted == UNTIL_FIN and stream.finished:
            _hide_payload(layer, payload)
        else:
            _show_data(layer, rest, take, joined=assembly is continued)
        continued, known = assembly, assembly.have
        assembly.add(view.frame.number, seq, rest.buf[rest.start : rest.start + take])
        if assembly.oversized:
            _forget(flow, assembly)
            return
        if verdicts & _LATE and assembly.have == known:
            _announce(view, layer)
        elif assembly.complete(stream.finished):
            _forget(flow, assembly)
            _dissect_assembled(view, layer, stream, assembly, verdicts)
        else:
            _announce(view, layer)
            _grow(view, layer, assembly)


def _grow(view: View, layer: Layer, assembly: Assembly) -> None:
    """As far as one pass can tell, a message without a length ends in each frame that makes it longer."""
    if assembly.told is not None and assembly.told[2] and not view.session.is_second_pass:
        layer.add("tcp.reassembled_in", view.frame.number)
        view.tell(*assembly.told)


def _waiting_for(flow: Flow, seq: int, length: int, late: bool) -> Assembly | None:
    """The message in the making that a segment belongs to; the one that starts last, if several would take it."""
    return next((item for item in reversed(flow.assemblies) if item.takes(seq, length, late)), None)


def _forget(flow: Flow, assembly: Assembly) -> None:
    flow.assemblies = tuple(item for item in flow.assemblies if item is not assembly)


def finish(view: View, layer: Layer, stream: Stream, end: int) -> None:
    """The sender closed with FIN at the sequence number `end`: a message that lasts until then is complete."""
    waiting = (item for item in stream.flow.assemblies if item.wanted == UNTIL_FIN)
    assembly = next((item for item in waiting if not (item.seq + item.have - end) & SEQ_MASK), None)
    if assembly is None:
        return
    _forget(stream.flow, assembly)
    number = view.frame.number
    if assembly.segments[-1][0] != number:
        assembly.segments.append((number, assembly.have, 0))
    _dissect_assembled(view, layer, stream, assembly, 0)


def _show_data(layer: Layer, rest: Region, length: int, joined: bool = False) -> None:
    """Bytes that wait for the rest of their message; `joined`: they belong to the item before."""
    if joined:
        start, before = layer.spans["tcp.segment_data"].pop()
        layer.items["tcp.segment_data"].pop()
        rest, length = Region(rest.buf, start, rest.end), before + length
    layer.add("tcp.segment_data", rest.buf[rest.start : rest.start + length], rest.start, length)


def _hide_payload(layer: Layer, payload: Region) -> None:
    """Bytes that came with the FIN that ends their message: Wireshark shows neither `tcp.payload` nor segment data."""
    layer.state = (payload.sub(payload.length), layer.state[1])


def _dissect_alone(view: View, layer: Layer, stream: Stream, part: Region, verdicts: int) -> None:
    """A segment, or what is left of it, that no message in the making waits for. Of one that the capture cut nothing
    is put together; then spurious retransmissions count like any other segment (observed)."""
    whole = part.length == part.reported_length
    if verdicts & _AGAIN and (whole or not verdicts & Verdict.SPURIOUS_RETRANSMISSION):
        if whole:
            _show_data(layer, part, part.length)
        for start, stop, frame in stream.flow.finished:
            if seq_diff(start, stream.seq) < 0 < seq_diff(stop, stream.seq) and frame != view.frame.number:
                layer.add("tcp.reassembled_in", frame)
                _add_late(view, frame, seq_diff(stream.seq, start), part.length)
    elif not verdicts & Verdict.OUT_OF_ORDER:
        _dissect_direct(view, layer, stream, part)


def _add_late(view: View, completed_in: int, offset: int, length: int) -> None:
    """The completing frame lists segments sent again after it, too: it learns of them in a second pass."""
    session = view.session
    if session.needs.wants("tcp.segment", "tcp.segment.count", "tcp.segment.overlap"):
        late = session.foreseen.setdefault("tcp.segment", {}).setdefault(completed_in, [])
        if len(late) < MAX_LATE:
            late.append((view.frame.number, offset, length))


def _dissect_direct(view: View, layer: Layer, stream: Stream, part: Region) -> None:
    try:
        dissect_message(view, layer, stream, part)
    except NeedMore as need:
        waiting = part.sub(need.offset - part.start)
        wanted = need.count if need.count < 0 else waiting.length + need.count
        assembly = Assembly((stream.seq + need.offset - part.start) & SEQ_MASK, wanted)
        assembly.add(view.frame.number, assembly.seq, waiting.rest())
        _show_data(layer, waiting, waiting.length)
        if waiting.length == waiting.reported_length:
            _wait(view, layer, stream, assembly)


def _dissect_assembled(view: View, layer: Layer, stream: Stream, assembly: Assembly, verdicts: int) -> None:
    data = assembly.join()
    if verdicts & _LATE & ~Verdict.SPURIOUS_RETRANSMISSION:
        _add_reassembled(view, layer, stream, assembly, len(data))
        return
    try:
        dissect_message(view, layer, stream.at(assembly.seq), Region(data, 0, len(data)))
    except NeedMore as need:
        if need.offset == 0:
            assembly.wanted = need.count if need.count < 0 else len(data) + need.count
            _foresee_end(view, assembly)
            _wait(view, layer, stream, assembly)
            if not view.session.is_second_pass:
                layer.add("tcp.reassembled_in", view.frame.number)
            return
        wanted = need.count if need.count < 0 else len(data) - need.offset + need.count
        _add_reassembled(view, layer, stream, assembly, need.offset)
        _wait(view, layer, stream, assembly.tail(need.offset, wanted))
        return
    except DissectionError as error:
        view.damaged(error)
    _add_reassembled(view, layer, stream, assembly, len(data))


def _foresee_end(view: View, assembly: Assembly) -> None:
    """Should the message never be complete, its first frame names the last one that was added."""
    first, number = assembly.segments[0][0], view.frame.number
    if first != number:
        _withdraw(view, assembly)
        view.session.foresee("tcp.reassembled_in", first, number)
        assembly.announced = number


def _withdraw(view: View, assembly: Assembly) -> None:
    """What was foreseen as the end of a message was not."""
    ends = view.session.foreseen.get("tcp.reassembled_in", {}).get(assembly.segments[0][0], [])
    if assembly.announced in ends:
        ends.remove(assembly.announced)


def _wait(view: View, layer: Layer, stream: Stream, assembly: Assembly) -> None:
    if stream.finished and assembly.wanted == ONE_MORE_SEGMENT:
        return
    assembly.told = view.told[-1][1:] if view.told else None
    if not assembly.oversized:
        stream.flow.assemblies = (*stream.flow.assemblies[1 - MAX_ASSEMBLIES :], assembly)
    _announce(view, layer)


def _announce(view: View, layer: Layer) -> None:
    """The frame in which this segment's message is complete, once a first pass has found it."""
    shown = layer.items.get("tcp.reassembled_in", ())
    for frame in view.session.foresight_for("tcp.reassembled_in", view.frame.number):
        if frame not in shown:
            layer.add("tcp.reassembled_in", frame)


def _add_reassembled(view: View, layer: Layer, stream: Stream, assembly: Assembly, length: int) -> None:
    """The fields with which the completing frame shows the segments of its message."""
    number = view.frame.number
    if len(assembly.within(length)) < 2:
        return
    for late in view.session.foresight_for("tcp.segment", number):
        assembly.segments.append(late)
    segments = assembly.within(length)
    if layer.items.get("tcp.reassembled_in") == [number]:  # it seemed to wait for more
        del layer.items["tcp.reassembled_in"], layer.spans["tcp.reassembled_in"]
    stop = (assembly.seq + length) & SEQ_MASK
    stream.flow.finished = (*stream.flow.finished[1 - MAX_FINISHED :], (assembly.seq, stop, number))
    layer.add("tcp.segments", None)
    _withdraw(view, assembly)
    for frame, _, _ in segments:
        layer.add("tcp.segment", frame)
        if frame != number:
            view.session.foresee("tcp.reassembled_in", frame, number)
    for _ in range(assembly.overlaps(length)):
        layer.add("tcp.segment.overlap", True)
    if assembly.conflict:
        layer.add("tcp.segment.overlap.conflict", True)
    layer.add("tcp.segment.count", len(segments))
    layer.add("tcp.reassembled.length", length)
    layer.add("tcp.reassembled.data", assembly.join()[:length])


def dissect_message(view: View, layer: Layer, stream: Stream, region: Region) -> None:
    """Find the protocol of a conversation and dissect `region` as it; `data` where none is known."""
    view.stream = stream
    before = len(view.layers)
    try:
        if not _is_taken(view, stream, region):
            _demand_beginning(region)
            view.call_data(region)
    finally:
        view.stream = None
        for size in _pdu_sizes(view.layers[before:], region.buf):
            layer.add("tcp.pdu.size", size)


def _demand_beginning(region: Region) -> None:
    """What nobody recognises is no data either if the capture cut it before the bytes by which the reference's
    recognisers tell: some look at once where the segment is long enough on the wire (observed)."""
    for needed, shortest in ((4, 4), (8, 20)):
        if region.length < needed and region.reported_length >= shortest:
            region.need_all()


def _pdu_sizes(above: list[Layer], buf: bytes) -> Iterator[int]:
    """How long the messages are of a protocol that says so first: right above TCP, or inside TLS."""
    owner, before = "", ""
    for layer in above:
        name = layer.protocol.name
        if name in _BEFORE_MESSAGES:
            continue
        if not owner or (layer.buf is not buf and before == "tls"):
            owner, buf = name, layer.buf
        if name == owner and layer.buf is buf and name in PDU_PROTOCOLS and layer.end > layer.start:
            yield (layer.region.reported_end if layer.end == layer.region.end else layer.end) - layer.start
        before = name


def dissect_quoted(view: View, layer: Layer, payload: Region) -> None:
    """Dissect the payload of a segment that an ICMP error quotes: whole messages only, and nobody remembers them."""
    _, facts = layer.state
    known = facts.conversation
    shadow = Conversation(known.index, known.ends, known.client, known.first_time, known.previous_time)
    shadow.completeness, shadow.protocol = known.completeness, known.protocol
    outer = view.stream
    try:
        dissect_message(view, layer, Stream(shadow, facts.sender, False, facts.seq), payload)
    except NeedMore:
        return
    finally:
        view.stream = outer


def _ports(view: View, stream: Stream) -> list[int]:
    """Where a SYN was seen, only the port that it was sent to counts; else the lower, then the higher (observed)."""
    server_port = stream.conversation.server_port
    return sorted(view.ports) if server_port is None else [server_port]


def _is_taken(view: View, stream: Stream, region: Region) -> bool:
    """Dissect as the protocol that claimed the conversation, else as one for which it was announced, else by its ports
    and its bytes; whether one took it."""
    claimed = stream.conversation.protocol
    if claimed is not None and view.ask(claimed, region) is not False:
        return True
    return view.is_recognised("tcp.announced", region) or view.is_taken("tcp", _ports(view, stream), region)
