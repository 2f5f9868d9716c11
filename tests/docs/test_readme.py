"""The README's section about the library: its code runs, and gives what its comments say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import dfilter
from tests.docs.pages import CAPTURES, ROOT, copy_captures


def test_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = re.search(r"## The library\n.*?```python\n(.*?)```", text, re.DOTALL)
    assert section
    copy_captures(tmp_path)
    capture = (CAPTURES / "bot-http.pcap").read_bytes()
    (tmp_path / "capture.pcap").write_bytes(capture)
    (tmp_path / "capture.pcapng.gz").write_bytes(capture)
    monkeypatch.chdir(tmp_path)
    space: dict[str, Any] = {"frame_bytes": next(iter(dfilter.read("capture.pcap"))).data}
    exec(section[1], space)
    assert space["verdict"].colour == "yellow"
    assert "warning[W101]" in capsys.readouterr().out
    assert space["schema"].types.keys() == {"file.size", "net.ip"}
    assert eval(section[1].strip().splitlines()[-1], space) is True
