"""Character classes of regular expressions, as PCRE2 reads them in byte mode.

In: a pattern and the offset of a `[`.  Out: where the class ends, or `PatternError`.  Observed with Wireshark 4.4 and
4.6; pcre2pattern(3) is the reference.
"""

from __future__ import annotations

import re

from dfilter.check.pattern_escapes import PatternError, read_common_escape

_POSIX = re.compile(rb"\[([:.=])([^\]\\\[]*?)\1\]")
_POSIX_NAMES = frozenset(
    b"alnum alpha ascii blank cntrl digit graph lower print punct space upper word xdigit".split()
)
_WORD_EDGES = (b"[[:<:]]", b"[[:>:]]")


def character_class(pattern: bytes, start: int) -> int:
    """The offset behind the class that opens at `start`; the edges of a word, `[[:<:]]` and `[[:>:]]`, look so too."""
    if pattern.startswith(_WORD_EDGES, start):
        return start + len(_WORD_EDGES[0])
    at = start + 1
    if pattern[at : at + 1] == b"^":
        at += 1
    first = at
    low: int | None = None
    """The code of the last single character, which a hyphen makes the start of a range."""
    pending = False
    while at < len(pattern):
        char = pattern[at]
        if char == 0x5D and at > first:
            return at + 1
        if pattern.startswith((b"\\E", b"\\Q"), at):
            at, first, low = _quoted_in_class(pattern, at, first)
            continue
        if char == 0x2D and low is not None and not pending and pattern[at + 1 : at + 2] not in (b"]", b""):
            pending, at = True, at + 1
            continue
        end, code = _class_member(pattern, at)
        if pending:
            if code is None:
                raise PatternError(at, "invalid range in character class")
            if low is not None and code < low:
                raise PatternError(at, "range out of order in character class")
            low, pending = None, False
        elif code is None and _starts_range(pattern, end):
            raise PatternError(end, "invalid range in character class")
        else:
            low = code
        at = end
    raise PatternError(start, "missing terminating ] for character class")


def _quoted_in_class(pattern: bytes, at: int, first: int) -> tuple[int, int, int | None]:
    """Skip `\\Q…\\E` or a lone `\\E`; a `]` right after an empty one still counts as the first member."""
    if pattern.startswith(b"\\E", at):
        return at + 2, at + 2 if at == first else first, None
    end = pattern.find(b"\\E", at + 2)
    if end < 0:
        return len(pattern), first, None
    return end + 2, first, None


def _starts_range(pattern: bytes, at: int) -> bool:
    return pattern[at : at + 1] == b"-" and pattern[at + 1 : at + 2] not in (b"]", b"", b"[")


def _class_member(pattern: bytes, at: int) -> tuple[int, int | None]:
    """The end of one member, and its code if it is a single character."""
    char = pattern[at]
    if char == 0x5B:
        match = _POSIX.match(pattern, at)
        if match is None:
            return at + 1, char
        if match[1] != b":":
            raise PatternError(at, "POSIX collating elements are not supported")
        if match[2].removeprefix(b"^") not in _POSIX_NAMES:
            raise PatternError(at, "unknown POSIX class name")
        return match.end(), None
    if char != 0x5C:
        return at + 1, char
    if at + 1 >= len(pattern):
        raise PatternError(at, "\\ at end of pattern")
    following = pattern[at + 1]
    if following == ord("b"):
        return at + 2, 8
    if following in b"BRX":
        raise PatternError(at, "escape sequence is invalid in character class")
    if following == ord("N"):
        raise PatternError(at, r"\N is not supported in a class")
    if following in b"89AzZGKgk":
        return at + 2, following
    escape = read_common_escape(pattern, at)
    return escape.end, escape.code
