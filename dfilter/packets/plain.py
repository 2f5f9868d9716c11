"""How a protocol's messages are told apart without dissecting them, where they are plain enough.

In: what a protocol declares (`Evidence.plain`).  Out: what following conversations (`prune`) goes by.  What always
holds: a message with some key is, for the fields concerned, dissected as every other with that key, whatever came
before it in its conversation.

A function that is to run as machine code too is written in the part of Python that `dfilter.lowering` describes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from dfilter.slotted import frozen

WAIT, NOT_PLAIN, ASK = 0, -1, -2
"""In place of how far a step goes: it needs more bytes; the message is not plain; `lowered` cannot tell, `step` can."""

NOTHING, INSIDE = 0, -1
"""In place of a message's key: it has none of the fields; it is not complete with this step."""


class Bytes(Protocol):
    """Bytes in a row."""

    def __getitem__(self, index: int, /) -> int: ...


class Room(Bytes, Protocol):
    """Bytes in a row that are set."""

    def __setitem__(self, index: int, number: int, /) -> None: ...


class Words(Protocol):
    """64-bit numbers in a row."""

    def __getitem__(self, index: int, /) -> int: ...
    def __setitem__(self, index: int, number: int, /) -> None: ...


Step = Callable[[Any, int, int, int, Any], int]
"""A function (buffer, start, end, memory, told) -> how far it is to the next step."""


@frozen
class Silent:
    """Messages of a TCP stream that say nothing of any wanted field and change nothing: known by how they begin.

    Attributes:
        heads: how they begin; all of one length.
        size_at: offset of the big-endian 16-bit number of bytes that follow their header.
        header: its length in bytes.
    """

    heads: frozenset[bytes]
    size_at: int
    header: int


@frozen
class Plain:
    """Plain messages.

    Attributes:
        fields: the names whose values, absent or not, a message's key settles, alone.
        step: over TCP it is called where a message begins, or where the step before asked to be called again. It sets
            the first number of `told` to the message's key, the second to the `memory` that the next step of its
            direction gets; 0 is that of the first.
        lowered: the same for machine code; it may answer ASK.
        datagram: over UDP: (buffer, start, end) -> where the key of the message that fills these bytes ends; 0 for a
            message that is not plain. For machine code too if `is_lowered`.
        key_at: offset of that key, which is the message's bytes from there on, but for those in `key_gap`.
        key_gap: (offset, offset behind it) of bytes in the midst of the key that tell nothing.
        can_end: with zeros in that gap, the message can end with its key.
        narrow: what of the key is enough for some fields: (these, offset at which it begins, offset at which it ends, 0
            for the end of the whole key); the first that has all wanted fields counts.
        example: a message of a stream with a given key.
        inside: what in `carries` a plain message can lead on to.
        silent: messages for which `step` says no more than their length, whatever its memory.
    """

    fields: frozenset[str]
    step: Step | None = None
    lowered: Step | None = None
    datagram: Callable[[Any, int, int], int] | None = None
    is_lowered: bool = False
    key_at: int = 0
    key_gap: tuple[int, int] = (0, 0)
    can_end: bool = False
    narrow: tuple[tuple[frozenset[str], int, int], ...] = ()
    example: Callable[[int], bytes] | None = None
    inside: tuple[str, ...] = ()
    silent: Silent | None = None
