"""Writing frames to a capture file.

In: `Frame`s, from one capture or several, or made by hand.  Out: a pcapng or pcap file.
Always: reading the file again gives the same bytes, times, lengths, link types, interfaces and options; at a
path the file appears whole at the end or not at all, whatever interrupts: a temporary file is renamed.
"""

from __future__ import annotations

import os
import secrets
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from dfilter.captures.encode import PcapEncoder, PcapngEncoder
from dfilter.captures.frame import Frame
from dfilter.errors import CaptureError

Target = str | os.PathLike[str] | BinaryIO

_ENCODERS: Final[dict[str, type[PcapngEncoder | PcapEncoder]]] = {
    "pcapng": PcapngEncoder,
    "pcap": PcapEncoder,
}
_BUFFER: Final = 1 << 18


class CaptureWriter:
    """Write frames; use it in a ``with`` statement, whose regular end puts the file in place.

    Args:
        path: a path, ``"-"`` for standard output, or a binary file object; those two are written as it goes
            and stay open.
        format: ``"pcapng"``, or ``"pcap"``, which has one link type for all frames and no room for comments.

    Raises:
        CaptureError: from ``with``, `write` or at the end: the file cannot be written, or the format cannot
            hold a frame.
    """

    def __init__(self, path: Target, format: str = "pcapng") -> None:
        if format not in _ENCODERS:
            raise CaptureError(f"cannot write the format {format!r}; pcapng and pcap can be written")
        self._target = path
        self._encoder = _ENCODERS[format]()
        self._file: BinaryIO | None = None
        self._temporary: Path | None = None
        self._final: Path | None = None
        self._put: Callable[[bytes], object] | None = None
        self.name = _name(path)
        self.frames = 0

    @property
    def warning(self) -> str | None:
        """None, or one line that says what the format could not hold."""
        lost = self._encoder.lost
        return f"{self.name}: {lost}" if lost else None

    def __enter__(self) -> Self:
        try:
            self._put = self._open()
        except (OSError, ValueError) as error:
            raise self._failed(error) from error
        return self

    def _open(self) -> Callable[[bytes], object]:
        target = self._target
        if not isinstance(target, (str, os.PathLike)):
            return target.write
        if target == "-":
            return sys.stdout.buffer.write
        path = Path(os.path.realpath(target))
        if path.is_dir():
            raise CaptureError(f"{self.name}: this is a folder; name a file to write")
        if path.exists() and not stat.S_ISREG(path.stat().st_mode):
            self._file = path.open("wb", buffering=_BUFFER)  # a device or a pipe: nothing to rename
            return self._file.write
        temporary = path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}.part")
        self._file = temporary.open("xb", buffering=_BUFFER)
        self._temporary, self._final = temporary, path
        return self._file.write

    def write(self, frame: Frame) -> None:
        """Append a frame; its own number is not stored, the place in the file is."""
        if self._put is None:
            raise CaptureError(f"{self.name}: is not open for writing; use the writer in a with statement")
        try:
            data = self._encoder.encode(frame)
        except CaptureError as error:
            raise CaptureError(f"{self.name}: frame {frame.number}: {error}") from None
        try:
            self._put(data)
        except BrokenPipeError:
            raise
        except (OSError, ValueError) as error:
            raise self._failed(error) from error
        self.frames += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
        except BrokenPipeError:
            raise
        except (OSError, ValueError) as failure:
            raise self._failed(failure) from failure
        finally:
            self._put = None
            self._discard()

    def _finish(self) -> None:
        if self._put is not None and not self.frames:
            self._put(self._encoder.empty())
        if self._target == "-":
            sys.stdout.buffer.flush()
        if self._file is not None:
            self._file.close()
        if self._temporary is not None and self._final is not None:
            if self._final.exists():
                self._temporary.chmod(stat.S_IMODE(self._final.stat().st_mode))
            self._temporary.replace(self._final)
            self._temporary = None

    def _discard(self) -> None:
        """Leave nothing behind: after a regular end there is nothing left to do."""
        try:
            if self._file is not None:
                self._file.close()
        except OSError:
            pass  # a full disk refuses the rest of the buffer, which is thrown away anyway
        finally:
            if self._temporary is not None:
                self._temporary.unlink(missing_ok=True)
                self._temporary = None

    def _failed(self, error: OSError | ValueError) -> CaptureError:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return CaptureError(f"{self.name}: cannot be written: {reason}")


def _name(target: Target) -> str:
    if target == "-":
        return "standard output"
    if isinstance(target, (str, os.PathLike)):
        return str(target)
    return str(getattr(target, "name", "") or "the given file object")
