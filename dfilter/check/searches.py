"""`contains` and `matches`.

In: `Search` of the syntax tree.  Out: `ContainsTest` or `MatchesTest`.  A field with value strings is
searched by label (`matches` from 4.4 on, `contains` from 4.6 on).
"""

from __future__ import annotations

from dfilter.check.comparisons import ReferenceCrashes, matched, never_true, refuse_operator
from dfilter.check.infer import CONSTANT_EXPRESSION, Typed, Untyped, constant_as, infer_not_word, infer_right
from dfilter.check.labels import label_read, labels_of
from dfilter.check.operators import can_contain, can_match
from dfilter.check.resolve import Scope
from dfilter.check.typed import ContainsTest, FieldRead, MatchesTest, TypedExpression, TypedOperand
from dfilter.fields.versions import Version
from dfilter.language import ast
from dfilter.language.ast import Quantifier, SearchOp
from dfilter.language.literals import source_offset
from dfilter.language.source import Span

LITERAL_ON_LEFT = "E308"
NEEDS_QUOTED = "E309"
BAD_PATTERN = "E310"


def infer_search(node: ast.Search, scope: Scope) -> TypedExpression | None:
    """The typed search, or None after reporting what is wrong with it."""
    left = _left(node, scope)
    quantifier = node.quantifier or Quantifier.ANY
    if node.op is SearchOp.MATCHES:
        pattern = _pattern(node, scope)
        if left is None or pattern is None:
            return None
        return MatchesTest(node.span, quantifier, left, pattern)
    right = infer_right(node.right, scope)
    if left is None or right is None:
        return None
    if isinstance(right, Untyped):
        operand: TypedOperand | None = constant_as(right, left.type, scope, part=True)
    else:
        try:
            operand = matched(left, right.operand, scope)
        except ReferenceCrashes as crash:
            return never_true(crash, node.span, scope)
    return None if operand is None else ContainsTest(node.span, quantifier, left, operand)


def _left(node: ast.Search, scope: Scope) -> TypedOperand | None:
    found = infer_not_word(node.left, scope)
    if found is None:
        return None
    if isinstance(found, Untyped):
        message = f"Left side of {node.op.value} expression must be a field or function"
        scope.report(LITERAL_ON_LEFT, found.node.span, message)
        return None
    if found.constant and scope.version >= Version.V4_4:
        scope.report(
            CONSTANT_EXPRESSION, node.span, "Constant expression is invalid: the left side is no field"
        )
        return None
    return _searchable(found, node.op, scope)


def _searchable(found: Typed, op: SearchOp, scope: Scope) -> TypedOperand | None:
    operand, version = found.operand, scope.version
    if isinstance(operand, FieldRead) and version >= (
        Version.V4_4 if op is SearchOp.MATCHES else Version.V4_6
    ):
        labels = labels_of(operand, version, scope.names)
        if labels is not None and labels.own:
            return label_read(operand, labels, version)
    allowed = can_match if op is SearchOp.MATCHES else can_contain
    if allowed(operand.type, version):
        return operand
    refuse_operator(operand, op.value, scope)
    return None


def _pattern(node: ast.Search, scope: Scope) -> bytes | None:
    right = node.right
    if isinstance(right, ast.String):
        pattern = right.value
    elif scope.version is Version.V3_4 and isinstance(right, ast.Word | ast.Literal | ast.Number):
        pattern = right.text.encode()
    elif scope.version is Version.V3_4 and isinstance(right, ast.Character):
        pattern = bytes((right.value,))
    else:
        text = getattr(right, "text", "")
        notes = (f'write "{text}"',) if text and len(text) < 60 else ()
        message = "Matches requires a double quoted string on the right side"
        scope.report(NEEDS_QUOTED, right.span, message, notes)
        return None
    from dfilter.check.patterns import find_error  # `contains` needs none of it

    error = find_error(pattern)
    if error is None:
        return pattern
    notes = (f"at byte {error.offset} of the pattern, after the filter's own escapes",)
    scope.report(BAD_PATTERN, _place(right, error.offset, scope), f"Regex compilation error: {error.message}", notes)
    return None


def _place(literal: ast.Operand, offset: int, scope: Scope) -> Span:
    """The character of a quoted pattern at which an error was found; all of it where a macro hides it."""
    span = literal.span
    if not isinstance(literal, ast.String) or span.end - span.start != len(literal.text):
        return span
    start = span.start + source_offset(literal.text, scope.version, offset, literal.raw)
    return Span(start, min(start + 1, span.end))
