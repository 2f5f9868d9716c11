"""A file of filters as text, and where in it each filter stands.

In: text and a format.  Out: `Document` with its entries, and the edited text.
Always: whatever is no filter (comments, colours, blank lines, line ends, lines that cannot be read) stays as it is;
the text of a document without edits is the text it was read from.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from dfilter.errors import DfilterError
from dfilter.profiles import buttons, colours, lines, macrotable, named
from dfilter.profiles.slot import Malformed, Slot, Unwritable
from dfilter.slotted import frozen


class ProfileError(DfilterError):
    """A file of filters that cannot be read or written; the message names it."""


class Format(Enum):
    """The formats of files with filters, by the name of Wireshark's file; LIST: one filter a line."""

    LIST = "list"
    DFILTERS = "dfilters"
    DFILTER_BUTTONS = "dfilter_buttons"
    COLORFILTERS = "colorfilters"
    DMACROS = "dmacros"
    DFILTER_MACROS = "dfilter_macros"


MACRO_FORMATS = frozenset({Format.DMACROS, Format.DFILTER_MACROS})

_READERS = {
    Format.LIST: lines.read,
    Format.DFILTERS: named.read,
    Format.DFILTER_BUTTONS: buttons.read,
    Format.COLORFILTERS: colours.read,
    Format.DMACROS: named.read,
    Format.DFILTER_MACROS: macrotable.read,
}
_ENCODERS = {
    Format.LIST: lines.encode,
    Format.DFILTERS: named.encode,
    Format.DFILTER_BUTTONS: buttons.encode,
    Format.COLORFILTERS: colours.encode,
    Format.DMACROS: named.encode,
    Format.DFILTER_MACROS: macrotable.encode,
}


@frozen
class Entry:
    """One filter, or one macro, of a file.

    `start`, `end`: where it is written in the document's text.  `line`, `column`: the same place for people, from 1.
    `verbatim`: it is written as it reads, so that a place in `text` is a place in the line.  `enabled`: False for a
    button or colouring rule that is switched off.  `macro`: it is the body of the macro `name`.
    """

    name: str
    text: str
    line: int
    column: int
    start: int
    end: int
    verbatim: bool = True
    enabled: bool = True
    macro: bool = False


@frozen
class Unreadable:
    """A line that Wireshark cannot read in this format either."""

    line: int
    reason: str


@frozen
class Document:
    """A file of filters; `entries` in the order of their lines."""

    text: str
    format: Format
    entries: tuple[Entry, ...]
    unreadable: tuple[Unreadable, ...]

    def edited(self, changes: Mapping[int, str]) -> str:
        """The text with the filters of some entries (by their number) replaced.

        Raises:
            ProfileError: a filter that the format cannot hold (a line break, an `@` in a colouring rule).
        """
        parts: list[str] = []
        done = 0
        for number in sorted(changes):
            entry = self.entries[number]
            if changes[number] == entry.text:
                continue
            try:
                encoded = _ENCODERS[self.format](changes[number])
            except Unwritable as error:
                raise ProfileError(f"line {entry.line}: {error}") from None
            parts += [self.text[done : entry.start], encoded]
            done = entry.end
        return "".join((*parts, self.text[done:]))


def parse_document(text: str, format: Format) -> Document:
    """The document that `text` holds; every text is one, perhaps with lines that cannot be read."""
    entries: list[Entry] = []
    unreadable: list[Unreadable] = []
    read, macro = _READERS[format], format in MACRO_FORMATS
    start = 0
    for number, line in enumerate(text.split("\n"), 1):
        try:
            slot = read(line.removesuffix("\r"))
        except Malformed as error:
            unreadable.append(Unreadable(number, str(error)))
        else:
            if slot is not None:
                entries.append(_entry(slot, number, start, macro))
        start += len(line) + 1
    return Document(text, format, tuple(entries), tuple(unreadable))


def _entry(slot: Slot, number: int, start: int, macro: bool) -> Entry:
    verbatim = len(slot.text) == slot.end - slot.start
    place = (number, slot.start + 1, start + slot.start, start + slot.end)
    return Entry(slot.name, slot.text, *place, verbatim=verbatim, enabled=slot.enabled, macro=macro)
