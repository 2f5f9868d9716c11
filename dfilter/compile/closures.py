"""From a typed expression to one function of a source.

In: a `TypedExpression` and a `Reader`.  Out: `Callable[[Source], bool]`.  What always holds: the function
is pure; it looks no field up by name, converts no literal and raises nothing that the reader does not
raise.

This is the meaning of the language (sections 4, 5, 7, 8, 9 and 14 of the language notes); every faster way of
running a filter is measured against it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dfilter.check.typed import (
    Always,
    Arithmetic,
    ArithmeticOp,
    Comparison,
    Conjunction,
    Constant,
    ContainsTest,
    Disjunction,
    ExclusiveDisjunction,
    Exists,
    FieldRead,
    FunctionCall,
    MatchesTest,
    MembershipTest,
    Negation,
    SetInterval,
    Slice,
    Truthy,
    TypedExpression,
    TypedOperand,
)
from dfilter.compile.comparisons import comparison_test
from dfilter.compile.layers import existence
from dfilter.compile.logic import Costed, always, joined, merged, negated, odd
from dfilter.compile.membership import Element, membership_test
from dfilter.compile.operand import Operand, Test, known, octets, sequence_read
from dfilter.compile.operands import Setting, build_operand
from dfilter.compile.reader import Reader, Source
from dfilter.compile.search import contains_test, matches_test
from dfilter.fields.types import ADDRESSES, INTEGERS, STRINGS, FieldType
from dfilter.fields.versions import NEWEST, Version

_OPERAND_COST = 3
_SEARCH_COST = 40


def build(
    expression: TypedExpression,
    reader: Reader,
    selected: Source | None = None,
    version: Version = NEWEST,
) -> Callable[[Source], bool]:
    """The test that `expression` stands for.

    Args:
        expression: as the checker made it.
        reader: turns field names into functions over a source.
        selected: the frame that references (`$ip.src`) read, of the kind the reader reads; without one they
            have no values and every test of them is false.
        version: whose arithmetic counts where a node does not say so itself.

    Raises:
        UnsupportedFieldError: a field that the reader does not have.
        FilterError: a pattern that is not run.
    """
    return _build(expression, Setting(reader, selected, version)).test


def _build(expression: TypedExpression, setting: Setting) -> Costed:
    match expression:
        case Always():
            return always(True)
        case Exists():
            return _existence(expression.operand, setting)
        case Conjunction():
            items = merged(expression.items, conjunction=True)
            return joined([_build(item, setting) for item in items], stop=False)
        case Disjunction():
            items = merged(expression.items, conjunction=False)
            return joined([_build(item, setting) for item in items], stop=True)
        case ExclusiveDisjunction():
            return odd([_build(item, setting) for item in expression.items])
        case Negation():
            return negated(_build(expression.operand, setting))
    return _leaf(expression, setting)


def _leaf(expression: TypedExpression, setting: Setting) -> Costed:
    match expression:
        case Comparison():
            left = build_operand(expression.left, setting)
            right = build_operand(expression.right, setting)
            test = comparison_test(
                expression.relation, expression.quantifier, left, right, expression.version
            )
            return _costed(test, [left, right])
        case MembershipTest():
            return _membership(expression, setting)
        case ContainsTest():
            left = build_operand(expression.left, setting)
            right = build_operand(expression.right, setting)
            test = contains_test(left, right, expression.quantifier, setting.version)
            return _costed(test, [left, right], extra=_SEARCH_COST)
        case MatchesTest():
            left = build_operand(expression.left, setting)
            test = matches_test(left, expression.pattern, expression.quantifier)
            return _costed(test, [left], extra=2 * _SEARCH_COST)
        case Truthy():
            return _truthy(expression.operand, setting)
    raise TypeError(f"not an expression: {type(expression).__name__}")


def _costed(test: Test, operands: Sequence[Operand], extra: int = 0) -> Costed:
    if all(operand.values is not None for operand in operands):
        return always(test(None))
    return Costed(test, extra + sum(_OPERAND_COST for operand in operands if operand.values is None))


def _existence(node: FieldRead, setting: Setting) -> Costed:
    test = existence(node, setting.reader, setting.selected)
    return always(test(None)) if node.selected else Costed(test, 1)


def _membership(node: MembershipTest, setting: Setting) -> Costed:
    left = build_operand(node.left, setting)
    test = membership_test(left, _elements(node.elements, setting), node.quantifier, node.negated, node.version)
    return _costed(test, [left], extra=2)


def _elements(elements: Sequence[TypedOperand | SetInterval], setting: Setting) -> list[Element]:
    """The elements; single addresses, of which there can be thousands, as one operand."""
    found: list[Element] = []
    addresses: dict[FieldType, list[object]] = {}
    for element in elements:
        if isinstance(element, Constant) and element.type in ADDRESSES and element.prefix is None:
            addresses.setdefault(element.type, []).append(element.value)
        else:
            found.append(_element(element, setting))
    return found + [known(tuple(values), kind) for kind, values in addresses.items()]


def _element(element: TypedOperand | SetInterval, setting: Setting) -> Element:
    if isinstance(element, SetInterval):
        return build_operand(element.low, setting), build_operand(element.high, setting)
    return build_operand(element, setting)


# --- truth of a bare operand ------------------------------------------------------------------------------


def _truthy(node: TypedOperand, setting: Setting) -> Costed:
    if isinstance(node, FieldRead):
        return _existence(node, setting)
    if isinstance(node, Arithmetic):
        masked = _masked_field(node, setting)
        if masked is not None:
            return masked
    operand = build_operand(node, setting)
    read, is_true = sequence_read(operand), _truth(node, operand.type)
    return _costed(lambda source: any(map(is_true, read(source))), [operand])


def _masked_field(node: Arithmetic, setting: Setting) -> Costed | None:
    """`field & number`: one loop without intermediate lists."""
    if node.op is not ArithmeticOp.BITAND or node.left.type not in INTEGERS:
        return None
    if not isinstance(node.left, FieldRead) or not isinstance(node.right, Constant) or node.left.selected:
        return None
    read, mask = sequence_read(build_operand(node.left, setting)), node.right.value
    assert isinstance(mask, int)

    def test(source: Source) -> bool:
        for value in read(source):  # noqa: SIM110
            if value & mask:
                return True
        return False

    return Costed(test, _OPERAND_COST)


def _truth(node: TypedOperand, kind: FieldType) -> Callable[[Any], bool]:
    """When a value counts as true: a slice or a text that is not empty, bytes that are not all zero, a number
    other than zero (section 8.4 of the language notes)."""
    if isinstance(node, Slice) or kind in STRINGS:
        return lambda value: len(value) > 0
    if isinstance(node, FunctionCall) and kind is FieldType.PROTOCOL:
        return lambda value: len(octets(value)) > 0
    return lambda value: any(value) if isinstance(value, bytes) else bool(value)
