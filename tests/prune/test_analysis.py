"""What the analysis of TCP says of few segments in odd orders; what headers cannot tell for certain is dissected."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import dfilter
import dfilter.prune.scan
from dfilter import native
from dfilter.captures.frame import Frame
from dfilter.captures.read import open_capture
from dfilter.packets.session import Session
from dfilter.prune.scan import pruner_of
from tests.packets.streams.segments import tcp_frame
from tests.test_gears import written

FILTERS = [
    dfilter.compile(text)
    for text in (
        "tcp.analysis.retransmission",
        "tcp.analysis.out_of_order or tcp.analysis.lost_segment",
        "tcp.analysis.zero_window_probe or tcp.analysis.ack_lost_segment",
    )
]
SYN, ANSWER = ("c", "S", 100, 0, 0, 0), ("s", "SA", 4_000_000_000, 101, 0, 0)

segment = st.tuples(
    st.sampled_from("cs"),
    st.sampled_from(("S", "S", "S", "SA", "SA", "A", "A", "RA", "FA", "SE")),
    st.sampled_from((100, 100, 100, 101, 102, 4_000_000_000, 4_000_000_000, 4_000_000_001)),
    st.sampled_from((0, 101, 100, 4_000_000_001)),
    st.sampled_from((0, 0, 0, 1, 5)),
    st.sampled_from((1, 2_000, 4_000, 1_000_000)),
)
"""Who, flags, seq, ack, bytes of data, µs since the segment before."""


@pytest.mark.parametrize("machine", [False, True], ids=["columns", "machine"])
@given(sent=st.lists(segment, min_size=2, max_size=9))
@example(sent=[SYN, SYN, SYN])
@example(sent=[SYN, ANSWER, ANSWER, SYN])
@example(sent=[ANSWER, ("c", "S", 100, 0, 0, 1), ANSWER])
@example(sent=[("c", "SA", 100, 0, 0, 1), ("s", "A", 4_000_000_000, 0, 0, 1), ("s", "A", 4_000_000_001, 0, 0, 1)])
@example(sent=[("s", "FA", 100, 101, 5, 1), ("s", "FA", 101, 101, 5, 2_000)])
@example(sent=[SYN, ("s", "R", 5_005, 0, 0, 1), ("c", "A", 101, 5_005, 1, 1), ("c", "A", 102, 5_005, 0, 1)])
@example(sent=[("c", "A", 101, 5_000, 1, 1), ("c", "RA", 102, 5_000, 0, 2_000), ("c", "A", 101, 5_000, 1, 1)])
@settings(max_examples=200, deadline=None)
def test_as_dissected(machine: bool, sent: list[tuple[str, str, int, int, int, int]]) -> None:
    if machine and not native.available():
        pytest.skip("llvmlite is not installed")
    frames, time = [], 0
    for number, (who, flags, seq, ack, length, gap) in enumerate(sent, 1):
        time += gap
        payload, window = f"x{length}" if length else "-", 0 if "R" in flags else 64_240
        made = tcp_frame(number, f"{who}\t{flags}\t{seq}\t{ack}\t{payload}\t{time}\t{window}\t-")
        frames.append(Frame(number, made.time, made.data, len(made.data)))
    for compiled in FILTERS:
        session = Session(compiled.needs)
        expected = [frame.number for frame in frames if compiled.test(session.dissect(frame))]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(dfilter.prune.scan, "pays", lambda size: machine)
            assert dfilter.frames(written(frames), compiled) == expected


def test_repeated_syns_are_not_dissected() -> None:
    lines = [f"c\tS\t100\t0\t-\t{1_000_000 * turn}\t64240\t-" for turn in range(4)]
    made = [tcp_frame(number, line) for number, line in enumerate(lines, 1)]
    buffer = written([Frame(each.number, each.time, each.data, len(each.data)) for each in made])
    pruner = pruner_of(FILTERS[:1], FILTERS[0].needs)
    assert pruner is not None
    assert pruner.look(open_capture(buffer))
    assert pruner.select(lambda: open_capture(buffer)) == [[2, 3, 4]]
    assert pruner.dissected_frames == 0
