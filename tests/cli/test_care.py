"""What commands do with files that are not as one would like, and with names that would steer a terminal."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from dfilter.cli.xml import _text
from dfilter.whole import whole_file
from tests.cli.conftest import Run, process

HTTP = Path(__file__).parents[1] / "captures" / "bot-http.pcap"


# --- files


@pytest.mark.parametrize("size", [25, 30, 40, 41, 400])
def test_a_capture_cut_in_its_first_packets_warns_whatever_reads_it(run: Run, tmp_path: Path, size: int) -> None:
    (tmp_path / "cut.pcap").write_bytes(HTTP.read_bytes()[:size])
    for arguments in (("run", "ip"), ("run", "--count", "ip"), ("run", "--count", "http"), ("run", "--all-buttons"),
                      ("bench", "ip")):  # fmt: skip
        code, _, err = run(*arguments, "cut.pcap")
        assert (code, err.count("warning: cut.pcap: cut short")) == (0, 1), arguments


def test_a_pipe_is_written_to_and_not_replaced(run: Run, tmp_path: Path) -> None:
    os.mkfifo("pipe")
    reading = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    assert run("buttons", "add", "A", "http")[0] == 0
    assert run("buttons", "export", "pipe")[0] == 0
    assert os.read(reading, 100) == b'"TRUE","A","http",""\n'
    os.close(reading)
    assert stat.S_ISFIFO(Path("pipe").stat().st_mode)


def test_a_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"before")
    target.chmod(0o640)
    link.symlink_to(target)
    with pytest.raises(KeyboardInterrupt), whole_file(link) as file:  # noqa: PT012 - the block is what is broken off
        file.write(b"half")
        raise KeyboardInterrupt
    assert target.read_bytes() == b"before"
    with whole_file(link) as file:
        file.write(b"after")
    assert (target.read_bytes(), link.is_symlink(), stat.S_IMODE(target.stat().st_mode)) == (b"after", True, 0o640)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "target"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("buttons", "export", "nowhere/x"),
        ("buttons", "import", "nowhere/x"),
        ("run", "--macros", "nowhere/x", "http", str(HTTP)),
        ("run", "--indicators", "nowhere/x", "http", str(HTTP)),
        ("check", "-f", "nowhere/x"),
    ],
)
def test_a_file_that_is_missing_is_named_first(run: Run, arguments: tuple[str, ...]) -> None:
    code, out, err = run(*arguments)
    assert (code, out, err) == (2, "", "dfilter: nowhere/x: No such file or directory\n")


@pytest.mark.parametrize("name", ["x.pcap", "./x.pcap", "link.pcap"])
def test_the_capture_that_is_read_is_not_overwritten(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / "x.pcap").write_bytes(HTTP.read_bytes())
    (tmp_path / "link.pcap").symlink_to("x.pcap")
    for arguments in ((), ("-T", "parquet")):
        code, _, err = run("run", "http", str(HTTP), "x.pcap", "-w", name, *arguments)
        assert (code, err) == (2, f"dfilter: -w {name}: this is the capture that is read; write to another file\n")
    with (tmp_path / "x.pcap").open("rb") as capture:
        assert process("run", "http", "-", "-w", "x.pcap", stdin=capture, cwd=tmp_path).returncode == 2
    assert (tmp_path / "x.pcap").read_bytes() == HTTP.read_bytes()
    assert run("run", "http", "x.pcap", "-w", "y.pcap")[0] == 0


@pytest.mark.parametrize(
    "arguments", [("run", "--help"), ("run", "http", str(HTTP), "-w", "-"), ("check", "tcp"), ("--version",)]
)
@pytest.mark.parametrize("buffering", ["", "1"])
def test_a_full_disk_is_one_message(arguments: tuple[str, ...], buffering: str) -> None:
    with Path("/dev/full").open("wb") as full:
        ended = process(*arguments, stdout=full, env={**os.environ, "PYTHONUNBUFFERED": buffering})
    assert ended.returncode == 2
    assert ended.stderr == b"dfilter: standard output: cannot be written: No space left on device\n"


def test_a_capture_that_is_missing_is_named_where_the_filter_may_be_left_out(run: Run) -> None:
    assert "CAPTURE is missing; no file is called 'x.pcap', so it is" in run("run", "--all-buttons", "x.pcap")[2]


# --- names


def test_a_table_holds_names_that_are_no_utf8(run: Run, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    name = os.fsdecode(b"a\xff.pcap")
    shutil.copy(HTTP, tmp_path / name)
    assert run("run", "http", name, str(HTTP), "-T", "parquet", "-w", "x.parquet")[0] == 0
    assert set(parquet.read_table("x.parquet")["capture"].to_pylist()) == {"a\ufffd.pcap", str(HTTP)}


def test_names_of_files_do_not_steer_the_terminal(run: Run, tmp_path: Path) -> None:
    name = "a\x1b]0;x\x07\n.pcap"
    shutil.copy(HTTP, tmp_path / name)
    shutil.copy(HTTP, tmp_path / "b.pcap")
    for arguments in (("--count", "http"), ("--stats", "http"), ("http",), ("-V", "http"), ("--all-buttons",)):
        code, out, _ = run("run", *arguments, name, "b.pcap")
        assert code == 0
        assert "\x1b" not in out
        assert "a\\x1b]0;x\\x07\\x0a.pcap" in out
    assert "\x1b" not in run("run", "http", "no\x1b[31m")[2]


@pytest.mark.parametrize("char", ["\x9b", "\x7f", "\u202e", "\u2066"])
def test_xml_refers_to_characters_that_steer_a_terminal(char: str) -> None:
    assert char not in _text(f"a{char}b")
    assert ET.fromstring(f"<t>{_text(f'a{char}ü')}</t>").text == f"a{char}ü"


# --- options


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--columns", ""), "Error: --columns names no column"),
        (("--columns", " ,"), "Error: --columns names no column"),
        (("--columns", "X:tcp.prt"), "dfilter: --columns: not a column, field or expression that can be shown"),
        (("-T", "fields", "-e", "tcp.prt"), "dfilter: -e: not a column, field or expression that can be shown"),
    ],
)
def test_what_cannot_be_shown_is_refused(run: Run, arguments: tuple[str, ...], said: str) -> None:
    code, out, err = run("run", *arguments, "http", str(HTTP))
    assert (code, out) == (2, "")
    assert said in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "", "tcp"), "the label '' is empty"),
        (("add", "//", "tcp"), "the label '//' is empty"),
        (("edit", "A", "--label", "a\nb"), "has a line break"),
        (("add", "--at", "0", "B", "tcp"), "--at counts from 1"),
        (("import", str(HTTP)), "not a file of filters: it holds NUL bytes"),
    ],
)
def test_a_button_that_wireshark_could_not_show_is_refused(run: Run, arguments: tuple[str, ...], said: str) -> None:
    assert run("buttons", "add", "A", "http")[0] == 0
    before = run("buttons", "export")[1]
    code, _, err = run("buttons", *arguments)
    assert code == 2
    assert said in err
    assert run("buttons", "export")[1] == before


def test_a_filter_may_begin_with_a_minus_sign(run: Run) -> None:
    assert run("check", "--", "-ip.ttl == -64")[1] == "green\n"
    assert run("run", "--count", "--", "-ip.ttl == -64", str(HTTP)) == run("run", "--count", "ip.ttl == 64", str(HTTP))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("complete", "--cursor", "-1", "tcp"), "Error: --cursor is negative"),
        (("show", "24", str(HTTP), "--field", "no.such"), "dfilter: --field: no protocol or field is called 'no.such'"),
        (("follow", "tcp", "0", str(HTTP), "--save", str(HTTP)), "this is no folder; name one to save in"),
        (("check", str(HTTP)), "not a file of filters: it holds NUL bytes"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(run: Run, arguments: tuple[str, ...], said: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_a_guess_names_the_option_that_makes_it(run: Run) -> None:
    said = "dfilter: left as it is: what would repair it is a guess; --unsafe makes it\n"
    assert run("fix", "tcp.prt == 80")[2] == said
    assert "unsafe" not in run("fix", "tcp.port == == 80")[2]


def test_a_picture_of_another_kind_is_refused_before_counting(run: Run) -> None:
    pytest.importorskip("matplotlib")
    assert run("stats", "", str(HTTP), "--png", "a.jpg") == (2, "", "dfilter: --png a.jpg: the name must end in .png\n")


# --- standard streams


def shell(line: str) -> subprocess.CompletedProcess[str]:
    command = f"{sys.executable} -m dfilter"
    line = line.replace("dfilter", command, 1)
    return subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="no full disk here")
@pytest.mark.parametrize("arguments", ["--help", "--version", "check http", "fields tcp.port"])
def test_a_full_disk_is_said(arguments: str) -> None:
    done = shell(f"dfilter {arguments} > /dev/full")
    assert done.returncode == 2
    assert done.stderr == "dfilter: standard output: cannot be written: No space left on device\n"


@pytest.mark.parametrize(("closed", "code"), [(">&-", 0), ("2>&-", 0), ("<&-", 0)])
def test_closed_standard_streams_are_empty(closed: str, code: int) -> None:
    done = shell(f"dfilter run http {HTTP} {closed}")
    assert (done.returncode, done.stderr) == (code, "")


# --- many, and large


def test_many_fields_take_no_time(run: Run) -> None:
    before = time.process_time()
    names = [f"ip.ttl + {number % 200}" for number in range(800)]
    code, out, _ = run("run", "-T", "fields", *(word for name in names for word in ("-e", name)), "http", str(HTTP))
    assert (code, out.count("\t")) == (0, 799 * 16)
    assert time.process_time() - before < 10


def test_a_limit_may_be_large(run: Run) -> None:
    assert run("complete", "--limit", "9" * 30, "tcp.port")[0] == 0


def test_a_list_of_indicators_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "list").write_text("evil.example\n$\n")
    said = "dfilter: list: line 2 of the indicators is no address, network or domain name: '$'\n"
    assert run("run", "--indicators", "list", "", str(HTTP)) == (2, "", said)


def test_lines_that_are_no_buttons_are_said(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "p" / "dfilter_buttons"
    path.parent.mkdir()
    path.write_text('"TRUE","a","tcp",""\n"TRUE","x"\n')
    code, out, err = run("buttons", "list", "--profile", str(path.parent))
    assert (code, out.splitlines()[1:]) == (0, ["a  tcp"])
    assert err.startswith(f"dfilter: warning: {path}:2: ")


# --- completion


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("run", "-T", "js"), ["json", "jsonraw"]),
        (("run", "--target", "4"), ["4.0", "4.4", "4.6"]),
        (("run", "-t", "ud"), ["ud", "udoy"]),
        (("run", "--color", "a"), ["auto", "always"]),
        (("run", "-w", "tcp"), ["tcp.pcap"]),
    ],
)
def test_bash_offers_values_of_options(run: Run, tmp_path: Path, words: tuple[str, ...], offered: list[str]) -> None:
    (tmp_path / "tcp.pcap").touch()
    assert completed_by_bash(run, *words) == offered


def completed_by_bash(run: Run, *words: str) -> list[str]:
    """What the script offers for the last of the words; `dfilter` in it is this one."""
    script = run("completion", "bash")[1]
    script += f'dfilter() {{ {shlex.quote(sys.executable)} -m dfilter "$@"; }}\n'
    script += f"COMP_WORDS=(dfilter {shlex.join(words)}); COMP_CWORD={len(words)}; _dfilter\n"
    done = subprocess.run(["bash", "-c", script + 'printf "%s\\n" "${COMPREPLY[@]}"'], capture_output=True, text=True,
                          check=True)  # fmt: skip
    return done.stdout.split("\n")[:-1]


def test_bash_offers_names_of_buttons_and_profiles_without_expanding_them(run: Run, tmp_path: Path) -> None:
    hostile = "Web//$(touch fallen) `touch fallen` *"
    assert run("buttons", "add", hostile, "http")[0] == 0
    assert completed_by_bash(run, "run", "--button", "'W") == [hostile]
    (offered,) = completed_by_bash(run, "run", "--button", "W")
    assert shlex.split(offered) == [hostile]
    assert completed_by_bash(run, "run", "--profile", "tutorial", "--button", "basic+") == ["basic+", "basic+dns"]
    assert completed_by_bash(run, "run", "--profile", "t") == ["tutorial"]
    assert not (tmp_path / "fallen").exists()
