"""Machine code finds the shapes and segments that columns find."""

from __future__ import annotations

import random
from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dfilter
from dfilter import native
from dfilter.captures.index import chunks_of, open_capture
from dfilter.compile.columns import Columns
from dfilter.prune.conversations import Segments
from dfilter.prune.scan import pruner_of
from dfilter.prune.segments import segments_of
from dfilter.prune.sent import Sent, sent_of
from dfilter.prune.survey import Survey
from tests.prune.test_scan import FRAMES, disturbed
from tests.test_gears import FRAMES as TAGGED
from tests.test_gears import damaged, written

COMPILED = dfilter.compile("tls.handshake.type == 1")


@pytest.mark.skipif(not native.available(), reason="llvmlite is not installed")
@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_same_as_columns(seed: int, thorough: bool) -> None:
    pruner = pruner_of([COMPILED], COMPILED.needs)
    assert pruner is not None
    buffer = written([*disturbed(FRAMES, random.Random(seed)), *damaged(TAGGED, seed)])
    plan = pruner.plan.columns
    survey = Survey.create([branch.shape for branch in plan.branches], thorough=thorough)
    assert survey is not None
    for chunk in chunks_of(open_capture(buffer)):
        found, segments, unfit, sent = survey.look(chunk)
        shaped = plan.split(chunk, Columns.of(chunk))
        expected, unfit_expected = segments_of(chunk, shaped)
        assert unfit.tolist() == unfit_expected.tolist()
        for item in fields(Segments):
            assert getattr(segments, item.name).tolist() == getattr(expected, item.name).tolist(), item.name
        for item in fields(Sent):
            assert getattr(sent, item.name).tolist() == getattr(sent_of(chunk, shaped), item.name).tolist(), item.name
        places = {id(branch): index for index, branch in enumerate(plan.branches)}
        by_shape = {places[id(branch)]: columns.rows.tolist() for branch, columns in shaped if len(columns.rows)}
        assert {index: rows.tolist() for index, rows in found} == by_shape
