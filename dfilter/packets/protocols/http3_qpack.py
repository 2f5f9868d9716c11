"""QPACK (RFC 9204): the headers of HTTP/3, and the instructions that fill their tables.

In: the bytes of an encoder stream and field sections of one direction, in order.  Out: `Instruction`s and headers.
What always holds: the dynamic table, what is decoded and the number of headers are bounded; bytes that break the format
raise `Broken`, those that end too early `Unfinished`.
"""

from __future__ import annotations

from collections import deque

from dfilter.packets.protocols.header_coding import Broken, Coding, Text, Unfinished
from dfilter.packets.protocols.http3_static import STATIC_TABLE
from dfilter.slotted import frozen

MAX_TABLE = 1 << 20
"""Bytes a dynamic table may hold, whatever the peers agreed on."""
MAX_HEADERS = 1024
MAX_SECTION = 1 << 16
"""Bytes of a field section, and of the headers in it, beyond which it is not decoded."""
ENTRY_OVERHEAD = 32
_CODING = Coding(more_bytes=9, longest=MAX_SECTION)
CAPACITY, DUPLICATE, INSERT, INSERT_INDEXED = "dtable_cap", "duplicate", "insert", "insert_indexed"

Header = tuple[bytes, bytes]


class Blocked(Exception):  # noqa: N818 - a finding about the bytes
    """The section needs entries that have not come."""


@frozen
class Instruction:
    """What an encoder tells (RFC 9204 section 4.3).

    Attributes:
        number: a capacity, or the index of a name or of an entry.
        is_static: the index of a name is one of the static table.
        number_length: the bytes of `number`, which begin where the instruction does.
    """

    kind: str
    at: int
    length: int
    number: int = 0
    number_length: int = 0
    name: Text | None = None
    value: Text | None = None
    is_static: bool = False


class DynamicTable:
    """The entries that one direction's encoder has inserted.

    Attributes:
        inserted: how many, ever.
        most: the greatest capacity that the other side allows.
    """

    def __init__(self) -> None:
        self.inserted = 0
        self.most = 0
        self._entries: deque[Header] = deque()
        self._capacity = 0
        self._size = 0

    def follow(self, instruction: Instruction) -> None:
        """Do as an instruction says."""
        name, value = instruction.name, instruction.value
        if instruction.kind == CAPACITY:
            self._capacity = min(instruction.number, MAX_TABLE)
            self.most = self.most or self._capacity
            self._evict()
        elif instruction.kind == DUPLICATE:
            self._insert(*self.entry(self.inserted - 1 - instruction.number))
        elif value is not None:
            known = name.value if name is not None else self._name(instruction)
            self._insert(known, value.value)

    def entry(self, index: int) -> Header:
        """The entry with this absolute index."""
        place = index - (self.inserted - len(self._entries))
        if not 0 <= place < len(self._entries):
            raise Broken
        return self._entries[place]

    def _name(self, instruction: Instruction) -> bytes:
        number = instruction.number
        return (static_entry(number) if instruction.is_static else self.entry(self.inserted - 1 - number))[0]

    def _insert(self, name: bytes, value: bytes) -> None:
        self._entries.append((name, value))
        self._size += len(name) + len(value) + ENTRY_OVERHEAD
        self.inserted += 1
        self._evict()

    def _evict(self) -> None:
        while self._size > self._capacity and self._entries:
            name, value = self._entries.popleft()
            self._size -= len(name) + len(value) + ENTRY_OVERHEAD

    def decode(self, section: bytes) -> list[Header]:
        """The headers of a field section (RFC 9204 section 4.5); `Broken` or `Blocked` if there are none."""
        if len(section) > MAX_SECTION:
            raise Broken
        try:
            return self._decode(section)
        except Unfinished as error:
            raise Broken from error

    def _decode(self, section: bytes) -> list[Header]:
        encoded, at = _CODING.integer(section, 0, 0xFF)
        needed = self._needed(encoded)
        delta, after = _CODING.integer(section, at, 0x7F)
        base = needed - delta - 1 if section[at] & 0x80 else needed + delta
        if needed > self.inserted:
            raise Blocked
        headers: list[Header] = []
        at, size = after, 0
        while at < len(section):
            header, at = self._line(section, at, base)
            headers.append(header)
            size += len(header[0]) + len(header[1])
            if len(headers) > MAX_HEADERS or size > MAX_SECTION:
                raise Broken
        return headers

    def _needed(self, encoded: int) -> int:
        """The required insert count (RFC 9204 section 4.5.1.1)."""
        if not encoded:
            return 0
        entries = self.most // ENTRY_OVERHEAD
        if not entries or encoded > 2 * entries:
            raise Broken
        highest = self.inserted + entries
        needed = highest // (2 * entries) * (2 * entries) + encoded - 1
        if needed > highest:
            needed -= 2 * entries
        if needed <= 0:
            raise Broken
        return needed

    def _line(self, section: bytes, at: int, base: int) -> tuple[Header, int]:
        """One header, and where the next one begins."""
        first = section[at]
        if first & 0x80:
            index, at = _CODING.integer(section, at, 0x3F)
            return (static_entry(index) if first & 0x40 else self.entry(base - 1 - index)), at
        if first & 0xF0 == 0x10:
            index, at = _CODING.integer(section, at, 0x0F)
            return self.entry(base + index), at
        if first & 0x40:
            index, at = _CODING.integer(section, at, 0x0F)
            name = (static_entry(index) if first & 0x10 else self.entry(base - 1 - index))[0]
        elif first & 0x20:
            text, at = _CODING.string(section, at, 0x07)
            name = text.value
        else:
            index, at = _CODING.integer(section, at, 0x07)
            name = self.entry(base + index)[0]
        value, at = _CODING.string(section, at)
        return (name, value.value), at


def static_entry(index: int) -> Header:
    if index >= len(STATIC_TABLE):
        raise Broken
    return STATIC_TABLE[index]


def read_instruction(data: bytes, at: int) -> Instruction:
    """The instruction at `at`."""
    first = data[at]
    if first & 0x80:
        number, after = _CODING.integer(data, at, 0x3F)
        value, end = _CODING.string(data, after)
        return Instruction(INSERT_INDEXED, at, end - at, number, after - at, None, value, first & 0x40 != 0)
    if first & 0x40:
        name, after = _CODING.string(data, at, 0x1F)
        value, end = _CODING.string(data, after)
        return Instruction(INSERT, at, end - at, 0, 0, name, value)
    number, end = _CODING.integer(data, at, 0x1F)
    return Instruction(CAPACITY if first & 0x20 else DUPLICATE, at, end - at, number, end - at)
