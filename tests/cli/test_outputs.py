"""`run`'s forms of output, columns, buttons and profiles."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.cli.conftest import WEB as HTTP
from tests.cli.conftest import Run
from tests.parity import outputs
from tests.parity.compare import can_ask

CAPTURES = Path(__file__).parents[1] / "captures"
DNS = str(CAPTURES / "rat-dns.pcapng")


# --- forms


@pytest.mark.skipif(not can_ask(), reason="no reference to ask here")
@pytest.mark.parametrize("form", outputs.FORMS)
def test_a_form_is_tsharks(form: str) -> None:
    capture = CAPTURES / "bot-http.pcap"
    there = outputs.plain(outputs.reference(capture, outputs.FORMS[form]))
    assert any(there)
    assert outputs.plain(outputs.ours(capture, outputs.FORMS[form])) == there


def test_csv_has_a_heading(run: Run) -> None:
    code, out, _ = run("run", "http.request.method", HTTP, "-T", "csv", "-e", "http.host", "-e", "ip.ttl + 1")
    rows = list(csv.reader(io.StringIO(out)))
    assert (code, rows[0]) == (0, ["http.host", "ip.ttl + 1"])
    assert ["time.microsoft.example.com", "65"] in rows
    rows = list(csv.reader(io.StringIO(run("run", "frame.number == 5", HTTP, "-T", "csv")[1])))
    assert rows[1] == ["5", "0.040000", "00:00:5e:00:53:65", "ff:ff:ff:ff:ff:ff", "ARP", "42",
                       "Who has 10.8.15.1? Tell 10.8.15.101"]  # fmt: skip


@pytest.mark.parametrize("form", ["pdml", "psml"])
def test_xml_is_well_formed(run: Run, form: str) -> None:
    _, out, _ = run("run", "", HTTP, "-T", form)
    assert len(ET.fromstring(out).findall("packet")) == len(run("run", "", HTTP)[1].splitlines())
    ET.fromstring(run("run", "arp && ip", HTTP, "-T", form)[1])


def test_pdml_has_layers_and_places(run: Run) -> None:
    packet = ET.fromstring(run("run", "frame.number == 22", HTTP, "-T", "pdml")[1]).find("packet")
    assert packet is not None
    assert [proto.get("name") for proto in packet] == ["geninfo", "frame", "eth", "ip", "tcp", "http"]
    field = packet.find(".//field[@name='tcp.dstport']")
    assert field is not None
    assert (field.get("pos"), field.get("size"), field.get("show"), field.get("value")) == ("36", "2", "80", "0050")


def test_raw_json_has_bytes_and_places(run: Run) -> None:
    layers = json.loads(run("run", "frame.number == 22", HTTP, "-T", "jsonraw")[1])[0]["_source"]["layers"]
    assert layers["tcp"]["tcp.dstport_raw"] == ["0050", 36, 2, 0, 5]
    assert layers["tcp"]["tcp.flags_raw"] == ["18", 46, 2, 4095, 5]
    assert layers["ip_raw"][1:] == [14, 20, 0, 1]


def test_elasticsearch_gets_two_lines_a_frame(run: Run) -> None:
    lines = [json.loads(line) for line in run("run", "frame.number == 22", HTTP, "-T", "ek")[1].splitlines()]
    assert lines[0] == {"index": {"_index": "packets-2024-08-15", "_type": "doc"}}
    assert lines[1]["layers"]["tcp"]["tcp_tcp_flags_push"] is True
    assert lines[1]["layers"]["frame"]["frame_frame_time"] == "2024-08-15T14:03:13.041300000Z"


def test_whole_frames_nest(run: Run) -> None:
    dns = json.loads(run("run", "frame.number == 17", HTTP, "-T", "json")[1])[0]["_source"]["layers"]["dns"]
    assert dns["dns.flags_tree"]["dns.flags.response"] == "0"
    assert list(dns["Queries"]) == ["time.microsoft.example.com: type A, class IN"]
    raw = json.loads(run("run", "frame.number == 17", HTTP, "-T", "jsonraw")[1])[0]["_source"]["layers"]["ip"]
    assert raw["ip.flags_tree"]["ip.flags.df_raw"] == ["1", 20, 1, 64, 2]
    line = json.loads(run("run", "frame.number == 17", HTTP, "-T", "ek")[1].splitlines()[1])["layers"]
    assert line["dns"]["text"] == ["Queries", "time.microsoft.example.com: type A, class IN"]
    document = ET.fromstring(run("run", "frame.number == 17", HTTP, "-T", "pdml")[1])
    assert document.find(".//field[@name='dns.flags']/field[@name='dns.flags.response']") is not None
    assert document.find(".//field[@show='Queries']/field/field[@name='dns.qry.name']") is not None
    assert "\n    ip.flags: 0x02\n        ip.flags.rb: False\n" in run("run", "frame.number == 17", HTTP, "-V")[1]


def test_the_tree_names_fields(run: Run) -> None:
    lines = run("run", "frame.number == 22", HTTP, "-V")[1].splitlines()
    assert "    http.host: time.microsoft.example.com" in lines
    assert "HTTP (http), 114 bytes" in lines


@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_tables_are_typed(run: Run, tmp_path: Path, form: str) -> None:
    arrow = pytest.importorskip("pyarrow")
    path = str(tmp_path / "table")
    names = ("-e", "frame.number", "-e", "tcp.port", "-e", "tcp.flags.syn", "-e", "frame.time", "-e", "ip.src")
    assert run("run", "frame.number == 22", HTTP, "-T", form, "-w", path, *names)[0] == 0
    table = pytest.importorskip("pyarrow.parquet").read_table(path) if form == "parquet" else (
        arrow.ipc.open_file(path).read_all())  # fmt: skip
    row = table.to_pylist()[0]
    assert (row["frame.number"], row["tcp.port"], row["tcp.flags.syn"]) == ([22], [52155, 80], [False])
    assert str(row["frame.time"][0]).startswith("2024-08-15 14:03:13.041300")
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith("table")] == ["table"]


# --- columns


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        ("No.,Time,Source,Destination,Protocol,Length,Info",
         "22 3.041300 10.8.15.101 198.51.100.20 HTTP 180 GET /connecttest.txt HTTP/1.1"),
        ("UTC,Src,Src port,Dst,Dst port,Host:http.host or dns.qry.name",
         "2024-08-15 14:03:13.041300 10.8.15.101 52155 198.51.100.20 80 time.microsoft.example.com"),
        ("%m,TTL:ip.ttl,One more:ip.ttl + 1,Sum:len(ip.src), tcp.port == 80", "22 64 65 4 ✓"),
        ("Ports:tcp.port,First:ip.src[0],%uS", "52155,80 0a 52155"),
        ("in:tcp.port in {80, 443},no:udp", "✓"),
    ],
)  # fmt: skip
def test_columns_of_ones_own(run: Run, columns: str, line: str) -> None:
    code, out, err = run("run", "--columns", columns, "frame.number == 22", HTTP)
    assert (code, " ".join(out.split()), err) == (0, line, "")


@pytest.mark.parametrize("columns", ["%e", "Title:no.such", "Title:ip.src ==", "nonsense"])
def test_columns_that_cannot_be(run: Run, columns: str) -> None:
    code, out, err = run("run", "--columns", columns, "", HTTP)
    assert (code, out) == (2, "")
    assert err.startswith("dfilter: ")


@pytest.mark.parametrize(
    ("form", "shown"),
    [("r", "3.041300"), ("e", "1723730593.041300"), ("u", "14:03:13.041300"), ("ud", "2024-08-15 14:03:13.041300"),
     ("udoy", "2024/228 14:03:13.041300"), ("d", "0.000090"), ("dd", "0.000000")],
)  # fmt: skip
def test_times(run: Run, form: str, shown: str) -> None:
    assert run("run", "--columns", "Time", "-t", form, "frame.number == 22", HTTP)[1].strip() == shown


def test_columns_of_filters_and_fields(run: Run) -> None:
    out = run("run", '_ws.col.protocol == "HTTP" and _ws.col.info contains "GET"', HTTP, "-T", "fields",
              "-e", "_ws.col.Info", "-e", "_ws.col.def_src")[1]  # fmt: skip
    assert out.splitlines()[0] == "GET /connecttest.txt HTTP/1.1 \t10.8.15.101"


# --- buttons and profiles


def test_a_button_selects(run: Run) -> None:
    assert run("run", "--count", "--button", "basic+dns", HTTP)[1] == "29\n"
    assert run("run", "--count", "--button", "basic+dns", "dns", HTTP)[1] == "10\n"
    assert run("run", "--count", "--button", "basic+dns", "--button", "basic", "", HTTP)[1] == "10\n"
    code, _, err = run("run", "--button", "basik", HTTP)
    assert (code, "did you mean 'basic'" in err) == (2, True)


def test_all_buttons_in_one_table(run: Run) -> None:
    run("buttons", "add", "dns", "dns")
    run("buttons", "add", "bad", "tcp.prt", "--force")
    code, out, err = run("run", "--all-buttons", HTTP, DNS)
    assert code == 1
    assert [line.split()[:3] for line in out.splitlines()[1:]] == [["dns", "10", "23"], ["bad", "red", "red"]]
    assert "the button 'bad' cannot be run" in err


def test_buttons_are_changed_and_listed(run: Run, tmp_path: Path) -> None:
    assert run("buttons", "add", "Web//tls", "tls", "--comment", "c")[0] == 0
    code, _, err = run("buttons", "add", "bad", "tcp.prt")
    assert (code, "is red" in err) == (1, True)
    assert run("buttons", "edit", "Web//tls", "--disable", "--label", "tls")[0] == 0
    assert run("buttons", "import", "tutorial")[2] == "dfilter: 3 buttons imported\n"
    assert run("buttons", "remove", "basic", "basic+")[0] == 0
    listed = json.loads(run("buttons", "list", "--format", "json")[1])
    assert [(each["label"], each["enabled"], each["comment"]) for each in listed] == [
        ("tls", False, "c"), ("basic+dns", True, "")]  # fmt: skip
    path = tmp_path / "out"
    assert run("buttons", "export", str(path))[0] == 0
    assert path.read_text() == run("buttons", "export")[1]
    assert run("buttons", "remove", "nothing")[0] == 2
    assert run("buttons", "add", "--profile", "tutorial", "x", "tcp")[0] == 2


@pytest.mark.parametrize(
    "arguments", [("add", "x"), ("list", "x"), ("edit",), ("edit", "x"), ("remove",), ("list", "--label", "x"),
                  ("add", "a", "b", "--replace"), ("export", "--format", "json")],
)  # fmt: skip
def test_wrong_usage_of_buttons(run: Run, arguments: tuple[str, ...]) -> None:
    run("buttons", "add", "x", "tcp")
    assert run("buttons", *arguments)[0] == 2


def test_what_is_remembered(run: Run) -> None:
    run("run", "--profile", "mine", "--remember", "--columns", "Time,Info", "-t", "e", "frame.number == 5", HTTP)
    assert run("run", "--profile", "mine", "frame.number == 5", HTTP)[1] == (
        "1723730590.040000 Who has 10.8.15.1? Tell 10.8.15.101\n")  # fmt: skip
    assert run("buttons", "recent")[1] == "frame.number == 5\n"


def test_colours_of_a_profile(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    (tmp_path / "colours").mkdir()
    (tmp_path / "colours/colorfilters").write_text("@web@http@[65535,0,0][0,0,65535]\n@x@no.such@[0,0,0][0,0,0]\n")
    arguments = ("run", "--profile", str(tmp_path / "colours"), "frame.number in {5, 22}", HTTP)
    code, out, err = run(*arguments, "--color", "always")
    plain, coloured = out.splitlines()
    assert (code, "\x1b" in plain, coloured.startswith("\x1b[38;2;0;0;255;48;2;255;0;0m")) == (0, False, True)
    assert "cannot be run here: x" in err
    assert "\x1b" not in run(*arguments, "--color", "never")[1]
