"""Verdicts, round-trip times and numbers of TCP segments, scenario by scenario, as Wireshark 4.4 gives them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dfilter.packets.streams.analysis import MAX_UNACKED, FlowAnalysis, Segment, Verdict, analyse
from dfilter.packets.view import View
from tests.packets.streams.segments import scenarios, tcp_frame, values, views

CASES = list(scenarios(Path(__file__).with_name("verdicts.tsv")))
NUMBERS = {
    "stream": "tcp.stream",
    "seq": "tcp.seq",
    "ack": "tcp.ack",
    "scale": "tcp.window_size_scalefactor",
    "completeness": "tcp.completeness",
    **{
        name: f"tcp.analysis.{name}"
        for name in (
            "bytes_in_flight",
            "push_bytes_sent",
            "acks_frame",
            "duplicate_ack_num",
            "duplicate_ack_frame",
            "rto_frame",
        )
    },
}
TIMES = {name: f"tcp.analysis.{name}" for name in ("initial_rtt", "ack_rtt", "rto")}
VERDICTS = [verdict.name.lower() for verdict in Verdict if verdict.name]


def shown(view: View) -> set[str]:
    """What dfilter shows of one segment, in the words of the table."""
    found = {f"{word}={value}" for word, name in NUMBERS.items() for value in values(view, name)}
    found |= {f"{word}={value // 1000}" for word, name in TIMES.items() for value in values(view, name)}  # type: ignore[operator]
    return found | {word for word in [*VERDICTS, "partial_ack"] if values(view, f"tcp.analysis.{word}")}


@pytest.mark.parametrize(("name", "lines"), CASES, ids=[name for name, _ in CASES])
def test_scenario(name: str, lines: list[str]) -> None:
    found = views(tcp_frame(i, line) for i, line in enumerate(lines, 1))
    for number, (line, view) in enumerate(zip(lines, found, strict=True), 1):
        assert shown(view) == set(line.split("\t")[8].split()), f"frame {number}"


def test_header_fields_keep_no_state() -> None:
    lines = CASES[0][1][:3]
    found = views((tcp_frame(i, line) for i, line in enumerate(lines, 1)), ["tcp.flags.syn"])
    assert [values(view, "tcp.flags.syn") for view in found] == [[True], [True], [False]]
    assert all(not values(view, "tcp.stream") for view in found)


def test_an_endless_flow_without_acknowledgements_stays_bounded() -> None:
    flow, other = FlowAnalysis(), FlowAnalysis()
    for i in range(3 * MAX_UNACKED):
        segment = Segment(i + 1, i, (i * 10) & 0xFFFFFFFF, 0, 0x10, 10, 1000)
        analyse(segment, flow, other, None, -1)
    assert len(flow.unacked) == MAX_UNACKED


def test_sequence_numbers_wrap() -> None:
    flow, other = FlowAnalysis(), FlowAnalysis()
    first = analyse(Segment(1, 0, 0xFFFFFFF0, 0, 0x10, 0x20, 1000), flow, other, None, -1)
    second = analyse(Segment(2, 1, 0x10, 0, 0x10, 5, 1000), flow, other, None, -1)
    gap = analyse(Segment(3, 2, 0x20, 0, 0x10, 5, 1000), flow, other, None, -1)
    assert (first.verdicts, second.verdicts) == (0, 0)
    assert second.bytes_in_flight == 0x25
    assert gap.verdicts == Verdict.LOST_SEGMENT
