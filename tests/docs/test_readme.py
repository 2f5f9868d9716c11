"""The README: its commands run, its code runs, and gives what its comments say."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

import dfilter
from tests.docs.pages import CAPTURES, ROOT, copy_captures, run

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
LINES = [line.partition("   #")[0].strip() for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
         for line in block.splitlines()]  # fmt: skip
COMMANDS = [line[line.index("dfilter ") :] for line in LINES if "dfilter " in line]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The captures of which the README speaks."""
    copy_captures(tmp_path)
    capture = (CAPTURES / "bot-http.pcap").read_bytes()
    for name in ("capture.pcap", "capture.pcapng", "capture.pcapng.gz", "a.pcap", "b.pcap"):
        (tmp_path / name).write_bytes(capture)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "captures").symlink_to(CAPTURES)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/null" if "shell" in line else "capture.pcap").open() as given:
        monkeypatch.setattr(sys, "stdin", given)
        status, out, err = run(line)
    assert (status, err) == (int("--all-targets" in line), "")
    assert out or "-w part.pcapng" in line or "shell" in line


def test_every_command_is_found() -> None:
    assert len(COMMANDS) >= 13
    assert [line for line in LINES if "dfilter " not in line] == ["sh .ci/test"]


def test_the_library(capsys: pytest.CaptureFixture[str]) -> None:
    section = re.search(r"## The library\n.*?```python\n(.*?)```", TEXT, re.DOTALL)
    assert section
    for call, numbers in re.findall(r"^(dfilter\.frames\(.*\)) +# (\[[\d, ]+\])$", section[1], re.MULTILINE):
        assert str(eval(call)) == numbers
    space: dict[str, Any] = {"frame_bytes": next(iter(dfilter.read("capture.pcap"))).data}
    exec(section[1], space)
    assert space["verdict"].colour == "yellow"
    assert "warning[W101]" in capsys.readouterr().out
    assert space["schema"].types.keys() == {"file.size", "net.ip"}
    assert eval(section[1].strip().splitlines()[-1], space) is True
