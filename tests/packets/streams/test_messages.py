"""DNS messages over TCP put together from segments: in order, sent again, late, lost; as Wireshark 4.4 does it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dfilter.packets.view import View
from tests.packets.protocols.http_wire import Talk
from tests.packets.streams.segments import scenarios, tcp_frame, values, views

CASES = list(scenarios(Path(__file__).with_name("messages.tsv")))
LISTS = {"reassembled_in": "tcp.reassembled_in", "segment": "tcp.segment", "segment.count": "tcp.segment.count",
         "reassembled.length": "tcp.reassembled.length"}  # fmt: skip


def shown(view: View) -> set[str]:
    found = set()
    for word, name in LISTS.items():
        if values(view, name):
            found.add(f"{word}={','.join(map(str, values(view, name)))}")
    if data := values(view, "tcp.segment_data"):
        found.add("segment_data=" + ",".join(str(len(part)) for part in data))  # type: ignore[arg-type]
    if overlaps := values(view, "tcp.segment.overlap"):
        found.add(f"overlaps={len(overlaps)}")
    return found | {name for name in ("dns", "data") if name in view.by_name}


@pytest.mark.parametrize(("name", "lines"), CASES, ids=[name for name, _ in CASES])
def test_scenario(name: str, lines: list[str]) -> None:
    found = views(tcp_frame(i, line, server_port=53) for i, line in enumerate(lines, 1))
    for number, (line, view) in enumerate(zip(lines, found, strict=True), 1):
        assert shown(view) == set(line.split("\t")[8].split()), f"frame {number}"


@pytest.mark.parametrize("field", [*LISTS.values(), "tcp.segments", "tcp.segment_data", "tcp.pdu.size"])
def test_a_field_asked_for_alone_is_the_same(field: str) -> None:
    frames = [tcp_frame(i, line, server_port=53) for i, line in enumerate(dict(CASES)["split_in_three"], 1)]
    alone = [values(view, field) for view in views(frames, [field])]
    assert alone == [values(view, field) for view in views(frames)]
    assert any(alone)


CUT = """
    4   1   _ws.short
    3   1   data
    4   3   _ws.short
    19  4   data
    20  4   _ws.short
    20  7   _ws.short
    20  8   data
"""
"""Bytes on the wire and captured of a segment that nobody recognises, and what Wireshark 4.4 shows of it."""


@pytest.mark.parametrize("line", CUT.strip().splitlines())
def test_what_is_cut_before_recognisers_can_tell_is_no_data(line: str) -> None:
    on_the_wire, captured, expected = line.split()
    view = Talk(40123).client(b"Z" * int(on_the_wire), snap=54 + int(captured)).views()[-1]
    assert [name for name in ("data", "_ws.short") if name in view.by_name] == [expected]


def test_the_first_data_of_a_direction_are_dissected_though_they_are_acknowledged() -> None:
    lines = ["c\tS\t1000\t0\t-\t0\t8192\t-", "s\tAS\t5000\t1001\t-\t10000\t8192\t-",
             "c\tA\t1001\t5001\t-\t20000\t8192\t-", "s\tA\t5001\t1101\t-\t30000\t8192\t-",
             *(f"c\tA\t1001\t5001\tx100\t{time}\t8192\t-" for time in (31000, 32000))]  # fmt: skip
    found = views(tcp_frame(i, line) for i, line in enumerate(lines, 1))[-2:]
    assert [values(view, "tcp.analysis.spurious_retransmission") for view in found] == [[None], [None]]
    assert ["data" in view.by_name for view in found] == [True, False]
