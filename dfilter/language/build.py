"""From the grammar's rules to the syntax tree: one method a rule.

In: a rule's children (tokens and finished nodes, repetitions flat) and where it starts and ends.  Out: a node
of `ast`; `ProblemError` where a constant is malformed.  Spans are offsets in the parsed text.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from dfilter.fields.versions import Version
from dfilter.language import ast
from dfilter.language.lexer import Token, base_name
from dfilter.language.literals import (
    Flaw,
    LiteralError,
    character_value,
    float_value,
    integer_value,
    string_value,
)
from dfilter.language.problems import Problem, ProblemError, SyntaxProblem
from dfilter.language.source import Span
from dfilter.slotted import replace

TYPE_CHECKING = False  # as in `typing`, which costs more to load than this module
if TYPE_CHECKING:
    from typing import Any

    Kids = list[Any]

COMPARISONS = {op.value: op for op in ast.CompareOp} | {
    "eq": ast.CompareOp.EQ,
    "any_eq": ast.CompareOp.EQ,
    "all_eq": ast.CompareOp.ALL_EQ,
    "ne": ast.CompareOp.NE,
    "all_ne": ast.CompareOp.NE,
    "any_ne": ast.CompareOp.ANY_NE,
    "~=": ast.CompareOp.ANY_NE,
    "lt": ast.CompareOp.LT,
    "le": ast.CompareOp.LE,
    "gt": ast.CompareOp.GT,
    "ge": ast.CompareOp.GE,
}
"""Every spelling of a comparison."""

_SEARCHES = {"CONTAINS": ast.SearchOp.CONTAINS, "MATCHES": ast.SearchOp.MATCHES}
_BINARIES = {
    "PLUS": ast.BinaryOp.ADD,
    "MINUS": ast.BinaryOp.SUB,
    "STAR": ast.BinaryOp.MUL,
    "SLASH": ast.BinaryOp.DIV,
    "PERCENT": ast.BinaryOp.MOD,
    "BITAND": ast.BinaryOp.BITAND,
}
_SIGNS = {"PLUS": ast.UnaryOp.POS, "MINUS": ast.UnaryOp.NEG}

_OLD_INTEGER = r"0[xX][0-9a-fA-F]++|0[0-7]*+|[1-9][0-9]*+"
_OLD_FLOAT = r"(?:[0-9]++\.[0-9]*+|\.[0-9]++)(?>(?:[eE][+-]?[0-9]++)?)|[0-9]++[eE][+-]?[0-9]++"
_OLD_ADDRESS = r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}|[0-9a-fA-F]{2}(?:-[0-9a-fA-F]{2}){5}"


class Builder:
    """The actions of all dialects, for one version; `span` maps offsets to places in what the user typed."""

    def __init__(self, version: Version, span: Callable[[int, int], Span] = Span) -> None:
        self.version = version
        self._span = span

    # --- conditions

    def filter(self, kids: Kids, start: int, end: int) -> ast.Expression:
        expression: ast.Expression = kids[0] if kids else ast.Everything(self._span(start, end))
        return expression

    def disjunction(self, kids: Kids, start: int, end: int) -> ast.Or:
        return ast.Or(self._span(start, end), tuple(kids[::2]))

    def exclusion(self, kids: Kids, start: int, end: int) -> ast.Xor:
        return ast.Xor(self._span(start, end), tuple(kids[::2]))

    def conjunction(self, kids: Kids, start: int, end: int) -> ast.And:
        return ast.And(self._span(start, end), tuple(kids[::2]))

    def negation(self, kids: Kids, start: int, end: int) -> ast.Not:
        return ast.Not(self._span(start, end), kids[1])

    def group(self, kids: Kids, start: int, end: int) -> ast.Group:
        return ast.Group(self._span(start, end), kids[1])

    def test(self, kids: Kids, start: int, end: int) -> ast.Test:
        return ast.Test(self._span(start, end), kids[0])

    def quantified(self, kids: Kids, start: int, end: int) -> ast.Expression:
        quantifier = ast.Quantifier(kids[0].text)
        span = self._span(start, end)
        match kids[1]:
            case ast.Compare() as it:
                return ast.Compare(span, it.operands, it.ops, it.op_texts, it.op_spans, quantifier)
            case ast.Search() as it:
                return ast.Search(span, it.op, it.left, it.right, it.op_span, quantifier)
            case it:
                return ast.Membership(span, it.operand, it.elements, it.negated, quantifier)

    def comparison(self, kids: Kids, start: int, end: int) -> ast.Compare:
        tokens: list[Token] = kids[1::2]
        return ast.Compare(
            self._span(start, end),
            tuple(kids[::2]),
            tuple(COMPARISONS[token.text] for token in tokens),
            tuple(token.text for token in tokens),
            tuple(self._span(token.start, token.end) for token in tokens),
        )

    def search(self, kids: Kids, start: int, end: int) -> ast.Search:
        left, token, right = kids
        return ast.Search(
            self._span(start, end), _SEARCHES[token.kind], left, right, self._span(token.start, token.end)
        )

    def membership(self, kids: Kids, start: int, end: int) -> ast.Membership:
        return ast.Membership(self._span(start, end), kids[0], kids[2])

    def non_membership(self, kids: Kids, start: int, end: int) -> ast.Membership:
        return ast.Membership(self._span(start, end), kids[0], kids[3], negated=True)

    def set(self, kids: Kids, start: int, end: int) -> tuple[ast.Operand | ast.SetRange, ...]:
        return tuple(kid for kid in kids if not isinstance(kid, Token))

    def set_range(self, kids: Kids, start: int, end: int) -> ast.SetRange:
        return ast.SetRange(kids[0], kids[2], self._span(start, end))

    def chain(self, kids: Kids, start: int, end: int) -> ast.Expression:
        """3.4: each relation stands between its neighbours: `a == b in {c}` is `a == b and b in {c}`."""
        left: ast.Operand = kids[0]
        items: list[ast.Expression] = []
        run: list[Any] = [left]
        for token, right in kids[1:]:
            if token.kind == "COMPARISON_3_4" and not isinstance(left, tuple):
                run += [token, right]
            else:
                self._end_run(run, items)
                items.append(self._related(left, token, right))
                run = [right]
            left = right
        self._end_run(run, items)
        return items[0] if len(items) == 1 else ast.And(self._span(start, end), tuple(items))

    def relation(self, kids: Kids, start: int, end: int) -> tuple[Token, Any]:
        return kids[0], kids[1]

    def _end_run(self, run: list[Any], items: list[ast.Expression]) -> None:
        """Comparisons that follow each other stay one node."""
        if len(run) > 1:
            place = run[0].span.to(run[-1].span)
            items.append(replace(self.comparison(run, 0, 0), span=place))

    def _related(self, left: Any, token: Token, right: Any) -> ast.Expression:
        place = self._span(token.start, token.end)
        if isinstance(left, tuple):
            raise ProblemError(
                SyntaxProblem(Problem.UNEXPECTED, f'"{token.text}" cannot follow a set', place)
            )
        if token.kind == "IN":
            return ast.Membership(left.span.to(_last(right)), left, right)
        span = left.span.to(right.span)
        if token.kind in _SEARCHES:
            return ast.Search(span, _SEARCHES[token.kind], left, right, place)
        return ast.Test(span, ast.Binary(span, ast.BinaryOp.BITAND, left, right))

    # --- operands

    def bits(self, kids: Kids, start: int, end: int) -> ast.Operand:
        """A chain of operators of one level, from the left."""
        node: ast.Operand = kids[0]
        for index in range(1, len(kids), 2):
            right: ast.Operand = kids[index + 1]
            node = ast.Binary(node.span.to(right.span), _BINARIES[base_name(kids[index].kind)], node, right)
        return node

    sum = bits
    product = bits

    def sign(self, kids: Kids, start: int, end: int) -> ast.Unary:
        return ast.Unary(self._span(start, end), _SIGNS[kids[0].kind], kids[1])

    def braces(self, kids: Kids, start: int, end: int) -> ast.Braces:
        return ast.Braces(self._span(start, end), kids[1])

    def operand(self, kids: Kids, start: int, end: int) -> ast.Operand:
        node: ast.Operand = kids[0]
        for ranges, close in kids[1:]:
            node = ast.Sliced(self._span(start, close), node, ranges)
        return node

    def slice(self, kids: Kids, start: int, end: int) -> tuple[tuple[ast.Range, ...], int]:
        return kids[1], end

    def ranges(self, kids: Kids, start: int, end: int) -> tuple[ast.Range, ...]:
        return tuple(self._range(token.text, token.start) for token in kids[::2])

    def raw(self, kids: Kids, start: int, end: int) -> ast.Raw:
        return ast.Raw(self._span(start, end), kids[1])

    def call(self, kids: Kids, start: int, end: int) -> ast.Call:
        name: Token = kids[0]
        arguments = kids[2] if len(kids) == 4 else ()
        return ast.Call(self._span(start, end), name.text, self._span(name.start, name.end), arguments)

    def arguments(self, kids: Kids, start: int, end: int) -> tuple[ast.Operand, ...]:
        return tuple(kids[::2])

    def reference(self, kids: Kids, start: int, end: int) -> ast.Reference:
        return ast.Reference(self._span(start, end), kids[1])

    def braced_reference(self, kids: Kids, start: int, end: int) -> ast.Reference:
        return ast.Reference(self._span(start, end), kids[2])

    def layer(self, kids: Kids, start: int, end: int) -> ast.Layered:
        token: Token = kids[1]
        return ast.Layered(
            self._span(start, end), kids[0], (self._range(token.text[1:], token.start + 1, base=10),)
        )

    def layers(self, kids: Kids, start: int, end: int) -> ast.Layered:
        return ast.Layered(self._span(start, end), kids[0], kids[2])

    def word(self, kids: Kids, start: int, end: int) -> ast.Operand:
        token: Token = kids[0]
        if token.kind == "WORD_3_4":
            return self._old_word(token)
        if token.kind == "DOTTED_NAME":
            return ast.Word(self._span(start, end), token.text[1:], must_be_field=True)
        return ast.Word(self._span(start, end), token.text)

    def constant(self, kids: Kids, start: int, end: int) -> ast.Operand:
        token: Token = kids[0]
        text, span = token.text, self._span(start, end)
        try:
            match base_name(token.kind):
                case "INTEGER":
                    value = integer_value(text)
                    return ast.Literal(span, text) if value is None else ast.Number(span, text, value)
                case "FLOAT" | "NON_FINITE":
                    return ast.Number(span, text, float_value(text))
                case "STRING":
                    return ast.String(span, text, string_value(text, self.version))
                case "RAW_STRING":
                    return ast.String(span, text, string_value(text, self.version, raw=True), raw=True)
                case "CHARACTER":
                    return self._character(text, span)
                case "BYTES":
                    return ast.Literal(span, text[1:], must_be_bytes=True)
                case _:
                    return ast.Literal(span, text)
        except LiteralError as error:
            from dfilter.language.wording import literal_problem  # valid filters need no words

            raise ProblemError(literal_problem(error, text, start)) from None

    def _character(self, text: str, span: Span) -> ast.Operand:
        """3.4: several characters in single quotes are a string."""
        try:
            return ast.Character(span, text, character_value(text, self.version))
        except LiteralError as error:
            if self.version >= Version.V4_0 or error.flaw is not Flaw.LONG_CHARACTER:
                raise
            return ast.String(span, text, string_value(text, self.version))

    def _old_word(self, token: Token) -> ast.Operand:
        """3.4: a word by its looks; a sign belongs to the word and makes a sign of a number."""
        text, span = token.text, self._span(token.start, token.end)
        if text[0] in "+-" and len(text) > 1 and text[1] not in "+-":
            number = self._old_word(Token(token.kind, text[1:], token.start + 1, token.end))
            return (
                ast.Unary(span, ast.UnaryOp(text[0]), number)
                if isinstance(number, ast.Number)
                else ast.Word(span, text)
            )
        if re.fullmatch(_OLD_INTEGER, text):
            value = integer_value(text)
            return ast.Literal(span, text) if value is None else ast.Number(span, text, value)
        if re.fullmatch(_OLD_FLOAT, text):
            try:
                return ast.Number(span, text, float_value(text))
            except LiteralError:
                return ast.Literal(span, text)
        if ":" in text or "/" in text or re.fullmatch(_OLD_ADDRESS, text):
            return ast.Literal(span, text)
        return ast.Word(span, text)

    def _range(self, text: str, offset: int, base: int | None = None) -> ast.Range:
        from dfilter.language.ranges import RangeError, parse_range  # most filters have no slice

        try:
            found = parse_range(text, offset, self.version, base)
        except RangeError as error:
            from dfilter.language.wording import range_problem

            raise ProblemError(range_problem(error, text, offset)) from None
        return found if self._span is Span else replace(found, span=self._span(offset, offset + len(text)))


def _last(elements: tuple[ast.Operand | ast.SetRange, ...]) -> Span:
    return elements[-1].span
