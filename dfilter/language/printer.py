"""Syntax tree to text: one spelling for all ways to write a filter.

In: a tree.  Out: text in the language of Wireshark 4.4 on, with symbols for comparisons and words for `and`,
`or`,
`not`, `xor`.  For every tree that the parser makes, parsing the text gives an equal tree.  Recursion is
bounded by
the height that the parser allows.
"""

from __future__ import annotations

from typing import assert_never

from dfilter.language import ast

_ESCAPES = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}


def print_filter(tree: ast.Expression) -> str:
    """The canonical text of a filter; "" for the filter that every frame satisfies."""
    match tree:
        case ast.Everything():
            return ""
        case ast.Or(items=items):
            return " or ".join(map(print_filter, items))
        case ast.Xor(items=items):
            return " xor ".join(map(print_filter, items))
        case ast.And(items=items):
            return " and ".join(map(print_filter, items))
        case ast.Not(operand=operand):
            return f"not {print_filter(operand)}"
        case ast.Group(expression=expression):
            return f"({print_filter(expression)})"
        case ast.Test(operand=tested):
            return print_operand(tested)
        case ast.Compare() | ast.Search() | ast.Membership():
            quantifier = f"{tree.quantifier.value} " if tree.quantifier is not None else ""
            return quantifier + _relation(tree)
        case _:
            raise TypeError(f"not an expression of a filter: {type(tree).__name__}")


def _relation(tree: ast.Compare | ast.Search | ast.Membership) -> str:
    match tree:
        case ast.Compare(operands=operands, ops=ops):
            parts = [print_operand(operands[0])]
            for op, operand in zip(ops, operands[1:], strict=True):
                parts += [op.value, print_operand(operand)]
            return " ".join(parts)
        case ast.Search(op=search, left=left, right=right):
            return f"{print_operand(left)} {search.value} {print_operand(right)}"
        case ast.Membership(operand=member, elements=elements, negated=negated):
            inside = ", ".join(map(_element, elements))
            return f"{print_operand(member)} {'not in' if negated else 'in'} {{{inside}}}"
        case _:
            assert_never(tree)


def _element(element: ast.Operand | ast.SetRange) -> str:
    if isinstance(element, ast.SetRange):
        return f"{print_operand(element.low)} .. {print_operand(element.high)}"
    return print_operand(element)


def print_operand(node: ast.Operand) -> str:
    """The canonical text of an operand."""
    match node:
        case ast.Word(text=text, must_be_field=dotted):
            return f".{text}" if dotted else text
        case ast.Number(text=text):
            return text
        case ast.Literal(text=text, must_be_bytes=colon):
            return f":{text}" if colon else text
        case ast.String(value=value):
            return print_string(value)
        case ast.Character(value=code):
            return _character(code)
        case ast.Layered(operand=field, ranges=ranges):
            return f"{print_operand(field)}#{_layers(ranges)}"
        case ast.Raw(operand=field):
            return f"@{print_operand(field)}"
        case ast.Sliced(operand=sliced, ranges=ranges):
            return f"{print_operand(sliced)}[{','.join(map(_range, ranges))}]"
        case ast.Call(name=name, arguments=arguments):
            return f"{name}({', '.join(map(print_operand, arguments))})"
        case ast.Reference(operand=field):
            return f"${print_operand(field)}"
        case ast.Unary(op=sign, operand=signed):
            return f"{sign.value}{print_operand(signed)}"
        case ast.Binary():
            return _arithmetic(node)
        case ast.Braces(operand=inside):
            return f"{{{print_operand(inside)}}}"
        case _:
            raise TypeError(f"not an operand of a filter: {type(node).__name__}")


def _arithmetic(node: ast.Binary) -> str:
    """A chain of operators, from its right end: it can be as long as the text."""
    parts: list[str] = []
    first: ast.Operand = node
    while isinstance(first, ast.Binary):
        parts += [print_operand(first.right), first.op.value]
        first = first.left
    parts.append(print_operand(first))
    return " ".join(reversed(parts))


def print_string(value: bytes) -> str:
    """A quoted string with these bytes; UTF-8 stays readable, other bytes and controls become escapes.

    A `$` becomes an escape, for macros are expanded inside strings too.
    """
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return '"' + "".join(map(_byte, value)) + '"'
    return '"' + "".join(char if char >= "\x80" else _byte(ord(char)) for char in text) + '"'


def _byte(code: int) -> str:
    if code in _ESCAPES:
        return _ESCAPES[code]
    return chr(code) if 32 <= code < 127 and code != 36 else f"\\x{code:02x}"


def _character(code: int) -> str:
    if 32 <= code < 127 and code not in (36, 39, 92):
        return f"'{chr(code)}'"
    return f"'\\x{code:02x}'"


def _layers(ranges: tuple[ast.Range, ...]) -> str:
    first = ranges[0]
    if len(ranges) == 1 and first.single and first.start is not None and first.start >= 0:
        return str(first.start)
    return f"[{','.join(map(_range, ranges))}]"


def _range(part: ast.Range) -> str:
    start = "" if part.start is None else str(part.start)
    if part.single:
        return start
    if part.end is not None:
        return f"{start}-{part.end}"
    return f"{start}:{'' if part.length is None else part.length}"
