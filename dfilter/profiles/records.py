r"""The lines of Wireshark's user tables: ``"a","b","c"``.

In: a line.  Out: its cells with their places.  In a cell ``\xHH`` stands for a byte, a backslash before anything else
for that character; quotes, backslashes and what is not printable are written ``\xHH``.  Observed in Wireshark 4.0.
"""

from __future__ import annotations

import re

from dfilter.profiles.slot import Malformed
from dfilter.slotted import frozen

_CELL = re.compile(r'[ \t]*+"((?>(?:[^"\\]|\\.)*))"[ \t]*+')
_ESCAPE = re.compile(rb"\\(?:x([0-9a-fA-F]{2})|(.))", re.DOTALL)


@frozen
class Cell:
    """A cell's text, and from where to where it is written, quotes excluded."""

    text: str
    start: int
    end: int


def cells(line: str, count: int) -> list[Cell] | None:
    """The `count` cells of a record, None for a comment or blank line."""
    if not line.strip(" \t") or line.lstrip(" \t").startswith("#"):
        return None
    found: list[Cell] = []
    position = 0
    while True:
        match = _CELL.match(line, position)
        if match is None:
            raise Malformed(f"column {position + 1}: a text in quotes was expected")
        found.append(Cell(_decoded(match[1]), match.start(1), match.end(1)))
        position = match.end()
        if position == len(line):
            break
        if line[position] != ",":
            raise Malformed(f"column {position + 1}: a comma was expected")
        position += 1
    if len(found) != count:
        raise Malformed(f"this line has {len(found)} columns, not {count}")
    return found


def _decoded(text: str) -> str:
    if "\\" not in text:
        return text
    data = text.encode("utf-8", "surrogateescape")
    return _ESCAPE.sub(lambda match: bytes([int(match[1], 16)]) if match[1] else match[2], data).decode(
        "utf-8", "surrogateescape"
    )


def encode(text: str) -> str:
    """A text as it is written in a cell; any text can be."""
    return "".join(f"\\x{ord(char):02x}" if char in '"\\' or char < " " or char == "\x7f" else char for char in text)
