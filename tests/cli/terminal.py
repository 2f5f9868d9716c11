"""A command on a pseudo-terminal, driven key by key; what it draws is seen on a screen, as a user sees it."""

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

import pyte

PATIENCE = 20.0
"""Seconds after which a text is not waited for any more."""
QUIET = 0.3
"""Seconds without output after which a program is taken to wait."""
ROWS, COLUMNS = 40, 120
ASKED, ANSWER = b"\x1b[6n", b"\x1b[1;1R"
"""Where is the cursor?  In the first row and column."""


class Terminal:
    """Runs `dfilter ARGUMENTS`; keys go in by `send`, what appears is waited for by `expect`."""

    def __init__(self, *arguments: str, home: Path, **environment: str) -> None:
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        settings = {**os.environ, "TERM": "xterm-256color", "HOME": str(home), "XDG_CONFIG_HOME": str(home / "config")}
        for name in ("NO_COLOR", "COLUMNS", "LINES"):  # the terminal itself says how large it is
            settings.pop(name, None)
        command = [sys.executable, "-m", "dfilter", *arguments]
        self._process = subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower,
                                         env=settings | environment, start_new_session=True)  # fmt: skip
        os.close(follower)
        self._leader = leader
        self._screen = pyte.HistoryScreen(COLUMNS, ROWS, history=10_000)
        self._stream = pyte.ByteStream(self._screen)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(10)
        os.close(self._leader)

    def send(self, keys: str) -> None:
        """Type, once nothing has appeared for a moment: a program that is still drawing may ask for the cursor's place
        and take what is typed for the answer."""
        self._settle()
        os.write(self._leader, keys.encode())

    def _settle(self) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and select.select([self._leader], [], [], QUIET)[0]:
            if not self._read():
                break

    def expect(self, text: str) -> str:
        """All that is on the screen, and was, once `text` is there and nothing more appears; it must come in time."""
        end = time.monotonic() + PATIENCE
        while text not in self._shown():
            ready, _, _ = select.select([self._leader], [], [], max(end - time.monotonic(), 0))
            assert ready, f"{text!r} did not appear in:\n{self._shown()}"
            assert self._read(), f"{text!r} did not appear before the end of:\n{self._shown()}"
        self._settle()
        return self._shown()

    def background(self, text: str) -> str:
        """The colour behind the first place on the screen where `text` stands."""
        row = next(row for row, line in enumerate(self._screen.display) if text in line)
        found: str = self._screen.buffer[row][self._screen.display[row].index(text)].bg
        return found

    def _shown(self) -> str:
        above = ("".join(line[column].data for column in range(COLUMNS)) for line in self._screen.history.top)
        return "\n".join(line.rstrip() for line in (*above, *self._screen.display))

    def _read(self) -> bytes:
        try:
            chunk = os.read(self._leader, 65536)
        except OSError:  # the other side is closed
            return b""
        self._stream.feed(chunk)
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


def on_terminal(*arguments: str, **environment: str) -> str:
    """What the command shows on a terminal."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "dfilter", *arguments],
        stdout=follower, stderr=follower, stdin=follower, env={**os.environ, "TERM": "xterm", **environment},
    )  # fmt: skip
    os.close(follower)
    shown = b""
    try:
        while chunk := os.read(leader, 65536):
            shown += chunk
    except OSError:
        pass  # the other side is closed
    process.wait(30)
    os.close(leader)
    return shown.decode()
