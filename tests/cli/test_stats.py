"""`dfilter stats` and `run --stats`: tables, chart, JSON, picture, errors."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from dfilter.cli.stats import _bar
from tests.cli.conftest import WEB
from tests.cli.terminal import on_terminal


def test_tables_have_what_was_asked_for(run):
    code, out, _ = run("stats", "tcp", WEB, "-z", "conv,tcp", "-z", "endpoints,ip")
    assert code == 0
    assert out.startswith("118 frames, 33031 bytes: tcp\n\nConversations: tcp\n")
    assert "10.8.15.101:52160  198.51.100.44:443         7   5528         9   2554      16   8082" in out
    assert "\nEndpoints: ip\n" in out


def test_without_a_wish_there_are_the_usual_ones_also_in_run(run):
    code, out, _ = run("stats", "", WEB)
    assert code == 0
    for title in ("Protocol hierarchy", "Conversations: ip", "Frames over time, intervals of 2 s"):
        assert f"\n{title}\n" in out
    assert run("run", "--stats", "", WEB)[1] == out


def test_the_chart_fits_the_terminal(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    lines = run("stats", "", WEB, "-z", "io,stat,10")[1].splitlines()
    assert lines[2:4] == ["Frames over time, intervals of 10 s", "Start  Frames  Bytes"]
    assert lines[4].startswith("    0      82  22815  " + "█" * 30)
    assert max(map(len, lines)) <= 60


@pytest.mark.parametrize(("value", "bar"), [(0, ""), (1, "▏"), (50, "█████"), (55, "█████▌"), (100, "██████████")])
def test_a_bar_has_eighths(value, bar):
    assert _bar(value, 100, 10) == bar


def test_json_has_exact_numbers(run):
    document = json.loads(run("stats", "", WEB, "--json", "-z", "conv,tcp", "-z", "io,phs", "-z", "io,stat,1")[1])
    assert (document["frames"], document["bytes"]) == (158, 38483)
    assert document["conv,tcp"][0]["frames_ab"] == 12
    assert document["io,phs"][0] == {"depth": 0, "protocol": "eth", "frames": 158, "bytes": 38483}
    assert len(document["io,stat,1"]) == 53


def test_a_picture_is_drawn(run, tmp_path):
    pytest.importorskip("matplotlib")
    path = tmp_path / "x.png"
    code, _, err = run("stats", "http", WEB, "-z", "io,phs", "--png", str(path))
    assert (code, err) == (0, "")
    assert path.read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_there_is_a_message(run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    monkeypatch.delitem(sys.modules, "dfilter.cli.picture", raising=False)
    monkeypatch.delattr("dfilter.cli.picture", raising=False)
    code, _, err = run("stats", "", WEB, "--png", str(tmp_path / "x.png"))
    assert code == 2
    assert "pip install 'dfilter-engine[chart]'" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("", WEB, "-z", "conv,sctp"), "-z conv,sctp: not understood"),
        (("tcp.prt", WEB), "did you mean"),
        (("", "/nonexistent"), "No such file"),
        (("", __file__), "not a capture"),
        (("", WEB, "-z", "io,stat,0.001"), "choose a longer one"),
        (("", WEB, "--png", "x.jpg"), "must end in .png"),
    ],
)
def test_errors_are_one_message(run, arguments, message):
    if "--png" in arguments:
        pytest.importorskip("matplotlib")
    code, _, err = run("stats", *arguments)
    assert code == 2
    assert message in err
    assert "Traceback" not in err


def test_run_stats_goes_alone(run):
    code, _, err = run("run", "--stats", "--count", "", WEB)
    assert code == 2
    assert "--stats excludes" in err


def test_a_cut_capture_gives_what_it_has_and_a_warning(run, tmp_path):
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(Path(WEB).read_bytes()[:12000])
    code, out, err = run("stats", "", str(cut))
    assert code == 0
    assert "Protocol hierarchy" in out
    assert "warning" in err


def test_a_terminal_shows_colours_unless_declined():
    assert "\x1b[1m" in on_terminal("stats", "", WEB)
    assert "\x1b" not in on_terminal("stats", "", WEB, NO_COLOR="1")
