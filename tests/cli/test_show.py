"""`dfilter show`: the text, JSON, colours, errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import WEB
from tests.cli.terminal import on_terminal


def test_fields_are_ready_to_paste_beside_their_bytes(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "150")
    code, out, _ = run("show", "24", WEB)
    assert code == 0
    lines = out.splitlines()
    assert lines[0].startswith("Frame 24: HTTP HTTP/1.1 200 OK")
    assert next(line for line in lines if "eth.dst ==" in line).endswith("..^.Se..^.S...")
    assert any(line.startswith('  http.server == "nginx"  83-97 ') for line in lines)


def test_a_narrow_terminal_has_the_bytes_below(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = run("show", "24", WEB)[1].splitlines()
    assert any(line.startswith("0042  48 54 54 50 ") for line in lines)
    assert max(map(len, lines)) < 100


def test_a_field_is_marked(run):
    out = run("show", "24", WEB, "--field", "tcp.port")[1]
    assert [line.split()[1] for line in out.splitlines() if line.startswith("> ")] == ["tcp.srcport", "tcp.dstport"]


def test_json_has_places_and_filters(run):
    code, out, _ = run("show", "24", WEB, "--json")
    assert code == 0
    document = json.loads(out)
    fields = {field["name"]: field for layer in document["layers"] for field in layer["fields"]}
    at = fields["http.server"]["start"]
    assert bytes.fromhex(document["sources"][0])[at:].startswith(b"Server: nginx")
    assert fields["ip.proto"]["label"] == "TCP"
    only = json.loads(run("show", "24", WEB, "--json", "--field", "ip.ttl")[1])
    assert [field["name"] for layer in only["layers"] for field in layer["fields"]] == ["ip.ttl"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("9999", WEB), "there is no frame 9999: the capture has"),
        (("0", WEB), "frames are numbered from 1"),
        (("x", WEB), "invalid int value"),
        (("1", "/nonexistent"), "No such file"),
        (("1", __file__), "not a capture"),
        (("24", WEB, "--field", "tcp.prt"), "no protocol or field is called"),
        (("24", WEB, "--field", "dns.qry.name"), "frame 24 has no dns.qry.name"),
    ],
)
def test_errors_are_one_message(run, arguments, message):
    code, out, err = run("show", *arguments)
    assert (code, out) == (2, "")
    assert message in err


def test_a_cut_capture_gives_what_it_has_and_a_warning(run, tmp_path):
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(Path(WEB).read_bytes()[:3000])
    code, _, err = run("show", "999", str(cut))
    assert code == 2
    assert "warning" in err
    assert "no frame 999" in err


def test_a_terminal_shows_colours_unless_declined():
    assert "\x1b[1;36m" in on_terminal("show", "24", WEB)
    assert "\x1b" not in on_terminal("show", "24", WEB, NO_COLOR="1")
