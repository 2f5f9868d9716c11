"""BitTorrent between peers and in its hash table; Wake-on-LAN; what is known by its first bytes alone."""

from __future__ import annotations

from tests.packets.protocols.wire_table import disagreements, faults_when_cut

NODE = bytes(range(20)).hex()
HANDSHAKE = b"\x13BitTorrent protocol".hex() + "0000000000100001" + NODE + b"-UT2210-abcdefghijkl".hex()


def text(content: str) -> str:
    return content.encode().hex()


PACKETS = f"""
tcp/51413: {HANDSHAKE} 0000000101
    bittorrent.peer_id contains "UT2210" and bittorrent.msg.type == 1 and bittorrent.msg.length == 1 and not data
    bittorrent.protocol.name == "BitTorrent protocol" and bittorrent.info_hash[0:4] == 00:01:02:03
tcp/51413: {HANDSHAKE} 0000000d06 00000001 00000002 00004000 0000000b07 00000003 00000000 aabb
    bittorrent.piece.length == 0x4000 and bittorrent.piece.index == 3 and bittorrent.piece.data == aa:bb
tcp/51413: 0000000d06 00000001 00000002 00004000
    data and not bittorrent
tcp/6881: 0000000d06 00000001 00000002 00004000
    bittorrent.msg.type == 6
tcp/6881: 474554202f20485454502f312e300d0a
    bittorrent.continuous_data contains "GET"
udp/30001: {text("d1:ad2:id20:")} {NODE} {text("e1:q4:ping1:t2:aa1:y1:qe")}
    bt-dht.bencoded.string == "ping" and bt-dht.bencoded.string == "6161" and not data and not _ws.malformed
udp/30001: {text("d1:rd2:id20:")} {NODE} {text("5:nodes26:")} {NODE} 0a000001 1ae1 {text("e1:t2:aa1:y1:re")}
    bt-dht.ip == 10.0.0.1 and bt-dht.port == 6881 and bt-dht.id[0:2] == 00:01
udp/30001: {text("d1:eli201e5:Errore1:t2:aa1:y1:ee")}
    bt-dht.bencoded.int == "201" and bt-dht.error
udp/30001: {text("d1:ad2:id")}
    bt-dht and _ws.malformed
udp/30001: {text("d1:xxx")}
    data and not bt-dht
udp/30001: ffffffffffff {"010203040506" * 16}
    wol.mac == 1:2:3:4:5:6 and not wol.passwd and not data
eth/0842: ffffffffffff {"010203040506" * 16} 61626364
    wol.sync == ff:ff:ff:ff:ff:ff and wol.passwd == "97.9"
eth/0842: 0000 ffffffffffff {"010203040506" * 16}
    data and not wol
"""


def test_packets() -> None:
    assert list(disagreements(PACKETS)) == []


def test_cut_packets_are_no_faults() -> None:
    assert faults_when_cut(PACKETS) == []


def test_nesting_is_bounded() -> None:
    frame = "d1:ad" + "1:xl" * 5000
    assert list(disagreements(f"udp/30001: {text(frame)}\n    bt-dht and _ws.malformed\n")) == []



OTHERS = """
udp/88: 0402 6162636465666768 00 696a 00
    krb4 and not data and not kerberos and frame.protocols contains "kerberos:krb4"
udp/88: 0414 6162636465666768 00 696a 00
    data and not krb4
link/230: 418811cddcffff6a6a 0800fdff6a6a0a64
    zbee_nwk and not data
udp/0: 5555555555555555555555555555555555555555
    data
link/230: 02000c000c
    wpan.frame_type == 2 and data.data == 00:0c
"""


def test_what_is_known_by_its_first_bytes() -> None:
    assert list(disagreements(OTHERS)) == []
