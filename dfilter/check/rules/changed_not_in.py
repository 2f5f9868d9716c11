"""W103: `not in` changed its meaning with Wireshark 4.4 for frames that lack the field.

In 4.0 `tcp.port not in {80}` is `not (tcp.port in {80})`, true for every frame without a port; from 4.4 on the
field must be there.
"""

from __future__ import annotations

from collections.abc import Iterator

from dfilter.check.diagnostics import Diagnostic, Fix, Safety, diagnostic
from dfilter.check.rules.context import Context
from dfilter.fields.versions import Version
from dfilter.language import ast
from dfilter.language.source import Span

CODE = "W103"


def check(context: Context) -> Iterator[Diagnostic]:
    """One warning for each `not in`."""
    for node in context.nodes:
        if isinstance(node, ast.Membership) and node.negated:
            yield _warning(node, context)


def _warning(node: ast.Membership, context: Context) -> Diagnostic:
    old = context.version is Version.V4_0
    message = "`not in` does not select frames that lack the field; in Wireshark 4.0 it did"
    if old:
        message = "`not in` also selects frames that lack the field; from Wireshark 4.4 on it does not"
    left = context.source(node.operand.span)
    positive = f"not ({left} in {_set(node, context)})"
    notes = ("`not (x in {…})` selects frames that lack the field in all versions",)
    if context.expanded or node.quantifier is not None:
        return diagnostic(CODE, message, node.span, notes=notes)
    fix = Fix(node.span, positive, Safety.SAFE if old else Safety.DISPLAY)
    return diagnostic(CODE, message, node.span, notes=notes, fixes=(fix,))


def _set(node: ast.Membership, context: Context) -> str:
    """The set as typed, braces included."""
    opened = context.text.index("{", node.operand.span.end)
    return context.source(Span(opened, node.span.end))
