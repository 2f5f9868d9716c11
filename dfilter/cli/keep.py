"""Files that are made from what packets hold, in a folder.

In: a folder and plain file names.  Out: files.  Always: nothing outside the folder is written, symbolic links are not
followed, a file that exists is left alone unless asked for, and what a failure left unfinished is removed.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import dfilter


class Folder:
    """A folder to save into; made if it does not exist. `count`: files created."""

    def __init__(self, path: str, force: bool) -> None:
        self._path = Path(path)
        self._force = force
        self._open: list[tuple[BinaryIO, Path]] = []
        self.count = 0

    def __enter__(self) -> Self:
        if self._path.exists() and not self._path.is_dir():
            raise dfilter.CaptureError(f"--save {self._path}: this is no folder; name one to save in")
        self._path.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        for file, path in self._open:
            unfinished = not file.closed
            file.close()
            if unfinished:
                path.unlink(missing_ok=True)

    def create(self, name: str) -> BinaryIO:
        """A new file `name`, to be closed when it is complete.

        Raises:
            CaptureError: it exists, and overwriting was not asked for.
            OSError: it cannot be written.
        """
        if not name or name in (".", "..") or "/" in name or "\0" in name or os.sep in name:
            raise ValueError(f"not a file name: {name!r}")
        path = self._path / name
        if self._force:
            path.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
        try:
            file = os.fdopen(os.open(path, flags, 0o666), "wb")
        except FileExistsError:
            raise dfilter.CaptureError(f"{path} exists already; --force overwrites it") from None
        self._open = [(other, at) for other, at in self._open if not other.closed]
        self._open.append((file, path))
        self.count += 1
        return file
