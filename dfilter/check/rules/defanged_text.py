"""W402: a defanged address, name or URL inside a string.

Reports write `evil[.]com` and `hxxp://` so that nobody clicks; packets hold the real thing, and the filter never
matches.  In a pattern `[.]` is a dot and nothing to speak of.
"""

from __future__ import annotations

from collections.abc import Iterator

from dfilter.check.diagnostics import Diagnostic, Fix, diagnostic
from dfilter.check.rules.context import Context, operands_of
from dfilter.check.typed import Constant

CODE = "W402"
_LONGEST = 2000


def check(context: Context) -> Iterator[Diagnostic]:
    """One warning for each string that holds one."""
    for node in context.tests:
        for operand in operands_of(node):
            if isinstance(operand, Constant) and isinstance(operand.value, str | bytes):
                yield from _warning(operand, context)


def _warning(operand: Constant, context: Context) -> Iterator[Diagnostic]:
    from dfilter.language.mistakes import defanged_text, refang  # few filters need it

    source = context.source(operand.span)
    if len(source) > _LONGEST or not (source[:1] == '"' or isinstance(operand.value, str)):
        return
    if not defanged_text(source.strip('"')):
        return
    fixes = () if context.expanded else (Fix(operand.span, refang(source)),)
    yield diagnostic(CODE, "this text is defanged: packets hold the address as it is", operand.span, fixes=fixes)
