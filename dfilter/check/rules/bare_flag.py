"""H101: a boolean field alone is tested for presence, not for truth.

`tcp.flags.syn` matches every TCP frame, because the flag is there whether it is set or not.
"""

from __future__ import annotations

from collections.abc import Iterator

from dfilter.check.diagnostics import Diagnostic, Fix, diagnostic
from dfilter.check.rules.context import Context
from dfilter.check.typed import Exists
from dfilter.fields.types import FieldType
from dfilter.language.source import Span

CODE = "H101"


def check(context: Context) -> Iterator[Diagnostic]:
    """One hint for each bare flag."""
    for node in context.tests:
        if not isinstance(node, Exists) or node.operand.raw or node.operand.type is not FieldType.BOOLEAN:
            continue
        if _always_true(node.operand.name):
            continue
        name = node.operand.name
        message = f"{name} alone tests whether the field is present, not whether it is true"
        end = Span(node.span.end, node.span.end)
        fixes = () if context.expanded else (Fix(end, " == true"),)
        yield diagnostic(CODE, message, node.span, notes=(f"to test its value: {name} == true",), fixes=fixes)


_MARKS = frozenset({"http.request", "http.response"})
"""Booleans that a dissector adds only where they are true: presence is what their writers mean."""


def _always_true(name: str) -> bool:
    return name in _MARKS
