"""Which stream a segment belongs to, and what is remembered of conversations that were silent for long."""

from __future__ import annotations

import pytest

from dfilter.packets.streams.conversation import UNSCALED, Conversation, Conversations, note_flags

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
CLIENT, SERVER = b"\x0a\x00\x00\x01", b"\x0a\x00\x00\x02"


def find(known: Conversations, port: int, *, flags: int = ACK, seq: int = 1000, reply: bool = False,
         time: int = 0) -> tuple[Conversation, int, bool]:  # fmt: skip
    addresses, ports = ((SERVER, CLIENT), (80, port)) if reply else ((CLIENT, SERVER), (port, 80))
    found = known.find(addresses, ports, seq, flags, time)
    note_flags(found[0], found[1], flags, seq, 500, time)
    return found


def test_both_directions_are_one_conversation() -> None:
    known = Conversations()
    there, sender, _ = find(known, 4000, flags=SYN)
    back, answerer, _ = find(known, 4000, flags=SYN | ACK, seq=7, reply=True)
    assert there is back
    assert {sender, answerer} == {0, 1}
    assert there.client == sender
    assert find(known, 4001)[0].index == 1


@pytest.mark.parametrize(
    ("seq", "bits", "anew"),
    [(1000, 0, False), (1001, 0, True), (1000, 16, True), (1000, 32, True), (1000, 15, False)],
    ids=["same number", "other number", "after FIN", "after RST", "while open"],
)
def test_a_syn_on_known_ports(seq: int, bits: int, anew: bool) -> None:
    known = Conversations()
    first = find(known, 4000, flags=SYN)[0]
    first.completeness = bits
    second, _, reused = find(known, 4000, flags=SYN, seq=seq)
    assert (second is not first, reused) == (anew, anew)


def test_silent_conversations_keep_the_essentials() -> None:
    known = Conversations(max_active=4, max_remembered=100)
    first = find(known, 1, flags=SYN, time=5)[0]
    first.packets, first.completeness, first.flows[0].window_shift = 9, 7, UNSCALED
    first.flows[0].next_seq = 2000
    for port in range(2, 20):
        find(known, port)
    again = find(known, 1, time=6)[0]
    assert again is not first
    assert (again.index, again.first_time, again.packets, again.completeness) == (0, 5, 9, 7)
    assert (again.flows[0].base, again.flows[0].next_seq, again.flows[0].window_shift) == (1000, 2000, UNSCALED)
    assert again.flows[1].window_shift is None
    assert (again.syn_time, again.initial_rtt) == (5, 1)


def test_a_conversation_that_speaks_now_and_then_stays_whole() -> None:
    known = Conversations(max_active=8, max_remembered=8)
    first = find(known, 1)[0]
    for port in range(2, 200):
        find(known, port)
        if port % 3 == 0:
            assert find(known, 1)[0] is first


def test_memory_is_bounded() -> None:
    known = Conversations(max_active=8, max_remembered=16)
    for port in range(1, 1000):
        find(known, port)
    held = len(known._young) + len(known._old) + sum(map(len, known._remembered))
    assert held <= 8 + 16
    assert find(known, 1)[0].index == 999


def test_window_factor() -> None:
    known = Conversations()
    found, sender, _ = find(known, 4000)
    own, other = found.flows[sender], found.flows[1 - sender]
    assert found.window_factor(sender) == -1
    own.window_shift = 7
    assert found.window_factor(sender) == 128
    other.window_shift = UNSCALED
    assert found.window_factor(sender) == -2
    assert found.window_factor(1 - sender) == -2
