"""H106: an unescaped dot in a pattern that looks like a host name.

`http.host matches "example.com"` also matches `exampleXcom` and `notexample.com.evil`: a dot is any byte, and the
pattern is not anchored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dfilter.check.diagnostics import Diagnostic, Fix, diagnostic
from dfilter.check.rules.context import Context
from dfilter.language import ast
from dfilter.language.ast import SearchOp

CODE = "H106"
_HOST = r"\^?(?:https?://)?(?:[a-z0-9_-]+(?:\\?\.|\[\.\]))+(?:[a-z]{2,24}|[0-9]{1,3})(?:/[a-z0-9/_-]*)?\$?"
_LONGEST = 255


def check(context: Context) -> Iterator[Diagnostic]:
    """One hint for each pattern."""
    for node in context.nodes:
        if isinstance(node, ast.Search) and node.op is SearchOp.MATCHES and isinstance(node.right, ast.String):
            yield from _hint(node.right, context)


def _hint(literal: ast.String, context: Context) -> Iterator[Diagnostic]:
    if len(literal.value) > _LONGEST:
        return
    pattern = literal.value.decode("latin-1")
    if not re.fullmatch(_HOST, pattern, re.IGNORECASE) or not re.search(r"(?<![\\\[])\.", pattern):
        return
    message = "a dot in a pattern matches any byte; this looks like a host name"
    dot = "\\." if literal.raw else "\\\\."
    fixes: tuple[Fix, ...] = ()
    if not context.expanded and "\\" not in literal.text and "[" not in literal.text:
        fixes = (Fix(literal.span, literal.text.replace(".", dot)),)
    yield diagnostic(CODE, message, literal.span, notes=(f'write "{dot}" for a dot',), fixes=fixes)
