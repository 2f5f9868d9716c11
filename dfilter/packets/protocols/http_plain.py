"""Plain HTTP/1 messages, told apart by their start line and two of their headers (RFC 9112 section 6.3).

In: bytes at the beginning of a message, or of a chunk.  Out: steps (`declare.Plain`).  What always holds: a message
counts as plain only if every reader of RFC 9112 agrees where it ends, and if it does not change what the conversation
is about: no CONNECT, no HEAD, no upgrade, no body that lasts until its sender closes.
"""

from __future__ import annotations

import re
from typing import Any

from dfilter.packets.declare import Plain
from dfilter.packets.protocols.http_head import METHODS

_HEAD = re.compile(rb"[^\r\n]+\r\n(?:[^\r\n:]+:[^\r\n]*\r\n)*\r\n")
_BEGUN = re.compile(rb"(?:[^\r\n]+\r\n)*[^\r\n]*\r?")
_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})[ \r]")
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,9})[ \t]*\r\n")
_ENCODING = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked[ \t]*\r\n")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,7})\r\n")
_SPECIAL = frozenset((b"HEAD", b"CONNECT"))
_LONGEST_WORD = 32

Found = tuple[int, Any, Any]


def step(buf: bytes | bytearray, start: int, end: int, memory: Any) -> Found | None:
    """The next message, or while `memory` is the key of a chunked one the next chunk of it."""
    if memory is not None:
        return _chunk(buf, start, end, memory)
    head = _HEAD.match(buf, start, end)
    if head is None:
        return _wait(buf, start, end)
    text = bytes(buf[start : head.end()])
    key, has_body = _kind(text)
    if key is None:
        return None
    lower = text.lower()
    if b"\r\ntransfer-encoding:" in lower:
        if lower.count(b"\r\ntransfer-encoding:") > 1 or not _ENCODING.search(lower) or not has_body:
            return None
        return len(text), None, key
    count = lower.count(b"\r\ncontent-length:")
    if not has_body:
        return len(text), key, None
    if count == 0:
        return None if key[0] in b"0123456789" else (len(text), key, None)
    length = _LENGTH.search(lower)
    return (len(text) + int(length[1]), key, None) if length and count == 1 else None


def datagram_step(buf: bytes | bytearray, start: int, end: int, memory: Any) -> Found | None:
    """One message without a body that fills a datagram."""
    head = _HEAD.match(buf, start, end)
    if head is None or head.end() != end:
        return None
    text = bytes(buf[start:end])
    word = text[: text.find(b" ", 0, _LONGEST_WORD) + 1]
    status = _STATUS.match(text)
    if status is None and word[:-1] not in METHODS and word not in (b"NOTIFY ", b"SUBSCRIBE ", b"UNSUBSCRIBE "):
        return None
    lower = text.lower()
    if b"\r\ntransfer-encoding:" in lower or b"\r\ncontent-length:" in lower:
        return None
    return end - start, status[0] if status else word, None


def _kind(text: bytes) -> tuple[bytes | None, bool]:
    """The key of a message, None if it is not plain, and whether it can have a body."""
    status = _STATUS.match(text)
    if status is not None:
        code = status[1]
        if code == b"101" or (code[:1] == b"1" and code != b"100"):
            return None, False
        return code, code not in (b"100", b"204", b"304")
    word = text[: text.find(b" ", 0, _LONGEST_WORD)]
    return (word, True) if word in METHODS and word not in _SPECIAL else (None, False)


def _wait(buf: bytes | bytearray, start: int, end: int) -> Found | None:
    """A head that may go on: its lines so far are plain, and begin as a message does."""
    begun = _BEGUN.match(buf, start, end)
    text = bytes(buf[start : min(end, start + _LONGEST_WORD)])
    if begun is None or begun.end() != end or not 0x20 <= text[0] < 0x7F:
        return None
    word = text[: text.find(b" ")] if b" " in text else b""
    return (0, None, None) if (word in METHODS and word not in _SPECIAL) or text.startswith(b"HTTP/1.") else None


def _chunk(buf: bytes | bytearray, start: int, end: int, key: bytes) -> Found | None:
    """A chunk (RFC 9112 section 7.1); the last one, without trailers, ends the message."""
    size = _CHUNK.match(buf, start, end)
    if size is None:
        return None
    length = int(size[1], 16)
    far = size.end() - start + length + 2
    if length:
        return far, None, key
    return (far, key, None) if buf[size.end() : min(size.end() + 2, end)] == b"\r\n" else None


def _example(key: bytes) -> bytes:
    start = b"HTTP/1.1 " + key if key.isdigit() else key + b" / HTTP/1.1"
    return start + b"\r\nContent-Length: 0\r\n\r\n"


PLAIN = Plain(
    frozenset({"http.request", "http.request.method", "http.response", "http.response.code"}),
    step,
    _example,
    inside=("media_type", "media", "data", "json", "xml"),
)
PLAIN_DATAGRAM = Plain(
    frozenset({"ssdp", "http.request", "http.request.method", "http.response", "http.response.code"}),
    datagram_step,
    inside=("media_type", "media", "data"),
)
