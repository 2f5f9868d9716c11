"""Files of settings, `preferences` and `recent`: ``name: value``, a value may go on in lines that begin with blanks.

In: text.  Out: values by name, and the text with one of them changed.
Always: all other lines stay as they are.  `#` begins a comment.  Source: the files that Wireshark's packages install.
"""

from __future__ import annotations

import re

from dfilter.profiles.document import ProfileError

_NAME = re.compile(r"([A-Za-z0-9_.\-]+):[ \t]*")
HISTORY = "recent.display_filter"
"""In `recent_common`: the filters that were typed, the latest last."""
MAX_HISTORY = 10
"""Filters kept: Wireshark's default of gui.recent_display_filter_entries.max."""


def value_of(text: str, name: str) -> str | None:
    """The value of a setting, continuation lines joined by line breaks; the last one counts; None if there is none."""
    places = _places(text, name)
    if not places:
        return None
    rows = text.split("\n")
    start, stop = places[-1]
    first = rows[start].removesuffix("\r")[len(name) + 1 :]
    return "\n".join([first.strip(" \t"), *(row.strip(" \t\r") for row in rows[start + 1 : stop])]).strip("\n")


def values_of(text: str, name: str) -> list[str]:
    """All values of a setting that may come several times, in their order."""
    rows = text.split("\n")
    return [rows[start].removesuffix("\r")[len(name) + 1 :].lstrip(" \t") for start, _ in _places(text, name)]


def with_value(text: str, name: str, value: str) -> str:
    """The text with a setting changed, or added at the end.

    Raises:
        ProfileError: a line of the value would begin a setting of its own.
    """
    lines = value.split("\n")
    if any(not row.startswith((" ", "\t")) for row in lines[1:]):
        raise ProfileError(f"{name}: the further lines of a value begin with blanks")
    rows = text.split("\n")
    end = "\r" if rows[0].endswith("\r") else ""
    new = [row + end for row in (f"{name}: {lines[0]}", *lines[1:])]
    places = _places(text, name)
    if places:
        start, stop = places[-1]
        return "\n".join((*rows[:start], *new, *rows[stop:]))
    if rows[-1] == "":
        rows.pop()
    return "\n".join((*rows, *new, ""))


def with_history(text: str, filter: str, limit: int = MAX_HISTORY) -> str:
    """The text with a filter as the latest of the history; it stands there once, and the oldest beyond `limit` go."""
    if "\n" in filter or "\r" in filter or not filter.strip():
        return text
    rows, places = text.split("\n"), _places(text, HISTORY)
    end = "\r" if rows[0].endswith("\r") else ""
    kept = [rows[start] for start, _ in places if rows[start].removesuffix("\r")[len(HISTORY) + 1 :].strip() != filter]
    kept = [*kept, f"{HISTORY}: {filter}{end}"][-limit:]
    at = places[0][0] if places else len(rows) - (rows[-1] == "")
    gone = {start for start, _ in places}
    before = [row for number, row in enumerate(rows[:at]) if number not in gone]
    after = [row for number, row in enumerate(rows[at:], at) if number not in gone]
    return "\n".join((*before, *kept, *(after or [""])))


def _places(text: str, name: str) -> list[tuple[int, int]]:
    """(first line, line behind the last) of each value of that name."""
    found: list[tuple[int, int]] = []
    rows = text.split("\n")
    for number, row in enumerate(rows):
        match = _NAME.match(row)
        if match is None or match[1] != name:
            continue
        stop = number + 1
        while stop < len(rows) and rows[stop][:1] in (" ", "\t") and rows[stop].strip():
            stop += 1
        found.append((number, stop))
    return found
