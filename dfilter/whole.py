"""Files that are written whole or not at all.

In: a path.  Out: a binary file to write to.  Always: a regular file is replaced in one step, when all is written, and
keeps its permissions; a link stays one; a device or pipe is written to, and never replaced.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` when the block ends well.

    Raises:
        OSError: it cannot be written; the error names `path`, which is as it was.
    """
    final = Path(os.path.realpath(path))
    try:
        mode = final.stat().st_mode if final.exists() else None
        if mode is not None and not stat.S_ISREG(mode):
            with final.open("wb") as there:
                yield there
            return
        handle, name = tempfile.mkstemp(prefix=f".{final.name[:200]}.", suffix=".part", dir=final.parent)
    except OSError as error:
        raise _named(error, path) from error
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o666 & ~_mask() if mode is None else stat.S_IMODE(mode))
        part.replace(final)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise _named(error, path) from error
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _named(error: OSError, path: str | os.PathLike[str]) -> OSError:
    """The same error, of the file that was asked for and not of the one in between."""
    of_another = error.filename is not None and not str(error.filename).endswith(".part")
    return error if error.errno is None or of_another else OSError(error.errno, error.strerror, os.fspath(path))


def _mask() -> int:
    """Which permissions a new file does not get; it can only be asked for by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
