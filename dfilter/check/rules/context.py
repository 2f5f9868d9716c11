"""What a rule gets to see.

In: nothing.  Out: `Context`, and walks over both trees that need no recursion.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from dfilter.check.resolve import DeprecatedUse
from dfilter.check.typed import TypedExpression, TypedOperand
from dfilter.fields.versions import Version
from dfilter.language import ast
from dfilter.language.source import Span


@dataclass(frozen=True, slots=True)
class Context:
    """One filter that parsed.

    `typed` is None where types did not work out; rules on the syntax tree run all the same.  `expanded`:
    macros were expanded, so that the text at a span may not be what a node was read from.
    """

    text: str
    version: Version
    tree: ast.Expression
    typed: TypedExpression | None
    deprecated: tuple[DeprecatedUse, ...] = ()
    expanded: bool = False

    def source(self, span: Span) -> str:
        """The text at `span`."""
        return self.text[span.start : span.end]


def expressions(tree: ast.Expression) -> Iterator[ast.Expression]:
    """Every expression of a syntax tree, outer ones first, in reading order."""
    pending = [tree]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, ast.And | ast.Or | ast.Xor):
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
        children: list[TypedExpression] = []
        for name in _child_fields(type(node)):
            value = getattr(node, name)
            children.extend(value if isinstance(value, tuple) else (value,))
        pending.extend(reversed(children))


def _child_fields(kind: type[TypedExpression]) -> tuple[str, ...]:
    """The names of the fields of a condition that hold conditions."""
    names = {item.name for item in fields(kind)}
    if "items" in names:
        return ("items",)
    return ("operand",) if kind.__name__ == "Negation" else ()


def operands_of(node: TypedExpression) -> Iterator[TypedOperand]:
    """The operands that a condition holds directly, set elements and interval ends included."""
    for item in fields(node):
        value = getattr(node, item.name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, TypedOperand):
                yield part
            elif hasattr(part, "low"):
                yield part.low
                yield part.high
