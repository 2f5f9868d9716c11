"""One literal as a value of the type it is compared with.

In: a leaf of the syntax tree (word, number, unquoted literal, quoted string, character constant) and a type.
Out: a typed `Constant`, or `ConversionError` with Wireshark's reason (section 5 of the language notes, 4.4
and 4.6; 4.0 and 3.4 where they differ by a line).  Value strings are not handled here but in `labels`.
"""

from __future__ import annotations

import math
import re

from dfilter.check.convert import addresses, bytestrings
from dfilter.check.convert.errors import NOT_CONVERTIBLE, OUT_OF_RANGE, ConversionError, quoted
from dfilter.check.typed import Constant
from dfilter.check.typenames import type_name
from dfilter.fields.types import BYTE_LIKE, FLOATS, INTEGERS, SIGNED, STRINGS, WIDTH_BITS, FieldType
from dfilter.fields.versions import Version
from dfilter.language import ast

Leaf = ast.Word | ast.Number | ast.Literal | ast.String | ast.Character

_T = FieldType
_IDENTIFIERS = frozenset({_T.OID, _T.REL_OID, _T.GUID})
_TAKES_STRINGS = frozenset({_T.BYTES, _T.PROTOCOL})
_AX25 = r"[A-Za-z0-9]{1,6}(-[0-9]{1,2})?"
_IEEE_11073 = frozenset({_T.IEEE_11073_SFLOAT, _T.IEEE_11073_FLOAT})
_DECIMAL = r"[0-9.]+([eE][+-]?[0-9]+)?|[a-zA-Z]+"
"""What the medical floating point types take: decimal numbers and the names of the special values."""
_READ_AS_HEX = frozenset({_T.PROTOCOL, _T.AX25})
_NON_FINITE = frozenset({"nan", "inf", "infinity"})
UINT64_MAX = 2**64 - 1


def spelled(leaf: Leaf) -> str:
    """The characters of an unquoted leaf as typed, its leading colon included."""
    if isinstance(leaf, ast.Literal) and leaf.must_be_bytes:
        return ":" + leaf.text
    return leaf.text


def text_of(leaf: ast.String) -> str:
    """The text of a quoted string; bytes that are no UTF-8 become lone surrogates (`surrogateescape`)."""
    return leaf.value.decode("utf-8", "surrogateescape")


def convert(leaf: Leaf, kind: FieldType, version: Version, *, part: bool = False) -> Constant:
    """`leaf` as a constant of type `kind`.

    Args:
        part: it is searched for (`contains`): an address need not be whole.
    Raises:
        ConversionError: Wireshark refuses this literal for this type.
    """
    if version <= Version.V4_0:
        from dfilter.check.convert.old import convert_old

        found = convert_old(leaf, kind, version, part=part)
        if found is not None:
            return found
    if isinstance(leaf, ast.String):
        return _from_string(leaf, kind, version)
    if isinstance(leaf, ast.Number):
        return _from_number(leaf, kind, version)
    if isinstance(leaf, ast.Character):
        return _from_character(leaf, kind)
    return _from_word(leaf, kind, version, part=part)


def _from_string(leaf: ast.String, kind: FieldType, version: Version) -> Constant:
    text = text_of(leaf)
    if kind is _T.AX25 and version >= Version.V4_4:
        return Constant(leaf.span, kind, _callsign(text))
    if kind in STRINGS and kind is not _T.AX25:
        return Constant(leaf.span, kind, text)
    if kind in _TAKES_STRINGS:
        return Constant(leaf.span, kind, leaf.value)
    if kind is _T.ABSOLUTE_TIME:
        return _time(leaf, kind, text, version)
    if kind is _T.BOOLEAN and version is Version.V4_4 and text.lower() in _BOOLEAN_TEXTS:
        return Constant(leaf.span, kind, text.lower() == "true")
    notes = ("write the value without quotes",) if kind not in INTEGERS else ()
    raise ConversionError(
        NOT_CONVERTIBLE, f"{type_name(kind)} cannot be converted from a string ({quoted(text)})", notes
    )


_BOOLEAN_TEXTS = ("true", "false", "")
"""What 4.4 takes between quotes for a boolean; the empty string is false."""


def _from_number(leaf: ast.Number, kind: FieldType, version: Version) -> Constant:
    value, text = leaf.value, leaf.text
    if kind in INTEGERS:
        return Constant(leaf.span, kind, _integer(leaf, kind))
    if kind is _T.EUI64 and isinstance(value, int):
        return Constant(leaf.span, kind, value.to_bytes(8, "big"))
    if kind is _T.BOOLEAN and isinstance(value, int):
        return Constant(leaf.span, kind, value != 0)
    if kind in FLOATS:
        return Constant(leaf.span, kind, _float(leaf, kind))
    if kind is _T.BYTES:
        return Constant(leaf.span, kind, bytestrings.byte_number(value, text))
    if kind is _T.ABSOLUTE_TIME:
        return _time(leaf, kind, text, version)
    if kind is _T.RELATIVE_TIME:
        return _time(leaf, kind, text, version, value)
    if kind in STRINGS and kind is not _T.AX25 and version <= Version.V4_0:
        return Constant(leaf.span, kind, text)
    raise _number_refused(leaf, kind)


def _time(leaf: Leaf, kind: FieldType, text: str, version: Version, value: int | float = 0) -> Constant:
    from dfilter.check.convert import times  # few filters speak of times

    if kind is _T.RELATIVE_TIME:
        return Constant(leaf.span, kind, times.relative_time(text, value))
    return Constant(leaf.span, kind, times.absolute_time(text, version))


def _identifier(leaf: Leaf, kind: FieldType, text: str) -> Constant:
    from dfilter.check.convert import identifiers  # few filters hold one

    if kind is _T.GUID:
        return Constant(leaf.span, kind, identifiers.guid_literal(text))
    return Constant(leaf.span, kind, identifiers.oid_literal(text, relative=kind is _T.REL_OID))


def _number_refused(leaf: ast.Number, kind: FieldType) -> ConversionError:
    what = "Double" if isinstance(leaf.value, float) else "Unsigned integer"
    notes = (f'text must be quoted: "{leaf.text}"',) if kind in STRINGS else ()
    return ConversionError(
        NOT_CONVERTIBLE, f"{what} {leaf.text} cannot be converted to {type_name(kind)}", notes
    )


def _integer(leaf: ast.Number, kind: FieldType) -> int:
    if isinstance(leaf.value, float):
        raise _number_refused(leaf, kind)
    bits = WIDTH_BITS[kind]
    largest = 2 ** (bits - 1) - 1 if kind in SIGNED else 2**bits - 1
    if leaf.value > largest:
        raise ConversionError(OUT_OF_RANGE, f"{quoted(leaf.text)} too big for this field, maximum {largest}")
    return leaf.value


def _float(leaf: ast.Number, kind: FieldType) -> float:
    value = float(leaf.value)
    if kind in _IEEE_11073 and not re.fullmatch(_DECIMAL, leaf.text):
        raise _number_refused(leaf, kind)
    if math.isinf(value) and any(character.isdigit() for character in leaf.text):
        raise ConversionError(OUT_OF_RANGE, f"{quoted(leaf.text)} causes floating-point overflow")
    return value


def _from_character(leaf: ast.Character, kind: FieldType) -> Constant:
    octet = bytes((leaf.value,))
    if kind in INTEGERS and kind is not _T.IPXNET:
        return Constant(leaf.span, kind, leaf.value)
    if kind is _T.BOOLEAN:
        return Constant(leaf.span, kind, leaf.value != 0)
    if kind in STRINGS and kind is not _T.AX25:
        return Constant(leaf.span, kind, octet.decode("utf-8", "surrogateescape"))
    if kind in _TAKES_STRINGS:
        return Constant(leaf.span, kind, octet)
    message = f"Character constant {leaf.text} cannot be converted to {type_name(kind)}"
    raise ConversionError(NOT_CONVERTIBLE, message)


def _from_word(leaf: ast.Word | ast.Literal, kind: FieldType, version: Version, *, part: bool) -> Constant:
    """An unquoted word or literal.  A leading colon was typed to force bytes; other types see it, too."""
    text = spelled(leaf)
    if kind is _T.AX25 and version >= Version.V4_4:
        return Constant(leaf.span, kind, _callsign(text))
    if kind in STRINGS and kind is not _T.AX25:
        return Constant(leaf.span, kind, text)
    if kind in FLOATS and version <= Version.V4_0 and text.lower() in _NON_FINITE:
        return Constant(leaf.span, kind, float(text))
    if kind is _T.IPv4:
        return Constant(leaf.span, kind, *addresses.ipv4_literal(text))
    if kind is _T.IPv6:
        return Constant(leaf.span, kind, *addresses.ipv6_literal(text))
    if kind in _IDENTIFIERS:
        return _identifier(leaf, kind, text)
    if kind in BYTE_LIKE or kind in _READ_AS_HEX:
        return Constant(leaf.span, kind, bytestrings.byte_literal(leaf.text, kind, version, part=part))
    if kind is _T.ABSOLUTE_TIME:
        return _time(leaf, kind, text, version)
    if kind is _T.BOOLEAN and is_boolean_word(text, version):
        return Constant(leaf.span, kind, text.lower() == "true")
    from dfilter.check.convert.hints import hints  # for errors only

    message = f"{quoted(text)} cannot be converted to {type_name(kind)}"
    raise ConversionError(NOT_CONVERTIBLE, message, hints(text, kind))


def is_boolean_word(text: str, version: Version) -> bool:
    """Is this unquoted word a value of every boolean? 4.0 takes two spellings of each, 3.4 only labels."""
    if version <= Version.V4_0:
        return version is Version.V4_0 and text in ("True", "TRUE", "False", "FALSE")
    return text.lower() in ("true", "false")


def _callsign(text: str) -> str:
    if not re.fullmatch(_AX25, text):
        raise ConversionError(
            NOT_CONVERTIBLE,
            f"{quoted(text)} is not a valid AX.25 address: a callsign has 1 to 6 letters and digits",
        )
    return text
