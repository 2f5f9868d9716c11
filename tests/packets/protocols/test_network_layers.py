"""IPv4, IPv6, UDP and ICMP: lengths that lie, fragments, quoted packets, echo pairs; facts seen in Wireshark 4.4."""

from __future__ import annotations

import struct

import pytest

from tests.packets.builders import A, B, C, dissect, eth, icmp, ip4, ip6, udp, values

SMALL = udp(b"payload!")
BIG = udp(bytes(range(64)) * 2)

LENGTHS = [
    # label, packet, layers, malformed
    ("a length of 0 means all there is", ip4(SMALL, total=0), "ip:udp:data", False),
    ("shorter than its header", ip4(SMALL, total=10), "ip", False),
    ("longer than the frame", ip4(SMALL, total=200), "ip:udp:data", False),
    ("a header of 16 bytes", ip4(SMALL, first=0x44), "ip", False),
    ("version 5", ip4(SMALL, first=0x55), "ip", False),
    ("version 6 behind IPv4's type", ip6(SMALL), "ip:ipv6:udp:data", False),
    ("no payload", ip4(b""), "ip", False),
    ("UDP length 0", ip4(udp(b"payload!", length=0)), "ip:udp", True),
    ("UDP length 12 of 16", ip4(udp(b"payload!", length=12)), "ip:udp:data", False),
    ("UDP length beyond the datagram", ip4(udp(b"payload!", length=100)), "ip:udp:data", True),
    ("half a UDP header", ip4(SMALL[:4]), "ip:udp", True),
    ("a protocol nobody knows", ip4(b"abc", 255), "ip:data", False),
    ("half an ICMP header", ip4(b"\x08\0", 1), "ip:icmp", True),
]


@pytest.mark.parametrize(("packet", "layers", "malformed"), [row[1:] for row in LENGTHS],
                         ids=[row[0] for row in LENGTHS])  # fmt: skip
def test_lengths(packet: bytes, layers: str, malformed: bool) -> None:
    view = dissect([eth(packet)])[0]
    assert values(view, "frame.protocols") == ["eth:ethertype:" + layers]
    assert ("_ws.malformed" in view.by_name) == malformed


def test_a_bogus_header_shows_its_first_fields_only() -> None:
    view = dissect([eth(ip4(SMALL, total=10))])[0]
    assert values(view, "ip.len") == [10]
    assert values(view, "ip.src") == values(view, "ip.ttl") == []


def test_the_udp_payload_is_all_that_follows_but_the_data_obeys_the_length() -> None:
    view = dissect([eth(ip4(udp(b"payload!", length=12)))])[0]
    assert values(view, "udp.payload") == [b"payload!"]
    assert values(view, "data.data") == [b"payl"]


def fragment(offset: int, data: bytes, more: bool) -> bytes:
    return eth(ip4(data, flags=(0x2000 if more else 0) | offset // 8, ident=5))


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_fragments_in_any_order(order: tuple[int, ...]) -> None:
    pieces = [fragment(0, BIG[:40], True), fragment(40, BIG[40:80], True), fragment(80, BIG[80:], False)]
    *early, last = dissect([pieces[index] for index in order])
    assert [values(view, "ip.reassembled_in") for view in early] == [[3], [3]]
    assert values(last, "ip.fragment.count") == [3]
    assert values(last, "ip.reassembled.data") == [BIG]
    assert values(last, "udp.payload") == [BIG[8:]]


def test_a_fragment_that_contradicts_another() -> None:
    packets = [fragment(0, BIG[:64], True), fragment(56, b"\xff" * 64, True), fragment(120, BIG[120:], False)]
    last = dissect(packets)[-1]
    assert values(last, "ip.fragment") == [1, 3]
    assert values(last, "ip.fragment.error") == [2]
    assert values(last, "ip.fragment.overlap.conflict") == [True]


def test_ipv6_fragments_and_extension_headers() -> None:
    heads = [struct.pack(">BBHI", 17, 0, bits, 7) for bits in (1, 64)]
    packets = [eth(ip6(heads[0] + BIG[:64], 44), 0x86DD), eth(ip6(heads[1] + BIG[64:], 44), 0x86DD)]
    first, second = dissect(packets)
    assert values(first, "ipv6.fraghdr.more") == [True]
    assert values(first, "ipv6.reassembled.in") == [2]
    assert values(second, "udp.payload") == [BIG[8:]]
    options = dissect([eth(ip6(b"\x11\0\x05\2\0\0\1\0" + SMALL, 0), 0x86DD)])[0]
    assert values(options, "ipv6.opt.router_alert") == [0]
    assert values(options, "frame.protocols") == ["eth:ethertype:ipv6:ipv6.hopopts:udp:data"]
    assert len(options.by_name["ipv6"][0].item_bytes()) == 48


def test_a_quoted_packet_has_a_stream_but_is_not_counted() -> None:
    quoted = ip4(udp(b"x", 5000, 60000), 17, A, B)
    views = dissect([eth(ip4(icmp(3, 3, quoted), 1, B, A)), eth(quoted)])
    assert [values(view, "udp.stream") for view in views] == [[0], [0]]
    assert [values(view, "udp.stream.pnum") for view in views] == [[], [1]]
    assert values(views[0], "ip.src") == [B, A]


def test_a_cut_quoted_packet_is_no_damage() -> None:
    view = dissect([eth(ip4(icmp(3, 3, ip4(SMALL)[:24]), 1, B, A))])[0]
    assert "_ws.malformed" not in view.by_name
    assert values(view, "udp.srcport") == [1111]


def test_echo_pairs() -> None:
    ids = struct.pack(">HH", 1, 7)
    request, reply = icmp(8, 0, b"abcdefgh", ids), icmp(0, 0, b"abcdefgh", ids)
    other = icmp(0, 0, b"ABCDEFGH", ids)
    packets = [eth(ip4(request, 1, A, B)), eth(ip4(other, 1, B, A)), eth(ip4(reply, 1, C, A)), eth(ip4(reply, 1, B, A)),
               eth(ip4(request, 1, A, C))]  # fmt: skip
    views = dissect(packets)
    assert values(views[0], "icmp.resp_in") == [4]
    assert values(views[3], "icmp.resp_to") == [1]
    assert values(views[3], "icmp.resptime") == [3000.0]
    assert values(views[1], "icmp.resp_to") == values(views[2], "icmp.resp_to") == []
    assert len(values(views[4], "icmp.no_resp")) == 1


def test_mpls_extensions_of_a_time_exceeded() -> None:
    structure = b"\x20\0\0\0\0\x08\1\1\x18\x96\x01\xff"
    view = dissect([eth(ip4(icmp(11, 0, ip4(SMALL).ljust(128, b"\0") + structure), 1, C, A))])[0]
    assert values(view, "icmp.mpls.label") == [0x18960]
    assert values(view, "icmp.mpls.ttl") == [255]
    assert values(view, "icmp.ext.checksum.status") == [3]


TUNNELS = [
    # what carries the inner packet, and the layers between
    (ip4(ip6(SMALL), 41), "ip:ipv6:udp:data"),
    (ip4(ip4(SMALL), 4), "ip:ip:udp:data"),
    (ip4(b"\0\0\x08\0" + ip4(SMALL), 47), "ip:gre:ip:udp:data"),
    (ip4(b"\0\0\x65\x58" + eth(ip4(SMALL)), 47), "ip:gre:eth:ethertype:ip:udp:data"),
    (ip4(udp(b"\x08\0\0\0\0\0\1\0" + eth(ip4(SMALL)), 4789, 4789)), "ip:udp:vxlan:eth:ethertype:ip:udp:data"),
    (ip4(udp(b"\0\0\x65\x58\0\0\1\0" + eth(ip4(SMALL)), 6081, 6081)), "ip:udp:geneve:eth:ethertype:ip:udp:data"),
    (ip4(udp(b"\x30\xff\0\x24\0\0\0\1" + ip4(SMALL), 2152, 2152)), "ip:udp:gtp:ip:udp:data"),
    (ip4(udp(ip6(SMALL), 3544, 50000)), "ip:udp:teredo:ipv6:udp:data"),
]


@pytest.mark.parametrize(("packet", "layers"), TUNNELS, ids=[row[1] for row in TUNNELS])
def test_tunnels(packet: bytes, layers: str) -> None:
    assert values(dissect([eth(packet)])[0], "frame.protocols") == ["eth:ethertype:" + layers]


@pytest.mark.parametrize(("option", "damaged"), [
    (b"\x30\x04\1\2\1\2", False), (b"\x30\x03\1\2\1\0", True), (b"\x05\x02\0\0\1\0", False),
    (b"\x05\x04\0\0\0\0", True),
    (b"\x04\x01\4\0\0\0", False), (b"\xc9\x04\1\2\3\4", True),
])  # fmt: skip
def test_ipv6_options_of_the_wrong_length_are_damage(option: bytes, damaged: bool) -> None:
    (view,) = dissect([eth(ip6(b"\x11\0" + option + udp(b"x"), 0), 0x86DD)])
    assert bool(values(view, "ipv6.opt.invalid_len")) is damaged
    assert bool(values(view, "_ws.malformed")) is damaged
    assert values(view, "udp.payload") == [b"x"]
