"""HPACK (RFC 7541): header blocks of HTTP/2, with the form in which each header was sent.

In: header blocks of one direction, in order.  Out: `Entry`s.  What always holds: the dynamic table, what is
decoded and the number of headers are bounded; a block that breaks the format raises `BrokenBlock`, and what follows
it in that direction cannot be decoded.
"""

from __future__ import annotations

from dfilter.packets.protocols.header_coding import Broken, Coding, Unfinished
from dfilter.slotted import frozen

MAX_TABLE = 1 << 20
"""Bytes a dynamic table may hold, whatever the peers agreed on."""

MAX_ENTRIES = 1024
MAX_DECODED = 1 << 20
_CODING = Coding(more_bytes=5, longest=MAX_DECODED)

INDEXED = "Indexed Header Field"
SIZE_UPDATE = "Dynamic Table Size Update"
_LITERALS = ((0x40, 0x3F, "Literal Header Field with Incremental Indexing"),
             (0x10, 0x0F, "Literal Header Field never Indexed"),
             (0x00, 0x0F, "Literal Header Field without Indexing"))  # fmt: skip


class BrokenBlock(Exception):  # noqa: N818 - a finding about the bytes
    """The block breaks the format."""


@frozen
class Entry:
    """One header, or a table size update: its place in the block, how it was sent, what it says."""

    start: int
    length: int
    representation: str
    index: int
    name: bytes = b""
    value: bytes = b""


class HeaderDecoder:
    """One direction's dynamic table."""

    def __init__(self) -> None:
        from hpack.table import HeaderTable  # hpack takes as long to load as all of HTTP

        self._table = HeaderTable()
        self._broken = False

    def decode(self, block: bytes) -> list[Entry]:
        """The headers of a block, in order."""
        if self._broken:
            raise BrokenBlock
        entries: list[Entry] = []
        at, decoded = 0, 0
        try:
            while at < len(block):
                entry = self._entry(block, at)
                entries.append(entry)
                at += entry.length
                decoded += len(entry.name) + len(entry.value)
                if len(entries) > MAX_ENTRIES or decoded > MAX_DECODED:
                    raise BrokenBlock
        except (Broken, Unfinished, BrokenBlock) as error:
            self._broken = True
            raise BrokenBlock from error
        return entries

    def _entry(self, block: bytes, start: int) -> Entry:
        first = block[start]
        if first & 0x80:
            index, at = _CODING.integer(block, start, 0x7F)
            name, value = self._lookup(index)
            return Entry(start, at - start, INDEXED, index, name, value)
        if first & 0xE0 == 0x20:
            size, at = _CODING.integer(block, start, 0x1F)
            self._table.maxsize = min(size, MAX_TABLE)
            return Entry(start, at - start, SIZE_UPDATE, size)
        bit, mask, representation = next(form for form in _LITERALS if first & form[0] == form[0])
        index, at = _CODING.integer(block, start, mask)
        if index:
            name = self._lookup(index)[0]
        else:
            text, at = _CODING.string(block, at)
            name = text.value
        text, at = _CODING.string(block, at)
        value = text.value
        if bit == 0x40:
            self._table.add(name, value)
        how = f"{representation} - {'Indexed' if index else 'New'} Name"
        return Entry(start, at - start, how, index, name, value)

    def _lookup(self, index: int) -> tuple[bytes, bytes]:
        if index == 0:
            raise BrokenBlock
        from hpack.exceptions import HPACKError

        try:
            name, value = self._table.get_by_index(index)
        except HPACKError:
            return b"<unknown>", b""
        return bytes(name), bytes(value)
