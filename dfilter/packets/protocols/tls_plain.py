"""Plain TLS records (RFC 8446 section 5.1): whole handshake messages before a cipher is in use, and what hides them.

In: bytes at the beginning of a record.  Out: steps (`declare.Plain`).  What always holds: a handshake record is plain
only if whole messages fill it, or if it is encrypted beyond doubt.
"""

from __future__ import annotations

from typing import Any

from dfilter.packets.declare import Plain, Silent
from dfilter.packets.protocols.tls_session import (
    HANDSHAKE_HEADER,
    KNOWN_TYPES,
    LONGEST_PLAIN,
    SHORTEST_ENCRYPTED,
)  # fmt: skip

_CHANGE_CIPHER_SPEC, _ALERT, _HANDSHAKE, _APPLICATION_DATA = 20, 21, 22, 23
_HEADER = 5
_LATEST = 4
_CHANGED = True

Found = tuple[int, Any, Any]


def step(buf: bytes | bytearray, start: int, end: int, memory: Any) -> Found | None:
    """The next record; `memory`: its sender has changed to a cipher."""
    if end - start < _HEADER:
        return 0, None, memory
    kind = buf[start]
    if not _CHANGE_CIPHER_SPEC <= kind <= _APPLICATION_DATA or buf[start + 1] != 3 or buf[start + 2] > _LATEST:
        return None
    size = buf[start + 3] << 8 | buf[start + 4]
    if kind != _HANDSHAKE:
        return _HEADER + size, "", _CHANGED if kind == _CHANGE_CIPHER_SPEC else memory
    at = start + _HEADER
    if end - at < _HEADER and end - at < size:
        return 0, None, memory
    if size < HANDSHAKE_HEADER:
        return None
    hidden = size >= SHORTEST_ENCRYPTED and (_length(buf, at) > LONGEST_PLAIN or not any(buf[at : at + 5]))
    if memory is _CHANGED:
        return (_HEADER + size, "", memory) if hidden else None
    return None if hidden else _messages(buf, at, at + size, end)


def _messages(buf: bytes | bytearray, at: int, stop: int, end: int) -> Found | None:
    """The types of the messages that fill a record."""
    begin, types = at - _HEADER, []
    while at < stop:
        if at + HANDSHAKE_HEADER > stop or buf[at] not in KNOWN_TYPES:
            return None
        if at + HANDSHAKE_HEADER > end:
            return 0, None, None
        types.append(buf[at])
        at += HANDSHAKE_HEADER + _length(buf, at)
    return (stop - begin, bytes(types), None) if at == stop else None


def _length(buf: bytes | bytearray, at: int) -> int:
    return buf[at + 1] << 16 | buf[at + 2] << 8 | buf[at + 3]


def _example(key: bytes) -> bytes:
    content = b"".join(bytes((type_, 0, 0, 0)) for type_ in key)
    return bytes((_HANDSHAKE, 3, 3, 0, len(content) & 0xFF)) + content


_HEADS = frozenset(bytes((kind, 3, minor)) for kind in (_ALERT, _APPLICATION_DATA) for minor in range(_LATEST + 1))

PLAIN = Plain(
    frozenset({"tls.handshake.type"}),
    step,
    _example,
    inside=("ocsp", "data"),
    silent=Silent(_HEADS, size_at=_HEADER - 2, header=_HEADER),
)
