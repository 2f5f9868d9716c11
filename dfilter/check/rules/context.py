"""What a rule gets to see.

In: nothing.  Out: `Context`, and walks over both trees that need no recursion.
"""

from __future__ import annotations

from collections.abc import Iterator

from dfilter.check.resolve import DeprecatedUse
from dfilter.check.typed import (
    Comparison,
    Conjunction,
    ContainsTest,
    Disjunction,
    ExclusiveDisjunction,
    MembershipTest,
    Negation,
    SetInterval,
    TypedExpression,
    TypedOperand,
)
from dfilter.fields.versions import Version
from dfilter.language import ast
from dfilter.language.source import Span
from dfilter.slotted import frozen


@frozen
class Context:
    """One filter that parsed.

    `nodes`: every expression of the syntax tree, outer ones first, in reading order; `tests`: the same of the typed
    tree, empty where types did not work out (rules on the syntax tree run all the same).  `expanded`: macros were
    expanded, so that the text at a span may not be what a node was read from.  `forgotten`: what Wireshark's parser
    does not keep of the text.
    """

    text: str
    version: Version
    nodes: tuple[ast.Expression, ...]
    tests: tuple[TypedExpression, ...]
    deprecated: tuple[DeprecatedUse, ...] = ()
    expanded: bool = False
    forgotten: Span | None = None

    def source(self, span: Span) -> str:
        """The text at `span`."""
        return self.text[span.start : span.end]


_JOINED = (ast.And, ast.Or, ast.Xor)
_TYPED_JOINED = (Conjunction, Disjunction, ExclusiveDisjunction)


def expressions(tree: ast.Expression) -> Iterator[ast.Expression]:
    """Every expression of a syntax tree, outer ones first, in reading order."""
    pending = [tree]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, _JOINED):
            pending.extend(reversed(node.items))
        elif isinstance(node, ast.Not):
            pending.append(node.operand)
        elif isinstance(node, ast.Group):
            pending.append(node.expression)


def typed_expressions(typed: TypedExpression) -> Iterator[TypedExpression]:
    """Every condition of a typed tree, outer ones first, in reading order."""
    pending = [typed]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, _TYPED_JOINED):
            pending.extend(reversed(node.items))
        elif isinstance(node, Negation):
            pending.append(node.operand)


def operands_of(node: TypedExpression) -> Iterator[TypedOperand]:
    """The operands that a comparison, search for text or set test holds directly, interval ends included."""
    if isinstance(node, Comparison | ContainsTest):
        yield node.left
        yield node.right
    elif isinstance(node, MembershipTest):
        yield node.left
        for element in node.elements:
            if isinstance(element, SetInterval):
                yield element.low
                yield element.high
            else:
                yield element
