"""docs/commands.md: every example is run, and prints what the page shows."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from dfilter.cli.main import COMMANDS, main

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
EXAMPLES = [example for block in BLOCKS for example in re.findall(r"\$ (.*)\n((?:(?!\$ ).*\n)*)", block)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "profile").mkdir()
    (tmp_path / "profile" / "dfilters").write_text('# mine\n"leases" bootp\n"web" tcp.port == 80\n"own" $own(ip.src)\n')
    (tmp_path / "profile" / "dmacros").write_text('"own" $1 == 10.0.0.0/8\n')
    shutil.copy(ROOT / "tests" / "captures" / "rat-dns.pcapng", tmp_path / "capture.pcapng")
    shutil.copy(ROOT / "tests" / "captures" / "bot-http.pcap", tmp_path / "web.pcap")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("line", "shown"), EXAMPLES, ids=[line for line, _ in EXAMPLES])
def test_an_example(line: str, shown: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program, *arguments = shlex.split(line)
    assert program == "dfilter"
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    out, err = capsys.readouterr()
    assert ended.value.code in (0, 1)
    assert err == ""
    assert re.fullmatch(_pattern(shown), out.rstrip()), out


def _pattern(shown: str) -> str:
    """What the page shows as a regular expression: an ellipsis stands for any text, but not for none."""
    return "(?s:.+)".join(map(re.escape, shown.rstrip().split("…")))


def test_every_command_has_an_example() -> None:
    assert {shlex.split(line)[1] for line, _ in EXAMPLES} == set(COMMANDS)
