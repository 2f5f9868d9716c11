"""Machine code finds the shapes and segments that columns find."""

from __future__ import annotations

import random
from dataclasses import fields

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dfilter
from dfilter import native
from dfilter.captures.index import chunks_of, open_capture
from dfilter.compile.columns import Columns, Findings
from dfilter.packets.session import needs_of
from dfilter.prune.conversations import Segments
from dfilter.prune.headers import Split
from dfilter.prune.scan import pruner_of
from dfilter.prune.segments import segments_of
from dfilter.prune.sent import Sent, sent_of
from dfilter.prune.survey import Survey
from tests.prune.test_scan import FRAMES, disturbed
from tests.test_gears import FRAMES as TAGGED
from tests.test_gears import damaged, written

TEXTS = [
    "tls.handshake.type == 1",
    "dns or tcp.port in {22, 443, 8080..8090} or ipv6.addr == 2001:db8::/32",
    "(http.request or tcp.flags.syn == 1) and !(ssdp) and frame.len < 1000 and not vlan.id == 7",
    "tcp.analysis.retransmission or ip.addr in {10.0.0.0/8, 192.168.1.1}",
]


@pytest.mark.skipif(not native.available(), reason="llvmlite is not installed")
@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_same_as_columns(seed: int, thorough: bool) -> None:
    compiled = [dfilter.compile(text) for text in TEXTS]
    pruner = pruner_of(compiled, needs_of([name for each in compiled for name in each.fields]))
    assert pruner is not None
    buffer = written([*disturbed(FRAMES, random.Random(seed)), *damaged(TAGGED, seed)])
    plan = pruner.plan.columns
    survey = Survey.create(pruner.plan, thorough=thorough)
    assert survey is not None
    for chunk in chunks_of(open_capture(buffer)):
        kinds, segments, unfit, sent = survey.look(chunk)
        shaped = plan.split(chunk, Columns.of(chunk))
        expected, unfit_expected = segments_of(chunk, shaped)
        assert unfit.tolist() == unfit_expected.tolist()
        for item in fields(Segments):
            assert getattr(segments, item.name).tolist() == getattr(expected, item.name).tolist(), item.name
        for item in fields(Sent):
            assert getattr(sent, item.name).tolist() == getattr(sent_of(chunk, shaped), item.name).tolist(), item.name
        split = Split(Columns.of(chunk), shaped)
        places = {id(branch): index for index, branch in enumerate(plan.branches)}
        by_shape = {places[id(branch)]: columns.rows.tolist() for branch, columns in shaped if len(columns.rows)}
        assert {index: np.flatnonzero(kinds.kinds == index).tolist() for index in by_shape} == by_shape
        assert len(kinds.shaped(plan)) <= len(by_shape)
        assert kinds.shapeless.tolist() == split.shapeless.tolist()
        assert kinds.verdict is not None
        findings = found_at_random(len(chunk), len(pruner.plan.tests), segments.rows, random.Random(seed))
        for ours, theirs in zip(kinds.settle(plan, findings), split.settle(plan, findings), strict=True):
            assert ours.tolist() == theirs.tolist()


def found_at_random(size: int, tests: int, segments: npt.NDArray[np.int64], chance: random.Random) -> Findings:
    """Findings about some frames: certain ones are possible."""
    streams = np.full(size, -1, np.int64)
    streams[segments] = 7
    possible = [np.array([chance.random() < 0.2 for _ in range(size)]) for _ in range(tests + 1)]
    certain = [mask & np.array([chance.random() < 0.5 for _ in range(size)]) for mask in possible]
    return Findings(certain, possible, streams)


def test_shapes_that_decide_alike_are_decided_together() -> None:
    compiled = dfilter.compile("(http.request or tls.handshake.type == 1) and !(ssdp)")
    pruner = pruner_of([compiled], compiled.needs)
    assert pruner is not None
    plan = pruner.plan.columns
    groups = {int(first): plan.branches[first].shape.last for first in plan.alike()}
    assert list(groups.values()).count("tcp") == 1 < sum(branch.shape.last == "tcp" for branch in plan.branches)


@pytest.mark.skipif(not native.available(), reason="llvmlite is not installed")
def test_numbers_of_conversations_are_left_to_columns() -> None:
    compiled = dfilter.compile("tcp.stream == 3 and http.request")
    pruner = pruner_of([compiled], compiled.needs)
    assert pruner is not None
    survey = Survey.create(pruner.plan)
    assert survey is not None
    chunk = next(chunks_of(open_capture(written(FRAMES))))
    assert survey.look(chunk)[0].verdict is None
