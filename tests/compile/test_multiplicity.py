"""Several values of one field: any and all, absence, sets (sections 4 and 4.1 of the language notes)."""

from __future__ import annotations

import pytest

from dfilter.check.typed import Negation, SetInterval, TypedExpression
from tests.compile.build import ALL, ANY, HERE, T, compare, const, field, member, run

# frame number -> values of ip.ttl, as in the experiment that the table below records
FRAMES: dict[int, list[int]] = {
    1: [], 2: [5], 3: [6], 4: [5, 5], 5: [5, 6], 6: [6, 5], 7: [6, 6], 8: [5, 6, 7], 9: [4, 6], 10: [1, 9],
}  # fmt: skip
TTL, FIVE = field("ip.ttl"), const(5)


def frames(expression: TypedExpression) -> list[int]:
    return [number for number, values in FRAMES.items() if run(expression, {"ip.ttl": values})]


@pytest.mark.parametrize(
    ("relation", "quantifier", "expected"),
    [
        ("==", ANY, [2, 4, 5, 6, 8]),
        ("==", ALL, [2, 4]),
        ("!=", ALL, [3, 7, 9, 10]),
        ("!=", ANY, [3, 5, 6, 7, 8, 9, 10]),
        ("<", ANY, [9, 10]),
        ("<=", ALL, [2, 4]),
        (">", ANY, [3, 5, 6, 7, 8, 9, 10]),
        (">=", ALL, [2, 3, 4, 5, 6, 7, 8]),
    ],
)
def test_each_quantifier_selects_the_frames_of_the_experiment(relation, quantifier, expected):
    expression = compare(TTL, relation, FIVE, quantifier)
    assert frames(expression) == expected
    rest = [number for number in FRAMES if number not in expected]
    assert frames(Negation(HERE, expression)) == rest


MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


@pytest.mark.parametrize("quantifier", [ANY, ALL])
@pytest.mark.parametrize("relation", list(MIRRORED))
def test_a_literal_on_the_left_means_the_mirrored_comparison(relation, quantifier):
    left = compare(FIVE, relation, TTL, quantifier)
    assert frames(left) == frames(compare(TTL, MIRRORED[relation], FIVE, quantifier))


SET = [const(5), const(6)]


@pytest.mark.parametrize(
    ("elements", "quantifier", "negated", "expected"),
    [
        (SET, ANY, False, [2, 3, 4, 5, 6, 7, 8, 9]),
        (SET, ALL, False, [2, 3, 4, 5, 6, 7]),
        (SET, ANY, True, [10]),
        (SET, ALL, True, [8, 9, 10]),
        ([SetInterval(const(6), const(9))], ANY, False, [3, 5, 6, 7, 8, 9, 10]),
        ([SetInterval(const(9), const(6))], ANY, False, []),
        ([SetInterval(const(1), const(4)), const(9)], ALL, False, [10]),
        ([SetInterval(const(1), const(2)), SetInterval(const(7), const(9))], ANY, False, [8, 10]),
        ([field("ip.ttl")], ALL, False, [2, 3, 4, 5, 6, 7, 8, 9, 10]),
        ([field("ip.id"), const(5)], ANY, False, [2, 4, 5, 6, 8]),
        ([SetInterval(field("ip.id"), const(9))], ANY, False, []),
        ([field("ip.id")], ANY, True, [2, 3, 4, 5, 6, 7, 8, 9, 10]),
    ],
)
def test_membership_selects_the_frames_of_the_experiment(elements, quantifier, negated, expected):
    assert frames(member(TTL, elements, quantifier, negated)) == expected


def test_ends_of_an_interval_are_independent_of_each_other():
    interval = member(TTL, [SetInterval(field("low"), field("high"))])
    assert run(interval, {"ip.ttl": [5], "low": [9, 1], "high": [2, 7]})


@pytest.mark.parametrize("quantifier", [ANY, ALL])
@pytest.mark.parametrize("relation", list(MIRRORED))
def test_an_absent_side_makes_every_comparison_false(relation, quantifier):
    other = field("ip.id", T.UINT16)
    for source in ({"ip.ttl": [5]}, {"ip.id": [5]}, {}):
        assert not run(compare(TTL, relation, other, quantifier), source)


@pytest.mark.parametrize(
    ("left", "right", "any_less", "all_less"),
    [
        ([5], [5], False, False),
        ([5, 6], [7, 8], True, True),
        ([1, 5], [3, 4], True, False),
        ([3, 4], [1, 5], True, False),
        ([5, 6, 7], [7, 8, 9], True, False),
    ],
)
def test_two_fields_are_compared_pair_by_pair(left, right, any_less, all_less):
    source = {"ip.ttl": left, "ip.id": right}
    other = field("ip.id", T.UINT16)
    assert run(compare(TTL, "<", other, ANY), source) is any_less
    assert run(compare(TTL, "<", other, ALL), source) is all_less
