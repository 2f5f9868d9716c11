"""`contains` and `matches`: looking for bytes, or for a regular expression, inside values.

In: operands; for `matches` the pattern as the filter's escapes left it.  Out: tests.  What always holds:
texts are searched as their UTF-8 bytes; a protocol from its first byte to the end of the data source.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dfilter.compile.operand import (
    Operand,
    Test,
    octets,
    octets_to_end,
    optional_read,
    sequence_read,
)
from dfilter.compile.reader import Source
from dfilter.errors import FilterError
from dfilter.fields.types import STRINGS, FieldType
from dfilter.fields.versions import Version
from dfilter.language.ast import Quantifier

Found = Callable[[Any], bool]


def contains_test(left: Operand, right: Operand, quantifier: Quantifier, version: Version) -> Test:
    """Is a value of `right` inside a value of `left`?

    An empty needle is in no string and no protocol; it is in every byte string that is not empty (4.x),
    in 3.4 in none.
    """
    empty_found = left.type not in STRINGS and left.type is not FieldType.PROTOCOL and version >= Version.V4_0
    if right.values is not None and len(right.values) == 1:
        return _quantified(left, _constant_finder(left, right.values[0], empty_found), quantifier)
    return _pairwise(left, right, quantifier, empty_found)


def matches_test(left: Operand, pattern: bytes, quantifier: Quantifier) -> Test:
    """Does the regular expression match somewhere in a value? An empty byte string or slice never matches.

    Raises:
        FilterError: the pattern is one of the few that Wireshark runs and dfilter does not.
    """
    from dfilter.compile.pattern_syntax import PatternError  # most filters have no pattern
    from dfilter.compile.patterns import compile_pattern

    try:
        search = compile_pattern(pattern)
    except PatternError as error:
        shown = pattern[:100].decode("utf-8", "backslashreplace")
        raise FilterError(f"the regular expression {shown!r} is not run by dfilter: {error}") from None
    if left.type in STRINGS:
        if left.is_slice:
            return _quantified(left, lambda value: value != "" and search(octets(value)), quantifier)
        return _quantified(left, lambda value: search(octets(value)), quantifier)
    if left.type is FieldType.PROTOCOL:
        return _quantified(left, lambda value: search(octets_to_end(value)), quantifier)
    return _quantified(left, lambda value: len(value) > 0 and search(octets(value)), quantifier)


def _constant_finder(left: Operand, needle: Any, empty_found: bool) -> Found:
    if not needle:
        return (lambda value: len(value) > 0) if empty_found else (lambda value: False)
    if left.type is FieldType.PROTOCOL:
        wanted = octets(needle)
        return lambda value: wanted in octets_to_end(value)
    if left.type in STRINGS and (not isinstance(needle, str) or _is_partial(needle)):
        wanted = octets(needle)
        return lambda value: wanted in octets(value)
    if left.type in STRINGS:
        return lambda value: needle in value
    wanted = octets(needle)
    return lambda value: wanted in value


def _is_partial(text: str) -> bool:
    """Does the text hold bytes that are not UTF-8 by themselves? They may match half a character."""
    return any("\ud800" <= char <= "\udfff" for char in text)


def _quantified(left: Operand, found: Found, quantifier: Quantifier) -> Test:
    if quantifier is Quantifier.ANY:
        read_all = sequence_read(left)

        def some(source: Source) -> bool:
            for value in read_all(source):  # noqa: SIM110
                if found(value):
                    return True
            return False

        return some
    read = optional_read(left)

    def every(source: Source) -> bool:
        values = read(source)
        return values is not None and all(map(found, values))

    return every


def _pairwise(left: Operand, right: Operand, quantifier: Quantifier, empty_found: bool) -> Test:
    haystacks, needles = optional_read(left), optional_read(right)
    combine: Callable[[Sequence[bool]], bool] = any if quantifier is Quantifier.ANY else all

    def test(source: Source) -> bool:
        values = haystacks(source)
        if values is None:
            return False
        wanted = needles(source)
        if wanted is None:
            return False
        parts = [octets(value) for value in wanted]
        whole = [octets_to_end(value) for value in values]
        return combine([_is_inside(part, data, empty_found) for data in whole for part in parts])

    return test


def _is_inside(part: bytes, data: bytes, empty_found: bool) -> bool:
    return part in data if part else empty_found and len(data) > 0
