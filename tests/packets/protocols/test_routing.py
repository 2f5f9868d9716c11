"""Routing protocols: packets made by hand, and filters that Wireshark 4.4 agrees with."""

from __future__ import annotations

import pytest

from tests.packets.protocols.wire_table import disagreements, faults_when_cut

MARKER = "ff" * 16

BGP = f"""
tcp/179: {MARKER} 002d01 04 fde8 00b4 0a000001 10 020e 010400010001 0200 4104000186a0
    bgp.open.myas == 65000 and bgp.open.holdtime == 180 and bgp.open.identifier == 10.0.0.1
    bgp.cap.type == 65 and bgp.cap.4as == 100000 and bgp.cap.mp.afi == 1 and bgp.cap.mp.safi == 1
    not _ws.malformed
tcp/179: {MARKER} 002001 04 fde8 00b4 0a000001 03 0201 41
    _ws.malformed
tcp/179: {MARKER} 003602 0000 001b 40010100 4002060201000186a0 4003040a000001 c00804fde80064 18c0a801
    bgp.update.path_attribute.origin == 0 and bgp.update.path_attribute.next_hop == 10.0.0.1
    bgp.update.path_attribute.as_path_segment.as4 == 100000
    bgp.update.path_attribute.community_as == 65000 and bgp.update.path_attribute.community_value == 100
    bgp.prefix_length == 24 and bgp.nlri_prefix == 192.168.1.0
    not _ws.malformed
tcp/179: {MARKER} 001c02 0003 100a01 0002 4001
    bgp.withdrawn_prefix == 10.1.0.0 and _ws.malformed
tcp/179: {MARKER} 001702 0000 0000
    bgp.type == 2 and not _ws.malformed and not bgp.update.nlri
tcp/179: {MARKER} 001302
    _ws.malformed
tcp/179: {MARKER} 001b03 06 02 05 68656c6c6f
    bgp.notify.major_error == 6 and bgp.notify.minor_error_cease == 2 and bgp.notify.communication == "hello"
tcp/179: {MARKER} 003802 0000 0021 800e1e 0001 80 0c 0000000000000000 0a000001 00 60 000401 0000fde800000064 0a
    bgp.rd == "65000:100" and bgp.label_stack == "64 (bottom)" and bgp.mp_reach_nlri_ipv4_prefix == 10.0.0.0
"""

VRRP = """
ip/112: 21 05 64 01 00 01 0000 0a0000fe 0000000000000000
    vrrp.version == 2 and vrrp.virt_rtr_id == 5 and vrrp.prio == 100 and vrrp.ip_addr == 10.0.0.254
    vrrp.adver_int == 1 and vrrp.checksum.status == 0 and not vrrp.auth_string and not _ws.malformed
ip/112: 21 05 64 01 01 01 0000 0a0000fe
    _ws.malformed
ip6/112: 31 05 64 01 0064 0000 fe800000000000000000000000000001
    vrrp.short_adver_int == 100 and vrrp.ipv6_addr == fe80::1 and vrrp.version == 3
"""

LLDP = """
eth/88cc: 0207 04 020000000001 0404 05 657430 0602 0078 0a02 7331 0e04 00140004 100c 05010a000001 02 00000007 00 0000
    lldp.chassis.id.mac == 02:00:00:00:00:01 and lldp.port.id == "et0" and lldp.time_to_live == 120
    lldp.tlv.system.name == "s1" and lldp.tlv.system_cap.router == 1 and lldp.tlv.enable_system_cap.router == 0
    lldp.mgn.addr.ip4 == 10.0.0.1 and lldp.mgn.interface.number == 7 and not _ws.malformed
eth/88cc: 0404 05 657430 0207 04 020000000001
    _ws.malformed
eth/88cc: 0207 04 020000000001 0404 05 657430 0602 0078 fe06 0080c2 01 000a fe09 00120f 01 03 6cc1 001e 0000
    lldp.ieee.802_1.port_vlan.id == 10 and lldp.ieee.802_3.pmd_mau_type == 30
eth/88cc: 0207 04 020000000001 0404 05 657430 0602 0078 fe08 0012bb 02 01 8064ae 0000
    lldp.media.vlan_id == 50 and lldp.media.policy_flag == 1 and lldp.media.l2_prio == 2 and lldp.media.dscp == 46
"""

MOBILITY = """
ip6/135: 3b 01 05 00 0000 0007 c000 0010 0102 0000
    mip6.mhtype == 5 and mip6.bu.seqnr == 7 and mip6.bu.a_flag == 1 and mip6.bu.lifetime == 16
    mip6.options.padn and not _ws.malformed
ip6/135: 3b 01 05 00 0000 0007 c000 0010 0300 0000
    mip6.options.acoa and _ws.malformed
"""

RPKI = """
tcp/323: 00 04 0000 00000014 01 18 18 00 c0a80100 0000fde8
    rpki-rtr.ipv4_prefix == 192.168.1.0 and rpki-rtr.as_number == 65000 and rpki-rtr.flags.aw == 1
tcp/323: 00 0a 0001 00000010 00000009 00000000
    rpki-rtr.length_pdu == 9 and _ws.malformed
"""

PIM = """
ip/103: 20 00 0000 0001 0002 0069 0014 0004 00000001 0002 0004 01f4 09c4
    pim.holdtime == 105 and pim.generation_id == 1 and pim.propagation_delay == 500 and not _ws.malformed
ip/103: 23 00 0000 01000a000001 00 01 00d2 01000020e1010101 0001 0000 01000420 0a000002
    pim.upstream_neighbor == 10.0.0.1 and pim.group == 225.1.1.1 and pim.join_ip == 10.0.0.2 and pim.numjoins == 1
    pim.source_addr.flags.s == 1 and pim.mask_len == 32
ip/103: 20 00 0000 0001 0000
    pim.optiontype == 1 and _ws.malformed
ip/103: 22 01 0000 01000020e1010101 01000a000001
    pim.packedregstoppbit == 1 and pim.source == 10.0.0.1
ip/2: 1f200000 e0000001 0a000001 0a000002 0a000003 40000007 00000001 0a000004 0a000005 0a000006 00000001 00000002 00000003 0301d801 00
    igmp.mtrace.max_hops == 32 and igmp.mtrace.q_id == 7 and igmp.mtrace.saddr == 10.0.0.1 and igmp.maddr == 224.0.0.1
    igmp.mtrace.q_prevrtr == 10.0.0.6 and igmp.mtrace.q_mbz == 1 and igmp.mtrace.q_src_mask == 0x18 and not _ws.malformed
ip/103: 21 00 0000 40000000 00000000
    pim.register_flag.null_register == 1 and pim.dummy_header and not data
"""  # noqa: E501

ISIS = """
llc/fefe03: 83 1b 01 00 0f 01 00 00 01 000000000001 001e 002a 40 00000000000102 01 04 03 490001 81 01 cc 84 04 0a000001
    isis.hello.circuit_type == 1 and isis.hello.priority == 64 and isis.hello.area_address == 03:49:00:01
    isis.hello.clv_ipv4_int_addr == 10.0.0.1 and isis.hello.clv_nlpid.nlpid == 0xcc and not _ws.malformed
llc/fefe03: 83 1b 01 00 0f 01 00 00 01 000000000001 001e 001f 40 00000000000102 01 05 03 49
    isis.hello and _ws.malformed
llc/fefe03: 83 1b 01 00 0f 01 00 00 01 000000000001 001e 0022 40 00000000000102 81 01 cc 49 01 00 00 00
    isis.hello.clv.type == 0x49 and isis.hello.clv.unknown and not isis.hello.clv.type == 0 and not _ws.malformed
llc/fefe03: 83 1b 01 00 0f 01 00 00 01 000000000001 001e 0022 40 00000000000102 81 01 cc 81 30 cc cc
    isis.hello.short_clv and _ws.expert.group == "Malformed" and isis.hello.clv.length == 1 and not isis.hello.clv.length == 0x30
llc/fefe03: 83 1b 01 00 12 01 00 00 0029 04b0 000000000001 0000 00000007 abcd 03 89 02 5231 87 08 0000000a 18 0a0000
    isis.lsp.sequence_number == 7 and isis.lsp.hostname == "R1" and isis.lsp.is_type == 3
    isis.lsp.ext_ip_reachability.prefix_length == 24 and isis.lsp.ext_ip_reachability.ipv4_prefix == 10.0.0.0
llc/fefe03: 82 0f 01 00 04 001e 0000 05 4900010203
    esis.type == 4 and esis.htime == 30 and esis.netl == 5 and not data
llc/fefe03: 00 07 f0 0001 80000001 41
    clnp.nlpi == 0 and cotp.destref == 1
"""  # noqa: E501

OSPF = """
ip/89: 02 01 0030 0a000001 00000000 0000 0000 0000000000000000 ffffff00 000a 12 01 00000028 0a000001 0a000002 0a000003
    ospf.msg.hello and ospf.srcrouter == 10.0.0.1 and ospf.hello.hello_interval == 10 and ospf.v2.options.e == 1
    ospf.hello.active_neighbor == 10.0.0.3 and ospf.hello.network_mask == 255.255.255.0 and not _ws.malformed
ip6/89: 03 01 0024 0a000001 00000000 0000 00 00 00000005 01 000013 000a 0028 0a000001 00000000
    ospf.version == 3 and ospf.hello.interface_id == 5 and ospf.v3.options.v6 == 1
ip/89: 02 04 003c 0a000001 00000000 0000 0000 0000000000000000 00000001 0001 02 02 0a000001 0a000001 80000001 abcd 0020 ffffff00 0a000001 0a000002
    ospf.ls.number_of_lsas == 1 and ospf.lsa == 2 and ospf.lsa.network.attchrtr == 10.0.0.2 and ospf.lsa.seqnum > 0
ip/89: 02 04 0030 0a000001 00000000 0000 0000 0000000000000000 00000001 0001 02 02 0a000001 0a000001 80000001 abcd 0000
    ospf.lsa.length == 0 and _ws.malformed
"""  # noqa: E501

RIP = """
udp/520: 02 02 0000 0002 0000 0a000000 ff000000 00000000 00000001
    rip.command == 2 and rip.ip == 10.0.0.0 and rip.netmask == 255.0.0.0 and rip.metric == 1 and not _ws.malformed
udp/520: 02 02 0000 0002 0000 0a000000 ff00
    _ws.malformed
udp/521: 02 01 0000 20010db8000000000000000000000000 0000 20 01
    ripng.cmd == 2 and ripng.rte.ipv6_prefix == 2001:db8:: and ripng.rte.prefix_length == 32
"""

SIGNALS = """
udp/3784: 20 c8 03 18 00000001 00000002 000f4240 000f4240 00000000
    bfd.sta == 3 and bfd.flags.c == 1 and bfd.my_discriminator == 1 and bfd.desired_min_tx_interval == 1000000
udp/646: 0001 001e 0a000001 0000 0100 0014 00000001 0400 0004 000f 0000 0401 0004 0a000001
    ldp.msg.type == 0x100 and ldp.msg.tlv.hello.hold == 15 and ldp.msg.tlv.ipv4.taddr == 10.0.0.1
    ldp.hdr.ldpid.lsr == 10.0.0.1 and not _ws.malformed
udp/646: 0001 000e 0a000001 0000 0100 0000 00000001
    _ws.malformed
ip/88: 02 05 0000 00000000 00000000 00000000 0000 0064 0001 000c 01 00 01 00 00 00 000f
    eigrp.as == 100 and eigrp.par.k1 == 1 and eigrp.par.holdtime == 15 and not _ws.malformed
ip/88: 02 05 0000 00000000 00000000 00000000 0000 0064 0004 0004
    eigrp.tlv_type == 4 and _ws.malformed
eth/8809: 01 01 01 14 8000 020000000001 000d 8000 0016 3d 000000 02 14 8000 020000000002 000d 8000 0019 3d 000000 03 10 8000 000000000000000000000000 00 00
    lacp.actor.sysid == 02:00:00:00:00:01 and lacp.partner.port == 25 and lacp.actor.state.collecting == 1
llc/aaaa0300000c2000: 02 b4 0000 0001 0006 5331 0003 0008 4769302f 000a 0006 0001 0004 0008 00000028
    cdp.deviceid == "S1" and cdp.portid == "Gi0/" and cdp.native_vlan == 1 and cdp.capabilities.switch == 1
link/104: 8f00 8035 00000002 00000001 00000002 ffff
    slarp.mysequence == 1 and not _ws.malformed
link/104: 8f00 8035 00000002 00000001 00000002 04ff
    _ws.malformed
"""  # noqa: E501

RSVP = """
ip/46: 10 01 0000 40 00 0038 0010 01 07 0a000002 0000 0004 0a000001 000c 03 01 0a000001 00000000 0014 14 01 01 08 0a000005 20 00 81 08 0a000006 20 00
    rsvp.path == 1 and rsvp.session.tunnel_id == 4 and rsvp.hop.neighbor_address_ipv4 == 10.0.0.1
    rsvp.ero_rro_subobjects.ipv4_hop == 10.0.0.6 and rsvp.loose_hop == 1 and not _ws.malformed
ip/46: 10 14 0000 40 00 000c 0000 00 00
    rsvp.hello == 1 and _ws.malformed
"""  # noqa: E501

HSRP = """
eth/0800: 45000030 00010000 01110000 0a000001 e0000002 07c107c1001c0000 000010030a780100 636973636f000000 0a0000fe
    hsrp.state == 16 and hsrp.priority == 120 and hsrp.auth_data == "cisco" and hsrp.virt_ip == 10.0.0.254
    not _ws.malformed
eth/0800: 45000027 00010000 01110000 0a000001 e0000002 07c107c100130000 000010030a780100 636973
    hsrp.group == 1 and _ws.malformed
"""

TABLES = {"hsrp": HSRP, "rsvp": RSVP, "rip": RIP, "signals": SIGNALS, "ospf": OSPF, "isis": ISIS,
          "pim": PIM, "bgp": BGP, "vrrp": VRRP, "lldp": LLDP, "mipv6": MOBILITY, "rpkirtr": RPKI}


@pytest.mark.parametrize("name", TABLES)
def test_fields(name: str) -> None:
    assert list(disagreements(TABLES[name])) == []


@pytest.mark.parametrize("name", TABLES)
def test_damage(name: str) -> None:
    assert faults_when_cut(TABLES[name]) == []
