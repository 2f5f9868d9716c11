"""Compiled filters and the naive evaluator give the same answer for random expressions and values."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dfilter.check.typed import (
    Conjunction,
    Disjunction,
    ExclusiveDisjunction,
    Negation,
    PlainRange,
    SetInterval,
    Truthy,
)
from dfilter.compile.closures import build
from dfilter.fields.types import FieldType
from dfilter.fields.versions import Version
from tests.compile import naive
from tests.compile.build import (
    ALL,
    ANY,
    HERE,
    DictReader,
    T,
    calc,
    call,
    compare,
    const,
    contains,
    cut,
    exists,
    field,
    member,
    negate,
)

RELATIONS = ["==", "!=", "<", "<=", ">", ">="]
quantifiers = st.sampled_from([ANY, ALL])
versions = st.sampled_from([Version.V4_4, Version.V4_6])
EDGES = [0, 1, 2, 3, 5, 255, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1]

VALUES: dict[FieldType, st.SearchStrategy[Any]] = {
    T.UINT8: st.integers(0, 8),
    T.UINT64: st.sampled_from(EDGES),
    T.INT16: st.integers(-4, 4),
    T.STRING: st.text("aBé", max_size=3),
    T.BYTES: st.binary(max_size=3) | st.sampled_from([b"\0", b"ab", b"abc"]),
    T.IPv4: st.builds(bytes, st.tuples(*[st.sampled_from([0, 1, 128, 255])] * 4)),
    T.DOUBLE: st.sampled_from([0.0, -1.5, 1.0, 2.5]),
}
NAMES = {kind: [f"{kind.value}.a", f"{kind.value}.b"] for kind in VALUES}
sources = st.fixed_dictionaries(
    {name: st.lists(VALUES[kind], max_size=3) for kind, names in NAMES.items() for name in names}
)
WHOLE = [T.UINT8, T.UINT64, T.INT16]


@st.composite
def fields(draw, kind):
    return field(draw(st.sampled_from(NAMES[kind])), kind)


@st.composite
def constants(draw, kind):
    prefix = draw(st.none() | st.integers(1, 32)) if kind is T.IPv4 else None
    negative = kind in (T.UINT8, T.UINT64) and draw(st.integers(0, 5)) == 0
    return const(-draw(st.integers(1, 3)) if negative else draw(VALUES[kind]), kind, prefix)


@st.composite
def integers(draw, kind, depth=2):
    shape = draw(st.integers(0, 6 if depth else 1))
    if shape <= 1:
        return draw(fields(kind))
    inner = draw(integers(kind, depth - 1))
    if shape == 2:
        return negate(inner)
    if shape == 3:
        return call("abs" if draw(st.booleans()) else "max", draw(fields(kind)), kind=kind)
    other = draw(constants(kind) | fields(kind) | integers(kind, depth - 1))
    return calc(inner, draw(st.sampled_from("+-*/%&")), other)


ranges = st.builds(PlainRange, st.integers(-4, 4), st.none() | st.integers(1, 3))
lists_of_ranges = st.lists(ranges, min_size=1, max_size=3)


@st.composite
def operands(draw, kind):
    if kind in WHOLE:
        return draw(integers(kind))
    base = draw(fields(kind))
    shape = draw(st.integers(0, 3))
    if kind in (T.STRING, T.BYTES) and shape == 1:
        return cut(base, *draw(lists_of_ranges), kind=kind)
    if kind is T.STRING and shape == 2:
        return call("upper", call("upper", base) if draw(st.booleans()) else base)
    if kind is T.DOUBLE and shape == 1:
        return calc(base, draw(st.sampled_from("+-*")), draw(constants(kind)))
    return base


@st.composite
def elements(draw, kind):
    end = constants(kind) | fields(kind)
    if draw(st.integers(0, 2)) == 0:
        return SetInterval(draw(end), draw(end))
    return draw(end)


@st.composite
def leaves(draw):
    kind, version = draw(st.sampled_from(list(VALUES))), draw(versions)
    shape = draw(st.integers(0, 6))
    if shape == 0:
        return exists(draw(st.sampled_from(NAMES[kind])))
    if shape == 1 and kind in (*WHOLE, T.DOUBLE):
        return Truthy(HERE, draw(operands(kind)))
    if shape == 2:
        some = draw(st.lists(elements(kind), min_size=1, max_size=4))
        return member(draw(fields(kind)), some, draw(quantifiers), draw(st.booleans()), version)
    if shape == 3 and kind in (T.STRING, T.BYTES):
        return contains(draw(operands(kind)), draw(constants(kind) | operands(kind)), draw(quantifiers))
    if shape == 4 and kind in (T.STRING, T.BYTES):
        length = call("len", draw(operands(kind)), kind=T.UINT32)
        return compare(length, draw(st.sampled_from(RELATIONS)), const(2, T.UINT32), draw(quantifiers))
    left, right = draw(operands(kind)), draw(constants(kind) | operands(kind))
    if draw(st.booleans()):
        left, right = right, left
    return compare(left, draw(st.sampled_from(RELATIONS)), right, draw(quantifiers), version)


@st.composite
def chains(draw):
    """`f == a or f == b or g …`: what is merged into sets."""
    kind = draw(st.sampled_from([T.UINT8, T.IPv4, T.STRING]))
    both = draw(st.booleans())
    relation, quantifier, join = ("!=", ALL, Conjunction) if both else ("==", ANY, Disjunction)
    pairs = draw(st.lists(st.tuples(fields(kind), constants(kind)), min_size=2, max_size=6))
    return join(HERE, tuple(compare(left, relation, right, quantifier) for left, right in pairs))


@st.composite
def joined(draw, inner):
    items = tuple(draw(st.lists(inner, min_size=2, max_size=6)))
    return draw(st.sampled_from([Conjunction, Disjunction, ExclusiveDisjunction]))(HERE, items)


expressions = st.recursive(
    leaves() | chains(),
    lambda inner: joined(inner) | st.builds(lambda item: Negation(HERE, item), inner),
    max_leaves=6,
)


@settings(max_examples=400, deadline=None)
@given(expressions, st.lists(sources, min_size=1, max_size=8))
def test_a_compiled_filter_answers_as_the_naive_evaluator(expression, frames):
    test = build(expression, DictReader())
    for frame in frames:
        assert test(frame) is naive.holds(expression, frame)
