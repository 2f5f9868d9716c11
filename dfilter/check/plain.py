"""A typed expression in fewer words: what newer versions say with one operator, said with those of 3.4.

In: a typed expression.  Out: one that selects the same frames.  What always holds: no quantifier "all" where it can be
said otherwise, no negated set, no exclusive or of two, no constant on the left; what cannot be said so stays.
"""

from __future__ import annotations

from dfilter.check.typed import (
    Arithmetic,
    ArithmeticOp,
    Comparison,
    Conjunction,
    Constant,
    Disjunction,
    ExclusiveDisjunction,
    Exists,
    FieldRead,
    MembershipTest,
    Negation,
    Relation,
    Slice,
    Truthy,
    TypedExpression,
    TypedOperand,
)
from dfilter.fields.types import FLOATS, INTEGERS
from dfilter.fields.versions import NEWEST
from dfilter.language.ast import Quantifier
from dfilter.slotted import replace

INVERSE = {
    Relation.EQ: Relation.NE,
    Relation.NE: Relation.EQ,
    Relation.LT: Relation.GE,
    Relation.LE: Relation.GT,
    Relation.GT: Relation.LE,
    Relation.GE: Relation.LT,
}
MIRRORED = {
    Relation.LT: Relation.GT,
    Relation.LE: Relation.GE,
    Relation.GT: Relation.LT,
    Relation.GE: Relation.LE,
}


def plain(node: TypedExpression) -> TypedExpression:
    """The expression in the words of 3.4, as far as they go."""
    match node:
        case Conjunction():
            return _flat(Conjunction, node, [plain(item) for item in node.items])
        case Disjunction():
            return _flat(Disjunction, node, [plain(item) for item in node.items])
        case ExclusiveDisjunction():
            return _exclusive(node)
        case Negation():
            return replace(node, operand=plain(node.operand))
        case Comparison():
            return _comparison(node)
        case MembershipTest():
            return _membership(node)
        case Truthy():
            return _truthy(node)
    return node


def _flat(
    kind: type[Conjunction | Disjunction], node: TypedExpression, items: list[TypedExpression]
) -> TypedExpression:
    found: list[TypedExpression] = []
    for item in items:
        if isinstance(item, kind):
            found += item.items
        else:
            found.append(item)
    return kind(node.span, tuple(found))


def _exclusive(node: ExclusiveDisjunction) -> TypedExpression:
    items = tuple(plain(item) for item in node.items)
    if len(items) != 2:
        return replace(node, items=items)
    either = _flat(Disjunction, node, list(items))
    both = _flat(Conjunction, node, list(items))
    return _flat(Conjunction, node, [either, Negation(node.span, both)])


def _comparison(node: Comparison) -> TypedExpression:
    if isinstance(node.left, Constant) and not isinstance(node.right, Constant):
        mirrored = MIRRORED.get(node.relation, node.relation)
        node = replace(node, relation=mirrored, left=node.right, right=node.left)
    bit = _one_bit(node)
    if bit is not None:
        return bit
    if node.quantifier is not Quantifier.ALL or not isinstance(node.left, FieldRead):
        return node
    if not isinstance(node.right, Constant | FieldRead) or not _has_inverse(node):
        return node
    there = [Exists(node.span, side) for side in (node.left, node.right) if isinstance(side, FieldRead)]
    some = replace(node, relation=INVERSE[node.relation], quantifier=Quantifier.ANY)
    return Conjunction(node.span, (*there, Negation(node.span, some)))


def _has_inverse(node: Comparison) -> bool:
    """Two values that are not equal differ, except floats (NaN); order is total among integers."""
    kinds = {node.left.type, node.right.type}
    if node.relation in (Relation.EQ, Relation.NE):
        return kinds.isdisjoint(FLOATS)
    return kinds <= INTEGERS


def _one_bit(node: Comparison) -> TypedExpression | None:
    """`x & 4 == 4` is `x & 4`."""
    left, right = node.left, node.right
    if node.relation is not Relation.EQ or node.quantifier is not Quantifier.ANY or not isinstance(left, Arithmetic):
        return None
    if left.op is not ArithmeticOp.BITAND or not isinstance(left.right, Constant) or not isinstance(right, Constant):
        return None
    mask = left.right.value
    if not isinstance(mask, int) or mask != right.value or mask <= 0 or mask & (mask - 1):
        return None
    return _truthy(Truthy(node.span, left))


def _membership(node: MembershipTest) -> TypedExpression:
    if not node.negated or node.quantifier is not Quantifier.ANY or not isinstance(node.left, FieldRead):
        return node
    inside = replace(node, negated=False)
    return Conjunction(node.span, (Exists(node.span, node.left), Negation(node.span, inside)))


def _truthy(node: Truthy) -> TypedExpression:
    operand: TypedOperand = node.operand
    if operand.type not in INTEGERS or isinstance(operand, Slice | FieldRead):
        return node
    zero = Constant(node.span, operand.type, 0)
    return Comparison(node.span, Relation.NE, Quantifier.ANY, operand, zero, NEWEST)
