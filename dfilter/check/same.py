"""Do two typed expressions select the same frames, for certain?

In: two typed trees.  Out: yes, or not known.  What always holds: places in the text do not count.
"""

from __future__ import annotations

from dfilter.check.plain import plain
from dfilter.check.typed import Exists, FieldRead, FunctionCall, MembershipTest, Truthy, TypedExpression
from dfilter.fields.types import FLOATS, STRINGS, TIMES, UNSIGNED, FieldType
from dfilter.fields.versions import Version
from dfilter.language.ast import Quantifier

_IGNORED = frozenset({"span", "version"})
_FAMILIES = (UNSIGNED, STRINGS, FLOATS, TIMES)


def same_meaning(left: TypedExpression | None, right: TypedExpression | None) -> bool:
    """True if both trees are the same but for their places in the text, and for what does not matter: the version
    where it does not, types of one family (versions give a field other widths), the type of what need only be there.
    None (a filter that is refused) means nothing."""
    if left is None or right is None:
        return False
    return _equal(left, right) or _equal(plain(left), plain(right))


def _equal(left: TypedExpression, right: TypedExpression) -> bool:
    pending: list[tuple[object, object, bool]] = [(left, right, False)]
    while pending:
        one, other, strict = pending.pop()
        if isinstance(one, FieldType) and isinstance(other, FieldType):
            if _family(one) is not _family(other):
                return False
            continue
        if type(one) is not type(other):
            return False
        if isinstance(one, tuple) and isinstance(other, tuple):
            if len(one) != len(other):
                return False
            pending.extend((*pair, strict) for pair in zip(one, other, strict=True))
        elif (names := getattr(one, "__match_args__", None)) is not None:
            strict = strict or isinstance(one, Truthy) or getattr(one, "quantifier", None) is Quantifier.ALL
            if strict and _dialect(one) != _dialect(other):
                return False
            if isinstance(one, Exists) and isinstance(other, Exists):
                if _present(one.operand) != _present(other.operand):
                    return False
                continue
            pending.extend((getattr(one, name), getattr(other, name), strict) for name in names if name not in _IGNORED)
        elif one is not other and one != other:
            return False
    return True


def _present(field: FieldRead) -> tuple[object, ...]:
    """What must be there; its type does not matter."""
    return field.name, field.layers, field.raw, field.selected


def _family(kind: FieldType) -> object:
    """Types whose values are held and compared alike."""
    for family in _FAMILIES:
        if kind in family:
            return family
    return kind


def _dialect(node: object) -> bool | None:
    """Where the meaning of a node depends on its version: is it the one from 4.4 on?"""
    if isinstance(node, FunctionCall | MembershipTest):
        return node.version >= Version.V4_4
    return None
