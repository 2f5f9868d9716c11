"""Regular expressions over bytes, with PCRE's meaning, that never hang.

In: the pattern of a `matches` test.  Out: a function from a value to whether the pattern matches in it.

What always holds: a literal pattern is a byte search; a pattern that re2 understands in the same way runs
there, in linear time; every other one runs in the `regex` module under a time limit.  A value whose
search is cut off counts as not matching, as in Wireshark (its limit is ten million steps: `pattern_effort`).
The time that cut-off searches of one pattern may take together is bounded: each gets a tenth of what is
left of `TIME_BUDGET`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import regex  # type: ignore[import-untyped]

from dfilter.compile.pattern_effort import effort_test, explodes
from dfilter.compile.pattern_emit import plain_literal, re2_text, regex_text
from dfilter.compile.pattern_parser import parse_pattern
from dfilter.compile.pattern_syntax import Alternation, PatternError

try:
    import re2  # type: ignore[import-untyped]
except ImportError:  # there is no wheel for every Python version
    re2 = None

Search = Callable[[bytes], bool]

TIME_LIMIT = 0.3
"""Seconds for the search of one value."""
TIME_BUDGET = 5.0
"""Seconds that all cut-off searches with one pattern may take before the limit sinks to `LEAST_LIMIT`."""
LEAST_LIMIT = 0.001


def compile_pattern(pattern: bytes) -> Search:
    """The search for `pattern` anywhere in a value, case-insensitive until `(?-i)` (section 14.2).

    Raises: PatternError: a ValueError with the offset, for what is not a PCRE2 pattern; and for
    `(*ACCEPT)`, `(*COMMIT)`, `(*THEN)`, `(*SKIP:name)`, `(*NOTEMPTY)`, conditions on recursion
    or version and non-atomic look-around, which are PCRE2 but have no equivalent here.
    """
    tree = parse_pattern(pattern)
    literal = plain_literal(tree)
    if literal is not None:
        return _literal_search(*literal)
    text = re2_text(tree) if re2 is not None else None
    search = _re2_search(text) if text is not None else None
    if search is not None:
        return _as_patient(search, tree)
    return _limited_search(regex_text(tree), len(pattern))


def _as_patient(search: Search, tree: Alternation) -> Search:
    """The search, no more patient than Wireshark where a pattern can explode."""
    in_time = effort_test(tree) if explodes(tree) else None
    if in_time is None:
        return search
    return lambda value: search(value) and in_time(value)


def _literal_search(literal: bytes, caseless: bool) -> Search:
    if not caseless or literal.lower() == literal.upper():
        return lambda value: literal in value
    folded = literal.lower()
    return lambda value: folded in value.lower()


def _re2_search(text: str) -> Search | None:
    """None where re2 finds the pattern too large for its memory."""
    assert re2 is not None
    options: Any = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.never_capture = True
    try:
        search = re2.compile(text.encode("latin-1"), options).search
    except re2.error:
        return None
    return lambda value: search(value) is not None


def _limited_search(text: str, size: int) -> Search:
    try:
        search = regex.compile(text.encode("latin-1"), regex.VERSION0).search
    except (regex.error, RecursionError, OverflowError, MemoryError) as error:
        raise PatternError(f"this pattern is not run ({error})", size) from error
    limits = _Limits()

    def limited(value: bytes) -> bool:
        limit = limits.next()
        began = time.monotonic()
        try:
            return search(value, timeout=limit) is not None
        except TimeoutError:
            limits.spend(time.monotonic() - began)
        except (MemoryError, RecursionError):
            limits.spend(TIME_LIMIT)
        return False

    return limited


class _Limits:
    """What is left of a pattern's time budget."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = TIME_BUDGET

    def next(self) -> float:
        return max(LEAST_LIMIT, min(TIME_LIMIT, self.left / 10))

    def spend(self, seconds: float) -> None:
        self.left = max(0.0, self.left - seconds)
