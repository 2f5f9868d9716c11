"""W102: `!=` changed its meaning with Wireshark 4.0.

Up to 3.x `ip.addr != x` is true if any value differs, from 4.0 on if all of them do.  Wireshark 3.4 shows every
`!=` yellow; for the 4.x targets the rule speaks where a field usually has several values, since a field with
one value means the same in both.
"""

from __future__ import annotations

from collections.abc import Iterator

from dfilter.check.diagnostics import Diagnostic, Fix, Safety, diagnostic
from dfilter.check.rules.context import Context
from dfilter.check.rules.occurrences import often_several
from dfilter.fields.versions import Version
from dfilter.language import ast

CODE = "W102"
_SPELLINGS = frozenset({"!=", "ne"})
"""`all_ne` and `any_ne` exist from 4.0 on only."""


def check(context: Context) -> Iterator[Diagnostic]:
    """One warning for each `!=` that the versions read differently."""
    for node in context.nodes:
        if not isinstance(node, ast.Compare) or node.quantifier is not None:
            continue
        for place, spelling in enumerate(node.op_texts):
            if spelling in _SPELLINGS:
                yield from _warning(node, place, context)


def _warning(node: ast.Compare, place: int, context: Context) -> Iterator[Diagnostic]:
    left, right = node.operands[place], node.operands[place + 1]
    name = _several(left) or _several(right)
    old = context.version is Version.V3_4
    if name is None and not old:
        return
    operator = node.op_texts[place]
    shown = name or "the field"
    if old:
        message = f"`{operator}` is true if any value differs; from Wireshark 4.0 on all must differ"
    else:
        message = f"`{operator}` is true if every {shown} differs; up to Wireshark 3.x one that differs was enough"
    whole = left.span.to(right.span)
    negated = f"!({context.source(left.span)} == {context.source(right.span)})"
    notes = (f"`{negated}` means the same in all versions: no value is equal",) if len(negated) < 120 else ()
    single = len(node.ops) == 1 and not context.expanded
    fixes = (Fix(whole, negated, Safety.UNSAFE),) if single and (old or name) else ()
    yield diagnostic(CODE, message, node.op_spans[place], notes=notes, fixes=fixes)


def _several(node: ast.Operand) -> str | None:
    """The name of a field that usually has several values."""
    if isinstance(node, ast.Word) and often_several(node.text):
        return node.text
    return None
