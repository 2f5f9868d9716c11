"""Record what Wireshark selects: `python tests/captures/record.py ORACLE` (or the environment's ORACLE).

In: tutorial_filters.txt, the captures, and a program that answers `ORACLE frames FILE FILTER 4.4` with the
frame numbers of tshark's two-pass analysis.  Out: tutorial.tsv, a line for each capture and filter: the two,
and the frames as ranges ("-" for none).  Always holds: without an oracle nothing is written; a filter that
Wireshark refuses stops the run.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

HERE = Path(__file__).parent
VERSION = "4.4"
HEADER = "# capture\tfilter\tframes selected by Wireshark 4.4 (two-pass, default preferences)\n"


def questions(text: str) -> Iterator[tuple[str, str]]:
    """Each capture with each of its filters, placeholders filled in."""
    sections: dict[str, list[str]] = {}
    addresses: dict[str, tuple[str, str]] = {}
    current = ""
    for line in text.splitlines():
        if line.startswith("## "):
            current, client, resolver = line[3:].split()
            sections[current], addresses[current] = [], (client, resolver)
        elif line and not line.startswith("#"):
            sections[current].append(line)
    common = sections.pop("all")
    for capture, own in sections.items():
        client, resolver = addresses[capture]
        for expression in dict.fromkeys(common + own):
            filled = expression.replace("{client}", client).replace("{resolver}", resolver)
            yield capture, filled


def ranges(numbers: list[int]) -> str:
    """Ascending frame numbers as "1-3,7"; "-" for none."""
    runs = []
    for _, members in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        run = [number for _, number in members]
        runs.append(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}")
    return ",".join(runs) or "-"


def selected(oracle: str, capture: str, expression: str) -> list[int]:
    command = [oracle, "frames", str(HERE / capture), expression, VERSION]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    return [int(line) for line in answer.stdout.split()]


def main(arguments: list[str]) -> int:
    oracle = arguments[0] if arguments else os.environ.get("ORACLE", "")
    if not oracle:
        print("no oracle given: nothing recorded")
        return 0
    rows = []
    for capture, expression in questions((HERE / "tutorial_filters.txt").read_text()):
        frames = ranges(selected(oracle, capture, expression))
        rows.append(f"{capture}\t{expression}\t{frames}\n")
    (HERE / "tutorial.tsv").write_text(HEADER + "".join(rows))
    print(f"{len(rows)} rows")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
