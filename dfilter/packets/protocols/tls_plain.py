"""Plain TLS records (RFC 8446 section 5.1): whole handshake messages before a cipher is in use, and what hides them.

In: bytes at the beginning of a record.  Out: steps (`plain.Plain`).  What always holds: a handshake record is plain
only if whole messages fill it, or if it is encrypted beyond doubt.
"""

from __future__ import annotations

from dfilter.packets.plain import NOT_PLAIN, NOTHING, WAIT, Bytes, Plain, Silent, Words
from dfilter.packets.protocols.tls_session import (
    HANDSHAKE_HEADER,
    KNOWN_TYPES,
    LONGEST_PLAIN,
    SHORTEST_ENCRYPTED,
)  # fmt: skip

_CHANGE_CIPHER_SPEC, _ALERT, _HANDSHAKE, _APPLICATION_DATA = 20, 21, 22, 23
_HEADER = 5
_LATEST = 4
_CHANGED = 1
_IS_KNOWN = tuple(int(type_ in KNOWN_TYPES) for type_ in range(256))
_MOST_TYPES = 1 << 56
"""A key has a byte for each type, behind a one."""


def step(buf: Bytes, start: int, end: int, memory: int, told: Words) -> int:
    """The next record; `memory`: its sender has changed to a cipher."""
    told[0] = NOTHING
    told[1] = memory
    if end - start < _HEADER:
        return WAIT
    kind = buf[start]
    if kind < _CHANGE_CIPHER_SPEC or kind > _APPLICATION_DATA or buf[start + 1] != 3 or buf[start + 2] > _LATEST:
        return NOT_PLAIN
    size = buf[start + 3] << 8 | buf[start + 4]
    if kind != _HANDSHAKE:
        if kind == _CHANGE_CIPHER_SPEC:
            told[1] = _CHANGED
        return _HEADER + size
    at = start + _HEADER
    if end - at < _HEADER and end - at < size:
        return WAIT
    if size < HANDSHAKE_HEADER:
        return NOT_PLAIN
    if size >= SHORTEST_ENCRYPTED and (_length(buf, at) > LONGEST_PLAIN or _is_blank(buf, at) == 1):
        return _HEADER + size if memory == _CHANGED else NOT_PLAIN
    if memory == _CHANGED:
        return NOT_PLAIN
    stop, types = at + size, 1
    while at < stop:
        if at + HANDSHAKE_HEADER > stop:
            return NOT_PLAIN
        if at + HANDSHAKE_HEADER > end:
            return WAIT
        if _IS_KNOWN[buf[at]] == 0 or types >= _MOST_TYPES:
            return NOT_PLAIN
        types = types << 8 | buf[at]
        at += HANDSHAKE_HEADER + _length(buf, at)
    if at != stop:
        return NOT_PLAIN
    told[0] = types
    return stop - start


def _length(buf: Bytes, at: int) -> int:
    return buf[at + 1] << 16 | buf[at + 2] << 8 | buf[at + 3]


def _is_blank(buf: Bytes, at: int) -> int:
    return (buf[at] | buf[at + 1] | buf[at + 2] | buf[at + 3] | buf[at + 4]) == 0


def _example(key: int) -> bytes:
    types = key.to_bytes(8, "big").lstrip(b"\0")[1:]
    content = b"".join(bytes((type_, 0, 0, 0)) for type_ in types)
    return bytes((_HANDSHAKE, 3, 3, 0, len(content) & 0xFF)) + content


_HEADS = frozenset(bytes((kind, 3, minor)) for kind in (_ALERT, _APPLICATION_DATA) for minor in range(_LATEST + 1))

PLAIN = Plain(
    frozenset({"tls.handshake.type"}),
    step=step,
    lowered=step,
    example=_example,
    inside=("ocsp", "data"),
    silent=Silent(_HEADS, size_at=_HEADER - 2, header=_HEADER),
)
