"""Habits from other languages: what is said, and what the unsafe fixes make of it."""

from __future__ import annotations

from pathlib import Path

import pytest

import dfilter

TABLE = (Path(__file__).parent / "habits.txt").read_text("utf-8").splitlines()
ROWS = [tuple(part.strip() for part in line.split(" | ")) for line in TABLE if line[:2] != "# " or "= a filter" in line]


@pytest.mark.parametrize(("text", "wanted"), ROWS)
def test_what_was_meant(text: str, wanted: str) -> None:
    verdict = dfilter.check(text)
    assert verdict.colour == "red"
    if wanted.startswith("= "):
        assert wanted[2:] in verdict.render()
        return
    assert dfilter.fix(text).text == text  # a guess is never applied unasked
    assert dfilter.fix(text, unsafe=True).text == wanted
    assert dfilter.check(wanted).colour != "red"
