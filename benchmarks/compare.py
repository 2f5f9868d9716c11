"""dfilter beside tshark, tcpdump, dpkt, scapy and pyshark: whole processes on the same capture.

    python -m benchmarks.compare [--frames N] [--conversations N] [--reference N] [--rounds N] [--tshark COMMAND]

In: how much.  Out: docs/benchmarks.md.  What always holds: a figure is the median of alternating rounds; what tools
disagree about is said beside the figures, not hidden.  Without tshark, tcpdump or a library its column is empty.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.peers import LOOPS
from benchmarks.report import Row, report
from dfilter import native

STATELESS = {
    "ip.addr == 10.0.5.77": "host 10.0.5.77",
    "tcp.port == 443": "tcp port 443",
    "tcp.flags.syn == 1 && tcp.flags.ack == 0": "tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn",
    "frame.len > 1000": "greater 1001",
    "udp.port == 53 or icmp": "udp port 53 or icmp",
    "ip.src == 10.0.0.0/8 && tcp.dstport in {1..1023}": "src net 10.0.0.0/8 and tcp dst portrange 1-1023",
}
"""Filter -> what tcpdump is asked; in a VLAN too, for which its expression is said twice."""

STATEFUL = (
    'dns.qry.name contains "example"',
    "tls.handshake.type == 1",
    "http.request",
    "(http.request or tls.handshake.type eq 1) and !(ssdp)",
    "(http.request or tls.handshake.type eq 1 or tcp.flags eq 0x0002) and !(ssdp)",
    "(http.request or tls.handshake.type eq 1 or tcp.flags eq 0x0002 or dns) and !(ssdp)",
    "tcp.stream == 7",
    "tcp.analysis.retransmission",
)

LISTS = ("http.request", "tls.handshake.type == 1", "dns", "tcp.analysis.retransmission", "tcp.stream == 7",
         "tcp.port == 22")  # fmt: skip
"""Filters whose frames are listed, a line each, as tshark lists them."""

PEER_FRAMES = 50_000
"""Frames for the Python libraries, of which pyshark reads a thousand a second."""


@dataclass(slots=True)
class Runs:
    """Rounds of one command: seconds by the clock, of the processors, peak memory in MB, frames counted."""

    frames: int
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    memory: float = 0.0
    found: int = -1

    def note(self, wall: float, cpu: float, memory: float, found: int) -> None:
        self.wall.append(wall)
        self.cpu.append(cpu)
        self.memory = max(self.memory, memory)
        self.found = found

    def row(self) -> Row:
        return Row(self.frames, statistics.median(self.wall), statistics.median(self.cpu), self.memory, self.found)


def run(command: list[str], runs: Runs) -> None:
    """One round: the whole process, from its start to its end; it prints a number, or a line a frame."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryFile() as out:
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{shlex.join(command)} failed ({process.returncode})")
        out.seek(0)
        lines = out.read().split(b"\n")
        counts_itself = len(lines) == 2 and "-Y" not in command
        found = int(lines[0].split()[0]) if counts_itself else len(lines) - 1
        runs.note(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, found)


def ours(text: str, capture: Path, *, machine_code: bool = True) -> list[str]:
    command = [sys.executable, "-m", "dfilter", "run", "--count", text, str(capture)]
    return command if machine_code else ["env", f"{native.SWITCH}=0", *command]


def shark(tshark: list[str], text: str, capture: Path) -> list[str]:
    return [*tshark, "-n", "-r", str(capture), "-Y", text, "-T", "fields", "-e", "frame.number"]


def tcpdump(expression: str, capture: Path) -> list[str]:
    return ["tcpdump", "-n", "-r", str(capture), "--count", f"({expression}) or (vlan and ({expression}))"]


Sides = dict[str, tuple[list[str], int]]
"""Name of a side -> (its command, the frames that it reads)."""


def measure(sides: Sides, rounds: int) -> dict[str, Row]:
    """Each side's rounds, alternating."""
    runs = {name: Runs(frames) for name, (_, frames) in sides.items()}
    for _ in range(rounds):
        for name, (command, _) in sides.items():
            run(command, runs[name])
    print({name: (each.found, round(statistics.median(each.wall), 2)) for name, each in runs.items()}, flush=True)
    return {name: each.row() for name, each in runs.items()}


def header_sides(text: str, expression: str, captures: Captures, tshark: list[str]) -> Sides:
    """dfilter and tcpdump on the large capture, tshark on the small one, and dfilter there too for the counts."""
    large, small = captures.path(captures.large), captures.path(captures.small)
    sides: Sides = {"check": (ours(text, small), captures.small), "columns": (
        ours(text, large, machine_code=False), captures.large)}  # fmt: skip
    if native.available():
        sides["dfilter"] = (ours(text, large), captures.large)
    if shutil.which("tcpdump"):
        sides["tcpdump"] = (tcpdump(expression, large), captures.large)
    if tshark:
        sides["tshark"] = (shark(tshark, text, small), captures.small)
    return sides


def conversation_sides(text: str, captures: Captures, tshark: list[str]) -> Sides:
    """dfilter and tshark on the same capture."""
    path = captures.path(captures.conversations)
    sides: Sides = {"check": (ours(text, path), captures.conversations)}
    if tshark:
        sides["tshark"] = (shark(tshark, text, path), captures.conversations)
    return sides


def list_sides(text: str, captures: Captures, tshark: list[str]) -> Sides:
    """Both tools print their packet list."""
    path = captures.path(captures.small)
    sides: Sides = {"check": ([sys.executable, "-m", "dfilter", "run", text, str(path)], captures.small)}
    if tshark:
        sides["tshark"] = ([*tshark, "-n", "-r", str(path), "-Y", text], captures.small)
    return sides


@dataclass(frozen=True, slots=True)
class Captures:
    """How many frames are read for header fields, for fields that need earlier frames, and by slow tools."""

    folder: Path
    large: int
    conversations: int
    small: int

    def path(self, frames: int) -> Path:
        """The capture of so many frames, made if it is missing; in the page cache, whoever reads it first."""
        path = self.folder / f"{frames}.pcap"
        if not path.exists():
            # in a process of its own, or its memory would count as the first memory of every tool
            subprocess.run([sys.executable, "-m", "benchmarks.make_capture", str(frames), str(path)], check=True)
        with path.open("rb", buffering=0) as file:
            while file.read(1 << 24):
                pass
        return path


def compare(captures: Captures, rounds: tuple[int, int], tshark: list[str], say: Callable[[str], object]) -> None:
    """Measure everything, and hand the page over to `say`."""
    plain = {text: measure(header_sides(text, expression, captures, tshark), rounds[0])
             for text, expression in STATELESS.items()}  # fmt: skip
    stateful = {text: measure(conversation_sides(text, captures, tshark), rounds[1]) for text in STATEFUL}
    lists = {text: measure(list_sides(text, captures, tshark), rounds[1]) for text in LISTS}
    few = min(captures.small, PEER_FRAMES)
    peers: Sides = {"dfilter": (ours("tcp.port == 443", captures.path(few)), few)}
    for name in LOOPS:
        if importlib.util.find_spec(name):
            peers[name] = ([sys.executable, "-m", "benchmarks.peers", name, str(captures.path(few))], few)
    scale = [sys.executable, "-m", "benchmarks.scale", str(captures.folder)]
    grows = subprocess.run(scale, capture_output=True, text=True, check=True).stdout
    say(report(plain, stateful, lists, measure(peers, 1), tshark, grows, rounds))


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure dfilter beside other tools.")
    parser.add_argument("--frames", type=int, default=10_000_000, help="header fields: frames for dfilter and tcpdump")
    parser.add_argument("--reference", type=int, default=1_000_000, help="header fields: frames for tshark")
    parser.add_argument("--conversations", type=int, default=2_000_000, help="other fields: frames for all tools")
    parser.add_argument("--rounds", type=int, default=3, help="of header fields")
    parser.add_argument("--long-rounds", type=int, default=3, help="of fields that need earlier frames")
    parser.add_argument("--tshark", default=os.environ.get("DFILTER_TSHARK", shutil.which("tshark") or ""))
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent / "docs" / "benchmarks.md")
    parser.add_argument("--keep", type=Path, default=None, help="folder for the captures (default: a temporary one)")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        captures = Captures(chosen.keep or Path(folder), chosen.frames, chosen.conversations, chosen.reference)
        compare(captures, (chosen.rounds, chosen.long_rounds), shlex.split(chosen.tshark), chosen.out.write_text)


if __name__ == "__main__":
    main()
