"""Package data in sorted blocks: one key costs one small block, never the whole file.

In: a file written by `write_shards`.  Out: `Shards`, which hands out single decompressed blocks by key.
Always: the same items give the same bytes; a block is read and decompressed only when a key that it may
hold is asked for, and the last few blocks are kept.

Layout: the magic, the length of the index (4 bytes, big-endian), the zlib-compressed index (a line a block:
its first key, a tab, its compressed length), then the zlib-compressed blocks one after the other.
"""

# ruff: noqa: PTH118, PTH120, PTH123
# `pathlib` costs more to load than this module: paths are texts here.

from __future__ import annotations

import os
import zlib
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate

MAGIC = b"DFS1"
KEPT_BLOCKS = 16
DATA = os.path.join(os.path.dirname(__file__), "data")


def write_shards(path: str | os.PathLike[str], blocks: Sequence[tuple[str, bytes]]) -> None:
    """Write `blocks`, each (first key, content), sorted by first key; `ValueError` if they are not."""
    keys = [key for key, _ in blocks]
    if keys != sorted(keys):
        raise ValueError("shards must be sorted by their first key")
    packed = [zlib.compress(content, 9) for _, content in blocks]
    lines = [f"{key}\t{len(content)}" for key, content in zip(keys, packed, strict=True)]
    index = zlib.compress("\n".join(lines).encode(), 9)
    with open(path, "wb") as file:
        file.write(MAGIC + len(index).to_bytes(4, "big") + index + b"".join(packed))


class Shards:
    """The blocks of one data file; opening it reads the index only.

    Raises `ValueError` if the file is not one that `write_shards` wrote.
    """

    __slots__ = ("_ends", "_path", "_starts", "block", "keys")

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = path
        with open(path, "rb") as file:
            head = file.read(8)
            if head[:4] != MAGIC:
                raise ValueError(f"{path} is not a dfilter data file")
            size = int.from_bytes(head[4:], "big")
            lines = zlib.decompress(file.read(size)).decode().split("\n")
        rows = [line.split("\t") for line in lines]
        self.keys = [key for key, _ in rows]
        self._ends = list(accumulate((int(length) for _, length in rows), initial=8 + size))[1:]
        self._starts = [8 + size, *self._ends[:-1]]
        self.block = lru_cache(maxsize=KEPT_BLOCKS)(self._read)

    def _read(self, number: int) -> bytes:
        with open(self._path, "rb") as file:
            file.seek(self._starts[number])
            return zlib.decompress(file.read(self._ends[number] - self._starts[number]))

    def number_for(self, key: str) -> int:
        """The block that holds `key` if any block does."""
        return max(0, bisect_right(self.keys, key) - 1)


@lru_cache(maxsize=8)
def open_shards(name: str) -> Shards:
    """The package's own data file `name`, opened once."""
    return Shards(os.path.join(DATA, name))
