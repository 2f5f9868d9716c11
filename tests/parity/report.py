"""Write docs/differences.md: which values differ from Wireshark's, over a sample of captures.

    python -m tests.parity.report ../shared/conformance/captures [--captures 150] [--seed 4] [--out docs/differences.md]

In: a folder of captures and an oracle (see `compare`).  Out: the page: for each protocol the share of values that
are equal, and each declared field that differs, with the reason where tests/parity/reasons.txt gives one.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

from dfilter.packets.dispatch import Catalogue, catalogue
from tests.parity.compare import Report, compare_capture, protocol_of

REASONS = Path(__file__).with_name("reasons.txt")
BATCH = 20
PAUSE = 2.0
"""Seconds of rest after each batch: the machine is shared."""
FEWEST = 20
"""Values that the reference shows of a protocol, below which it gets no line of its own."""

INTRODUCTION = """# Differences from Wireshark

Made by `python -m tests.parity.report`, not by hand. Every value of every field was compared with Wireshark 4.4
(two passes, default preferences) over {captures} captures chosen by chance (seed {seed}): {frames} frames,
{values} values of protocols that dfilter dissects.

**{share:.2f} % of the values of declared fields are equal.** A field that is not declared cannot be filtered by:
`dfilter.compile` says so instead of selecting nothing. `dfilter fields --dissected` lists those that are.

**Expert information** (`_ws.expert`, `.severity`, `.group`, `.message`) gathers the remarks of the protocols that
dfilter dissects. Its severities are right in 99 to 100 % of frames (`python -m tests.parity.expert`, 1,416 captures);
in captures of protocols that are not dissected, their remarks are missing.

**Names that stay refused.** `eth.src_resolved`, `eth.addr.oui_resolved` and their like hold names of vendors in the
short forms of a table that Wireshark makes and ships under its own licence; the public registry of the IEEE has the
vendors, not these forms. `ip.geoip.*` needs a database that its maker licenses. `tcp.proc.*`, `frame.coloring_rule.*`
and `frame.md5_hash` are there only where Wireshark is asked for them.

**Times far apart.** Where 2^31 seconds (68 years) or more lie between two times, Wireshark 4.4 takes the earlier one
for the later (`frame.time_epoch >= 0` misses frames of 2039). Wireshark 4.6 compares them rightly, as dfilter does.
"""


def reasons() -> list[tuple[str, str]]:
    """(prefix of field names, why they differ), longest prefix first."""
    lines = (line.split(None, 1) for line in REASONS.read_text("utf-8").splitlines() if line and line[0] != "#")
    return sorted(((prefix, why) for prefix, why in lines), key=lambda row: -len(row[0]))


def chosen(folder: Path, count: int, seed: int) -> list[Path]:
    """A sample of the captures of a folder, the same one for the same seed."""
    every = sorted(path for path in folder.rglob("*") if path.is_file())
    return sorted(random.Random(seed).sample(every, min(count, len(every))))


def page(report: Report, known: Catalogue, captures: int, seed: int, frames: int) -> str:
    """The text of docs/differences.md."""
    wrong = Counter({name: sum(kind[name] for kind in report.bad.values())
                     for kind in report.bad.values() for name in kind})  # fmt: skip
    right, bad = sum(report.good.values()), sum(wrong.values())
    share = 100 * right / max(right + bad, 1)
    parts = [INTRODUCTION.format(captures=captures, seed=seed, frames=frames, values=right + bad, share=share)]
    parts += ["## By protocol\n", *_by_protocol(report, wrong, known), ""]
    parts += ["## Fields that differ\n", *_fields(report, wrong, known), ""]
    parts += ["## Fields that are not declared\n", *_undeclared(report, known)]
    return "\n".join(parts) + "\n"


def _by_protocol(report: Report, wrong: Counter[str], known: Catalogue) -> list[str]:
    rows: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for column, counter in enumerate((report.good, wrong, report.undeclared)):
        for name, count in counter.items():
            rows[protocol_of(name, known)][column] += count
    lines = ["| protocol | values equal | different | equal | values not declared |", "| --- | --: | --: | --: | --: |"]
    for protocol, (good, bad, undeclared) in sorted(rows.items()):
        if protocol in known.protocols and good + bad >= FEWEST:
            lines.append(f"| {protocol} | {good} | {bad} | {100 * good / (good + bad):.1f} % | {undeclared} |")
    return lines


def _fields(report: Report, wrong: Counter[str], known: Catalogue) -> list[str]:
    explained = reasons()
    lines = ["| field | different | equal | how | why |", "| --- | --: | --: | --- | --- |"]
    for name, count in sorted(wrong.items(), key=lambda item: (-item[1], item[0])):
        how = ", ".join(f"{kind} {counts[name]}" for kind, counts in report.bad.items() if counts[name])
        why = next((text for prefix, text in explained if name.startswith(prefix)), "not understood yet")
        lines.append(f"| `{name}` | {count} | {report.good[name]} | {how} | {why} |")
    return lines


def _undeclared(report: Report, known: Catalogue) -> list[str]:
    by_protocol: dict[str, Counter[str]] = defaultdict(Counter)
    for name, count in report.undeclared.items():
        protocol = name.partition(".")[0]
        if protocol in known.protocols and "." in name:
            by_protocol[protocol][name] += count
    lines = ["Of the protocols above, by how often the reference shows them:\n"]
    for protocol, counts in sorted(by_protocol.items()):
        shown = ", ".join(f"`{name}` {count}" for name, count in counts.most_common(8))
        more = f", and {len(counts) - 8} more" if len(counts) > 8 else ""
        lines.append(f"- **{protocol}**: {shown}{more}")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--captures", type=int, default=150)
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[2] / "docs/differences.md")
    parser.add_argument("--examples", type=Path, help="write some values that differ here")
    args = parser.parse_args()
    report, known, frames = Report(), catalogue(), 0
    paths = chosen(args.folder, args.captures, args.seed)
    for done, path in enumerate(paths, 1):
        frames += compare_capture(path, report, known)
        if done % BATCH == 0:
            print(f"{done} of {len(paths)} captures", file=sys.stderr, flush=True)
            time.sleep(PAUSE)
    args.out.write_text(page(report, known, len(paths), args.seed, frames), "utf-8")
    if args.examples:
        args.examples.write_text("".join(f"{name}: {line}\n" for name, lines in sorted(report.examples.items())
                                         for line in lines), "utf-8")  # fmt: skip


if __name__ == "__main__":
    main()
