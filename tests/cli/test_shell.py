"""`dfilter shell`: typed at a pseudo-terminal, and fed from a pipe."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import WEB
from tests.cli.terminal import Terminal

UP, TAB, ENTER, INTERRUPT, END = "\x1b[A", "\t", "\r", "\x03", "\x04"
GREEN, YELLOW, RED = "afffaf", "ffffaf", "ffafaf"
"""The bar's backgrounds."""


@pytest.fixture
def terminal(tmp_path: Path):
    pytest.importorskip("prompt_toolkit")
    with Terminal("shell", WEB, home=tmp_path) as running:
        running.expect("filter")
        yield running


def test_the_bar_takes_the_colour_of_what_is_typed(terminal):
    terminal.send("tcp.prt")
    terminal.expect("is not a valid protocol or protocol field")
    assert terminal.background("tcp.prt") == RED
    terminal.send("\x15")  # Ctrl-U: the line is empty again
    terminal.send("tcp && ip || udp")
    terminal.expect("are mixed without parentheses")
    assert terminal.background("tcp && ip") == YELLOW
    terminal.send("\x15")
    terminal.send("tcp.port == 80")
    terminal.expect("tcp.port == 80")
    terminal.expect("press Enter")
    assert terminal.background("tcp.port == 80") == GREEN


def test_a_filter_shows_frames_and_commands_go_on_from_there(terminal):
    terminal.send("http.request && frame.number < 30" + ENTER)
    shown = terminal.expect("5 frames")
    assert "GET /connecttest.txt" in shown
    assert "Source" in shown
    terminal.send(":show 24 http.server" + ENTER)
    terminal.expect('http.server == "nginx"')
    terminal.send(":follow http 0" + ENTER)
    terminal.expect("Example Connect Test")
    terminal.send(":stats io,phs" + ENTER)
    terminal.expect("Protocol hierarchy")
    terminal.send(":button basic" + ENTER)
    terminal.expect("10 frames")
    terminal.send(":quit" + ENTER)
    assert terminal.ended() == 0


def test_completion_offers_names_and_values(terminal):
    terminal.send("tcp.flags.sy")
    terminal.expect("Boolean")  # the menu is there
    terminal.send(TAB)
    terminal.expect("tcp.flags.syn alone")  # what the hint says of the whole name
    terminal.send(" == 1 && frame.number < 40" + ENTER)
    terminal.expect(" frames")


def test_history_is_kept_as_wiresharks_recent(tmp_path):
    pytest.importorskip("prompt_toolkit")
    with Terminal("shell", WEB, home=tmp_path) as first:
        first.expect("filter")
        first.send("arp" + ENTER)
        first.expect("4 frames")
        first.send("tcp.prt" + ENTER)
        first.expect("E201")
        first.expect(" filter ")
        first.send(END)
        assert first.ended() == 0
    recent = next(tmp_path.rglob("recent_common"))
    assert recent.read_text() == "recent.display_filter: arp\n"
    with Terminal("shell", WEB, home=tmp_path) as second:
        second.expect("filter")
        second.send(UP + ENTER)
        second.expect("4 frames")


def test_errors_and_interruptions_do_not_end_the_shell(terminal):
    terminal.send("tcp.prt" + ENTER)
    terminal.expect("did you mean")
    terminal.expect(" filter ")
    terminal.send("half a line" + INTERRUPT)
    terminal.send(":show 9999" + ENTER)
    terminal.expect("there is no frame 9999")
    terminal.send(":nothing" + ENTER)
    terminal.expect("there is no command")
    terminal.expect(" filter ")
    terminal.send(END)
    assert terminal.ended() == 0


def test_no_color_is_respected(tmp_path):
    pytest.importorskip("prompt_toolkit")
    with Terminal("shell", WEB, home=tmp_path, NO_COLOR="1") as running:
        running.send("tcp.port == 80")
        running.expect("tcp.port == 80")
        running.expect("press Enter")
        assert running.background("tcp.port == 80") == "default"


# --- from a pipe


def fed(home: Path, *lines: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    settings = {**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home / "config")}
    command = [sys.executable, "-m", "dfilter", "shell", WEB, *options]
    return subprocess.run(command, input="\n".join((*lines, "")), timeout=60, capture_output=True, text=True,
                          env=settings, check=False)  # fmt: skip


def test_lines_can_come_from_a_pipe(tmp_path):
    done = fed(tmp_path, "dns", ":count", ":select 24", "ip.src == ${ip.src}", ":buttons", ":history", ":help",
               ":explain tcp", ":follow tcp http.request.uri == \"/connecttest.txt\" raw", ":quit", "arp")  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[10:12] == ["10 frames", "10"]
    assert any(line.startswith("frame 24: HTTP") for line in lines)
    assert "5 frames" in lines
    assert any("basic+dns" in line for line in lines)
    assert "Follow: tcp,raw" in lines
    assert not any(" ARP " in line for line in lines)


def test_frames_have_numbers_also_where_the_profile_shows_none(tmp_path):
    done = fed(tmp_path, "http.request.uri == \"/connecttest.txt\"", options=("--profile", "tutorial"))
    assert done.stdout.split()[:3] == ["22", "2024-08-15", "14:03:13.041300"]


def test_long_lists_come_in_parts(tmp_path):
    lines = fed(tmp_path, "", ":more", ":count").stdout.splitlines()
    assert "19 frames so far; :more shows the next, :count counts them all" in lines
    assert "38 frames so far; :more shows the next, :count counts them all" in lines
    assert lines[-1] == "158"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (":follow sctp 0", ":follow tcp|udp|tls|http|http2 STREAM|FILTER"),
        (":follow tcp 99", "there is no TCP stream 99"),
        (":show x", "the number of a frame is missing"),
        (":stats conv,x", "not understood"),
        (":button none", "there is no button 'none'"),
        ("tcp.port ==", "error["),
    ],
)
def test_errors_are_one_message(tmp_path, line, message):
    done = fed(tmp_path, line, ":count")
    assert done.returncode == 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.splitlines()[-1] == "158"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-",), "standard input can be read only once"),
        (("/nonexistent",), "No such file"),
        ((__file__,), "not a capture"),
        ((WEB, "--profile", "nothing"), "there is no profile 'nothing'"),
    ],
)
def test_what_cannot_be_opened(run, arguments, message):
    code, _, err = run("shell", *arguments)
    assert code == 2
    assert message in err


def test_without_prompt_toolkit_there_is_a_message(tmp_path):
    code = ("import sys; sys.modules['prompt_toolkit'] = None; sys.stdin.isatty = lambda: True; "
            f"sys.argv = ['dfilter', 'shell', {WEB!r}]; import dfilter.cli.main as m; m.main()")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "pip install 'dfilter-engine[shell]'" in done.stderr
