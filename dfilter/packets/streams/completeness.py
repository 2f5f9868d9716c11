"""How much of a TCP conversation a capture holds: the bits of `tcp.completeness`.

In: flags and length of each segment.  Out: the bits so far; their last value is shown in every frame of the
conversation, so it takes two passes.  Source: Wireshark User's Guide, "TCP Conversation Completeness".
"""

from __future__ import annotations

from dfilter.packets.session import Session
from dfilter.packets.streams.analysis import ACK, FIN, RST, SYN
from dfilter.packets.view import Layer

HAS_SYN, HAS_SYN_ACK, HAS_ACK, HAS_DATA, HAS_FIN, HAS_RST = 1, 2, 4, 8, 16, 32

FIELD = "tcp.completeness"
FLAG_FIELDS = (("tcp.completeness.rst", HAS_RST), ("tcp.completeness.fin", HAS_FIN),
               ("tcp.completeness.data", HAS_DATA),
               ("tcp.completeness.ack", HAS_ACK), ("tcp.completeness.syn-ack", HAS_SYN_ACK),
               ("tcp.completeness.syn", HAS_SYN))  # fmt: skip
NAMES = (FIELD, "tcp.completeness.str", *(name for name, _ in FLAG_FIELDS))

_LETTERS = "RFDASS"
_VALUES = [[value] for value in range(64)]
"""One list for each value, shared by all conversations: a capture can have a million of them."""


def closed(bits: int) -> bool:
    """Was the connection closed or reset, so that the same ports can open another?"""
    return bool(bits & (HAS_FIN | HAS_RST))


def updated(bits: int, flags: int, length: int) -> int:
    """The bits after one more segment."""
    if flags & SYN:
        if flags & ACK:
            bits |= HAS_SYN_ACK
        elif not bits:
            bits |= HAS_SYN
    if length:
        bits |= HAS_DATA
    elif flags & (SYN | ACK) == ACK:
        bits |= HAS_ACK
    if flags & (FIN | ACK) == FIN | ACK:
        bits |= HAS_FIN
    if flags & RST:
        bits |= HAS_RST
    return bits


def foresee(session: Session, stream: int, bits: int) -> None:
    """Learn the bits of a conversation in a first pass; kept by stream number."""
    session.foreseen.setdefault(FIELD, {})[stream] = _VALUES[bits]


def add_fields(layer: Layer, bits: int) -> None:
    """The bits, one by one and as letters."""
    layer.add(FIELD, bits)
    for name, bit in FLAG_FIELDS:
        layer.add(name, bool(bits & bit))
    layer.add(
        "tcp.completeness.str", "".join(letter if bits >> 5 - i & 1 else "·" for i, letter in enumerate(_LETTERS))
    )
