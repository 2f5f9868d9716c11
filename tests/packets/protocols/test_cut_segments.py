"""What TCP segments are that the capture cut: nothing is put together, and what was captured is shown (as Wireshark
4.4 showed the same frames)."""

from __future__ import annotations

import pytest

from dfilter.packets.view import View
from tests.packets.protocols.http_wire import Talk

HEADERS = 54
"""Bytes before the payload."""
NAMES = ("_ws.malformed", "_ws.short", "bgp", "data", "dns", "dnp3", "http", "kerberos", "ldap", "mqtt", "pgsql", "rpc",
         "smtp", "tls", "tpkt")  # fmt: skip
MARKER = "ff" * 16
DATA = "61" * 16
REQUEST = b"GET /a HTTP/1.1\r\nHost: ab.c\r\nX: y\r\n\r\n".hex()
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd".hex()
CASES = f"""
80    {REQUEST} 10        http _ws.short
80    {REQUEST} 16        _ws.short
80    {REQUEST} 19        http _ws.short
80    {REQUEST} 25        http _ws.short
20000 05644c4403000400d86b{'00' * 81} 20       dnp3 _ws.short
1883  102500064d51497364700302000500177061686f2f3334414145353441 14  mqtt _ws.short
25    {b'MAIL FROM:<root@example.org>'.hex()}0d0a 20      smtp
179   {MARKER}001304{MARKER}001304 19         bgp _ws.short
179   {MARKER}001304{MARKER}001304 38         bgp
179   {MARKER}001304{MARKER}001304 36         bgp _ws.short
179   {MARKER}002d01{DATA}{'00' * 10} 30      bgp _ws.short
179   {MARKER}002d01{DATA}{'00' * 10} 12      data
5432  510000001253454c45435420{DATA} 14       pgsql _ws.short
443   16030100a6010000a20303{DATA * 10} 40    tls _ws.short
443   1703030030{DATA * 3} 20                 tls _ws.short
443   1703031030{DATA * 3} 20                 tls
443   140303000101160303003055ff0708{DATA * 3} 40    tls
2049  800000287c12af6e0000000000000002000186a3000000030000000000000000000000000000000000000000 24  rpc _ws.short
389   3032020101602d020103041c{DATA * 3} 30   ldap _ws.short
"""


def segment(port: int, payload: bytes, captured: int) -> View:
    whole = captured >= len(payload)
    return Talk(port).client(payload, snap=None if whole else HEADERS + captured).views()[-1]


@pytest.mark.parametrize("case", [line for line in CASES.splitlines() if line])
def test_cut_segments(case: str) -> None:
    port, payload, captured, *names = case.split()
    view = segment(int(port), bytes.fromhex(payload), int(captured))
    assert {name for name in NAMES if name in view.by_name} == set(names)
    assert not view.get("tcp.segment_data")


@pytest.mark.parametrize(("captured", "names"), [
    (9, {"http.request"}), (17, {"http.request"}), (20, set()), (23, {"http.request"}),
    (24, {"http.request", "http.host"}), (34, {"http.request", "http.host"}),
])  # fmt: skip
def test_fields_of_a_cut_request(captured: int, names: set[str]) -> None:
    view = segment(80, bytes.fromhex(REQUEST), captured)
    assert {name for name in ("http.request", "http.host") if view.get(name)} == names


def test_of_a_body_that_was_not_captured_nothing_is_shown() -> None:
    talk = Talk().client(bytes.fromhex(REQUEST)).server(bytes.fromhex(RESPONSE), snap=HEADERS + len(RESPONSE) // 2 - 4)
    view = talk.views()[-1]
    assert view.get("http.response")
    assert "data" not in view.by_name
    assert "_ws.short" in view.by_name


def test_a_cut_segment_does_not_complete_a_message() -> None:
    talk = Talk().client(b"GET /a HTT").client(b"P/1.1\r\nHost: ab.c\r\n\r\n", snap=HEADERS + 9)
    view = talk.views()[-1]
    assert not view.get("tcp.segments")


def test_the_size_of_a_cut_message_is_the_one_it_says() -> None:
    [size] = segment(179, bytes.fromhex(MARKER + "002d01" + "00" * 26), 30).get("tcp.pdu.size")
    assert size == 45
