"""Diameter: headers, AVPs, messages that span segments."""

from __future__ import annotations

from tests.packets.protocols.wire_table import disagreements, faults_when_cut

HEAD = "00000000 11223344 55667788"
ORIGIN = "00000108 40000014 686f73742e6578616d706c65"  # host.example
REALM = "00000128 4000000f 6578616d706c6500"
RESULT = "0000010c 4000000c 000007d1"
VENDOR = "00000578 c0000010 000028af 61626364"

PACKETS = f"""
tcp/3868: 01000038 80000101 {HEAD} {ORIGIN} {REALM}
    diameter.flags.request == 1 and diameter.cmd.code == 257 and diameter.length == 56 and not data
    diameter.Origin-Host == "host.example" and diameter.Origin-Realm == "example" and diameter.avp.pad == 00
    diameter.hopbyhopid == 0x11223344 and diameter.endtoendid == 0x55667788 and diameter.version == 1
    count(diameter.avp.code) == 2 and diameter.avp.len == 15 and diameter.avp.flags == 0x40
tcp/3868: 01000020 00000101 {HEAD} {RESULT} 01000024 00000110 00000004 00000001 00000002 {VENDOR}
    diameter.Result-Code == 2001 and diameter.flags.request == 0 and diameter.cmd.code == 272
    diameter.avp.vendorId == 10415 and diameter.flags.vendorspecific == 1 and count(diameter.cmd.code) == 2
tcp/3868: 0100001c 80000101 {HEAD} 00000108 400000ff
    diameter and _ws.malformed
tcp/3868: 02000014 80000101 {HEAD}
    data and not diameter
tcp/3868: 01000013 80000101 {HEAD}
    data and not diameter
ip/132: 0f1c 0f1c 00000000 00000000 00030024 00000001 0000 0000 0000002e 01000014 80000118 {HEAD}
    diameter.cmd.code == 280
"""


def test_packets() -> None:
    assert list(disagreements(PACKETS)) == []


def test_cut_packets_are_no_faults() -> None:
    assert faults_when_cut(PACKETS) == []
