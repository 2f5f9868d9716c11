"""What tests of pruning watch."""

from __future__ import annotations

import pytest

import dfilter.prune.scan
from dfilter.prune.scan import Pruner, pruner_of


@pytest.fixture
def pruners(monkeypatch: pytest.MonkeyPatch) -> list[Pruner | None]:
    """Those that were made; captures of few frames with a common shape are pruned too."""
    made: list[Pruner | None] = []

    def noting(*arguments: object) -> Pruner | None:
        made.append(pruner_of(*arguments))  # type: ignore[arg-type]
        return made[-1]

    monkeypatch.setattr(dfilter.prune.scan, "pruner_of", noting)
    monkeypatch.setattr(dfilter.prune.scan, "TRIED", 1 << 60)
    return made
