"""A value as the text that `string()`, `dec()` and `hex()` give.

In: a type.  Out: a function from one value of it to text.  What always holds: integers are decimal
whatever their display base; addresses are unresolved (Wireshark 4.x).
"""

from __future__ import annotations

import math
import socket
import struct
from collections.abc import Callable
from typing import Any

from dfilter.fields.text import oid_text
from dfilter.fields.types import FLOATS, INTEGERS, STRINGS, WIDTH_BITS, FieldType
from dfilter.fields.versions import Version

Format = Callable[[Any], str]


def string_format(kind: FieldType, version: Version) -> Format:
    """The text of `string(field)`."""
    if kind is FieldType.IPXNET:
        digits = 8 if version < Version.V4_4 else 16
        return lambda value: f"0x{value:0{digits}x}"
    if kind in INTEGERS:
        return str
    if kind in FLOATS:
        return _single_text if kind is FieldType.FLOAT else _double_text
    if kind in STRINGS:
        return str
    return _BYTE_TEXTS.get(kind, _colons)


def decimal_text(value: int) -> str:
    """The text of `dec(field)`."""
    return str(value)


def hex_format(kind: FieldType) -> Format:
    """The text of `hex(field)`: lower case, padded to the width of the type."""
    digits = WIDTH_BITS[kind] // 4
    return lambda value: f"0x{value:0{digits}x}"


def _relative_oid(content: bytes) -> str:
    return oid_text(content, relative=True)


def _double_text(value: float) -> str:
    if math.isnan(value) or math.isinf(value):
        return str(value)
    text = repr(value)
    return text.removesuffix(".0")


def _single_text(value: float) -> str:
    """The shortest text that gives the same single-precision number."""
    if math.isnan(value) or math.isinf(value):
        return str(value)
    try:
        wanted = struct.pack(">f", value)
    except OverflowError:
        return _double_text(value)
    for digits in range(1, 10):
        text = f"{value:.{digits}g}"
        if struct.pack(">f", float(text)) == wanted:
            return text
    return _double_text(value)


def _colons(value: bytes) -> str:
    return value.hex(":")


def _guid_text(value: bytes) -> str:
    digits = value.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _system_id_text(value: bytes) -> str:
    """Groups of two octets with points, as IS-IS writes system identifiers: 1921.6800.1001."""
    return value.hex(".", -2)


def _vines_text(value: bytes) -> str:
    """Network number and subnetwork number in hex."""
    return f"{value[:4].hex()}.{value[4:].hex()}"


_BYTE_TEXTS: dict[FieldType, Format] = {
    FieldType.IPv4: socket.inet_ntoa,
    FieldType.IPv6: lambda value: socket.inet_ntop(socket.AF_INET6, value),
    FieldType.GUID: _guid_text,
    FieldType.OID: oid_text,
    FieldType.REL_OID: _relative_oid,
    FieldType.SYSTEM_ID: _system_id_text,
    FieldType.VINES: _vines_text,
}
