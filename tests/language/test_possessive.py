"""No pattern has a possessive group: Python before 3.11.5, such as Debian 12 has, leaves a failed one half matched.

There such a group around "a dot that is not followed by a dot, and a word" goes on behind the first dot of "..", while
an atomic group does not. Possessive single characters are right.
"""

from __future__ import annotations

import re
from pathlib import Path

HOME = Path(__file__).parent.parent.parent
GROUP = re.compile(r"\)(?:[*+?]|\{[0-9,]+\})\+")
WRITTEN = re.compile(r"re\.compile\(|rf?\"|rf?'|^[A-Z_0-9.]+: /|^ +\| /")


def test_no_possessive_groups() -> None:
    files = [HOME / "grammar" / "dfilter.lark", *sorted((HOME / "dfilter").rglob("*.py"))]
    found = [
        f"{path.name}: {line.strip()}"
        for path in files
        if path.name != "outline_table.py"
        for line in path.read_text().splitlines()
        if WRITTEN.search(line) and GROUP.search(line)
    ]
    assert not found
