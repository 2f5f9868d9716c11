"""The keys of one protocol's plain datagrams, numbered in the order in which they are first seen.

In: where datagrams lie.  Out: the number of each one's key.  What always holds: two datagrams have the same number only
if their keys (`plain.Plain.datagram`) are equal bytes; memory is bounded, and so is the work for each, however the keys
were chosen: some datagrams get no number for that.

`find_keys` is Python that `lowering` makes machine code of; tests run it as Python too.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

import numpy as np
import numpy.typing as npt

from dfilter.captures.pcap import Data
from dfilter.lowering import Lowerable, compile_lowered
from dfilter.packets.plain import Bytes, Plain, Room, Words

Array = npt.NDArray[np.int64]

MOST_KEYS = 1 << 16
_SLOTS = 1 << 18
_ROOM = 1 << 23
"""Keys, slots of their table, and bytes of all of them together, that are kept."""

_MOST_SEEN, _LONGEST_SEEN = 1 << 12, 1 << 11
"""Datagrams that are kept as a whole, and bytes of one."""

_MOST_TRIES = 16
"""Slots that are looked at for a key."""
_PRIME, _MASK = 16_777_619, 0xFFFFFFFF


def key_end(kind: int, data: Bytes, start: int, end: int) -> int:
    """Where the key of a datagram ends (`plain.Plain.datagram`)."""
    raise NotImplementedError


def find_keys(data: Bytes, count: int, key_at: int, key_stop: int, gap: int, after: int, starts: Words,
              lengths: Words, known: int, table: Words, store: Room, ends: Words, numbers: Words) -> int:  # fmt: skip
    """Fill `numbers`, -1 for datagrams without one; how many keys are known after that.

    Args:
        key_at, key_stop: where keys begin and end, 0 for where `key_end` says; gap, after: as in `plain.Plain.key_gap`.
        known: how many are known; key `i` lies in `store` from ends[i] to ends[i + 1].
        table: for each slot 1 + the number of a key; 0 for none.
    """
    turn = 0
    while turn < count:
        start = starts[turn]
        end = key_end(0, data, start, start + lengths[turn])
        if end != 0 and key_stop != 0:
            end = start + key_stop
        place, at, size, number, tries, spread = ends[known], start + key_at, 0, -1, 0, 0
        if end == 0 or place + end - at > _ROOM:
            tries = _MOST_TRIES
        while at < end and tries == 0:  # the key is written where it would stay
            if at == start + gap and after > gap:
                at = start + after
            else:
                store[place + size] = data[at]
                spread = ((spread ^ data[at]) * _PRIME) & _MASK
                at += 1
                size += 1
        slot = (spread ^ spread >> 15) & (_SLOTS - 1)
        while tries < _MOST_TRIES and number < 0:
            other = table[slot] - 1
            if other < 0 and known == MOST_KEYS:
                break
            if other < 0:
                number = known
                known += 1
                ends[known] = place + size
                table[slot] = known
            elif _is_same(store, place, size, ends[other], ends[other + 1]) == 1:
                number = other
            slot, tries = (slot + 1) & (_SLOTS - 1), tries + 1
        numbers[turn] = number
        turn += 1
    return known


def _is_same(store: Room, place: int, size: int, other: int, stop: int) -> int:
    if size != stop - other:
        return 0
    at = 0
    while at < size:
        if store[place + at] != store[other + at]:
            return 0
        at += 1
    return 1


class Keys:
    """The keys of a protocol's datagrams; `wanted`: its fields that they are to tell."""

    def __init__(self, plain: Plain, wanted: Collection[str]) -> None:
        assert plain.datagram is not None
        self._plain, self._datagram = plain, plain.datagram
        spans = ((at, stop) for fields, at, stop in plain.narrow if fields.issuperset(wanted))
        self._at, self._stop = next(spans, (plain.key_at, 0))
        self._function: Lowerable | None = None
        self._numbers: dict[bytes, int] = {}
        self._seen: dict[bytes, int] = {}
        """Datagrams as a whole: what is no machine code looks long at one, and many are sent again and again."""
        self.count = 0

    def use_machine_code(self, *, thorough: bool = True) -> None:
        """Before the first datagram, where it can be had. `thorough`: as for `native.compile_function`."""
        self._function = _lowered(self._datagram, thorough) if self._plain.is_lowered else None
        if self._function is not None:
            self._table, self._ends = np.zeros(_SLOTS, np.int64), np.zeros(MOST_KEYS + 1, np.int64)
            self._store = np.empty(_ROOM, np.uint8)

    def find(self, data: Data, starts: Array, lengths: Array) -> Array:
        """The number of each datagram's key; -1 where it is not plain, or one too many."""
        if self._function is None:
            wholes = (bytes(data[start : start + length]) for start, length in zip(starts.tolist(), lengths.tolist(),
                                                                                   strict=True))  # fmt: skip
            return np.array([self._number(whole) for whole in wholes], np.int64)
        numbers = np.empty(len(starts), np.int64)
        places = [np.ascontiguousarray(each, np.int64) for each in (starts, lengths)]
        self.count = self._function(np.frombuffer(data, np.uint8).ctypes.data, len(starts), self._at, self._stop,
                                    *self._plain.key_gap, *(each.ctypes.data for each in places), self.count,
                                    *(each.ctypes.data for each in (self._table, self._store, self._ends, numbers)),
                                    )  # fmt: skip
        return numbers

    def _number(self, whole: bytes) -> int:
        number = self._seen.get(whole)
        if number is None:
            end, (gap, after) = self._datagram(whole, 0, len(whole)), self._plain.key_gap
            stop = self._stop or end
            key = whole[self._at : stop] if gap == after else whole[self._at : min(gap, stop)] + whole[after:stop]
            number = self._number_of(key) if end else -1
            if len(self._seen) < _MOST_SEEN and len(whole) <= _LONGEST_SEEN:
                self._seen[whole] = number
        return number

    def _number_of(self, key: bytes) -> int:
        number = self._numbers.get(key)
        if number is None:
            if self.count == MOST_KEYS:
                return -1
            number = self._numbers[key] = self.count
            self.count += 1
        return number

    def sample(self, whole: bytes) -> bytes:
        """A message with the key of this datagram, which has one; with no more than that if it can do without."""
        if not self._plain.can_end:
            return whole
        gap, after = self._plain.key_gap
        return whole[:gap] + bytes(after - gap) + whole[after : self._datagram(whole, 0, len(whole))]

    def clear(self) -> None:
        """Forget all keys."""
        self.count = 0
        self._numbers.clear()
        self._seen.clear()
        if self._function is not None:
            self._table[:] = 0

    @property
    def is_full(self) -> bool:
        """Would keys be without a number soon?"""
        return self.count > MOST_KEYS // 2 or (self._function is not None and self._ends[self.count] > _ROOM // 2)


@cache
def _lowered(datagram: Lowerable, thorough: bool) -> Lowerable | None:
    return compile_lowered(find_keys, {key_end: (datagram,)}, thorough=thorough)
