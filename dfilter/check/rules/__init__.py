"""Rules: one file each, named after what it looks for.

In: a `Context`.  Out: diagnostics.  A rule is a function `check(context)`; `ALL` lists those
that the checker runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dfilter.check.diagnostics import Diagnostic
from dfilter.check.rules import ambiguous_precedence, bare_flag, bit_width, deprecated_name, unquoted_text
from dfilter.check.rules.context import Context

Rule = Callable[[Context], Iterator[Diagnostic]]

ALL: tuple[Rule, ...] = (
    ambiguous_precedence.check,
    deprecated_name.check,
    bare_flag.check,
    bit_width.check,
    unquoted_text.check,
)
