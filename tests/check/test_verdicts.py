"""Verdicts: version, colour and codes of each line of `verdicts.txt`."""

from __future__ import annotations

from pathlib import Path

import pytest

from dfilter.check.check import analyse
from dfilter.fields.versions import Version


def _cases() -> list[tuple[str, str, str, str]]:
    lines = (Path(__file__).parent / "verdicts.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split(maxsplit=3) for line in lines if line and not line.startswith("#")]
    return [(version, colour, codes, text) for version, colour, codes, text in rows]


@pytest.mark.parametrize(("version", "colour", "codes", "text"), _cases())
def test_verdict(version: str, colour: str, codes: str, text: str) -> None:
    analysis = analyse(text, Version.parse(version))
    wanted = [] if codes == "-" else codes.split(",")
    assert sorted(item.code for item in analysis.verdict.diagnostics) == sorted(wanted)
    assert analysis.verdict.colour == colour
    assert (analysis.typed is None) == (colour == "red")
