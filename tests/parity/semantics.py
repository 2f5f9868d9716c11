"""Hold dfilter against the recorded experiments under the circumstances in which they were made.

    python -m tests.parity.semantics [--version 4.4] [--section macros] [--show 20]

In: `../shared/semantics`: filters, Wireshark's verdicts and frames, the macro files of the experiments, and time zones
where a case names one.  Out: the shares that agree, by version, counted as `../shared/semantics/run.py` does, which
hands over neither macros nor time zones.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import dfilter
from dfilter.profiles import macros_of, read_file

HERE = Path(__file__).resolve().parents[2].parent / "shared" / "semantics"
VERSIONS = ("3.4", "4.0", "4.4", "4.6")
RUN = ("4.4", "4.6")
"""The versions whose frames count."""

Case = Mapping[str, Any]


def cases(section: str = "") -> Iterator[Case]:
    """The experiments of the sections whose name contains `section`."""
    with (HERE / "cases.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            case = json.loads(line)
            if section in case["section"]:
                yield as_given(case)


def as_given(case: Case) -> Case:
    """The case with the filter that Wireshark was given, where that was bytes which are no UTF-8."""
    if "shown latin-1" not in (case.get("note") or ""):
        return case
    return {**case, "filter": case["filter"].encode("latin-1").decode("utf-8", "surrogateescape")}


@cache
def macros(version: str) -> dict[str, str]:
    """The macros with which the experiments of a version ran."""
    return macros_of(read_file(HERE / "cfg" / ("dmacros" if version in RUN else "dfilter_macros")))


def set_zone(case: Case) -> None:
    """Let local time be that of the case: the zone of its note, else UTC."""
    note = case.get("note") or ""
    os.environ["TZ"] = note.removeprefix("TZ=") if note.startswith("TZ=") else "UTC"
    time.tzset()


def colour(case: Case, version: str) -> str:
    """What dfilter says of a case."""
    return str(dfilter.check(case["filter"], target=version, macros=macros(version)).colour)


def selected(case: Case, version: str) -> list[int] | str:
    """The frames that dfilter selects, or the error."""
    try:
        compiled = dfilter.compile(case["filter"], target=version, macros=macros(version))
        return dfilter.frames(str(HERE / "captures" / case["capture"]), compiled)
    except dfilter.DfilterError as error:
        return f"{type(error).__name__}: {error}"


def judge(case: Case, version: str) -> Iterator[tuple[str, bool, object, object]]:
    """What is counted of a case: kind ("red", "accepted", "yellow", "frames"), agreement, Wireshark's answer, ours."""
    answer = case["verdict"].get(version, ["hang"])[0]
    if answer in ("crash", "hang"):
        return
    set_zone(case)
    ours = colour(case, version)
    yield "red" if answer == "error" else "accepted", (answer == "error") == (ours == "red"), answer, ours
    if answer == "warning":
        yield "yellow", ours == "yellow", answer, ours
    if version in RUN and answer != "error" and version in case.get("frames", {}):
        found, wanted = selected(case, version), case["frames"][version]
        yield "frames", found == wanted, wanted, found


def main() -> None:
    """Count, and print what disagrees."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", action="append", choices=VERSIONS)
    parser.add_argument("--section", default="")
    parser.add_argument("--show", type=int, default=20, help="how many disagreements are printed")
    options = parser.parse_args()
    right: Counter[tuple[str, str]] = Counter()
    total: Counter[tuple[str, str]] = Counter()
    for case in cases(options.section):
        for version in options.version or VERSIONS:
            for kind, agrees, wanted, found in judge(case, version):
                total[version, kind] += 1
                right[version, kind] += agrees
                if not agrees and options.show > 0:
                    options.show -= 1
                    print(version, case["section"], case["filter"][:100], f"{kind}: {wanted} here {found}"[:300])
    for version, kind in sorted(total):
        share = right[version, kind] / total[version, kind]
        print(f"{version} {kind:9}{right[version, kind]}/{total[version, kind]} = {share:.2%}")


if __name__ == "__main__":
    main()
