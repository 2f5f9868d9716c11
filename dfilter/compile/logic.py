"""And, or, xor, not; constant parts folded, chains on one field merged, cheap tests first.

In: expressions (merging), tests with their cost (joining).  Out: tests.  What always holds: every test is
pure, so the order in which the items of a conjunction run cannot be observed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dfilter.check.typed import (
    Comparison,
    Constant,
    FieldRead,
    MembershipTest,
    PlainRange,
    Relation,
    SetInterval,
    TypedExpression,
    TypedOperand,
)
from dfilter.compile.operand import Test
from dfilter.compile.reader import Source
from dfilter.language.ast import Quantifier
from dfilter.language.source import Span
from dfilter.slotted import frozen

FieldKey = tuple[str, tuple[PlainRange, ...] | None, bool, bool]


@frozen
class Costed:
    """`answer`: known beforehand, None where the frame decides. `cost`: relative, an existence test is 1."""

    test: Test
    cost: int
    answer: bool | None = None


def always(answer: bool) -> Costed:
    return Costed((lambda source: True) if answer else (lambda source: False), 0, answer)


def joined(items: Sequence[Costed], stop: bool) -> Costed:
    """Or (`stop` true) and and (`stop` false): the first item with the answer `stop` decides."""
    if any(item.answer is stop for item in items):
        return always(stop)
    open_items = sorted((item for item in items if item.answer is None), key=lambda item: item.cost)
    if not open_items:
        return always(not stop)
    tests = tuple(item.test for item in open_items)
    test = _either(tests) if stop else _both(tests)
    return Costed(test, sum(item.cost for item in open_items))


def negated(item: Costed) -> Costed:
    if item.answer is not None:
        return always(not item.answer)
    inner = item.test
    return Costed(lambda source: not inner(source), item.cost)


def odd(items: Sequence[Costed]) -> Costed:
    """Exclusive or: is an odd number of the items true?"""
    start = sum(item.answer is True for item in items) % 2 == 1
    tests = tuple(item.test for item in items if item.answer is None)
    if not tests:
        return always(start)

    def test(source: Source) -> bool:
        result = start
        for inner in tests:
            result ^= inner(source)
        return result

    return Costed(test, sum(item.cost for item in items))


def _both(tests: tuple[Test, ...]) -> Test:
    match tests:
        case (only,):
            return only
        case (a, b):
            return lambda source: a(source) and b(source)
        case (a, b, c):
            return lambda source: a(source) and b(source) and c(source)
        case (a, b, c, d):
            return lambda source: a(source) and b(source) and c(source) and d(source)

    def every(source: Source) -> bool:
        for test in tests:  # noqa: SIM110
            if not test(source):
                return False
        return True

    return every


def _either(tests: tuple[Test, ...]) -> Test:
    match tests:
        case (only,):
            return only
        case (a, b):
            return lambda source: a(source) or b(source)
        case (a, b, c):
            return lambda source: a(source) or b(source) or c(source)
        case (a, b, c, d):
            return lambda source: a(source) or b(source) or c(source) or d(source)

    def some(source: Source) -> bool:
        for test in tests:  # noqa: SIM110
            if test(source):
                return True
        return False

    return some


# --- merging chains ---------------------------------------------------------------------------------------

Alternatives = tuple[FieldRead, tuple[TypedOperand | SetInterval, ...]]
Recognise = Callable[[TypedExpression], Alternatives | None]


def merged(items: Sequence[TypedExpression], conjunction: bool) -> list[TypedExpression]:
    """`f == a or f == b or f in {c}` as `f in {a, b, c}`; `f != a and f != b` as `f not in {a, b}`."""
    recognise: Recognise = _excluded if conjunction else _listed
    groups: dict[FieldKey, list[tuple[TypedExpression, Alternatives]]] = {}
    result: list[TypedExpression | FieldKey] = []
    for item in items:
        found = recognise(item)
        if found is None:
            result.append(item)
            continue
        key = _field_key(found[0])
        if key not in groups:
            groups[key] = []
            result.append(key)
        groups[key].append((item, found))
    return [entry if isinstance(entry, TypedExpression) else _membership(groups[entry], conjunction)
            for entry in result]  # fmt: skip


def _field_key(field: FieldRead) -> FieldKey:
    return field.name, field.layers, field.raw, field.selected


def _membership(group: Sequence[tuple[TypedExpression, Alternatives]], negated_test: bool) -> TypedExpression:
    first, (field, _) = group[0]
    if len(group) == 1:
        return first
    assert isinstance(first, Comparison | MembershipTest)
    elements = tuple(element for _, (_, some) in group for element in some)
    span = Span(first.span.start, group[-1][0].span.end)
    return MembershipTest(span, Quantifier.ANY, field, elements, negated_test, first.version)


def _listed(item: TypedExpression) -> Alternatives | None:
    return _alternatives(item, Relation.EQ, Quantifier.ANY, negated_test=False)


def _excluded(item: TypedExpression) -> Alternatives | None:
    return _alternatives(item, Relation.NE, Quantifier.ALL, negated_test=True)


def _alternatives(
    item: TypedExpression, relation: Relation, quantifier: Quantifier, negated_test: bool
) -> Alternatives | None:
    match item:
        case Comparison(relation=found, quantifier=how, left=FieldRead() as field, right=Constant() as value):
            return (field, (value,)) if found is relation and how is quantifier else None
        case Comparison(relation=found, quantifier=how, left=Constant() as value, right=FieldRead() as field):
            return (field, (value,)) if found is relation and how is quantifier else None
        case MembershipTest(quantifier=Quantifier.ANY, left=FieldRead() as field) if (
            item.negated is negated_test
        ):
            return field, item.elements
    return None
