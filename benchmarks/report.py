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

Written by `python -m benchmarks.compare`. Whole processes, from start to end, medians of alternating rounds
({rounds} for header fields, {long_rounds} for others), the captures in the page cache. "k/s" is thousands of frames a
second by the clock; "cpu k/s" is the same for each second of processor time that the tool used, on all processors
together, which depends less on what else the machine does. MB is the largest process. The captures are those of
`benchmarks.make_capture`: office traffic.

{machine}

## Header fields

dfilter and tcpdump read {large:,} frames, tshark the first {small:,} of them. "numpy" is dfilter as it is installed by
itself, "machine code" with `dfilter-engine[jit]` (llvmlite).

{stateless}

tcpdump's expressions look into VLANs but not into tunnels, and do not put fragments together, so its counts can be
smaller; `host` sees ARP too. The ratio to tshark is of frames a second; dfilter's start (the interpreter, numpy, the
tables of names) is in every figure.

## Fields that need the frames before

Both tools read {conversations:,} frames.

{stateful}

## Packet lists

The same first {small:,} frames; a line is printed for each frame that is selected, with protocol and info.

{lists}

## Python libraries

`tcp.port == 443` over {few:,} frames, a loop written by hand for each library (`benchmarks/peers.py`).

{peers}

{grows}
## Against what is wanted

{bars}

## Again

    python -m pip install -e .[jit] dpkt scapy pyshark
    python -m benchmarks.compare --frames {large} --reference {small} --conversations {conversations} \\
        --rounds {rounds} --long-rounds {long_rounds}

tshark is found on the path, or named with `--tshark` or `DFILTER_TSHARK`.
"""

_WITH_MACHINE_CODE, _WITHOUT = 1.0, 0.5
_HEADER_FIELDS, _CONVERSATIONS = 50, 15
"""What is wanted: times tcpdump's speed with machine code and without; times tshark's."""


def report(stateless: Table, stateful: Table, lists: Table, peers: Mapping[str, Row], tshark: list[str], grows: str,
           rounds: tuple[int, int]) -> str:  # fmt: skip
    """The whole page."""
    first, other = next(iter(stateless.values())), next(iter(stateful.values()))
    return PAGE.format(rounds=rounds[0], long_rounds=rounds[1], large=first["columns"].frames,
                       small=first["check"].frames, conversations=other["check"].frames, few=peers["dfilter"].frames,
                       machine=_machine(tshark), stateless=_stateless(stateless), stateful=_stateful(stateful),
                       lists=_stateful(lists), peers=_peers(peers), grows=grows,
                       bars=_bars(stateless, stateful))  # fmt: skip


def _stateless(table: Table) -> str:
    lines = ["| filter | numpy k/s | machine code k/s | tcpdump k/s | tshark k/s | numpy, machine code times tcpdump "
             "| times tshark | MB | frames: dfilter, tcpdump |", "| --- " + "| ---: " * 8 + "|"]  # fmt: skip
    for text, row in table.items():
        plain, code, dump, shark = row["columns"], row.get("dfilter"), row.get("tcpdump"), row.get("tshark")
        ours = [each for each in (plain, code) if each]
        cells = [_code(text), _rates(plain), _rates(code), _rates(dump), _rates(shark), _ratios(ours, dump, 2),
                 _ratios(ours, shark, 0), f"{max(each.memory for each in ours):.0f}",
                 f"{plain.found}, {dump.found if dump else ''}" + _disagreement(row)]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _rates(row: Row | None) -> str:
    return "" if row is None else f"{_thousands(row.rate)} (cpu {_thousands(row.cpu_rate)})"


def _ratios(ours: list[Row], other: Row | None, digits: int) -> str:
    return "" if other is None else ", ".join(f"{each.rate / other.rate:.{digits}f}" for each in ours)


def _bars(stateless: Table, stateful: Table) -> str:
    """What the figures are held against, and whether they reach it."""
    lines = ["| wanted | reached by |", "| --- | --- |"]
    for name, wanted, side, other, table in (
        ("machine code as fast as tcpdump", _WITH_MACHINE_CODE, "dfilter", "tcpdump", stateless),
        ("numpy half as fast as tcpdump", _WITHOUT, "columns", "tcpdump", stateless),
        (f"header fields {_HEADER_FIELDS} times as fast as tshark, machine code", _HEADER_FIELDS, "dfilter", "tshark",
         stateless),
        (f"header fields {_HEADER_FIELDS} times as fast as tshark, numpy", _HEADER_FIELDS, "columns", "tshark",
         stateless),
        (f"other fields {_CONVERSATIONS} times as fast as tshark", _CONVERSATIONS, "check", "tshark", stateful),
    ):  # fmt: skip
        ratios = [row[side].rate / row[other].rate for row in table.values() if side in row and other in row]
        if ratios:
            reached = sum(ratio >= wanted for ratio in ratios)
            lines.append(f"| {name} | {reached} of {len(ratios)} filters: {min(ratios):.3g} to {max(ratios):.3g} |")
    return "\n".join(lines)


def _stateful(table: Table) -> str:
    lines = ["| filter | dfilter k/s | MB | tshark k/s | MB | times tshark | by cpu | frames |",
             "| --- " + "| ---: " * 7 + "|"]  # fmt: skip
    for text, row in table.items():
        ours, shark = row["check"], row.get("tshark")
        theirs = [""] * 4
        if shark:
            theirs = [_rates(shark), f"{shark.memory:.0f}",
                      f"{ours.rate / shark.rate:.2f}", f"{ours.cpu_rate / shark.cpu_rate:.2f}"]  # fmt: skip
        cells = [_code(text), _rates(ours), f"{ours.memory:.0f}", *theirs, str(ours.found) + _disagreement(row)]
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
    packages = [name for name in ("numpy", "llvmlite", "dpkt", "scapy", "pyshark") if _version(name)]
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
