"""How two single values compare, by type and Wireshark version.

In: a relation and both operands.  Out: a `Rule`: keys that both sides are turned into, and a function where
Python's own operator on these keys is not the meaning.

What always holds: a rule without a function means exactly `key(left) <relation> key(right)`.

Sources (observed): bytes are ordered length first up to 4.0, lexicographically from 4.4 on; protocols
length first in every version; addresses under the prefix of the literal; up to 4.4 a non-negative
unsigned value is in no order to a negative one; NaN equals everything in 4.0 and 4.4; times compare
through 32 bits in 4.0 and 4.4.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import cache
from typing import Any

from dfilter.check.typed import Relation
from dfilter.compile.operand import Operand, octets, octets_to_end
from dfilter.compile.times import order_32_bit
from dfilter.fields.types import (
    ADDRESSES,
    BYTE_LIKE,
    FLOATS,
    INTEGERS,
    STRINGS,
    TIMES,
    FieldType,
)
from dfilter.fields.versions import Version
from dfilter.slotted import frozen

Key = Callable[[Any], Any]
Holds = Callable[[Any, Any], bool]

OPERATORS: dict[Relation, Holds] = {
    Relation.EQ: operator.eq,
    Relation.NE: operator.ne,
    Relation.LT: operator.lt,
    Relation.LE: operator.le,
    Relation.GT: operator.gt,
    Relation.GE: operator.ge,
}
_EQUALITY = (Relation.EQ, Relation.NE)
_PREFIX_BITS = {FieldType.IPv4: 32, FieldType.IPv6: 128}


@frozen
class Rule:
    """`key`: None for the value itself.  `holds`: over keys; None for Python's operator."""

    key: Key | None = None
    holds: Holds | None = None

    def predicate(self, relation: Relation) -> Holds:
        """The relation over keys."""
        return self.holds if self.holds is not None else OPERATORS[relation]


def rule(relation: Relation, left: Operand, right: Operand, version: Version) -> Rule:
    """The rule by which `left relation right` is decided."""
    types = {left.type, right.type}
    if FieldType.PROTOCOL in types:
        return _protocol_rule(relation, types, version)
    if left.type in ADDRESSES and right.type in ADDRESSES:
        return Rule(key=_prefix_key(left, right))
    if left.type in STRINGS and right.type in STRINGS:
        return Rule(key=None if relation in _EQUALITY or not _has_surrogates(left, right) else octets)
    if left.type in BYTE_LIKE | STRINGS and right.type in BYTE_LIKE | STRINGS:
        return _bytes_rule(relation, mixed=bool(types & STRINGS), version=version)
    if left.type in FLOATS:
        return Rule(holds=_NAN_EQUALS[relation] if Version.V4_0 <= version < Version.V4_6 else None)
    if left.type in TIMES:
        return Rule(holds=_time_test(relation) if Version.V4_0 <= version < Version.V4_6 else None)
    if left.type in INTEGERS and relation not in _EQUALITY and version < Version.V4_6:
        return Rule(holds=_unsigned_order(relation, left, right))
    return Rule()


def _protocol_rule(relation: Relation, types: set[FieldType], version: Version) -> Rule:
    if version < Version.V4_0:
        if types == {FieldType.PROTOCOL} and relation in _EQUALITY:
            # 3.4 finds no two protocols equal, not even one with itself.
            unequal = relation is Relation.NE
            return Rule(holds=lambda left, right: unequal)
        return Rule(
            key=octets_to_end if relation in _EQUALITY else lambda value: _sized(octets_to_end(value))
        )
    return Rule(key=octets if relation in _EQUALITY else lambda value: _sized(octets(value)))


def _bytes_rule(relation: Relation, mixed: bool, version: Version) -> Rule:
    if relation not in _EQUALITY and version < Version.V4_4:
        return Rule(key=lambda value: _sized(octets(value)))
    return Rule(key=octets if mixed else None)


def _sized(data: bytes) -> tuple[int, bytes]:
    return len(data), data


def _has_surrogates(left: Operand, right: Operand) -> bool:
    """Only a literal can hold bytes that are not UTF-8 (as lone surrogates); these are in byte order."""
    values = (left.values or ()) + (right.values or ())
    return any("\ud800" <= char <= "\udfff" for value in values for char in value)


def _prefix_key(left: Operand, right: Operand) -> Key | None:
    prefixes = [side.prefix for side in (left, right) if side.prefix is not None]
    bits = _PREFIX_BITS[left.type]
    if not prefixes or min(prefixes) >= bits:
        return None
    return prefix_key(min(prefixes), bits)


@cache
def prefix_key(prefix: int, bits: int) -> Key:
    """The leading `prefix` of `bits` bits of an address."""
    if prefix % 8 == 0:
        size = prefix // 8
        return lambda value: value[:size]
    shift = bits - prefix
    return lambda value: int.from_bytes(value, "big") >> shift


_NAN_EQUALS: dict[Relation, Holds] = {
    Relation.EQ: lambda left, right: not (left < right or left > right),
    Relation.NE: lambda left, right: left < right or left > right,
    Relation.LT: operator.lt,
    Relation.LE: lambda left, right: not left > right,
    Relation.GT: operator.gt,
    Relation.GE: lambda left, right: not left < right,
}


def _time_test(relation: Relation) -> Holds:
    holds = OPERATORS[relation]
    return lambda left, right: holds(order_32_bit(left, right), 0)


def _unsigned_order(relation: Relation, left: Operand, right: Operand) -> Holds | None:
    """Up to 4.4 no order relation holds between a non-negative unsigned value and a negative one."""
    if left.signed or not right.may_be_negative:
        return None
    holds = OPERATORS[relation]
    return lambda a, b: (b >= 0 or a < 0) and holds(a, b)
