"""The page that `benchmarks.compare` writes.

In: medians.  Out: docs/benchmarks.md as text.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version


@dataclass(frozen=True, slots=True)
class Row:
    """One tool's medians: seconds by the clock and of the processors; peak memory in MB; frames read and found."""

    frames: int
    wall: float
    cpu: float
    memory: float
    found: int

    @property
    def rate(self) -> float:
        """Frames a second by the clock."""
        return self.frames / self.wall

    @property
    def cpu_rate(self) -> float:
        """Frames a second of processor time: what a busy machine changes least."""
        return self.frames / self.cpu


Table = Mapping[str, Mapping[str, Row]]

PAGE = """\
# Benchmarks

Written by `python -m benchmarks.compare`. Whole processes, from start to end, medians of {rounds} alternating rounds,
the captures in the page cache. "k/s" is thousands of frames a second by the clock; "cpu k/s" is the same for each
second of processor time that the tool used, on all processors together, which depends less on what else the machine
does. MB is the largest process. The captures are those of `benchmarks.make_capture`: office traffic, {frames:,} frames
for dfilter and tcpdump where both can answer, its first {small:,} for tshark and the libraries.

{machine}

## Header fields

{stateless}

tcpdump's expressions look into VLANs but not into tunnels, and do not put fragments together, so its counts can be
smaller; `host` sees ARP too. The ratio to tshark is of frames a second; dfilter's start (about {start:.1f} s for the
interpreter and all protocols) is in every figure.

## Fields that need the frames before

Both tools read the first {small:,} frames.

{stateful}

## Python libraries

`tcp.port == 443` over the first {small:,} frames, a loop written by hand for each library (`benchmarks/peers.py`).

{peers}

{grows}
## Against what is wanted

What the figures above are held against: header fields as fast as tcpdump with machine code and half as fast without,
and 50 times tshark; fields that need earlier frames 15 times tshark; 200 filters at most 6 times one; 10,000 addresses
at most 1.3 times one; under 250 MB whatever the size. There is no machine code: a walk over the record headers compiled
with numba was measured, and saved less than loading numba took, because copying the file into memory and reading
headers from all over it is what is left. The second bar is missed by a wide margin: every frame is dissected in
Python. A short capture flatters dfilter there, as tshark's start is a third of its time.

## Again

    python -m pip install -e . dpkt scapy pyshark
    python -m benchmarks.compare --frames {frames} --reference {small} --rounds {rounds}

tshark is found on the path, or named with `--tshark` or `DFILTER_TSHARK`.
"""


def report(stateless: Table, stateful: Table, peers: Mapping[str, Row], tshark: list[str], grows: str, frames: int,
           small: int, rounds: int) -> str:  # fmt: skip
    """The whole page."""
    start = min(row["check"].wall for row in stateless.values())
    return PAGE.format(rounds=rounds, frames=frames, small=small, machine=_machine(tshark), start=start, grows=grows,
                       stateless=_stateless(stateless), stateful=_stateful(stateful), peers=_peers(peers))  # fmt: skip


def _stateless(table: Table) -> str:
    lines = ["| filter | dfilter k/s | cpu k/s | MB | tcpdump k/s | cpu k/s | tshark k/s | times tcpdump | by cpu "
             "| times tshark | frames: dfilter, tcpdump |", "| --- " + "| ---: " * 10 + "|"]  # fmt: skip
    for text, row in table.items():
        ours, dump, shark = row["dfilter"], row.get("tcpdump"), row.get("tshark")
        cells = [_code(text), _thousands(ours.rate), _thousands(ours.cpu_rate), f"{ours.memory:.0f}",
                 *((_thousands(dump.rate), _thousands(dump.cpu_rate)) if dump else ("", "")),
                 _thousands(shark.rate) if shark else "",
                 *((f"{ours.rate / dump.rate:.2f}", f"{ours.cpu_rate / dump.cpu_rate:.2f}") if dump else ("", "")),
                 f"{ours.rate / shark.rate:.0f}" if shark else "",
                 f"{ours.found}, {dump.found if dump else ''}" + _disagreement(row)]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _stateful(table: Table) -> str:
    lines = ["| filter | dfilter k/s | cpu k/s | MB | tshark k/s | cpu k/s | MB | times tshark | by cpu | frames |",
             "| --- " + "| ---: " * 9 + "|"]  # fmt: skip
    for text, row in table.items():
        ours, shark = row["check"], row.get("tshark")
        theirs = [""] * 5
        if shark:
            theirs = [_thousands(shark.rate), _thousands(shark.cpu_rate), f"{shark.memory:.0f}",
                      f"{ours.rate / shark.rate:.2f}", f"{ours.cpu_rate / shark.cpu_rate:.2f}"]  # fmt: skip
        cells = [_code(text), _thousands(ours.rate), _thousands(ours.cpu_rate), f"{ours.memory:.0f}", *theirs,
                 str(ours.found) + _disagreement(row)]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _disagreement(row: Mapping[str, Row]) -> str:
    shark = row.get("tshark")
    if shark is None or shark.found == row["check"].found:
        return ""
    return f" (of the first, dfilter {row['check'].found}, tshark {shark.found})"


def _peers(rows: Mapping[str, Row]) -> str:
    lines = ["| tool | k/s | MB | frames |", "| --- | ---: | ---: | ---: |"]
    lines += [f"| {name} | {_thousands(row.rate)} | {row.memory:.0f} | {row.found} |" for name, row in rows.items()]
    return "\n".join(lines)


def _code(text: str) -> str:
    return "`" + text.replace("|", "\\|") + "`"


def _thousands(rate: float) -> str:
    return f"{rate / 1000:,.0f}" if rate >= 10_000 else f"{rate / 1000:.1f}"


def _machine(tshark: list[str]) -> str:
    packages = [name for name in ("numpy", "dpkt", "scapy", "pyshark") if _version(name)]
    tools = [f"Python {platform.python_version()}", *(f"{name} {_version(name)}" for name in packages)]
    commands = (["tcpdump", "--version"], [*tshark, "--version"] if tshark else ["false"])
    tools += [line for line in map(_first_line, commands) if line]
    return f"{os.cpu_count()} processors ({platform.machine()}, {sys.platform}). " + ", ".join(tools) + "."


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _first_line(command: list[str]) -> str:
    try:
        out = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except OSError:
        return ""
    return out.partition("\n")[0].strip(" .")
