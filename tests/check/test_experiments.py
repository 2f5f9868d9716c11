"""The recorded verdicts of four Wireshark versions, where they are at hand."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dfilter.check.check import check_text
from dfilter.fields.versions import Version

SHARED = Path(__file__).resolve().parents[3] / "shared"


def _cases(file: str, version: Version) -> Iterator[tuple[str, list[Any]]]:
    """Filters and answers; those that need macros of their own, or hung the reference, are left out."""
    path = SHARED / file
    if not path.exists():
        pytest.skip(f"{file} is not at hand")
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            case = json.loads(line)
            answer = case["verdict"].get(version.text)
            defined = case.get("section") not in ("macros", "limits") and "noarg" not in case["filter"]
            if answer is not None and answer[0] not in ("crash", "hang") and defined:
                yield case["filter"], answer


@pytest.mark.parametrize(
    ("file", "refused", "accepted", "yellow"),
    [("semantics/cases.jsonl", 0.99, 0.99, 0.94), ("realworld.jsonl", 0.98, 0.995, 0.98)],
)
@pytest.mark.parametrize("version", list(Version))
def test_recorded_verdicts(file: str, refused: float, accepted: float, yellow: float, version: Version) -> None:
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for text, answer in _cases(file, version):
        colour = check_text(text, version).colour
        kind = "refused" if answer[0] == "error" else "accepted"
        total[kind] += 1
        right[kind] += (colour == "red") == (kind == "refused")
        if answer[0] == "warning":
            total["yellow"] += 1
            right["yellow"] += colour == "yellow"
    shares = {kind: right[kind] / total[kind] for kind in total}
    assert shares["refused"] >= refused
    assert shares["accepted"] >= accepted
    assert shares["yellow"] >= yellow
