r"""`gui.column.format`: the columns of the packet list, ``"Title", "%p"`` and so on.

In: the value of the preference.  Out: `ColumnFormat`s, and the value again.  In a text, `\"` and `\\` stand for the
quote and the backslash.  A custom column is ``%Cus:fields:occurrence:R``: all of its values for occurrence 0, else the
one of that number; U shows values unresolved.  Source: `tshark -G column-formats` and `-G currentprefs` of 4.4.
"""

from __future__ import annotations

import re

from dfilter.profiles.document import ProfileError
from dfilter.slotted import frozen

PREFERENCE = "gui.column.format"
CUSTOM = "%Cus"
_TEXT = re.compile(r'\s*"((?>(?:[^"\\]|\\.)*))"\s*(,|$)', re.DOTALL)
_BARE = re.compile(r'\s*([^",\s][^",]*?)\s*(,|$)')
_CUSTOM = re.compile(r"%Cus:(.*?)(?::(-?\d+))?(?::([RUD]))?", re.DOTALL)


@frozen
class ColumnFormat:
    """A column: its title, its kind ("%t"), and of a custom one its expression and which value it shows (0: all)."""

    title: str
    kind: str
    expression: str = ""
    occurrence: int = 0
    resolved: bool = True

    @property
    def format(self) -> str:
        """As the preference writes it."""
        if self.kind != CUSTOM:
            return self.kind
        return f"{CUSTOM}:{self.expression}:{self.occurrence}:{'R' if self.resolved else 'U'}"


def parse_columns(value: str) -> list[ColumnFormat]:
    """The columns that a value describes.

    Raises:
        ProfileError: it is no list of titles and formats.
    """
    texts: list[str] = []
    position = 0
    while value[position:].strip():
        match = _TEXT.match(value, position) or _BARE.match(value, position)
        if match is None:
            raise ProfileError(f"{PREFERENCE}: a text in quotes was expected at {value[position : position + 20]!r}")
        texts.append(re.sub(r"\\(.)", r"\1", match[1], flags=re.DOTALL))
        position = match.end()
    if len(texts) % 2:
        raise ProfileError(f"{PREFERENCE}: the column {texts[-1]!r} has no format")
    return [_column(title, format) for title, format in zip(texts[::2], texts[1::2], strict=True)]


def _column(title: str, format: str) -> ColumnFormat:
    match = _CUSTOM.fullmatch(format)
    if match is None:
        return ColumnFormat(title, format)
    return ColumnFormat(title, CUSTOM, match[1], int(match[2] or 0), match[3] != "U")


def encode_columns(columns: list[ColumnFormat]) -> str:
    """The value of the preference, as Wireshark writes it: a line a column."""
    rows = [f"\t{_quoted(column.title)}, {_quoted(column.format)}" for column in columns]
    return "\n" + ",\n".join(rows)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
