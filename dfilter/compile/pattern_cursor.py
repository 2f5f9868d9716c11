"""What the pattern parser stands on: a place in the text, flags, counts, references to groups.

In: the text of a pattern.  Out: `Cursor`, which the parser extends by structure, and `Flags`.  Errors:
`PatternError` with the offset.  What always holds: `groups` is the number of groups, None on the first
pass over the pattern, which counts them, because a reference may stand before its group.
"""

from __future__ import annotations

import re

from dfilter.compile.pattern_classes import ALL, ASCII_CHARACTERS, property_set, unicode_characters
from dfilter.compile.pattern_syntax import Backreference, Bytes, Newline, Node, PatternError, Recursion
from dfilter.slotted import frozen

_MAX_REPEAT = 65535
QUANTIFIER = re.compile(r"\{ *(\d+) *(?:(,) *(\d*) *)?\}|\{ *, *(\d+) *\}")
_START_OPTION = re.compile(r"\(\*([A-Z_]+(?:=\d+)?)\)")
_NEWLINES = {"LF", "CR", "CRLF", "ANYCRLF", "ANY", "NUL"}
_HARMLESS = {"NO_JIT", "NO_START_OPT", "NO_AUTO_POSSESS", "NO_DOTSTAR_ANCHOR", "BSR_UNICODE"}
_LIMITS = re.compile(r"LIMIT_(MATCH|DEPTH|RECURSION|HEAP)=\d+")
_CALL = re.compile(r"\(\?(?:R|(\d+)|([+-]\d+)|&(\w+)|P>(\w+))\)")
_NAME_REFERENCE = re.compile(r"\(\?P=(\w+)\)")
_CALLOUT = re.compile(r"\(\?C(\d*|'[^']*'|\"[^\"]*\"|`[^`]*`|\{[^}]*\})\)")
_BACKREFERENCE = re.compile(
    r"\\(?:g(?:(\d+)|(-\d+)|\{ *([+-]?\d+) *\}|\{ *([A-Za-z_]\w*) *\})|k(?:<(\w+)>|'(\w+)'|\{ *(\w+) *\}))"
)
_SUBROUTINE = re.compile(r"\\g(?:<([+-]?\w+)>|'([+-]?\w+)')")


@frozen
class Flags:
    """`i m s x n J U` and `xx`."""

    caseless: bool = True
    multiline: bool = False
    dot_all: bool = False
    extended: bool = False
    more_extended: bool = False
    no_capture: bool = False
    duplicates: bool = False
    ungreedy: bool = False


class Cursor:
    """A place in a pattern, and what is known at this place."""

    def __init__(self, text: str, groups: int | None) -> None:
        self.text = text
        self.at = 0
        self.groups = groups
        self.count = 0
        self.names: dict[str, int] = {}
        self.names_known: dict[str, int] = {}
        self.newline = Newline.LF
        self.any_newline = Newline.ANY
        self.characters = ASCII_CHARACTERS
        self.flags = Flags()
        self.depth = 0
        self.looking = 0

    def _error(self, message: str, at: int | None = None) -> PatternError:
        return PatternError(message, self.at if at is None else at)

    def _start_options(self) -> None:
        while found := _START_OPTION.match(self.text, self.at):
            name = found[1]
            if name in _NEWLINES:
                self.newline = Newline[name]
            elif name == "BSR_ANYCRLF":
                self.any_newline = Newline.ANYCRLF
            elif name == "UCP":
                self.characters = unicode_characters()
            elif name in ("UTF", "UTF8", "NOTEMPTY", "NOTEMPTY_ATSTART"):
                reason = (
                    "using UTF is disabled by the application" if "UTF" in name else f"(*{name}) is not run"
                )
                raise self._error(reason)
            elif name not in _HARMLESS and not _LIMITS.fullmatch(name):
                return
            self.at = found.end()

    def _numbered(self, start: int) -> Node | None:
        """A back reference by number; None where the digits are an octal code."""
        digits = re.compile(r"\d+").match(self.text, start + 1)
        assert digits is not None
        number = int(digits[0][:9])
        octal = number >= 10 and digits[0][0] in "01234567"
        if octal and (self.groups is None or number > self.groups):
            return None
        self.at = digits.end()
        return self._backreference(str(number))

    def _backreference(self, target: str) -> Node:
        self._require(target)
        return Backreference(target, self.flags.caseless)

    def _require(self, target: str) -> None:
        if self.groups is None:
            return
        known = int(target) <= self.groups if target.isdigit() else target in self.names_known
        if not known:
            raise self._error("reference to non-existent subpattern")

    def _absolute(self, number: str) -> str:
        """`+1` is the next group to open, `-1` the last one opened."""
        if number[0] == "+":
            return str(self.count + int(number[1:9]))
        if number[0] == "-":
            target = self.count + 1 - int(number[1:9])
            if target < 1:
                raise self._error("reference to non-existent subpattern")
            return str(target)
        return str(int(number[:9]))

    def _reference(self) -> Node:
        if found := _SUBROUTINE.match(self.text, self.at):
            target = found[1] or found[2]
            self.at = found.end()
            return self._recursion(self._absolute(target) if target[0] in "+-0123456789" else target)
        found = _BACKREFERENCE.match(self.text, self.at)
        if found is None:
            raise self._error("a reference needs a name or a number after \\g or \\k")
        self.at = found.end()
        number = found[1] or found[2] or found[3]
        name = found[4] or found[5] or found[6] or found[7]
        return self._backreference(self._absolute(number) if number else name)

    def _recursion(self, target: str) -> Node:
        if target != "0":
            self._require(target)
        return Recursion(target)

    def _call(self) -> Node | bool | None:
        if found := _NAME_REFERENCE.match(self.text, self.at):
            self.at = found.end()
            return self._backreference(found[1])
        found = _CALL.match(self.text, self.at)
        if found is None:
            return False
        number = found[1] or found[2]
        target = self._absolute(number) if number else (found[3] or found[4] or "0")
        self.at = found.end()
        return self._recursion(target)

    def _callout(self) -> Node | bool | None:
        found = _CALLOUT.match(self.text, self.at)
        if found is None:
            return False
        if found[1].isdigit() and int(found[1][:4]) > 255:
            raise self._error("number after (?C is greater than 255")
        self.at = found.end()
        return None

    def _counts(self) -> tuple[int, int | None]:
        simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        char = self.text[self.at]
        if char in simple:
            self.at += 1
            return simple[char]
        found = QUANTIFIER.match(self.text, self.at)
        assert found is not None
        numbers = [int(group[:7]) for group in found.group(1, 3, 4) if group]
        if any(number > _MAX_REPEAT for number in numbers):
            raise self._error("number too big in {} quantifier")
        self.at = found.end()
        if found[1] is None:
            return 0, int(found[4])
        low = int(found[1])
        if found[2] is None:
            return low, low
        high = int(found[3]) if found[3] else None
        if high is not None and high < low:
            raise self._error("numbers out of order in {} quantifier")
        return low, high

    def _property(self) -> Node:
        found = re.compile(r"\\([pP])(?:\{(\^?)([^}]*)\}|(\w))").match(self.text, self.at)
        if found is None:
            raise self._error("malformed \\P or \\p sequence")
        members = property_set((found[3] if found[4] is None else found[4]).strip(), self.flags.caseless)
        if members is None:
            raise self._error("unknown property after \\P or \\p")
        if (found[1] == "P") != (found[2] == "^"):
            members = ALL - members
        self.at = found.end()
        return Bytes(members)
