"""Lines of text protocols, as Wireshark 4.4 cuts them.

In: a buffer and bounds.  Out: where lines end.  What always holds: CR LF, LF and a lone CR end a line only where
the functions say so; nothing is read outside the bounds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

MAX_WAIT = 1 << 18
"""Bytes of a line beyond which its end is not waited for any more: every new segment searches it again."""


class Line(NamedTuple):
    """One line: text in `buf[start:end]`, the next one at `next`; `terminated` if it has a line end."""

    start: int
    end: int
    next: int
    terminated: bool


def next_line(buf: bytes, start: int, stop: int) -> Line:
    """The line at `start`, ended by CR LF or LF, or by `stop`."""
    at = buf.find(b"\n", start, stop)
    if at < 0:
        return Line(start, stop, stop, False)
    end = at - 1 if at > start and buf[at - 1] == 0x0D else at
    return Line(start, end, at + 1, True)


def lines(buf: bytes, start: int, stop: int) -> Iterator[Line]:
    """All lines of `buf[start:stop]`."""
    while start < stop:
        line = next_line(buf, start, stop)
        yield line
        start = line.next


def word_end(buf: bytes, start: int, stop: int) -> int:
    """Where the word at `start` ends: at a space, or at `stop`."""
    at = buf.find(b" ", start, stop)
    return stop if at < 0 else at


def decode(data: bytes) -> str:
    """Text of a protocol as Wireshark shows it: up to the first NUL, what is no UTF-8 replaced."""
    return data.split(b"\0", 1)[0].decode("utf-8", "replace")
