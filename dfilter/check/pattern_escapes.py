"""Escape sequences of regular expressions, as PCRE2 reads them in byte mode.

In: a pattern and the offset of a backslash.  Out: what the escape is and where it ends, or `PatternError`.
Observed with the PCRE2 of Wireshark 4.4 and 4.6; pcre2pattern(3) is the reference.
"""

from __future__ import annotations

import re
from enum import Enum

from dfilter.slotted import frozen


class PatternError(Exception):
    """`offset` is a byte offset into the pattern."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message


class Kind(Enum):
    ITEM = "item"
    """Something that a quantifier can repeat."""
    ASSERTION = "assertion"
    REFERENCE = "reference"
    CLASS = "class"
    """A character type such as \\d: no end of a range in a character class."""


@frozen
class Escape:
    """`code` is the byte it stands for, where it is one; `number` and `name` say which group it refers to."""

    kind: Kind
    end: int
    code: int | None = None
    number: int | None = None
    name: bytes | None = None


_CONTROL = {ord("a"): 7, ord("e"): 27, ord("f"): 12, ord("n"): 10, ord("r"): 13, ord("t"): 9}
_TYPES = frozenset(b"dDwWsShHvVRXCN")
_ASSERTIONS = frozenset(b"bBAzZGK")
_UNSUPPORTED = frozenset(b"FLlUu")
_GENERAL = frozenset(b"CLMNPSZ")
_NAME = rb"[A-Za-z_][A-Za-z0-9_]{0,127}"
_K = re.compile(rb"(?:<\s*(%s)\s*>|'\s*(%s)\s*'|\{\s*(%s)\s*\})" % (_NAME, _NAME, _NAME))
_G = re.compile(rb"(?:\{\s*([+-]?[0-9]{1,5})\s*\}|([+-]?[0-9]{1,5})|<([+-]?[0-9]{1,5})>|'([+-]?[0-9]{1,5})')")
_G_NAME = re.compile(rb"(?:\{\s*(%s)\s*\}|<(%s)>|'(%s)')" % (_NAME, _NAME, _NAME))
_QUANTITY = re.compile(rb"\{[0-9 ,]+\}")
_PROPERTY = re.compile(rb"\{\s*\^?([A-Za-z0-9_&=: \-]{1,60})\}")


def read_escape(pattern: bytes, at: int) -> Escape:
    """The escape whose backslash is at offset `at`, outside a character class."""
    if at + 1 >= len(pattern):
        raise PatternError(at, "\\ at end of pattern")
    char, after = pattern[at + 1], at + 2
    if char in b"123456789":
        return _back_reference(pattern, at + 1)
    if char in b"gk":
        return _named_reference(pattern, after, char)
    if char in _ASSERTIONS:
        return Escape(Kind.ASSERTION, after)
    return read_common_escape(pattern, at)


def read_common_escape(pattern: bytes, at: int) -> Escape:
    """The escapes that mean the same inside and outside of a character class."""
    char, after = pattern[at + 1], at + 2
    if char == ord("N") and pattern[after : after + 1] == b"{" and not _QUANTITY.match(pattern, after):
        unicode = pattern[after : after + 3] == b"{U+"
        text = r"\N{U+dddd} is supported only in Unicode (UTF) mode"
        raise PatternError(at, text if unicode else r"PCRE2 does not support \N{name}")
    if char in _UNSUPPORTED:
        raise PatternError(at, r"PCRE2 does not support \F, \L, \l, \N{name}, \U, or \u")
    if char in _TYPES:
        return Escape(Kind.CLASS, after)
    if char in b"pP":
        return Escape(Kind.CLASS, _property(pattern, after))
    if char in _CONTROL:
        return Escape(Kind.ITEM, after, _CONTROL[char])
    if char == ord("x"):
        return _hexadecimal(pattern, after)
    if char == ord("o"):
        return _octal_in_braces(pattern, after)
    if char == ord("c"):
        return _control(pattern, after)
    if char in b"01234567":
        return _octal(pattern, at + 1)
    if chr(char).isascii() and chr(char).isalpha() and char not in b"QE":
        raise PatternError(at, "unrecognized character follows \\")
    return Escape(Kind.ITEM, after, char)


def _back_reference(pattern: bytes, start: int) -> Escape:
    digits = re.compile(rb"[0-9]{1,9}").match(pattern, start)
    assert digits is not None
    number = int(digits[0])
    if number >= 10 and pattern[start] in b"01234567":
        octal = _octal(pattern, start)
        return Escape(Kind.REFERENCE, digits.end(), octal.code, number)
    return Escape(Kind.REFERENCE, digits.end(), None, number)


def _named_reference(pattern: bytes, after: int, char: int) -> Escape:
    if char == ord("k"):
        match = _K.match(pattern, after)
        if match is None:
            raise PatternError(after, r"\k is not followed by a braced, angle-bracketed, or quoted name")
        return Escape(Kind.REFERENCE, match.end(), name=next(filter(None, match.groups())))
    match = _G.match(pattern, after)
    if match is not None:
        return Escape(Kind.REFERENCE, match.end(), number=_relative(next(filter(None, match.groups()))))
    match = _G_NAME.match(pattern, after)
    if match is not None:
        return Escape(Kind.REFERENCE, match.end(), name=next(filter(None, match.groups())))
    message = r"\g is not followed by a braced, angle-bracketed, or quoted name/number or by a plain number"
    raise PatternError(after, message)


_BACK = 100_000
"""Relative group numbers are shifted by this: `\\g{-1}` is `_BACK - 1`."""


def _relative(text: bytes) -> int:
    return _BACK + int(text) if text[:1] in (b"+", b"-") else int(text)


def absolute_number(number: int, groups_before: int) -> int:
    """The group that a number means after `groups_before` groups were opened; < 1 where there is none."""
    if number < _BACK // 2:
        return number
    offset = number - _BACK
    return groups_before + offset + (1 if offset < 0 else 0)


def _property(pattern: bytes, after: int) -> int:
    if after >= len(pattern):
        raise PatternError(after, r"malformed \P or \p sequence")
    if pattern[after] != ord("{"):
        if pattern[after] not in _GENERAL:
            raise PatternError(after, r"unknown property after \P or \p")
        return after + 1
    match = _PROPERTY.match(pattern, after)
    if match is None:
        raise PatternError(after, r"malformed \P or \p sequence")
    if not _is_property(match[1].decode("ascii").strip()):
        raise PatternError(after, r"unknown property after \P or \p")
    return match.end()


_PCRE_ONLY = frozenset({"any", "l&", "xan", "xps", "xsp", "xuc", "xwd", "unknown", "zzzz"})


def _is_property(name: str) -> bool:
    """Is there such a Unicode property? Asked of the `regex` module, which knows the same names."""
    if name.lower() in _PCRE_ONLY:
        return True
    import regex  # type: ignore[import-untyped, unused-ignore]  # only a named property needs it

    try:
        regex.compile(rf"\p{{{name.replace(':', '=')}}}")
    except regex.error:
        return False
    return True


def _hexadecimal(pattern: bytes, after: int) -> Escape:
    if pattern[after : after + 1] != b"{":
        match = re.compile(rb"[0-9A-Fa-f]{1,2}").match(pattern, after)
        if match is None:
            raise PatternError(after, r"digits missing after \x")
        return Escape(Kind.ITEM, match.end(), int(match[0], 16))
    match = re.compile(rb"\{\s*([0-9A-Fa-f]*)\s*\}").match(pattern, after)
    if match is None:
        raise PatternError(after, r"non-hex character in \x{} (closing brace missing?)")
    return Escape(Kind.ITEM, match.end(), _code_point(match[1], 16, after))


def _octal_in_braces(pattern: bytes, after: int) -> Escape:
    if pattern[after : after + 1] != b"{":
        raise PatternError(after, r"missing opening brace after \o")
    match = re.compile(rb"\{\s*([0-7]*)\s*\}").match(pattern, after)
    if match is None:
        raise PatternError(after, r"non-octal character in \o{} (closing brace missing?)")
    return Escape(Kind.ITEM, match.end(), _code_point(match[1], 8, after))


def _code_point(digits: bytes, base: int, at: int) -> int:
    if not digits:
        raise PatternError(at, r"digits missing after \x or in \x{} or \o{}")
    code = int(digits[:40], base)
    if code > 255 or len(digits) > 40:
        raise PatternError(at, r"character code point value in \x{} or \o{} is too large")
    return code


def _octal(pattern: bytes, start: int) -> Escape:
    match = re.compile(rb"[0-7]{1,3}").match(pattern, start)
    assert match is not None
    code = int(match[0], 8)
    if code > 255:
        raise PatternError(start, r"octal value is greater than \377 in 8-bit non-UTF-8 mode")
    return Escape(Kind.ITEM, match.end(), code)


def _control(pattern: bytes, after: int) -> Escape:
    if after >= len(pattern):
        raise PatternError(after, r"\c at end of pattern")
    if not 0x20 <= pattern[after] <= 0x7E:
        raise PatternError(after, r"\c must be followed by a printable ASCII character")
    return Escape(Kind.ITEM, after + 1, ord(chr(pattern[after]).upper()) ^ 0x40)
