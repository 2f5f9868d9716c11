"""H103: an unquoted word is taken as text.

In `http.host == example` the word is text only as long as no protocol or field is called `example`; a version
that adds such a name turns the filter into an error.  The fix adds the quotes.
"""

from __future__ import annotations

from collections.abc import Iterator

from dfilter.check.diagnostics import Diagnostic, Fix, Safety, diagnostic
from dfilter.check.rules.context import Context, operands_of, typed_expressions
from dfilter.check.typed import Constant, TypedOperand
from dfilter.fields.types import FieldType

CODE = "H103"
_TEXT_TYPES = frozenset({
    FieldType.STRING, FieldType.STRINGZ, FieldType.UINT_STRING, FieldType.STRINGZPAD, FieldType.STRINGZTRUNC,
})  # fmt: skip


def check(context: Context) -> Iterator[Diagnostic]:
    """One hint for each bare word that is compared as text."""
    if context.typed is None:
        return
    for node in typed_expressions(context.typed):
        for operand in operands_of(node):
            found = _bare_word(operand, context)
            if found is not None:
                yield found


def _bare_word(operand: TypedOperand, context: Context) -> Diagnostic | None:
    if not isinstance(operand, Constant) or operand.type not in _TEXT_TYPES:
        return None
    word = operand.value
    if not isinstance(word, str) or context.source(operand.span) != word:
        return None
    fix = Fix(operand.span, f'"{word}"', Safety.SAFE)
    return diagnostic(CODE, f"the unquoted word {word[:60]} is taken as text", operand.span, fixes=(fix,))
