"""TCP conversations: which stream a segment belongs to, and what its two directions have agreed on.

In: the addresses, ports, flags and sequence number of each segment, in file order.  Out: `Conversation` and the
`Flow` of the sender.  What always holds: numbers are given in order of first appearance; a SYN that cannot belong
to the conversation known on these ports starts a new one (reused ports); memory is bounded: what was silent while
many other conversations spoke is kept in brief, and later forgotten.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

from dfilter.packets.declare import Protocol
from dfilter.packets.streams.analysis import ACK, FIN, SYN, FlowAnalysis
from dfilter.packets.streams.completeness import HAS_SYN, HAS_SYN_ACK, closed
from dfilter.packets.streams.reassembly import Assembly
from dfilter.packets.streams.sequence import SEQ_MASK
from dfilter.slotted import field, frozen, slotted

Endpoint = tuple[bytes, int]

MAX_ACTIVE = 16_384
"""A conversation that is silent while this many others speak keeps its number, sequence numbers and times, and
loses the rest: the messages being put together, the state of protocols, the analysis."""

MAX_REMEMBERED = 262_144
"""A conversation that is silent while this many others come and go in brief form is forgotten: should it speak
again, it counts as a new one."""

UNSCALED = -1
"""`Flow.window_shift` of a SYN without the window scale option."""


@slotted
class Flow:
    """One direction of a conversation.

    Attributes:
        base: the sequence number that counts as 0; None before the first segment.
        next_seq: the highest sequence number sent so far, plus one; absolute.
        window_shift: the window scale announced in this direction's SYN, `UNSCALED` for a SYN without, None if
            no SYN was seen.
        analysis: what the analysis of segments remembers; None before it is needed.
        assemblies: the messages that are being put together from this direction's segments: one, or several
            where segments between them are missing.
        finished: the last messages that took several segments: first and next sequence number, completing frame.
        carried: a segment with data was looked into.
    """

    base: int | None = None
    next_seq: int | None = None
    window_shift: int | None = None
    analysis: FlowAnalysis | None = None
    assemblies: tuple[Assembly, ...] = ()
    finished: tuple[tuple[int, int, int], ...] = ()
    carried: bool = False


@slotted
class Conversation:
    """One TCP connection.

    Attributes:
        index: what `tcp.stream` shows.
        ends: the two endpoints; `flows[i]` is what `ends[i]` sends.
        client: index of the end that opened the connection: the sender of the SYN, else of the first segment.
        completeness: the bits of `tcp.completeness` so far.
        syn_time: of the latest SYN without ACK, ns.
        initial_rtt: from that SYN to the first ACK without SYN, ns; 0 does not count.
        first_fin: which end closed first.
        protocol: the protocol that claimed this conversation, whatever its ports.
        state: what protocols remember of this conversation, by protocol name.
    """

    index: int
    ends: tuple[Endpoint, Endpoint]
    client: int
    first_time: int
    previous_time: int
    flows: tuple[Flow, Flow] = field(default_factory=lambda: (Flow(), Flow()))
    packets: int = 0
    completeness: int = 0
    syn_time: int | None = None
    initial_rtt: int | None = None
    first_fin: int | None = None
    protocol: Protocol | None = None
    _state: dict[str, Any] | None = None

    @property
    def state(self) -> dict[str, Any]:
        if self._state is None:
            self._state = {}
        return self._state

    @property
    def has_state(self) -> bool:
        """Does any protocol remember anything of this conversation?"""
        return self._state is not None

    @property
    def server_port(self) -> int | None:
        """The port that the SYN was sent to; None if none was seen."""
        if self.completeness & (HAS_SYN | HAS_SYN_ACK):
            return self.ends[1 - self.client][1]
        return None

    def window_factor(self, sender: int) -> int:
        """By what the sender's windows are multiplied: -1 unknown (no SYN seen), -2 no scaling agreed on.

        RFC 7323 section 2.2: both SYNs must carry the option; where only one was seen, Wireshark 4.4 believes it.
        """
        own, other = self.flows[sender].window_shift, self.flows[1 - sender].window_shift
        if own == UNSCALED or other == UNSCALED:
            return -2
        return -1 if own is None else 1 << own


@frozen
class Stream:
    """What a protocol over TCP sees of its transport while it dissects.

    Attributes:
        conversation: the connection.
        sender: which end sent this segment, 0 or 1.
        finished: no more bytes will come in this direction (FIN).
        seq: the absolute sequence number of the first byte of the region being dissected.
    """

    conversation: Conversation
    sender: int
    finished: bool
    seq: int

    @property
    def flow(self) -> Flow:
        return self.conversation.flows[self.sender]

    def at(self, seq: int) -> Stream:
        """The same transport, for bytes that start at another sequence number."""
        return Stream(self.conversation, self.sender, self.finished, seq)

    @property
    def from_client(self) -> bool:
        return self.sender == self.conversation.client


_Key = tuple[Endpoint, Endpoint]


class Conversations:
    """All TCP conversations of a session, the current one for each pair of endpoints.

    Two generations each of active and of remembered ones: a full young generation becomes the old one, and what
    the old one still held moves on. So forgetting costs nothing while a conversation lives.

    Attributes:
        given: the numbers of the conversations of the next segments, where not all conversations are seen here.
    """

    def __init__(self, max_active: int = MAX_ACTIVE, max_remembered: int = MAX_REMEMBERED) -> None:
        self._young: dict[_Key, Conversation] = {}
        self._old: dict[_Key, Conversation] = {}
        self._remembered: list[dict[bytes, bytes]] = [{}, {}]
        self._half_active = max(max_active // 2, 1)
        self._half_remembered = max(max_remembered // 2, 1)
        self._count = 0
        self.given: list[int] = []

    def find(self, addresses: tuple[bytes, bytes], ports: tuple[int, int], seq: int, flags: int,
             time: int) -> tuple[Conversation, int, bool]:  # fmt: skip
        """The conversation of a segment, the index of its sender, and whether it reuses the ports of an older one."""
        source, target = (addresses[0], ports[0]), (addresses[1], ports[1])
        sender = 1 if source > target else 0
        key = (target, source) if sender else (source, target)
        given = self.given.pop(0) if self.given else None
        known = self._young.get(key)
        if known is None:
            known = self._revive(key)
        if known is not None and given is not None:
            anew = known.index != given
        else:
            anew = known is None or bool(flags & SYN and _starts_anew(known, sender, seq))
        if known is not None and not anew:
            if flags & (SYN | ACK) == SYN:
                known.client = sender
            return known, sender, False
        client = 1 - sender if flags & (SYN | ACK) == SYN | ACK else sender
        conversation = Conversation(self._count if given is None else given, key, client, time, time)
        self._count += 1
        self._enter(key, conversation)
        return conversation, sender, known is not None

    def _enter(self, key: _Key, conversation: Conversation) -> None:
        if len(self._young) >= self._half_active:
            for old_key, old in self._old.items():
                self._remember(old_key, old)
            self._old = self._young
            self._young = {}
        self._young[key] = conversation

    def _revive(self, key: _Key) -> Conversation | None:
        """A conversation that was silent for long, active again."""
        conversation = self._old.pop(key, None)
        if conversation is None:
            if not self._remembered[0] and not self._remembered[1]:
                return None
            packed_key = _pack_key(key)
            packed = self._remembered[0].pop(packed_key, None) or self._remembered[1].pop(packed_key, None)
            if packed is None:
                return None
            conversation = _unpack(key, packed)
        self._enter(key, conversation)
        return conversation

    def _remember(self, key: _Key, conversation: Conversation) -> None:
        if len(self._remembered[0]) >= self._half_remembered:
            self._remembered = [{}, self._remembered[0]]
        self._remembered[0][_pack_key(key)] = _pack(conversation)


def _starts_anew(known: Conversation, sender: int, seq: int) -> bool:
    """Does a SYN with this sequence number open another connection than the known one?"""
    base = known.flows[sender].base
    return base is not None and (base != seq or closed(known.completeness))


_PACKED = struct.Struct("<IqqIBbbbqqIIII")
_NONE_TIME = -(1 << 63)


def _pack_key(key: _Key) -> bytes:
    (first, first_port), (second, second_port) = key
    return first + second + struct.pack("<HH", first_port, second_port)


def _pack(c: Conversation) -> bytes:
    """The few facts of a conversation that are worth keeping for long."""
    numbers = [(value or 0) & SEQ_MASK for flow in c.flows for value in (flow.base, flow.next_seq)]
    known = sum((flow.base is not None) << i | (flow.next_seq is not None) << i + 2 for i, flow in enumerate(c.flows))
    shifts = [-2 if flow.window_shift is None else flow.window_shift for flow in c.flows]
    flags = c.completeness | c.client << 6
    closer = known | (0 if c.first_fin is None else c.first_fin + 1) << 4
    return _PACKED.pack(c.index, c.first_time, c.previous_time, c.packets, flags, closer, *shifts,
                        _NONE_TIME if c.syn_time is None else c.syn_time,
                        _NONE_TIME if c.initial_rtt is None else c.initial_rtt, *numbers)  # fmt: skip


def _unpack(key: _Key, packed: bytes) -> Conversation:
    index, first, previous, packets, flags, closer, *rest = _PACKED.unpack(packed)
    conversation = Conversation(index, key, flags >> 6, first, previous)
    conversation.packets, conversation.completeness = packets, flags & 0x3F
    conversation.first_fin = (closer >> 4) - 1 if closer >> 4 else None
    shifts: Sequence[int] = rest[:2]
    conversation.syn_time, conversation.initial_rtt = (None if t == _NONE_TIME else t for t in rest[2:4])
    numbers: Sequence[int] = rest[4:]
    for i, flow in enumerate(conversation.flows):
        flow.window_shift = None if shifts[i] == -2 else shifts[i]
        flow.base = numbers[2 * i] if closer >> i & 1 else None
        flow.next_seq = numbers[2 * i + 1] if closer >> i + 2 & 1 else None
    return conversation


def note_flags(conversation: Conversation, sender: int, flags: int, seq: int, ack: int, time: int) -> None:
    """Where the two directions start, who closes first, and the initial round-trip time."""
    flow, other = conversation.flows[sender], conversation.flows[1 - sender]
    if flow.base is None:
        flow.base = seq if flags & SYN else (seq - 1) & SEQ_MASK
    if flags & ACK and other.base is None:
        other.base = (ack - 1) & SEQ_MASK
    if flags & (SYN | ACK) == SYN:
        conversation.syn_time = time
    elif not conversation.initial_rtt and conversation.syn_time and flags & (SYN | ACK) == ACK:
        conversation.initial_rtt = time - conversation.syn_time or None
    if flags & FIN and conversation.first_fin is None:
        conversation.first_fin = sender
