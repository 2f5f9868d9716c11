"""What is remembered by key, in bounded memory: the least recently used is forgotten.

In: keys that hostile or merely long captures bring without end.  Out: what was noted with them.  What always holds:
at most `limit` entries; a look-up or a note keeps an entry for at least `limit` / 2 other keys.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MAX_PAIRS = 262_144
"""Pairs of addresses whose stream number is known. A pair that is silent while half as many others speak can be
forgotten: should it speak again, it counts as a new one."""


class Remembered(Generic[K, V]):
    """A dictionary in two generations: a full young one becomes the old one, and what that still held is dropped."""

    def __init__(self, limit: int) -> None:
        self._half = max(limit // 2, 1)
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def get(self, key: K) -> V | None:
        """What was noted with `key`; None if nothing was, or if it is forgotten."""
        value = self._young.get(key)
        if value is None and self._old:
            value = self._old.pop(key, None)
            if value is not None:
                self.put(key, value)
        return value

    def put(self, key: K, value: V) -> None:
        """Note `value` with `key`."""
        if len(self._young) >= self._half and key not in self._young:
            self._old, self._young = self._young, {}
        self._young[key] = value


class Numbers(Generic[K]):
    """Numbers given to keys in order of appearance; a forgotten key gets a new one."""

    def __init__(self, limit: int = MAX_PAIRS) -> None:
        self._known: Remembered[K, int] = Remembered(limit)
        self._given = 0

    def of(self, key: K) -> int:
        """The number of `key`, the next one if it has none."""
        number = self._known.get(key)
        if number is None:
            number = self._given
            self._given += 1
            self._known.put(key, number)
        return number
