"""`-T pdml` and `psml`: frames as XML, in the shapes of tshark's.

In: frames.  Out: one XML document on standard output, frame by frame.
Always: it is well-formed, whatever the packets hold, and complete, also when reading stops early.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

import dfilter
from dfilter.cli.json import chosen
from dfilter.cli.printer import Printer
from dfilter.column import Values
from dfilter.listing import PacketList
from dfilter.nesting import Node, every, nested
from dfilter.tree import TreeField, TreeLayer, tree_of

_HEAD: Final = '<?xml version="1.0" encoding="utf-8"?>'
_QUOTES: Final = {'"': "&quot;", "'": "&#x27;"}
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""XML 1.0 section 2.2: characters that no document can hold."""
_STEERING: Final = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Characters that a terminal obeys or that reorder a line; a reference says the same."""


class PdmlPrinter(Printer):
    """Prints the layers of each frame with their fields, or what `-e` names."""

    def __init__(self, values: Sequence[Values]) -> None:
        self._values = values

    def begin(self) -> None:
        """Open the document."""
        print(f'{_HEAD}\n<pdml version="0" creator="dfilter/{dfilter.__version__}">')

    def end(self) -> None:
        """Close the document."""
        print("</pdml>")

    def frame(self, name: str, frame: dfilter.View) -> None:
        """Print the packet element of `frame`, found in the capture `name`."""
        print("<packet>")
        _general(frame)
        if self._values:
            for field, texts in chosen(self._values, frame).items():
                for text in texts:
                    print(f"  <field name={_quoted(field)} value={_quoted(text)}/>")
        else:
            for layer in tree_of(frame):
                _print_layer(layer)
        print("</packet>\n")


def _general(frame: dfilter.View) -> None:
    length, captured = frame.frame.wire_length, len(frame.data)
    seconds, fraction = divmod(frame.time or 0, 10**9)
    rows = (("num", "Number", frame.number, f"{frame.number:x}"), ("len", "Frame Length", length, f"{length:x}"),
            ("caplen", "Captured Length", captured, f"{captured:x}"),
            ("timestamp", "Captured Time", "".join(frame.text("frame.time")), f"{seconds}.{fraction:09d}"))  # fmt: skip
    print(f'  <proto name="geninfo" pos="0" showname="General information" size="{captured}">')
    for name, title, show, value in rows:
        print(f'    <field name="{name}" pos="0" show={_quoted(str(show))} showname="{title}" value="{value}" '
              f'size="{captured}"/>')  # fmt: skip
    print("  </proto>")


def _print_layer(layer: TreeLayer) -> None:
    print(f"  <proto name={_quoted(layer.name)} showname={_quoted(layer.title)} size=\"{layer.size}\" "
          f'pos="{layer.start}">')  # fmt: skip
    _print_fields(nested(layer), "    ")
    print("  </proto>")


def _print_fields(nodes: Sequence[Node], indent: str) -> None:
    for node in nodes:
        attributes = _heading(node) if node.field is None else _field(node.field)
        print(f"{indent}<field {attributes}{'>' if node.below else '/>'}")
        if node.below:
            _print_fields(node.below, indent + "  ")
            print(f"{indent}</field>")


def _field(field: TreeField) -> str:
    return (f"name={_quoted(field.name)} showname={_quoted(_named(field))} size=\"{field.size}\" "
            f'pos="{field.start}" show={_quoted(field.plain)}{_bytes(field)}')  # fmt: skip


def _named(field: TreeField) -> str:
    return f"{field.name}: {field.plain}" if field.plain else field.name


def _heading(node: Node) -> str:
    """A line of text, over the bytes of what is below it."""
    fields = [each.field for each in every(node.below) if each.field is not None and each.field.size]
    start = min((field.start for field in fields), default=0)
    size = max((field.start + field.size for field in fields), default=0) - start
    return f'name="" show={_quoted(node.text)} size="{size}" pos="{start}"'


def _bytes(field: TreeField) -> str:
    if not field.size:
        return ""
    if field.mask:
        return f' value="{int(field.value):X}" unmaskedvalue="{field.raw.hex()}"'
    return f' value="{field.raw.hex()}"'


class PsmlPrinter(Printer):
    """Prints the packet list."""

    def __init__(self, listing: PacketList) -> None:
        self._listing = listing

    def begin(self) -> None:
        """Open the document with the columns' titles."""
        print(f'{_HEAD}\n<psml version="0" creator="dfilter/{dfilter.__version__}">\n<structure>')
        for column in self._listing.columns:
            print(f"<section>{_text(column.title)}</section>")
        print("</structure>\n")

    def end(self) -> None:
        """Close the document."""
        print("</psml>")

    def frame(self, name: str, frame: dfilter.View) -> None:
        """Print the packet element of `frame`, found in the capture `name`."""
        sections = "\n".join(f"<section>{_text(cell)}</section>" for cell in self._listing.row(frame))
        print(f"<packet>\n{sections}\n</packet>\n")


def _text(text: str) -> str:
    shown = escape(_FORBIDDEN.sub("\ufffd", text), _QUOTES)
    return _STEERING.sub(lambda found: f"&#x{ord(found[0]):x};", shown)


def _quoted(text: str) -> str:
    return f'"{_text(text)}"'
