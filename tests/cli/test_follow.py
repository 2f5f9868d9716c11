"""`dfilter follow`: output, files, colours, errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from dfilter.cli.keep import Folder
from dfilter.errors import CaptureError
from tests.cli.conftest import WEB
from tests.cli.terminal import on_terminal
from tests.follow import cases

CAPTURES = Path(__file__).parents[1] / "captures"


def test_a_stream_by_number_and_by_filter_is_the_same(run):
    code, by_number, _ = run("follow", "tcp", "0", WEB)
    assert code == 0
    assert "GET /connecttest.txt HTTP/1.1\r\n" in by_number
    assert run("follow", "tcp", 'http.request.uri == "/connecttest.txt"', WEB)[1] == by_number


def test_a_port_can_be_decoded_as_another_protocol(run):
    assert "\n\t20\nExample" in run("follow", "http", "0", WEB)[1]
    assert "Example" not in run("follow", "http", "0", WEB, "-d", "tcp.port==80,smtp")[1]
    assert "\nSMTP (smtp)" in run("show", "24", WEB, "-d", "tcp.port==80,smtp")[1]
    assert "      smtp " in run("stats", "tcp", WEB, "-z", "io,phs", "-d", "tcp.port==80,smtp")[1]
    code, _, err = run("follow", "tcp", "0", WEB, "-d", "tcp.port==80,nothing")
    assert code == 2
    assert "nothing" in err


def test_what_is_left_out_is_said(run, tmp_path):
    capture = tmp_path / "gap.pcap"
    capture.write_bytes(cases.pcap(cases.frames(">0S <100S/1 >1/101:abc >7/101:ghi")))
    code, out, err = run("follow", "tcp", "0", str(capture))
    assert code == 0
    assert "ghi" not in out
    assert "warning: 3 bytes come after bytes that the capture lacks" in err


def test_saved_bodies_are_files_and_stay(run, tmp_path):
    folder = tmp_path / "new" / "bodies"
    assert run("follow", "http", "0", WEB, "--save", str(folder))[0] == 0
    file = folder / "24-connecttest.txt"
    assert file.read_bytes() == b"Example Connect Test"
    file.write_bytes(b"mine")
    code, _, err = run("follow", "http", "0", WEB, "--save", str(folder))
    assert (code, file.read_bytes()) == (2, b"mine")
    assert "exists already; --force overwrites it" in err
    assert run("follow", "http", "0", WEB, "--save", str(folder), "--force")[0] == 0
    assert file.read_bytes() == b"Example Connect Test"


def test_saved_ends_are_what_each_sent(run, tmp_path):
    code, out, _ = run("follow", "tcp", "0", WEB, "--save", str(tmp_path))
    assert code == 0
    assert "114 bytes, sent by 10.8.15.101:52155" in out
    assert (tmp_path / "tcp-0-node1.bin").read_bytes().endswith(b"\r\n\r\nExample Connect Test")


def test_a_link_is_not_followed(tmp_path):
    target = tmp_path / "target"
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").symlink_to(target)
    with Folder(str(tmp_path / "out"), force=False) as folder, pytest.raises(CaptureError, match="exists"):
        folder.create("a")
    assert not target.exists()


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../a", "a\0b"])
def test_only_plain_names_are_created(tmp_path, name):
    with Folder(str(tmp_path), force=True) as folder, pytest.raises(ValueError, match="not a file name"):
        folder.create(name)


def test_nothing_unfinished_stays(tmp_path):
    folder = Folder(str(tmp_path), force=False)
    with folder:
        folder.create("whole").close()
        folder.create("half").write(b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("tcp", "99", WEB), "there is no TCP stream 99"),
        (("udp", "http", WEB), "selects no frame of a UDP stream"),
        (("tcp", "tcp.prt == 1", WEB), "did you mean"),
        (("tcp", "0", "/nonexistent"), "No such file"),
        (("tcp", "0", __file__), "not a capture"),
        (("sctp", "0", WEB), "invalid choice"),
        (("tcp", "0", WEB, "--force"), "--force goes with --save"),
        (("tcp", "0", WEB, "--save", "x", "--format", "raw"), "--format is about what is printed"),
        (("http2", "0", WEB), "http2 needs the number of the stream inside"),
        (("http", "http", "-"), "standard input can be read only once"),
    ],
)
def test_errors_are_one_message(run, arguments, message):
    code, out, err = run("follow", *arguments)
    assert code == 2
    assert message in err
    assert "Traceback" not in err
    assert out == "" or arguments[1] == "99"


def test_a_cut_capture_gives_what_it_has_and_a_warning(run, tmp_path):
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(Path(WEB).read_bytes()[:12000])
    code, out, err = run("follow", "tcp", "0", str(cut))
    assert code == 0
    assert "GET /connecttest.txt" in out
    assert "warning" in err


def test_a_terminal_shows_two_colours_unless_declined():
    shown = on_terminal("follow", "tcp", "0", WEB)
    assert "\x1b[31m" in shown
    assert "\x1b[34m" in shown
    assert "\x1b" not in on_terminal("follow", "tcp", "0", WEB, NO_COLOR="1")
