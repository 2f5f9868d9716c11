"""Comparisons `left relation right` under a quantifier.

In: two operands.  Out: a test of a source.  What always holds: an absent side makes the test false; an
operand whose empty result counts makes an "all" test true; any and all range over every pair of values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dfilter.check.typed import Relation
from dfilter.compile.operand import Operand, SequenceRead, Test, optional_read, sequence_read
from dfilter.compile.ordering import OPERATORS, Holds, Key, rule
from dfilter.compile.reader import Source
from dfilter.fields.versions import Version
from dfilter.language.ast import Quantifier

_MIRRORED = {
    Relation.EQ: Relation.EQ,
    Relation.NE: Relation.NE,
    Relation.LT: Relation.GT,
    Relation.LE: Relation.GE,
    Relation.GT: Relation.LT,
    Relation.GE: Relation.LE,
}


def comparison_test(
    relation: Relation, quantifier: Quantifier, left: Operand, right: Operand, version: Version
) -> Test:
    """The test of `left relation right`."""
    how = rule(relation, left, right, version)
    if right.values is not None and len(right.values) == 1:
        return _against_constant(relation, quantifier, left, right, how.key, how.holds)
    if left.values is not None and len(left.values) == 1 and how.holds is None:
        return _against_constant(_MIRRORED[relation], quantifier, right, left, how.key, None)
    holds = how.predicate(relation)
    if quantifier is Quantifier.ALL:
        return _all_pairs(_keyed(left, how.key), _keyed(right, how.key), holds)
    return _any_pair(_keyed(left, how.key), _keyed(right, how.key), holds)


def _keyed(operand: Operand, key: Key | None) -> Callable[[Source], Sequence[Any] | None]:
    """The keys of an operand's values, None where it is absent."""
    read = optional_read(operand)
    if key is None:
        return read

    def keys(source: Source) -> Sequence[Any] | None:
        values = read(source)
        return None if values is None else [key(value) for value in values]

    return keys


def _any_pair(
    left: Callable[[Source], Sequence[Any] | None],
    right: Callable[[Source], Sequence[Any] | None],
    holds: Holds,
) -> Test:
    def test(source: Source) -> bool:
        lefts = left(source)
        if not lefts:
            return False
        rights = right(source)
        if not rights:
            return False
        return any(holds(a, b) for a in lefts for b in rights)

    return test


def _all_pairs(
    left: Callable[[Source], Sequence[Any] | None],
    right: Callable[[Source], Sequence[Any] | None],
    holds: Holds,
) -> Test:
    def test(source: Source) -> bool:
        lefts = left(source)
        if lefts is None:
            return False
        rights = right(source)
        if rights is None:
            return False
        return all(holds(a, b) for a in lefts for b in rights)

    return test


# --- one side is a single constant ------------------------------------------------------------------------


def _against_constant(
    relation: Relation,
    quantifier: Quantifier,
    operand: Operand,
    constant: Operand,
    key: Key | None,
    holds: Holds | None,
) -> Test:
    assert constant.values is not None
    value = constant.values[0]
    fixed = value if key is None else key(value)
    if operand.values is not None:
        return _folded(relation, quantifier, operand.values, fixed, key, holds)
    if quantifier is Quantifier.ANY:
        return _any_against(relation, operand, fixed, key, holds)
    return _all_against(relation, operand, fixed, key, holds)


def _folded(
    relation: Relation,
    quantifier: Quantifier,
    values: tuple[Any, ...],
    fixed: Any,
    key: Key | None,
    holds: Holds | None,
) -> Test:
    predicate = holds or OPERATORS[relation]
    outcomes = [predicate(value if key is None else key(value), fixed) for value in values]
    answer = bool(outcomes) and (any(outcomes) if quantifier is Quantifier.ANY else all(outcomes))
    return lambda source: answer


def _any_against(
    relation: Relation, operand: Operand, fixed: Any, key: Key | None, holds: Holds | None
) -> Test:
    read = sequence_read(operand)
    if holds is not None or key is not None:
        predicate = holds or OPERATORS[relation]
        if key is None:
            return lambda source: any(predicate(value, fixed) for value in read(source))
        if relation is Relation.EQ and holds is None:
            return _any_key_equals(read, fixed, key)
        return lambda source: any(predicate(key(value), fixed) for value in read(source))
    return _ANY_LOOPS[relation](read, fixed)


def _any_key_equals(read: SequenceRead, fixed: Any, key: Key) -> Test:
    def test(source: Source) -> bool:
        for value in read(source):  # noqa: SIM110
            if key(value) == fixed:
                return True
        return False

    return test


def _all_against(
    relation: Relation, operand: Operand, fixed: Any, key: Key | None, holds: Holds | None
) -> Test:
    plain = key is None and holds is None and not operand.empty_counts
    if plain and relation is Relation.NE and fixed == fixed:
        return _none_equals(sequence_read(operand), fixed)
    read = optional_read(operand)
    predicate = holds or OPERATORS[relation]

    def test(source: Source) -> bool:
        values = read(source)
        if values is None:
            return False
        if key is None:
            return all(predicate(value, fixed) for value in values)
        return all(predicate(key(value), fixed) for value in values)

    return test


def _none_equals(read: SequenceRead, fixed: Any) -> Test:
    def differs(source: Source) -> bool:
        values = read(source)
        return bool(values) and fixed not in values

    return differs


def _equals_loop(read: SequenceRead, fixed: Any) -> Test:
    if fixed != fixed:  # NaN: no value equals it, though `in` would find the very same object
        return lambda source: False
    return lambda source: fixed in read(source)


def _differs_loop(read: SequenceRead, fixed: Any) -> Test:
    def test(source: Source) -> bool:
        for value in read(source):  # noqa: SIM110
            if value != fixed:
                return True
        return False

    return test


def _less_loop(read: SequenceRead, fixed: Any) -> Test:
    def test(source: Source) -> bool:
        for value in read(source):  # noqa: SIM110
            if value < fixed:
                return True
        return False

    return test


def _at_most_loop(read: SequenceRead, fixed: Any) -> Test:
    def test(source: Source) -> bool:
        for value in read(source):  # noqa: SIM110
            if value <= fixed:
                return True
        return False

    return test


def _greater_loop(read: SequenceRead, fixed: Any) -> Test:
    def test(source: Source) -> bool:
        for value in read(source):  # noqa: SIM110
            if value > fixed:
                return True
        return False

    return test


def _at_least_loop(read: SequenceRead, fixed: Any) -> Test:
    def test(source: Source) -> bool:
        for value in read(source):  # noqa: SIM110
            if value >= fixed:
                return True
        return False

    return test


_ANY_LOOPS: dict[Relation, Callable[[SequenceRead, Any], Test]] = {
    Relation.EQ: _equals_loop,
    Relation.NE: _differs_loop,
    Relation.LT: _less_loop,
    Relation.LE: _at_most_loop,
    Relation.GT: _greater_loop,
    Relation.GE: _at_least_loop,
}
