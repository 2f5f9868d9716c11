"""Do two typed expressions select the same frames, for certain?

In: two typed trees.  Out: yes, or not known.  What always holds: no recursion; places in the text do not count.
"""

from __future__ import annotations

from dfilter.check.typed import FunctionCall, MembershipTest, TypedExpression
from dfilter.fields.versions import Version
from dfilter.language.ast import Quantifier

_IGNORED = frozenset({"span", "version"})


def same_meaning(left: TypedExpression | None, right: TypedExpression | None) -> bool:
    """True if both trees are the same but for their places in the text, and for the version where that does not
    matter; None (a filter that is refused) means nothing."""
    if left is None or right is None:
        return False
    pending: list[tuple[object, object]] = [(left, right)]
    while pending:
        one, other = pending.pop()
        if type(one) is not type(other):
            return False
        if isinstance(one, tuple) and isinstance(other, tuple):
            if len(one) != len(other):
                return False
            pending.extend(zip(one, other, strict=True))
        elif (names := getattr(one, "__match_args__", None)) is not None:
            if _dialect(one) != _dialect(other):
                return False
            pending.extend((getattr(one, name), getattr(other, name)) for name in names if name not in _IGNORED)
        elif one is not other and one != other:
            return False
    return True


def _dialect(node: object) -> bool | None:
    """Where the meaning of a node depends on its version: is it the one from 4.4 on?"""
    if isinstance(node, FunctionCall) or (isinstance(node, MembershipTest) and node.quantifier is Quantifier.ALL):
        return node.version >= Version.V4_4
    return None
