"""What is known of a TCP segment beyond its own header: its conversation, relative numbers, times, analysis.

In: a segment and the conversations of the session.  Out: `Facts`, and the fields that show them.  What always
holds: the conversation is updated once, in file order, by `Tracker.track`; `add_facts` only shows.
"""

from __future__ import annotations

from dfilter.packets.protocols.tcp_options import sack_edges, window_shift
from dfilter.packets.region import Region
from dfilter.packets.session import Session
from dfilter.packets.streams import completeness
from dfilter.packets.streams.analysis import (
    ACK,
    FIN,
    SYN,
    Findings,
    FlowAnalysis,
    Segment,
    Verdict,
    analyse,
)  # fmt: skip
from dfilter.packets.streams.conversation import UNSCALED, Conversation, Conversations, note_flags
from dfilter.packets.streams.sequence import SEQ_MASK, seq_diff
from dfilter.packets.view import Layer, View
from dfilter.slotted import slotted

FACT_FIELDS = """
    tcp.stream                  UINT32
    tcp.stream.pnum             UINT32
    tcp.seq                     UINT32
    tcp.ack                     UINT32
    tcp.nxtseq                  UINT32
    tcp.window_size             UINT32
    tcp.window_size_scalefactor INT32
    tcp.time_relative           RELATIVE_TIME
    tcp.time_delta              RELATIVE_TIME
    tcp.connection.fin_active   NONE
    tcp.connection.fin_passive  NONE
    tcp.analysis                NONE
    tcp.analysis.flags          NONE
    tcp.analysis.ack_rtt        RELATIVE_TIME
    tcp.analysis.acks_frame     FRAMENUM
    tcp.analysis.partial_ack    NONE
    tcp.analysis.rto            RELATIVE_TIME
    tcp.analysis.rto_frame      FRAMENUM
    tcp.analysis.bytes_in_flight UINT32
    tcp.analysis.push_bytes_sent UINT32
    tcp.analysis.duplicate_ack_num UINT32
    tcp.analysis.duplicate_ack_frame FRAMENUM
    tcp.analysis.retransmission NONE
    tcp.analysis.fast_retransmission NONE
    tcp.analysis.spurious_retransmission NONE
    tcp.analysis.out_of_order   NONE
    tcp.analysis.lost_segment   NONE
    tcp.analysis.ack_lost_segment NONE
    tcp.analysis.duplicate_ack  NONE
    tcp.analysis.keep_alive     NONE
    tcp.analysis.keep_alive_ack NONE
    tcp.analysis.zero_window    NONE
    tcp.analysis.zero_window_probe NONE
    tcp.analysis.zero_window_probe_ack NONE
    tcp.analysis.window_update  NONE
    tcp.analysis.window_full    NONE
    tcp.analysis.reused_ports   NONE
    tcp.analysis.tfo_syn        NONE
    tcp.analysis.tfo_ack        NONE
    tcp.analysis.tfo_ignored    NONE
    tcp.segment_data            BYTES
    tcp.segments                NONE
    tcp.segment.overlap.conflict BOOLEAN
    tcp.reassembled.length      UINT32
    tcp.reassembled.data        BYTES
    tcp.pdu.size                UINT32
"""

LOOK_AHEAD_FIELDS = (
    ("tcp.reassembled_in", "FRAMENUM"),
    ("tcp.segment", "FRAMENUM"),
    ("tcp.segment.count", "UINT32"),
    ("tcp.segment.overlap", "BOOLEAN"),
    ("tcp.analysis.initial_rtt", "RELATIVE_TIME"),
    ("tcp.completeness", "UINT8"),
    ("tcp.completeness.rst", "BOOLEAN"),
    ("tcp.completeness.fin", "BOOLEAN"),
    ("tcp.completeness.data", "BOOLEAN"),
    ("tcp.completeness.ack", "BOOLEAN"),
    ("tcp.completeness.syn-ack", "BOOLEAN"),
    ("tcp.completeness.syn", "BOOLEAN"),
    ("tcp.completeness.str", "STRING"),
)

_VERDICT_NAMES = {verdict: "tcp.analysis." + (verdict.name or "").lower() for verdict in Verdict}
_SUPERSETS = Verdict.FAST_RETRANSMISSION | Verdict.SPURIOUS_RETRANSMISSION
_INITIAL_RTT = "tcp.analysis.initial_rtt"
_ANALYSIS_NAMES = tuple(line.split()[0] for line in FACT_FIELDS.split("\n") if "tcp.analysis" in line)


@slotted(eq=True)
class Facts:
    """What is known of one segment; `findings` and `completeness` are None where nobody asked for them.

    Attributes:
        measured: its length is known.
    """

    conversation: Conversation
    sender: int
    number: int
    seq: int
    next_seq: int
    base: int
    ack_base: int
    scale: int
    time_relative: int
    time_delta: int
    completeness: int | None
    initial_rtt: int | None
    fin_active: bool
    measured: bool
    findings: Findings | None

    @property
    def verdicts(self) -> int:
        return self.findings.verdicts if self.findings is not None else 0


REASSEMBLY_NAMES = tuple(name for name in (*(line.split()[0] for line in FACT_FIELDS.splitlines() if line),
                                           *(name for name, _ in LOOK_AHEAD_FIELDS))
                         if name.startswith(("tcp.segment", "tcp.reassembled", "tcp.pdu")))  # fmt: skip
_WHOLE_HEADER = 20
"""Bytes of a header without options."""
_SCALE_OPTION = b"\x03\x03"


class Tracker:
    """The TCP conversations of a session, and how much of them it needs to follow.

    Attributes:
        dissects: something above TCP is wanted, be it for how its messages are put together.
        ports: where what is wanted can only lie behind certain ports, these; None where it can lie behind any.
        analyses: what `tcp.analysis` shows is wanted, or `dissects`, which depends on it.
        foresees: the final completeness of each conversation is wanted.
    """

    def __init__(self, session: Session) -> None:
        needs = session.needs
        self.conversations = Conversations()
        above = session.catalogue.successors["tcp"] & needs.reachable
        self.dissects = bool(above)
        self.ports = _only_ports(session, above)
        self.analyses = self.dissects or needs.wants(_INITIAL_RTT, *_ANALYSIS_NAMES)
        self.foresees = needs.wants(*completeness.NAMES)

    def track(self, view: View, region: Region, payload_length: int | None) -> Facts:
        """Note a segment in its conversation; `payload_length` in bytes, None if unknown: then it is not analysed."""
        length = payload_length or 0
        buf, start = region.buf, region.start
        seq = int.from_bytes(buf[start + 4 : start + 8], "big")
        ack = int.from_bytes(buf[start + 8 : start + 12], "big")
        flags, time = buf[start + 13], view.frame.time or 0
        conversation, sender, reused = self.conversations.find(view.addresses, view.ports, seq, flags, time)
        flow, other = conversation.flows[sender], conversation.flows[1 - sender]
        before = conversation.previous_time
        conversation.previous_time = time
        conversation.packets += 1
        known_rtt = conversation.initial_rtt
        note_flags(conversation, sender, flags, seq, ack, time)
        if flags & SYN:
            cut = region.length < (buf[start + 12] >> 4) * 4
            flow.window_shift = window_shift(region, flow.window_shift if cut else UNSCALED)
        elif buf[start + 12] > 0x5F and _SCALE_OPTION in buf[start + 20 : min(start + 60, region.end)]:
            flow.window_shift = window_shift(region, flow.window_shift)  # of a scanner's probe
        bits = conversation.completeness
        if buf[start + 12] > 0x4F:  # dissection ends before this where a header is shorter than it can be
            bits = completeness.updated(bits, flags, length)
        if bits != conversation.completeness:
            conversation.completeness = bits
            if self.foresees:
                completeness.foresee(view.session, conversation.index, bits)
        findings = None
        if self.analyses and payload_length is not None:
            findings = self._analyse(view, region, conversation, sender, seq, ack, length)
            if reused:
                findings.verdicts |= int(Verdict.REUSED_PORTS)
            if known_rtt is None and conversation.initial_rtt is not None:
                view.session.foresee(_INITIAL_RTT, conversation.index, conversation.initial_rtt)
        next_seq = (seq + length + (1 if flags & (SYN | FIN) else 0)) & SEQ_MASK
        if flow.next_seq is None or seq_diff(next_seq, flow.next_seq) > 0:
            flow.next_seq = next_seq
        assert flow.base is not None
        return Facts(conversation, sender, conversation.packets, seq, next_seq, flow.base, other.base or 0,
                     conversation.window_factor(sender), time - conversation.first_time, time - before,
                     conversation.completeness if self.foresees else None, conversation.initial_rtt,
                     bool(flags & FIN) and conversation.first_fin == sender,
            payload_length is not None, findings)  # fmt: skip

    def track_quoted(self, view: View, region: Region) -> Facts:
        """Note a segment that an ICMP error quotes: as in Wireshark 4.4 it counts in its conversation, which it may
        even begin, and its numbers are shown as they are; they do not tell where the conversation's own start."""
        buf, start = region.buf, region.start
        seq = int.from_bytes(buf[start + 4 : start + 8], "big")
        flags, time = buf[start + 13], view.frame.time or 0
        conversation, sender, _ = self.conversations.find(view.addresses, view.ports, seq, flags, time)
        before, conversation.previous_time = conversation.previous_time, time
        conversation.packets += 1
        if flags & FIN and conversation.first_fin is None:
            conversation.first_fin = sender
        if flags & SYN:
            conversation.flows[sender].window_shift = window_shift(region, UNSCALED)
        conversation.completeness = completeness.updated(conversation.completeness, flags, 0)
        if self.foresees:
            completeness.foresee(view.session, conversation.index, conversation.completeness)
        return Facts(conversation, sender, conversation.packets, seq, seq, 0, 0, conversation.window_factor(sender),
                     time - conversation.first_time, time - before,
                     conversation.completeness if self.foresees else None, None,
                     bool(flags & FIN) and conversation.first_fin == sender, False, None)  # fmt: skip

    def _analyse(self, view: View, region: Region, conversation: Conversation, sender: int, seq: int, ack: int,
                 length: int) -> Findings:  # fmt: skip
        buf, start = region.buf, region.start
        flow, other = conversation.flows[sender], conversation.flows[1 - sender]
        if flow.analysis is None:
            flow.analysis = FlowAnalysis()
        if other.analysis is None:
            other.analysis = FlowAnalysis()
        sacked = sack_edges(region) if buf[start + 12] > 0x5F else ()
        segment = Segment(view.frame.number, view.frame.time or 0, seq, ack, buf[start + 13], length,
                          buf[start + 14] << 8 | buf[start + 15], sacked)  # fmt: skip
        return analyse(segment, flow.analysis, other.analysis, conversation.initial_rtt,
                       conversation.window_factor(1 - sender))  # fmt: skip


def _only_ports(session: Session, above: frozenset[str]) -> frozenset[int] | None:
    """The ports of protocols right above TCP of which all that are wanted are found by their ports alone."""
    if session.decodes_as_told:
        return None
    owners = session.catalogue.tables.get("tcp.port", {})
    by_port = {port for port, protocol in owners.items() if protocol.name in above}
    recognised = session.catalogue.heuristics
    others = {protocol.name for table in ("tcp", "tcp.announced") for protocol in recognised.get(table, ())}
    if not above.isdisjoint(others) or not above <= {protocol.name for protocol in owners.values()}:
        return None
    return frozenset(by_port)


def add_place(layer: Layer, facts: Facts) -> None:
    """Show the segment's place in its conversation."""
    layer.add("tcp.stream", facts.conversation.index)
    layer.add("tcp.stream.pnum", facts.number)
    layer.add("tcp.seq", (facts.seq - facts.base) & SEQ_MASK, layer.start + 4, 4)
    if facts.completeness is not None:
        foreseen = layer.view.session.foresight_for(completeness.FIELD, facts.conversation.index)
        completeness.add_fields(layer, foreseen[0] if foreseen else facts.completeness)


def add_facts(layer: Layer, facts: Facts) -> None:
    """Show what was found."""
    start, add, region = layer.start, layer.add, layer.region
    flags = region.u8(13)
    add_place(layer, facts)
    if facts.measured:
        add("tcp.nxtseq", (facts.next_seq - facts.base) & SEQ_MASK)
    ack = region.u32(8)
    add("tcp.ack", (ack - facts.ack_base) & SEQ_MASK if flags & ACK else ack, start + 8, 4)
    if region.length >= _WHOLE_HEADER:
        add("tcp.time_relative", facts.time_relative)
        add("tcp.time_delta", facts.time_delta)
    if flags & FIN:
        add("tcp.connection.fin_active" if facts.fin_active else "tcp.connection.fin_passive", None, start + 13, 1)
    _add_window(layer, facts, flags, region.u16(14))
    if facts.findings is not None and region.length >= (region.u8(12) >> 4) * 4:
        _add_findings(layer, facts, facts.findings)


def _add_window(layer: Layer, facts: Facts, flags: int, window: int) -> None:
    """The window in bytes, and its scale: -1 unknown, -2 not scaled; a SYN's window is never scaled (RFC 7323),
    and, as Wireshark 4.4 has it, none of a segment that ends before its header does."""
    at, factor = layer.start + 14, facts.scale
    if flags & SYN:
        layer.add("tcp.window_size", window, at, 2)
        return
    whole = layer.region.reported_length >= (layer.region.u8(12) >> 4) * 4
    layer.add("tcp.window_size", window * max(factor, 1) if whole else window, at, 2)
    layer.add("tcp.window_size_scalefactor", factor, at, 2)


def _add_findings(layer: Layer, facts: Facts, found: Findings) -> None:
    if not found.shown:
        return
    add = layer.add
    add("tcp.analysis", None)
    if found.acks_frame:
        add("tcp.analysis.acks_frame", found.acks_frame)
        if found.ack_rtt:
            add("tcp.analysis.ack_rtt", found.ack_rtt)
        if found.partial_ack:
            add("tcp.analysis.partial_ack", None)
    known = layer.view.session.foresight_for(_INITIAL_RTT, facts.conversation.index)
    initial_rtt = known[0] if known else facts.initial_rtt
    if initial_rtt is not None:
        add(_INITIAL_RTT, initial_rtt)
    if found.bytes_in_flight:
        add("tcp.analysis.bytes_in_flight", found.bytes_in_flight)
    if found.push_bytes:
        add("tcp.analysis.push_bytes_sent", found.push_bytes)
    if found.verdicts:
        _add_verdicts(layer, found)


def _add_verdicts(layer: Layer, found: Findings) -> None:
    add, verdicts = layer.add, found.verdicts
    add("tcp.analysis.flags", None)
    for verdict, name in _VERDICT_NAMES.items():
        if verdicts & verdict or (verdict is Verdict.RETRANSMISSION and verdicts & _SUPERSETS):
            add(name, None)
    if found.rto:
        add("tcp.analysis.rto", found.rto)
        add("tcp.analysis.rto_frame", found.rto_frame)
    if found.duplicate_number:
        add("tcp.analysis.duplicate_ack", None)
        add("tcp.analysis.duplicate_ack_num", found.duplicate_number)
        add("tcp.analysis.duplicate_ack_frame", found.duplicate_of)
