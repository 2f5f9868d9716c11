"""A plain list: one filter a line.

In: a line.  Out: its filter, without the blanks around it.  Blank lines and lines that begin with `#` (which begins
no filter) are comments.
"""

from __future__ import annotations

from dfilter.profiles.slot import Slot, one_line

_BLANKS = " \t\ufeff"


def read(line: str) -> Slot | None:
    """The filter of a line, None for a comment."""
    text = line.strip(_BLANKS)
    if not text or text.startswith("#"):
        return None
    start = line.index(text)
    return Slot("", text, start, start + len(text))


def encode(text: str) -> str:
    """A filter as it is written; one that looks like a comment cannot be."""
    return one_line(text)
