"""Indexing and scanning a generated capture, gear by gear.

    python -m pytest benchmarks/test_scan.py --benchmark-only

Groups: index (where each frame lies), scan (header fields and conversations, counted).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import dfilter
from benchmarks.make_capture import make_capture
from dfilter import native
from dfilter.captures.hops import Hops
from dfilter.captures.index import CHUNK_BYTES, open_chunks
from dfilter.captures.lanes import Lanes
from dfilter.captures.limits import MAX_WIRE_LENGTH
from dfilter.scan import column_plan, count_frames

FRAMES = 100_000
FEW_FRAMES = 10_000
needs_llvmlite = pytest.mark.skipif(not native.available(), reason="llvmlite is not installed")


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scan") / "large.pcap"
    make_capture(FRAMES, path)
    return path


@pytest.fixture(scope="module")
def small_capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scan") / "small.pcap"
    make_capture(FEW_FRAMES, path)
    return path


@pytest.mark.benchmark(group="index")
@pytest.mark.parametrize("finder", ["lanes", pytest.param("hops", marks=needs_llvmlite)])
def test_find_records(benchmark, capture: Path, finder: str) -> None:
    data = capture.read_bytes()[24 : 24 + CHUNK_BYTES]
    found = Lanes("<", MAX_WIRE_LENGTH) if finder == "lanes" else Hops.create("<", MAX_WIRE_LENGTH)
    assert len(benchmark(lambda: found.records(data, 0)[0])) > 1000


@pytest.mark.benchmark(group="index")
def test_chunks_of_a_capture(benchmark, capture: Path) -> None:
    assert benchmark(lambda: sum(len(chunk) for chunk in open_chunks(capture)[1])) == FRAMES


@pytest.mark.benchmark(group="scan")
@pytest.mark.parametrize("gear", ["columns", pytest.param("machine code", marks=needs_llvmlite)])
@pytest.mark.parametrize("text", ["tcp.port == 443", "ip.addr == 10.0.5.77", "frame.len > 1000"])
def test_decide_header_fields(benchmark, capture: Path, text: str, gear: str) -> None:
    plan = column_plan([dfilter.compile(text)], native.WORTH if gear == "machine code" else 0)
    assert plan is not None

    def decide() -> Iterator[int]:
        for chunk in open_chunks(capture)[1]:
            certain, undecided = plan.decide(chunk)
            yield len(certain[0]) + 0 * int(undecided[0].sum())

    assert sum(benchmark(lambda: list(decide()))) == FRAMES


@pytest.mark.benchmark(group="scan")
@pytest.mark.parametrize("text", ["http.request", "tls.handshake.type == 1", "tcp.stream == 7",
                                  'dns.qry.name contains "example"', "tcp.analysis.retransmission"])  # fmt: skip
def test_scan_conversations(benchmark, small_capture: Path, text: str) -> None:
    compiled = dfilter.compile(text)
    assert benchmark.pedantic(lambda: count_frames(small_capture, compiled), rounds=3) > 0
