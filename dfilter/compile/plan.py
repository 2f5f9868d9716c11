"""A compiled filter and what it needs to know of a frame.

In: a typed expression and a reader.  Out: a `Plan`.  What always holds: `fields` and `protocols` name
everything that `test` can read of a frame; a name in `fields` may be a protocol's own (`tcp`, `frame contains …`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dfilter.check.typed import (
    Constant,
    FieldRead,
    SetInterval,
    TypedExpression,
    TypedOperand,
)
from dfilter.compile.closures import build
from dfilter.compile.reader import Reader, Source
from dfilter.fields.versions import NEWEST, Version
from dfilter.slotted import frozen


@frozen
class Plan:
    """`fields`: the names read.  `protocols`: those of the protocols they belong to.

    `references`: the names that are read from the selected frame (`$ip.src`), not from the one under test.
    """

    expression: TypedExpression
    fields: frozenset[str]
    protocols: frozenset[str]
    references: frozenset[str]
    test: Callable[[Source], bool]


def make_plan(
    expression: TypedExpression,
    reader: Reader,
    selected: Source | None = None,
    version: Version = NEWEST,
) -> Plan:
    """Compile `expression`; arguments and errors as for `build`."""
    every = list(field_reads(expression))
    reads = [read for read in every if not read.selected]
    return Plan(
        expression,
        frozenset(read.name for read in reads),
        frozenset(read.protocol for read in reads),
        frozenset(read.name for read in every if read.selected),
        build(expression, reader, selected, version),
    )


def field_reads(expression: TypedExpression) -> Iterator[FieldRead]:
    """Every place where `expression` reads a field, in no particular order; no recursion."""
    for node in nodes(expression):
        if isinstance(node, FieldRead):
            yield node


def nodes(expression: TypedExpression) -> Iterator[TypedExpression | TypedOperand]:
    """All nodes of the tree, the expression itself first."""
    stack: list[TypedExpression | TypedOperand] = [expression]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(_children(node))


def _children(node: TypedExpression | TypedOperand) -> Iterator[TypedExpression | TypedOperand]:
    if isinstance(node, Constant):
        return
    for name in node.__match_args__:
        yield from _typed(getattr(node, name))


def _typed(value: object) -> Iterator[TypedExpression | TypedOperand]:
    """The nodes in the value of an attribute: itself, the two ends of an interval, the items of a tuple."""
    if isinstance(value, TypedExpression | TypedOperand):
        yield value
    elif isinstance(value, SetInterval):
        yield value.low
        yield value.high
    elif isinstance(value, tuple) and value and hasattr(value[0], "__match_args__"):
        for item in value:
            yield from _typed(item)
