"""NTP, SNMP and RADIUS: their fields, and which response answers which request."""

from __future__ import annotations

import struct

import pytest

from dfilter.packets.protocols.ntp import timestamp
from tests.packets.protocols.datagram_wire import SECOND, check, malformed, udp, views


def ntp(flags: int, tail: bytes = b"") -> bytes:
    return bytes([flags, 2, 6, 0xEC]) + bytes(12) + b"\xd9\0\0\0\x80\0\0\0" + bytes(24) + tail


@pytest.mark.parametrize(
    ("seconds", "fraction", "want"),
    [(0, 0, 0), (2208988800, 1 << 31, SECOND // 2), (0, 1, 2085978496 * SECOND), (0x80000000, 0, -61505152 * SECOND)],
)
def test_ntp_timestamps_have_eras(seconds: int, fraction: int, want: int) -> None:
    assert timestamp(seconds, fraction) == want


def test_ntp_client_and_server() -> None:
    client, server = views([udp(ntp(0x23), 40000, 123), udp(ntp(0x24), 123, 40000, back=True)])
    check(client, "ntp.", flags__mode=3, flags__vn=4, stratum=2, precision=-20, org=0, response_in=2)
    check(server, "ntp.", request_in=1, delta_time=SECOND)


TRAILERS = [
    (b"\0\0\0\1" + bytes(16), {"keyid": b"\0\0\0\1", "mac": bytes(16), "ext__type": []}),
    (b"\1\4\0\x10" + bytes(12), {"ext__type": 0x104, "ext__value": bytes(12), "keyid": []}),
    (b"\1\4\0\x10" + bytes(12) + b"\0\0\0\2" + bytes(16), {"ext__length": 16, "keyid": b"\0\0\0\2"}),
    (b"\1", {"keyid": []}),
]


@pytest.mark.parametrize(("tail", "wanted"), TRAILERS)
def test_ntp_trailers(tail: bytes, wanted: dict[str, object]) -> None:
    (view,) = views([udp(ntp(0x23, tail), 40000, 123)])
    check(view, "ntp.", **wanted)


def test_ntp_control_and_private() -> None:
    status = b"\x16\x81\0\1\x06\x18" + bytes(4) + b"\0\4\0\7\x96\x1a"
    control, private, cut = views([udp(status, 123, 40000), udp(b"\x17\0\3\x2a\0\1\0\x48", 40000, 123),
                                   udp(ntp(0x23)[:20], 40000, 123)])  # fmt: skip
    check(control, "ntp.ctrl.", flags2__r=True, sequence=1, sys_status__clksrc=6, associd=[0, 7],
          peer_status__selection=6)  # fmt: skip
    check(private, "ntp.priv.", reqcode=42, numitems=1, itemsize=0x48, mode7__item=[])
    check(cut, "ntp.", stratum=2, refid=bytes(4), xmt=[])
    assert malformed(cut)


def test_ntp_monitor_and_peer_lists() -> None:
    head, item = b"\x97\0\3\x2a\0\1\0\x48", bytes(range(72))
    monitor, peers, cut = views([udp(head + item, 123, 40000), udp(b"\x97\0\3\1\0\1\0\x48" + item, 123, 40000),
                                 udp(head + item[:40], 123, 40000)])  # fmt: skip
    check(monitor, "ntp.priv.monlist.", count=0x0C0D0E0F, remote_address=b"\x10\x11\x12\x13", port=0x1C1D)
    check(peers, "ntp.priv.mode7.", srcaddress=b"\4\5\6\7", peer__flags__burst=True, peer__flags__config=False)
    check(peers, "ntp.", stratum=10, ppoll=12)
    assert malformed(cut)


def tlv(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return bytes([tag, len(body)]) + body


OID = bytes.fromhex("2b06010201010100")


def snmp(pdu: int, value: bytes = b"\5\0", version: int = 1, number: int = 1) -> bytes:
    binding = tlv(0x30, tlv(0x30, tlv(6, OID), value))
    body = tlv(0xA0 + pdu, tlv(2, bytes([number])), tlv(2, b"\0"), tlv(2, b"\0"), binding)
    return tlv(0x30, tlv(2, bytes([version])), tlv(4, b"public"), body)


VALUES = [
    (b"\5\0", {"value__null": None}),
    (b"\2\1\xfb", {"value__int": -5}),
    (b"\4\2ab", {"value__octets": b"ab", "var-bind_str": "ab"}),
    (tlv(0x40, b"\1\2\3\4"), {"value__ipv4": b"\1\2\3\4"}),
    (tlv(0x46, b"\xff" * 8), {"value__counter": 2**64 - 1}),
    (b"\x80\0", {"noSuchObject": None}),
    (b"\x43\0", {"integral_value0": None, "value__timeticks": []}),
]


@pytest.mark.parametrize(("value", "wanted"), VALUES)
def test_snmp_values(value: bytes, wanted: dict[str, object]) -> None:
    (view,) = views([udp(snmp(2, value), 161, 40000)])
    check(view, "snmp.", version=1, community="public", data=2, name=OID, variable_bindings=1, **wanted)


def test_snmp_responses_answer_requests() -> None:
    asked, answered, trap = views([udp(snmp(0), 40000, 161), udp(snmp(2), 161, 40000, back=True),
                                   udp(snmp(7), 161, 162, back=True)])  # fmt: skip
    check(asked, "snmp.", response_in=2)
    check(answered, "snmp.", response_to=1, time=SECOND)
    check(trap, "snmp.", response_in=[], snmpV2_trap_element=None)


def test_snmp_version_3() -> None:
    usm = tlv(0x30, tlv(4, b"\x80\0\0\1\3\1\2\3\4\5\6"), b"\2\1\7\2\1\x09", tlv(4, b"joe"), b"\4\0\4\0")
    head = tlv(0x30, b"\2\1\1\2\1\x10", tlv(4, b"\3"), b"\2\1\3")
    (view,) = views([udp(tlv(0x30, b"\2\1\3", head, tlv(4, usm), tlv(4, b"secret")), 40000, 161)])
    check(view, "snmp.", msgVersion=3, v3__flags__crypt=True, msgUserName="joe", encryptedPDU=b"secret",
          msgAuthoritativeEngineBoots=7, engineid__mac=b"\1\2\3\4\5\6")  # fmt: skip


@pytest.mark.parametrize("payload", [b"abc", b"\x30\x20\2\1\0", b"\x31\0", b"\x30\x85\1\1\1\1\1"])
def test_what_is_no_whole_sequence_is_not_snmp(payload: bytes) -> None:
    (view,) = views([udp(payload, 40000, 161)])
    assert "snmp" not in view.by_name


def test_bytes_after_an_snmp_message_are_data() -> None:
    whole, short = views([udp(snmp(0) + b"xyz", 40000, 161)]), views([udp(snmp(0) + b"xyz", 40000, 161)], cut=50)
    check(whole[0], "data.", data=b"xyz")
    assert "data" not in short[0].by_name
    assert "_ws.short" in short[0].by_name


def test_snmp_damage_inside() -> None:
    (view,) = views([udp(tlv(0x30, b"\2\1\0", tlv(4, b"pub"), b"\xa0\x20\2\1"), 40000, 161)])
    check(view, "snmp.", community="pub", request_id=[])
    assert malformed(view)


def radius(code: int, attributes: bytes = b"", number: int = 1, secret: bytes = b"a") -> bytes:
    return struct.pack(">BBH", code, number, 20 + len(attributes)) + secret * 16 + attributes


def attribute(kind: int, value: bytes) -> bytes:
    return bytes([kind, 2 + len(value)]) + value


ATTRIBUTES = [
    (attribute(1, b"bob"), {"User_Name": "bob", "avp__type": 1}),
    (attribute(4, b"\1\2\3\4"), {"NAS_IP_Address": b"\1\2\3\4"}),
    (attribute(4, b"\1"), {"NAS_IP_Address": []}),
    (attribute(61, b"\0\0\0\x0f"), {"NAS_Port_Type": 15}),
    (attribute(64, b"\1\0\0\x0d"), {"Tunnel_Type": 13, "Tunnel_Type__tag": 1}),
    (attribute(26, b"\0\0\0\x09\1\6abcd"), {"avp__vendor_id": 9, "Cisco_AVPair": "abcd"}),
    (attribute(250, b"xy"), {"Unknown_Attribute": b"xy"}),
]


@pytest.mark.parametrize(("wire", "wanted"), ATTRIBUTES)
def test_radius_attributes(wire: bytes, wanted: dict[str, object]) -> None:
    (view,) = views([udp(radius(1, wire), 40000, 1812)])
    check(view, "radius.", code=1, req=True, avp=wire, **wanted)


def test_radius_responses_answer_requests() -> None:
    ask, reply = udp(radius(1), 40000, 1812), udp(radius(2), 1812, 40000, back=True)
    first, again, answered, repeated, other = views([ask, ask, reply, reply, udp(radius(1, secret=b"b"), 40000, 1812)])
    check(first, "radius.", rspframe=3, dup=[])
    check(again, "radius.", req__dup=1, rspframe=3)
    check(answered, "radius.", reqframe=1, time=2 * SECOND, rsp=True)
    check(repeated, "radius.", rsp__dup=3, reqframe=1)
    check(other, "radius.", dup=[], rspframe=[])


def test_radius_attributes_that_do_not_fit() -> None:
    bad, unknown = views([udp(radius(1, b"\1\5bob\1\x20a"), 40000, 1812), udp(radius(99), 40000, 1812)])
    check(bad, "radius.", User_Name="bob", invalid_length=None)
    assert malformed(bad)
    assert not {"code", "id"} & set(unknown.by_name)
