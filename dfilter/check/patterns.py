"""Is a regular expression valid?

In: the pattern of `matches`, after the filter's own escapes.  Out: the first error and its byte offset, or
None.  Wireshark compiles patterns with PCRE2 in byte mode; what it refuses was observed with 4.4 and 4.6 and
is described in pcre2pattern(3).  What always holds: one pass, no recursion; what this scanner is not sure of,
it accepts.
"""

from __future__ import annotations

import re

from dfilter.check.pattern_classes import character_class
from dfilter.check.pattern_escapes import (
    Kind,
    PatternError,
    absolute_number,
    read_escape,
)

__all__ = ["PatternError", "find_error"]

_MAX_DEPTH = 250
_QUANTIFIER = re.compile(rb"\{ *(?:([0-9]+) *(,)? *([0-9]*)|(,) *([0-9]+)) *\}")
_START_VERB = re.compile(
    rb"\(\*(?:(UTF)|UCP|CRLF|CR|LF|ANYCRLF|ANY|NUL|BSR_ANYCRLF|BSR_UNICODE|NOTEMPTY_ATSTART|NOTEMPTY|NO_JIT"
    rb"|NO_START_OPT|NO_AUTO_POSSESS|NO_DOTSTAR_ANCHOR|LIMIT_(?:MATCH|DEPTH|HEAP|RECURSION)=[0-9]+)\)"
)
_VERB = re.compile(rb"\(\*(?:(?:ACCEPT|F|FAIL|COMMIT|PRUNE|SKIP|THEN|MARK)(?::[^)]*)?|:[^)]+)\)")
_ALPHA = re.compile(
    rb"\(\*(pla|plb|nla|nlb|napla|naplb|atomic|asr|sr|positive_lookahead|positive_lookbehind|negative_lookahead"
    rb"|negative_lookbehind|non_atomic_positive_lookahead|non_atomic_positive_lookbehind|script_run"
    rb"|atomic_script_run):"
)
_LOOKBEHINDS = frozenset({b"plb", b"nlb", b"naplb", b"positive_lookbehind", b"negative_lookbehind"})
_OPTIONS = re.compile(rb"\(\?(\^?[A-Za-z]*(?:-[A-Za-z]*)?)([):])")
_NAMED = re.compile(rb"\(\?P?(?:<([A-Za-z0-9_]{0,128})(>)?|'([A-Za-z0-9_]{0,128})(')?)")
_CALL = re.compile(rb"\(\?(?:R|0|([+-]?[1-9][0-9]{0,5})|&([A-Za-z_]\w*)|P[>=]([A-Za-z_]\w*))\)")
_CONDITION = re.compile(
    rb"\(\?\((?:([+-]?[0-9]{1,6})|<(\w+)>|'(\w+)'|(DEFINE)|R[0-9]*|R&(\w+)|(\w+)|VERSION[^)]*)\)"
)
_CALLOUT = re.compile(rb"\(\?C([0-9]*)\)")


class _Group:
    """An open parenthesis.

    `branch_reset`: (number of groups before, most that one branch opened), in a `(?|`.  `branches_left`: how many
    more `|` may follow in a conditional group.
    """

    __slots__ = ("branch_reset", "branches_left", "extended", "lookbehind", "start")

    def __init__(
        self,
        start: int,
        *,
        lookbehind: bool = False,
        branch_reset: tuple[int, int] | None = None,
        branches_left: int | None = None,
        extended: bool = False,
    ) -> None:
        self.start = start
        self.lookbehind = lookbehind
        self.branch_reset = branch_reset
        self.branches_left = branches_left
        self.extended = extended


class _Scanner:
    """How far a pattern was read, and what was seen."""

    def __init__(self, pattern: bytes) -> None:
        self.pattern = pattern
        self.at = 0
        self.repeatable = False
        self.extended = False
        self.groups = 0
        self.highest = 0
        self.duplicates = False
        self.stack: list[_Group] = []
        self.names: set[bytes] = set()
        self.wanted: list[tuple[int, int | bytes]] = []


def find_error(pattern: bytes) -> PatternError | None:
    """Why PCRE2 would refuse `pattern`, None where it would not (or this scanner cannot tell)."""
    scanner = _Scanner(pattern)
    try:
        _start_verbs(scanner)
        while scanner.at < len(pattern):
            _step(scanner)
        _finish(scanner)
    except PatternError as error:
        return error
    return None


def _start_verbs(scanner: _Scanner) -> None:
    while match := _START_VERB.match(scanner.pattern, scanner.at):
        if match[1]:
            raise PatternError(scanner.at, "using UTF is disabled by the application")
        scanner.at = match.end()


def _finish(scanner: _Scanner) -> None:
    if scanner.stack:
        raise PatternError(scanner.stack[-1].start, "missing closing parenthesis")
    for offset, target in scanner.wanted:
        known = 1 <= target <= scanner.highest if isinstance(target, int) else target in scanner.names
        if not known:
            raise PatternError(offset, "reference to non-existent subpattern")


def _step(scanner: _Scanner) -> None:
    pattern, at = scanner.pattern, scanner.at
    char = pattern[at]
    if char == 0x5C:
        _backslash(scanner)
    elif char == 0x5B:
        scanner.at = character_class(pattern, at)
        scanner.repeatable = True
    elif char == 0x28:
        _open(scanner)
    elif char == 0x29:
        _close(scanner)
    elif char in b"*+?" or (char == 0x7B and _QUANTIFIER.match(pattern, at)):
        _quantify(scanner)
    elif char == 0x7C:
        _alternative(scanner)
    elif scanner.extended and char in b" \t\n\v\f\r":
        scanner.at += 1
    elif scanner.extended and char == 0x23:
        end = pattern.find(b"\n", at)
        scanner.at = len(pattern) if end < 0 else end + 1
    else:
        scanner.at += 1
        scanner.repeatable = char not in b"^$"


def _backslash(scanner: _Scanner) -> None:
    pattern, at = scanner.pattern, scanner.at
    following = pattern[at + 1 : at + 2]
    if following == b"Q":
        end = pattern.find(b"\\E", at + 2)
        stop = len(pattern) if end < 0 else end
        scanner.repeatable = scanner.repeatable if stop == at + 2 else True
        scanner.at = len(pattern) if end < 0 else end + 2
        return
    if following == b"E":
        scanner.at += 2
        return
    escape = read_escape(pattern, at)
    if escape.kind is Kind.REFERENCE and not _is_octal(scanner, escape.number, escape.code):
        number = escape.number
        target = escape.name if number is None else absolute_number(number, scanner.groups)
        assert target is not None
        scanner.wanted.append((at, target))
    scanner.at = escape.end
    scanner.repeatable = escape.kind is not Kind.ASSERTION


def _is_octal(scanner: _Scanner, number: int | None, code: int | None) -> bool:
    """`\\10` and above are characters, unless so many groups were opened before."""
    return code is not None and number is not None and number > scanner.groups


def _alternative(scanner: _Scanner) -> None:
    scanner.at += 1
    scanner.repeatable = False
    if not scanner.stack:
        return
    group = scanner.stack[-1]
    if group.branch_reset is not None:
        before, most = group.branch_reset
        group.branch_reset = (before, max(most, scanner.groups))
        scanner.groups = before
    if group.branches_left is not None:
        group.branches_left -= 1
        if group.branches_left < 0:
            raise PatternError(scanner.at, "conditional subpattern contains more than two branches")


def _quantify(scanner: _Scanner) -> None:
    pattern, at = scanner.pattern, scanner.at
    if not scanner.repeatable:
        raise PatternError(at, "quantifier does not follow a repeatable item")
    unlimited = pattern[at] in b"*+"
    scanner.at = at + 1
    match = _QUANTIFIER.match(pattern, at)
    if match is not None:
        low, high = int(match[1] or 0), match[3] or match[5] or b""
        if low > 65535 or (high and int(high) > 65535):
            raise PatternError(at, "number too big in {} quantifier")
        if high and int(high) < low:
            raise PatternError(at, "numbers out of order in {} quantifier")
        unlimited = bool(match[2]) and not high
        scanner.at = match.end()
    if unlimited and any(group.lookbehind for group in scanner.stack):
        raise PatternError(at, "length of lookbehind assertion is not limited")
    if pattern[scanner.at : scanner.at + 1] in (b"?", b"+"):
        scanner.at += 1
    scanner.repeatable = False


def _close(scanner: _Scanner) -> None:
    if not scanner.stack:
        raise PatternError(scanner.at, "unmatched closing parenthesis")
    group = scanner.stack.pop()
    if group.branch_reset is not None:
        scanner.groups = max(group.branch_reset[1], scanner.groups)
    scanner.extended = group.extended
    scanner.at += 1
    scanner.repeatable = True


def _push(scanner: _Scanner, end: int, group: _Group) -> None:
    if len(scanner.stack) >= _MAX_DEPTH:
        raise PatternError(scanner.at, "parentheses are too deeply nested")
    group.extended = scanner.extended
    scanner.stack.append(group)
    scanner.at = end
    scanner.repeatable = False


def _capture(scanner: _Scanner) -> None:
    scanner.groups += 1
    scanner.highest = max(scanner.highest, scanner.groups)


def _open(scanner: _Scanner) -> None:
    pattern, at = scanner.pattern, scanner.at
    following = pattern[at + 1 : at + 2]
    if following == b"*" and pattern[at + 2 : at + 3].isalpha() | (pattern[at + 2 : at + 3] == b":"):
        _open_verb(scanner)
    elif following == b"?":
        _open_extended(scanner)
    else:
        _capture(scanner)
        _push(scanner, at + 1, _Group(at))


def _open_verb(scanner: _Scanner) -> None:
    pattern, at = scanner.pattern, scanner.at
    match = _VERB.match(pattern, at)
    if match is not None:
        scanner.at = match.end()
        scanner.repeatable = match[0].startswith(b"(*ACCEPT")
        return
    match = _ALPHA.match(pattern, at)
    if match is not None:
        _push(scanner, match.end(), _Group(at, lookbehind=match[1] in _LOOKBEHINDS))
        return
    lower = pattern[at + 2 : at + 3].islower()
    raise PatternError(
        at, "(*alpha_assertion) not recognized" if lower else "(*VERB) not recognized or malformed"
    )


def _open_extended(scanner: _Scanner) -> None:
    pattern, at = scanner.pattern, scanner.at
    third = pattern[at + 2 : at + 3]
    two = pattern[at + 2 : at + 4]
    if third == b"#":
        end = pattern.find(b")", at)
        if end < 0:
            raise PatternError(at, "missing ) following (?#")
        scanner.at = end + 1
    elif two in (b"<=", b"<!", b"<*"):
        _push(scanner, at + 4, _Group(at, lookbehind=True))
    elif third and third in b":=!>*":
        _push(scanner, at + 3, _Group(at))
    elif third == b"|":
        _push(scanner, at + 3, _Group(at, branch_reset=(scanner.groups, scanner.groups)))
    elif third == b"(":
        _open_condition(scanner)
    elif match := _CALL.match(pattern, at):
        _call(scanner, match)
    elif third in (b"<", b"'") or two in (b"P<", b"P'"):
        _open_named(scanner)
    elif match := _CALLOUT.match(pattern, at):
        if match[1] and int(match[1][:9]) > 255:
            raise PatternError(at, "number after (?C is greater than 255")
        scanner.at = match.end()
        scanner.repeatable = False
    else:
        _open_options(scanner)


def _call(scanner: _Scanner, match: re.Match[bytes]) -> None:
    """A recursion or a named back reference."""
    if match[1]:
        number = int(match[1])
        if match[1][:1] in b"+-":
            number = scanner.groups + number + (1 if number < 0 else 0)
        scanner.wanted.append((scanner.at, number))
    elif match[2] or match[3]:
        scanner.wanted.append((scanner.at, match[2] or match[3]))
    scanner.at = match.end()
    scanner.repeatable = True


def _open_condition(scanner: _Scanner) -> None:
    match = _CONDITION.match(scanner.pattern, scanner.at)
    if match is None:
        # the condition is an assertion, a group of its own
        _push(scanner, scanner.at + 2, _Group(scanner.at, branches_left=1))
        return
    number, angled, quoted, define, recursing, bare = match.groups()
    if number and number[:1] not in b"+-":
        scanner.wanted.append((scanner.at, int(number)))
    name = angled or quoted or recursing or bare
    if name and not define:
        scanner.wanted.append((scanner.at, name))
    _push(scanner, match.end(), _Group(scanner.at, branches_left=0 if define else 1))


def _open_named(scanner: _Scanner) -> None:
    at = scanner.at
    match = _NAMED.match(scanner.pattern, at)
    if match is None:
        raise PatternError(at, "syntax error in subpattern name (missing terminator?)")
    name = match[1] if match[1] is not None else match[3]
    if not name:
        raise PatternError(at, "subpattern name expected")
    if name[:1].isdigit():
        raise PatternError(at, "subpattern name must start with a non-digit")
    if not (match[2] or match[4]):
        raise PatternError(at, "syntax error in subpattern name (missing terminator?)")
    in_reset = any(group.branch_reset is not None for group in scanner.stack)
    if name in scanner.names and not scanner.duplicates and not in_reset:
        message = "two named subpatterns have the same name (PCRE2_DUPNAMES not set)"
        raise PatternError(at, message)
    scanner.names.add(name)
    _capture(scanner)
    _push(scanner, match.end(), _Group(at))


def _open_options(scanner: _Scanner) -> None:
    pattern, at = scanner.pattern, scanner.at
    match = _OPTIONS.match(pattern, at)
    if match is None:
        end = re.compile(rb"\(\?\^?[A-Za-z-]*").match(pattern, at)
        assert end is not None
        if end.end() >= len(pattern):
            raise PatternError(at, "missing closing parenthesis")
        if pattern[at + 2 : at + 3] == b"P":
            raise PatternError(at, "unrecognized character after (?P")
        many = end[0].count(b"-") > 1
        message = "invalid hyphen in option setting" if many else "unrecognized character after (? or (?-"
        raise PatternError(at, message)
    letters = match[1].lstrip(b"^")
    if letters.strip(b"imsxnJUar-DSWPT"):
        raise PatternError(at, "unrecognized character after (? or (?-")
    on, _, off = letters.partition(b"-")
    scanner.duplicates = scanner.duplicates or b"J" in on
    extended = (scanner.extended or b"x" in on) and b"x" not in off
    if match[2] == b":":
        _push(scanner, match.end(), _Group(at))
    else:
        scanner.at = match.end()
        scanner.repeatable = False
    scanner.extended = extended
