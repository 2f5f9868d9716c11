"""What the order of segments tells about a TCP connection: losses, retransmissions, windows, round-trip times.

In: the segments of a conversation in file order.  Out: `Findings` for each, the values under `tcp.analysis`.
What always holds: verdicts are those of Wireshark 4.4 (User's Guide, "TCP Analysis"; what the guide leaves open
was observed); a segment costs a bounded amount of work, and a flow keeps a bounded number of unacknowledged
segments.
"""

from __future__ import annotations

from collections import deque
from enum import IntFlag

from dfilter.packets.streams.sequence import SEQ_MASK, seq_diff
from dfilter.slotted import field, slotted

FIN, SYN, RST, PSH, ACK, URG = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20

FAST_RETRANSMISSION_NS = 20_000_000
"""A repeated segment this soon after the acknowledgement that asks for it is a fast retransmission."""

OUT_OF_ORDER_NS = 3_000_000
"""A late segment arrives at most this long after its successor, where the initial round-trip time is unknown."""

MAX_UNACKED = 4096
"""Segments of one flow remembered until they are acknowledged; beyond that the oldest are forgotten."""


class Verdict(IntFlag):
    """The judgements on one segment."""

    RETRANSMISSION = 1 << 0
    LOST_SEGMENT = 1 << 1
    ACK_LOST_SEGMENT = 1 << 2
    KEEP_ALIVE = 1 << 3
    DUPLICATE_ACK = 1 << 4
    ZERO_WINDOW = 1 << 5
    ZERO_WINDOW_PROBE = 1 << 6
    ZERO_WINDOW_PROBE_ACK = 1 << 7
    KEEP_ALIVE_ACK = 1 << 8
    OUT_OF_ORDER = 1 << 9
    FAST_RETRANSMISSION = 1 << 10
    WINDOW_UPDATE = 1 << 11
    WINDOW_FULL = 1 << 12
    REUSED_PORTS = 1 << 13
    SPURIOUS_RETRANSMISSION = 1 << 14


REPEATED = int(Verdict.RETRANSMISSION | Verdict.SPURIOUS_RETRANSMISSION | Verdict.FAST_RETRANSMISSION)

# The same as plain integers: operations on IntFlag cost a microsecond each.
_RETRANSMISSION, _LOST, _ACK_LOST = (
    int(Verdict.RETRANSMISSION),
    int(Verdict.LOST_SEGMENT),
    int(Verdict.ACK_LOST_SEGMENT),
)
_KEEP_ALIVE, _KEEP_ALIVE_ACK, _DUPLICATE = (
    int(Verdict.KEEP_ALIVE),
    int(Verdict.KEEP_ALIVE_ACK),
    int(Verdict.DUPLICATE_ACK),
)
_ZERO_WINDOW, _PROBE, _PROBE_ACK = (int(Verdict.ZERO_WINDOW), int(Verdict.ZERO_WINDOW_PROBE),
                                    int(Verdict.ZERO_WINDOW_PROBE_ACK))  # fmt: skip
_OUT_OF_ORDER, _FAST, _SPURIOUS = (int(Verdict.OUT_OF_ORDER), int(Verdict.FAST_RETRANSMISSION),
                                   int(Verdict.SPURIOUS_RETRANSMISSION))  # fmt: skip
_WINDOW_UPDATE, _WINDOW_FULL = int(Verdict.WINDOW_UPDATE), int(Verdict.WINDOW_FULL)


_Unacked = tuple[int, int, int, int]


@slotted(eq=True)
class Segment:
    """One TCP segment as the analysis sees it; sequence numbers absolute, `window` as in the header, time in ns.

    Attributes:
        sacked: (left, right) edges of its selective acknowledgements.
    """

    frame: int
    time: int
    seq: int
    ack: int
    flags: int
    length: int
    window: int
    sacked: tuple[tuple[int, int], ...] = ()

    @property
    def next_seq(self) -> int:
        """The sequence number after this segment: SYN and FIN count as one byte."""
        return (self.seq + self.length + (1 if self.flags & (SYN | FIN) else 0)) & SEQ_MASK


@slotted(eq=True)
class Findings:
    """What is found about one segment; 0 for what is not there. Times in ns.

    Attributes:
        considered: the analysis is shown even if it found nothing.
    """

    verdicts: int = 0
    ack_rtt: int = 0
    acks_frame: int = 0
    partial_ack: bool = False
    duplicate_number: int = 0
    duplicate_of: int = 0
    rto: int = 0
    rto_frame: int = 0
    bytes_in_flight: int = 0
    push_bytes: int = 0
    considered: bool = False

    @property
    def shown(self) -> bool:
        """Is there anything to show under `tcp.analysis`?"""
        return bool(self.verdicts or self.acks_frame or self.bytes_in_flight or self.considered)


@slotted
class FlowAnalysis:
    """What the analysis remembers of one direction; sequence numbers absolute, None while unknown.

    Attributes:
        next_seq: what a segment in order would start with; `advanced_at`, `advanced_by`: time and frame of the
            segment that first brought it so far.
        ack_limit: the highest number that the other side can acknowledge of what was captured without a gap.
        last_ack, last_ack_time, window: of the last segment sent in this direction.
        last_verdicts: of the last segment sent in this direction.
        unacked: (seq, next seq, frame, time), in order of arrival.
        data_to: where the data end that were sent, acknowledged or not; a FIN with them counts.
        in_flight_known: no segment is known to be missing since the last acknowledgement.
    """

    next_seq: int | None = None
    advanced_at: int = 0
    advanced_by: int = 0
    ack_limit: int | None = None
    last_ack: int | None = None
    last_ack_time: int = 0
    window: int | None = None
    last_verdicts: int = 0
    duplicates: int = 0
    first_of_duplicates: int = 0
    push_bytes: int = 0
    pushed: bool = False
    sacked: tuple[tuple[int, int], ...] = ()
    unacked: deque[_Unacked] = field(default_factory=deque)
    unacked_sorted: bool = True
    unacked_from: int = 0
    unacked_to: int = 0
    data_to: int | None = None
    in_flight_known: bool = True


def analyse(segment: Segment, flow: FlowAnalysis, other: FlowAnalysis, initial_rtt: int | None,
            other_factor: int) -> Findings:  # fmt: skip
    """Judge one segment and remember it.

    Args:
        flow, other: the direction it was sent in, and the opposite one.
        initial_rtt: of the connection, ns.
        other_factor: by what the other side's windows are multiplied, as `tcp.window_size_scalefactor`.
    """
    found = Findings()
    length, flags = segment.length, segment.flags
    verdicts = 0
    expected = flow.next_seq
    closing = flags & (SYN | FIN | RST)
    if expected is not None:
        ahead = seq_diff(segment.seq, expected)
        verdicts = _judge_data(segment, flow, other, ahead, other_factor)
        if not length and not closing:
            verdicts |= _judge_ack(segment, flow, other, ahead, found)
    if segment.window == 0 and not closing:
        verdicts |= _ZERO_WINDOW
    if flags & ACK and other.ack_limit is not None:
        beyond = seq_diff(segment.ack, other.ack_limit)
        if beyond > 0:
            other.ack_limit = _end_of_row(segment.ack, other)
            if beyond > 1 or not other.last_verdicts & _PROBE:
                verdicts |= _ACK_LOST
    if (length or flags & (SYN | FIN)) and not verdicts & _KEEP_ALIVE:
        verdicts |= _judge_repeated(segment, flow, other, initial_rtt, found)
    found.verdicts = verdicts
    _acknowledge(segment, flow, other, found)
    _remember(segment, flow, found)
    if length:
        _measure_flight(segment, flow, other, found)
    return found


def _judge_data(segment: Segment, flow: FlowAnalysis, other: FlowAnalysis, ahead: int, other_factor: int) -> int:
    """Probes, gaps, keep-alives and full windows; `ahead`: how far beyond the expected number it starts."""
    length, closing = segment.length, segment.flags & (SYN | FIN | RST)
    verdicts = 0
    if ahead == 0 and length == 1 and other.window == 0:
        verdicts = _PROBE
    elif ahead > 0 and not segment.flags & RST:
        verdicts = _LOST
    elif ahead == -1 and length <= 1 and not closing:
        verdicts = _KEEP_ALIVE
    if length and not closing and not verdicts & _PROBE and other.window is not None and other_factor != -1 \
            and other.last_ack is not None:  # fmt: skip
        limit = other.last_ack + other.window * max(other_factor, 1)
        if (segment.seq + length - limit) & SEQ_MASK == 0:
            verdicts |= _WINDOW_FULL
    return verdicts


def _judge_ack(segment: Segment, flow: FlowAnalysis, other: FlowAnalysis, ahead: int, found: Findings) -> int:
    """A segment without data, SYN, FIN or RST: what it says about the window, or says again."""
    if ahead != 0 or flow.last_ack is None:
        return 0
    window, probed = segment.window, bool(other.last_verdicts & _PROBE)
    if segment.ack != flow.last_ack:
        if probed and window == 0:
            return _PROBE_ACK
        return _WINDOW_UPDATE if probed and window != flow.window else 0
    if window == 0:
        return _PROBE_ACK if probed and flow.window == 0 else 0
    if window == flow.window and other.last_verdicts & _KEEP_ALIVE:
        return _KEEP_ALIVE_ACK
    if window != flow.window and not segment.sacked:
        return _WINDOW_UPDATE
    flow.duplicates += 1
    found.duplicate_number, found.duplicate_of = flow.duplicates, flow.first_of_duplicates
    return _DUPLICATE


def _judge_repeated(segment: Segment, flow: FlowAnalysis, other: FlowAnalysis, initial_rtt: int | None,
                    found: Findings) -> int:  # fmt: skip
    """Bytes that were due earlier: sent again, or overtaken on the way."""
    length = segment.length
    if other.last_ack is not None:
        if length and not segment.flags & SYN and seq_diff(segment.seq + length, other.last_ack) <= 0:
            return _SPURIOUS
        found.considered = seq_diff(segment.next_seq, other.last_ack) <= 0
    if flow.next_seq is None:
        return 0
    behind = seq_diff(flow.next_seq, segment.seq)
    if behind <= 0 or (behind == 1 and length > 1):
        return 0
    if other.duplicates >= 2 and _asked_for(segment, flow, other) \
            and 0 <= segment.time - other.last_ack_time < FAST_RETRANSMISSION_NS:  # fmt: skip
        return _FAST
    late = segment.time - flow.advanced_at
    threshold = OUT_OF_ORDER_NS if initial_rtt is None else initial_rtt
    if 0 <= late < threshold and not _was_sent(segment, flow):
        return _OUT_OF_ORDER
    _, _, found.rto_frame, sent = next((item for item in flow.unacked if seq_diff(item[0], segment.seq) >= 0),
                                       (0, 0, flow.advanced_by, flow.advanced_at))  # fmt: skip
    found.rto = segment.time - sent
    return _RETRANSMISSION


def _asked_for(segment: Segment, flow: FlowAnalysis, other: FlowAnalysis) -> bool:
    """Do the acknowledgements ask for this segment: is it the next one, or in a gap of the selective ones?"""
    if segment.seq == other.last_ack:
        return True
    later = False
    for left, right in flow.sacked:
        if seq_diff(left, segment.seq) <= 0 < seq_diff(right, segment.seq):
            return False
        later = later or seq_diff(left, segment.next_seq) >= 0
    return later


def _was_sent(segment: Segment, flow: FlowAnalysis) -> bool:
    """Do these bytes lie in one segment that is not acknowledged, or end where all data that were sent end?"""
    seq, end, next_seq = segment.seq, (segment.seq + segment.length) & SEQ_MASK, segment.next_seq
    if flow.data_to == next_seq:
        return True
    if flow.data_to == end and (segment.length or next_seq == flow.unacked_to):  # with a FIN, which may be all
        return True
    return any(seq_diff(start, seq) <= 0 <= seq_diff(stop, end) for start, stop, _, _ in flow.unacked)


def _end_of_row(seq: int, flow: FlowAnalysis) -> int:
    """Where the segments end that were sent one after the other from `seq` on and are not acknowledged."""
    for start, stop, _, _ in flow.unacked:
        if start == seq:
            seq = stop
    return seq


def _acknowledge(segment: Segment, flow: FlowAnalysis, other: FlowAnalysis, found: Findings) -> None:
    """What `segment` acknowledges of the other direction, and the round-trip time that this shows."""
    ack = segment.ack
    other.in_flight_known = True
    other.sacked = segment.sacked
    if other.last_verdicts & _PROBE and other.next_seq is not None and ack == (other.next_seq + 1) & SEQ_MASK:
        other.next_seq = ack  # the probing byte was taken after all
    if other.unacked and seq_diff(ack, other.unacked_from) > 0:
        item = _drop_acknowledged(other, ack)
        if item is not None:
            found.partial_ack = item[1] != ack
            found.ack_rtt, found.acks_frame = segment.time - item[3], item[2]
    if flow.last_ack is None or ack != flow.last_ack:
        flow.duplicates = 0
        flow.first_of_duplicates = segment.frame
    flow.last_ack = ack or None
    flow.last_ack_time = segment.time


def _drop_acknowledged(other: FlowAnalysis, ack: int) -> _Unacked | None:
    """Forget what is acknowledged, wholly or up to its middle; the first segment in or at whose end `ack` lies."""
    found = None
    kept: deque[_Unacked] = deque()
    unacked = other.unacked
    while unacked:
        item = unacked[0]
        beyond = seq_diff(item[1], ack)
        if beyond >= 0 and found is None and seq_diff(item[0], ack) < 0:
            found = item
        if beyond > 0:
            if other.unacked_sorted and seq_diff(item[0], ack) >= 0:
                break
            kept.append((ack, *item[1:]) if seq_diff(item[0], ack) < 0 else item)
        unacked.popleft()
    unacked.extendleft(reversed(kept))
    if not unacked:
        other.unacked_sorted = True
    elif other.unacked_sorted:
        other.unacked_from = unacked[0][0]
    else:
        other.unacked_from = min((item[0] for item in unacked), key=lambda seq: seq_diff(seq, ack))
    return found


def _remember(segment: Segment, flow: FlowAnalysis, found: Findings) -> None:
    """Keep what later segments are compared with."""
    verdicts, next_seq = found.verdicts, segment.next_seq
    flow.window = segment.window
    flow.last_verdicts = verdicts
    if verdicts & _LOST:
        flow.in_flight_known = False
    if flow.next_seq is None or (seq_diff(next_seq, flow.next_seq) > 0 and not verdicts & _PROBE):
        flow.next_seq = next_seq
        flow.advanced_at, flow.advanced_by = segment.time, segment.frame
    if segment.length and (flow.data_to is None or seq_diff(next_seq, flow.data_to) > 0):
        flow.data_to = next_seq
    if next_seq != segment.seq:
        _wait_for_ack(segment, next_seq, flow)
    if not verdicts & _PROBE and (flow.ack_limit is None or segment.seq == flow.ack_limit):
        flow.ack_limit = flow.next_seq


def _wait_for_ack(segment: Segment, next_seq: int, flow: FlowAnalysis) -> None:
    unacked = flow.unacked
    if not unacked:
        flow.unacked_from, flow.unacked_to = segment.seq, next_seq
    else:
        if seq_diff(segment.seq, unacked[-1][0]) < 0 or seq_diff(next_seq, unacked[-1][1]) < 0:
            flow.unacked_sorted = False
        if seq_diff(segment.seq, flow.unacked_from) < 0:
            flow.unacked_from = segment.seq
        if seq_diff(next_seq, flow.unacked_to) > 0:
            flow.unacked_to = next_seq
        if len(unacked) >= MAX_UNACKED:
            unacked.popleft()
    unacked.append((segment.seq, next_seq, segment.frame, segment.time))


def _measure_flight(segment: Segment, flow: FlowAnalysis, other: FlowAnalysis, found: Findings) -> None:
    """Bytes sent and not acknowledged, and bytes sent since the last push."""
    if not flow.in_flight_known:
        return
    in_flight = seq_diff(flow.unacked_to, flow.unacked_from) - (1 if segment.flags & (SYN | FIN) else 0)
    for left, right in flow.sacked:
        in_flight -= seq_diff(right, left)
    if flow.pushed:
        flow.push_bytes = 0
    flow.push_bytes += segment.length
    flow.pushed = bool(segment.flags & PSH)
    found.considered = True
    if in_flight > 0:
        found.bytes_in_flight, found.push_bytes = in_flight, flow.push_bytes
