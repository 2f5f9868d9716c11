"""DHCP, BOOTP and DHCPv6: the fixed part, options by type, options in options, damage."""

from __future__ import annotations

import pytest

from tests.packets.protocols.datagram_wire import check, malformed, udp, views

COOKIE = b"\x63\x82\x53\x63"


def option(code: int, value: bytes) -> bytes:
    return bytes([code, len(value)]) + value


def bootp(rest: bytes = b"", *, secs: bytes = b"\0\1", sname: bytes = b"", file: bytes = b"") -> bytes:
    head = b"\1\1\6\0\0\0\1\2" + secs + b"\x80\0" + bytes(4) + b"\x0a\0\0\5" + bytes(8)
    return head + b"\0\x0b\x82\1\2\3" + bytes(10) + sname.ljust(64, b"\0") + file.ljust(128, b"\0") + rest


def dhcp(options: bytes, **fixed: bytes) -> bytes:
    return udp(bootp(COOKIE + options, **fixed), 68, 67)


def test_the_fixed_part() -> None:
    (view,) = views([dhcp(option(53, b"\1") + b"\xff\0\0", sname=b"srv", file=b"boot")])
    check(view, "dhcp.", type=1, hw__mac_addr=b"\0\x0b\x82\1\2\3", ip__your=b"\x0a\0\0\5", flags__bc=True, secs=1,
          server="srv", file="boot", bootp=[], cookie=COOKIE, option__dhcp=1, option__type=[53, 0],
          option__end=255, option__padding=b"\0\0")  # fmt: skip


def test_seconds_in_the_wrong_byte_order_are_turned() -> None:
    (view,) = views([dhcp(b"\xff", secs=b"\5\0")])
    check(view, "dhcp.", secs=5, secs_le=None, bootp=True)


OPTIONS = [
    (3, b"\1\2\3\4\5\6\7\x08", {"router": [b"\1\2\3\4", b"\5\6\7\x08"]}),
    (1, b"\1\2\3", {"subnet_mask": []}),
    (12, b"host\0x", {"hostname": "host"}),
    (2, b"\xff\xff\xff\xf0", {"time_offset": -16}),
    (19, b"\1", {"ip_forwarding": True}),
    (55, b"\1\3\6", {"request_list_item": [1, 3, 6]}),
    (51, b"\0\0\x0e\x10", {"ip_address_lease_time": 3600}),
    (121, b"\x18\xc0\xa8\1\1\2\3\4\0\5\6\7\x08", {"classless_static_route": [b"\x18\xc0\xa8\1\1\2\3\4",
                                                                           b"\0\5\6\7\x08"]}),
    (119, b"\3abc\1x\0\3def\xc0\4", {"dhcp_dns_domain_search_list_fqdn": ["abc.x", "def.x"]}),
    (77, b"\3abc\4defg", {"user_class": [0, 1], "user_class__data": [b"abc", b"defg"]}),
    (82, b"\1\2ab\5\4\1\2\3\4", {"agent_information_option__agent_circuit_id": b"ab",
                                 "agent_information_option__link_selection": b"\1\2\3\4"}),
    (33, b"\1\2\3\4\5\6\7\x08", {"static_route__ip": b"\1\2\3\4", "static_route__router": b"\5\6\7\x08"}),
]  # fmt: skip


@pytest.mark.parametrize(("code", "value", "wanted"), OPTIONS)
def test_options(code: int, value: bytes, wanted: dict[str, object]) -> None:
    (view,) = views([dhcp(option(code, value) + b"\xff")])
    check(view, "dhcp.option.", value=value, length=len(value), **wanted)
    assert not malformed(view)


def test_a_client_identifier_is_an_address_or_a_duid() -> None:
    duid = b"\xff\1\2\3\4\0\3\0\1\1\1\1\1\1\1"
    (view,) = views([dhcp(option(61, b"\1\2\3\4\5\6\7") + option(61, duid) + b"\xff")])
    check(view, "dhcp.", hw__mac_addr=[b"\0\x0b\x82\1\2\3", b"\2\3\4\5\6\7"], client_id__iaid="01020304",
          client_id__link_layer_address_ether=b"\1" * 6)  # fmt: skip


def test_the_vendor_class_decides_what_option_43_means() -> None:
    boot = option(60, b"PXEClient") + option(43, b"\6\1\x0b\xff")
    pxe, other = views([dhcp(boot + b"\xff"), dhcp(option(43, b"\1\2") + b"\xff")])
    check(pxe, "dhcp.option.vendor.", pxeclient__discovery_control=0x0B, pxeclient__discovery_control__bstrap=True)
    check(other, "dhcp.option.vendor.", value=b"\1\2", pxeclient__suboption=[])


def test_overloaded_fields_hold_options() -> None:
    (view,) = views([dhcp(option(52, b"\1") + b"\xff", file=option(12, b"abc") + b"\xff")])
    check(view, "dhcp.", option__hostname="abc", file=[], boot_filename_overloaded_by_dhcp=None, server="")


def test_an_option_beyond_the_packet_is_malformed() -> None:
    missing, long_ = views([dhcp(option(53, b"\1")), dhcp(b"\x0c\x14abc")])
    check(missing, "dhcp.", end_option_missing=None)
    assert malformed(long_)
    assert not malformed(missing)


def test_bootp_without_a_cookie() -> None:
    (view,) = views([udp(bootp(bytes(64)), 68, 67)])
    check(view, "dhcp.", bootp=True, vendor_specific_options=bytes(64), cookie=[])


def option6(code: int, value: bytes) -> bytes:
    return code.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value


OPTIONS_6 = [
    (1, b"\0\3\0\1\1\2\3\4\5\6", {"duid__type": 3, "duidll__link_layer_addr_ether": b"\1\2\3\4\5\6"}),
    (3, b"\0\0\0\1" + bytes(8) + option6(5, b"\x20" + bytes(23)), {"iaid": "00000001", "iaaddr__valid_lifetime": 0,
                                                                  "option__type": [3, 5]}),
    (6, b"\0\x17\0\x18", {"requested_option_code": [23, 24]}),
    (8, b"\0\5", {"elapsed_time": 50}),
    (23, bytes(32), {"dns_server": [bytes(16)] * 2}),
    (24, b"\3abc\1x\0\1y\1z\0", {"search_list_entry": ["abc.x.", "abc.x.y.z."]}),
    (39, b"\1\4host\3dom\0", {"clientfqdn__client__s": True, "client_domain": "host.dom."}),
    (16, b"\0\0\0\1\0\3abc", {"vendorclass__enterprise": 1, "vendorclass__data": "abc"}),
    (999, b"abc", {"option__type_str": "DHCP option 999"}),
]  # fmt: skip


@pytest.mark.parametrize(("code", "value", "wanted"), OPTIONS_6)
def test_version_6_options(code: int, value: bytes, wanted: dict[str, object]) -> None:
    (view,) = views([udp(b"\1\0\1\2" + option6(code, value), 546, 547)])
    check(view, "dhcpv6.", msgtype=1, xid=0x000102, **wanted)
    assert not malformed(view)


def test_a_relayed_message_is_a_layer_of_its_own() -> None:
    relay = b"\x0c\0" + bytes(32) + option6(9, b"\1\0\1\2" + option6(8, b"\0\1"))
    (view,) = views([udp(relay, 547, 547)])
    check(view, "dhcpv6.", msgtype=[12, 1], hopcount=0, error_hopcount=[], elapsed_time=10)
    assert len(view.by_name["dhcpv6"]) == 2


def test_a_version_6_option_of_the_wrong_length() -> None:
    wrong, beyond = views([udp(b"\1\0\1\2" + option6(8, b"\1"), 546, 547), udp(b"\1\0\1\2\0\1\0\x20a", 546, 547)])
    check(wrong, "dhcpv6.", malformed_option=None, elapsed_time=[])
    assert malformed(wrong)
    assert not malformed(beyond)
