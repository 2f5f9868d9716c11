"""The ranges of a slice or a layer list: `0`, `-4:2`, `1-3`, `:2`, `2:`, `:`.

In: the text between two commas or brackets.  Out: an `ast.Range`, or a `RangeError` that says what is wrong.
"""

from __future__ import annotations

import re
from enum import Enum

from dfilter.fields.versions import Version
from dfilter.language.ast import Range
from dfilter.language.source import Span

_INT = r"[+-]?+(?:0[xX][0-9a-fA-F]++|0[0-7]*+|[1-9][0-9]*+)(?![0-9A-Za-z_.])"
_RANGE = re.compile(
    rf"[ \t\r\n]*+(?:(?P<start>{_INT})[ \t\r\n]*+(?P<sign>[:-]?+)[ \t\r\n]*+(?>(?P<stop>{_INT})?)[ \t\r\n]*+"
    rf"|:(?>(?P<length>{_INT})?)[ \t\r\n]*+)"
)


class RangeFlaw(Enum):
    """What is wrong with a range."""

    NOT_A_NUMBER = "not a number"
    NOT_A_RANGE = "not a range"
    OVERFLOW = "overflow"
    LENGTH = "length"
    ORDER = "order"
    SIGNS = "signs"


class RangeError(Exception):
    """`numbers`: the two that clash, where two do."""

    def __init__(self, flaw: RangeFlaw, numbers: tuple[int, ...] = ()) -> None:
        super().__init__(flaw, numbers)
        self.flaw = flaw
        self.numbers = numbers


def parse_range(text: str, offset: int, version: Version, base: int | None = None) -> Range:
    """The range that `text`, at `offset` of the filter, means to that Wireshark version.

    `base`: for the bare digits after a `#`, whose base no prefix tells.
    """
    if base is not None:
        return Range(_number(text, base), single=True, span=Span(offset, offset + len(text)))
    match = _RANGE.fullmatch(text)
    if version < Version.V4_0 and any(blank in text for blank in " \t\r\n"):
        raise RangeError(RangeFlaw.NOT_A_NUMBER)
    if match is None or (match["stop"] is not None and not match["sign"]):
        raise RangeError(RangeFlaw.NOT_A_RANGE if text.strip()[:1].isdigit() else RangeFlaw.NOT_A_NUMBER)
    span = Span(offset, offset + len(text))
    if match["start"] is None:
        if match["length"] is None:
            if version < Version.V4_0:
                raise RangeError(RangeFlaw.NOT_A_RANGE)
            return Range(None, span=span)
        return Range(None, length=_length(match["length"]), span=span)
    start = _number(match["start"])
    if not match["sign"]:
        return Range(start, single=True, span=span)
    if match["sign"] == ":":
        return Range(start, length=None if match["stop"] is None else _length(match["stop"]), span=span)
    if match["stop"] is None:
        raise RangeError(RangeFlaw.NOT_A_RANGE)
    return Range(start, end=_end(start, _number(match["stop"]), version), span=span)


def _length(text: str) -> int:
    length = _number(text)
    if length <= 0:
        raise RangeError(RangeFlaw.LENGTH, (length,))
    return length


def _end(start: int, end: int, version: Version) -> int:
    if start * end < 0 and version >= Version.V4_0:
        raise RangeError(RangeFlaw.SIGNS, (start, end))
    if end < start or (end == start and version >= Version.V4_0):
        raise RangeError(RangeFlaw.ORDER, (start, end))
    return end


def _number(text: str, base: int | None = None) -> int:
    """A number of 32 bits, signed."""
    digits = text.lstrip("+-")
    if len(digits) > 40:  # int() is quadratic, and refuses, for digits without end
        raise RangeError(RangeFlaw.OVERFLOW)
    if base is None:
        base = 16 if digits[:2].lower() == "0x" else 8 if digits[0] == "0" else 10
    value = int(digits, base) * (-1 if text[0] == "-" else 1)
    if not -(2**31) <= value < 2**31:
        raise RangeError(RangeFlaw.OVERFLOW)
    return value
