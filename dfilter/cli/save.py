"""`-w OUT`: the selected frames as a capture.

In: frames.  Out: a pcapng or pcap file.  Always: the file is whole or absent.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from pathlib import PurePath
from types import TracebackType
from typing import Final, Self

import dfilter
from dfilter.cli.guard import say, wrong_usage
from dfilter.cli.printer import Printer

_FORMATS: Final = {".pcap": "pcap", ".cap": "pcap", ".dmp": "pcap", ".pcapng": "pcapng", ".ntar": "pcapng"}
_COMPRESSED: Final = frozenset((".gz", ".zst", ".zstd", ".lz4"))


def format_of(path: str, wished: str | None) -> str:
    """The format to write: the one wished, else by suffix, else pcapng."""
    suffix = PurePath(path).suffix.lower()
    if suffix in _COMPRESSED:
        wrong_usage(f"-w {path}: captures are written uncompressed; leave out {suffix} and compress afterwards")
    return str(wished) if wished is not None else _FORMATS.get(suffix, "pcapng")


def refuse_own_source(path: str, captures: Sequence[str]) -> None:
    """A capture that is read is not overwritten: it may be the only copy of what it holds.

    Raises:
        CaptureError: `path` is one of `captures`, by whatever name.
    """
    for name in captures:
        try:
            there, here = os.stat(path), os.fstat(sys.stdin.fileno()) if name == "-" else os.stat(name)  # noqa: PTH116
        except (OSError, ValueError):
            continue  # one of them is no file yet, or none that can be read
        if os.path.samestat(there, here) and stat.S_ISREG(there.st_mode):
            raise dfilter.CaptureError(f"-w {path}: this is the capture that is read; write to another file")


class SavingPrinter(Printer):
    """Writes frames, and says at the end how many."""

    def __init__(self, path: str, format: str) -> None:
        self._writer = dfilter.CaptureWriter(path, format)

    def __enter__(self) -> Self:
        self._writer.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        self._writer.__exit__(kind, error, trace)
        if kind is None and self._writer.warning:
            say(f"warning: {self._writer.warning}")

    def frame(self, name: str, frame: dfilter.View) -> None:
        """Write `frame`, found in the capture `name`."""
        self._writer.write(frame.frame)  # type: ignore[arg-type]  # what `read` yields comes from a capture
