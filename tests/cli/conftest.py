"""What tests of the command share: the command itself, called in this process, away from the user's own settings."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dfilter.cli.main import main

WEB = str(Path(__file__).parents[1] / "captures" / "bot-http.pcap")
Run = Callable[..., tuple[int, str, str]]
"""Arguments -> exit code, standard output, standard error."""


def process(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Call the command as a process of its own; options as of `subprocess.run`."""
    kept = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "timeout": 60, "check": False, **options}
    return subprocess.run([sys.executable, "-m", "dfilter", *arguments], **kept)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call the command in `tmp_path`, which is also where its user's settings are."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("WIRESHARK_CONFIG_DIR", raising=False)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out, captured.err

    return call
