"""A command on a pseudo-terminal, driven key by key."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from types import TracebackType
from typing import Self

PATIENCE = 20.0
"""Seconds after which a text is not waited for any more."""
ROWS, COLUMNS = 40, 120
ASKED, ANSWER = b"\x1b[6n", b"\x1b[1;1R"
"""Where is the cursor?  In the first row and column."""


class Terminal:
    """Runs `dfilter ARGUMENTS`; keys go in by `send`, what appears is waited for by `expect`."""

    def __init__(self, *arguments: str, home: Path, **environment: str) -> None:
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        settings = {**os.environ, "TERM": "xterm-256color", "HOME": str(home), "XDG_CONFIG_HOME": str(home / "config")}
        settings.pop("NO_COLOR", None)
        command = [sys.executable, "-m", "dfilter", *arguments]
        self._process = subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower,
                                         env=settings | environment, start_new_session=True)  # fmt: skip
        os.close(follower)
        self._leader = leader
        self.seen = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(10)
        os.close(self._leader)

    def send(self, keys: str) -> None:
        os.write(self._leader, keys.encode())

    def expect(self, text: str) -> str:
        """What appeared up to `text` since the last time; it must appear in time."""
        end = time.monotonic() + PATIENCE
        while text not in self.seen:
            ready, _, _ = select.select([self._leader], [], [], max(end - time.monotonic(), 0))
            chunk = self._read() if ready else b""
            assert chunk, f"{text!r} did not appear in:\n{self.seen}"
            self.seen += chunk.decode("utf-8", "replace")
        before, _, self.seen = self.seen.partition(text)
        return before + text

    def _read(self) -> bytes:
        try:
            chunk = os.read(self._leader, 65536)
        except OSError:  # the other side is closed
            return b""
        for _ in range(chunk.count(ASKED)):
            os.write(self._leader, ANSWER)
        return chunk

    def ended(self) -> int:
        """The exit code, once the process has ended."""
        end = time.monotonic() + PATIENCE
        while self._process.poll() is None and time.monotonic() < end:
            ready, _, _ = select.select([self._leader], [], [], 0.1)
            if ready and not self._read():
                break
        return self._process.wait(5)
