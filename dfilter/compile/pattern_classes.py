"""Sets of bytes: what `\\w`, `[[:alpha:]]`, `\\p{Lu}` stand for in PCRE2's byte mode.

In: names.  Out: frozensets of 0…255, and `Characters`: what the short names mean.  What always holds: the C locale
(only ASCII is folded, only ASCII is a word byte) unless the pattern begins with `(*UCP)`; properties look at the
Latin-1 code point of the byte.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache

from dfilter.slotted import frozen

ALL = frozenset(range(256))


def _of(text: str) -> frozenset[int]:
    return frozenset(text.encode("latin-1"))


def _between(first: str, last: str) -> frozenset[int]:
    return frozenset(range(ord(first), ord(last) + 1))


DIGIT = _between("0", "9")
UPPER = _between("A", "Z")
LOWER = _between("a", "z")
ALPHA = UPPER | LOWER
WORD = ALPHA | DIGIT | _of("_")
SPACE = _of(" \t\n\v\f\r")
HORIZONTAL = _of("\t \xa0")
VERTICAL = _of("\n\v\f\r\x85")
GRAPH = _between("!", "~")

SHORTHANDS: dict[str, frozenset[int]] = {
    "d": DIGIT,
    "D": ALL - DIGIT,
    "w": WORD,
    "W": ALL - WORD,
    "s": SPACE,
    "S": ALL - SPACE,
    "h": HORIZONTAL,
    "H": ALL - HORIZONTAL,
    "v": VERTICAL,
    "V": ALL - VERTICAL,
}

POSIX: dict[str, frozenset[int]] = {
    "alnum": ALPHA | DIGIT,
    "alpha": ALPHA,
    "ascii": frozenset(range(128)),
    "blank": _of(" \t"),
    "cntrl": frozenset([*range(32), 127]),
    "digit": DIGIT,
    "graph": GRAPH,
    "lower": LOWER,
    "print": GRAPH | _of(" "),
    "punct": GRAPH - ALPHA - DIGIT,
    "space": SPACE,
    "upper": UPPER,
    "word": WORD,
    "xdigit": DIGIT | _of("abcdefABCDEF"),
}

_LATIN_LETTERS = frozenset(
    byte for byte in range(256) if unicodedata.category(chr(byte))[0] == "L" and byte != 0xB5
)
_SCRIPT_NAMES = """
arabic armenian bengali cyrillic devanagari ethiopic georgian greek gujarati gurmukhi han hangul hebrew
hiragana katakana khmer lao malayalam mongolian myanmar tamil telugu thai tibetan inherited
"""
_OTHER_SCRIPTS = frozenset(_SCRIPT_NAMES.split())
_CATEGORY_NAMES = """
C Cc Cf Cn Co Cs L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs
"""
_CATEGORIES = frozenset(_CATEGORY_NAMES.split())


def fold(members: frozenset[int]) -> frozenset[int]:
    """The set with both cases of each ASCII letter in it."""
    swapped = {byte ^ 0x20 for byte in members if byte in ALPHA}
    return members | swapped


@frozen
class Characters:
    """What `\\w`, `[:alpha:]` and the like mean; `cased`: the bytes that differ from their other case in one bit."""

    shorthands: Mapping[str, frozenset[int]]
    posix: Mapping[str, frozenset[int]]
    cased: frozenset[int]

    def fold(self, members: frozenset[int]) -> frozenset[int]:
        """The set with both cases of each letter in it."""
        return members | {byte ^ 0x20 for byte in members if byte in self.cased}


ASCII_CHARACTERS = Characters(SHORTHANDS, POSIX, ALPHA)
"""Those of PCRE2's own tables."""


def _categories(*names: str) -> frozenset[int]:
    return frozenset(byte for byte in ALL if unicodedata.category(chr(byte)).startswith(names))


@cache
def unicode_characters() -> Characters:
    """Those of `(*UCP)`: Unicode's properties of the Latin-1 code points (pcre2pattern(3), PCRE2 10.43 and later).

    Observed with Wireshark 4.6: `[:punct:]` has no symbols but those of ASCII; `[:upper:]` is no letter of lower case,
    also where case does not count.
    """
    digit, word = _categories("Nd"), _categories("L", "N", "Mn", "Pc")
    space = _categories("Z") | HORIZONTAL | VERTICAL
    ink = _categories("L", "M", "N", "P", "S", "Cf")
    shorthands = SHORTHANDS | {"d": digit, "w": word, "s": space}
    shorthands |= {letter.upper(): ALL - shorthands[letter] for letter in "dws"}
    posix = POSIX | {
        "alnum": _categories("L", "N"),
        "alpha": _categories("L"),
        "blank": HORIZONTAL,
        "cntrl": _categories("Cc"),
        "digit": digit,
        "graph": ink,
        "lower": _categories("Ll"),
        "print": ink | _categories("Zs"),
        "punct": _categories("P") | (_categories("S") & frozenset(range(128))),
        "space": space,
        "upper": _categories("Lu"),
        "word": word,
    }
    cased = frozenset(byte for byte in ALL if chr(byte ^ 0x20) == chr(byte).swapcase())
    return Characters(shorthands, posix, cased)


@cache
def property_set(name: str, caseless: bool) -> frozenset[int] | None:
    """The bytes whose Latin-1 code point has a property, None for an unknown name.

    Under caseless matching the cased letters are one class (PCRE2 from 10.39 on).
    """
    plain = name.replace(" ", "").replace("_", "").replace("-", "")
    if caseless and plain in ("Lu", "Ll", "Lt"):
        plain = "L&"
    for category in _CATEGORIES:
        if plain.lower() == category.lower():
            return frozenset(byte for byte in ALL if unicodedata.category(chr(byte)).startswith(category))
    lowered = plain.lower()
    for prefix in (
        "script:",
        "script=",
        "sc:",
        "sc=",
        "scx:",
        "scx=",
        "scriptextensions:",
        "scriptextensions=",
    ):
        lowered = lowered.removeprefix(prefix)
    return _named_set(lowered)


def _named_set(name: str) -> frozenset[int] | None:
    letters_and_numbers = frozenset(byte for byte in ALL if unicodedata.category(chr(byte))[0] in "LN")
    known = {
        "any": ALL,
        "l&": frozenset(byte for byte in ALL if unicodedata.category(chr(byte)) in ("Lu", "Ll", "Lt")),
        "lc": frozenset(byte for byte in ALL if unicodedata.category(chr(byte)) in ("Lu", "Ll", "Lt")),
        "xan": letters_and_numbers,
        "xwd": letters_and_numbers | _of("_"),
        "xsp": SPACE | HORIZONTAL | VERTICAL,
        "xps": SPACE | HORIZONTAL | VERTICAL,
        "xuc": _of("$@`") | frozenset(range(0xA0, 0x100)),
        "ascii": frozenset(range(128)),
        "latin": _LATIN_LETTERS,
        "latn": _LATIN_LETTERS,
        "common": ALL - _LATIN_LETTERS,
        "zyyy": ALL - _LATIN_LETTERS,
    }
    if name in _OTHER_SCRIPTS:
        return frozenset()
    return known.get(name)
