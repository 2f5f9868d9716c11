"""The recorded verdicts of Wireshark 4.4 and 4.6, where they are at hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dfilter.check.check import check_text
from dfilter.fields.versions import Version

SHARED = Path(__file__).resolve().parents[3] / "shared"


@pytest.mark.parametrize(
    ("file", "accepted_share", "refused_share"),
    [("semantics/cases.jsonl", 0.99, 0.99), ("realworld.jsonl", 0.999, 0.99)],
)
@pytest.mark.parametrize("version", [Version.V4_4, Version.V4_6])
def test_recorded_verdicts(file: str, accepted_share: float, refused_share: float, version: Version) -> None:
    path = SHARED / file
    if not path.exists():
        pytest.skip(f"{file} is not at hand")
    right = {True: 0, False: 0}
    total = {True: 0, False: 0}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            case = json.loads(line)
            answer = case["verdict"].get(version.text)
            if answer is None or answer[0] in ("crash", "hang") or case.get("section") == "macros":
                continue
            refused = answer[0] == "error"
            total[refused] += 1
            right[refused] += (check_text(case["filter"], version).colour == "red") == refused
    assert right[False] / total[False] >= accepted_share
    assert right[True] / total[True] >= refused_share
