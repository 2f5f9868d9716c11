"""The buttons of a profile: read, added, edited, taken away.

In: the text of a `dfilter_buttons` file.  Out: `Button`s, and the text with one line more, less or changed.
Always: every other line stays as it is, byte for byte, also one that cannot be read; of a changed button only the
cells that change are written anew.
"""

from __future__ import annotations

from difflib import get_close_matches

from dfilter.profiles.document import ProfileError
from dfilter.profiles.records import Cell, cells, encode
from dfilter.profiles.slot import Malformed
from dfilter.slotted import frozen

MENU = "//"
"""Between the name of a menu and the label of a button in it."""
_COLUMNS = 4


@frozen
class Button:
    """A button: `label` may begin with menus, "Web//TLS//hellos"; `enabled`: it is shown."""

    label: str
    filter: str
    comment: str = ""
    enabled: bool = True

    @property
    def path(self) -> tuple[str, ...]:
        """The menus and the label."""
        return tuple(self.label.split(MENU))

    def line(self) -> str:
        """The button as it is written, without a line end."""
        return ",".join(f'"{encode(text)}"' for text in self.cells())

    def cells(self) -> tuple[str, str, str, str]:
        """The columns of its record."""
        return ("TRUE" if self.enabled else "FALSE", self.label, self.filter, self.comment)


@frozen
class _Line:
    number: int
    cells: list[Cell]
    button: Button


def buttons_of(text: str) -> list[Button]:
    """The buttons of a file, in their order; lines that are none are passed over."""
    return [line.button for line in _lines(text)]


def find_button(text: str, label: str) -> Button | None:
    """The first button with that label."""
    return next((button for button in buttons_of(text) if button.label == label), None)


def nearest(labels: list[str], label: str) -> list[str]:
    """The labels most like one that there is not; also those that are it but for the case or the menu."""
    folded = label.casefold()
    alike = [name for name in labels if folded in (name.casefold(), name.rpartition(MENU)[2].casefold())]
    return list(dict.fromkeys((*alike, *get_close_matches(label, labels, 3, 0.5))))


def with_button(text: str, button: Button, position: int | None = None) -> str:
    """The text with one button more, at the end or before the button at `position` (from 1).

    Raises:
        ProfileError: there is a button of that label.
    """
    lines = _lines(text)
    if any(line.button.label == button.label for line in lines):
        raise ProfileError(f"there is a button {button.label!r} already")
    rows = text.split("\n")
    end = "\r" if rows[0].endswith("\r") else ""
    if position is not None and 0 < position <= len(lines):
        at = lines[position - 1].number
    elif rows[-1] == "":
        at = len(rows) - 1
    else:
        rows[-1] += end
        at = len(rows)
        rows.append("")
    return "\n".join((*rows[:at], button.line() + end, *rows[at:]))


def without_button(text: str, label: str) -> str:
    """The text without the button.

    Raises:
        ProfileError: there is no such button.
    """
    rows = text.split("\n")
    del rows[_find(text, label).number]
    return "\n".join(rows)


def with_changes(text: str, label: str, changed: Button) -> str:
    """The text with the button of that label changed.

    Raises:
        ProfileError: there is no such button, or another one has the new label.
    """
    found = _find(text, label)
    if changed.label != label and find_button(text, changed.label) is not None:
        raise ProfileError(f"there is a button {changed.label!r} already")
    rows = text.split("\n")
    row = rows[found.number]
    for cell, new in reversed(list(zip(found.cells, changed.cells(), strict=True))):
        if cell.text != new:
            row = row[: cell.start] + encode(new) + row[cell.end :]
    rows[found.number] = row
    return "\n".join(rows)


def _find(text: str, label: str) -> _Line:
    lines = _lines(text)
    for line in lines:
        if line.button.label == label:
            return line
    near = nearest([line.button.label for line in lines], label)
    hint = f"; did you mean {', '.join(map(repr, near))}?" if near else ""
    raise ProfileError(f"there is no button {label!r}{hint}")


def _lines(text: str) -> list[_Line]:
    found = []
    for number, row in enumerate(text.split("\n")):
        try:
            columns = cells(row.removesuffix("\r"), _COLUMNS)
        except Malformed:
            continue
        if columns is not None and columns[0].text in ("TRUE", "FALSE"):
            shown, label, filter, comment = (cell.text for cell in columns)
            found.append(_Line(number, columns, Button(label, filter, comment, shown == "TRUE")))
    return found
