"""Redis' protocol: values, arrays across segments, damage. Values are as in Wireshark 4.4."""

from __future__ import annotations

import time

import pytest

from tests.packets.protocols.http_wire import Talk, shown

CASES = r"""
+OK\r\n                                  | string=OK                                     | Response: OK
-ERR x\r\n                               | error=ERR_x                                   | Response: Error: ERR x
:abc\r\n                                 | integer=0                                     | Response: 0
: 7x\r\n                                 | integer=7                                     | Response: 7
:99999999999999999999\r\n                | integer=9223372036854775807                   | Response: 9223372036854775807
$3\r\nabc\r\n                            | bulk_string.length=3                          | Response: abc
$-1\r\n                                  | bulk_string.length=-1                         | Response:
$-2\r\n                                  | malformed_length=None                         | Response:
*2\r\n$1\r\na\r\n:3\r\n                  | array.length=2 bulk_string.length=1 integer=3  | Response: Array(2)
*2\r\n*1\r\n+a\r\n*1\r\n+b\r\n           | array.length=2,1,1 string=a,b                 | Response: Array(2)
%1\r\n+a\r\n+b\r\n                       | fragment=None string=a,b                      | Response: [fragment] a b
*2\r\nfoo\r\n:1\r\n                      | fragment=None integer=1                       | Response: Array(2) [fragment]
:1\n                                     | integer=1                                      | Response: 1
PING\n                                   | fragment=None                                  | Response: [fragment]
+a\nxyz\n                                | string=a fragment=None                         | Response: a [fragment]
+a\r\n\r\n+b\r\n                         | string=a,b                                    | Response: a b
*-2\r\n+a\r\n                            | malformed_length=None string=a                | Response: a
"""


def talk() -> Talk:
    return Talk(6379)


@pytest.mark.parametrize("case", [line for line in CASES.splitlines() if line.strip()])
def test_values(case: str) -> None:
    text, wanted, info = (part.strip() for part in case.split(" | "))
    view = talk().server(text.encode().decode("unicode_escape").encode()).views()[-1]
    for part in wanted.split():
        name, _, values = part.partition("=")
        assert [str(value) for value in view.get(f"resp.{name}")] == values.replace("_", " ").split(",")
    assert view.info == info


def test_a_request_is_shown_by_what_it_holds() -> None:
    view = talk().client(b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n").views()[-1]
    assert view.info == "Request: GET k"
    assert view.get("resp.bulk_string.value") == (b"GET", b"k")


def test_an_array_is_waited_for_from_its_beginning_on() -> None:
    views = talk().server(b"+a\r\n*2\r\n$3\r\nab", b"c\r\n+x\r\n").views()
    assert shown(views, "resp.string") == {4: ["a"], 5: ["x"]}
    assert shown(views, "resp.array.length") == {4: [2], 5: [2]}
    assert shown(views, "resp.reassembled_in_next_frame") == {4: [None]}
    assert shown(views, "tcp.segment") == {5: [4, 5]}
    assert views[3].text("tcp.segment_data") == (b"*2\r\n$3\r\nab".hex(),)


def test_an_array_that_ends_with_its_segment_is_not_waited_for() -> None:
    views = talk().server(b"*2\r\n$1\r\na\r\n", b":1\r\n").views()
    assert shown(views, "resp.array.length") == {4: [2]}
    assert shown(views, "tcp.segments") == {}


@pytest.mark.parametrize("payload", [b"+a\n", b"$2147483647\r\nab"])
def test_damage(payload: bytes) -> None:
    view = talk().server(payload).views()[-1]
    assert "_ws.malformed" in view.by_name


def test_an_array_without_end_takes_linear_time() -> None:
    started = time.perf_counter()
    views = talk().server(b"*900000\r\n", *[b"$3\r\nabc\r\n:1" + b"\r\n:2" * 300] * 1200).views()
    assert time.perf_counter() - started < 20
    assert any("resp" in view.by_name for view in views)
