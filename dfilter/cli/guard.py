"""What can go wrong in a command, as an exit code and one message.

In: the body of a command.  Out: exit codes.  Always: no traceback reaches the user; on an interruption the body
is unwound first, so that nothing half-written stays.
"""

from __future__ import annotations

import errno
import os
import sys
import warnings
from collections.abc import Callable
from enum import IntEnum

import dfilter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn


class Exit(IntEnum):
    """Exit codes of every command."""

    OK = 0
    RED = 1
    FAILED = 2
    INTERRUPTED = 130
    TERMINATED = 143


class UsageError(Exception):
    """The arguments do not fit together; the message says why."""


class _Terminated(BaseException):
    """SIGTERM, as an exception that unwinds the command."""


def guarded(body: Callable[[], int]) -> int:
    """Run the body of a command; every failure becomes a message on standard error and an exit code."""
    try:
        with _Termination(), _Warnings():
            code = body()
            sys.stdout.flush()
            return code
    except dfilter.FilterError as error:
        say(f"this filter cannot be run\n{error}")
    except (dfilter.DfilterError, OSError) as error:
        if isinstance(error, BrokenPipeError):
            _close_standard_output()  # the reader, `head` for one, has seen enough
            return Exit.OK
        say(_described(error))
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except _Terminated:
        return Exit.TERMINATED
    except UsageError:
        raise
    except Exception as error:
        say(f"internal error, please report it: {type(error).__name__}: {error}")
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        _close_standard_output()
    return Exit.FAILED


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def _described(error: Exception) -> str:
    """What went wrong; of a file the name first, as in other messages."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{os.fsdecode(error.filename)}: {error.strerror}"
    if isinstance(error, OSError) and error.errno in _FULL:
        return f"standard output: cannot be written: {error.strerror}"  # other files say their name
    return str(error)


def say(text: str) -> None:
    """A message for the user, on standard error; names in it, of files for one, do not steer the terminal."""
    from dfilter.cli.text import visible

    try:  # noqa: SIM105 - contextlib takes longer to load than this command to run
        print("dfilter: " + "\n".join(map(visible, text.split("\n"))), file=sys.stderr)
    except OSError:
        pass  # then nobody can be told


def wrong_usage(text: str) -> NoReturn:
    """End with the usage message and `text`."""
    raise UsageError(text)


def _show(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
    """A warning of dfilter as a message; others are for developers."""
    if issubclass(category, dfilter.CaptureWarning | dfilter.PluginWarning):
        say(f"warning: {message}")


class _Warnings(warnings.catch_warnings):
    """While the body runs, warnings of dfilter are messages, each of them about a capture."""

    def __enter__(self) -> None:
        super().__enter__()
        warnings.simplefilter("always", dfilter.CaptureWarning)
        warnings.showwarning = _show


class _Termination:
    """While the body runs, SIGTERM unwinds it."""

    def __enter__(self) -> None:
        import signal

        self._before: Any = None
        try:  # noqa: SIM105 - as above
            self._before = signal.signal(signal.SIGTERM, self._terminate)
        except ValueError:
            pass  # not the main thread: signals are another's business

    def __exit__(self, *_: object) -> None:
        import signal

        if self._before is not None:
            signal.signal(signal.SIGTERM, self._before)

    @staticmethod
    def _terminate(*_: object) -> NoReturn:
        raise _Terminated


def _close_standard_output() -> None:
    """Let what is buffered go nowhere, or Python would complain about it at exit."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        pass  # standard output has no file behind it
