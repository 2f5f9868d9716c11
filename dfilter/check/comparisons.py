"""Comparisons, chained ones included.

In: `Compare` of the syntax tree.  Out: `Comparison`, or a conjunction of them for a chain.  What always
holds: each operand of a chain is inferred once; a literal is converted anew for each of its neighbours.
"""

from __future__ import annotations

from dfilter.check.convert.bytestrings import parse_bytes
from dfilter.check.convert.errors import ConversionError, quoted
from dfilter.check.fold import NoValueError, strip
from dfilter.check.infer import (
    CONSTANT_EXPRESSION,
    Inferred,
    Typed,
    Untyped,
    as_literal,
    constant_as,
    for_slice,
    infer,
    is_name,
)
from dfilter.check.labels import find, label_read, labels_of
from dfilter.check.literals import is_boolean_word, spelled, text_of
from dfilter.check.operators import ORDERED, can_compare, can_slice, comparable, slice_type
from dfilter.check.resolve import Scope
from dfilter.check.typed import (
    Always,
    Comparison,
    Conjunction,
    Constant,
    FieldRead,
    FunctionCall,
    LabelRead,
    Negation,
    PlainRange,
    Relation,
    Slice,
    TypedExpression,
    TypedOperand,
)
from dfilter.check.typenames import type_name
from dfilter.fields.types import FieldType
from dfilter.fields.versions import Version
from dfilter.language import ast
from dfilter.language.ast import CompareOp, Quantifier
from dfilter.language.source import Span
from dfilter.slotted import replace

INCOMPATIBLE = "E303"
NOT_COMPARABLE = "E304"
AMBIGUOUS_ORDER = "E311"
CRASHES = "W301"
UNVERIFIED_LABEL = "H104"

_MEANING = {
    CompareOp.EQ: (Relation.EQ, Quantifier.ANY),
    CompareOp.NE: (Relation.NE, Quantifier.ALL),
    CompareOp.ALL_EQ: (Relation.EQ, Quantifier.ALL),
    CompareOp.ANY_NE: (Relation.NE, Quantifier.ANY),
    CompareOp.LT: (Relation.LT, Quantifier.ANY),
    CompareOp.LE: (Relation.LE, Quantifier.ANY),
    CompareOp.GT: (Relation.GT, Quantifier.ANY),
    CompareOp.GE: (Relation.GE, Quantifier.ANY),
}


def meaning_of(op: CompareOp, quantifier: Quantifier | None, version: Version) -> tuple[Relation, Quantifier]:
    """Relation and quantifier of an operator; in 3.4 `!=` is true if any pair differs."""
    relation, default = _MEANING[op]
    if version is Version.V3_4 and op is CompareOp.NE:
        default = Quantifier.ANY
    return relation, quantifier or default


def infer_compare(node: ast.Compare, scope: Scope) -> TypedExpression | None:
    """The comparison, or the conjunction that a chain stands for; a quantifier before a chain has no
    effect.
    """
    found = [infer(operand, scope) for operand in node.operands]
    chained = len(node.ops) > 1
    tests: list[TypedExpression] = []
    for place, op in enumerate(node.ops):
        left, right = found[place], as_literal(found[place + 1], node.operands[place + 1], scope)
        span = node.operands[place].span.to(node.operands[place + 1].span) if chained else node.span
        meaning = meaning_of(op, None if chained else node.quantifier, scope.version)
        test = _pair(left, right, meaning, span, node.op_texts[place], scope)
        if test is not None:
            tests.append(test)
    if len(tests) < len(node.ops):
        return None
    return Conjunction(node.span, tuple(tests)) if chained else tests[0]


def _pair(
    left: Inferred,
    right: Inferred,
    meaning: tuple[Relation, Quantifier],
    span: Span,
    op_text: str,
    scope: Scope,
) -> TypedExpression | None:
    relation, quantifier = meaning
    nameless = scope.version > Version.V3_4 or isinstance(right, Untyped)
    if isinstance(left, Untyped) and is_name(left.node) and nameless:
        scope.unknown_name(left.node.text, left.node.span, _text_note(left.node.text))
        return None
    if left is None or right is None or _both_constant(left, right, span, scope):
        return None
    if scope.version is Version.V4_0 and isinstance(left, Untyped):
        message = f'Left side of "{op_text}" expression must be a field or function in Wireshark 4.0'
        scope.report(CONSTANT_EXPRESSION, left.node.span, message)
        return None
    try:
        sides = _sides(left, right, relation, op_text, scope)
    except ReferenceCrashes as crash:
        return never_true(crash, span, scope)
    except NoValueError:
        return Negation(span, Always(span))
    return None if sides is None else Comparison(span, relation, quantifier, *sides, scope.version)


def _text_note(text: str) -> tuple[str, ...]:
    return (f'text left of a comparison must be quoted: "{text}"',) if len(text) < 60 else ()


def _both_constant(left: Typed | Untyped, right: Typed | Untyped, span: Span, scope: Scope) -> bool:
    if is_constant(left) and is_constant(right):
        scope.report(CONSTANT_EXPRESSION, span, "Constant expression is invalid: neither side is a field")
        return True
    return False


def is_constant(found: Typed | Untyped) -> bool:
    """Has it one value, whatever the frame?"""
    return isinstance(found, Untyped) or found.constant


def _sides(
    left: Typed | Untyped, right: Typed | Untyped, relation: Relation, op_text: str, scope: Scope
) -> tuple[TypedOperand, TypedOperand] | None:
    typed = left if isinstance(left, Typed) else right
    assert isinstance(typed, Typed)
    if not check_comparable(typed.operand, relation, op_text, scope):
        return None
    if isinstance(left, Typed) and isinstance(right, Typed):
        other = matched(left.operand, right.operand, scope)
        return None if other is None else (left.operand, other)
    untyped = right if isinstance(right, Untyped) else left
    assert isinstance(untyped, Untyped)
    pair = with_constant(typed.operand, untyped, relation, scope)
    if pair is None:
        return None
    return pair if typed is left else (pair[1], pair[0])


def check_comparable(operand: TypedOperand, relation: Relation, op_text: str, scope: Scope) -> bool:
    """Report an operand that takes no part in this comparison."""
    if can_compare(operand.type, relation, scope.version):
        return True
    refuse_operator(operand, op_text, scope)
    return False


def refuse_operator(operand: TypedOperand, op_text: str, scope: Scope) -> None:
    """`F (type=T) cannot participate in OP comparison`."""
    message = (
        f"{describe(operand)} (type={type_name(operand.type)}) cannot participate in {op_text} comparison"
    )
    scope.report(NOT_COMPARABLE, operand.span, message)


class ReferenceCrashes(Exception):  # noqa: N818
    """Wireshark accepts this comparison and crashes when it runs it: for dfilter it is never true."""

    def __init__(self, span: Span) -> None:
        super().__init__()
        self.span = span


def never_true(crash: ReferenceCrashes, span: Span, scope: Scope) -> TypedExpression:
    """The defined answer to a comparison on which Wireshark crashes."""
    message = "Wireshark accepts this and crashes when it runs; dfilter takes it as never true"
    scope.report(CRASHES, crash.span, message)
    return Negation(span, Always(span))


def matched(left: TypedOperand, right: TypedOperand, scope: Scope) -> TypedOperand | None:
    """The typed right side as it is compared with `left`, None after reporting that it cannot be.

    A slice is compared with the whole of what can be sliced.
    """
    if comparable(left.type, right.type, scope.version):
        return right
    if left.type is FieldType.PROTOCOL and isinstance(right, Slice) and scope.version <= Version.V4_0:
        return right
    if isinstance(left, Slice) and isinstance(right, FieldRead | FunctionCall | LabelRead):
        if not can_slice(right.type, scope.version):
            message = f"{describe(right)} is a {type_name(right.type)} and cannot be converted into bytes"
            scope.report(INCOMPATIBLE, right.span, message)
            return None
        kind = slice_type(right.type, scope.version)
        if kind is not left.type:
            raise ReferenceCrashes(right.span)
        return Slice(right.span, kind, right, (PlainRange(0),))
    message = (
        f"{describe(left)} <FT_{left.type.value}> and {describe(right)} <FT_{right.type.value}> "
        "are not of compatible types"
    )
    notes: tuple[str, ...] = ()
    if isinstance(right, FieldRead) and right.type is FieldType.PROTOCOL:
        notes = (
            f'{right.name} is a protocol name; to mean the text or value, write "{right.name}" or a number',
        )
    scope.report(INCOMPATIBLE, right.span, message, notes)
    return None


def describe(operand: TypedOperand) -> str:
    """An operand in a message."""
    name = getattr(operand, "name", None)
    if isinstance(operand, FieldRead):
        return ("@" if operand.raw else "") + operand.name
    return f"Function {name}" if name else "The value"


def with_constant(
    operand: TypedOperand, untyped: Untyped, relation: Relation, scope: Scope
) -> tuple[TypedOperand, TypedOperand] | None:
    """An operand and the constant it is compared with, by value or, where the label is ambiguous, by
    label.
    """
    leaf = strip(untyped.node)
    if isinstance(operand, FieldRead) and isinstance(leaf, ast.String | ast.Word | ast.Literal):
        labelled = _by_label(operand, leaf, relation, scope)
        if labelled is not _NO_LABELS:
            return labelled
    untyped, part = for_slice(operand, untyped, scope.version), isinstance(operand, Slice)
    constant = constant_as(untyped, operand.type, scope, part=part, valueless=scope.version is Version.V4_0)
    return None if constant is None else (operand, constant)


_Pair = tuple[TypedOperand, TypedOperand]
_NO_LABELS: _Pair = (Constant(Span(0, 0), FieldType.NONE, None),) * 2
"""Answer of `_by_label`: this field has no labels for this literal."""


def label_text(leaf: ast.String | ast.Word | ast.Literal) -> str:
    return text_of(leaf) if isinstance(leaf, ast.String) else spelled(leaf)


def _by_label(
    field: FieldRead, leaf: ast.String | ast.Word | ast.Literal, relation: Relation, scope: Scope
) -> _Pair | None:
    if field.raw and not isinstance(leaf, ast.String):
        _refuse_raw_label(field, leaf, scope)
    labels = labels_of(field, scope.version, scope.names)
    text = label_text(leaf)
    if labels is None or labels.unit is not None or _boolean_word(field, leaf, text, scope.version):
        return _NO_LABELS
    try:
        constant = find(labels, text, field, leaf.span, scope.version)
    except ConversionError as error:
        scope.report_conversion(error, leaf.span)
        return None
    if constant is not None:
        return field, constant
    if not labels.verified:
        message = (
            f"the value name {quoted(text)} could not be verified: dfilter has no table for {field.name}"
        )
        scope.report(UNVERIFIED_LABEL, leaf.span, message)
    elif relation in ORDERED:
        message = f"Cannot use order comparisons with {quoted(text)} because several values have that name"
        scope.report(AMBIGUOUS_ORDER, leaf.span, message)
        return None
    return label_read(field, labels, scope.version), Constant(leaf.span, FieldType.STRING, text)


def _refuse_raw_label(field: FieldRead, leaf: ast.Word | ast.Literal, scope: Scope) -> None:
    """The name of a value, unquoted, compared with raw bytes makes Wireshark crash."""
    info = scope.names.lookup(field.name, scope.version)
    if info is None or parse_bytes(leaf.text, scope.version) is not None:
        return
    labels = labels_of(replace(field, raw=False, type=info.type), scope.version, scope.names)
    wanted = spelled(leaf).lower()
    if labels is not None and any(label.lower() == wanted for _, _, label in labels.table):
        raise ReferenceCrashes(leaf.span)


def _boolean_word(
    field: FieldRead, leaf: ast.String | ast.Word | ast.Literal, text: str, version: Version
) -> bool:
    """`true` and `false` are values of every boolean, unquoted from 4.0 on, quoted in 4.4."""
    if field.type is not FieldType.BOOLEAN:
        return False
    if isinstance(leaf, ast.String):
        return version is Version.V4_4 and text.lower() in ("true", "false", "")
    return is_boolean_word(text, version)
