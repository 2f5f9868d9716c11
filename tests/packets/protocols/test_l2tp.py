"""L2TP over UDP: headers, AVPs, and the PPP inside, as Wireshark 4.4 shows them."""

from __future__ import annotations

from tests.packets.protocols.wire_table import disagreements, faults_when_cut

IP = "45000014000000004011 0000 0a000001 0a000002".replace(" ", "")
TABLE = f"""
udp/1701: c802002500000000000000008008000000000001800900000007 6c6163 8008000000090007
    l2tp.type == 1 and l2tp.length == 37 and l2tp.Ns == 0 and l2tp.length_bit == 1 and l2tp.seq_bit == 1
    l2tp.avp.message_type == 1 and l2tp.avp.host_name == "lac" and l2tp.avp.assigned_tunnel_id == 7
    l2tp.avp.type == 9 and l2tp.avp.length == 9 and l2tp.avp.mandatory == 1 and not l2tp.avp.hidden == 1
    not _ws.malformed and not ppp and not data
udp/1701: c802 000c 0007 0000 0001 0001
    l2tp.tunnel == 7 and l2tp.Nr == 1 and not l2tp.avp.type
udp/1701: 0002 0007 0009 ff030021 {IP}
    l2tp.type == 0 and l2tp.session == 9 and ppp and ip.src == 10.0.0.1 and not l2tp.length
udp/1701: 4a02 0028 0007 0009 0003 0004 0002 7878 ff030021 {IP}
    l2tp.offset == 2 and l2tp.Ns == 3 and ip.dst == 10.0.0.2 and l2tp.offset_bit == 1
udp/1701: 0003 0007 0009ff03 0021
    l2tp.version == 3 and data and len(data) == 2 and l2tp.sid == 0x0009ff03 and not l2tp.offset_bit
udp/1701: 0001 0007 0009 ff030021
    data and not l2tp
udp/1701: 4002 0004 0007 0009 ff030021
    l2tp.length == 4 and _ws.malformed and not ppp
udp/1701: c802 0012 0007 0000 0001 0001 8003 0000 0001
    l2tp.avp_length.bad and _ws.malformed and _ws.expert.message == "AVP length must be >= 6, got 3"
udp/1701: c802 0012 0007 0000 0001 0001 8030 0000 0002
    _ws.malformed and l2tp.avp.length == 48
"""


def test_packets() -> None:
    assert list(disagreements(TABLE)) == []


def test_damage() -> None:
    assert faults_when_cut(TABLE) == []
