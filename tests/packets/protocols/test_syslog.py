"""Syslog: both formats, and what keeps neither."""

from __future__ import annotations

import random
from typing import Any

import pytest

from dfilter.packets.protocols.syslog import parse_time
from tests.packets.builders import dissect, eth, ip4, udp, values

CASES: list[tuple[bytes, dict[str, list[Any]]]] = [
    (b"<34>1 2003-10-11T22:14:15.003Z host su - ID47 - text", {
        "facility": [4], "level": [2], "version": ["1"], "hostname": ["host"], "appname": ["su"], "procid": ["-"],
        "msgid": ["ID47"], "msg": ["text"], "sd": [None], "msg.nonconformant": [],
        "timestamp": [1065910455003000000]}),
    (b'<165>1 2003-10-11T22:14:15-07:00 h a 1 m [x@1 a="b" c="d"] \xef\xbb\xbfmsg', {
        "facility": [20], "sd.element.name": ["x@1"], "sd.param.name": ["a", "c"], "sd.param.value": ["b", "d"],
        "msgid.bom": [0xEFBBBF], "msg": ["msg"]}),
    (b"<34>Oct 11 22:14:15 mymachine su[1]: failed", {
        "timestamp_rfc3164": ["Oct 11 22:14:15"], "hostname": ["mymachine"], "procid": ["su"], "msg": ["1]: failed"]}),
    (b"<13>plain text", {"facility": [1], "level": [5], "msg": ["plain text"], "msg.nonconformant": [None]}),
    (b"no priority", {"facility": [], "msg": ["no priority"], "msg.nonconformant": [None]}),
    (b"<34>1 2003-10-11T22:14:15Z host app", {"hostname": ["host"], "appname": [], "msg": ["app"],
                                             "msg.nonconformant": [None]}),
    (b"<1234>x", {"facility": [26], "level": [2]}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), CASES, ids=range(len(CASES)))
def test_messages(text: bytes, wanted: dict[str, list[Any]]) -> None:
    view = dissect([eth(ip4(udp(text, target=514)))])[0]
    assert {name: values(view, f"syslog.{name}") for name in wanted} == wanted


def test_priority_that_breaks_off_shows_nothing() -> None:
    view = dissect([eth(ip4(udp(b"<34", target=514)))])[0]
    assert not view.get("syslog")
    assert view.get("_ws.malformed")


def test_times() -> None:
    assert parse_time(b"-") == 0
    assert parse_time(b"2003-13-11T22:14:15Z") == 0
    assert parse_time(b"1970-01-01T01:00:00+01:00") == 0


def test_damage() -> None:
    rng = random.Random(514)
    texts = [bytearray(text) for text, _ in CASES for _ in range(40)]
    for text in texts:
        text[rng.randrange(len(text))] = rng.randrange(256)
    dissect([eth(ip4(udp(bytes(text), target=514))) for text in texts])
