"""What the reader of a format finds in one line.

In: nothing.  Out: `Slot`; `Malformed`, `Unwritable`.
"""

from __future__ import annotations

from dfilter.slotted import frozen


@frozen
class Slot:
    """A filter in a line: its text, and from where to where in the line it is written."""

    name: str
    text: str
    start: int
    end: int
    enabled: bool = True


class Malformed(Exception):  # noqa: N818
    """Why a line cannot be read."""


class Unwritable(Exception):  # noqa: N818
    """Why a filter cannot be written in a format."""


def one_line(text: str) -> str:
    """`text`, which must not hold a line break."""
    if "\n" in text or "\r" in text:
        raise Unwritable("a line break cannot be written in this file")
    return text
