"""How far the reading of captures has come, for whoever waits for it.

In: what readers say of the bytes and frames that they have read.  Out: calls of a watcher.  What always holds: where
nobody watches, reading costs nothing more; only the thread that watches is told of its own reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

Watcher = Callable[[int, int], None]
"""Takes how many bytes of the source and how many frames more were read; compressed bytes count as they lie there."""

T = TypeVar("T")

_watcher: ContextVar[Watcher | None] = ContextVar("watcher", default=None)
_AT_ONCE = 1024
"""Frames between two calls."""


@contextmanager
def watching(watcher: Watcher) -> Iterator[None]:
    """While this lasts, `watcher` is told of everything that is read."""
    before = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(before)


@contextmanager
def standing_for(parts: int) -> Iterator[None]:
    """What is read here is one of so many parts of like size, the others of which are read elsewhere."""
    watcher = _watcher.get()
    if watcher is None:
        yield
        return
    told = watcher
    with watching(lambda size, frames: told(size * parts, frames * parts)):
        yield


def read_bytes(size: int) -> None:
    """So many bytes were read."""
    watcher = _watcher.get()
    if watcher is not None:
        watcher(size, 0)


def read_frames(count: int) -> None:
    """So many frames were read."""
    watcher = _watcher.get()
    if watcher is not None:
        watcher(0, count)


def counted(frames: Iterator[T]) -> Iterator[T]:
    """The same frames, each told of."""
    return frames if _watcher.get() is None else _counting(frames)


def _counting(frames: Iterator[T]) -> Iterator[T]:
    count = 0
    for frame in frames:
        count += 1
        if count == _AT_ONCE:
            read_frames(count)
            count = 0
        yield frame
    read_frames(count)
