"""Where something stands in the filter text.

In: nothing.  Out: `Span`, half-open offsets in characters of the text the user typed.
"""

from __future__ import annotations

from dfilter.slotted import frozen


@frozen
class Span:
    """Characters `start` up to, not including, `end` of the filter text (0-based)."""

    start: int
    end: int

    def __lt__(self, other: Span) -> bool:
        return (self.start, self.end) < (other.start, other.end)

    def to(self, other: Span) -> Span:
        """The smallest span that covers both."""
        return Span(min(self.start, other.start), max(self.end, other.end))
