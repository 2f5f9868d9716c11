"""ARP: classification, addresses claimed twice, damage. What is expected was asked of Wireshark 4.4."""

from __future__ import annotations

import struct

import pytest

from tests.packets.builders import dissect, eth, values


def mac(number: int) -> bytes:
    return bytes([2, 0, 0, 0, 0, number]) if number else bytes(6)


def arp(station: int, sender: int, target_station: int, target: int, opcode: int = 1, hardware: int = 1) -> bytes:
    ends = (mac(station) + bytes([10, 0, 0, sender]), mac(target_station) + bytes([10, 0, 0, target]))
    return eth(struct.pack(">HHBBH", hardware, 0x0800, 6, 4, opcode) + b"".join(ends) + bytes(18), 0x0806)


@pytest.mark.parametrize(("packet", "gratuitous", "announcement"), [
    (arp(1, 1, 0, 1), True, True),
    (arp(1, 1, 9, 1), True, False),
    (arp(1, 1, 9, 1, 2), True, False),
    (arp(1, 1, 0, 1, 1, 155), True, True),
    (arp(1, 1, 0, 2), False, False),
    (arp(1, 1, 0, 1, 3), False, False),
])  # fmt: skip
def test_gratuitous_is_who_asks_for_itself(packet: bytes, gratuitous: bool, announcement: bool) -> None:
    (view,) = dissect([packet])
    assert bool(values(view, "arp.isgratuitous")) == gratuitous
    assert bool(values(view, "arp.isannouncement")) == announcement


def test_duplicates_name_the_last_frame_of_the_first_claimant() -> None:
    views = dissect([
        arp(1, 1, 0, 2), arp(2, 2, 1, 1, 2), arp(3, 1, 0, 2), arp(1, 1, 0, 3), arp(3, 1, 0, 3),
        arp(4, 4, 5, 5, 2), arp(6, 4, 7, 5, 2), arp(0, 8, 0, 9), arp(8, 8, 0, 9)])  # fmt: skip
    found = {view.number: values(view, "arp.duplicate-address-frame") for view in views}
    assert {number: frames for number, frames in found.items() if frames} == {3: [2], 5: [4], 7: [6, 6]}
    assert values(views[2], "arp.seconds-since-duplicate-address-frame") == [1]
    assert len(values(views[6], "arp.duplicate-address-detected")) == 2


def test_too_long_addresses_show_none() -> None:
    head = struct.pack(">HHBBH", 1, 0x0800, 6, 15, 1)
    (view,) = dissect([eth(head + bytes(38), 0x0806)])
    assert values(view, "arp.proto.size") == [15]
    assert values(view, "arp.dst.hw_mac") == []
    assert values(view, "_ws.malformed")


def test_over_atm_a_cut_packet_shows_nothing() -> None:
    (view,) = dissect([eth(struct.pack(">HHBBH", 19, 0x0800, 6, 4, 1) + b"\0\x1f\x29\xda" + bytes(34), 0x0806)])
    assert values(view, "arp") == []
    assert values(view, "_ws.malformed")
