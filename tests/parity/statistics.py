"""Hold statistics against `tshark -z conv,… -z endpoints,… -z io,phs -z io,stat,1` of a real Wireshark.

    python -m tests.parity.statistics [--seed 6] [--captures 50] [FOLDER or FILE ...]

In: captures (default: some of ../shared/conformance, picked by chance), and the oracle.
Out: for each kind how many rows were compared and how many are equal; the first that differ.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import warnings
from collections import Counter
from pathlib import Path

import dfilter
from dfilter.stats.conversations import CONTACTS, Conversations, Endpoints, address_text
from dfilter.stats.gather import StatisticsTable, statistics
from dfilter.stats.hierarchy import Hierarchy
from dfilter.stats.intervals import Intervals
from tests.parity.compare import ORACLE
from tests.parity.follow import captures

KINDS = (*(f"conv,{kind}" for kind in CONTACTS), *(f"endpoints,{kind}" for kind in CONTACTS), "io,phs", "io,stat,1")
TITLES = {"Ethernet": "eth", "IPv4": "ip", "IPv6": "ipv6", "TCP": "tcp", "UDP": "udp"}
_CONVERSATION = re.compile(r"(\S+) +<-> (\S+) +(\d+) (\d+ \S+) +(\d+) (\d+ \S+) +(\d+) (\d+ \S+) +(\S+) +(\S+)$")
_NODE = re.compile(r"^( *)(\S+) +frames:(\d+) bytes:(\d+)$")
_INTERVAL = re.compile(r"^\| *([\d.]+) <> +(?:[\d.]+|Dur) *\| +(\d+) \| +(\d+) \|$")
Rows = Counter[tuple[str, ...]]


def size_text(octets: int) -> str:
    """A number of bytes in the reference's words."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if octets < 10_000 or unit == "GB":
            return f"{octets} {unit}"
        octets //= 1000
    return ""


def our_rows(table: StatisticsTable) -> Rows:
    if isinstance(table, Conversations):
        return Counter(
            (address_text(row.a), address_text(row.b), str(row.frames_ba), size_text(row.bytes_ba), str(row.frames_ab),
             size_text(row.bytes_ab), str(row.frames), size_text(row.bytes), f"{row.start / 10**9:.9f}",
             f"{row.duration / 10**9:.4f}") for row in table.rows())  # fmt: skip
    if isinstance(table, Endpoints):
        return Counter(
            (address_text(row.address), *map(str, (row.frames, row.bytes, row.frames_sent, row.bytes_sent,
             row.frames_received, row.bytes_received))) for row in table.rows())  # fmt: skip
    if isinstance(table, Hierarchy):
        return Counter((str(depth), node.name, str(node.frames), str(node.bytes)) for depth, node in table.root.walk())
    assert isinstance(table, Intervals)
    if not table.duration:  # the reference has no interval then
        return Counter()
    return Counter((str(row.start // 10**9), str(row.frames), str(row.bytes)) for row in table.rows())


def reference(path: Path) -> dict[str, Rows]:
    """Kind -> what the reference counts."""
    command = [ORACLE, "4.4", "tshark", "-q", "-n", "-r", str(path)]
    for kind in KINDS:
        command += ["-z", kind]
    out = subprocess.run(command, capture_output=True, check=False).stdout.decode("utf-8", "replace")
    found: dict[str, Rows] = {kind: Counter() for kind in KINDS}
    kind = "io,stat,1"
    for line in out.splitlines():
        title = re.match(r"(\S+) (Conversations|Endpoints)$", line)
        if title:
            kind = f"{'conv' if title[2] == 'Conversations' else 'endpoints'},{TITLES[title[1]]}"
        elif line.startswith("Protocol Hierarchy"):
            kind = "io,phs"
        elif line.startswith("| IO Statistics"):
            kind = "io,stat,1"
        row = _row(kind, line)
        if row is not None:
            found[kind][row] += 1
    return found


def _row(kind: str, line: str) -> tuple[str, ...] | None:
    if kind.startswith("conv"):
        matched = _CONVERSATION.match(line)
        return matched.groups() if matched else None
    if kind.startswith("endpoints"):
        parts = line.split()
        ported = kind.endswith(("tcp", "udp"))
        if len(parts) != 7 + ported or not parts[-1].isdigit():
            return None
        return (f"{parts[0]}:{parts[1]}", *parts[2:]) if ported else tuple(parts)
    if kind == "io,phs":
        matched = _NODE.match(line)
        return (str(len(matched[1]) // 2), *matched.groups()[1:]) if matched else None
    matched = _INTERVAL.match(line)
    return (str(int(float(matched[1]))), matched[2], matched[3]) if matched else None


def compare(path: Path, show: int = 3) -> dict[str, tuple[int, int]]:
    """Kind -> (rows that either has, rows that both have)."""
    try:
        ours = statistics(path, KINDS)
        mine = {kind: our_rows(table) for kind, table in ours.tables.items()}
    except dfilter.DfilterError as error:
        print(f"{path.name}: {error}")
        return {}
    theirs = reference(path)
    result = {}
    for kind in KINDS:
        both = mine[kind] & theirs[kind]
        either = mine[kind] | theirs[kind]
        result[kind] = either.total(), both.total()
        for row in list(theirs[kind] - both)[:show]:
            print(f"{path} {kind}: lacks {row}")
        for row in list(mine[kind] - both)[:show]:
            print(f"{path} {kind}: has   {row}")
    return result


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("paths", nargs="*")
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--captures", type=int, default=50)
    parser.add_argument("--show", type=int, default=3)
    options = parser.parse_args()
    warnings.simplefilter("ignore", dfilter.CaptureWarning)
    chosen = captures(options.paths, options.captures, options.seed)
    total: Counter[str] = Counter()
    equal: Counter[str] = Counter()
    for path in chosen if options.paths else chosen[: options.captures]:
        for kind, (either, both) in compare(path, options.show).items():
            total[kind] += either
            equal[kind] += both
    for kind in KINDS:
        print(f"{kind:<15} {equal[kind]:>7} of {total[kind]:>7} rows equal")
    return 0


if __name__ == "__main__":
    sys.exit(main())
