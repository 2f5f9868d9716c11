"""How often the severities of expert information are those of a real Wireshark.

    python -m tests.parity.expert ../shared/conformance/captures [--captures 200] [--seed 4]

In: a folder of captures and an oracle (see `compare`).  Out: for each severity the share of frames, and of captures,
in which `_ws.expert.severity == ...` selects the same.
"""

from __future__ import annotations

import argparse
import subprocess
from collections import Counter
from pathlib import Path

import dfilter
from tests.parity.compare import ORACLE
from tests.parity.report import chosen

SEVERITIES = {"comment": 1048576, "chat": 2097152, "note": 4194304, "warn": 6291456, "error": 8388608}


def reference(path: Path) -> dict[int, set[int]]:
    """Frame number -> the severities of its remarks."""
    command = [ORACLE, "4.4", "tshark", "-2", "-n", "-r", str(path.resolve()), "-T", "fields",
               "-e", "frame.number", "-e", "_ws.expert.severity"]  # fmt: skip
    out = subprocess.run(command, capture_output=True, check=False).stdout.decode("utf-8", "replace")
    rows = (line.split("\t") for line in out.splitlines())
    return {int(row[0]): {int(value) for value in row[1].split(",") if value} for row in rows if len(row) > 1}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--captures", type=int, default=200)
    parser.add_argument("--seed", type=int, default=4)
    args = parser.parse_args()
    filters = dfilter.FilterSet({name: f"_ws.expert.severity == {code}" for name, code in SEVERITIES.items()})
    frames, right, captures, whole = 0, Counter[str](), Counter[str](), Counter[str]()
    for path in chosen(args.folder, args.captures, args.seed):
        wanted, got = reference(path), filters.frames(str(path))
        frames += len(wanted)
        for name, code in SEVERITIES.items():
            want = {number for number, severities in wanted.items() if code in severities}
            have = set(got[name])
            right[name] += len(wanted) - len(want ^ have)
            captures[name] += bool(want or have)
            whole[name] += bool(want or have) and want == have
    for name in SEVERITIES:
        share = 100 * right[name] / max(frames, 1)
        print(f"{name:8} {share:6.2f} % of {frames} frames, {whole[name]} of {captures[name]} captures")


if __name__ == "__main__":
    main()
