"""`dfilter_buttons`: ``"TRUE","label","filter","comment"``, a record a button.

In: a line.  Out: label, filter, and whether the button is shown.
"""

from __future__ import annotations

from dfilter.profiles.records import cells, encode
from dfilter.profiles.slot import Malformed, Slot

__all__ = ["encode", "read"]

_COLUMNS = 4


def read(line: str) -> Slot | None:
    """The filter of a button, None for a comment; `Malformed` for what is no such record."""
    found = cells(line, _COLUMNS)
    if found is None:
        return None
    shown, label, filter, _ = found
    if shown.text not in ("TRUE", "FALSE"):
        raise Malformed("the first column is neither TRUE nor FALSE")
    return Slot(label.text, filter.text, filter.start, filter.end, shown.text == "TRUE")
