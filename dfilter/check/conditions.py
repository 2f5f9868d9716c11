"""Conditions: tests, and the logic that joins them.

In: an expression of the syntax tree.  Out: the typed expression, None where some part of it failed (which was
reported).  What always holds: every part is looked at, also after a failure; `and`, `or` and `xor` are
walked in a loop, and only the nesting that the parser admits is recursed into.
"""

from __future__ import annotations

from collections.abc import Callable

from dfilter.check.comparisons import infer_compare
from dfilter.check.fold import strip
from dfilter.check.infer import CONSTANT_EXPRESSION, NOT_A_TEST, Typed, Untyped, infer, is_name
from dfilter.check.resolve import Scope
from dfilter.check.typed import (
    Always,
    Conjunction,
    Disjunction,
    ExclusiveDisjunction,
    Exists,
    FieldRead,
    FunctionCall,
    Negation,
    Slice,
    Truthy,
    TypedExpression,
)
from dfilter.fields.versions import Version
from dfilter.language import ast
from dfilter.language.source import Span
from dfilter.slotted import replace


def infer_condition(node: ast.Expression, scope: Scope) -> TypedExpression | None:
    """The typed form of any expression."""
    while isinstance(node, ast.Group):
        node = node.expression
    if isinstance(node, ast.Compare):
        return infer_compare(node, scope)
    if isinstance(node, ast.Test):
        return _test(node, scope)
    if isinstance(node, ast.Search):
        from dfilter.check.searches import infer_search  # modules of rarer conditions are loaded with the first

        return infer_search(node, scope)
    if isinstance(node, ast.Membership):
        from dfilter.check.membership import infer_membership

        return infer_membership(node, scope)
    if isinstance(node, ast.Not):
        inner = infer_condition(node.operand, scope)
        return None if inner is None else Negation(node.span, inner)
    if isinstance(node, ast.And):
        return _joined(node.span, node.items, Conjunction, scope)
    if isinstance(node, ast.Or):
        return _joined(node.span, node.items, Disjunction, scope)
    if isinstance(node, ast.Xor):
        return _joined(node.span, node.items, ExclusiveDisjunction, scope)
    if isinstance(node, ast.Everything):
        return Always(node.span)
    raise AssertionError(f"not an expression: {type(node).__name__}")


def _joined(
    span: Span,
    items: tuple[ast.Expression, ...],
    make: Callable[[Span, tuple[TypedExpression, ...]], TypedExpression],
    scope: Scope,
) -> TypedExpression | None:
    inferred = []
    for number, item in enumerate(items):
        inferred.append(infer_condition(item, scope))
        if inferred[-1] is None and isinstance(item, ast.Test) and number:
            _explain_shared(items[number - 1], item, scope)
    typed = tuple(item for item in inferred if item is not None)
    return make(span, typed) if len(typed) == len(inferred) else None


def _explain_shared(before: ast.Expression, item: ast.Test, scope: Scope) -> None:
    """`tcp.port == 80 or 443`: a lone value behind a comparison was meant to be compared, too."""
    if not isinstance(before, ast.Compare) or len(before.ops) > 1 or not scope.problems:
        return
    problem, value = scope.problems[-1], strip(item.operand)
    if problem.span != item.span or not isinstance(value, ast.Word | ast.Number | ast.Literal | ast.String):
        return
    left = before.operands[0]
    if not problem.fixes and isinstance(left, ast.Word):
        note = f"each condition names its field: … {left.text} {before.op_texts[0]} {value.text[:40]}"
        scope.problems[-1] = replace(problem, notes=(*problem.notes, note))


def _test(node: ast.Test, scope: Scope) -> TypedExpression | None:
    """A bare operand: existence of a field, truth of a computation."""
    found = infer(node.operand, scope)
    if found is None:
        return None
    if isinstance(found, Untyped):
        _report_constant_test(found.node, scope)
        return None
    if found.constant:
        message = "Constant expression is invalid: no field of the frame is tested"
        scope.report(CONSTANT_EXPRESSION, node.span, message)
        return None
    return _truth(found, node.span, scope)


def _truth(found: Typed, span: Span, scope: Scope) -> TypedExpression | None:
    operand = found.operand
    if isinstance(operand, FieldRead):
        return Exists(span, operand)
    refused = {Version.V3_4: (FunctionCall, Slice), Version.V4_0: (FunctionCall,)}.get(scope.version, ())
    if isinstance(operand, refused):
        what = "range" if isinstance(operand, Slice) else "function"
        message = f"Wireshark {scope.version.text} cannot test whether a {what} is present"
        scope.report(NOT_A_TEST, span, message)
        return None
    return Truthy(span, operand)


def _report_constant_test(node: ast.Operand, scope: Scope) -> None:
    node = strip(node)
    if is_name(node):
        scope.unknown_name(node.text, node.span)
    elif isinstance(node, ast.Binary | ast.Unary):
        scope.report(CONSTANT_EXPRESSION, node.span, "Constant expression is invalid: no field is tested")
    else:
        shown = getattr(node, "text", "")[:60]
        scope.report(NOT_A_TEST, node.span, f"{shown} is neither a field nor a protocol name")
