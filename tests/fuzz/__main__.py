"""Fuzz on demand.

    python -m tests.fuzz --seconds 600 --seed 7

Damages the captures of tests/captures, and those of ../shared/conformance if that folder is there. Exits 1 if a view
raised, a dissector had a fault, a frame was slow or memory grew.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tests.fuzz.campaign import run

ROOT = Path(__file__).parents[2]
MAX_GROWTH = 48 * 1024 * 1024
"""Bytes by which memory may grow after the first fifth of a run: tables that are filled on first use."""


def captures() -> list[Path]:
    """What there is to damage."""
    found = sorted((ROOT / "tests/captures").rglob("*.pcap*"))
    return found + sorted(path for path in (ROOT.parent / "shared/conformance/captures").rglob("*") if path.is_file())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("captures", nargs="*", type=Path, help="damage these instead")
    args = parser.parse_args()
    findings = run(args.captures or captures(), args.seconds, args.seed)
    for line in [*findings.faults[:50], *findings.slow[:50]]:
        print(line)
    print(f"seed {args.seed}: {findings.rounds} captures, {findings.frames} frames, {len(findings.faults)} faults, "
          f"{len(findings.slow)} slow frames (slowest {findings.slowest * 1000:.0f} ms), "
          f"memory grew by {findings.growth / 2**20:.1f} MB")  # fmt: skip
    return 1 if findings.faults or findings.slow or findings.growth > MAX_GROWTH else 0


if __name__ == "__main__":
    sys.exit(main())
