"""What the compiler needs from whatever it runs against: packets, or records.

In: nothing.  Out: the `Reader` protocol.  A reader is asked once per field while a filter is compiled and
answers with a function that is called once per frame; the compiler never looks a field up by name at run time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

Source = Any
"""What a compiled filter is called with: a `dfilter.packets.view.View`, a mapping, an object."""

Values = Sequence[Any]


class Reader(Protocol):
    """Turns field names into functions over a source. Unknown names raise `UnsupportedFieldError`."""

    def exists(self, name: str) -> Callable[[Source], bool]:
        """Is the field or protocol there at all?"""

    def values(self, name: str) -> Callable[[Source], Values]:
        """Its values in order of appearance, an empty sequence where it is absent."""

    def raw_values(self, name: str) -> Callable[[Source], Values]:
        """The bytes that each occurrence covers; empty bytes for a generated field."""

    def layered(self, name: str, raw: bool) -> Callable[[Source], tuple[int, Sequence[tuple[int, Any]]]]:
        """How many layers of the field's protocol there are, and (1-based layer number, value) pairs."""
