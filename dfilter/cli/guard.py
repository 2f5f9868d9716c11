"""What can go wrong in a command, as an exit code and one message.

In: the body of a command.  Out: exit codes.  Always: no traceback reaches the user; on an interruption the body
is unwound first, so that nothing half-written stays.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import IntEnum
from typing import Any, NoReturn

import typer

import dfilter


class Exit(IntEnum):
    """Exit codes of every command."""

    OK = 0
    RED = 1
    FAILED = 2
    INTERRUPTED = 130
    TERMINATED = 143


class _Terminated(BaseException):
    """SIGTERM, as an exception that unwinds the command."""


@contextmanager
def guarded() -> Iterator[None]:
    """Run the body of a command; every failure becomes a message on standard error and an exit code."""
    try:
        with _termination_unwinds(), warnings.catch_warnings():
            warnings.simplefilter("always", dfilter.CaptureWarning)
            warnings.showwarning = _show
            yield
            sys.stdout.flush()
    except dfilter.FilterError as error:
        say(f"this filter cannot be run\n{error}")
        raise typer.Exit(Exit.FAILED) from None
    except dfilter.DfilterError as error:
        say(str(error))
        raise typer.Exit(Exit.FAILED) from None
    except BrokenPipeError:
        _close_standard_output()  # the reader, `head` for one, has seen enough
        raise typer.Exit(Exit.OK) from None
    except KeyboardInterrupt:
        raise typer.Exit(Exit.INTERRUPTED) from None
    except _Terminated:
        raise typer.Exit(Exit.TERMINATED) from None
    except OSError as error:
        say(str(error))
        raise typer.Exit(Exit.FAILED) from None
    except (typer.Exit, typer.BadParameter):
        raise
    except Exception as error:
        say(f"internal error, please report it: {type(error).__name__}: {error}")
        raise typer.Exit(Exit.FAILED) from None


def say(text: str) -> None:
    """A message for the user, on standard error."""
    with suppress(OSError):  # then nobody can be told
        print(f"dfilter: {text}", file=sys.stderr)


def wrong_usage(text: str) -> NoReturn:
    """End with the usage message and `text`."""
    raise typer.BadParameter(text)


def _show(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
    if issubclass(category, dfilter.CaptureWarning):
        say(f"warning: {message}")


@contextmanager
def _termination_unwinds() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def terminate(*_: Any) -> NoReturn:
        raise _Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _close_standard_output() -> None:
    """Let what is buffered go nowhere, or Python would complain about it at exit."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        pass  # standard output has no file behind it
