"""What the constants of the language stand for: escapes, character constants, numbers.

In: the text of one token, as typed.  Out: its value, or a `LiteralError` with the part that is wrong.
Pure functions; every one is linear in its text.
"""

from __future__ import annotations

import re
from enum import Enum

from dfilter.fields.versions import Version

_SIMPLE = {
    "a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, "\\": 92, "'": 39, '"': 34,
}  # fmt: skip
# Compiled (and kept by `re`) when a filter first needs them: most filters need none.
_ESCAPE = r"(?s)\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{0,4})|U([0-9a-fA-F]{0,8})|(.))"
_CHARACTER = r"[^\\]|\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|([abfrtv\\'\"n]))"
_HEX_FLOAT = r"0[xX]([0-9a-fA-F]+)(?:\.([0-9a-fA-F]+))?(?:[pP]([+-]?[0-9]+))?"

MAX_INTEGER = 2**64 - 1

NAN = float("nan")
"""One object for all, so that two trees with it in the same place are equal."""


class Flaw(Enum):
    """What is wrong with a constant."""

    ESCAPE = "escape"
    UNIVERSAL_NAME = "universal name"
    OCTAL = "octal"
    EMPTY_CHARACTER = "empty character"
    LONG_CHARACTER = "long character"
    BAD_CHARACTER = "bad character"
    NON_PRINTABLE = "non-printable"
    OVERFLOW = "overflow"
    UNDERFLOW = "underflow"


class LiteralError(Exception):
    """`part` is the wrong part of the text, at `start` up to `end` in it."""

    def __init__(self, flaw: Flaw, part: str, start: int, end: int) -> None:
        super().__init__(flaw, part, start, end)
        self.flaw = flaw
        self.part = part
        self.start = start
        self.end = end


def to_bytes(text: str) -> bytes:
    """UTF-8; a lone surrogate from the command line gives back the byte it stands for."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def string_value(text: str, version: Version, raw: bool = False) -> bytes:
    """The bytes of a quoted string, quotes (and `r`) included in `text`; escapes as in that Wireshark
    version.

    A raw string keeps its backslashes.  3.4 knows only octal, `\\x`, and drops the backslash of all others;
    it ends the string at a NUL.
    """
    body = text[2:-1] if raw else text[1:-1]
    if raw or "\\" not in body:
        return to_bytes(body)
    old = version < Version.V4_0
    escape = re.compile(_ESCAPE)
    parts: list[bytes] = []
    position = 0
    while True:
        at = body.find("\\", position)
        if at < 0:
            parts.append(to_bytes(body[position:]))
            break
        parts.append(to_bytes(body[position:at]))
        match = escape.match(body, at)
        assert match is not None  # the string's pattern puts a character after every backslash
        value, position = _old_escape(match) if old else _escape(match)
        parts.append(value)
    value = b"".join(parts)
    return value.split(b"\0", 1)[0] if old else value


def source_offset(text: str, version: Version, offset: int, raw: bool = False) -> int:
    """Where in the token `text` of a quoted string the byte `offset` of its value is written."""
    at, end, done = (2 if raw else 1), len(text) - 1, 0
    escape = re.compile(_ESCAPE)
    while at < end and done < offset:
        if text[at] == "\\" and not raw:
            match = escape.match(text, at)
            assert match is not None  # as in `string_value`
            value, at = _old_escape(match) if version < Version.V4_0 else _escape(match)
        else:
            value, at = to_bytes(text[at]), at + 1
        done += len(value)
    return at


def _escape(match: re.Match[str]) -> tuple[bytes, int]:
    octal, byte, short, long, other = match.groups()
    start, end = match.start() + 1, match.end() + 1  # the opening quote is not in the matched text
    if octal is not None:
        if int(octal, 8) > 255:
            raise LiteralError(Flaw.OCTAL, match[0], start, end)
        return bytes([int(octal, 8)]), match.end()
    if byte is not None:
        return bytes([int(byte, 16)]), match.end()
    if other is not None:
        if other not in _SIMPLE:
            raise LiteralError(Flaw.ESCAPE, match[0], start, end)
        return bytes([_SIMPLE[other]]), match.end()
    digits, wanted = (short, 4) if short is not None else (long, 8)
    code = int(digits, 16) if len(digits) == wanted else -1
    if code <= 0 or code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise LiteralError(Flaw.UNIVERSAL_NAME, match[0], start, end)
    return chr(code).encode("utf-8"), match.end()


def _old_escape(match: re.Match[str]) -> tuple[bytes, int]:
    octal, byte, _, _, other = match.groups()
    if octal is not None:
        if int(octal, 8) > 255:
            raise LiteralError(Flaw.OCTAL, match[0], match.start() + 1, match.end() + 1)
        return bytes([int(octal, 8)]), match.end()
    if byte is not None:
        return bytes([int(byte, 16)]), match.end()
    if other == "x":
        return b"\\x", match.end()
    after = match.start() + 2
    return to_bytes(match.string[match.start() + 1 : after]), after


def character_value(text: str, version: Version) -> int:
    """The value, 0 to 255, of a character constant, quotes included in `text`.

    `'\\n'` is refused by every 4.x (Wireshark 4.4.18, 4.6.9); 3.4 takes it.
    """
    body = text[1:-1]
    if not body:
        raise LiteralError(Flaw.EMPTY_CHARACTER, text, 0, len(text))
    match = re.fullmatch(_CHARACTER, body)
    if match is None:
        flaw = Flaw.BAD_CHARACTER if _is_bad_escape(body) else Flaw.LONG_CHARACTER
        raise LiteralError(flaw, text, 0, len(text))
    octal, byte, letter = match.groups()
    if octal is not None:
        if int(octal, 8) > 255:
            raise LiteralError(Flaw.OCTAL, text, 0, len(text))
        return int(octal, 8)
    if byte is not None:
        if len(byte) == 1 and version < Version.V4_0:
            raise LiteralError(Flaw.BAD_CHARACTER, text, 0, len(text))
        return int(byte, 16)
    if letter is not None:
        if letter == "n" and version >= Version.V4_0:
            raise LiteralError(Flaw.LONG_CHARACTER, text, 0, len(text))
        return _SIMPLE[letter]
    if not " " <= body <= "~":
        raise LiteralError(Flaw.NON_PRINTABLE, text, 0, len(text))
    return ord(body)


def _is_bad_escape(body: str) -> bool:
    """An escape of the right length that means nothing, such as `\\q`, `\\8` or `\\18`."""
    if body[0] != "\\" or len(body) > 4:
        return False
    return len(body) <= 2 or body[1] == "x" or body[1].isdigit()


def integer_value(text: str) -> int | None:
    """The value of digits in one of the four bases; None beyond 64 bits."""
    prefix = text[:2].lower()
    if prefix == "0x":
        digits, base = text[2:], 16
    elif prefix == "0b":
        digits, base = text[2:] or "0", 2
    elif text[0] == "0":
        digits, base = text, 8
    else:
        digits, base = text, 10
        if len(text) > 20:  # int() is quadratic, and refuses, for digits without end
            return None
    value = int(digits, base)
    return value if value <= MAX_INTEGER else None


def float_value(text: str) -> float:
    """The value of a decimal or hexadecimal floating-point text, or of nan, inf, infinity."""
    match = re.fullmatch(_HEX_FLOAT, text)
    if match is None:
        lower = text.lower()
        if lower.startswith("nan"):
            return NAN
        if lower.startswith("inf"):
            return float("inf")
        return _checked(text, float(text), zero=not lower.split("e")[0].strip("0."))
    whole, fraction, exponent = match.groups()
    zero = not (whole + (fraction or "")).strip("0")
    try:
        value = float.fromhex(f"0x{whole}.{fraction or '0'}p{exponent or '0'}")
    except OverflowError:
        raise LiteralError(Flaw.OVERFLOW, text, 0, len(text)) from None
    return _checked(text, value, zero)


def _checked(text: str, value: float, zero: bool) -> float:
    """`value`, unless the text is beyond what a double holds at full precision (a zero is exact)."""
    if value == float("inf"):
        raise LiteralError(Flaw.OVERFLOW, text, 0, len(text))
    if value < 2.2250738585072014e-308 and not zero:
        raise LiteralError(Flaw.UNDERFLOW, text, 0, len(text))
    return value
