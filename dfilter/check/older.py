"""What newer versions say in one word, spelt in the words of older ones.

In: a syntax tree that the newer version reads.  Out: edits.  What always holds: nothing here decides whether the result
means the same; `migrate` compares what the versions read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dfilter.fields import registry
from dfilter.fields.versions import Version
from dfilter.language import ast
from dfilter.language.ast import CompareOp, Quantifier

Edit = Callable[[int, int, str], None]
"""Put a text in the place from start to end."""

_LONGEST = 4_000
"""Characters of a condition that may be written twice."""

_INVERSE = {CompareOp.EQ: "!=", CompareOp.ALL_EQ: "!=", CompareOp.NE: "==", CompareOp.LT: ">=", CompareOp.LE: ">",
            CompareOp.GT: "<=", CompareOp.GE: "<"}  # fmt: skip
_MIRRORED = {CompareOp.LT: ">", CompareOp.LE: ">=", CompareOp.GT: "<", CompareOp.GE: "<="}
_LITERALS = ast.Number | ast.Literal | ast.String | ast.Character


def respell(node: ast.Expression, text: str, new: Version, edit: Edit) -> None:
    """The edits of one expression for the version `new`, which is older than the one it was written for."""
    for operand in _operands(node):
        _operand(operand, text, new, edit)
    match node:
        case ast.Compare():
            _comparison(node, text, new, edit)
        case ast.Membership() if node.negated and node.quantifier is None:
            left = text[node.operand.span.start : node.operand.span.end]
            opened = text.index("{", node.operand.span.end)
            edit(node.span.start, node.span.start, f"({left} and not (")
            edit(node.operand.span.end, opened, " in ")
            edit(node.span.end, node.span.end, "))")
        case ast.Xor() if new < Version.V4_4 and len(node.items) == 2:
            one, other = (text[item.span.start : item.span.end] for item in node.items)
            if len(one) + len(other) <= _LONGEST:
                edit(node.span.start, node.span.start, "((")
                edit(node.items[0].span.end, node.items[1].span.start, ") or (")
                edit(node.span.end, node.span.end, f")) and not (({one}) and ({other}))")
        case ast.Test(operand=ast.Call()) if new < Version.V4_4:
            edit(node.span.end, node.span.end, " != 0" if new is Version.V3_4 else " !== 0")


# --- comparisons


def _comparison(node: ast.Compare, text: str, new: Version, edit: Edit) -> None:
    if new is Version.V4_0 and isinstance(node.operands[0], _LITERALS):
        _turned(node, text, edit)
    if new is not Version.V3_4:
        return
    if len(node.ops) > 1:
        return
    (op,), (left, right) = node.ops, node.operands
    if _one_bit(left, right, op):
        edit(left.span.end, node.span.end, "")
    elif node.quantifier is Quantifier.ALL or (op in (CompareOp.NE, CompareOp.ALL_EQ) and node.quantifier is None):
        _of_all(node, text, edit)
    elif node.quantifier is Quantifier.ANY:
        edit(node.span.start, left.span.start, "")


def _of_all(node: ast.Compare, text: str, edit: Edit) -> None:
    """`x != 1` is `(x and not (x == 1))`: 3.4 has no "all"."""
    left, right = node.operands
    if not isinstance(left, ast.Word | ast.Layered):
        return
    is_field = registry.lookup(right.text, Version.V4_4) is not None if isinstance(right, ast.Word) else False
    there = [text[side.span.start : side.span.end] for side in ((left, right) if is_field else (left,))]
    inverse = _INVERSE.get(node.ops[0])
    if inverse is None:
        return
    edit(node.span.start, left.span.start, f"({' and '.join(there)} and not (")
    edit(node.op_spans[0].start, node.op_spans[0].end, inverse)
    edit(node.span.end, node.span.end, "))")


def _turned(node: ast.Compare, text: str, edit: Edit) -> None:
    """4.0 wants the field on the left: `1 < x` is `x > 1`, and `1 < x < 9` is `(x > 1 and x < 9)`."""
    spelled = [text[operand.span.start : operand.span.end] for operand in node.operands]
    first = _MIRRORED.get(node.ops[0], node.op_texts[0])
    turned = f"{spelled[1]} {first} {spelled[0]}"
    if len(node.ops) == 1:
        edit(node.span.start if node.quantifier is None else node.operands[0].span.start, node.span.end, turned)
    elif len(node.ops) == 2 and node.quantifier is None:
        edit(node.span.start, node.span.end, f"({turned} and {spelled[1]} {node.op_texts[1]} {spelled[2]})")


def _one_bit(left: ast.Operand, right: ast.Operand, op: CompareOp) -> bool:
    """`x & 4 == 4`, which is `x & 4`."""
    if op is not CompareOp.EQ or not isinstance(left, ast.Binary) or left.op is not ast.BinaryOp.BITAND:
        return False
    mask = left.right
    return isinstance(mask, ast.Number) and isinstance(right, ast.Number) and mask.value == right.value


# --- operands


def _operands(node: ast.Expression) -> Iterator[ast.Operand]:
    """The operands of one expression, those inside them too."""
    pending: list[ast.Operand] = []
    match node:
        case ast.Compare():
            pending = list(node.operands)
        case ast.Test():
            pending = [node.operand]
        case ast.Search():
            pending = [node.left, node.right]
        case ast.Membership():
            for element in node.elements:
                pending += [element.low, element.high] if isinstance(element, ast.SetRange) else [element]
            pending.append(node.operand)
    while pending:
        operand = pending.pop()
        yield operand
        match operand:
            case ast.Binary():
                pending += [operand.left, operand.right]
            case ast.Unary() | ast.Braces() | ast.Sliced() | ast.Layered():
                pending.append(operand.operand)
            case ast.Call():
                pending += operand.arguments


def _operand(node: ast.Operand, text: str, new: Version, edit: Edit) -> None:
    spelled = text[node.span.start : node.span.end]
    match node:
        case ast.Binary(op=ast.BinaryOp.BITAND) if new < Version.V4_4:
            start, end = node.left.span.end, node.right.span.start
            if text[start:end].strip() == "bitand":
                edit(start, end, " & ")
        case ast.Reference() if new is Version.V4_0 and not spelled.startswith("${"):
            edit(node.span.start, node.span.end, f"${{{spelled[1:]}}}")
        case ast.Braces() if new is Version.V3_4 and _needs_no_braces(node.operand):
            edit(node.span.start, node.operand.span.start, "")
            edit(node.operand.span.end, node.span.end, "")


def _needs_no_braces(node: ast.Operand) -> bool:
    """A name, or what is computed while compiling: nothing but its value is left of that."""
    pending = [node]
    while pending:
        operand = pending.pop()
        match operand:
            case ast.Binary():
                pending += [operand.left, operand.right]
            case ast.Braces() | ast.Unary():
                pending.append(operand.operand)
            case ast.Word() if operand is node:
                return True
            case ast.Number() | ast.Literal():
                pass
            case _:
                return False
    return True


WHAT_IS_MISSING: tuple[tuple[Version, type[ast.Operand], str], ...] = (
    (Version.V4_4, ast.Raw, "raw values (@field)"),
    (Version.V4_0, ast.Layered, "layers (field#1)"),
    (Version.V4_0, ast.Reference, "field references"),
    (Version.V4_0, ast.Braces, "arithmetic"),
    (Version.V4_0, ast.Binary, "arithmetic"),
)
"""The first version that has each, and what it is called."""


def missing(nodes: Iterator[ast.Expression], new: Version) -> str:
    """What the version `new` lacks of what a filter uses; "" if nothing stands out."""
    for node in nodes:
        for operand in _operands(node):
            for since, kind, name in WHAT_IS_MISSING:
                bitwise = isinstance(operand, ast.Binary) and operand.op is ast.BinaryOp.BITAND
                if new < since and isinstance(operand, kind) and not bitwise:
                    return name
    return ""
