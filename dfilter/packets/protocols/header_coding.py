"""Integers with a prefix and strings that may be Huffman codes: what HPACK and QPACK are made of.

In: bytes, where something begins in them, and the bits of its first byte that belong to it.  Out: its value, and where
the next thing begins.  What always holds: what is too long or breaks the format raises `Broken`, what ends too early
`Unfinished`.  Source: RFC 7541 sections 5.1 and 5.2; RFC 9204 section 4.1.
"""

from __future__ import annotations

from dfilter.slotted import frozen


class Broken(Exception):  # noqa: N818 - a finding about the bytes
    """The bytes break the format."""


class Unfinished(Exception):  # noqa: N818 - a finding about the bytes
    """The bytes end within something that reaches at least to the offset `least`."""

    def __init__(self, least: int = 0) -> None:
        super().__init__(least)
        self.least = least


@frozen
class Text:
    """A string: where its bytes lie, as they were sent, and what they say."""

    at: int
    raw: bytes
    value: bytes
    is_huffman: bool


@frozen
class Coding:
    """What one of the two allows.

    Attributes:
        more_bytes: of an integer, behind the one with its prefix.
        longest: string, in bytes as sent.
    """

    more_bytes: int
    longest: int

    def integer(self, data: bytes, at: int, mask: int) -> tuple[int, int]:
        """An integer whose prefix are the bits `mask`, and where the next thing begins."""
        if at >= len(data):
            raise Unfinished
        value = data[at] & mask
        at += 1
        if value < mask:
            return value, at
        for shift in range(0, 7 * self.more_bytes, 7):
            if at >= len(data):
                raise Unfinished
            byte = data[at]
            at += 1
            value += (byte & 0x7F) << shift
            if not byte & 0x80:
                return value, at
        raise Broken

    def string(self, data: bytes, start: int, mask: int = 0x7F) -> tuple[Text, int]:
        """A string whose length has a prefix; the bit above the prefix tells of Huffman codes."""
        length, at = self.integer(data, start, mask)
        if length > self.longest:
            raise Broken
        if at + length > len(data):
            raise Unfinished(at + length)
        raw = value = data[at : at + length]
        is_huffman = data[start] & (mask + 1) != 0
        if is_huffman:
            value = _without_huffman(raw)
        return Text(at, raw, value, is_huffman), at + length


def _without_huffman(raw: bytes) -> bytes:
    from hpack.exceptions import HPACKError  # hpack and its tables take as long to load as all of HTTP
    from hpack.huffman_table import decode_huffman

    try:
        return bytes(decode_huffman(raw))
    except (HPACKError, IndexError) as error:
        raise Broken from error
