"""Plain HTTP/1 messages, told apart by their start line and two of their headers (RFC 9112 section 6.3).

In: bytes at the beginning of a message, or of a chunk.  Out: steps (`plain.Plain`).  What always holds: a message
counts as plain only if every reader of RFC 9112 agrees where it ends, and if it does not change what the conversation
is about: no CONNECT, no HEAD, no upgrade, no body that lasts until its sender closes.
"""

from __future__ import annotations

import re

from dfilter.packets.plain import ASK, INSIDE, NOT_PLAIN, NOTHING, WAIT, Bytes, Plain, Words
from dfilter.packets.protocols.http_head import METHODS

_HEAD = re.compile(rb"[^\r\n]+\r\n(?:[^\r\n:]+:[^\r\n]*\r\n)*\r\n")
_BEGUN = re.compile(rb"(?:[^\r\n]+\r\n)*[^\r\n]*\r?")
_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})[ \r]")
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,9})[ \t]*\r\n")
_ENCODING = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked[ \t]*\r\n")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,7})\r\n")
_LONGEST_WORD = 32

WORDS = sorted(METHODS - {b"HEAD", b"CONNECT"})
"""The methods of plain requests."""
FIRST_METHOD = 1000
"""Keys: the status code of a response; for a request this and the place of its method in `WORDS`."""
_KEYS = {word: FIRST_METHOD + place for place, word in enumerate(WORDS)}


def step(buf: bytes | bytearray, start: int, end: int, memory: int, told: Words) -> int:
    """The next message, or while `memory` is the key of a chunked one the next chunk of it."""
    told[1] = 0
    if memory:
        return _chunk(buf, start, end, memory, told)
    told[0] = NOTHING
    head = _HEAD.match(buf, start, end)
    if head is None:
        return _wait(buf, start, end)
    text = bytes(buf[start : head.end()])
    key, has_body = _kind(text)
    if not key:
        return NOT_PLAIN
    lower = text.lower()
    told[0] = key
    if b"\r\ntransfer-encoding:" in lower:
        if lower.count(b"\r\ntransfer-encoding:") > 1 or not _ENCODING.search(lower) or not has_body:
            return NOT_PLAIN
        told[0], told[1] = INSIDE, key
        return len(text)
    count = lower.count(b"\r\ncontent-length:")
    if not has_body:
        return len(text)
    if count == 0:
        return NOT_PLAIN if key < FIRST_METHOD else len(text)
    length = _LENGTH.search(lower)
    return len(text) + int(length[1]) if length and count == 1 else NOT_PLAIN


def datagram(buf: bytes | bytearray, start: int, end: int) -> int:
    """Where the first word, or the status, of one message ends that has no body and fills a datagram."""
    head = _HEAD.match(buf, start, end)
    if head is None or head.end() != end:
        return 0
    text = bytes(buf[start:end])
    word = text[: text.find(b" ", 0, _LONGEST_WORD) + 1]
    status = _STATUS.match(text)
    if status is None and word[:-1] not in METHODS and word not in (b"NOTIFY ", b"SUBSCRIBE ", b"UNSUBSCRIBE "):
        return 0
    lower = text.lower()
    if b"\r\ntransfer-encoding:" in lower or b"\r\ncontent-length:" in lower:
        return 0
    return start + (status.end() if status else len(word))


def _kind(text: bytes) -> tuple[int, bool]:
    """The key of a message, 0 if it is not plain, and whether it can have a body."""
    status = _STATUS.match(text)
    if status is not None:
        code = int(status[1])
        if code == 101 or code < 100 or (code < 200 and code != 100):
            return 0, False
        return code, code not in (100, 204, 304)
    return _KEYS.get(text[: text.find(b" ", 0, _LONGEST_WORD)], 0), True


def _wait(buf: bytes | bytearray, start: int, end: int) -> int:
    """A head that may go on: its lines so far are plain, and begin as a message does."""
    begun = _BEGUN.match(buf, start, end)
    text = bytes(buf[start : min(end, start + _LONGEST_WORD)])
    if begun is None or begun.end() != end or not 0x20 <= text[0] < 0x7F:
        return NOT_PLAIN
    word = text[: text.find(b" ")] if b" " in text else b""
    return WAIT if word in _KEYS or text.startswith(b"HTTP/1.") else NOT_PLAIN


def _chunk(buf: bytes | bytearray, start: int, end: int, key: int, told: Words) -> int:
    """A chunk (RFC 9112 section 7.1); the last one, without trailers, ends the message."""
    size = _CHUNK.match(buf, start, end)
    if size is None:
        return NOT_PLAIN
    length = int(size[1], 16)
    far = size.end() - start + length + 2
    told[0] = key
    if length:
        told[0], told[1] = INSIDE, key
        return far
    return far if buf[size.end() : min(size.end() + 2, end)] == b"\r\n" else NOT_PLAIN


# --- the same for machine code, which asks where a head is not all there or not in the ordinary

_CR, _LF, _TAB, _SPACE, _COLON = b"\r\n\t :"
_ZERO, _NINE = b"09"
_VERSION = tuple(b"HTTP/1.")
_LENGTH_SIZE, _ENCODING_SIZE, _CHUNKED_SIZE = map(len, (b"content-length", b"transfer-encoding", b"chunked"))
_LETTERS = tuple(b"content-length" b"transfer-encoding" b"chunked")
_CONTENT_LENGTH, _TRANSFER_ENCODING, _CHUNKED = 0, _LENGTH_SIZE, _LENGTH_SIZE + _ENCODING_SIZE
"""Where each of these words begins in `_LETTERS`."""
_LONGEST_METHOD = 16
_FIRST_HALVES, _SECOND_HALVES = (
    tuple(int.from_bytes(word.ljust(_LONGEST_METHOD, b"\0")[half : half + 8], "big") for word in WORDS)
    for half in (0, 8)
)
_METHOD_COUNT = len(WORDS)


def lowered(buf: Bytes, start: int, end: int, memory: int, told: Words) -> int:
    """As `step`."""
    told[1] = 0
    if memory != 0:
        return _lowered_chunk(buf, start, end, memory, told)
    key = _status(buf, start, end)
    if key == 0:
        key = _method(buf, start, end)
    if key == 0:
        return ASK
    at = start
    while at < end and buf[at] != _CR and buf[at] != _LF:
        at += 1
    length, is_chunked = -1, 0
    while True:  # `at` is where a line ends
        if at + 4 > end or buf[at] != _CR or buf[at + 1] != _LF:
            return ASK
        at += 2
        if buf[at] == _CR:
            break
        name = at
        while at < end and buf[at] != _COLON and buf[at] != _CR and buf[at] != _LF:
            at += 1
        if at >= end or buf[at] != _COLON or at == name:
            return ASK
        size = at - name
        value = at + 1
        while at < end and buf[at] != _CR and buf[at] != _LF:
            at += 1
        if size == _LENGTH_SIZE and _spells(buf, name, _CONTENT_LENGTH, size) == 1:
            if length >= 0:
                return ASK
            length = _decimal(buf, value, at)
            if length < 0:
                return ASK
        elif size == _ENCODING_SIZE and _spells(buf, name, _TRANSFER_ENCODING, size) == 1:
            if is_chunked == 1 or _says_chunked(buf, value, at) == 0:
                return ASK
            is_chunked = 1
    if buf[at + 1] != _LF:
        return ASK
    far = at + 2 - start
    told[0] = key
    has_body = key != 100 and key != 204 and key != 304
    if is_chunked == 1:
        if not has_body:
            return ASK
        told[0] = INSIDE
        told[1] = key
        return far
    if not has_body:
        return far
    if length < 0:
        return ASK if key < FIRST_METHOD else far
    return far + length


def _status(buf: Bytes, start: int, end: int) -> int:
    """The code of a status line; 0 if it is none, or of a message that is not plain."""
    if start + 13 > end:
        return 0
    at = 0
    while at < 7:
        if buf[start + at] != _VERSION[at]:
            return 0
        at += 1
    if buf[start + 7] != _ZERO and buf[start + 7] != _ZERO + 1:
        return 0
    if buf[start + 8] != _SPACE or (buf[start + 12] != _SPACE and buf[start + 12] != _CR):
        return 0
    code, at = 0, start + 9
    while at < start + 12:
        if buf[at] < _ZERO or buf[at] > _NINE:
            return 0
        code = 10 * code + buf[at] - _ZERO
        at += 1
    return code if code == 100 or code >= 200 else 0


def _method(buf: Bytes, start: int, end: int) -> int:
    """The key of a request; 0 if its method is not that of a plain one."""
    first, second, at = 0, 0, start
    while at < end and buf[at] != _SPACE:
        if at - start == _LONGEST_METHOD or buf[at] > 0x7F:
            return 0
        if at - start < 8:
            first |= buf[at] << (56 - 8 * (at - start))
        else:
            second |= buf[at] << (120 - 8 * (at - start))
        at += 1
    if at >= end:
        return 0
    place = 0
    while place < _METHOD_COUNT:
        if first == _FIRST_HALVES[place] and second == _SECOND_HALVES[place]:
            return FIRST_METHOD + place
        place += 1
    return 0


def _spells(buf: Bytes, at: int, first: int, size: int) -> int:
    """Do these bytes spell the word of `_LETTERS` that begins at `first`, in whatever case?"""
    place = 0
    while place < size:
        if buf[at + place] | 0x20 != _LETTERS[first + place]:
            return 0
        place += 1
    return 1


def _says_chunked(buf: Bytes, start: int, end: int) -> int:
    at = _past_blanks(buf, start, end)
    if at + _CHUNKED_SIZE > end or _spells(buf, at, _CHUNKED, _CHUNKED_SIZE) == 0:
        return 0
    return _past_blanks(buf, at + _CHUNKED_SIZE, end) == end


def _decimal(buf: Bytes, start: int, end: int) -> int:
    """The number in a header's value; -1 if it is none of up to nine digits."""
    number, at = 0, _past_blanks(buf, start, end)
    first = at
    while at < end and _ZERO <= buf[at] <= _NINE:
        if at - first == 9:
            return -1
        number = 10 * number + buf[at] - _ZERO
        at += 1
    return number if at > first and _past_blanks(buf, at, end) == end else -1


def _past_blanks(buf: Bytes, start: int, end: int) -> int:
    at = start
    while at < end and (buf[at] == _SPACE or buf[at] == _TAB):
        at += 1
    return at


def _lowered_chunk(buf: Bytes, start: int, end: int, key: int, told: Words) -> int:
    """As `_chunk`."""
    length, at, digit = 0, start, 0
    while at < end and digit >= 0:
        digit = _hexadecimal(buf[at])
        if digit >= 0:
            if at - start == 7:
                return ASK
            length = length << 4 | digit
            at += 1
    if at == start or at + 2 > end or buf[at] != _CR or buf[at + 1] != _LF:
        return ASK
    at += 2
    if length > 0:
        told[0] = INSIDE
        told[1] = key
        return at - start + length + 2
    if at + 2 > end or buf[at] != _CR or buf[at + 1] != _LF:
        return ASK
    told[0] = key
    return at + 2 - start


def _hexadecimal(byte: int) -> int:
    if _ZERO <= byte <= _NINE:
        return byte - _ZERO
    letter = byte | 0x20
    return letter - 87 if 97 <= letter <= 102 else -1


def _example(key: int) -> bytes:
    start = b"HTTP/1.1 %d" % key if key < FIRST_METHOD else WORDS[key - FIRST_METHOD] + b" / HTTP/1.1"
    return start + b"\r\nContent-Length: 0\r\n\r\n"


PLAIN = Plain(
    frozenset({"http.request", "http.request.method", "http.response", "http.response.code"}),
    step=step,
    lowered=lowered,
    example=_example,
    inside=("media_type", "media", "data", "json", "xml"),
)
PLAIN_DATAGRAM = Plain(
    frozenset({"ssdp", "http.request", "http.request.method", "http.response", "http.response.code"}),
    datagram=datagram,
    inside=("media_type", "media", "data"),
)
