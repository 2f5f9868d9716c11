"""The words for syntax problems: from what the machine saw to what its user can act on.

In: errors of the stages below, tokens, names of terminals.  Out: `SyntaxProblem`.  Spans are those of
Wireshark 4.4
and 4.6, except that an end of text has a place too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from dfilter.language.lexer import Token, base_name
from dfilter.language.literals import Flaw, LiteralError
from dfilter.language.problems import Fix, Problem, SyntaxProblem
from dfilter.language.ranges import RangeError, RangeFlaw
from dfilter.language.source import Span

_WORDS = {
    "OR": "'or'",
    "XOR": "'xor'",
    "AND": "'and'",
    "NOT": "'not'",
    "IN": "'in' or 'not in'",
    "CONTAINS": "'contains'",
    "MATCHES": "'matches'",
    "QUANTIFIER": "'any' or 'all'",
    "COMPARISON": "a comparison",
    "BITAND": "an arithmetic operator",
    "PLUS": "an arithmetic operator",
    "MINUS": "an arithmetic operator",
    "STAR": "an arithmetic operator",
    "SLASH": "an arithmetic operator",
    "PERCENT": "an arithmetic operator",
    "LPAR": "'('",
    "RPAR": "')'",
    "LBRACE": "'{'",
    "RBRACE": "'}'",
    "LSQB": "a slice",
    "RSQB": "']'",
    "COMMA": "','",
    "DOTDOT": "'..'",
    "RANGE": "a range",
    "LAYER": "a layer number",
    "LAYERS": "a layer number",
    "$END": "the end of the filter",
}
"""Terminals in users' words; all that start a field or value are named by these two."""
_FIELD = frozenset({"NAME", "WORD", "DOTTED_NAME"})
_VALUE = frozenset({"INTEGER", "FLOAT", "STRING", "CHARACTER", "LITERAL", "DIGITS", "BYTES", "DOTTED_QUAD"})

_OPERATOR_FIXES = {
    "=": "==",
    "=>": ">=",
    "=<": "<=",
    "<>": "!=",
    "|": "||",
    "=!": "!=",
    "===": "===",
    "=~": "matches",
}
_KEYWORDS = frozenset(_WORDS[kind][1:-1] for kind in ("OR", "XOR", "AND", "NOT", "CONTAINS", "MATCHES"))
_KEYWORDS |= {"in", "any", "all", "eq", "ne", "lt", "le", "gt", "ge", "bitand", "bitwise_and"}


def expected_words(terminals: Iterable[str]) -> tuple[str, ...]:
    """What could follow, each thing once: fields and values first, then operators, brackets, the end."""
    kinds = {base_name(kind) for kind in terminals}
    first = ["a value"] if kinds & _VALUE else []
    if kinds & _FIELD:
        first = ["a field or value"] if first else ["a field"]
    if {"PLUS", "INTEGER"} <= kinds:
        kinds -= {"PLUS", "MINUS"}  # a sign is part of a value here
    if {"NOT", "IN"} <= kinds:
        kinds -= {"NOT"}  # after an operand it can only begin "not in"
    rest = [word for kind, word in _WORDS.items() if kind in kinds]
    return tuple(dict.fromkeys(first + rest))


def unexpected(token: Token, previous: Token | None, text: str, terminals: list[str]) -> SyntaxProblem:
    """A token that cannot stand where it stands."""
    end = token.start + 1 if token.kind in ("LSQB", "LAYER", "LAYERS", "") else token.end
    span = Span(token.start, end)
    shown = text[token.start : end]
    expected = expected_words(terminals)
    notes, fix = _advice(token, previous, text, terminals)
    return SyntaxProblem(
        Problem.UNEXPECTED, f'"{shown}" was unexpected in this context', span, expected, notes, fix
    )


def unexpected_end(text: str, terminals: list[str]) -> SyntaxProblem:
    """The text stops too early; the place is its end."""
    end = len(text)
    bracket = next((b for kind, b in (("RPAR", ")"), ("RBRACE", "}")) if kind in terminals), None)
    return SyntaxProblem(
        Problem.END,
        "the filter ends too early",
        Span(end, end),
        expected_words(terminals),
        fix=Fix(Span(end, end), bracket) if bracket else None,
    )


def unreadable(token: Token, previous: Token | None, text: str, terminals: list[str]) -> SyntaxProblem:
    """No token can be read at `token.start`."""
    start, end = token.start, len(text)
    match text[start]:
        case '"':
            return SyntaxProblem(
                Problem.QUOTE,
                "the closing quote of a quoted string is missing",
                Span(end, end + 1),
                labels=((Span(start, start + 1), "the string begins here"),),
            )
        case "'":
            return SyntaxProblem(
                Problem.QUOTE,
                "the closing quote of a character constant is missing",
                Span(end, end + 1),
                notes=('a string has double quotes: "…"',),
                labels=((Span(start, start + 1), "the constant begins here"),),
            )
        case "#" if "LAYER" in terminals:
            return _bad_layer(text, start)
        case char if not "!" <= char <= "~":
            return SyntaxProblem(
                Problem.NON_PRINTABLE,
                f"the character {_shown(char)} may only stand inside double quotes",
                Span(start, start + 1),
            )
        case _:
            return unexpected(token, previous, text, terminals)


def _shown(char: str) -> str:
    """A character, with its number where it can be seen; by its number alone where it cannot."""
    code = ord(char)
    return f'"{char}" (U+{code:04X})' if char.isprintable() and code > 0x7F else ascii(char)


def _bad_layer(text: str, start: int) -> SyntaxProblem:
    if start + 1 == len(text):
        return SyntaxProblem(
            Problem.END, "the filter ends too early", Span(start + 1, start + 1), ("a layer number", "'['")
        )
    return SyntaxProblem(
        Problem.LAYER,
        f'a digit or "[" must follow "#", not "{text[start + 1]}"',
        Span(start + 1, start + 2),
        ("a layer number", "'['"),
    )


def missing_bracket(text: str, opened: int) -> SyntaxProblem:
    """A slice that never ends."""
    end = len(text)
    return SyntaxProblem(
        Problem.BRACKET,
        "the closing bracket of a slice is missing",
        Span(end, end + 1),
        ("']'",),
        labels=((Span(opened, opened + 1), "the slice begins here"),),
    )


def too_deep(token: Token, limit: int) -> SyntaxProblem:
    """More is open, or chained, than any consumer has to walk."""
    return SyntaxProblem(
        Problem.NESTING,
        f"the filter is nested too deeply here (limit: {limit} pending symbols)",
        Span(token.start, max(token.end, token.start)),
        notes=("Wireshark itself silently misreads a filter beyond about 100 pending symbols",),
    )


def literal_problem(error: LiteralError, text: str, start: int) -> SyntaxProblem:
    """A malformed constant; its place is the wrong part, for a string the escape."""
    span = Span(start + error.start, start + error.end)
    part = error.part
    match error.flaw:
        case Flaw.ESCAPE:
            fix = Fix(Span(span.start, span.start), "\\")
            note = 'write a backslash as \\\\, or the whole string as r"…"'
            return SyntaxProblem(
                Problem.ESCAPE, f"{part} is not an escape sequence", span, notes=(note,), fix=fix
            )
        case Flaw.UNIVERSAL_NAME:
            return SyntaxProblem(Problem.ESCAPE, f"{part} is not a valid universal character name", span)
        case Flaw.OCTAL if text[0] == "'":
            return SyntaxProblem(Problem.CHARACTER, f"{text} is too large for a character constant", span)
        case Flaw.OCTAL:
            return SyntaxProblem(Problem.ESCAPE, f"{part} is larger than 255", span)
        case Flaw.EMPTY_CHARACTER:
            return SyntaxProblem(Problem.CHARACTER, "empty character constant", span)
        case Flaw.LONG_CHARACTER if text == r"'\n'":
            fix = Fix(span, r"'\x0a'")
            message = r"'\n' is refused by every Wireshark 4.x"
            return SyntaxProblem(Problem.CHARACTER, message, span, fix=fix)
        case Flaw.LONG_CHARACTER:
            quoted = Fix(span, f'"{text[1:-1]}"') if '"' not in text else None
            message = f"{text} is too long for a character constant"
            return SyntaxProblem(
                Problem.CHARACTER, message, span, notes=("a string has double quotes",), fix=quoted
            )
        case Flaw.BAD_CHARACTER:
            return SyntaxProblem(Problem.CHARACTER, f"{text} is not a valid character constant", span)
        case Flaw.NON_PRINTABLE:
            return SyntaxProblem(
                Problem.CHARACTER, "a character constant holds one printable ASCII character", span
            )
        case Flaw.OVERFLOW:
            return SyntaxProblem(Problem.NUMBER, f'"{part}" is too large for a floating-point number', span)
        case Flaw.UNDERFLOW:
            return SyntaxProblem(Problem.NUMBER, f'"{part}" is too small for a floating-point number', span)
        case _:
            assert_never(error.flaw)


def range_problem(error: RangeError, text: str, start: int) -> SyntaxProblem:
    """A malformed part of a slice; its place is the part."""
    span = Span(start, start + len(text))
    match error.flaw:
        case RangeFlaw.NOT_A_NUMBER:
            message = f'"{text}" is not a number'
        case RangeFlaw.NOT_A_RANGE:
            message = f'"{text}" is not a range'
        case RangeFlaw.OVERFLOW:
            message = f'"{text}" does not fit a 32-bit number'
        case RangeFlaw.LENGTH:
            message = f"the range {text} is invalid: its length {error.numbers[0]} is not positive"
        case RangeFlaw.ORDER:
            message = f"the range {text} is invalid: {error.numbers[0]} is not less than {error.numbers[1]}"
        case RangeFlaw.SIGNS:
            message = f"the range {text} is invalid: {error.numbers[0]} and {error.numbers[1]} differ in sign"
        case _:
            assert_never(error.flaw)
    note = "a range is i, i:length, i-j, :length, i: or :"
    return SyntaxProblem(Problem.RANGE, message, span, notes=(note,))


def _advice(
    token: Token, previous: Token | None, text: str, terminals: list[str]
) -> tuple[tuple[str, ...], Fix | None]:
    """Notes and a repair for the mistakes that people make."""
    shown = text[token.start : token.end]
    word = shown if token.kind in ("NAME", "WORD") else ""
    if word.lower() in _KEYWORDS and word != word.lower():
        note = f'operators are written in lower case: "{word.lower()}"'
        return (note,), Fix(Span(token.start, token.end), word.lower())
    if (
        previous is not None
        and previous.kind == "NAME"
        and previous.text.isupper()
        and previous.text.lower() == "not"
    ):
        return ('"not" is written in lower case',), Fix(Span(previous.start, previous.end), "not")
    if token.kind == "LPAR" and previous is not None and previous.kind == "IN":
        return ("a set is written in braces: {80, 443}",), None
    if token.kind == "LPAR" and "LBRACE" in terminals and "LPAR" not in terminals:
        return ("round brackets group conditions; braces group values",), None
    if token.kind != "" and shown not in (">", "~"):
        return (), None
    return _operator_advice(token, previous, text, terminals)


def _operator_advice(
    token: Token, previous: Token | None, text: str, terminals: list[str]
) -> tuple[tuple[str, ...], Fix | None]:
    start = token.start
    if (
        previous is not None
        and previous.end == start
        and text[previous.start : start] in ("~", "!", "<", "=")
    ):
        start = previous.start
    for length in (2, 1):
        spelling = text[start : start + length]
        right = _OPERATOR_FIXES.get(spelling)
        if right is not None and start + len(spelling) > token.start:
            return (f'write "{right}" for "{spelling}"',), Fix(Span(start, start + len(spelling)), right)
    if text[start : start + 2] in ("!~", "~="):
        return ('write "not x matches …", or "x !== …" for "any value differs"',), None
    if text[token.start] == "/" and "STRING" in terminals:
        return ("text that begins with / must be quoted",), None
    return (), None
