"""Ethernet's trailers, VLAN tags, other link types: layers and what belongs to whom, as Wireshark 4.4 showed them."""

from __future__ import annotations

import pytest

from tests.packets.builders import C, dissect, eth, ip4, ip6, udp, values

SMALL = ip4(udp(b"payload!"))  # 36 bytes: ten short of Ethernet's minimum
LARGE = ip4(udp(bytes(100)))
TAG = b"\0\5\x08\0"

TRAILERS = [
    # label, frame, padding, trailer, frame check sequence
    ("under 60 nothing is padding", eth(SMALL) + bytes(8), None, bytes(8), None),
    ("zeroes up to 60 are padding", eth(SMALL) + bytes(10), bytes(10), None, None),
    ("padding ends at the first byte that is not zero", eth(SMALL) + bytes(6) + b"\7" * 4, bytes(6), b"\7" * 4, None),
    ("from 64 on the last four are a check sequence", eth(SMALL) + bytes(10) + b"abcd", bytes(10), None, b"abcd"),
    ("what lies between is the trailer", eth(SMALL) + bytes(10) + b"12345678", bytes(10), b"1234", b"5678"),
    ("long frames too", eth(LARGE) + b"abcd", None, None, b"abcd"),
    ("two bytes are no check sequence", eth(LARGE) + b"ab", None, b"ab", None),
]


@pytest.mark.parametrize(("frame", "padding", "trailer", "check"), [row[1:] for row in TRAILERS],
                         ids=[row[0] for row in TRAILERS])  # fmt: skip
def test_ethernet_trailer(frame: bytes, padding: bytes | None, trailer: bytes | None, check: bytes | None) -> None:
    view = dissect([frame])[0]
    assert values(view, "eth.padding") == ([padding] if padding else [])
    assert values(view, "eth.trailer") == ([trailer] if trailer else [])
    assert values(view, "eth.fcs") == ([int.from_bytes(check, "big")] if check else [])


def test_a_tag_keeps_what_follows_its_payload() -> None:
    view = dissect([eth(TAG + SMALL + bytes(10) + b"abcd", 0x8100)])[0]
    assert values(view, "vlan.trailer") == [b"abcd"]
    assert values(view, "eth.padding") == [bytes(10)]
    assert values(view, "eth.fcs") == values(view, "eth.trailer") == []


PROTOCOLS = [
    # link type, bytes, frame.protocols
    (1, eth(SMALL), "eth:ethertype:ip:udp:data"),
    (1, eth(TAG + SMALL, 0x8100), "eth:ethertype:vlan:ethertype:ip:udp:data"),
    (1, eth(TAG + SMALL, 0x88A8), "eth:ethertype:ieee8021ad:ethertype:ip:udp:data"),
    (1, eth(b"\0\5\x81\0\0\6\x08\0" + SMALL, 0x8100), "eth:ethertype:vlan:ethertype:vlan:ethertype:ip:udp:data"),
    (1, eth(b"\xaa\xaa\3\0\0\0\x08\0" + SMALL, 44), "eth:llc:ip:udp:data"),
    (1, eth(b"\0\x01\xd1\x40" + SMALL, 0x8847), "eth:ethertype:mpls:udp:data"),
    (1, eth(b"\x11\0\0\1\0\x26\0\x21" + SMALL, 0x8864), "eth:ethertype:pppoes:ppp:ip:udp:data"),
    (1, eth(bytes(40), 0xFFFF), "eth:ethertype:data"),
    (1, eth(bytes(40), 0x88CC), "eth:ethertype:lldp"),
    (1, eth(bytes(40), 1501), "eth:data"),
    (0, b"\2\0\0\0" + SMALL, "null:ip:udp:data"),
    (0, b"\0\0\0\2" + SMALL, "null:ip:udp:data"),
    (0, b"\x1e\0\0\0" + ip6(udp(b"x")), "null:ipv6:udp:data"),
    (101, SMALL, "raw:ip:udp:data"),
    (101, ip6(udp(b"x")), "raw:ipv6:udp:data"),
    (228, SMALL, "ip:udp:data"),
    (229, ip6(udp(b"x")), "ipv6:udp:data"),
    (113, b"\0\0\0\1\0\6abcdef\0\0\x08\0" + SMALL, "sll:ethertype:ip:udp:data"),
    (276, b"\x08\0\0\0\0\0\0\1\0\1\0\6abcdef\0\0" + SMALL, "sll:ethertype:ip:udp:data"),
    (9, b"\xff\3\0\x21" + SMALL, "ppp:ip:udp:data"),
    (104, b"\x0f\0\x08\0" + SMALL, "chdlc:ip:udp:data"),
    (105, b"\x08\1\0\0" + bytes(20) + b"\xaa\xaa\3\0\0\0\x08\0" + SMALL, "wlan:llc:ip:udp:data"),
]


@pytest.mark.parametrize(("link_type", "data", "protocols"), PROTOCOLS)
def test_protocols_of_a_frame(link_type: int, data: bytes, protocols: str) -> None:
    assert values(dissect([data], link_type)[0], "frame.protocols") == [protocols]


def test_a_frame_too_short_for_ethernet_has_no_ethernet() -> None:
    view = dissect([eth(SMALL)[:10]])[0]
    assert "eth" not in view.by_name
    assert "_ws.malformed" in view.by_name
    assert values(view, "frame.protocols") == ["eth"]


def test_cooked_captures_name_the_sender() -> None:
    view = dissect([b"\0\4\0\1\0\6abcdef\0\0\x08\0" + SMALL], 113)[0]
    assert values(view, "sll.src.eth") == [b"abcdef"]
    assert values(view, "sll.pkttype") == [4]
    assert values(view, "sll.unused") == [bytes(2)]


def test_isl_wraps_a_whole_frame() -> None:
    inner = eth(ip4(udp(b"x"))).ljust(60, b"\0") + b"\1\2\3\4"
    head = bytes.fromhex("01000c0000" "02" "001906eab885") + (len(inner) + 12).to_bytes(2, "big")
    (view,) = dissect([head + bytes.fromhex("aaaa03" "00000c" "0003" "0000" "0000") + inner])
    assert values(view, "isl.vlan_id") == [1]
    assert values(view, "isl.user_eth") == [2]
    assert values(view, "eth.src") == [b"\2\0\0\0\0\1"]
    assert values(view, "eth.fcs") == [0x01020304]
    assert values(view, "frame.protocols")[0].startswith("eth:eth:ethertype:ip:udp")


def test_cisco_metadata_has_its_type_first_behind_gre() -> None:
    packet = ip4(udp(b"x"))
    tag = b"\x01\x01\x00\x01\x00\x07"
    plain, tunnelled = dissect([
        eth(tag + b"\x08\x00" + packet, 0x8909), eth(ip4(b"\0\0\x89\x09\x08\x00" + tag + packet, 47))])  # fmt: skip
    assert values(plain, "cmd.sgt") == values(tunnelled, "cmd.sgt") == [7]
    assert len(values(plain, "udp.port")) == len(values(tunnelled, "udp.port")) == 2


def test_ip_behind_labels_is_not_counted() -> None:
    (view,) = dissect([eth(ip4(udp(b"\0\x01\x51\x3f" + ip4(udp(b"x"), source=C), target=6635)))])
    assert [layer.number for layer in view.by_name["ip"]] == [1, 1]


def test_a_multiple_spanning_tree_without_instances_is_whole() -> None:
    name = b"Default".ljust(32, b"\0")
    body = bytes.fromhex("0000 03 02 7c") + bytes(30) + b"\0" + (64).to_bytes(2, "big") + b"\0" + name
    frame = b"\x01\x80\xc2\0\0\0\2\0\0\0\0\1" + (105).to_bytes(2, "big") + b"\x42\x42\x03" + body.ljust(102, b"\0")
    (view,) = dissect([frame])
    assert values(view, "mstp.config_name") == ["Default"]
    assert values(view, "mstp.version_3_length") == [64]
