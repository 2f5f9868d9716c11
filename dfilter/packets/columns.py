"""The protocol and info columns of a packet list while a frame's layers write them.

In: what each layer writes, from the outermost to the innermost.  Out: the two texts.
Always: a layer replaces what those below it wrote, but nothing before a fence.  Source: what Wireshark 4.4 shows.
"""

from __future__ import annotations

MAX_BYTES = 4095
"""A longer line is cut."""


class Columns:
    """The columns of one frame.

    Attributes:
        protocol: the protocol column.
    """

    __slots__ = ("_fenced", "_text", "protocol", "protocol_fenced")

    def __init__(self) -> None:
        self.protocol = ""
        self.protocol_fenced = False
        self._fenced = ""
        self._text = ""

    @property
    def info(self) -> str:
        """The info column."""
        text = self._fenced + self._text
        return text if len(text) * 4 <= MAX_BYTES else text.encode()[:MAX_BYTES].decode("utf-8", "ignore")

    def set(self, text: str) -> None:
        """Replace what stands after the fence."""
        self._text = text

    def append(self, text: str, separator: str = "") -> None:
        """Add to the text; `separator` comes before it unless it is the first."""
        self._text += separator + text if separator and self.info else text

    def fence(self) -> None:
        """What stands here stays, whatever else is written."""
        self._fenced, self._text = self.info, ""

    def fence_after(self, text: str) -> None:
        """Add `text` to what stays."""
        self._fenced += text
