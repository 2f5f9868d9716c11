"""Values in records as the values that filters compare.

In: a Python object found in a record, and a field's type.  Out: the value as `dfilter.fields.types` says it is held,
None where the object says that there is none; `ValueError` for an object of another type.  What always holds: a value
is taken as the Python object that naturally stands for it or in its usual text form (``443`` or ``"443"``, an
`IPv4Address` or ``"192.0.2.1"``); NaN and None are no value; an address of the other family is no value.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from dfilter.check.convert.addresses import parse_ipv6
from dfilter.check.convert.bytestrings import EXACT_LENGTH, parse_bytes
from dfilter.check.convert.errors import ConversionError
from dfilter.check.convert.identifiers import guid_literal, oid_literal
from dfilter.fields.types import (
    ADDRESSES,
    BYTE_LIKE,
    FLOATS,
    INTEGERS,
    SIGNED,
    STRINGS,
    WIDTH_BITS,
    FieldType,
)
from dfilter.fields.versions import NEWEST
from dfilter.fields.vocabulary import Table

Convert = Callable[[Any], Any]

NOTHING = frozenset({"NAType", "NaTType"})
"""Types of the objects by which pandas says that there is no value."""

_T = FieldType
NANOSECONDS = 1_000_000_000
_MAX_TEXT = 400
"""No text form of a number, time or address is longer."""
_INTEGER = re.compile(r"[+-]?[0-9]{1,20}|0[xX][0-9A-Fa-f]{1,16}")
_FRACTION = re.compile(r"(?<=\d)[.,](\d+)")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LONGEST_TIME = 10**13
"""Seconds: times beyond are no times (300,000 years)."""


def converter(kind: FieldType, table: Table = (), texts: Mapping[str, int] | None = None) -> Convert:
    """The function that makes a filter's value of a record's object.

    Args:
        table: the names of integer or boolean values, which may stand for them.
        texts: other texts that do.
    """
    if kind in INTEGERS:
        return partial(_integer, bounds=integer_bounds(kind), names=_names(table, texts or {}))
    if kind is _T.BOOLEAN:
        return partial(_boolean, names=_names(table, texts or {}))
    if kind in FLOATS:
        return _float
    if kind in STRINGS:
        return _text
    if kind in ADDRESSES:
        return _ipv4 if kind is _T.IPv4 else _ipv6
    if kind is _T.ABSOLUTE_TIME:
        return _absolute_time
    if kind is _T.RELATIVE_TIME:
        return _relative_time
    if kind is _T.GUID:
        return _guid
    if kind in (_T.OID, _T.REL_OID):
        return partial(_oid, relative=kind is _T.REL_OID)
    if kind in BYTE_LIKE:
        return partial(_bytes, length=EXACT_LENGTH.get(kind))
    return _presence


def integer_bounds(kind: FieldType) -> tuple[int, int]:
    """The least and the greatest value of an integer type."""
    bits = WIDTH_BITS[kind]
    return (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if kind in SIGNED else (0, (1 << bits) - 1)


def _names(table: Table, texts: Mapping[str, int]) -> dict[str, int]:
    names = {label.lower(): first for first, last, label in reversed(table) if first == last}
    return {**names, **{text.lower(): number for text, number in texts.items()}}


# --- numbers ----------------------------------------------------------------------------------------------


def _integer(value: Any, bounds: tuple[int, int], names: dict[str, int]) -> int | None:
    number = _whole(value, names)
    if number is None:
        return None
    if not bounds[0] <= number <= bounds[1]:
        raise ValueError(f"beyond the type, {bounds[0]} to {bounds[1]}")
    return number


def _whole(value: Any, names: dict[str, int]) -> int | None:
    if isinstance(value, str):
        named = names.get(value.lower()) if names and len(value) < _MAX_TEXT else None
        if named is not None:
            return named
        if not _INTEGER.fullmatch(value):
            raise ValueError("no number")
        return int(value, 16) if value[:2] in ("0x", "0X") else int(value)
    if isinstance(value, float):
        if math.isnan(value):
            return None
        if not value.is_integer():
            raise ValueError("no whole number")
        return int(value)
    if isinstance(value, bool):
        raise ValueError("a truth value")
    return operator.index(value)


def _boolean(value: Any, names: dict[str, int]) -> bool | None:
    if isinstance(value, str):
        named = {"true": 1, "false": 0, **names}.get(value.lower()) if len(value) < _MAX_TEXT else None
        if named is None:
            raise ValueError("neither true nor false")
        return bool(named)
    if isinstance(value, float) and math.isnan(value):
        return None
    if value == 0 or value == 1:
        return bool(value)
    raise ValueError("neither true nor false")


def _float(value: Any) -> float | None:
    if isinstance(value, bool) or (isinstance(value, str) and len(value) > _MAX_TEXT):
        raise ValueError("no number")
    number = float(value)
    return None if math.isnan(number) else number


# --- times ------------------------------------------------------------------------------------------------


def _nanoseconds(value: Any) -> int | None:
    """Seconds, exactly as they are written, in nanoseconds."""
    if isinstance(value, bool) or (isinstance(value, str) and len(value) > _MAX_TEXT):
        raise ValueError("no time")
    if isinstance(value, int) and abs(value) < _LONGEST_TIME:
        return value * NANOSECONDS
    try:
        seconds = Decimal(value if isinstance(value, str | Decimal) else repr(float(value)))
    except ArithmeticError as error:
        raise ValueError("no time") from error
    if seconds.is_nan():
        return None
    if not abs(seconds) < _LONGEST_TIME:
        raise ValueError("no time: too far away")
    return int((seconds * NANOSECONDS).to_integral_value())


def _absolute_time(value: Any) -> int | None:
    """Seconds since 1970, ISO 8601, a datetime or numpy's; without a zone it is UTC."""
    if isinstance(value, datetime):
        return _of_datetime(value)
    if type(value).__name__ == "datetime64":
        return _of_numpy(value)
    if not isinstance(value, str):
        return _nanoseconds(value)
    if len(value) > _MAX_TEXT:
        raise ValueError("no time")
    fraction = _FRACTION.search(value) if ":" in value else None
    if fraction is None and "-" not in value[1:]:
        return _nanoseconds(value)
    whole = datetime.fromisoformat(_FRACTION.sub("", value, count=1) if fraction else value)
    part = int(fraction[1][:9].ljust(9, "0")) if fraction else 0
    return _of_datetime(whole) + part


def _of_datetime(value: datetime) -> int:
    aware = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    since = aware - datetime(1970, 1, 1, tzinfo=UTC)
    return _of_timedelta(since) + int(getattr(value, "nanosecond", 0))


def _of_timedelta(value: timedelta) -> int:
    return ((value.days * 86400 + value.seconds) * 1_000_000 + value.microseconds) * 1000


def _of_numpy(value: Any) -> int | None:
    whole = value.astype(f"{type(value).__name__}[ns]").astype(int)
    return None if str(value) == "NaT" else int(whole)


def _relative_time(value: Any) -> int | None:
    """Seconds, a timedelta or numpy's."""
    if type(value).__name__ == "timedelta64":
        return _of_numpy(value)
    if isinstance(value, timedelta):
        return _of_timedelta(value) + int(getattr(value, "nanoseconds", 0)) % 1000
    return _nanoseconds(value)


# --- texts, bytes, addresses ------------------------------------------------------------------------------


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value if value.isascii() else _SURROGATE.sub("\ufffd", value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float) and math.isnan(value):  # how data frames write a missing text
        return None
    raise ValueError("no text")


def _packed(value: Any, length: int) -> bytes | None:
    """The bytes of an `ipaddress` object or of bytes; None for the other family's."""
    packed = value if isinstance(value, bytes) else getattr(value, "packed", None)
    if not isinstance(packed, bytes) or len(packed) not in (4, 16):
        if isinstance(value, float) and math.isnan(value):
            return None
        raise ValueError("no address")
    return packed if len(packed) == length else None


def _ipv4(value: Any) -> bytes | None:
    if not isinstance(value, str):
        return _packed(value, 4)
    found = _quad(value)
    if found is None and parse_ipv6(value.partition("%")[0]) is None:
        raise ValueError("no address")
    return found


def _quad(text: str) -> bytes | None:
    """Four decimal numbers as they are written without leading zeros: `parse_ipv4`, ten times as fast."""
    if len(text) > _LONGEST_QUAD:
        return None
    try:
        quad = bytes(map(int, text.split(".")))
    except ValueError:
        return None
    return quad if len(quad) == 4 and ".".join(map(str, quad)) == text else None


_LONGEST_QUAD = 15


def _ipv6(value: Any) -> bytes | None:
    if not isinstance(value, str):
        return _packed(value, 16)
    found = parse_ipv6(value.partition("%")[0])
    if found is None and _quad(value) is None:
        raise ValueError("no address")
    return found


def _bytes(value: Any, length: int | None) -> bytes | None:
    """Bytes, or hexadecimal digits with or without separators."""
    if isinstance(value, str):
        found = b"" if not value and length is None else parse_bytes(value, NEWEST)
    elif isinstance(value, bytes | bytearray | memoryview):
        found = bytes(value)
    elif isinstance(value, float) and math.isnan(value):
        return None
    else:
        found = None
    if found is None or (length is not None and len(found) != length):
        raise ValueError("no bytes" if length is None else f"not {length} bytes")
    return found


def _guid(value: Any) -> bytes:
    if isinstance(value, str):
        return _literal(guid_literal, value)
    packed = value if isinstance(value, bytes) else getattr(value, "bytes", None)
    if not isinstance(packed, bytes) or len(packed) != 16:
        raise ValueError("no GUID")
    return packed


def _oid(value: Any, relative: bool) -> bytes:
    if isinstance(value, str) and len(value) <= _MAX_TEXT:
        return _literal(partial(oid_literal, relative=relative), value)
    if not isinstance(value, bytes):
        raise ValueError("no object identifier")
    return value


def _literal(parse: Callable[[str], bytes], text: str) -> bytes:
    try:
        return parse(text)
    except ConversionError as error:
        raise ValueError(error.message) from error


# --- presence ---------------------------------------------------------------------------------------------


class _Present:
    """The value of a field that can only be present."""

    __slots__ = ()


PRESENT = _Present()


def _presence(value: Any) -> _Present | None:
    return None if value is False else PRESENT
