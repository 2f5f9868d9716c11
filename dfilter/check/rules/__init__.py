"""Rules: one file each, named after what it looks for.

In: a `Context`.  Out: diagnostics.  A rule is a function `check(context)` in its file; the table below says when
a filter can interest it at all.  What always holds: the file of a rule is loaded with the first such filter, so
that a short check does not load a dozen files which have nothing to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from dfilter.check.diagnostics import Diagnostic
from dfilter.check.rules.context import Context
from dfilter.check.typed import (
    Comparison,
    Conjunction,
    ContainsTest,
    Disjunction,
    Exists,
    MembershipTest,
    Negation,
    TypedExpression,
)
from dfilter.language import ast

Kind = type[ast.Expression] | type[TypedExpression]

_VALUES = (Comparison, ContainsTest, MembershipTest)

RULES: dict[str, tuple[tuple[Kind, ...], tuple[str, ...]]] = {
    "ambiguous_precedence": ((ast.Or,), ()),
    "changed_not_equal": ((ast.Compare,), ("!=", "ne")),
    "changed_not_in": ((ast.Membership,), ("not", "!")),
    "changed_byte": (_VALUES, ()),
    "changed_slice": (_VALUES, ("[",)),
    "removed_operator": ((ast.Compare,), ("~=",)),
    "decided": ((Conjunction, Disjunction), ()),
    "defanged_text": (_VALUES, (".]", ".)", ".}", "dot]", "dot)", "xxp", "XXP")),
    "negated_equality": ((Negation,), ()),
    "host_pattern": ((ast.Search,), (".",)),
    "bare_flag": ((Exists,), ()),
    "bit_width": ((Comparison,), ()),
    "unquoted_text": (_VALUES, ()),
}
"""Rule -> what must be there: a node of one of these kinds, and one of these texts (if there are any).  The two that
are about other things than nodes, `deprecated_name` and `misread`, are asked by name."""


def check_all(context: Context) -> Iterator[Diagnostic]:
    """What all rules have to say, in the order of the table."""
    kinds: set[Kind] = {type(node) for node in context.nodes}
    kinds.update(type(node) for node in context.tests)
    for name, (wanted, texts) in RULES.items():
        if kinds.isdisjoint(wanted):
            continue
        if not texts or context.expanded or any(text in context.text for text in texts):
            yield from import_module(f"{__name__}.{name}").check(context)
    if context.deprecated:
        yield from import_module(f"{__name__}.deprecated_name").check(context)
    if context.forgotten is not None:
        yield from import_module(f"{__name__}.misread").check(context)
