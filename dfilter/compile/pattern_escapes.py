"""Characters written with a backslash, and character classes, of a regular expression.

In: the pattern and a place in it.  Out: codes, sets of bytes, the place behind.  Errors: `PatternError`.
What always holds: codes are 0…255 (byte mode).  Source: pcre2pattern(3), and Wireshark's verdicts.
"""

from __future__ import annotations

import re

from dfilter.compile.pattern_classes import ALL, ASCII_CHARACTERS, POSIX, Characters, property_set
from dfilter.compile.pattern_syntax import PatternError

_LETTERS = {"a": 7, "e": 27, "f": 12, "n": 10, "r": 13, "t": 9}
_HEX_BRACED = re.compile(r"\\x\{ *([0-9A-Fa-f]+) *\}")
_HEX = re.compile(r"\\x([0-9A-Fa-f]{1,2})")
_OCTAL_BRACED = re.compile(r"\\o\{ *([0-7]+) *\}")
_OCTAL = re.compile(r"\\([0-7]{1,3})")
_POSIX = re.compile(r"\[:(\^?)([a-z]*):\]")
_COLLATING = re.compile(r"\[([.=])[^\]]*\1\]")
_PROPERTY = re.compile(r"\\([pP])(?:\{(\^?)([^}]*)\}|(\w))")


def read_character(text: str, at: int) -> tuple[int, int]:
    """The code of the escape at `at`, and where it ends."""
    letter = text[at + 1 : at + 2]
    if not letter:
        raise PatternError("\\ at end of pattern", at + 1)
    if letter in _LETTERS:
        return _LETTERS[letter], at + 2
    for form, base in ((_HEX_BRACED, 16), (_OCTAL_BRACED, 8), (_HEX, 16), (_OCTAL, 8)):
        if found := form.match(text, at):
            return _byte(int(found[1][:20], base), form is _OCTAL, at), found.end()
    if letter in "xo":
        raise PatternError("digits missing after \\x or in \\x{} or \\o{} or \\N{U+}", at + 2)
    if letter == "c":
        return _control(text, at)
    if letter.isascii() and letter.isalnum():
        raise PatternError("unrecognized character follows \\", at + 1)
    return ord(letter), at + 2


def _byte(code: int, octal: bool, at: int) -> int:
    if code > 255:
        problem = "octal value is greater than \\377 in 8-bit non-UTF-8 mode"
        raise PatternError(
            problem if octal else "character code point value in \\x{} or \\o{} is too large", at
        )
    return code


def _control(text: str, at: int) -> tuple[int, int]:
    char = text[at + 2 : at + 3]
    if not char or not 32 <= ord(char) < 127:
        raise PatternError("\\c must be followed by a printable ASCII character", at + 2)
    return ord(char.upper()) ^ 0x40, at + 3


class ClassReader:
    """Reads `[…]`; `at` is behind it afterwards."""

    def __init__(self, text: str, at: int, characters: Characters, caseless: bool, skip_blanks: bool) -> None:
        self.text = text
        self.at = at + 1
        self.start = at
        self.characters = characters
        self.caseless = caseless
        self.skip_blanks = skip_blanks
        self.quoting = False

    def read(self) -> frozenset[int]:
        """The bytes that the class matches."""
        negated = self.text[self.at : self.at + 1] == "^"
        self.at += negated
        members: frozenset[int] = frozenset()
        first = True
        while True:
            if self._ends(first):
                break
            item = self._item()
            if item is None:
                continue
            members |= self._range(item)
            first = False
        return ALL - members if negated else members

    def _ends(self, first: bool) -> bool:
        if self.at >= len(self.text):
            raise PatternError("missing terminating ] for character class", len(self.text))
        if self.text[self.at] != "]" or first or self.quoting:
            return False
        self.at += 1
        return True

    def _item(self) -> int | frozenset[int] | None:
        """One character, a set, or None for something that is skipped."""
        text, at = self.text, self.at
        if text.startswith("\\E", at):
            self.quoting = False
            self.at += 2
            return None
        if self.quoting:
            self.at += 1
            return ord(text[at])
        if text.startswith("\\Q", at):
            self.quoting = True
            self.at += 2
            return None
        if self.skip_blanks and text[at] in " \t":
            self.at += 1
            return None
        if text[at] == "[":
            return self._bracket()
        if text[at] == "\\":
            return self._escape()
        self.at += 1
        return ord(text[at])

    def _bracket(self) -> int | frozenset[int]:
        if found := _POSIX.match(self.text, self.at):
            members = self.characters.posix.get(found[2])
            if members is None:
                raise PatternError("unknown POSIX class name", self.at)
            if self.caseless and found[2] in ("upper", "lower") and self.characters is ASCII_CHARACTERS:
                members = members | POSIX["upper"] | POSIX["lower"]
            self.at = found.end()
            return ALL - members if found[1] else members
        if _COLLATING.match(self.text, self.at):
            raise PatternError("POSIX collating elements are not supported", self.at)
        self.at += 1
        return ord("[")

    def _escape(self) -> int | frozenset[int]:
        letter = self.text[self.at + 1 : self.at + 2]
        if letter in self.characters.shorthands:
            self.at += 2
            return self.characters.shorthands[letter]
        if letter == "b":
            self.at += 2
            return 8
        if letter == "N":
            raise PatternError("\\N is not supported in a class", self.at)
        if letter in ("B", "R", "X"):
            raise PatternError("escape sequence is invalid in character class", self.at)
        if found := _PROPERTY.match(self.text, self.at):
            members = property_set((found[3] if found[4] is None else found[4]).strip(), self.caseless)
            if members is None:
                raise PatternError("unknown property after \\P or \\p", self.at)
            self.at = found.end()
            return ALL - members if (found[1] == "P") != (found[2] == "^") else members
        if letter in ("8", "9"):
            self.at += 2
            return ord(letter)
        code, self.at = read_character(self.text, self.at)
        return code

    def _range(self, item: int | frozenset[int]) -> frozenset[int]:
        """`item`, or the range that it starts."""
        dash = self.text[self.at : self.at + 1] == "-" and not self.quoting
        follows = dash and self.text[self.at + 1 : self.at + 2] not in ("]", "")
        if not follows:
            return item if isinstance(item, frozenset) else self._cased(frozenset([item]))
        place = self.at
        self.at += 1
        last = self._item()
        while last is None:
            last = self._item()
        if isinstance(item, frozenset) or isinstance(last, frozenset):
            raise PatternError("invalid range in character class", place)
        if last < item:
            raise PatternError("range out of order in character class", place)
        return self._cased(frozenset(range(item, last + 1)))

    def _cased(self, members: frozenset[int]) -> frozenset[int]:
        """Both cases of characters; a named class is what it is."""
        return self.characters.fold(members) if self.caseless else members
