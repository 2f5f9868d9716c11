r"""`dfilters` and `dmacros`: ``"name" filter``, one a line.

In: a line.  Out: name and filter.  In the name, `\"` and `\\` stand for the quote and the backslash; the filter is the
rest of the line, as it is.  `#` begins a comment.  Source: Wireshark User's Guide, appendix on configuration files;
observed in Wireshark 4.4.
"""

from __future__ import annotations

import re

from dfilter.profiles.slot import Malformed, Slot, one_line

_NAME = re.compile(r'[ \t]*+"((?>(?:[^"\\]|\\.)*))"')
_ESCAPED = re.compile(r"\\(.)")


def read(line: str) -> Slot | None:
    """The filter of a line, None for a comment; `Malformed` for a line that Wireshark skips with a warning."""
    if not line.strip(" \t") or line.lstrip(" \t").startswith("#"):
        return None
    match = _NAME.match(line)
    if match is None:
        raise Malformed("this line does not begin with a name in quotes")
    text = line[match.end() :].strip(" \t")
    if not text:
        raise Malformed("this line has a name and no filter")
    start = line.index(text, match.end())
    return Slot(_ESCAPED.sub(r"\1", match[1]), text, start, start + len(text))


def encode(text: str) -> str:
    """A filter as it is written."""
    return one_line(text)
