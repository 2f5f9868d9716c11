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


@pytest.mark.parametrize("table", [BGP], ids=["bgp"])
def test_fields(table: str) -> None:
    assert list(disagreements(table)) == []


@pytest.mark.parametrize("table", [BGP], ids=["bgp"])
def test_damage(table: str) -> None:
    assert faults_when_cut(table) == []
