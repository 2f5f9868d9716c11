"""What Wireshark 3.4 and 4.0 take for a literal where later versions take something else.

In: a leaf of the syntax tree and a type.  Out: a typed `Constant`; None where the rules of later versions hold;
`ConversionError` where these two refuse.  The source is section 5 of the language notes and appendix A.
"""

from __future__ import annotations

import re

from dfilter.check.convert import bytestrings, identifiers
from dfilter.check.convert.errors import BAD_ADDRESS, BAD_TIME, NOT_CONVERTIBLE, OUT_OF_RANGE, ConversionError, quoted
from dfilter.check.operators import WIDE, is_bytes
from dfilter.check.typed import Constant
from dfilter.check.typenames import type_name
from dfilter.fields.types import FLOATS, SIGNED, STRINGS, UNSIGNED, WIDTH_BITS, FieldType
from dfilter.fields.versions import Version
from dfilter.language import ast

Leaf = ast.Word | ast.Number | ast.Literal | ast.String | ast.Character

_T = FieldType
_OIDS = frozenset({_T.OID, _T.REL_OID})
_NO_CHARACTERS = WIDE | {_T.BOOLEAN}
_NANOSECONDS = 1_000_000_000
_LONGEST = 100


def convert_old(leaf: Leaf, kind: FieldType, version: Version, *, part: bool) -> Constant | None:
    """`leaf` as a constant of type `kind`, where 3.4 or 4.0 has a rule of its own.

    Raises:
        ConversionError: the version refuses this literal for this type.
    """
    if isinstance(leaf, ast.String):
        _check_single_quotes(leaf, kind, part=part)
        return None
    if isinstance(leaf, ast.Character):
        return _character(leaf, kind, part=part) if version is Version.V3_4 else None
    text = leaf.text
    if kind in _OIDS:
        if "." not in text:
            raise ConversionError(NOT_CONVERTIBLE, f"{quoted(text)} is not a valid OBJECT IDENTIFIER")
        return Constant(leaf.span, kind, identifiers.oid_literal(text, relative=kind is _T.REL_OID))
    if kind is _T.RELATIVE_TIME:
        return Constant(leaf.span, kind, _offset(text, version))
    if kind is _T.PROTOCOL and version is Version.V3_4:
        return Constant(leaf.span, kind, _bytes_or_text(text, version))
    if is_bytes(kind, version) or kind in (_T.PROTOCOL, _T.AX25):
        return Constant(leaf.span, kind, _octets(leaf, kind, version, part=part))
    if kind is _T.IPv4:
        _check_mask(text)
    if kind in FLOATS and text[:2].lower() == "0b":
        raise ConversionError(NOT_CONVERTIBLE, f"{quoted(text)} is not a valid floating-point number")
    return None


def _check_single_quotes(leaf: ast.String, kind: FieldType, *, part: bool) -> None:
    """3.4: several characters in single quotes are text, but for whole values only."""
    if leaf.text.startswith("'") and (part or kind not in STRINGS | {_T.PROTOCOL}):
        message = f"{quoted(leaf.text)} is too long to be a valid character constant"
        raise ConversionError(NOT_CONVERTIBLE, message, ("a string stands in double quotes",))


def _character(leaf: ast.Character, kind: FieldType, *, part: bool) -> Constant | None:
    """3.4: a character constant is no truth value, no whole byte string and no integer beyond 32 bits."""
    if kind is _T.IPXNET:
        return Constant(leaf.span, kind, leaf.value)
    if kind in _NO_CHARACTERS or (kind is _T.BYTES and not part):
        message = f"Character constant {leaf.text} cannot be converted to {type_name(kind)}"
        raise ConversionError(NOT_CONVERTIBLE, message)
    return None


def _octets(leaf: ast.Word | ast.Number | ast.Literal, kind: FieldType, version: Version, *, part: bool) -> bytes:
    """The digits of a number are those of a byte string: 13 is 0x13; 4.0 also takes 0x0d."""
    text = leaf.text
    if version is Version.V4_0 and isinstance(leaf, ast.Number) and re.fullmatch(r"0[xX][0-9A-Fa-f]{2}", text):
        text = text[2:]
    return bytestrings.byte_literal(text, kind, version, part=part)


def _bytes_or_text(text: str, version: Version) -> bytes:
    """3.4: what is no byte string is the text itself."""
    value = bytestrings.parse_bytes(text, version)
    return text.encode("utf-8", "surrogateescape") if value is None else value


def _offset(text: str, version: Version) -> int:
    """A decimal number of seconds, up to nine decimals; 4.0 ignores what follows the decimals."""
    match = re.match(r"([0-9]*)(?:\.([0-9]{1,9})(?![0-9]))?", text)
    ignoring = match is not None and match[2] and version is Version.V4_0
    if match is None or not match[0] or len(text) > _LONGEST or (match.end() < len(text) and not ignoring):
        raise ConversionError(BAD_TIME, f"{quoted(text)} is not a valid time", ("write a number of seconds: 0.5",))
    return int(match[1] or 0) * _NANOSECONDS + int((match[2] or "").ljust(9, "0"))


def _check_mask(text: str) -> None:
    """The length of a prefix is read as a number: after a zero come octal digits."""
    mask = text.partition("/")[2]
    if re.fullmatch(r"0[0-9]*[89][0-9]*", mask):
        raise ConversionError(BAD_ADDRESS, f"{quoted(mask)} is not a valid number")


def signed_word(sign: ast.Unary, number: ast.Number, kind: FieldType) -> Constant | None:
    """3.4: a sign is a part of the word; None where it is read as in later versions.

    Raises:
        ConversionError: the number does not fit.
    """
    text = sign.op.value + number.text
    if kind in STRINGS and kind is not _T.AX25:
        return Constant(sign.span, kind, text)
    if kind is _T.PROTOCOL:
        return Constant(sign.span, kind, text.encode())
    if kind in (_T.IEEE_11073_SFLOAT, _T.IEEE_11073_FLOAT):
        return Constant(sign.span, kind, -float(number.value))
    if kind in UNSIGNED and number.value > 0:
        raise ConversionError(OUT_OF_RANGE, f"{quoted(text)} too small for this field, minimum 0")
    if kind in SIGNED and isinstance(number.value, int):
        smallest = -(2 ** (WIDTH_BITS[kind] - 1))
        if -number.value < smallest:
            message = f"{quoted(text)} too small for this field, minimum {smallest}"
            raise ConversionError(OUT_OF_RANGE, message)
        return Constant(sign.span, kind, -number.value)
    return None
