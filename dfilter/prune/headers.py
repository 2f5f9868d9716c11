"""A chunk's frames by shape, and what their headers decide once it is known what else they hold.

In: a chunk, split by shape in numpy or surveyed by machine code, and `Findings`.  Out: the verdict of a column plan.
What always holds: both ways give the same.
"""

from __future__ import annotations

from functools import reduce
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from dfilter.compile.columns import ColumnPlan, Columns, Findings, Shaped, Verdict
from dfilter.slotted import slotted

Array = npt.NDArray[Any]

SHAPELESS = 255
"""The shape of a frame without one."""


class Headers(Protocol):
    """A chunk's frames by shape."""

    @property
    def shapeless(self) -> Array:
        """Which frames have no shape."""

    def settle(self, plan: ColumnPlan, findings: Findings) -> Verdict:
        """What is decided of the frames; to be asked once."""


@slotted
class Split:
    """As `ColumnPlan.split` finds them; `columns` are those of all frames."""

    columns: Columns
    shaped: list[Shaped]

    @property
    def shapeless(self) -> Array:
        mask = np.ones(len(self.columns.rows), np.bool_)
        for _, chosen in self.shaped:
            mask[chosen.rows] = False
        return mask

    def settle(self, plan: ColumnPlan, findings: Findings) -> Verdict:
        for columns in (self.columns, *(chosen for _, chosen in self.shaped)):
            columns.findings = findings
        return plan.settle(self.columns, self.shaped)


@slotted
class Kinds:
    """As `survey.Survey` finds them.

    Attributes:
        columns: of all frames.
        kinds: the index of each frame's shape; `alike`: of each index the first one that decides alike.
        verdict: what is decided of frames in which no deep test is possible; None where that was not asked.
    """

    columns: Columns
    kinds: Array
    alike: Array
    verdict: Verdict | None

    @property
    def shapeless(self) -> Array:
        mask: Array = self.kinds == SHAPELESS
        return mask

    def settle(self, plan: ColumnPlan, findings: Findings) -> Verdict:
        if self.verdict is None:
            return Split(self.columns, self.shaped(plan)).settle(plan, findings)
        possible = reduce(np.logical_or, findings.possible)
        rest = self.columns.at(np.flatnonzero(possible & ~self.shapeless))
        shaped = self.shaped(plan, rest.rows)
        for columns in (rest, *(chosen for _, chosen in shaped)):
            columns.findings = findings
        plan.amend(self.verdict, rest, shaped)
        return self.verdict

    def shaped(self, plan: ColumnPlan, rows: Array | None = None) -> list[Shaped]:
        """The frames that have a shape, by what their shapes decide, of these rows or of all."""
        kinds = self.alike[self.kinds if rows is None else self.kinds[rows]]
        found = []
        for kind in np.flatnonzero(np.bincount(kinds, minlength=SHAPELESS)[:SHAPELESS]).tolist():
            places = np.flatnonzero(kinds == kind)
            found.append((plan.branches[kind], self.columns.at(places if rows is None else rows[places])))
        return found
