"""Filters divided by the shapes of frames: what each common shape decides of each filter.

In: typed expressions with the names they read, shapes, what is known of fields in them, and a way to compute.  Out:
`Branch`es for `columns` (numpy) and `machine` (machine code).  What always holds: a shape that decides nothing of any
filter has no branch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from dfilter.check.typed import TypedExpression
from dfilter.compile.bounds import Bounds, Decider, Sets, Surroundings, Terms
from dfilter.packets.declare import Shape
from dfilter.slotted import frozen

T = TypeVar("T")


@frozen(eq=False)
class Branch(Generic[T]):
    """What a shape decides of each filter: bounds, None for nothing, and the ports behind which nothing is decided."""

    shape: Shape
    bounds: tuple[Bounds[T] | None, ...]
    doubt: tuple[npt.NDArray[np.bool_] | None, ...]


@frozen(eq=False)
class Branches(Generic[T]):
    """The shapes that decide something, and what every frame's number and lengths decide; of `count` filters."""

    count: int
    shaped: tuple[Branch[T], ...]
    anywhere: Branch[T]


def branches(filters: Sequence[tuple[TypedExpression, Iterable[str]]], shapes: Sequence[Shape], anywhere: Shape,
             surroundings: Surroundings, terms: Terms[T], decider: type[Decider[T]] = Decider
             ) -> Branches[T] | None:  # fmt: skip
    """The branches for filters, each with the names it reads; None where no shape decides anything of any."""
    named = [(expression, tuple(names)) for expression, names in filters]
    sets = Sets()
    shaped = [_branch(named, shape, surroundings, decider(terms, shape, surroundings, sets)) for shape in shapes]
    useful = tuple(branch for branch in shaped if any(branch.bounds))
    everywhere = _branch(named, anywhere, surroundings, decider(terms, anywhere, surroundings, sets))
    if not useful and not any(everywhere.bounds):
        return None
    return Branches(len(named), useful, everywhere)


def _branch(named: Sequence[tuple[TypedExpression, tuple[str, ...]]], shape: Shape, surroundings: Surroundings,
            decider: Decider[T]) -> Branch[T]:  # fmt: skip
    tables: dict[frozenset[int], npt.NDArray[np.bool_]] = {}
    bounds: list[Bounds[T] | None] = []
    doubts: list[npt.NDArray[np.bool_] | None] = []
    for expression, names in named:
        found = decider.bounds(expression)
        ports = surroundings.doubtful_ports(names, shape)
        whole = not shape.open or found.certain is found.possible
        # where more may follow, a half decision would keep fragments from those who put them together
        bounds.append(None if found == decider.unknown or ports is None or not whole else found)
        if ports and ports not in tables:
            tables[ports] = _table(ports)
        doubts.append(tables[ports] if ports else None)
    return Branch(shape, tuple(bounds), tuple(doubts))


def _table(ports: Iterable[int]) -> npt.NDArray[np.bool_]:
    table = np.zeros(1 << 16, np.bool_)
    table[list(ports)] = True
    return table
