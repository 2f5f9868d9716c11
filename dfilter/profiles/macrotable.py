"""`dfilter_macros`, up to Wireshark 4.2: ``"name","text"``, a record a macro.

In: a line.  Out: name and body.
"""

from __future__ import annotations

from dfilter.profiles.records import cells, encode
from dfilter.profiles.slot import Slot

__all__ = ["encode", "read"]

_COLUMNS = 2


def read(line: str) -> Slot | None:
    """The macro of a record, None for a comment; `Malformed` for what is no such record."""
    found = cells(line, _COLUMNS)
    if found is None:
        return None
    name, body = found
    return Slot(name.text, body.text, body.start, body.end)
