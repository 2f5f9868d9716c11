"""Protocols found by their bytes or behind others: RPC, WireGuard, OpenFlow, DCCP, loopback, TPKT, quoted TCP; and the
owners of ports that decline what is not theirs. What is expected was asked of Wireshark 4.4."""

from __future__ import annotations

import struct

import pytest

from dfilter.packets.session import RawFrame, Session, needs_of
from dfilter.packets.view import View
from tests.packets.builders import A, B, C, dissect, eth, icmp, ip4, udp, values

CALL = struct.pack(">10I", 7, 0, 2, 100003, 3, 1, 0, 0, 0, 0)
REPLY = struct.pack(">6I", 7, 1, 0, 0, 0, 0)
GET = b"GET /x HTTP/1.1\r\n\r\n"


def tcp(payload: bytes, source: int, target: int, seq: int = 1, flags: int = 0x18) -> bytes:
    return struct.pack(">HHIIBBHHH", source, target, seq, 1, 0x50, flags, 1000, 0, 0) + payload


def names(view: View) -> list[str]:
    return [layer.protocol.name for layer in view.layers[2:]]


def test_rpc_pairs_replies_with_calls() -> None:
    call, reply, stray = dissect([
        eth(ip4(udp(CALL, 900, 2049))), eth(ip4(udp(REPLY, 2049, 900), source=B, target=A)),
        eth(ip4(udp(b"\0\0\0\x63" + REPLY[4:], 2049, 900)))])  # fmt: skip
    assert values(call, "rpc.program") == [100003]
    assert values(call, "rpc.reqframe") == [2]
    assert values(reply, "rpc.repframe") == [1]
    assert values(reply, "rpc.procedure") == [1]
    assert values(reply, "rpc.time") == [10**9]
    assert names(stray)[-1] == "data"


def test_rpc_over_tcp_waits_for_the_whole_record() -> None:
    record = struct.pack(">I", 0x80000000 | len(CALL)) + CALL
    first, second = dissect([eth(ip4(tcp(record[:30], 900, 2049), 6)),
                             eth(ip4(tcp(record[30:], 900, 2049, 31), 6))])  # fmt: skip
    assert "rpc" not in names(first)
    assert values(second, "rpc.fraglen") == [len(CALL)]
    assert values(second, "rpc.programversion") == [3, 3]


@pytest.mark.parametrize(
    ("kind", "length", "found"), [(1, 148, True), (1, 147, False), (2, 92, True), (3, 64, True), (4, 32, True),
                                  (4, 31, False), (5, 64, False)]
)  # fmt: skip
def test_wireguard_is_known_by_type_and_length(kind: int, length: int, found: bool) -> None:
    (view,) = dissect([eth(ip4(udp(bytes([kind, 0, 0, 0]) + bytes(range(1, length - 3)))))])
    assert ("wg" in names(view)) is found
    assert values(view, "wg.type") == ([kind] if found else [])


def test_openflow_messages_of_one_segment() -> None:
    two = bytes.fromhex("0100000800000001" "040a000c00000002" "ffffffff")
    first, rest = dissect([eth(ip4(tcp(two[:12], 50001, 6633), 6)), eth(ip4(tcp(two[12:], 50001, 6633, 13), 6))])
    assert values(first, "openflow_1_0.type") == [0]
    assert values(rest, "openflow_v4.length") == [12]
    assert values(rest, "tcp.pdu.size") == [12]


def test_dccp_ends_where_its_offset_says() -> None:
    header = struct.pack(">HHBBHBB6sHHI", 5001, 9, 6, 0, 0, 0x09, 0, bytes([0, 0, 0, 0, 1, 2]), 0, 0, 77)
    view, damaged = dissect([eth(ip4(header + b"hello", 33)), eth(ip4(header[:4] + b"\xff" + header[5:], 33))])
    assert values(view, "dccp.port") == [5001, 9]
    assert values(view, "dccp.seq_raw") == [258]
    assert values(view, "dccp.ack_raw") == [77]
    assert values(view, "data.data") == [b"hello"]
    assert "_ws.malformed" in damaged.by_name


def test_loopback_functions() -> None:
    (view,) = dissect([eth(b"\0\0\2\0" + b"\2\0\0\0\0\7" + b"\1\0\5\0" + b"UUUU", 0x9000)])
    assert values(view, "loop.function") == [2, 1]
    assert values(view, "loop.receipt_number") == [5]
    assert values(view, "data.data") == [b"UUUU"]


def test_tpkt_declines_on_the_port_of_remote_desktop_only() -> None:
    data = bytes.fromhex("0300000702f080")
    packet, desktop, iso = dissect([eth(ip4(tcp(data, 5000, 3389), 6)), eth(ip4(tcp(b"?" * 9, 5001, 3389), 6)),
                                    eth(ip4(tcp(b"?" * 9, 5002, 102), 6))])  # fmt: skip
    assert values(packet, "cotp.eot") == [True]
    assert names(desktop)[-1] == "data"
    assert values(iso, "tpkt.continuation_data") == [b"?" * 9]


@pytest.mark.parametrize(
    ("port", "payload", "last"),
    [(5001, b"iperf" * 9, "data"), (1701, b"\xc8\2\0\x0c" + bytes(8), "l2tp"), (1701, b"text" * 9, "data"),
     (502, b"hello, world", "data"), (500, bytes(40), "data"), (47808, b"\x81\x0a" + bytes(9), "bvlc")],
)  # fmt: skip
def test_owners_of_ports_decline(port: int, payload: bytes, last: str) -> None:
    (view,) = dissect([eth(ip4(udp(payload, 60123, port)))])
    assert names(view)[-1] == last


def test_quoted_segments_count_in_their_conversation() -> None:
    quoted = eth(ip4(icmp(3, 1, ip4(tcp(GET, 4000, 80, 950), 6)), 1, C, A))
    short = eth(ip4(icmp(3, 1, ip4(tcp(GET, 4001, 80, 950)[:8], 6, total=60)), 1, C, A))
    first, plain, cut = dissect([quoted, eth(ip4(tcp(GET, 4000, 80, 900), 6)), short])
    assert values(first, "tcp.stream") == values(plain, "tcp.stream") == [0]
    assert (values(first, "tcp.stream.pnum"), values(plain, "tcp.stream.pnum")) == ([1], [2])
    assert (values(first, "tcp.seq"), values(plain, "tcp.seq")) == ([950], [1])
    assert values(first, "http.request.uri") == values(plain, "http.request.uri") == ["/x"]
    assert values(first, "tcp.len") == []
    assert (values(cut, "tcp.seq"), values(cut, "tcp.stream")) == ([950], [])
    assert "_ws.malformed" not in cut.by_name


def test_bgp_messages_in_segments() -> None:
    keep_alive = b"\xff" * 16 + b"\0\x13\4"
    opened = b"\xff" * 16 + b"\0\x1d\1\4\0\x07\0\xb4\x0a\0\0\1\0"
    first, second, stray = dissect([eth(ip4(tcp(opened + keep_alive[:9], 5000, 179), 6)),
                                    eth(ip4(tcp(keep_alive[9:], 5000, 179, 39), 6)),
                                    eth(ip4(tcp(b"no marker here, no message", 5001, 179), 6))])  # fmt: skip
    assert values(first, "bgp.open.myas") == [7]
    assert values(first, "tcp.pdu.size") == [29]
    assert values(second, "bgp.type") == [4]
    assert names(stray)[-1] == "data"


@pytest.mark.parametrize(("port", "payload", "last"), [
    (3868, GET, "tcp"),
    (5000, GET, "http"),
    (5000, b"\0\x10\x01" + bytes(16), "tcp"),
    (104, GET, "http"),
    (6075, GET, "http"),
    (9090, GET, "http"),
])  # fmt: skip
def test_owners_of_ports_come_before_what_recognises_itself(port: int, payload: bytes, last: str) -> None:
    """Diameter takes whatever comes to its port, others decline what does not begin like theirs."""
    session = Session(needs_of(("http",)))
    view = session.dissect(RawFrame(1, 0, eth(ip4(tcp(payload, 50001, port), 6)), 200, 1))
    assert view.layers[-1].protocol.name == last


def test_what_is_not_wanted_still_declines() -> None:
    """BGP declines a web request on its port, also when only the web is asked for."""
    session = Session(needs_of(("http.request",)))
    view = session.dissect(RawFrame(1, 0, eth(ip4(tcp(GET, 50001, 179), 6)), 200, 1))
    assert "http" in view.by_name
