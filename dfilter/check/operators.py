"""Which operator a type takes part in.

In: types and a version.  Out: yes or no, and what an operation yields.  The source is the matrix in
appendix A of the language notes: what each of Wireshark 3.4, 4.0, 4.4 and 4.6 accepted for a field of
every type.
"""

from __future__ import annotations

from dfilter.check.typed import ArithmeticOp, Relation
from dfilter.fields.types import ADDRESSES, BYTE_LIKE, FLOATS, INTEGERS, STRINGS, TIMES, FieldType
from dfilter.fields.versions import Version

_T = FieldType

ORDERED = frozenset({Relation.LT, Relation.LE, Relation.GT, Relation.GE})

WIDE = frozenset({
    _T.UINT40, _T.UINT48, _T.UINT56, _T.UINT64, _T.INT40, _T.INT48, _T.INT56, _T.INT64, _T.EUI64,
})  # fmt: skip
"""Integers of more than 32 bits: 3.4 compares them with their like only."""

_IEEE = frozenset({_T.IEEE_11073_SFLOAT, _T.IEEE_11073_FLOAT})
_NATIVE_FLOATS = FLOATS - _IEEE
_OIDS = frozenset({_T.OID, _T.REL_OID})
_CALCULATING = INTEGERS - {_T.IPXNET}
"""Integer types with + - * / %; an IPX network number can only be masked and negated."""
_MATCHABLE_BYTES = frozenset({_T.BYTES, _T.ETHER, _T.PROTOCOL, _T.VINES, _T.FCWWN})


def is_integer(kind: FieldType, version: Version) -> bool:
    """Integer-like: EUI64 was one up to 4.4 and is a byte string in 4.6."""
    return kind in INTEGERS or (kind is _T.EUI64 and version < Version.V4_6)


def is_bytes(kind: FieldType, version: Version) -> bool:
    return kind in BYTE_LIKE and not (kind is _T.EUI64 and version < Version.V4_6)


def can_compare(kind: FieldType, relation: Relation, version: Version) -> bool:
    """Is `kind` allowed left of this relation?"""
    if kind is _T.NONE:
        return False
    if version is Version.V3_4 and relation in ORDERED:
        return kind not in (_T.BOOLEAN, _T.GUID)
    return True


def can_contain(kind: FieldType, version: Version) -> bool:
    """`contains` on the values themselves; value-string fields are searched by label instead."""
    return kind in STRINGS or kind is _T.PROTOCOL or is_bytes(kind, version)


def can_match(kind: FieldType, version: Version) -> bool:
    """`matches` on the values themselves."""
    if kind is _T.EUI64:
        return version >= Version.V4_6
    return kind in STRINGS or kind in _MATCHABLE_BYTES


def can_slice(kind: FieldType, version: Version) -> bool:
    return kind in STRINGS or kind is _T.PROTOCOL or kind in ADDRESSES or is_bytes(kind, version)


def slice_type(kind: FieldType, version: Version) -> FieldType:
    """A part of a string is a string from 4.4 on, bytes before; a part of anything else is bytes."""
    return _T.STRING if kind in STRINGS and version >= Version.V4_4 else _T.BYTES


def can_negate(kind: FieldType, version: Version) -> bool:
    if kind in _IEEE:
        return version >= Version.V4_6
    if kind is _T.EUI64 and version is Version.V3_4:
        return False
    if kind is _T.ABSOLUTE_TIME:
        return version >= Version.V4_4
    return is_integer(kind, version) or kind in _NATIVE_FLOATS or kind is _T.RELATIVE_TIME


def can_calculate(op: ArithmeticOp, kind: FieldType, version: Version) -> bool:
    """Is `kind` allowed as an operand of this arithmetic operator (times: as the left one)?"""
    if op is ArithmeticOp.BITAND and version is Version.V3_4 and (kind in _IEEE or kind is _T.FRAMENUM):
        return kind in _IEEE
    if op is ArithmeticOp.BITAND:
        masked = is_integer(kind, version) or is_bytes(kind, version) or kind in ADDRESSES
        return masked or (kind is _T.AX25 and version <= Version.V4_0)
    if op is ArithmeticOp.MOD:
        return kind in _CALCULATING
    if kind is _T.ABSOLUTE_TIME or (kind is _T.RELATIVE_TIME and op in (ArithmeticOp.MUL, ArithmeticOp.DIV)):
        return version >= Version.V4_4
    if kind is _T.EUI64:
        return version < Version.V4_6 and op in (ArithmeticOp.ADD, ArithmeticOp.SUB)
    return kind in _CALCULATING or kind in _NATIVE_FLOATS or kind is _T.RELATIVE_TIME


def calculable_together(left: FieldType, right: FieldType, version: Version) -> bool:
    """Can two operands that both take the operator be combined? Times have rules of their own."""
    if left is right:
        return True
    return (
        (is_integer(left, version) and is_integer(right, version))
        or (left in _NATIVE_FLOATS and right in _NATIVE_FLOATS)
        or (is_bytes(left, version) and is_bytes(right, version))
        or (left in TIMES and right in TIMES)
    )


def comparable(left: FieldType, right: FieldType, version: Version) -> bool:
    """Can a typed `left` be compared with a typed `right`? Not symmetric: see BOOLEAN and PROTOCOL."""
    if left is right:
        return True
    if version is Version.V3_4 and (left in WIDE) != (right in WIDE):
        return False
    if version <= Version.V4_0 and left in (_T.GUID, _T.AX25):
        return is_bytes(right, version)
    if left is _T.BOOLEAN:
        return version is Version.V3_4 and is_integer(right, version)
    if is_integer(left, version):
        return is_integer(right, version) or right is _T.BOOLEAN
    if left in STRINGS:
        return right in STRINGS and _T.AX25 not in ({left, right} if version < Version.V4_4 else ())
    if is_bytes(left, version):
        return is_bytes(right, version)
    return left in FLOATS and right in FLOATS


OPERATION_REFUSED = {
    ArithmeticOp.ADD: "cannot be added",
    ArithmeticOp.SUB: "cannot be subtracted",
    ArithmeticOp.MUL: "cannot be multiplied",
    ArithmeticOp.DIV: "cannot be divided",
    ArithmeticOp.MOD: "does not support modulo operation",
    ArithmeticOp.BITAND: "does not support bitwise AND",
}
"""What a message says of a type that does not take the operator."""
