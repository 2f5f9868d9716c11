"""Learn from Wireshark what stands below what, and hold dfilter's nesting against it.

    python -m tests.parity.nesting learn CAPTURE... > dfilter/nesting.txt
    python -m tests.parity.nesting compare CAPTURE... [--show 20]

In: captures, and an oracle command whose `4.4 tshark` runs the reference.  Out: the table; or the share of fields that
stand below the same fields and headings in both.
"""

from __future__ import annotations

import argparse
import io
import re
import subprocess
import sys
import warnings
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import dfilter
from dfilter.nesting import Node, nested
from dfilter.packets.dispatch import catalogue
from dfilter.tree import tree_of
from tests.parity.compare import ORACLE

FRAMES = 250
"""Of each capture."""
PLAIN = re.compile(r"[A-Za-z][^\d\":=]*")
"""A heading without values."""
RAREST = 0.02
"""Of a field's places; rarer ones are those of damaged packets."""
Step = tuple[str, bool]
"""Name of a field, or text of a heading, and whether it is a heading."""
Path_ = tuple[Step, ...]


def packets(capture: Path) -> Iterator[ET.Element]:
    """The packets of a capture as tshark's PDML has them."""
    command = [ORACLE, "4.4", "tshark", "-2", "-n", "-r", str(capture.resolve()), "-c", str(FRAMES), "-T", "pdml"]
    output = subprocess.run(command, capture_output=True, check=False, timeout=120).stdout
    try:
        for _, element in ET.iterparse(io.BytesIO(output)):
            if element.tag == "packet":
                yield element
                element.clear()
    except ET.ParseError as error:
        print(f"{capture}: {error}", file=sys.stderr)


def paths_there(element: ET.Element, above: Path_ = ()) -> Iterator[tuple[str, Path_]]:
    """Each named field and what it stands below."""
    for each in element:
        if each.tag == "proto":
            yield from paths_there(each)
            continue
        if "." not in (each.get("name") or ".") and not above:  # a layer that is wrapped
            yield from paths_there(each)
            continue
        name = each.get("name") or ""
        if name:
            yield name, above
        yield from paths_there(each, (*above, (name or each.get("show") or "", not name)))


def paths_here(nodes: Iterable[Node], above: Path_ = ()) -> Iterator[tuple[str, Path_]]:
    """The same of dfilter's tree."""
    for node in nodes:
        name = node.field.name if node.field is not None else ""
        if name:
            yield name, above
        yield from paths_here(node.below, (*above, (name or node.text, not name)))


def learn(captures: Iterable[Path]) -> str:
    """The table."""
    found: defaultdict[str, Counter[Path_]] = defaultdict(Counter)
    for capture in captures:
        for packet in packets(capture):
            for name, above in paths_there(packet):
                found[name][_near(above)] += 1
    return table(found)


def table(found: dict[str, Counter[Path_]]) -> str:
    """Lines of `nesting.txt`, of the fields that dfilter has."""
    known = catalogue().fields
    lines: defaultdict[tuple[int, str], set[str]] = defaultdict(set)
    for name in sorted(found.keys() & known.keys()):
        for rank, place in enumerate(_usual(found[name], known)):
            lines[rank, place].add(name)
    return "\n".join(f"{place}: {' '.join(sorted(names))}" for (_, place), names in sorted(lines.items()))


def _near(above: Path_) -> Path_:
    """From the nearest field on."""
    last = max((index for index, (_, heading) in enumerate(above) if not heading), default=0)
    return above[last:]


def _usual(found: Counter[Path_], known: object) -> Iterator[str]:
    """The places that are not rare, the most frequent first."""
    by_parent: defaultdict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for above, count in found.items():
        parent = above[0][0] if above and not above[0][1] else ""
        by_parent[parent][tuple(text for text, heading in above if heading)] += count
    for parent, headings in sorted(by_parent.items(), key=lambda each: -each[1].total()):
        if headings.total() < RAREST * found.total() or (parent and parent not in known):  # type: ignore[operator]
            continue
        yield " ".join((parent or ".", *_headings(headings)))


def _headings(found: Counter[tuple[str, ...]]) -> list[str]:
    """What stands between a field and its parent: nothing, words that are always the same, or words that change."""
    usual, count = found.most_common(1)[0]
    if not usual and count > found.total() / 2:
        return []
    plain = count > 0.9 * found.total() and all(PLAIN.fullmatch(text) for text in usual)
    return [f'"{text}"' for text in usual] if plain else ["*"]


def compare(capture: Path, shown: Counter[str]) -> tuple[int, int]:
    """How many fields of frames both have, and how many of them stand in the same place."""
    total = equal = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for frame, packet in zip(dfilter.read(capture), packets(capture), strict=False):
            here = Counter(path for layer in tree_of(frame) for path in paths_here(nested(layer)))
            there = Counter(paths_there(packet))
            names = {name for name, _ in here}
            there = Counter({path: count for path, count in there.items() if path[0] in names})
            total += there.total()
            equal += (here & there).total()
            for (name, above), count in (there - here).items():
                ours = [way for other, way in here if other == name]
                shown[f"{name}: {_text(above)} | {_text(ours[0])}"] += count
    return total, equal


def _text(above: Path_) -> str:
    return " / ".join(f'"{step}"' if heading else step for step, heading in above) or "."


def main() -> None:
    parser = argparse.ArgumentParser(description="What stands below what.")
    parser.add_argument("task", choices=("learn", "compare"))
    parser.add_argument("captures", nargs="+", type=Path)
    parser.add_argument("--show", type=int, default=0)
    options = parser.parse_args()
    if options.task == "learn":
        print(learn(options.captures))
        return
    shown: Counter[str] = Counter()
    total, equal = map(sum, zip(*(compare(capture, shown) for capture in options.captures), strict=True))
    for text, count in shown.most_common(options.show):
        print(f"{count:6} {text}")
    print(f"{equal} of {total} fields ({100 * equal / max(total, 1):.2f} %) stand below the same")


if __name__ == "__main__":
    main()
