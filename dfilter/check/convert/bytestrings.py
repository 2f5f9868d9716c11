"""Byte strings and the addresses that are written like them.

In: the text of an unquoted literal.  Out: bytes.  The forms are those of section 5.5 and 5.6 of the language
notes (Wireshark 4.4 and 4.6): `00:01:0a`, `00-01`, `00.01`, grouped pairs `0001:0203`, contiguous hex.
"""

from __future__ import annotations

import re

from dfilter.check.convert.errors import BAD_ADDRESS, BAD_BYTES, ConversionError, quoted
from dfilter.check.typenames import type_name
from dfilter.fields.types import FieldType
from dfilter.fields.versions import Version

# Patterns are texts here and in the files beside: `re` compiles and keeps those that a filter needs.
_SEPARATOR = r"[:.\-]"
_HEX = r"[0-9A-Fa-f]+"

EXACT_LENGTH = {FieldType.ETHER: 6, FieldType.VINES: 6, FieldType.EUI64: 8, FieldType.AX25: 7}
"""Bytes that a literal of the type must have; the other byte types take any number."""

_ADDRESS_NAME = {FieldType.ETHER: "Ethernet address", FieldType.VINES: "VINES address",
                 FieldType.EUI64: "EUI64 address", FieldType.AX25: "AX.25 address"}  # fmt: skip


def parse_bytes(text: str, version: Version) -> bytes | None:
    """The bytes that `text` spells, None where it is no byte string (Wireshark 4.0 to 4.6)."""
    groups = re.split(_SEPARATOR, text)
    if len(groups) > 1 and not groups[-1]:
        groups.pop()
    if not groups or (len(groups) == 1 and not groups[0]):
        return None
    if version is Version.V3_4:
        return _short_groups(groups)
    single_digits = version >= Version.V4_4
    dotted = version is Version.V4_0 and len(groups) > 1 and "." in text
    out = bytearray()
    for group in groups:
        if not re.fullmatch(_HEX, group):
            return None
        if len(group) == 1:
            if not (single_digits or dotted) and len(groups) > 1:
                return None
            out.append(int(group, 16))
        elif len(group) % 2 == 0:
            out += bytes.fromhex(group)
        elif version <= Version.V4_0 and (dotted or len(groups) == 1):
            out += bytes.fromhex(group[:-1] + "0" + group[-1])
        else:
            return None
    return bytes(out)


def _short_groups(groups: list[str]) -> bytes | None:
    """3.4: groups of one, two or four digits, also where there is one group only."""
    if not all(len(group) in (1, 2, 4) and re.fullmatch(_HEX, group) for group in groups):
        return None
    return b"".join(bytes.fromhex(group.zfill(2)) for group in groups)


def byte_literal(text: str, kind: FieldType, version: Version, *, part: bool) -> bytes:
    """The value of an unquoted literal compared with a byte-like type.

    Args:
        part: the literal is searched for (`contains`): fewer bytes than an address has are fine.
    """
    value = parse_bytes(text, version)
    length = EXACT_LENGTH.get(kind)
    if value is None:
        if length is None:
            raise ConversionError(BAD_BYTES, f"{quoted(text)} is not a valid byte string", _hint(text))
        raise ConversionError(BAD_ADDRESS, f"{quoted(text)} is not a valid {_ADDRESS_NAME[kind]}")
    if length is not None and (len(value) > length or (len(value) < length and not part)):
        amount = "few" if len(value) < length else "many"
        raise ConversionError(
            BAD_ADDRESS,
            f"{quoted(text)} contains too {amount} bytes to be a valid {_ADDRESS_NAME[kind]}",
            (f"it has {len(value)}, {type_name(kind)} has {length}",),
        )
    return value


def _hint(text: str) -> tuple[str, ...]:
    if re.fullmatch(_HEX, text):
        return ("hexadecimal digits come in pairs, two a byte",)
    return (f'to search for text, quote it: "{text}"',) if len(text) < 60 else ()


def byte_number(value: int | float, text: str) -> bytes:
    """The one byte that a number stands for where bytes are expected (4.4 and 4.6: decimal 13 is 0d)."""
    if isinstance(value, float):
        raise ConversionError(BAD_BYTES, f"{text} is a floating point number, not a byte value")
    if value > 255:
        raise ConversionError(
            BAD_BYTES,
            f"{text} is too large for a byte value",
            (
                "a number without separators is one byte; write several bytes as 0a:0b, or with a "
                "leading colon",
            ),
        )
    return bytes((value,))
