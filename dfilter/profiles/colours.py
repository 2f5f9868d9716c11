"""`colorfilters`: ``@name@filter@[background][foreground]``, one a line.

In: a line.  Out: name, filter, and whether the rule is switched on: ``!`` before it switches it off.  Neither name nor
filter can hold an ``@``: Wireshark 4.4 skips such a line.  `#` begins a comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dfilter.profiles.slot import Malformed, Slot, Unwritable, one_line
from dfilter.slotted import frozen

_COLOUR = r"\[ *\d{1,5} *, *\d{1,5} *, *\d{1,5} *\]"
_NUMBER = re.compile(r"\d{1,5}")
_RULE = re.compile(rf"[ \t]*+(!?)@([^@]+)@([^@]+)@{_COLOUR}{_COLOUR}")


def read(line: str) -> Slot | None:
    """The filter of a rule, None for a comment; `Malformed` for a line that Wireshark skips."""
    if not line.strip(" \t") or line.lstrip(" \t").startswith("#"):
        return None
    match = _RULE.match(line)
    if match is None:
        raise Malformed("this line is not of the form @name@filter@[r,g,b][r,g,b]")
    return Slot(match[2], match[3], match.start(3), match.end(3), not match[1])


def encode(text: str) -> str:
    """A filter as it is written."""
    if "@" in text:
        raise Unwritable("a colouring rule cannot hold an @")
    return one_line(text)


@frozen
class Colouring:
    """A rule with its colours: red, green, blue from 0 to 255."""

    name: str
    filter: str
    enabled: bool
    background: tuple[int, int, int]
    foreground: tuple[int, int, int]


def colours_of(text: str) -> Iterator[Colouring]:
    """The rules of a file, in their order; lines that are none are passed over."""
    for line in text.split("\n"):
        match = None if line.lstrip(" \t").startswith("#") else _RULE.match(line)
        if match is not None:
            numbers = [min(int(number), 0xFFFF) >> 8 for number in _NUMBER.findall(line, match.end(3))][:6]
            red, green, blue, *foreground = numbers
            yield Colouring(match[2], match[3], not match[1], (red, green, blue),
                            (foreground[0], foreground[1], foreground[2]))  # fmt: skip
