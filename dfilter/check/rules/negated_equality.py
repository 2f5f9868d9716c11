"""H105: `not … ==` where a field may be absent or have several values.

From Wireshark 4.0 on `ip.addr != x` means: there are addresses, and all differ.  `not ip.addr == x` also selects
frames without any; `not ip.addr != x` is not the same as `ip.addr == x`.
"""

from __future__ import annotations

from collections.abc import Iterator

from dfilter.check.diagnostics import Diagnostic, diagnostic
from dfilter.check.rules.context import Context
from dfilter.check.rules.occurrences import often_several
from dfilter.check.typed import Comparison, FieldRead, Negation, Relation
from dfilter.fields.versions import Version

CODE = "H105"


def check(context: Context) -> Iterator[Diagnostic]:
    """One hint for each negated equality of a field that usually has several values."""
    if context.version is Version.V3_4:
        return
    for node in context.tests:
        if not isinstance(node, Negation) or not isinstance(node.operand, Comparison):
            continue
        inner = node.operand
        if isinstance(inner.left, FieldRead) and often_several(inner.left.name):
            yield from _hint(node, inner, inner.left.name)


def _hint(node: Negation, inner: Comparison, name: str) -> Iterator[Diagnostic]:
    if inner.relation is Relation.EQ:
        message = f"this also selects frames without {name}"
        yield diagnostic(CODE, message, node.span, notes=(f"`{name} != …` selects only frames that have the field",))
    elif inner.relation is Relation.NE:
        message = f"this selects frames with an equal {name}, and frames without {name}"
        yield diagnostic(CODE, message, node.span, notes=(f"`{name} == …` selects only frames that have the field",))
