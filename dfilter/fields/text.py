"""A field's value as text, as `tshark -T fields` prints it.

In: a value as `dfilter.fields.types` holds it, its type and display base.  Out: one line of text.
"""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from typing import Any

from dfilter.fields.types import FLOATS, INTEGERS, STRINGS, WIDTH_BITS, FieldType

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HEX_BASES = ("BASE_HEX", "BASE_HEX_DEC")


def value_text(value: Any, type: FieldType, display: str = "", name: str = "") -> str:
    """The text of one value; `display` is the field's display base ("BASE_HEX"). Source: tshark 4.4."""
    if type is FieldType.NONE:
        return "1"
    if type is FieldType.PROTOCOL:
        return name
    if type is FieldType.BOOLEAN:
        return "True" if value else "False"
    if type is FieldType.CHAR:
        return f"'{chr(value)}'" if 0x20 <= value < 0x7F else f"'\\x{value:02x}'"
    if type in INTEGERS:
        return _integer_text(value, type, display)
    if type in FLOATS:
        return f"{value:.17g}" if type is FieldType.DOUBLE else f"{value:.9g}"
    if type in STRINGS:
        return str(value)
    if type is FieldType.RELATIVE_TIME:
        return seconds_text(value)
    if type is FieldType.ABSOLUTE_TIME:
        return seconds_text(value) if name == "frame.time_epoch" else date_text(value)
    return _bytes_text(value, type)


def _integer_text(value: int, type: FieldType, display: str) -> str:
    if display.startswith(_HEX_BASES):
        return f"0x{value:0{WIDTH_BITS[type] // 4}x}"
    if display.startswith("BASE_OCT"):
        return f"0{value:o}" if value else "0"
    return str(value)


def _bytes_text(value: bytes, type: FieldType) -> str:
    if type is FieldType.IPv4:
        return ".".join(map(str, value))
    if type is FieldType.IPv6:
        return str(ipaddress.IPv6Address(value)) if len(value) == 16 else value.hex()
    if type in (FieldType.ETHER, FieldType.EUI64, FieldType.FCWWN):
        return value.hex(":")
    if type is FieldType.GUID:
        digits = value.hex()
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    if type in (FieldType.OID, FieldType.REL_OID):
        return oid_text(value, relative=type is FieldType.REL_OID)
    return value.hex()


def oid_text(content: bytes, *, relative: bool = False) -> str:
    """An object identifier from its BER content octets (ITU-T X.690 section 8.19)."""
    arcs: list[int] = []
    arc = 0
    for byte in content:
        arc = arc << 7 | byte & 0x7F
        if byte & 0x80:
            continue
        if not arcs and not relative:
            first = min(arc // 40, 2)
            arcs += [first, arc - 40 * first]
        else:
            arcs.append(arc)
        arc = 0
    return ".".join(map(str, arcs))


def seconds_text(nanoseconds: int) -> str:
    """Seconds with nine decimals."""
    sign = "-" if nanoseconds < 0 else ""
    seconds, fraction = divmod(abs(nanoseconds), 10**9)
    return f"{sign}{seconds}.{fraction:09d}"


def date_text(nanoseconds: int) -> str:
    """``Sep 13, 2020 12:26:40.000000000 UTC``; seconds since 1970 for a year that no calendar here has."""
    seconds, fraction = divmod(nanoseconds, 10**9)
    try:
        moment = _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return seconds_text(nanoseconds)
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    # tshark pads the day with a blank
    return f"{months[moment.month - 1]} {moment.day:2d}, {moment:%Y %H:%M:%S}.{fraction:09d} UTC"
