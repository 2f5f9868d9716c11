"""A field alone is found where it is found with all others: what a filter needs is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.parity.alone import differing

CAPTURES = Path(__file__).parent / "captures"


@pytest.mark.parametrize("path", sorted(CAPTURES.glob("*.pcap*")), ids=lambda path: path.name)
def test_every_field_of_a_capture(path: Path) -> None:
    found = list(differing(path, sorted))
    assert len(found) > 50
    assert not [line for line in found if line]
