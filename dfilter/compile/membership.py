"""Membership `F in {…}`: hashed constants, networks by prefix length, sorted intervals.

In: the left operand and the elements.  Out: a test.  What always holds: the cost of a test grows with the
number of different prefix lengths and with the logarithm of the number of intervals, not with the number of
elements, but for elements that are fields or that compare in an unusual way.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any

from dfilter.check.typed import Relation
from dfilter.compile.operand import Operand, SequenceRead, Test, sequence_read
from dfilter.compile.ordering import Holds, Key, rule
from dfilter.compile.reader import Source
from dfilter.fields.versions import Version
from dfilter.language.ast import Quantifier
from dfilter.slotted import field, slotted

Match = Callable[[Any], bool]
Element = Operand | tuple[Operand, Operand]
"""One operand, or the two ends of an interval."""


def membership_test(
    left: Operand, elements: Sequence[Element], quantifier: Quantifier, negated: bool, version: Version
) -> Test:
    """`left in {elements}`: present and some value (ALL: every value) equal to some element or inside some
    interval. `negated`: present and not so."""
    constants, dynamic = _sort_out(left, elements, version)
    read = sequence_read(left)
    if dynamic:
        return _dynamic_test(read, constants.match(), dynamic, quantifier, negated)
    if quantifier is Quantifier.ANY and constants.only_hashed:
        return _hashed_test(read, frozenset(constants.hashed.get(None, ())), negated)
    return _static_test(read, constants.match(), quantifier, negated)


@slotted(eq=True)
class _Constants:
    """`hashed`: key function -> keys of the constants."""

    hashed: dict[Key | None, set[Any]] = field(default_factory=dict)
    intervals: list[tuple[Any, Any]] = field(default_factory=list)
    others: list[Match] = field(default_factory=list)

    @property
    def only_hashed(self) -> bool:
        return not self.intervals and not self.others and self.hashed.keys() <= {None}

    def match(self) -> Match:
        """Is a value equal to some constant or inside some interval?"""
        tests: list[Match] = []
        for key, members in self.hashed.items():
            tests.append(_keyed_match(key, frozenset(members)))
        if self.intervals:
            tests.append(_interval_match(self.intervals))
        tests.extend(self.others)
        if len(tests) == 1:
            return tests[0]
        alternatives = tuple(tests)
        return lambda value: any(matches(value) for matches in alternatives)


def _keyed_match(key: Key | None, members: frozenset[Any]) -> Match:
    if key is None:
        return members.__contains__
    return lambda value: key(value) in members


def _interval_match(intervals: Sequence[tuple[Any, Any]]) -> Match:
    """Bisection over the intervals, merged where they overlap."""
    merged: list[list[Any]] = []
    for low, high in sorted(intervals):
        if merged and low <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], high)
        else:
            merged.append([low, high])
    if len(merged) == 1:
        first, last = merged[0]
        return lambda value: bool(first <= value <= last)
    starts = [low for low, _ in merged]
    ends = [high for _, high in merged]

    def inside(value: Any) -> bool:
        place = bisect_right(starts, value) - 1
        return place >= 0 and bool(value <= ends[place])

    return inside


# --- sorting the elements out -----------------------------------------------------------------------------

Maker = Callable[[Source], Match]


def _sort_out(left: Operand, elements: Sequence[Element], version: Version) -> tuple[_Constants, list[Maker]]:
    constants = _Constants()
    dynamic: list[Maker] = []
    for element in elements:
        if isinstance(element, Operand):
            if element.values is None:
                dynamic.append(_dynamic_member(left, element, version))
            else:
                _add_constant(constants, left, element, version)
        elif element[0].values is None or element[1].values is None:
            dynamic.append(_dynamic_interval(left, *element, version))
        else:
            _add_interval(constants, left, *element, version)
    return constants, dynamic


def _add_constant(constants: _Constants, left: Operand, element: Operand, version: Version) -> None:
    how = rule(Relation.EQ, left, element, version)
    for value in element.values or ():
        fixed = value if how.key is None else how.key(value)
        if how.holds is not None:
            constants.others.append(_bound(how.holds, how.key, fixed))
        elif fixed == fixed:  # NaN equals nothing
            constants.hashed.setdefault(how.key, set()).add(fixed)


def _add_interval(
    constants: _Constants, left: Operand, low: Operand, high: Operand, version: Version
) -> None:
    lower, upper = rule(Relation.GE, left, low, version), rule(Relation.LE, left, high, version)
    plain = lower.key is upper.key is None and lower.holds is upper.holds is None
    if plain and low.values and high.values and len(low.values) == len(high.values) == 1:
        first, last = low.values[0], high.values[0]
        if first <= last:
            constants.intervals.append((first, last))
        return
    at_least = _some_end(lower.predicate(Relation.GE), lower.key, low.values or ())
    at_most = _some_end(upper.predicate(Relation.LE), upper.key, high.values or ())
    constants.others.append(lambda value: at_least(value) and at_most(value))


def _bound(holds: Holds, key: Key | None, fixed: Any) -> Match:
    if key is None:
        return lambda value: holds(value, fixed)
    return lambda value: holds(key(value), fixed)


def _some_end(holds: Holds, key: Key | None, ends: Sequence[Any]) -> Match:
    """Does `value <relation> end` hold for one of the values of an interval's end?"""
    tests = [_bound(holds, key, end if key is None else key(end)) for end in ends]
    return lambda value: any(test(value) for test in tests)


def _dynamic_member(left: Operand, element: Operand, version: Version) -> Maker:
    how = rule(Relation.EQ, left, element, version)
    holds, read = how.predicate(Relation.EQ), sequence_read(element)
    return lambda source: _some_end(holds, how.key, read(source))


def _dynamic_interval(left: Operand, low: Operand, high: Operand, version: Version) -> Maker:
    lower, upper = rule(Relation.GE, left, low, version), rule(Relation.LE, left, high, version)
    reaches, stays = lower.predicate(Relation.GE), upper.predicate(Relation.LE)
    lows, highs = sequence_read(low), sequence_read(high)

    def make(source: Source) -> Match:
        at_least = _some_end(reaches, lower.key, lows(source))
        at_most = _some_end(stays, upper.key, highs(source))
        return lambda value: at_least(value) and at_most(value)

    return make


# --- the tests --------------------------------------------------------------------------------------------


def _hashed_test(read: SequenceRead, members: frozenset[Any], negated: bool) -> Test:
    has_none = members.isdisjoint
    if not negated:
        return lambda source: not has_none(read(source))

    def absent_from_set(source: Source) -> bool:
        values = read(source)
        return bool(values) and has_none(values)

    return absent_from_set


def _static_test(read: SequenceRead, match: Match, quantifier: Quantifier, negated: bool) -> Test:
    decide = _decision(quantifier, negated)

    def test(source: Source) -> bool:
        values = read(source)
        return bool(values) and decide(values, match)

    return test


def _dynamic_test(
    read: SequenceRead, match: Match, makers: Sequence[Maker], quantifier: Quantifier, negated: bool
) -> Test:
    decide = _decision(quantifier, negated)

    def test(source: Source) -> bool:
        values = read(source)
        if not values:
            return False
        alternatives = [match, *(make(source) for make in makers)]
        return decide(values, lambda value: any(matches(value) for matches in alternatives))

    return test


def _decision(quantifier: Quantifier, negated: bool) -> Callable[[Sequence[Any], Match], bool]:
    if quantifier is Quantifier.ANY:
        if negated:
            return lambda values, match: not any(map(match, values))
        return lambda values, match: any(map(match, values))
    if negated:
        return lambda values, match: not all(map(match, values))
    return lambda values, match: all(map(match, values))
