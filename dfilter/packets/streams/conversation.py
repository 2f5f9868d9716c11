"""TCP conversations: which stream a segment belongs to, and what its two directions have agreed on.

In: the addresses, ports, flags and sequence number of each segment, in file order.  Out: `Conversation` and the
`Flow` of the sender.  What always holds: numbers are given in order of first appearance; a SYN with a new
initial sequence number on known ports starts a new conversation (reused ports).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dfilter.packets.declare import Protocol
from dfilter.packets.streams.reassembly import Assembly

Endpoint = tuple[bytes, int]


@dataclass(slots=True, eq=False)
class Flow:
    """One direction of a conversation.

    Attributes:
        base: the sequence number that counts as 0; None before the first segment.
        next_seq: the highest sequence number sent so far, plus one; absolute.
        window_shift: the window scale announced in this direction's SYN; None if it was not seen.
        syn_seen: a SYN was seen in this direction.
        assembly: the message that is being put together from this direction's segments.
    """

    base: int | None = None
    next_seq: int | None = None
    window_shift: int | None = None
    syn_seen: bool = False
    assembly: Assembly | None = None


@dataclass(slots=True, eq=False)
class Conversation:
    """One TCP connection.

    Attributes:
        index: what `tcp.stream` shows.
        ends: the two endpoints; `flows[i]` is what `ends[i]` sends.
        client: index of the end that opened the connection: the sender of the SYN, else of the first segment.
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
    protocol: Protocol | None = None
    state: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stream:
    """What a protocol over TCP sees of its transport while it dissects.

    Attributes:
        conversation: the connection.
        sender: which end sent this segment, 0 or 1.
        finished: no more bytes will come in this direction.
        seq: the absolute sequence number of the first byte of the region being dissected.
    """

    conversation: Conversation
    sender: int
    finished: bool
    seq: int

    @property
    def flow(self) -> Flow:
        return self.conversation.flows[self.sender]

    @property
    def from_client(self) -> bool:
        return self.sender == self.conversation.client


class Conversations:
    """All TCP conversations of a session, the current one for each pair of endpoints."""

    def __init__(self) -> None:
        self._current: dict[tuple[Endpoint, Endpoint], Conversation] = {}
        self._count = 0

    def find(self, source: Endpoint, target: Endpoint, seq: int, opens: bool, time: int) -> tuple[Conversation, int]:
        """The conversation of a segment and the index of its sender; `opens`: it is a SYN without ACK."""
        swapped = source > target
        key = (target, source) if swapped else (source, target)
        sender = 1 if swapped else 0
        known = self._current.get(key)
        if known is not None:
            base = known.flows[sender].base
            if not (opens and base is not None and base != seq):
                if opens:
                    known.client = sender
                return known, sender
        conversation = Conversation(self._count, key, sender, time, time)
        self._count += 1
        self._current[key] = conversation
        return conversation, sender
