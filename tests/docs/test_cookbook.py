"""docs/cookbook.md: every filter has the colour that the page says, and finds as many frames."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import dfilter
from tests.docs import odds
from tests.docs.pages import CAPTURES, text_of

ROWS = [tuple(part.strip().replace("\\|", "|") for part in re.split(r"(?<!\\)\|", line.strip("|")))
        for line in text_of("cookbook.md").splitlines() if re.match(r"\|[^|]+\| `", line)]  # fmt: skip
FILTERS = [(text.strip("`"), last) for _, text, last in ROWS]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("odds")
    odds.write(made / "odds.pcap")
    return made


@pytest.mark.parametrize(("text", "last"), FILTERS)
def test_a_filter(text: str, last: str, folder: Path) -> None:
    if last == "yellow":
        assert dfilter.check(text).colour == "yellow"
        return
    for version in ("4.4", "4.6"):
        verdict = dfilter.check(text, version)
        assert verdict.colour == "green", verdict.render()
    if last == "—":
        dfilter.compile(text)
        return
    name, _, count = last.partition(": ")
    path = folder / name if name == "odds.pcap" else CAPTURES / name
    assert len(dfilter.frames(path, text)) == int(count) > 0


def test_there_are_fifty() -> None:
    assert len({text for text, _ in FILTERS}) == len(FILTERS)
    assert len([text for text, last in FILTERS if ":" in last]) >= 50
    assert sum(last == "—" for _, last in FILTERS) < 6
