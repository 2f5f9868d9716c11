"""The functions of the language: who takes what, who returns what.

In: a function's name and a version.  Out: its `Signature`, and which types it accepts.  The source is the
table in section 9.1 and appendix A of the language notes (Wireshark 3.4, 4.0, 4.4, 4.6).
"""

from __future__ import annotations

from enum import Enum

from dfilter.check.operators import can_negate, is_bytes
from dfilter.fields.types import ADDRESSES, FLOATS, INTEGERS, STRINGS, TIMES, UNSIGNED, FieldType
from dfilter.fields.versions import Version
from dfilter.slotted import frozen

_T = FieldType


class Takes(Enum):
    """What a function does with its arguments."""

    FIELD = "field"
    """Only a field, whatever its values."""
    STRING = "string"
    """Any string, constants included."""
    VALUES = "values"
    """Anything computed from a field."""
    COMMON = "common"
    """Several operands of compatible types, at least one of them computed from a field."""


@frozen
class Signature:
    """`result` None: the type of the first typed argument."""

    name: str
    since: Version
    takes: Takes
    result: FieldType | None
    most: int | None = 1


_SIGNATURES = {
    signature.name: signature
    for signature in (
        Signature("len", Version.V3_4, Takes.VALUES, _T.UINT32),
        Signature("count", Version.V3_4, Takes.FIELD, _T.UINT32),
        Signature("upper", Version.V3_4, Takes.STRING, _T.STRING),
        Signature("lower", Version.V3_4, Takes.STRING, _T.STRING),
        Signature("string", Version.V3_4, Takes.FIELD, _T.STRING),
        Signature("vals", Version.V4_4, Takes.FIELD, _T.STRING),
        Signature("dec", Version.V4_4, Takes.FIELD, _T.STRING),
        Signature("hex", Version.V4_4, Takes.FIELD, _T.STRING),
        Signature("float", Version.V4_6, Takes.VALUES, _T.FLOAT),
        Signature("double", Version.V4_6, Takes.VALUES, _T.DOUBLE),
        Signature("max", Version.V4_0, Takes.COMMON, None, most=None),
        Signature("min", Version.V4_0, Takes.COMMON, None, most=None),
        Signature("abs", Version.V4_0, Takes.VALUES, None),
        Signature("ip_special_name", Version.V4_4, Takes.VALUES, _T.STRING),
        Signature("ip_special_mask", Version.V4_4, Takes.VALUES, _T.UINT32),
        Signature("ip_linklocal", Version.V4_4, Takes.VALUES, _T.BOOLEAN),
        Signature("ip_multicast", Version.V4_4, Takes.VALUES, _T.BOOLEAN),
        Signature("ip_rfc1918", Version.V4_4, Takes.VALUES, _T.BOOLEAN),
        Signature("ip_ula", Version.V4_4, Takes.VALUES, _T.BOOLEAN),
    )
}

_AS_STRING = (INTEGERS - {_T.INT24, _T.CHAR}) | FLOATS | ADDRESSES | frozenset({
    _T.ETHER, _T.OID, _T.REL_OID, _T.GUID, _T.EUI64, _T.AX25, _T.VINES, _T.SYSTEM_ID, _T.FCWWN,
})  # fmt: skip
_IN_BASE = UNSIGNED - {_T.IPXNET}
_NESTING_IN_4_0 = frozenset({"max", "min", "abs"})


def signature_of(name: str, version: Version) -> Signature | None:
    """The function that `version` knows by this name (case-sensitive), or None."""
    signature = _SIGNATURES.get(name)
    return signature if signature is not None and version >= signature.since else None


def first_version(name: str) -> Version | None:
    """The first version that has this function, None where none has."""
    signature = _SIGNATURES.get(name)
    return signature.since if signature is not None else None


def function_names(version: Version) -> tuple[str, ...]:
    """The functions of `version`, in the order of the table."""
    return tuple(name for name, signature in _SIGNATURES.items() if version >= signature.since)


def may_nest(outer: str, version: Version) -> bool:
    """May the argument of `outer` be a function call?"""
    return version >= Version.V4_4 or (version is Version.V4_0 and outer in _NESTING_IN_4_0)


def accepts(name: str, kind: FieldType, version: Version) -> bool:
    """Does the function take an argument of this type?"""
    if name == "len":
        measurable = kind in STRINGS or kind is _T.PROTOCOL or kind in ADDRESSES or is_bytes(kind, version)
        return measurable or version <= Version.V4_0
    if name in ("upper", "lower"):
        refused = {Version.V3_4: (_T.AX25, _T.UINT_STRING), Version.V4_0: (_T.AX25,)}.get(version, ())
        return kind in STRINGS and kind not in refused
    if name == "string":
        return kind in _AS_STRING
    if name in ("dec", "hex"):
        return kind in _IN_BASE
    if name in ("float", "double"):
        return kind in INTEGERS or kind in FLOATS or kind in TIMES or kind is _T.BOOLEAN
    if name == "abs":
        return can_negate(kind, version) or (
            version is Version.V4_0 and kind is _T.BOOLEAN
        )
    if name in ("max", "min"):
        return kind is not _T.NONE
    if name == "ip_rfc1918":
        return kind is _T.IPv4
    if name == "ip_ula":
        return kind is _T.IPv6
    if name.startswith("ip_"):
        return kind in ADDRESSES
    return True


def refusal(name: str, field_name: str) -> str:
    """Why an argument of the wrong type is refused, in Wireshark's words."""
    if name == "len":
        return "Argument does not support the len() function"
    if name == "abs":
        return "Argument cannot be negated"
    if name == "string":
        return f'String conversion for field "{field_name}" is not supported'
    if name in ("dec", "hex"):
        return f'Base conversion for field "{field_name}" is not supported'
    if name in ("upper", "lower"):
        return f"Only string type fields can be used as parameter for {name}()"
    families = {"ip_rfc1918": "IPv4", "ip_ula": "IPv6"}
    if name.startswith("ip_"):
        return f"Only {families.get(name, 'IPv4/IPv6')} fields can be used as a parameter for {name}()"
    return f"Argument type is not supported by {name}()"
