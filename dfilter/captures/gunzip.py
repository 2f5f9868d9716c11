"""gzip in pieces (RFC 1952), keeping what can be decompressed of a damaged file.

In: pieces of compressed bytes.  Out: pieces of plain bytes, each at most `PIECE` long.
Always: members follow each other; bytes after the last member that are no member pass through as they are, as
Wireshark 4.4 does; damage is reported once and ends the data.  (`gzip` and `zlib` alone would drop the
decompressed bytes just before the damage.)
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Final

PIECE: Final = 1 << 18
_MAGIC: Final = b"\x1f\x8b"


class _DamageError(Exception):
    pass


class _Input:
    """Compressed bytes not yet used."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self.data = b""

    def fill(self, size: int) -> bool:
        while len(self.data) < size:
            piece = next(self._pieces, b"")
            if not piece:
                return False
            self.data += piece
        return True

    def take(self, size: int) -> bytes:
        if not self.fill(size):
            raise _DamageError("the gzip data breaks off")
        taken, self.data = self.data[:size], self.data[size:]
        return taken

    def skip_string(self) -> None:
        while self.take(1) != b"\0":
            if not self.data:
                continue
            end = self.data.find(b"\0")
            self.data = self.data[end:] if end >= 0 else b""


def pieces(compressed: Iterator[bytes], damaged: Callable[[str], None]) -> Iterator[bytes]:
    """Decompress; `damaged` gets the reason where the data is damaged or cut short, after all good bytes."""
    source = _Input(compressed)
    try:
        while source.fill(2) and source.data.startswith(_MAGIC):
            yield from _member(source)
        while source.fill(1):
            yield source.take(len(source.data))
    except _DamageError as damage:
        damaged(str(damage))


def _member(source: _Input) -> Iterator[bytes]:
    header = source.take(10)
    if header[2] != 8:
        raise _DamageError(f"the gzip data uses the unknown compression method {header[2]}")
    flags = header[3]
    if flags & 4:
        source.take(int.from_bytes(source.take(2), "little"))
    for flag in (8, 16):
        if flags & flag:
            source.skip_string()
    if flags & 2:
        source.take(2)
    crc = 0
    for piece in _inflate(source):
        crc = zlib.crc32(piece, crc)
        yield piece
    if int.from_bytes(source.take(8)[:4], "little") != crc:
        raise _DamageError("the gzip data is damaged (its checksum differs)")


def _inflate(source: _Input) -> Iterator[bytes]:
    inflater = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    while not inflater.eof:
        if not source.fill(1):
            raise _DamageError("the gzip data breaks off")
        before = inflater.copy()
        data = source.take(len(source.data))
        try:
            piece = inflater.decompress(data, PIECE)
        except zlib.error as error:
            yield from _salvage(before, data)
            raise _DamageError(f"the gzip data is damaged ({error})") from error
        source.data = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
        if piece:
            yield piece


def _salvage(inflater: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    """What comes out before the damage: byte by byte, since zlib drops the output of the call that fails."""
    try:
        for i in range(len(data)):
            piece = inflater.decompress(data[i : i + 1])
            if piece:
                yield piece
    except zlib.error:
        return
