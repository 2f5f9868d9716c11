"""Protocols of other packages: the one that docs/embedding.md shows, installed; and packages that are broken."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
import tomllib
from pathlib import Path

import dpkt
import pytest

from tests.docs.pages import text_of

ROOT = Path(__file__).resolve().parents[1]
SECTION = text_of("embedding.md").split("## Your own protocols")[1].split("\n## ")[0]
BROKEN = {
    "raises": ("raise RuntimeError('boom')", "RuntimeError: boom"),
    "no_syntax": ("def (", "SyntaxError"),
    "leaves": ("raise SystemExit(3)", "SystemExit: 3"),
    "empty": ("X = 1", "it names no Protocol"),
    "wrong_type": ("from dfilter.packets.declare import Protocol, header\n"
                   "from dfilter.fields.types import FieldType as T\n"
                   "P = Protocol('ip', fields=(header('ip.src', T.UINT8, 0),))", "ip.src is a field of Wireshark's"),
    "bad_name": ("from dfilter.packets.declare import Protocol\nP = Protocol('a b')", "'a b' cannot be the name"),
}  # fmt: skip
CLASHES = {
    "port": ('Protocol("other", over={"tcp.port": (80,)})', "tcp.port 80 leads to http"),
    "protocol": ('Protocol("http")', "dfilter dissects http itself"),
    "table": ('Protocol("other", over={"no.table": (1,)})', "['no.table'], which do not exist"),
}


def install(folder: Path, name: str, module: str, source: str) -> None:
    """A module, and what an installer writes beside it."""
    (folder / f"{module}.py").write_text(source, encoding="utf-8")
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[dfilter.protocols]\n{name} = {module}\n")


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`dfilter ARGUMENTS` with the folder's packages installed."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]), "NO_COLOR": "1"}
    return subprocess.run([sys.executable, "-m", "dfilter", *arguments], env=environment, capture_output=True,
                          text=True, check=False)  # fmt: skip


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of the page, and a capture with its packets."""
    folder = tmp_path_factory.mktemp("packages")
    source = re.search(r"```python (\w+)\.py\n(.*?)```", SECTION, re.DOTALL)
    project = re.search(r"```toml\n(.*?)```", SECTION, re.DOTALL)
    assert source
    assert project
    told = tomllib.loads(project[1])["project"]
    assert told["entry-points"]["dfilter.protocols"] == {"gizmo": source[1]}
    install(folder, told["name"], source[1], source[2])
    with (folder / "capture.pcap").open("wb") as file:
        writer = dpkt.pcap.Writer(file)
        for number, text in enumerate((b"cold", b"hot", b"too hot")):
            writer.writepkt(udp(4711, bytes((1,)) + struct.pack(">I", 999 + number) + text), ts=number)
        writer.writepkt(udp(4712, b"\x01\0\0\0\0hot"), ts=9)
    return folder


def udp(port: int, data: bytes) -> bytes:
    datagram = struct.pack(">HHHH", 40_000, port, 8 + len(data), 0) + data
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(datagram), 1, 0, 64, 17, 0, b"\xc0\0\2\1", b"\xc0\0\2\2")
    return bytes(12) + b"\x08\0" + header + datagram


def test_the_package_of_the_page_is_checked(installed: Path) -> None:
    done = run(installed, "check", 'gizmo.serial > 1000 and gizmo.message contains "hot"')
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "green", "")
    wrong = run(installed, "check", 'gizmo.serial == "x"')
    assert wrong.returncode == 1
    assert "Unsigned integer (32 bits)" in wrong.stdout
    near = run(installed, "check", "gizmo.serail == 1")
    assert "did you mean gizmo.serial" in near.stdout


def test_its_names_are_completed_and_listed(installed: Path) -> None:
    assert "gizmo.message" in run(installed, "complete", "gizmo.").stdout
    listed = run(installed, "fields", "gizmo")
    assert [line.split()[0] for line in listed.stdout.splitlines() if "gizmo" in line] == [
        "gizmo", "gizmo.message", "gizmo.serial", "gizmo.version"]  # fmt: skip


def test_its_packets_are_dissected(installed: Path) -> None:
    capture = str(installed / "capture.pcap")
    done = run(installed, "run", 'gizmo.serial >= 1000 and gizmo.message contains "hot"', capture, "-T", "fields", "-e",
               "frame.number", "-e", "gizmo.message")  # fmt: skip
    assert (done.stdout, done.stderr) == ("2\thot\n3\ttoo hot\n", "")
    assert run(installed, "run", "--count", "gizmo", capture).stdout.strip() == "3"
    assert run(installed, "run", "--count", "data", capture).stdout.strip() == "1"
    assert "1.0" not in run(installed, "run", "udp", capture).stderr


def test_without_the_package_the_name_is_unknown(installed: Path, tmp_path: Path) -> None:
    assert installed.exists()
    assert run(tmp_path, "check", "gizmo.serial > 1000").returncode == 1


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_package_is_left_out(name: str, tmp_path: Path) -> None:
    source, said = BROKEN[name]
    install(tmp_path, "broken-plugin", "broken_module", source)
    done = run(tmp_path, "check", "nosuch.field == 1")
    assert done.returncode == 1
    assert f"warning: the protocol plugin broken-plugin of broken-plugin 1.0 is left out: {said}" in done.stderr
    assert "Traceback" not in done.stderr
    assert run(tmp_path, "check", "tcp.port == 80").stderr == ""


@pytest.mark.parametrize("name", CLASHES)
def test_a_package_that_claims_what_is_another_s_is_left_out(name: str, tmp_path: Path) -> None:
    source, said = CLASHES[name]
    install(tmp_path, "other-plugin", "other_module", f"from dfilter.packets.declare import Protocol\nP = {source}\n")
    done = run(tmp_path, "run", "--count", "http.request", str(ROOT / "tests" / "captures" / "bot-http.pcap"))
    assert done.stdout.strip() == "16"
    assert "other-plugin of other-plugin 1.0 is left out: " in done.stderr
    assert said in done.stderr


def test_a_broken_package_does_not_hide_a_good_one(installed: Path, tmp_path: Path) -> None:
    install(tmp_path, "broken-plugin", "broken_module", "raise RuntimeError('boom')")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(installed), str(ROOT)])}
    done = subprocess.run([sys.executable, "-m", "dfilter", "check", "gizmo"], env=environment, capture_output=True,
                          text=True, check=False)  # fmt: skip
    assert done.stdout.strip() == "green"
    assert "boom" in done.stderr
