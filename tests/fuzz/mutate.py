"""Turn the frames of a capture into damaged ones, the same ones for the same seed.

In: frames and a random generator.  Out: frames again: bytes changed, cut, joined with others, out of order, repeated.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from dfilter.packets.session import RawFrame

TELLING = (0, 1, 2, 3, 7, 8, 0x0F, 0x10, 0x20, 0x3F, 0x40, 0x7F, 0x80, 0xC0, 0xFE, 0xFF)
"""Bytes at the edges of lengths, types and signs."""
HEADERS = 60
"""Half of all changes hit the first bytes, where lengths and types are; the others anywhere."""
MAX_FRAME = 70_000


def mutated(frames: Sequence[RawFrame], rng: random.Random) -> list[RawFrame]:
    """A damaged copy of a capture."""
    chosen = list(frames)
    for _ in range(rng.randint(0, 3)):
        chosen = rng.choice(_ORDERS)(chosen, rng)
    rate = rng.choice((0.05, 0.3, 1.0))
    result = []
    for number, frame in enumerate(chosen, 1):
        data = frame.data
        if rng.random() < rate:
            data = _damaged(data, chosen, rng)
        missing = rng.randint(1, 2000) if rng.random() < 0.05 else max(frame.wire_length - len(frame.data), 0)
        result.append(RawFrame(number, frame.time, data, len(data) + missing, frame.link_type))
    return result


def _damaged(data: bytes, others: Sequence[RawFrame], rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        if not changed:
            break
        rng.choice(_CHANGES)(changed, rng)
    if rng.random() < 0.05:
        other = rng.choice(others).data
        changed[rng.randint(0, len(changed)) :] = other[rng.randint(0, len(other)) :]
    return bytes(changed[:MAX_FRAME])


def _place(data: bytearray, rng: random.Random) -> int:
    return rng.randrange(min(len(data), HEADERS) if rng.random() < 0.5 else len(data))


def _flip(data: bytearray, rng: random.Random) -> None:
    data[_place(data, rng)] ^= 1 << rng.randrange(8)


def _set(data: bytearray, rng: random.Random) -> None:
    data[_place(data, rng)] = rng.choice(TELLING)


def _set_word(data: bytearray, rng: random.Random) -> None:
    at, width = _place(data, rng), rng.choice((2, 4))
    value = rng.choice((0, 1, len(data), len(data) - at, 0x7FFFFFFF, 0xFFFFFFFF, rng.getrandbits(16)))
    data[at : at + width] = value.to_bytes(8, "big")[-width:]


def _fill(data: bytearray, rng: random.Random) -> None:
    at, length = _place(data, rng), rng.randint(1, 64)
    data[at : at + length] = bytes([rng.choice(TELLING)]) * length


def _cut(data: bytearray, rng: random.Random) -> None:
    del data[rng.randint(0, len(data)) :]


def _remove(data: bytearray, rng: random.Random) -> None:
    at = _place(data, rng)
    del data[at : at + rng.randint(1, 32)]


def _repeat(data: bytearray, rng: random.Random) -> None:
    """A stretch many times over: lists and options without end."""
    at, length = _place(data, rng), rng.randint(1, 16)
    data[at:at] = data[at : at + length] * rng.choice((1, 2, 50, 400))


_CHANGES: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _flip, _flip, _set, _set, _set_word, _set_word, _fill, _cut, _remove, _repeat,
)  # fmt: skip


def _swap(frames: list[RawFrame], rng: random.Random) -> list[RawFrame]:
    if len(frames) > 1:
        at = rng.randrange(len(frames) - 1)
        frames[at], frames[at + 1] = frames[at + 1], frames[at]
    return frames


def _drop(frames: list[RawFrame], rng: random.Random) -> list[RawFrame]:
    return [frame for frame in frames if rng.random() > 0.1] or frames


def _again(frames: list[RawFrame], rng: random.Random) -> list[RawFrame]:
    at = rng.randrange(len(frames))
    return frames[: at + 1] + frames[max(at - 5, 0) :]


_ORDERS: tuple[Callable[[list[RawFrame], random.Random], list[RawFrame]], ...] = (_swap, _drop, _again)
