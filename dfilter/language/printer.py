"""Syntax tree to text: one spelling for all ways to write a filter.

In: a tree and the version whose language is written.  Out: text, with symbols for comparisons and words for `and`,
`or`, `not`, `xor`.  For every tree that this version's parser makes, parsing the text gives an equal tree.  Recursion
is bounded by the height that the parser allows.
"""

from __future__ import annotations

from typing import assert_never

from dfilter.fields.versions import NEWEST, Version
from dfilter.language import ast
from dfilter.slotted import frozen

_ESCAPES = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}


def print_filter(tree: ast.Expression, version: Version = NEWEST, *, as_typed: bool = False) -> str:
    """The canonical text of a filter; "" for the filter that every frame satisfies.

    Args:
        tree: the filter.
        version: the Wireshark version whose language is written; the tree must be one that this version can say.
        as_typed: for people: strings and character constants keep the spelling they were typed in, and simple ranges
            have no blanks.
    """
    return Printer(version, as_typed).expression(tree)


@frozen
class Printer:
    """Writes trees in the language of one version."""

    version: Version
    as_typed: bool

    def expression(self, tree: ast.Expression) -> str:
        match tree:
            case ast.Everything():
                return ""
            case ast.Or(items=items):
                return " or ".join(map(self.expression, items))
            case ast.Xor(items=items):
                return " xor ".join(map(self.expression, items))
            case ast.And(items=items):
                return " and ".join(map(self.expression, items))
            case ast.Not(operand=operand):
                return f"not {self.expression(operand)}"
            case ast.Group(expression=expression):
                return f"({self.expression(expression)})"
            case ast.Test(operand=tested):
                return self.operand(tested)
            case ast.Compare() | ast.Search() | ast.Membership():
                quantifier = f"{tree.quantifier.value} " if tree.quantifier is not None else ""
                return quantifier + self._relation(tree)
            case _:
                raise TypeError(f"not an expression of a filter: {type(tree).__name__}")

    def _relation(self, tree: ast.Compare | ast.Search | ast.Membership) -> str:
        match tree:
            case ast.Compare(operands=operands, ops=ops):
                parts = [self.operand(operands[0])]
                for op, operand in zip(ops, operands[1:], strict=True):
                    parts += [op.value, self.operand(operand)]
                return " ".join(parts)
            case ast.Search(op=search, left=left, right=right):
                return f"{self.operand(left)} {search.value} {self.operand(right)}"
            case ast.Membership(operand=member, elements=elements, negated=negated):
                separator = " " if self.version is Version.V3_4 else ", "
                inside = separator.join(map(self._element, elements))
                return f"{self.operand(member)} {'not in' if negated else 'in'} {{{inside}}}"
            case _:
                assert_never(tree)

    def _element(self, element: ast.Operand | ast.SetRange) -> str:
        if not isinstance(element, ast.SetRange):
            return self.operand(element)
        dots = ".." if self.as_typed and _is_compact(element.low) and _is_compact(element.high) else " .. "
        return f"{self.operand(element.low)}{dots}{self.operand(element.high)}"

    def operand(self, node: ast.Operand) -> str:
        match node:
            case ast.Word(text=text, must_be_field=dotted):
                return f".{text}" if dotted else text
            case ast.Number(text=text):
                return text
            case ast.Literal(text=text, must_be_bytes=colon):
                return f":{text}" if colon else text
            case ast.String(text=text, value=value):
                return text if self.as_typed else print_string(value)
            case ast.Character(text=text, value=code):
                return text if self.as_typed else _character(code)
            case ast.Layered(operand=field, ranges=ranges):
                return f"{self.operand(field)}#{_layers(ranges)}"
            case ast.Raw(operand=field):
                return f"@{self.operand(field)}"
            case ast.Sliced(operand=sliced, ranges=ranges):
                return f"{self.operand(sliced)}[{','.join(map(_range, ranges))}]"
            case ast.Call(name=name, arguments=arguments):
                return f"{name}({', '.join(map(self.operand, arguments))})"
            case ast.Reference(operand=field):
                inside = self.operand(field)
                return f"${inside}" if self.version >= Version.V4_4 else f"${{{inside}}}"
            case ast.Unary(op=sign, operand=signed):
                return f"{sign.value}{self.operand(signed)}"
            case ast.Binary():
                return self._arithmetic(node)
            case ast.Braces(operand=inside):
                return f"{{{self.operand(inside)}}}"
            case _:
                raise TypeError(f"not an operand of a filter: {type(node).__name__}")

    def _arithmetic(self, node: ast.Binary) -> str:
        """A chain of operators, from its right end: it can be as long as the text."""
        parts: list[str] = []
        first: ast.Operand = node
        while isinstance(first, ast.Binary):
            parts += [self.operand(first.right), first.op.value]
            first = first.left
        parts.append(self.operand(first))
        return " ".join(reversed(parts))


def _is_compact(node: ast.Operand) -> bool:
    """Can `..` stand beside it without a blank, in every version?"""
    if isinstance(node, ast.Number):
        return node.text.isdigit()
    return isinstance(node, ast.Literal | ast.Word) and node.text[:1].isdigit() and node.text[-1:].isalnum()


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
