"""W401: conditions on one field that cancel each other.

`tcp.dstport == 80 and tcp.dstport == 443` selects nothing, `ip.ttl != 1 or ip.ttl != 2` everything: a header has
one value of the field.  Only a tunnel, with a second header in the same frame, makes a difference.
"""

from __future__ import annotations

from collections.abc import Iterator

from dfilter.check.diagnostics import Diagnostic, Label, diagnostic
from dfilter.check.rules.context import Context
from dfilter.check.rules.occurrences import one_per_header
from dfilter.check.typed import (
    Comparison,
    Conjunction,
    Constant,
    Disjunction,
    FieldRead,
    Negation,
    Relation,
    TypedExpression,
)
from dfilter.language.source import Span

CODE = "W401"

_MIRRORED = {Relation.LT: Relation.GT, Relation.GT: Relation.LT, Relation.LE: Relation.GE, Relation.GE: Relation.LE}
_OPPOSITE = {Relation.EQ: Relation.NE, Relation.NE: Relation.EQ, Relation.LT: Relation.GE, Relation.GE: Relation.LT,
             Relation.GT: Relation.LE, Relation.LE: Relation.GT}  # fmt: skip
_LOWER, _UPPER = (Relation.GT, Relation.GE), (Relation.LT, Relation.LE)


class _Known:
    """What the conditions on one field say of its one value."""

    __slots__ = ("above", "below", "equal", "unequal")

    def __init__(self) -> None:
        self.equal: tuple[object, Span] | None = None
        self.unequal: dict[object, Span] = {}
        self.above: tuple[object, Relation, Span] | None = None
        self.below: tuple[object, Relation, Span] | None = None


def check(context: Context) -> Iterator[Diagnostic]:
    """One warning for each `and` or `or` that a pair of its terms decides."""
    inside: set[int] = set()
    for node in context.tests:
        if not isinstance(node, Conjunction | Disjunction) or id(node) in inside:
            continue
        inside.update(id(item) for item in node.items if type(item) is type(node))
        yield from _decided(node)


def _decided(node: Conjunction | Disjunction) -> Iterator[Diagnostic]:
    """A disjunction is always true if the opposites of its terms cannot be true together."""
    known: dict[str, _Known] = {}
    negated = isinstance(node, Disjunction)
    for term in _terms(node):
        fact = _fact(term, negated)
        if fact is None:
            continue
        name, relation, value = fact
        clash = _learn(known.setdefault(name, _Known()), relation, value, term.span)
        if clash is not None:
            outcome = "always true" if negated else "never true"
            message = f"this is {outcome}: a header has one {name}"
            yield diagnostic(CODE, message, term.span, labels=(Label(clash, "together with this"),))
            return


def _terms(node: Conjunction | Disjunction) -> Iterator[TypedExpression]:
    """The terms, those of nested nodes of the same kind included."""
    pending = list(reversed(node.items))
    while pending:
        item = pending.pop()
        if type(item) is type(node) and isinstance(item, Conjunction | Disjunction):
            pending.extend(reversed(item.items))
        else:
            yield item


def _fact(term: TypedExpression, negated: bool) -> tuple[str, Relation, object] | None:
    while isinstance(term, Negation):
        term, negated = term.operand, not negated
    if not isinstance(term, Comparison):
        return None
    relation, left, right = term.relation, term.left, term.right
    if isinstance(left, Constant):
        relation, left, right = _MIRRORED.get(relation, relation), right, left
    if not isinstance(left, FieldRead) or not isinstance(right, Constant) or right.type is not left.type:
        return None
    if left.raw or left.selected or left.layers is not None or not one_per_header(left.name):
        return None
    if right.prefix is not None or not isinstance(right.value, int | str | bytes):
        return None
    return left.name, _OPPOSITE[relation] if negated else relation, right.value


def _learn(known: _Known, relation: Relation, value: object, span: Span) -> Span | None:
    """Take in one more condition; the place of an earlier one that excludes it, if there is one."""
    if relation is Relation.NE:
        known.unequal.setdefault(value, span)
    elif relation is Relation.EQ:
        if known.equal is not None and known.equal[0] != value:
            return known.equal[1]
        known.equal = (value, span)
    elif relation in _LOWER:
        known.above = (value, relation, span)
    else:
        known.below = (value, relation, span)
    return _clash(known, span)


def _clash(known: _Known, newest: Span) -> Span | None:
    places: tuple[Span, ...] = ()
    if known.equal is not None:
        value, place = known.equal
        if value in known.unequal:
            places = (place, known.unequal[value])
        for bound in (known.above, known.below):
            if bound is not None and not _holds(value, bound[1], bound[0]):
                places = (place, bound[2])
    elif known.above is not None and known.below is not None:
        low, lower, first = known.above
        high, upper, second = known.below
        both = lower is Relation.GE and upper is Relation.LE
        if not _holds(low, Relation.LE if both else Relation.LT, high):
            places = (first, second)
    return next((place for place in places if place != newest), None)


def _holds(left: object, relation: Relation, right: object) -> bool:
    if isinstance(left, int) and isinstance(right, int):
        return {
            Relation.LT: left < right, Relation.LE: left <= right, Relation.GT: left > right,
            Relation.GE: left >= right,
        }[relation]  # fmt: skip
    return True
