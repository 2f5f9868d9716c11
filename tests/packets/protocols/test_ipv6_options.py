"""Options that end a packet, or are damaged themselves: of IPv6's headers, of router advertisements; Teredo's tests."""

from __future__ import annotations

from tests.packets.protocols.wire_table import disagreements, faults_when_cut

ADDRESSES = "fe80000000000000000000000000000120010000010101010101010101010101"
PACKETS = f"""
eth/86dd: 60000000 001c 00 40 {ADDRESSES} 3b00 0130 01010101 {"04" * 20}
    _ws.malformed and not data
eth/86dd: 60000000 001c 00 40 {ADDRESSES} 3b00 0105 01010101 {"04" * 20}
    data and not _ws.malformed and ipv6.opt.padn == 01:01:01:01:04
eth/86dd: 60000000 001c 00 40 {ADDRESSES} 3b00 3005 01010101 {"04" * 20}
    data and _ws.malformed and ipv6.opt.invalid_len
eth/86dd: 60000000 001c 3c 40 {ADDRESSES} 3300 3030 01010101 {"04" * 20}
    ipv6.dstopts and _ws.malformed and not ah
ip6/58: 86000000 400001f4 0000000000000000 26020702 0102030405060708090a0b0c
    icmpv6.opt.pref64.prefix == 102:304:506:700:: and icmpv6.opt.pref64.plc == 2 and not _ws.malformed
    icmpv6.opt.pref64.scaled_lifetime == 224
ip6/58: 86000000 400001f4 0000000000000000 26020706 0102030405060708090a0b0c
    not icmpv6.opt.pref64.prefix and _ws.malformed
udp/3544: 60000000 000c 3a 15 {ADDRESSES} 8000000000010002 01020304
    teredo and icmpv6.type == 128 and not data and not _ws.malformed
udp/3544: 60000000 000b 3a 15 {ADDRESSES} 8000000000010002 010203
    teredo and icmpv6.type == 128 and not data and _ws.malformed
ip6/58: 8a000000 00000007 05e8 0100 00000000 01070030 00800000 {"fe" * 16} 3010c0c0 00278d00 00093a80 c0000000 {"3f" * 16}
    icmpv6.rr.flag.t == 1 and icmpv6.rr.pco.mp.maxlen == 128 and icmpv6.rr.pco.up.validlifetime == 2592000
    icmpv6.rr.pco.up.flag.v == 1 and count(icmpv6.rr.pco.up.flagmask.l) == 2 and not _ws.malformed
ip6/58: 8a010000 00000007 0500 0100 00000000 00030130 00000005 {"fe" * 16} 0001
    icmpv6.rr.rm.interfaceindex == 5 and icmpv6.rr.rm.flag.b == 1 and icmpv6.rr.rm.flag.f == 1 and _ws.malformed
ip6/58: 8000000000010002 01020304
    data.data == 01:02:03:04
"""  # noqa: E501


def test_packets() -> None:
    assert list(disagreements(PACKETS)) == []


def test_cut_packets_are_no_faults() -> None:
    assert faults_when_cut(PACKETS) == []


ENDS = f"""
eth/86dd: 60000000 002c 2b 40 {ADDRESSES} 0602 0001 00000000 {"cc" * 16} 0bb8 0050 00000000 00000000 5002 03e8 0000 0000
    _ws.col.def_dst == "{":".join(["cccc"] * 8)}" and ipv6.dst == 2001:0:101:101:101:101:101:101
eth/86dd: 60000000 002c 2b 40 {ADDRESSES} 0602 0000 00000000 {"cc" * 16} 0bb8 0050 00000000 00000000 5002 03e8 0000 0000
    _ws.col.def_dst == "2001:0:101:101:101:101:101:101"
eth/86dd: 60000000 002c 2b 40 {ADDRESSES} 0602 0401 00000000 {"cc" * 16} 0bb8 0050 00000000 00000000 5002 03e8 0000 0000
    _ws.col.def_dst == "{":".join(["cccc"] * 8)}"
eth/86dd: 60000000 002c 2b 40 {ADDRESSES} 0602 0301 cc000000 {"dd" * 4} {"ee" * 4} {"aa" * 8}
    _ws.col.def_dst == "2001:0:101:101:101:101:aaaa:aaaa"
eth/86dd: 60000000 002c 3c 40 {ADDRESSES} 0602 01020000 c910 {"cc" * 16} 0bb8 0050 00000000 00000000 5002 03e8 0000 0000
    _ws.col.def_src == "{":".join(["cccc"] * 8)}" and ipv6.src == fe80::1
"""


def test_conversations_are_between_the_ends_of_a_route() -> None:
    assert list(disagreements(ENDS)) == []


def test_cut_routes_are_no_faults() -> None:
    assert faults_when_cut(ENDS) == []
