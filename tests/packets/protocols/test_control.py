"""Protocols of keys, tunnels, links and plants: packets made by hand, and filters that Wireshark 4.4 agrees with."""

from __future__ import annotations

import pytest

from tests.packets.protocols.wire_table import disagreements, faults_when_cut

ISAKMP = """
udp/500: 0102030405060708 0000000000000000 21 20 22 08 00000000 0000004c 28 00 0028 00 000024 01 01 00 03 03 00000c 01 00 000c 800e0100 03 000008 02 00 0005 00 000008 04 00 0013 00 00 0008 aabbccdd
    isakmp.exchangetype == 34 and isakmp.flag_i == 1 and isakmp.nonce == aa:bb:cc:dd
    isakmp.tf.id.encr == 12 and isakmp.ike2.attr.key_length == 256 and isakmp.tf.id.dh == 19
    not _ws.malformed
udp/4500: 00000000 0102030405060708 1112131415161718 2e 20 23 20 00000001 00000028 21 00 000c 0102030405060708
    udpencap and isakmp.messageid == 1 and isakmp.enc.data and isakmp.flag_r == 1
udp/500: 0102030405060708 0000000000000000 0d 10 02 00 00000000 00000024 00 00 0028 41424344
    isakmp.mjver == 1 and isakmp.payloadlength == 40 and _ws.malformed
udp/500: 0000000000000000 0000000000000000 00 10 02 00 00000000 00000000
    data and not isakmp
"""  # noqa: E501

OPENFLOW = """
tcp/6633: 01 0a 0034 00000001 00000005 002e 0001 00 00 020000000002020000000001 0800 45000014000100004099000000000a0a 0a000001
    openflow.in_port == 1 and eth.type == 0x0800 and openflow.buffer_id == 5
tcp/6633: 01 0e 0048 00000001 003fffff 0000 000000000000 000000000000 0000 00 00 0000 00 00 0000 00000000 00000000 0000 0000 0000000000000000 0003 0000 0000 0000 ffffffff ffff 0000
    openflow.command == 3 and openflow.wildcards == 4194303 and _ws.malformed
tcp/6633: 01 0d 0018 00000001 ffffffff fffd 0008 0000 0008 0001 ffff
    openflow.output_port == 1 and openflow.actions_len == 8 and _ws.malformed
tcp/6633: 01 0e 0058 00000001 003fffff 0000 000000000000 000000000000 0000 00 00 0000 00 00 0000 00000000 00000000 0000 0000 0000000000000000 0003 0000 0000 0000 ffffffff ffff 0000 0001 0008 0001 0000 0000 0008 0001 0000
    openflow.action_typ == 1 and openflow.action_typ.undecoded and not openflow.output_port and not _ws.malformed
tcp/6633: 01 10 000c 00000001 0004 0000
    openflow.stats.type == 4 and openflow_1_0.type.undecoded and openflow.flags == 0
tcp/6633: 01 11 000c 00000001 0001 0001
    openflow.stats.type == 1 and openflow.flags == 1 and not openflow_1_0.type.undecoded
tcp/6633: 01 06 0050 00000001 0000020000000001 00000100 02 000000 00000101 00000801 0010 020000000002 65746830000000000000000000000000 00000001 00000001 00000040 00000000 00000c40 00000000
    openflow.datapath_mac == 02:00:00:00:00:01 and openflow.port_blocked == 1 and openflow.enqueue == 1
    openflow.port_name == "eth0" and openflow.port_down == 1 and openflow.10gb_fd == 1 and openflow.port_supported == 0xc40
link/1: 616263646566 676800000000 0000 000102030405
    eth.type == 0 and data and not llc
"""  # noqa: E501

WLAN = """
link/105: 80 00 0000 ffffffffffff 020000000001 020000000001 1000 0000000000000064 6400 1104 0004 686f6d65 0101 82 0301 06 3014 0100 000fac04 0100 000fac04 0100 000fac02 0000
    wlan.fixed.beacon == 100 and wlan.ssid == "home" and wlan.ds.current_channel == 6 and wlan.fc.type_subtype == 8
    wlan.fixed.capabilities.privacy == 1 and wlan.rsn.akms.type == 2 and wlan.rsn.pcs.type == 4
    wlan.ta.oui == 0x020000 and wlan.ra.ig == 1 and wlan.flags.str == "........" and not _ws.malformed
link/105: c0 00 0000 020000000002 020000000001 020000000001 1000 0700
    wlan.fixed.reason_code == 7 and wlan.fc.type_subtype == 12
link/105: b0 00 0000 020000000002 020000000001 020000000001 1000 0000 0200 0000
    wlan.fixed.auth.alg == 0 and wlan.fixed.auth_seq == 2 and wlan.fixed.status_code == 0
link/105: 40 00 0000 ffffffffffff 020000000001 ffffffffffff 1000 0009 6162
    wlan.tag.length == 9 and _ws.malformed
"""  # noqa: E501

PLANTS = """
tcp/502: 0001 0000 000b 01 10 0001 0002 04 000a 0102
    mbtcp.trans_id == 1 and mbtcp.unit_id == 1 and modbus.func_code == 16 and modbus.reference_num == 1
    modbus.regnum16 == 2 and modbus.regval_uint16 == 258 and not _ws.malformed
tcp/502: 0001 0001 0006 01 03 0000 0002
    not mbtcp
tcp/2404: 68 0e 0200 0400 2d 01 0600 0300 010000 01
    iec60870_104.type == 0 and iec60870_104.tx == 1 and iec60870_asdu.typeid == 45 and iec60870_asdu.causetx == 6
    iec60870_asdu.ioa == 1 and iec60870_asdu.addr == 3
tcp/2404: 68 04 07000000
    iec60870_104.utype == 1
udp/20000: 0564 08 c4 0a00 0100 fc42 c0 c0 17 c2a7
    dnp3.dst == 10 and dnp3.src == 1 and dnp3.ctl.prifunc == 4 and dnp3.al.func == 23 and dnp.hdr.CRC.status == 1
tcp/102: 0300 0019 02f080 3201 0000 0001 0008 0000 f000 0001 0001 01e0
    s7comm.header.rosctr == 1 and s7comm.param.func == 0xf0 and s7comm.param.pdu_length == 480
"""

SENSORS = """
link/230: 41 88 01 cdab 0200 0100 7f 33 f0 f0b1 f0b2 abcd 6869
    wpan.dst_pan == 0xabcd and wpan.src16 == 1 and wpan.dst16 == 2 and 6lowpan.iphc.hlim == 3
    6lowpan.src == fe80::ff:fe00:1 and 6lowpan.dst == fe80::ff:fe00:2 and ipv6.hlim == 255
    udp.srcport == 61617 and udp.dstport == 61618 and udp.length == 10 and not _ws.malformed
link/195: 41 88 01 cdab 0200 0100 7f 33 f0 f0b1 f0b2 abcd 6869 0000
    wpan.fcs_ok == 0 and data and not 6lowpan
link/230: 41 84 01 cdab 0100
    _ws.malformed
link/230: 80 eb cdab ffff cdab 01000000 00000cc1 203f 1188
    wpan.ie_present == 1 and _ws.malformed
"""

LISP = """
udp/4342: 30000001 0000000000000001 0001 0004 aabbccdd 000005a0 01 18 1000 0000 0001 0a000100 01 64 ff 00 0005 0001 c0a80001
    lisp.type == 3 and lisp.nonce == 1 and lisp.auth == aa:bb:cc:dd and lisp.mapping.eid.ipv4 == 10.0.1.0
    lisp.loc.locator == "192.168.0.1" and lisp.loc.flags.local == 1 and lisp.mapping.eid.masklen == 24
    not _ws.malformed and not data
udp/4342: 30000001 0000000000000001 0001 0004 aabbccdd 000005a0 01 18 1000
    _ws.malformed
"""  # noqa: E501

PLAN_9 = """
tcp/564: 13000000 64 ffff 00200000 0600 395032303030
    9p.msglen == 19 and 9p.msgtype == 100 and 9p.tag == 0xffff and 9p.version == "9P2000" and 9p.maxsize == 8192
"""

PROBES = """
udp/50003: 12345678 40 01 0002 000685b23b6d0b14 0000
    hipercontracer.send_ttl == 64 and hipercontracer.seq_number == 2 and not data
    hipercontracer.send_timestamp >= "2034-12-02" and hipercontracer.send_timestamp < "2034-12-03"
udp/50003: 12345678 00 01 0002 000685b23b6d0b14 0000
    data and not hipercontracer
udp/50003: 12345678 40 01 0002 000466ae821b1bff 0000
    data and not hipercontracer
"""

CALLS = """
udp/50003: 00000007 00000000 00000002 000186a0 00000009 00000001 00000000 00000000 00000000 00000000 01020304
    rpc.program == 100000 and data.len == 4
udp/50003: 00000007 00000000 00000002 000186a0 00000002 00000001 00000000 00000000 00000000 00000000 000186a3 00000002 00000011 00000000
    rpc.programversion == 2 and not data
"""  # noqa: E501

LINKS = """
link/160: 490c62
    user_dlt and data.len == 3
link/229: 45000014
    not data
link/50: ff03 c023 01 01 000c 03 626f62 03 706177
    pap.peer_id == "bob" and pap.password == "paw" and pap.code == 1 and not _ws.malformed
link/50: ff03 c023 02 01 0006 94 4f
    pap.message.length == 148 and _ws.malformed
llc/0001af: 810200
    basicxid.llc.xid.types == 2 and basicxid.llc.xid.format == 0x81 and not data
llc/0001af: 990200
    data and not basicxid
link/100: aaaa03 000000 9999 4142
    llc.type == 0x9999 and data.len == 2
"""

TABLES = {"links": LINKS, "calls": CALLS, "probes": PROBES, "9p": PLAN_9, "lisp": LISP,
          "sensors": SENSORS, "plants": PLANTS, "wlan": WLAN, "openflow": OPENFLOW, "isakmp": ISAKMP}


@pytest.mark.parametrize("name", TABLES)
def test_fields(name: str) -> None:
    assert list(disagreements(TABLES[name])) == []


@pytest.mark.parametrize("name", TABLES)
def test_damage(name: str) -> None:
    assert faults_when_cut(TABLES[name]) == []


def test_first_fragments_are_cut_without_damage() -> None:
    """What a datagram lacks because its first fragment is all that was captured, and cut, is not malformed."""
    rest = "0102030405060708 0000000000000000 0d 10 02 00 00000000 00000024 00 00 0028 41424344"
    payload = bytes.fromhex("01f4 01f4 0100 0000" + rest)
    assert not any(_malformed(payload, flags, cut=True) for flags in (b"\x20\0", b"\x60\0"))
    assert _malformed(payload, b"\0\0", cut=True)


def _malformed(payload: bytes, flags: bytes, cut: bool) -> bool:
    from dfilter.packets.session import RawFrame, Session

    head = b"\x45\0\0\x90\0\1" + flags + b"\x40\x11\0\0\x0a\0\0\1\x0a\0\0\2"
    frame = RawFrame(1, 0, head + payload, 500 if cut else len(head + payload), 101)
    view = Session().dissect(frame)
    view.complete()
    return "_ws.malformed" in view.by_name
