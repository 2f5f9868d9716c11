"""The bytes of a capture, in pieces: a file, standard input or a file object; plain, gzip or zstd.

In: a source.  Out: `Feed`, a window that slides forward over the (decompressed) bytes.
Always: memory is bounded by one chunk and by what the caller asks for with `need`; nothing is sought, so
pipes work; a compressed file that breaks off or is damaged ends there, and `Feed.damage` says why.
"""

from __future__ import annotations

import io
import os
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, cast

from dfilter.captures import gunzip, progress
from dfilter.errors import CaptureError

CHUNK: Final = 1 << 18
"""Bytes to ask for at once: large enough that the loop over packets dominates, small enough for the cache."""

Source = str | os.PathLike[str] | BinaryIO

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"


class Feed:
    """A window on the bytes: `buffer[0]` is byte `offset` of the (decompressed) stream."""

    __slots__ = ("_file", "_pieces", "_read", "buffer", "compressed", "damage", "name", "offset")

    def __init__(self, source: Source) -> None:
        self._file: BinaryIO | None = None
        self.name, read = self._open(source)
        self._read: Callable[[int], bytes | None] = read
        self.buffer = b""
        self.offset = 0
        self.damage: str | None = None
        self.compressed = False
        self._pieces: Iterator[bytes] = self._plain()
        self._unpack()

    def _open(self, source: Source) -> tuple[str, Callable[[int], bytes | None]]:
        if isinstance(source, (str, os.PathLike)):
            if source == "-":
                return "standard input", _reader(sys.stdin.buffer)
            path = Path(source)
            try:
                if path.is_dir():
                    raise CaptureError(f"{path}: this is a folder; name a capture file in it")
                self._file = path.open("rb", buffering=0)
            except (OSError, ValueError) as error:
                reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
                raise CaptureError(f"{path}: cannot be opened: {reason}") from error
            return str(path), self._file.read
        if not hasattr(source, "read"):
            kind = type(source).__name__
            raise CaptureError(f"a {kind} is no capture: pass a path, '-' or a binary file object")
        return str(getattr(source, "name", "") or "the given file object"), _reader(source)

    def _unpack(self) -> None:
        self.need(0, 4)
        start = self.buffer
        if start.startswith(_GZIP):
            self.compressed = True
            self._pieces = gunzip.pieces(_prefixed(start, self._pieces), self._damaged)
        elif start.startswith(_ZSTD):
            self.compressed = True
            self._pieces = self._unzstd(start, self._pieces)
        else:
            return
        self.buffer = b""

    def _plain(self) -> Iterator[bytes]:
        while True:
            try:
                piece = self._read(CHUNK)
            except (OSError, ValueError) as error:
                raise CaptureError(f"{self.name}: cannot be read: {error}") from error
            if isinstance(piece, str):
                raise CaptureError(f"{self.name}: is open as text; open it in binary mode")
            if not piece:
                return
            progress.read_bytes(len(piece))
            yield piece

    def _unzstd(self, start: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
        import zstandard

        try:
            reader = zstandard.ZstdDecompressor().stream_reader(
                cast(BinaryIO, _Joined(_prefixed(start, rest))), read_across_frames=True
            )
            while piece := reader.read1(CHUNK):  # `read` would lose what it has when the damage comes
                yield piece
        except (zstandard.ZstdError, MemoryError) as error:
            self._damaged(f"the zstd data is damaged ({error})")

    def _damaged(self, reason: str) -> None:
        self.damage = reason

    def need(self, position: int, size: int) -> bool:
        """Drop the bytes before `position` and read until `size` are there; False if the data ends first.

        Afterwards what was at `position` is at 0.
        """
        rest = self.buffer[position:]
        self.offset += position
        have = len(rest)
        parts = [rest]
        while have < size:
            piece = next(self._pieces, b"")
            if not piece:
                break
            parts.append(piece)
            have += len(piece)
        self.buffer = b"".join(parts) if len(parts) > 1 else rest
        return have >= size

    def take(self, space: memoryview) -> int:
        """Move the next bytes to `space`, and go on behind them: how many; fewer than fit only where the data ends."""
        file, taken = self.plain_file, 0
        while taken < len(space):
            if self.buffer:
                piece = self.buffer[: len(space) - taken]
                space[taken : taken + len(piece)] = piece
                self.buffer = self.buffer[len(piece) :]
                count = len(piece)
            elif file is not None:
                count = self._read_into(file, space[taken:])
            else:
                self.buffer = next(self._pieces, b"")
                if self.buffer:
                    continue
                count = 0
            if not count:
                break
            taken += count
            self.offset += count
        return taken

    def _read_into(self, file: io.FileIO, space: memoryview) -> int:
        try:
            count = file.readinto(space) or 0
        except (OSError, ValueError) as error:
            raise CaptureError(f"{self.name}: cannot be read: {error}") from error
        progress.read_bytes(count)
        return count

    def untake(self, data: bytes) -> None:
        """Go back to before `data`, which was the last that was taken."""
        self.buffer = data + self.buffer
        self.offset -= len(data)

    def skip(self, position: int, size: int) -> bool:
        """As `need`, but the `size` bytes are thrown away; memory stays at one chunk whatever the size."""
        while len(self.buffer) - position < size:
            size -= len(self.buffer) - position
            position = len(self.buffer)
            if not self.need(position, 1):
                return False
            position = 0
        return self.need(position + size, 0)

    @property
    def plain_file(self) -> io.FileIO | None:
        """The regular, uncompressed file that was opened here, to be read directly; None for every other source."""
        file = self._file
        if not isinstance(file, io.FileIO) or self.compressed or not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            return None
        return file

    def jump(self, offset: int) -> None:
        """Go on at byte `offset` of a `plain_file`, whose bytes before it the caller read by other means."""
        assert self._file is not None
        self._file.seek(offset)
        self._pieces = self._plain()  # those before may have come to the end
        self.buffer = b""
        self.offset = offset

    def close(self) -> None:
        """Close the file if it was opened here; the caller's own file object stays open."""
        if self._file is not None:
            self._file.close()

    def __del__(self) -> None:
        if getattr(self, "_file", None) is not None:
            self.close()


class _Joined(io.RawIOBase):
    """The pieces as the file object that zstandard reads from."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        piece = self._left or next(self._pieces, b"")
        if 0 <= size < len(piece):
            self._left = piece[size:]
            return piece[:size]
        self._left = b""
        return piece


def _prefixed(start: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if start:
        yield start
    yield from rest


def _reader(file: BinaryIO) -> Callable[[int], bytes | None]:
    """`read1` where there is one: packets from a live pipe come at once, not when a chunk is full."""
    read1: Callable[[int], bytes] | None = getattr(file, "read1", None)
    return read1 if read1 is not None else file.read
