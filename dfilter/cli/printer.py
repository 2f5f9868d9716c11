"""What every way of printing frames has in common.

In: frames, one by one.  Out: nothing of its own.  Always: what must stand at the end is written also when reading
stops early, unless the output itself failed.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

import dfilter


class Printer:
    """Prints frames; a context manager."""

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        if not isinstance(error, OSError):
            self.end()

    def begin(self) -> None:
        """Write what comes before the frames."""

    def frame(self, name: str, frame: dfilter.View) -> None:
        """Write `frame`, found in the capture `name`."""
        raise NotImplementedError

    def end(self) -> None:
        """Write what comes after the frames."""
