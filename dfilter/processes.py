"""Work in other processes: copies of this one, each with a pipe to it.

In: a function that is to run elsewhere.  Out: a handle to talk to it.  What always holds: a copy ends with this
process at the latest, starts no copies itself, and tells no watcher of what it reads.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


_PR_SET_PDEATHSIG = 1
"""prctl(2), of Linux."""


def processors() -> int:
    """How many processes can work at once: 1 where this one cannot be copied safely, as it has threads or is one."""
    if sys.platform != "linux" or threading.active_count() > 1 or _is_copy():
        return 1
    return len(os.sched_getaffinity(0))


def _is_copy() -> bool:
    """Is this process such a copy? Then the module that made it is loaded, which is not needed otherwise."""
    known = sys.modules.get("multiprocessing.process")
    return known is not None and bool(known.current_process().daemon)


class Other:
    """A copy of this process that runs `work`, which gets its end of the pipe."""

    def __init__(self, work: Callable[[Connection], None]) -> None:
        import multiprocessing

        context = multiprocessing.get_context("fork")
        self._pipe, there = context.Pipe()
        self._process: Any = context.Process(target=_run, args=(work, there, self._pipe, os.getpid()), daemon=True)
        with warnings.catch_warnings():
            # Python 3.12 warns of other threads; those of numpy's linear algebra, asleep, hold nothing that is used
            warnings.simplefilter("ignore", DeprecationWarning)
            self._process.start()
        there.close()

    def send(self, message: Any) -> None:
        """Hand something over; what the other no longer wants to hear is lost."""
        try:
            self._pipe.send(message)
        except OSError:
            return

    def receive(self) -> Any:
        """What it says next.

        Raises:
            EOFError: it came to an end without saying any more.
        """
        try:
            return self._pipe.recv()
        except ConnectionError:
            raise EOFError from None

    def end(self) -> None:
        """Have it come to an end, if it has not."""
        self._pipe.close()
        if self._process.is_alive():
            self._process.terminate()
        self._process.join()


def _run(work: Callable[[Connection], None], pipe: Connection, other_end: Connection, parent: int) -> None:
    _end_with(parent)
    other_end.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal interrupts all at once: the first process ends this one
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with pipe, suppress(ConnectionError):  # nobody listens any more
        Context().run(work, pipe)


def _end_with(parent: int) -> None:
    """Have this process killed when its parent ends, which may be before it could note that there is this one."""
    import ctypes

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
