"""Each field alone against all fields together: a filter must find what dissecting everything finds.

    python -m tests.parity.alone [--fields 16] [--seed 0] [--seconds 300]

In: `../shared/conformance` beside the repository.  Out: captures in an order of chance, of each some of the fields that
it has, those first that were not seen before; what differs, printed; exit code 1 if anything does.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import dfilter
from dfilter.packets.session import needs_of
from dfilter.scan import dissect

HOME = Path(__file__).parents[3] / "shared/conformance/captures"
MOST_BYTES = 400_000


def differing(path: Path, choose: Callable[[Iterable[str]], Iterable[str]]) -> Iterator[str]:
    """A line for each chosen field of a capture that a filter finds in other frames alone; "" for each other one."""
    views, names = [], set()
    for view in dissect(path, needs_of(None), look_ahead=True):
        views.append(view)
        names.update(view.by_name)
        for layer in list(view.layers):
            layer.complete()
            names.update(layer.items)
    for name in choose(names):
        try:
            compiled = dfilter.compile(name)
        except dfilter.FilterError:  # a name that this version of Wireshark does not have
            continue
        together, alone = [view.number for view in views if compiled.test(view)], dfilter.frames(path, compiled)
        odd = sorted(set(together) ^ set(alone))
        yield f"{path}: {name}: {len(alone)} frames alone, {len(together)} together: {odd[:8]}" if odd else ""


def main() -> int:
    parser = argparse.ArgumentParser(description="Hold each field alone to all fields together.")
    parser.add_argument("--fields", type=int, default=16, help="of one capture")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=300)
    chosen = parser.parse_args()
    if not HOME.is_dir():
        print(f"{HOME} is not there: nothing was compared")
        return 0
    warnings.simplefilter("ignore")
    chance, seen, count, wrong = random.Random(chosen.seed), set[str](), 0, 0

    def choose(names: Iterable[str]) -> list[str]:
        found = sorted(sorted(names), key=lambda name: (name in seen, chance.random()))[: chosen.fields]
        seen.update(found)
        return found

    paths = sorted(path for path in HOME.rglob("*.*cap*") if path.stat().st_size < MOST_BYTES)
    chance.shuffle(paths)
    end = time.monotonic() + chosen.seconds
    for path in paths:
        if time.monotonic() > end:
            break
        for line in differing(path, choose):
            count += 1
            if line:
                wrong += 1
                print(line, flush=True)
    print(f"{count} times a field in a capture, {len(seen)} fields, {wrong} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
