"""H103: an unquoted word is taken as text, or as the name of a value.

In `http.host == example` the word is text, in `ip.proto == UDP` a name of the value 17, only as long as no protocol
or field is called that; a version that adds such a name turns the filter into an error.  The fix adds the quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dfilter.check.diagnostics import Diagnostic, Fix, Safety, diagnostic
from dfilter.check.rules.context import Context, operands_of
from dfilter.check.typed import Constant, FieldRead, TypedOperand
from dfilter.fields.types import INTEGERS, FieldType
from dfilter.language.source import Span

CODE = "H103"
_WORD = r"[A-Za-z][A-Za-z0-9_.-]*"
_TEXT_TYPES = frozenset({
    FieldType.STRING, FieldType.STRINGZ, FieldType.UINT_STRING, FieldType.STRINGZPAD, FieldType.STRINGZTRUNC,
})  # fmt: skip


def check(context: Context) -> Iterator[Diagnostic]:
    """One hint for each bare word that is compared as text.

    In a chain the same word can be a protocol for its other neighbour (`http.host < tcp <= tcp`): quotes would turn the
    filter into an error, so there is no fix.
    """
    operands = [operand for node in context.tests for operand in operands_of(node)]
    read = {operand.span for operand in operands if isinstance(operand, FieldRead)}
    for node in context.tests:
        for operand in operands_of(node):
            found = _bare_word(operand, context, read)
            if found is not None:
                yield found


def _bare_word(operand: TypedOperand, context: Context, read: set[Span]) -> Diagnostic | None:
    if not isinstance(operand, Constant) or not (operand.type in _TEXT_TYPES or operand.type in INTEGERS):
        return None
    word = context.source(operand.span)
    taken = _taken_as(word, operand)
    if not taken:
        return None
    fixes = () if operand.span in read else (Fix(operand.span, f'"{word}"', Safety.SAFE),)
    return diagnostic(CODE, f"the unquoted word {word[:60]} is taken as {taken}", operand.span, fixes=fixes)


def _taken_as(word: str, operand: Constant) -> str:
    if operand.type in INTEGERS:
        return f"the name of the value {operand.value}" if re.fullmatch(_WORD, word) else ""
    return "text" if operand.value == word else ""
