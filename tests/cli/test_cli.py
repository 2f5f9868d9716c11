"""The command: its output, its exit codes, and that nothing half-done stays."""

from __future__ import annotations

import io
import json
import os
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

import dfilter
from dfilter.cli import columns, text
from dfilter.column import Values
from dfilter.packets.summary import seconds_text
from tests.cli.conftest import process

SECONDS = 1_700_000_000
DNS_QUERY = bytes.fromhex("00010100000100000000000003777777076578616d706c6503636f6d0000010001")


def frame(protocol: int, source: int, destination: int, payload: bytes) -> bytes:
    """Ethernet, IPv4 from 10.0.0.1 to 10.0.0.2, then TCP (SYN) or UDP."""
    if protocol == 6:
        transport = struct.pack(">HHIIBBHHH", source, destination, 0, 0, 0x50, 2, 1024, 0, 0) + payload
    else:
        transport = struct.pack(">HHHH", source, destination, 8 + len(payload), 0) + payload
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(transport), 1, 0, 64, protocol, 0)
    return bytes(12) + b"\x08\x00" + ip + bytes((10, 0, 0, 1, 10, 0, 0, 2)) + transport


FRAMES = [
    frame(17, 5353 + 1000, 53, DNS_QUERY),
    frame(6, 49152, 80, b""),
    frame(17, 40000, 40001, b"hello"),
    frame(6, 80, 49152, b""),
]


def pcap(frames: list[bytes] = FRAMES) -> bytes:
    records = [struct.pack("<IIII", SECONDS, 1000 * i, len(f), len(f)) + f for i, f in enumerate(frames)]
    return struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + b"".join(records)


@pytest.fixture
def capture(tmp_path: Path) -> str:
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap())
    return str(path)


# --- check


@pytest.mark.parametrize(
    ("filter", "colour", "code"),
    [("tcp.port == 80", "green", 0), ("dns && ip || http", "yellow", 0), ("tcp.prt == 80", "red", 1), ("", "green", 0)],
)
def test_check_prints_the_colour_and_exits_by_it(run, filter, colour, code):
    exit_code, out, err = run("check", filter)
    assert (exit_code, out.splitlines()[0], err) == (code, colour, "")


def test_check_points_at_the_place(run):
    _, out, _ = run("check", "ip and tcp.prt == 80")
    lines = out.splitlines()
    assert "E201" in lines[1]
    assert lines[3].index("^") == lines[2].index("tcp.prt")


def test_check_asks_the_version_of_target(run):
    older = "tcp.port in {80 443}"
    assert run("check", older, "--target", "3.4")[0] == 0
    assert run("check", older, "--target", "4.4")[0] == 1


# --- wrong usage


@pytest.mark.parametrize(
    "arguments",
    [
        ("check",),
        ("check", "tcp", "--target", "9.9"),
        ("run", "tcp"),
        ("run", "tcp", "x", "--target", "9.9"),
        ("run", "tcp", "x", "--count", "-w", "y"),
        ("run", "tcp", "x", "-T", "json", "-w", "y"),
        ("run", "tcp", "x", "-T", "xml"),
        ("run", "tcp", "x", "-T", "parquet"),
        ("run", "tcp", "x", "-T", "json", "-V"),
        ("run", "tcp", "x", "-T", "json", "--columns", "Time"),
        ("run", "tcp", "x", "--all-buttons", "--count"),
        ("run", "tcp", "x", "-t", "never"),
        ("run", "tcp", "x", "-T", "fields"),
        ("run", "tcp", "x", "-e", "ip.src"),
        ("run", "tcp", "x", "-T", "json", "-E", "header=y"),
        ("run", "tcp", "x", "--format", "pcap"),
        ("run", "tcp", "x", "-w", "y", "--format", "erf"),
        ("run", "tcp", "x", "-w", "y.pcap.gz"),
        ("run", "tcp", "-", "-"),
        ("run", "tcp", "x", "-T", "fields", "-e", "ip.src", "-E", "bogus=1"),
        ("run", "tcp", "x", "-T", "fields", "-e", "ip.src", "-E", "occurrence=x"),
        ("run", "tcp", "x", "-T", "fields", "-e", "ip.src", "-E", "separator="),
        ("nonsense",),
    ],
)
def test_wrong_usage_is_exit_code_2_and_a_hint(run, arguments):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert "Usage" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("filter", "name", "word"),
    [
        ("tcp ==", None, "^"),
        ("tcp.prt", None, "tcp.port"),
        ("zvt", None, "does not dissect"),
        ("tcp", "missing.pcap", "No such file"),
        ("tcp", "", "folder"),
        ("tcp", "text", "not a capture"),
    ],
)
def test_a_filter_or_file_that_cannot_be_used_is_exit_code_2(run, capture, tmp_path, filter, name, word):
    (tmp_path / "text").write_text("no capture, just text")
    code, out, err = run("run", filter, capture if name is None else str(tmp_path / name))
    assert (code, out) == (2, "")
    assert err.startswith("dfilter: ")
    assert word in err
    assert "Traceback" not in err


def test_a_field_that_is_not_dissected_is_refused_before_anything_is_printed(run, capture):
    code, out, err = run("run", "tcp", capture, "-T", "fields", "-e", "zvt.trace_number", "-E", "header=y")
    assert (code, out) == (2, "")
    assert "zvt.trace_number" in err


def test_a_fault_of_our_own_is_a_message_too(run, capture, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("dfilter.cli.run.count_frames", broken)
    code, _, err = run("run", "tcp", capture, "--count")
    assert (code, err.count("\n")) == (2, 1)
    assert "ZeroDivisionError: oops" in err


# --- the packet list


def test_the_packet_list(run, capture):
    code, out, err = run("run", "tcp", capture)
    assert (code, err) == (0, "")
    rows = [line.split() for line in out.splitlines()]
    assert [row[:6] for row in rows] == [
        ["2", "0.001000", "10.0.0.1", "10.0.0.2", "TCP", "54"],
        ["4", "0.003000", "10.0.0.1", "10.0.0.2", "TCP", "54"],
    ]
    assert "[SYN]" in rows[0]


def test_no_filter_selects_all_and_no_match_prints_nothing(run, capture):
    assert len(run("run", "", capture)[1].splitlines()) == 4
    assert run("run", "arp", capture) == (0, "", "")


def test_several_captures_are_named(run, capture, tmp_path):
    other = tmp_path / "other.pcap"
    other.write_bytes(pcap(FRAMES[:2]))
    _, out, _ = run("run", "tcp", capture, str(other))
    assert [line.split()[:2] for line in out.splitlines()] == [[capture, "2"], [capture, "4"], [str(other), "2"]]


def test_count(run, capture):
    assert run("run", "tcp", capture, "--count") == (0, "2\n", "")
    assert run("run", "udp", capture, capture, "--count")[1] == f"{capture}: 2\n{capture}: 2\n"


def test_indicators_narrow_the_filter(run, capture, tmp_path):
    listed = tmp_path / "iocs.txt"
    listed.write_text("# seen\n192.0.2[.]200\n0.0.0.0/0\n")
    assert run("run", "tcp", capture, "--count", "--indicators", str(listed)) == (0, "2\n", "")
    listed.write_text("192.0.2[.]200\n")
    assert run("run", "", capture, "--count", "--indicators", str(listed)) == (0, "0\n", "")
    listed.write_text("not one\n")
    code, out, err = run("run", "", capture, "--indicators", str(listed))
    assert (code, out) == (2, "")
    assert "line 1 of the indicators" in err


def test_bench_tells_gears_and_stages(run, capture):
    code, out, err = run("bench", "tcp.port == 80 or frame.len > 1", capture)
    assert (code, err) == (0, "")
    assert all(word in out for word in ("frames match", "columns", "closures", "direct", "index"))
    assert "needs every frame dissected" in run("bench", "_ws.malformed", capture)[1]
    assert run("bench", "tcp", "-")[0] == 2


def test_a_cut_capture_warns_and_goes_on(run, tmp_path, capture):
    short = tmp_path / "short.pcap"
    short.write_bytes(pcap()[:-10])
    code, out, err = run("run", "tcp", str(short), capture, "--count")
    assert (code, out) == (0, f"{short}: 1\n{capture}: 2\n")
    assert err.startswith(f"dfilter: warning: {short}: cut short")


@pytest.mark.parametrize(
    ("nanoseconds", "shown"), [(None, ""), (0, "0.000000"), (1_999_999_999, "1.999999"), (-1_500_000, "-0.001500")]
)
def test_times(nanoseconds, shown):
    assert seconds_text(nanoseconds) == shown


def test_nothing_from_a_packet_can_steer_a_terminal():
    assert text.visible("a\x1b[2Jb\n\x85\u202eé→日") == "a\\x1b[2Jb\\x0a\\x85\\u202eé→日"


# --- fields and JSON

STYLES = [  # asked of tshark 4.4
    ((), "5353\t\\\\a\\tb\"c'd,e"),
    (("separator=,",), "5353,\\\\a\\tb\"c'd\\,e"),
    (("separator=,", "quote=d"), '"5353","\\\\a\\tb""c\'d,e"'),
    (("quote=s", "separator=/s"), "'5353' '\\\\a\\tb\"c''d,e'"),
    (("escape=n",), "5353\t\\\\a\\\tb\"c'd,e"),
    (("escape=n", "quote=d"), '"5353"\t"\\a\tb""c\'d,e"'),
    (("separator=ab",), "5353a\\\\\\a\\tb\"c'd,e"),
    (("separator=/t", "occurrence=f"), "5353\t\\\\a\\tb\"c'd,e"),
]


class Stub:
    def text(self, name):
        return ("5353",) if name == "udp.port" else ("\\a\tb\"c'd,e",)


@pytest.mark.parametrize(("style", "line"), STYLES)
def test_styles_of_fields_are_tsharks(style, line, capsys):
    values = [Values(name, frozenset(), lambda view, name=name: view.text(name)) for name in ("udp.port", "x")]
    with columns.FieldsPrinter(values, columns.fields_style(style), several=False) as printer:
        printer.frame("x.pcap", Stub())
    assert capsys.readouterr().out == line + "\n"


@pytest.mark.parametrize(
    ("style", "lines"),
    [
        ((), ["2\t49152,80\t", "4\t80,49152\t"]),
        (("header=y",), ["frame.number\ttcp.port\tdns.qry.name", "2\t49152,80\t", "4\t80,49152\t"]),
        (("occurrence=f",), ["2\t49152\t", "4\t80\t"]),
        (("occurrence=l", "separator=;"), ["2;80;", "4;49152;"]),
        (("aggregator=/s",), ["2\t49152 80\t", "4\t80 49152\t"]),
        (("separator=,",), ["2,49152\\,80,", "4,80\\,49152,"]),
        (("bom=y", "quote=d"), ['\ufeff"2"\t"49152,80"\t', '"4"\t"80,49152"\t']),
    ],
)
def test_fields(run, capture, style, lines):
    options = [word for option in style for word in ("-E", option)]
    code, out, err = run("run", "tcp", capture, "-T", "fields", "-e", "frame.number", "-e", "tcp.port",
                         "-e", "dns.qry.name", *options)  # fmt: skip
    assert (code, out.splitlines(), err) == (0, lines, "")


def test_fields_of_several_captures_begin_with_the_name(run, capture):
    _, out, _ = run("run", "dns", capture, capture, "-T", "fields", "-e", "dns.qry.name", "-E", "header=y")
    assert out.splitlines() == ["capture\tdns.qry.name", *[f"{capture}\twww.example.com"] * 2]


def test_json_with_chosen_fields(run, capture):
    code, out, _ = run("run", "tcp", capture, "-T", "json", "-e", "tcp.port", "-e", "dns.qry.name")
    assert code == 0
    assert [entry["_source"]["layers"] for entry in json.loads(out)] == [
        {"tcp.port": ["49152", "80"]},
        {"tcp.port": ["80", "49152"]},
    ]
    assert json.loads(out)[0]["_index"] == "packets-2023-11-14"


def test_json_with_all_fields(run, capture):
    layers = json.loads(run("run", "dns", capture, "-T", "json")[1])[0]["_source"]["layers"]
    assert list(layers) == ["frame", "eth", "ip", "udp", "dns"]
    (query,) = layers["dns"]["Queries"].values()
    assert query["dns.qry.name"] == "www.example.com"
    assert layers["ip"]["ip.src"] == "10.0.0.1"


def test_json_is_whole_without_frames_and_after_an_error(run, capture, tmp_path):
    assert json.loads(run("run", "arp", capture, "-T", "json")[1]) == []
    code, out, _ = run("run", "dns", capture, str(tmp_path / "missing"), "-T", "json", "-e", "dns.id")
    assert code == 2
    assert [entry["_capture"] for entry in json.loads(out)] == [capture]


# --- writing


@pytest.mark.parametrize(
    ("name", "options", "magic"),
    [
        ("out.pcap", (), 0xA1B2C3D4),
        ("out.pcapng", (), 0x0A0D0D0A),
        ("out", (), 0x0A0D0D0A),
        ("out", ("--format", "pcap"), 0xA1B2C3D4),
        ("out.pcap", ("--format", "pcapng"), 0x0A0D0D0A),
    ],
)
def test_writing(run, capture, tmp_path, name, options, magic):
    out = tmp_path / name
    assert run("run", "tcp", capture, "-w", str(out), *options) == (0, "", "")
    assert out.read_bytes()[:4] == struct.pack("<I", magic)
    assert [frame.data for frame in dfilter.read(out)] == [FRAMES[1], FRAMES[3]]


def test_a_failed_write_leaves_the_folder_as_it_was(run, capture, tmp_path):
    code, _, _ = run("run", "tcp", capture, str(tmp_path / "missing"), "-w", str(tmp_path / "out.pcap"))
    assert code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["x.pcap"]
    assert run("run", "tcp", capture, "-w", str(tmp_path / "no" / "out.pcap"))[0] == 2


# --- as a process


def test_as_a_process(capture):
    done = process("run", "tcp", capture, "--count")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"2\n", b"")


def test_standard_input_to_standard_output(capture):
    done = process("run", "tcp", "-", "-w", "-", "--format", "pcap", input=pcap())
    assert (done.returncode, done.stderr) == (0, b"")
    assert [frame.data for frame in dfilter.read(io.BytesIO(done.stdout))] == [FRAMES[1], FRAMES[3]]


def test_output_that_the_terminal_cannot_show(capture):
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = process("run", "tcp", capture, env=environment)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.count(b"\n") == 2


def test_a_reader_that_leaves_early_is_no_error(tmp_path):
    path = tmp_path / "long.pcap"
    path.write_bytes(pcap(FRAMES * 3000))
    command = [sys.executable, "-m", "dfilter", "run", "", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait(30) == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_write_leaves_nothing(tmp_path, number, code):
    out = tmp_path / "out.pcap"
    command = [sys.executable, "-m", "dfilter", "run", "tcp", "-", "-w", str(out)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        running.stdin.write(pcap())
        running.stdin.flush()
        deadline = time.monotonic() + 20
        while not list(tmp_path.iterdir()) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert [path.suffix for path in tmp_path.iterdir()] == [".part"]
        running.send_signal(number)
        assert running.wait(20) == code
        assert running.stderr.read() == b""
    assert list(tmp_path.iterdir()) == []


def test_lines_of_a_live_capture_come_at_once():
    command = [sys.executable, "-m", "dfilter", "run", "tcp", "-", "-T", "fields", "-e", "frame.number"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        running.stdin.write(pcap())
        running.stdin.flush()
        assert running.stdout.readline() == b"2\n"
        running.stdin.close()
        assert running.wait(20) == 0


@pytest.mark.parametrize("filter", ["tcp.port == 80", 'zbee_nwk and http.host contains "a" or ip.addr in {10.0.0.0/8}'])
def test_checking_one_filter_loads_little(filter):
    """Each of these takes longer to load than a filter to check."""
    slow = ("numpy", "dpkt", "rich", "argparse", "typing", "dataclasses", "pathlib", "json", "inspect",
            "dfilter.packets", "dfilter.captures", "dfilter.profiles", "dfilter.check.explain")  # fmt: skip
    code = (
        f"import sys, atexit; before = set(sys.modules); atexit.register(lambda: print([m for m in {slow} "
        "if m in sys.modules and m not in before]));"
        f"from dfilter.cli.main import main; main(['check', {filter!r}])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout.splitlines()[0] in ("green", "yellow"), done.stdout.splitlines()[-1]) == (True, "[]")


def test_version_and_help(run):
    assert run("--version") == (0, f"dfilter {dfilter.__version__}\n", "")
    assert "check" in run("--help")[1]
