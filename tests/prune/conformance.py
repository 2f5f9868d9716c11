"""Pruning on and off over many real captures and filters: the frames must be the same.

    python -m tests.prune.conformance [--one-in N] [--rest R] [--capture TEXT] [--machine] [--all]

In: `../shared/conformance` beside the repository.  Out: what differs, printed; exit code 1 if
anything does.  All frames are dissected once for all filters, then each filter is run alone, pruned.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import dfilter
import dfilter.prune.scan
from dfilter.packets.session import needs_of
from dfilter.prune.scan import pruner_of
from dfilter.scan import dissect, union_of

HOME = Path(__file__).parent.parent.parent.parent / "shared" / "conformance"
MOST_FRAMES = 20_000


def chosen_filters(*, every: bool) -> list[dfilter.Filter]:
    """The filters of the conformance run; if not `every` one, those that conversations are pruned for."""
    found = []
    for line in (HOME / "filters.txt").read_text().splitlines():
        if not line.strip() or line.startswith("## "):
            continue
        try:
            compiled = dfilter.compile(line)
        except dfilter.FilterError:
            continue
        if every or (compiled.stateful and pruner_of([compiled], compiled.needs) is not None):
            found.append(compiled)
    return found


def captures(one_in: int, rest: int, text: str) -> Iterator[Path]:
    with gzip.open(HOME / "golden.jsonl.gz", "rt") as lines:
        for line in lines:
            case = json.loads(line)
            number = int(hashlib.sha256(case["capture"].encode()).hexdigest(), 16)
            if number % one_in == rest and text in case["capture"] and case["frames"] <= MOST_FRAMES:
                yield HOME / "captures" / case["capture"]


def differing(path: Path, filters: list[dfilter.Filter]) -> Iterator[str]:
    """A line for each filter that selects other frames when it is pruned."""
    needs = needs_of(union_of(each.needs for each in filters))
    plain: list[list[int]] = [[] for _ in filters]
    for view in dissect(path, needs, look_ahead=needs.look_ahead):
        for compiled, numbers in zip(filters, plain, strict=True):
            if compiled.test(view):
                numbers.append(view.number)
    for compiled, numbers in zip(filters, plain, strict=True):
        pruned = dfilter.frames(path, compiled)
        if pruned != numbers:
            yield f"{path.name}: {compiled.text}: only pruned or only not: {sorted(set(pruned) ^ set(numbers))[:10]}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Hold pruned scans to scans that dissect everything.")
    parser.add_argument("--one-in", type=int, default=10, help="take one capture in so many")
    parser.add_argument("--rest", type=int, default=0, help="which of them")
    parser.add_argument("--capture", default="", help="only captures whose path contains this")
    parser.add_argument("--all", action="store_true", help="also filters for which nothing is pruned")
    parser.add_argument("--machine", action="store_true", help="with machine code, as large captures are pruned")
    chosen = parser.parse_args()
    if not HOME.is_dir():
        print(f"{HOME} is not there: nothing was compared")
        return 0
    warnings.simplefilter("ignore")
    dfilter.prune.scan.TRIED = 1 << 60  # frames of odd shapes are pruned too
    dfilter.prune.scan.pays = lambda size: chosen.machine
    filters, count, wrong = chosen_filters(every=chosen.all), 0, 0
    for path in captures(chosen.one_in, chosen.rest, chosen.capture):
        count += 1
        for line in differing(path, filters):
            wrong += 1
            print(line, flush=True)
    print(f"{len(filters)} filters, {count} captures, {wrong} answers differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
