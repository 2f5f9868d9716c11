"""The type of every operand.

In: operands of the syntax tree.  Out: for each one of three things: `Typed` (its typed form), `Untyped` (a
constant whose type the other side decides), or None: it failed, was reported, and silences what follows
from it.  What always holds: left-leaning chains of arithmetic are walked in a loop; a name that stands where
only a field can stand and is none is reported once.
"""

from __future__ import annotations

import re

from dfilter.check.convert.errors import BAD_ARITHMETIC, ConversionError, quoted
from dfilter.check.fold import NoValueError, fold, plain_number, strip
from dfilter.check.operators import (
    OPERATION_REFUSED,
    calculable_together,
    can_calculate,
    can_negate,
    can_slice,
    slice_type,
)
from dfilter.check.resolve import Scope
from dfilter.check.typed import (
    Arithmetic,
    ArithmeticOp,
    Constant,
    FieldRead,
    FunctionCall,
    Negate,
    PlainRange,
    Slice,
    TypedOperand,
)
from dfilter.check.typenames import type_name
from dfilter.fields.types import BYTE_LIKE, STRINGS, TIMES, FieldType
from dfilter.fields.versions import Version
from dfilter.language import ast
from dfilter.slotted import frozen, replace

TYPE_CHECKING = False  # as in `typing`, which costs more to load than this module
if TYPE_CHECKING:
    from typing import TypeGuard

CONSTANT_EXPRESSION = "E301"
NOT_A_TEST = "E302"
BAD_OPERATION = "E305"
NOT_SLICEABLE = "E306"


@frozen
class Typed:
    """`constant`: it holds no field of the frame (a field of the selected frame counts as a constant)."""

    operand: TypedOperand
    constant: bool = False


@frozen
class Untyped:
    node: ast.Operand


Inferred = Typed | Untyped | None


def infer(node: ast.Operand, scope: Scope) -> Inferred:
    """The typed form of an operand; an unknown word stays `Untyped`: only its place tells whether it is
    text.
    """
    node = strip(node)
    if isinstance(node, ast.Word):
        return _word(node, scope)
    if isinstance(node, ast.Number | ast.Literal | ast.String | ast.Character):
        return Untyped(node)
    if isinstance(node, ast.Binary):
        return _arithmetic(node, scope)
    if isinstance(node, ast.Unary):
        return _negation(node, scope)
    if isinstance(node, ast.Call):
        from dfilter.check.calls import infer_call

        return infer_call(node, scope)
    if isinstance(node, ast.Sliced):
        return _slice(node, scope)
    if isinstance(node, ast.Layered):
        return _layered(node, scope)
    if isinstance(node, ast.Raw):
        return _raw(node, scope)
    if isinstance(node, ast.Reference):
        return _reference(node, scope)
    raise AssertionError(f"not an operand: {type(node).__name__}")


def infer_right(node: ast.Operand, scope: Scope) -> Inferred:
    """As `infer`, right of an operator: in 3.4 a protocol's name is a literal there, as any other word."""
    return as_literal(infer(node, scope), node, scope)


def as_literal(found: Inferred, node: ast.Operand, scope: Scope) -> Inferred:
    """What was found, or the word itself where `infer_right` says so."""
    named = isinstance(found, Typed) and found.operand.type is FieldType.PROTOCOL and isinstance(node, ast.Word)
    return Untyped(node) if named and scope.version is Version.V3_4 else found


def infer_not_word(node: ast.Operand, scope: Scope) -> Inferred:
    """As `infer`, where a word can only be a field: an unknown one is reported."""
    found = infer(node, scope)
    if isinstance(found, Untyped) and is_name(found.node):
        scope.unknown_name(found.node.text, found.node.span)
        return None
    return found


_HEX_AFTER_ZERO = r"0[0-9A-Fa-f]*"


def is_name(node: ast.Operand) -> TypeGuard[ast.Word]:
    """Is this a word that only a name could be? Hexadecimal digits after a zero (`0f`) are bytes in any place."""
    return isinstance(node, ast.Word) and not re.fullmatch(_HEX_AFTER_ZERO, node.text)


def _word(node: ast.Word, scope: Scope) -> Inferred:
    info = scope.lookup(node.text, node.span)
    if info is not None:
        return Typed(FieldRead(node.span, info.type, info.name, info.protocol))
    if node.must_be_field:
        scope.unknown_name(node.text, node.span)
        return None
    return Untyped(node)


# --- fields: layers, raw bytes, references, slices ---------------------------------------------------------


def _field(node: ast.Operand, scope: Scope) -> FieldRead | None:
    found = infer_not_word(node, scope)
    if found is None:
        return None
    if isinstance(found, Typed) and isinstance(found.operand, FieldRead):
        return found.operand
    scope.report(NOT_A_TEST, node.span, "a field or protocol name is expected here")
    return None


def _layered(node: ast.Layered, scope: Scope) -> Inferred:
    field = _field(node.operand, scope)
    if field is None:
        return None
    return Typed(replace(field, span=node.span, layers=plain_ranges(node.ranges)))


def _raw(node: ast.Raw, scope: Scope) -> Inferred:
    field = _field(node.operand, scope)
    if field is None:
        return None
    return Typed(replace(field, span=node.span, raw=True, type=FieldType.BYTES))


def _reference(node: ast.Reference, scope: Scope) -> Inferred:
    inner = node.operand
    if isinstance(inner, ast.Sliced):
        found = _reference(ast.Reference(node.span, inner.operand), scope)
        return _sliced_value(found, inner, scope) if isinstance(found, Typed) else None
    field = _field(inner, scope)
    if field is None:
        return None
    return Typed(replace(field, span=node.span, selected=True), constant=True)


def plain_ranges(ranges: tuple[ast.Range, ...]) -> tuple[PlainRange, ...]:
    """The parts of a slice or layer list, as start and length or start and last."""
    return tuple(_plain_range(item) for item in ranges)


def _plain_range(item: ast.Range) -> PlainRange:
    start = item.start or 0
    if item.single:
        return PlainRange(start, 1)
    if item.end is not None:
        return PlainRange(start, None, item.end)
    return PlainRange(start, item.length)


def _slice(node: ast.Sliced, scope: Scope) -> Inferred:
    found = infer_not_word(node.operand, scope)
    if isinstance(found, Untyped):
        message = "Range is not supported here: only fields and functions can be sliced"
        scope.report(NOT_SLICEABLE, found.node.span, message)
        return None
    return _sliced_value(found, node, scope) if found is not None else None


def _sliced_value(found: Typed, node: ast.Sliced, scope: Scope) -> Inferred:
    operand = found.operand
    allowed = can_slice(operand.type, scope.version)
    if isinstance(operand, FunctionCall) and operand.name in ("max", "min"):
        allowed = operand.type in BYTE_LIKE or operand.type in STRINGS
    if not allowed:
        what = quoted(operand.name) if isinstance(operand, FieldRead) else "The value"
        message = f"{what} is a {type_name(operand.type)} and cannot be sliced into a sequence of bytes"
        scope.report(NOT_SLICEABLE, operand.span, message)
        return None
    kind = slice_type(operand.type, scope.version)
    return Typed(Slice(node.span, kind, operand, plain_ranges(node.ranges)), found.constant)


# --- arithmetic --------------------------------------------------------------------------------------------


def _negation(node: ast.Unary, scope: Scope) -> Inferred:
    found = infer_not_word(node.operand, scope)
    if found is None:
        return None
    if isinstance(found, Untyped):
        return Untyped(node)
    kind = found.operand.type
    if not can_negate(kind, scope.version):
        scope.report(BAD_OPERATION, found.operand.span, f"FT_{kind.value} cannot be negated")
        return None
    return Typed(Negate(node.span, kind, found.operand), found.constant)


def _arithmetic(node: ast.Binary, scope: Scope) -> Inferred:
    spine: list[ast.Binary] = []
    first: ast.Operand = node
    while isinstance(first, ast.Binary):
        spine.append(first)
        first = strip(first.left)
    left = infer_not_word(first, scope)
    for binary in reversed(spine):
        read = infer if scope.version <= Version.V4_0 else infer_not_word
        right = as_literal(read(binary.right, scope), binary.right, scope)
        left = _combine(binary, left, right, scope)
    return left


def _combine(node: ast.Binary, left: Inferred, right: Inferred, scope: Scope) -> Inferred:
    if left is None or right is None:
        return None
    if isinstance(left, Untyped) and isinstance(right, Untyped):
        return Untyped(node)
    op = ArithmeticOp(node.op.value)
    if scope.version is Version.V4_0 and _refused_constant(left, right, scope):
        return None
    for side in (left, right):
        if isinstance(side, Typed) and not _takes(op, side.operand, scope):
            return None
    if isinstance(left, Typed) and isinstance(right, Typed):
        return _combine_typed(node, op, left, right, scope)
    try:
        operands = _with_constant(op, left, right, scope)
    except ConversionError as error:
        untyped = left if isinstance(left, Untyped) else right
        assert isinstance(untyped, Untyped)
        scope.report_conversion(error, untyped.node.span)
        return None
    typed = left if isinstance(left, Typed) else right
    assert isinstance(typed, Typed)
    return Typed(Arithmetic(node.span, operands[0].type, op, *operands), typed.constant)


def _refused_constant(left: Typed | Untyped, right: Typed | Untyped, scope: Scope) -> bool:
    """4.0: a constant is the right operand only, and no text."""
    if isinstance(left, Untyped):
        message = "Constant arithmetic expression on the LHS is invalid in Wireshark 4.0"
        scope.report(CONSTANT_EXPRESSION, left.node.span, message, ("put the constant on the right",))
        return True
    if any(isinstance(side, Typed) and _takes_constant(side.operand) for side in (left, right)):
        message = "a function with a literal argument cannot be calculated with in Wireshark 4.0"
        scope.report(BAD_OPERATION, left.operand.span, message)
        return True
    if isinstance(right, Untyped) and isinstance(strip(right.node), ast.String | ast.Character):
        message = "text is not a valid arithmetic operand in Wireshark 4.0"
        scope.report(BAD_OPERATION, right.node.span, message)
        return True
    return False


def _takes_constant(operand: TypedOperand) -> bool:
    return isinstance(operand, FunctionCall) and any(isinstance(part, Constant) for part in operand.arguments)


def _takes(op: ArithmeticOp, operand: TypedOperand, scope: Scope) -> bool:
    if operand.type is FieldType.NONE:
        scope.report(
            CONSTANT_EXPRESSION, operand.span, "Constant expression is invalid: this field has no values"
        )
        return False
    if can_calculate(op, operand.type, scope.version):
        return True
    message = f"FT_{operand.type.value} {OPERATION_REFUSED[op]}"
    notes = ('conditions are joined by "&&" or "and"',) if op is ArithmeticOp.BITAND else ()
    scope.report(BAD_OPERATION, operand.span, message, notes)
    return False


def _combine_typed(node: ast.Binary, op: ArithmeticOp, left: Typed, right: Typed, scope: Scope) -> Inferred:
    a, b = left.operand, right.operand
    if a.type in TIMES and (op in (ArithmeticOp.MUL, ArithmeticOp.DIV)):
        message = f"Right hand side must be an integer or float type, not {type_name(b.type)}"
        scope.report(
            BAD_OPERATION, b.span, message, ("a time is multiplied or divided by a literal number only",)
        )
        return None
    if not calculable_together(a.type, b.type, scope.version):
        message = f"FT_{a.type.value} and FT_{b.type.value} are not compatible"
        scope.report(BAD_OPERATION, node.span, message)
        return None
    return Typed(Arithmetic(node.span, a.type, op, a, b), left.constant and right.constant)


def _with_constant(
    op: ArithmeticOp, left: Typed | Untyped, right: Typed | Untyped, scope: Scope
) -> tuple[TypedOperand, TypedOperand]:
    """Both operands typed, the constant one converted to the other's type."""
    version = scope.version
    if isinstance(left, Typed):
        assert isinstance(right, Untyped)
        kind = left.operand.type
        if kind in TIMES and op in (ArithmeticOp.MUL, ArithmeticOp.DIV):
            return left.operand, plain_number(right.node, version)
        if version is Version.V3_4 and isinstance(left.operand, FieldRead):
            from dfilter.check.labels import value_named

            named = value_named(left.operand, right.node, version, scope.names)
            if named is not None:
                return left.operand, named
        right = for_slice(left.operand, right, version)
        return left.operand, fold(right.node, kind, version)
    assert isinstance(right, Typed)
    kind = right.operand.type
    if kind in TIMES and op in (ArithmeticOp.MUL, ArithmeticOp.DIV):
        message = f"Right hand side must be an integer or float type, not {type_name(kind)}"
        raise ConversionError(BAD_ARITHMETIC, message, ("put the number on the right: t * 2",))
    return fold(left.node, kind, version), right.operand


def for_slice(operand: TypedOperand, found: Untyped, version: Version) -> Untyped:
    """3.4: one byte compared with a part of a field may be written `0x0d`."""
    leaf = found.node
    if version is not Version.V3_4 or not isinstance(operand, Slice) or not isinstance(leaf, ast.Number):
        return found
    octet = len(leaf.text) == 4 and leaf.text[:2].lower() == "0x"
    return Untyped(replace(leaf, text=leaf.text[2:])) if octet else found


def constant_as(
    found: Untyped, kind: FieldType, scope: Scope, *, part: bool = False, valueless: bool = False
) -> Constant | None:
    """An untyped constant converted to `kind`; None after reporting why it does not convert.

    Raises:
        NoValueError: with `valueless`, arithmetic without a result is not reported.
    """
    try:
        return fold(found.node, kind, scope.version, part=part)
    except ConversionError as error:
        if valueless and isinstance(error, NoValueError):
            raise
        scope.report_conversion(error, found.node.span)
        return None
