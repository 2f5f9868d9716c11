"""Macros: text that stands for text, expanded before anything else is read, even inside quoted strings.

In: a filter text and the definitions.  Out: the expanded text with a map back to what the user typed, or the
problem.
A macro may use macros; depth and size of the result are bounded.  `${proto.field}` and `$field` are not
macros but
references and stay as they are.  Reproduces Wireshark 4.4.18 and 4.6.9, and 4.0.17 and 3.4.10 where they
differ.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping

from dfilter.fields.versions import NEWEST, Version
from dfilter.language.problems import Problem, ProblemError, SyntaxProblem
from dfilter.language.source import Span
from dfilter.slotted import frozen

MAX_DEPTH = 32
"""Macros inside macros."""

MAX_EXPANDED = 4_000_000
"""Characters of the expanded text."""

_PART = r"[A-Za-z0-9_][A-Za-z0-9_-]*+"
_REFERENCE = re.compile(rf"\$\{{@?+{_PART}(?>(?:\.{_PART})+)(?>(?:#[0-9]++|#\[[^\]]*+\])?)\}}")
_CALL = re.compile(r"\$(?:\{|[A-Za-z0-9_]++\()")
_OLD_CALL = re.compile(r"\$\{")
_NAME = re.compile(r"[A-Za-z0-9_]*+")
_PARAMETER = re.compile(r"\$([0-9]{1,4})")


_SHIPPED = {
    "private_ipv4": "$1 == 192.168.0.0/16 or $1 == 172.16.0.0/12 or $1 == 10.0.0.0/8",
    "private_ipv6": "ipv6 and $1 == fc00::/7",
    "private_ethernet": "$1[0] & 0x0F == 2",
}


def shipped(version: Version) -> Mapping[str, str]:
    """The macros that are there as long as the user has defined none (Wireshark 4.4 and 4.6)."""
    return _SHIPPED if version >= Version.V4_4 else {}


@frozen
class _Piece:
    """A part of the expanded text and where it comes from; `verbatim` parts map character by character."""

    start: int
    source: Span
    verbatim: bool


@frozen
class Expansion:
    """The expanded text; `original` maps its offsets to the typed text (a macro's insides to the whole
    call).
    """

    text: str
    pieces: tuple[_Piece, ...]

    def original(self, start: int, end: int) -> Span:
        first = self._piece(start)
        last = self._piece(max(start, end - 1))
        return Span(
            first.source.start + (start - first.start if first.verbatim else 0),
            last.source.start + (end - last.start) if last.verbatim else last.source.end,
        )

    def _piece(self, offset: int) -> _Piece:
        return self.pieces[max(0, bisect_right(self.pieces, offset, key=lambda piece: piece.start) - 1)]


@frozen
class _Call:
    name: str
    arguments: list[str]
    end: int


def expand(text: str, macros: Mapping[str, str], version: Version = NEWEST) -> Expansion:
    """The text with every macro replaced; `ProblemError` with the first problem."""
    pieces: list[_Piece] = []
    parts: list[str] = []
    written = position = 0
    for call, start in _calls(text, version):
        pieces.append(_Piece(written, Span(position, start), True))
        parts.append(text[position:start])
        written += start - position
        try:
            body = _expand_call(call, macros, version, MAX_DEPTH)
        except _Refused as error:
            raise ProblemError(SyntaxProblem(Problem.MACRO, str(error), Span(start, call.end))) from None
        pieces.append(_Piece(written, Span(start, call.end), False))
        parts.append(body)
        written += len(body)
        position = call.end
        if written > MAX_EXPANDED:
            message = f"the macros expand to more than {MAX_EXPANDED} characters"
            raise ProblemError(SyntaxProblem(Problem.MACRO, message, Span(start, call.end)))
    pieces.append(_Piece(written, Span(position, len(text)), True))
    parts.append(text[position:])
    return Expansion("".join(parts), tuple(pieces))


class _Refused(Exception):  # noqa: N818
    """Why a macro cannot be expanded."""


def _calls(text: str, version: Version) -> list[tuple[_Call, int]]:
    """The macro calls of a text with their offsets; references are skipped."""
    new = version >= Version.V4_4
    pattern = _CALL if new else _OLD_CALL
    found: list[tuple[_Call, int]] = []
    position = 0
    while (match := pattern.search(text, position)) is not None:
        reference = _REFERENCE.match(text, match.start()) if version >= Version.V4_0 else None
        if reference is not None:
            position = reference.end()
            continue
        call = _braced(text, match.end(), new) if match[0] == "${" else _round(text, match)
        found.append((call, match.start()))
        position = call.end
    return found


def _round(text: str, match: re.Match[str]) -> _Call:
    """`$name(a, b)`: the arguments end at the first `)`, whatever they hold."""
    close = text.find(")", match.end())
    if close < 0:
        raise _unterminated(text, match.start())
    return _Call(match[0][1:-1], _arguments(text[match.end() : close], ",;"), close + 1)


def _braced(text: str, start: int, new: bool) -> _Call:
    """`${name}`, `${name:a;b}`; `start` is after the brace."""
    name = _NAME.match(text, start)
    assert name is not None  # the pattern matches the empty text too
    at = name.end()
    if at == len(text):
        raise _unterminated(text, start - 2)
    if text[at] == "}":
        return _Call(name[0], [], at + 1)
    if text[at] != ":" and not (new and text[at] == ";"):
        message = f"{text[at]!r} cannot stand in the name of a macro"
        raise ProblemError(SyntaxProblem(Problem.MACRO, message, Span(at, at + 1)))
    close = text.find("}", at)
    if close < 0:
        raise _unterminated(text, start - 2)
    inside = text[at + 1 : close]
    if new:
        return _Call(name[0], _arguments(inside, ",;"), close + 1)
    return _Call(name[0], inside.split(";"), close + 1)


def _unterminated(text: str, start: int) -> ProblemError:
    message = "the filter ends in the middle of a macro"
    return ProblemError(SyntaxProblem(Problem.MACRO, message, Span(start, len(text))))


def _arguments(inside: str, separators: str) -> list[str]:
    if not inside:
        return []
    return [part.strip(" \t\r\n") for part in re.split(f"[{separators}]", inside)]


def _expand_call(call: _Call, macros: Mapping[str, str], version: Version, depth: int) -> str:
    """The text of one call, its own macros expanded; `_Refused` says why not."""
    if depth == 0:
        raise _Refused("the macros are nested too deeply, or one uses itself")
    body = macros.get(call.name)
    if body is None:
        raise _Refused(f"macro '{call.name}' does not exist")
    wanted = max((int(number) for number in _PARAMETER.findall(body)), default=0)
    given = len(call.arguments)
    if wanted != given:
        raise _Refused(f"macro '{call.name}' takes {wanted} arguments, not {given}")
    if version >= Version.V4_4 and not all(call.arguments):
        raise _Refused(f"an argument of macro '{call.name}' is empty")
    body = _PARAMETER.sub(lambda match: _argument(call.arguments, int(match[1])), body)
    parts: list[str] = []
    position = size = 0
    try:
        calls = _calls(body, version)
    except ProblemError as error:
        raise _Refused(f"in macro '{call.name}': {error.problem.message}") from None
    for inner, start in calls:
        parts += [body[position:start], _expand_call(inner, macros, version, depth - 1)]
        size += len(parts[-1]) + len(parts[-2])
        if size > MAX_EXPANDED:
            raise _Refused(f"the macros expand to more than {MAX_EXPANDED} characters")
        position = inner.end
    parts.append(body[position:])
    return "".join(parts)


def _argument(arguments: list[str], number: int) -> str:
    return arguments[number - 1] if number else "$0"
