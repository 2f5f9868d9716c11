"""docs/tutorial.md: every command is run, and prints what the page shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import CAPTURES, blocks, check_command, commands, copy_captures, examples, text_of

PAGE = "tutorial.md"
BLOCKS = [examples(block) for block in blocks(PAGE, "console")]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block[0][0][:60])
def test_commands_print_what_the_page_shows(
    block: list[tuple[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_captures(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    for line, shown in block:
        check_command(line, shown)


def test_every_capture_has_its_story() -> None:
    lines = " ".join(line for line, _ in commands(PAGE))
    for path in CAPTURES.iterdir():
        if re.search(r"\.pcap", path.name):
            assert path.name in lines
    assert len(re.findall(r"^## \d\.", text_of(PAGE), re.MULTILINE)) == 5
    assert len(commands(PAGE)) > 35
