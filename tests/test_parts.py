"""A capture scanned in parts, on several processors, gives what one scan gives."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

import dfilter
import dfilter.parts
from dfilter.captures.frame import Frame
from dfilter.captures.read import Capture
from dfilter.captures.write import CaptureWriter
from dfilter.processes import Other
from tests.captures.wire.packets import Host, checksum, ethernet, icmp, ipv4
from tests.test_gears import FRAMES

FILTERS = ["tcp.port == 443", "ip.addr == 10.0.0.0/8 and frame.len > 100", "icmp.type == 8", "not udp", "vlan",
           "frame.number > 700"]  # fmt: skip


def fragments(number: int) -> Iterator[bytes]:
    """An echo request in two fragments, of which only the second completes the datagram."""
    packet = icmp(8, 0, b"\0\1\0\1", bytes(1600))
    host = Host("00:00:5e:00:53:01", "10.0.0.1")
    for start, more in ((0, 0x2000), (1480, 0)):
        whole = ipv4(host.ip, "192.0.2.1", 1, packet[start : start + 1480], ttl=64, ident=number)
        head = whole[:6] + (more | start // 8).to_bytes(2, "big") + whole[8:10] + b"\0\0" + whole[12:20]
        head = head[:10] + checksum(head).to_bytes(2, "big") + head[12:]
        yield ethernet(host.mac, "00:00:5e:00:53:02", 0x0800, head + whole[20:])


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The frames of the tests, with the two halves of a fragmented request far apart."""
    path = tmp_path_factory.mktemp("parts") / "all.pcap"
    first, second = zip(*(fragments(number) for number in range(3)), strict=True)
    data = [*first, *(frame.data for frame in FRAMES * 3), *second]
    with CaptureWriter(path, format="pcap") as writer:
        for number, frame in enumerate(data, 1):
            writer.write(Frame(number, 1_700_000_000_000_000_000 + number * 1000, frame, len(frame)))
    return path


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Small captures are scanned in three parts; which parts other processes took."""
    starts: list[int] = []
    begin = dfilter.parts._Job.begin

    def noting(self: dfilter.parts._Job, start: int, end: int) -> Other:
        starts.append(start)
        return begin(self, start, end)

    monkeypatch.setattr(dfilter.parts, "LEAST_PART", 1 << 14)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1, 2})
    monkeypatch.setattr(dfilter.parts._Job, "begin", noting)
    return starts


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="parts are scanned on Linux only")
class TestParts:
    def test_same_frames(self, capture: Path, begun: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
        in_parts = dfilter.FilterSet({text: text for text in FILTERS[:-1]}).frames(capture)
        assert len(begun) == 2
        monkeypatch.setattr(dfilter.parts, "LEAST_PART", 1 << 62)
        assert in_parts == {text: dfilter.frames(capture, text) for text in FILTERS[:-1]}
        assert in_parts["icmp.type == 8"][-3:] == [len(FRAMES) * 3 + 4 + i for i in range(3)]

    def test_a_filter_on_the_frame_number_is_not_split(self, capture: Path, begun: list[int]) -> None:
        assert dfilter.frames(capture, "frame.number in {2, 5, 900}") == [2, 5, 900]
        assert not begun

    def test_a_wrong_guess_costs_only_time(self, capture: Path, begun: list[int],
                                           monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
        guess = Capture.part_starts
        expected = dfilter.frames(capture, "tcp.port == 443")
        monkeypatch.setattr(Capture, "part_starts", lambda self, count: [guess(self, count)[0], 100_001, 200_003])
        assert dfilter.frames(capture, "tcp.port == 443") == expected
        assert len(begun) == 4

    def test_a_capture_cut_short_says_so(self, capture: Path, begun: list[int], tmp_path: Path) -> None:
        short = tmp_path / "short.pcap"
        short.write_bytes(capture.read_bytes()[:-100])
        last = len(FRAMES) * 3 + 6
        with pytest.warns(dfilter.CaptureWarning, match=f"packet {last} starts at byte"):
            assert dfilter.frames(short, "ip") == [number for number in dfilter.frames(capture, "ip") if number < last]
        assert begun

    def test_no_warning_of_threads(self, capture: Path, begun: list[int]) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            dfilter.frames(capture, "tcp")
        assert begun
