"""Membership in a set.

In: `Membership` of the syntax tree.  Out: `MembershipTest`.  What always holds: if one element names its
values by an ambiguous label, the whole set is compared as labels (section 3 of the language notes).
"""

from __future__ import annotations

from dfilter.check.comparisons import (
    ReferenceCrashes,
    check_comparable,
    label_text,
    matched,
    never_true,
    with_constant,
)
from dfilter.check.convert.addresses import ipv4_literal, ipv6_literal
from dfilter.check.convert.errors import ConversionError
from dfilter.check.fold import NoValueError, strip
from dfilter.check.infer import Inferred, Untyped, constant_as, infer_not_word, infer_right
from dfilter.check.labels import Labels, find, label_read, labels_of
from dfilter.check.resolve import Scope
from dfilter.check.typed import (
    Constant,
    FieldRead,
    MembershipTest,
    Negation,
    Relation,
    SetInterval,
    TypedExpression,
    TypedOperand,
)
from dfilter.fields.types import FieldType
from dfilter.fields.versions import Version
from dfilter.language import ast
from dfilter.language.ast import Quantifier

NOT_A_FIELD = "E307"


def infer_membership(node: ast.Membership, scope: Scope) -> TypedExpression | None:
    """The typed set test, or None after reporting what is wrong with it."""
    left = _left(node, scope)
    if left is None:
        _infer_elements(node, scope)
        return None
    labels = labels_of(left, scope.version, scope.names)
    addresses = _addresses(node, left, scope.version) if labels is None else None
    if addresses is not None:
        return _test(node, left, addresses, scope)
    inferred = _infer_elements(node, scope)
    if labels is not None and _any_ambiguous(inferred, left, labels, scope):
        left_operand: TypedOperand = label_read(left, labels, scope.version)
    else:
        left_operand = left
    try:
        elements = [_element(left_operand, item, scope) for item in inferred]
    except ReferenceCrashes as crash:
        return never_true(crash, node.span, scope)
    typed = tuple(element for element in elements if element is not None)
    return _test(node, left_operand, typed, scope) if len(typed) == len(elements) else None


def _addresses(node: ast.Membership, left: FieldRead, version: Version) -> tuple[Constant, ...] | None:
    """The elements of a set of nothing but addresses, of which there can be thousands: no other meaning of theirs needs
    to be ruled out. None for any other set, and where one is wrong."""
    literal = _ADDRESS_LITERALS.get(left.type)
    if literal is None or version <= Version.V4_0 or left.raw:
        return None
    leaves = [leaf for leaf in node.elements if isinstance(leaf, ast.Literal) and not leaf.must_be_bytes]
    if len(leaves) < len(node.elements):
        return None
    try:
        return tuple([Constant(leaf.span, left.type, *literal(leaf.text)) for leaf in leaves])
    except ConversionError:
        return None


_ADDRESS_LITERALS = {FieldType.IPv4: ipv4_literal, FieldType.IPv6: ipv6_literal}


def _test(
    node: ast.Membership,
    left: TypedOperand,
    elements: tuple[TypedOperand | SetInterval, ...],
    scope: Scope,
) -> TypedExpression:
    quantifier = node.quantifier or Quantifier.ANY
    if node.negated and scope.version <= Version.V4_0:
        inner = MembershipTest(node.span, Quantifier.ANY, left, elements, False, scope.version)
        return Negation(node.span, inner)
    return MembershipTest(node.span, quantifier, left, elements, node.negated, scope.version)


def _left(node: ast.Membership, scope: Scope) -> FieldRead | None:
    found = infer_not_word(node.operand, scope)
    if found is None:
        return None
    if isinstance(found, Untyped) or found.constant or not isinstance(found.operand, FieldRead):
        scope.report(NOT_A_FIELD, node.operand.span, "Only a field may be tested for membership in a set")
        return None
    relation = Relation.EQ
    if any(isinstance(element, ast.SetRange) for element in node.elements):
        relation = Relation.GE
    return found.operand if check_comparable(found.operand, relation, relation.value, scope) else None


_Element = tuple[Inferred, ...]
"""One element, or the two ends of a range."""


def _infer_elements(node: ast.Membership, scope: Scope) -> list[_Element]:
    out: list[_Element] = []
    for element in node.elements:
        if isinstance(element, ast.SetRange):
            out.append((infer_right(element.low, scope), infer_right(element.high, scope)))
        else:
            out.append((infer_right(element, scope),))
    return out


def _any_ambiguous(elements: list[_Element], left: FieldRead, labels: Labels, scope: Scope) -> bool:
    """Is one single element a text that is the label of several values?"""
    if scope.version <= Version.V4_0 or not labels.own:
        return False
    return any(len(element) == 1 and _is_ambiguous(element[0], left, labels, scope) for element in elements)


def _is_ambiguous(found: Inferred, left: FieldRead, labels: Labels, scope: Scope) -> bool:
    leaf = strip(found.node) if isinstance(found, Untyped) else None
    if not isinstance(leaf, ast.String | ast.Word | ast.Literal):
        return False
    try:
        return labels.verified and find(labels, label_text(leaf), left, leaf.span, scope.version) is None
    except ConversionError:
        return False


def _element(left: TypedOperand, element: _Element, scope: Scope) -> TypedOperand | SetInterval | None:
    relation = Relation.EQ if len(element) == 1 else Relation.LE
    ends = [_value(left, found, relation, scope) for found in element]
    if len(ends) == 1:
        return ends[0]
    low, high = ends
    return None if low is None or high is None else SetInterval(low, high)


def _value(left: TypedOperand, found: Inferred, relation: Relation, scope: Scope) -> TypedOperand | None:
    if found is None:
        return None
    if not isinstance(found, Untyped):
        return matched(left, found.operand, scope)
    if isinstance(left, FieldRead):
        try:
            pair = with_constant(left, found, relation, scope)
        except NoValueError as error:
            scope.report_conversion(error, found.node.span)
            return None
        return None if pair is None else pair[1]
    return constant_as(found, left.type, scope)
