"""A minute of the fuzzer, in two halves that run side by side, each with a seed of its own."""

from __future__ import annotations

import random

import pytest

from dfilter.packets.session import RawFrame
from tests.fuzz.__main__ import MAX_GROWTH, captures
from tests.fuzz.campaign import Findings, _dissect, load, run
from tests.fuzz.mutate import mutated

SECONDS = 30
SEEDS = (1, 20)


@pytest.mark.parametrize("seed", SEEDS)
def test_damaged_captures(seed: int) -> None:
    findings = run(captures(), SECONDS, seed)
    assert findings.faults == []
    assert findings.slow == []
    assert findings.frames > 100
    assert findings.growth < MAX_GROWTH


def test_the_same_seed_damages_alike() -> None:
    frames = load(captures()[0])
    once, again, other = (mutated(frames, random.Random(seed)) for seed in (5, 5, 6))
    assert once == again
    assert once != other


def test_a_fault_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(session: object, frame: RawFrame) -> None:
        raise RuntimeError("fault")

    monkeypatch.setattr("tests.fuzz.campaign.look_at_everything", broken)
    findings = Findings()
    _dissect(findings, "here", load(captures()[0]), float("inf"))
    assert "fault" in findings.faults[0]
