"""Redis' protocol (RESP, version 2): strings, errors, integers, bulk strings, and arrays of them.

In: the bytes of one direction.  Out: a layer for the values of a segment.  What always holds, as in Wireshark 4.4: a
value that lacks its end is waited for, an array from its beginning on; an array whose values end with a segment is
not; types of version 3 are fragments.
"""

from __future__ import annotations

import re
from typing import Any

from dfilter.packets.columns import Columns
from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.region import Malformed, Region
from dfilter.packets.streams.reassembly import ONE_MORE_SEGMENT, NeedMore
from dfilter.packets.view import MAX_VALUES, Layer, View
from dfilter.slotted import field, slotted

PORT = 6379
DEEP = 33
"""Each so many arrays in one another are remarked."""
MAX_WAIT = 1 << 20
"""Bytes of an array beyond which its end is not waited for: each segment would copy them all."""
LONGEST_BULK = (1 << 31) - 3
LONGEST_SHOWN = 99
"""A longer bulk string is shown by its length in the packet list."""

RESP = Protocol(
    "resp",
    "RESP",
    fields=computed_table(
        """
        resp.string                    STRING
        resp.error                     STRING
        resp.integer                   INT64
        resp.bulk_string               NONE
        resp.bulk_string.length        INT32
        resp.bulk_string.value         BYTES
        resp.array                     NONE
        resp.array.length              INT64
        resp.array_recursion_too_deep  NONE
        resp.fragment                  NONE
        resp.malformed_length          NONE
        resp.reassembled_in_next_frame NONE
        """,
        stateful=True,
    ),
    over={"tcp.port": (PORT,)},
)
_NUMBER = re.compile(rb"[ \t]*([+-]?[0-9]+)")


@slotted(eq=True)
class Reader:
    """Reads the values of a segment, or goes on where the last one ended within an array.

    Attributes:
        at: how far it has read.
        found: (field, value, offset, length) in order.
        words: what the packet list shows: fragments, and each value that is in no array.
        is_request: the packet list shows its bulk strings and errors, wherever they are.
        top, top_found, top_words: where the outermost value begins, in the bytes, in `found` and in `words`.
        open: how many values each array lacks, from the outermost inwards; `arrays`: where it begins.
        headless: what is found of an array of which there is nothing but its length.
    """

    at: int = 0
    found: list[tuple[str, Any, int, int]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    is_request: bool = False
    top: int = 0
    top_found: int = 0
    top_words: int = 0
    open: list[int] = field(default_factory=list)
    arrays: list[int] = field(default_factory=list)
    headless: list[tuple[str, Any, int, int]] = field(default_factory=list)

    def read(self, data: bytes) -> int:
        """Read to the end; how many bytes the last value lacks at least, or `ONE_MORE_SEGMENT`; 0 for none.

        Raises `Malformed` behind what is no value; what was found before counts.
        """
        while self.at < len(data):
            if not self.open:
                self.top, self.top_found, self.top_words = self.at, len(self.found), len(self.words)
            end = data.find(b"\n", self.at)
            if end < 0:
                return ONE_MORE_SEGMENT
            missing = self._value(data, self.at, end)
            if missing:
                return missing if not self.open or len(data) - self.top > MAX_WAIT else ONE_MORE_SEGMENT
            if len(self.found) > MAX_VALUES:
                raise Malformed("too many values")
        return ONE_MORE_SEGMENT if self.open and self.at > len(data) else 0

    def go_on(self) -> Reader:
        """A reader for the bytes from the outermost value on, with what is known of it."""
        if not self.top:
            return self
        found = [(name, value, at - self.top, length) for name, value, at, length in self.found[self.top_found :]]
        words, arrays = self.words[self.top_words :], [at - self.top for at in self.arrays]
        return Reader(self.at - self.top, found, words, self.is_request, open=list(self.open), arrays=arrays)

    def leave(self, in_part: bool) -> None:
        """The last value is not whole: a part of an array is shown, but not at the end of what was put together."""
        if in_part:
            self.found += self.headless
            self.found += [("resp.reassembled_in_next_frame", None, at, 1) for at in self.arrays]
            self.words.append("[continuation]")
        else:
            del self.found[self.top_found :], self.words[self.top_words :]

    def _value(self, data: bytes, at: int, end: int) -> int:
        """The value whose line is `data[at:end]`."""
        text_end = end - 1 if data[at:end].endswith(b"\r") else end
        kind, text = data[at : at + 1], data[at + 1 : text_end]
        is_typed = text_end > at and kind in b"$*:+-"
        self.at = text_end + 2 if is_typed else end + 1  # CR and LF are taken for granted
        if is_typed and kind == b"$":
            return self._bulk(data, at, self.at, text)
        if self.at > len(data) and kind in b"+-":
            raise Malformed("a line that ends without CR")
        if text_end == at:
            self._end_value()
        elif kind == b"*":
            return self._array(data, at, text)
        else:
            self._simple(kind, text, at)
        return 0

    def _simple(self, kind: bytes, text: bytes, at: int) -> None:
        if kind == b":":
            number = max(min(_number(text), (1 << 63) - 1), -1 << 63)
            self.found.append(("resp.integer", number, at + 1, len(text)))
            self._end_value(str(number))
        elif kind in (b"+", b"-"):
            shown = text.decode("utf-8", "replace")
            if text:
                self.found.append(("resp.string" if kind == b"+" else "resp.error", shown, at + 1, len(text)))
            self._end_value(shown if kind == b"+" else f"Error: {shown}", in_request=kind == b"-")
        else:
            self.found.append(("resp.fragment", None, at, len(text) + 1))
            self.words.append("[fragment]")
            self._end_value()

    def _bulk(self, data: bytes, at: int, start: int, text: bytes) -> int:
        length = (_number(text) + (1 << 31)) % (1 << 32) - (1 << 31)
        missing = max(start + length + 2 - len(data), 0) if 0 <= length <= LONGEST_BULK else 0
        if missing:
            self.at = at
            return missing
        value = data[start : start + max(length, 0)]
        self.found.append(("resp.bulk_string", None, at, start - at + len(value)))
        self.found.append(("resp.bulk_string.length", length, at + 1, len(text)))
        if length > LONGEST_BULK:
            raise Malformed("a bulk string of impossible length")
        if length < -1:
            self.found.append(("resp.malformed_length", None, at + 1, len(text)))
        if value:
            self.found.append(("resp.bulk_string.value", value, start, length))
        self.at = start + length + 2 if length >= 0 else start
        is_text = all(0x20 <= byte < 0x7F for byte in value) and (length > 0 or not self.is_request)
        is_shown = is_text and length <= LONGEST_SHOWN
        word = value.decode("ascii") if is_shown else f"BulkString({length})"
        self._end_value(None if length < 0 else word, in_request=True)
        return 0

    def _array(self, data: bytes, at: int, text: bytes) -> int:
        length = max(min(_number(text), (1 << 63) - 1), -1 << 63)
        shown = [("resp.array", None, at, 1 + len(text)), ("resp.array.length", length, at + 1, len(text))]
        if length > 0 and self.at >= len(data):
            self.at, self.headless = at, shown
            return ONE_MORE_SEGMENT
        self.found += shown
        if length < -1:
            self.found.append(("resp.malformed_length", None, at + 1, len(text)))
        if length <= 0:
            self._end_value()
            return 0
        is_deep = len(self.open) % DEEP == DEEP - 1
        if is_deep:
            self.found.append(("resp.array_recursion_too_deep", None, at, 1 + len(text)))
        if is_deep or not (self.open or self.is_request):
            self.words.append(f"Array({length})")
        self.open.append(length)
        self.arrays.append(at)
        return 0

    def _end_value(self, word: str | None = None, in_request: bool = False) -> None:
        if word is not None and (in_request if self.is_request else not self.open):
            self.words.append(word)
        while self.open:
            self.open[-1] -= 1
            if self.open[-1]:
                return
            self.open.pop()
            self.arrays.pop()


def _number(text: bytes) -> int:
    """The number that a text begins with, of at most 19 digits that count; 0 if it begins with none."""
    found = _NUMBER.match(text[:64])
    return int(found[1]) if found else 0


@RESP.dissector
def dissect_resp(view: View, region: Region) -> bool:
    stream = view.stream
    if stream is None:
        return False
    waiting: dict[int, tuple[int, Reader | None]] = stream.conversation.state.setdefault("resp", {})
    seq, reader = waiting.pop(stream.sender, (-1, None))
    if reader is None or seq != stream.seq:
        reader = Reader(is_request=view.ports[1] == PORT)
    error: Malformed | None = None
    missing = 0
    try:
        missing = reader.read(region.rest())
    except Malformed as found:
        error = found
    is_long = missing == ONE_MORE_SEGMENT and region.length - reader.top >= MAX_WAIT
    if not missing or is_long or region.length < region.reported_length:
        missing = 0
    if missing:
        waiting[stream.sender] = ((stream.seq + reader.top) & 0xFFFFFFFF, reader.go_on())
    if not missing or reader.top:
        if missing:
            reader.leave(in_part=region.buf is view.data)
        view.push(RESP, region).state = reader
    if missing:
        raise NeedMore(region.start + reader.top, missing)
    if error is not None:
        raise error
    region.need_all()
    return True


@RESP.filler
def fill_resp(layer: Layer) -> None:
    for name, value, at, length in layer.state.found:
        layer.add(name, value, layer.start + at, length)


@RESP.column_writer
def write_resp(layer: Layer, columns: Columns) -> None:
    columns.protocol = "RESP"
    text = " ".join(("Request:" if layer.state.is_request else "Response:", *layer.state.words))
    if layer.number == 1:
        columns.set(text)
    else:
        columns.append(text)
