"""Check every name of Wireshark's registry as a bare filter, in every version.

    nice python -m tests.parity.names [--every 1] [--version 4.6] [--show 20]

In: `../shared/registry/fields.tsv.gz`: each name, its type, the versions that have it.  Out: for each version how many
verdicts are right: a name that the version has is accepted, one that it does not have is refused, unless it is a
deprecated spelling there, which is yellow.
"""

from __future__ import annotations

import argparse
import gzip
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import dfilter
from dfilter.fields.registry import resolve_alias
from dfilter.fields.versions import Version

REGISTRY = Path(__file__).resolve().parents[2].parent / "shared" / "registry" / "fields.tsv.gz"
VERSIONS = ("3.4", "4.0", "4.4", "4.6")


def names(every: int = 1) -> Iterator[tuple[str, list[str]]]:
    """Every n-th name, with the versions that have it."""
    with gzip.open(REGISTRY, "rt", encoding="utf-8") as lines:
        next(lines)
        for number, line in enumerate(lines):
            if number % every == 0:
                name, _, _, versions, _ = line.rstrip("\n").split("\t")
                yield name, versions.split(",")


def wanted(name: str, having: list[str], target: str) -> set[str]:
    """The colours that are right."""
    if target in having:
        return {"green", "yellow"}
    return {"yellow"} if resolve_alias(name, Version.parse(target)) else {"red"}


def main() -> None:
    """Count, and print what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1, help="ask of every n-th name only")
    parser.add_argument("--version", action="append", choices=VERSIONS)
    parser.add_argument("--show", type=int, default=20)
    options = parser.parse_args()
    for target in options.version or VERSIONS:
        count: Counter[bool] = Counter()
        for name, having in names(options.every):
            colour = dfilter.check(name, target).colour.value
            right = colour in wanted(name, having, target)
            count[right] += 1
            if not right and count[False] <= options.show:
                print(f"{target} {name}: {colour}, had by {', '.join(having)}")
        print(f"{target}: {count[True]} of {count.total()} names right")


if __name__ == "__main__":
    main()
