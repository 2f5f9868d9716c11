"""W202: the operator `~=`.

Only Wireshark 4.0 has it, as a deprecated spelling of `!==`; from 4.4 on it is an error.
"""

from __future__ import annotations

from collections.abc import Iterator

from dfilter.check.diagnostics import Diagnostic, Fix, Safety, diagnostic
from dfilter.check.rules.context import Context
from dfilter.language import ast

CODE = "W202"


def check(context: Context) -> Iterator[Diagnostic]:
    """One warning for each use; only the 4.0 dialect has the operator at all."""
    for node in context.nodes:
        if not isinstance(node, ast.Compare):
            continue
        for spelling, span in zip(node.op_texts, node.op_spans, strict=True):
            if spelling == "~=":
                fixes = () if context.expanded else (Fix(span, "!==", Safety.SAFE),)
                yield diagnostic(CODE, '"~=" is deprecated, later versions refuse it; use "!=="', span, fixes=fixes)
