"""Conversations, endpoints, hierarchy, intervals: small captures whose numbers are known, and the reference's."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

import dfilter
from dfilter.packets.session import RawFrame
from dfilter.stats import conversations, hierarchy, intervals
from dfilter.stats.gather import KINDS, statistics, table_of
from tests.follow import cases
from tests.packets.builders import eth, ip4, udp
from tests.parity import statistics as parity
from tests.parity.compare import can_ask

CAPTURES = Path(__file__).parents[1] / "captures"
SEGMENTS = ">0S <100S/1 >1/101:abc <101/4:XYZ >4/104"
REUSED = SEGMENTS + " >5000S <9000S/5001 >5001/9001:new"


def capture(segments: str) -> io.BytesIO:
    return io.BytesIO(cases.pcap(cases.frames(segments)))


def table(kind: str, segments: str = SEGMENTS, filter: str = "") -> dfilter.StatisticsTable:
    return statistics(capture(segments), [kind], filter).tables[kind]


def test_a_conversation_counts_both_directions() -> None:
    (row,) = table("conv,tcp").rows()
    assert (conversations.address_text(row.a), conversations.address_text(row.b)) == ("10.0.0.1:1000", "10.0.0.2:7777")
    assert (row.frames_ab, row.bytes_ab, row.frames_ba, row.bytes_ba) == (3, 54 + 57 + 54, 2, 54 + 57)
    assert (row.start, row.duration) == (0, 4 * 10**9)


def test_reused_ports_are_another_conversation() -> None:
    assert [row.frames for row in table("conv,tcp", REUSED).rows()] == [5, 3]
    assert [row.frames for row in table("conv,ip", REUSED).rows()] == [8]
    assert [row.frames for row in table("endpoints,tcp", REUSED).rows()] == [8, 8]


def test_only_what_the_filter_selects_counts() -> None:
    (row,) = table("conv,tcp", filter="tcp.len > 0").rows()
    assert (row.frames_ab, row.frames_ba, row.start, row.duration) == (1, 1, 2 * 10**9, 10**9)
    assert [row.frames for row in table("io,stat,1", filter="tcp.len > 0").rows()] == [0, 0, 1, 1, 0]


def test_a_quoted_packet_does_not_count() -> None:
    quoted = ip4(udp(b"x"))
    error = eth(ip4(b"\3\3" + bytes(6) + quoted, proto=1))
    made = [RawFrame(1, 10**18, error, len(error), 1)]
    found = statistics(io.BytesIO(cases.pcap(made)), ["conv,udp", "conv,ip", "io,phs"])
    assert found.tables["conv,udp"].rows() == []
    assert [row.frames for row in found.tables["conv,ip"].rows()] == [1]
    assert [node.name for _, node in found.tables["io,phs"].root.walk()] == ["eth", "ip", "icmp"]


def test_endpoints_send_and_receive() -> None:
    first, second = table("endpoints,eth").rows()[0], table("endpoints,ip").rows()
    assert first.frames_sent == first.frames_received == 5  # both addresses are zero
    assert [(row.frames_sent, row.frames_received) for row in second] == [(3, 2), (2, 3)]


def test_the_rows_that_are_kept_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversations, "MAX_ROWS", 1)
    found = table("conv,tcp", REUSED)
    assert (len(found.rows()), found.dropped) == (1, 3)
    assert table("endpoints,tcp", REUSED).dropped == 8


def test_the_hierarchy_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hierarchy, "MAX_NODES", 2)
    assert [(depth, node.name, node.frames) for depth, node in table("io,phs").root.walk()] == [
        (0, "eth", 5), (1, "ip", 5),
    ]  # fmt: skip


def test_intervals_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intervals, "MAX_INTERVALS", 3)
    with pytest.raises(intervals.TooManyIntervalsError, match="choose a longer one"):
        table("io,stat,1")
    grown = table("io,stat,auto")
    assert sum(row.frames for row in grown.summed(3).rows(3)) == 5


def test_summed_intervals_have_round_lengths() -> None:
    found = table("io,stat,1")
    assert [found.summed(count).length // 10**9 for count in (100, 4, 2, 1)] == [1, 2, 5, 5]
    assert [row.frames for row in found.summed(3).rows()] == [2, 2, 1]


@pytest.mark.parametrize("kind", ["conv,sctp", "io", "io,stat,0", "io,stat,x", "io,stat,nan", "io,stat,1e999", "x"])
def test_unknown_kinds_are_refused(kind: str) -> None:
    with pytest.raises(ValueError, match="io,stat"):
        table_of(kind)


def test_every_kind_that_a_message_names_is_known() -> None:
    for kind in KINDS:
        table_of(kind.replace("SECONDS", "0.5"))


@pytest.mark.skipif(not can_ask(), reason="no reference to ask")
@pytest.mark.parametrize("name", ["bot-http.pcap", "ftp-exfiltration.pcap", "spambot.pcap"])
def test_numbers_equal_the_reference(name: str) -> None:
    for kind, (either, both) in parity.compare(CAPTURES / name).items():
        assert both == either or kind == "io,phs", kind
        assert both >= 0.8 * either, kind
