"""Rules: one file each, named after what it looks for.

In: a `Context`.  Out: diagnostics.  A rule is a function `check(context)`; `ALL` lists those
that the checker runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dfilter.check.diagnostics import Diagnostic
from dfilter.check.rules import (
    ambiguous_precedence,
    bare_flag,
    bit_width,
    changed_byte,
    changed_not_equal,
    changed_not_in,
    changed_slice,
    decided,
    defanged_text,
    deprecated_name,
    host_pattern,
    misread,
    negated_equality,
    removed_operator,
    unquoted_text,
)
from dfilter.check.rules.context import Context

Rule = Callable[[Context], Iterator[Diagnostic]]

ALL: tuple[Rule, ...] = (
    ambiguous_precedence.check,
    changed_not_equal.check,
    changed_not_in.check,
    changed_byte.check,
    changed_slice.check,
    removed_operator.check,
    deprecated_name.check,
    misread.check,
    decided.check,
    defanged_text.check,
    negated_equality.check,
    host_pattern.check,
    bare_flag.check,
    bit_width.check,
    unquoted_text.check,
)
