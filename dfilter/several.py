"""Several captures at once, each in a process of its own, their results in the order in which they were given.

In: what to do with one capture, and the captures.  Out: the results.  What always holds: results, warnings and
errors are those of one capture after the other; no more processes than processors.
"""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

from dfilter.errors import CaptureWarning, DfilterError
from dfilter.processes import Other, processors
from dfilter.slotted import field, slotted

T = TypeVar("T")

LEAST = 1 << 23
"""Bytes of a capture below which it is not worth a process."""


def for_each(captures: Sequence[str], work: Callable[[str], T]) -> Iterator[T]:
    """`work` of each capture, in order; in processes of their own where that is worth it and possible.

    Raises what `work` raises, when its turn has come: the results before it are handed out first.
    """
    most = processors()
    if most < 2 or len(captures) < 2 or not all(_is_large(name) for name in captures):
        yield from map(work, captures)
        return
    running: deque[_Worker[T]] = deque()
    waiting = iter(captures)
    try:
        for name in waiting:
            running.append(_Worker(work, name))
            if len(running) == most:
                yield _first(running)
        while running:
            yield _first(running)
    finally:
        for worker in running:
            worker.end()


def _first(running: deque[_Worker[T]]) -> T:
    """The result of the first worker, which stays among them until it has one: an interruption ends them all."""
    found = running[0].result()
    running.popleft()
    return found


def _is_large(name: str) -> bool:
    return name != "-" and Path(name).is_file() and Path(name).stat().st_size >= LEAST


@slotted(eq=True)
class _Outcome(Generic[T]):
    """What came of one capture."""

    result: T | None = None
    error: Exception | None = None
    warnings: list[str] = field(default_factory=list)


class _Worker(Generic[T]):
    """One capture, being worked on elsewhere."""

    def __init__(self, work: Callable[[str], T], capture: str) -> None:
        self._capture = capture
        self._other = Other(lambda pipe: pipe.send(_outcome(work, capture)))

    def result(self) -> T:
        """What came of it, in the end."""
        try:
            outcome: _Outcome[T] = self._other.receive()
        except EOFError:
            self.end()
            raise DfilterError(f"{self._capture}: the process that read it was ended from outside") from None
        self.end()
        for text in outcome.warnings:
            warnings.warn(text, CaptureWarning, stacklevel=3)
        if outcome.error is not None:
            raise outcome.error
        result: Any = outcome.result
        found: T = result
        return found

    def end(self) -> None:
        self._other.end()


def _outcome(work: Callable[[str], T], capture: str) -> _Outcome[T]:
    outcome: _Outcome[T] = _Outcome()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            outcome.result = work(capture)
        except Exception as error:
            outcome.error = error
    outcome.warnings = [str(each.message) for each in caught if issubclass(each.category, CaptureWarning)]
    return outcome
