"""Messages that a mail protocol carries in several segments, put together by that protocol itself.

In: the parts in order of arrival.  Out: the whole, and the fragment fields that Wireshark 4.4 shows
(`smtp.data.fragments`, `pop.data.fragment`, ...).  What always holds: a message is given up beyond `MAX_MESSAGE`
bytes or `MAX_PARTS` parts.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Field, computed
from dfilter.packets.session import Session
from dfilter.packets.streams.fragments import add_fragment_list
from dfilter.packets.view import Layer
from dfilter.slotted import field, frozen, slotted

MAX_MESSAGE = 64 * 1024 * 1024
"""Bytes of one message that are kept at most: a sender that never ends its message must not eat memory."""

MAX_PARTS = 100_000
"""Parts of one message that are kept at most."""


@slotted
class Parts:
    """The parts of a message so far.

    Attributes:
        pieces: (frame, offset, length) of each.
    """

    pieces: list[tuple[int, int, int]] = field(default_factory=list)
    _data: bytearray = field(default_factory=bytearray)

    def add(self, frame: int, data: bytes) -> None:
        """Take the next part."""
        if len(self._data) + len(data) > MAX_MESSAGE or len(self.pieces) >= MAX_PARTS:
            self.clear()
        self.pieces.append((frame, len(self._data), len(data)))
        self._data += data

    def clear(self) -> None:
        self.pieces = []
        self._data = bytearray()

    def finish(self) -> Message:
        """The whole message; the next part begins another one."""
        message = Message(bytes(self._data), tuple(self.pieces))
        self.clear()
        return message


@frozen
class Message:
    """A whole message and (frame, offset, length) of its parts."""

    data: bytes
    pieces: tuple[tuple[int, int, int], ...]

    def foretell(self, session: Session, prefix: str, frame: int) -> None:
        """Tell the frames of the earlier parts where the message is complete."""
        for part, _, _ in self.pieces:
            if part != frame:
                session.foresee(prefix + ".reassembled.in", part, frame)

    def add_fields(self, layer: Layer, prefix: str) -> None:
        """The fields of the completing frame; `prefix` as "smtp.data"."""
        add_fragment_list(layer, prefix, [frame for frame, _, _ in self.pieces])
        layer.add(prefix + ".reassembled.length", len(self.data))


def fragment_fields(prefix: str) -> tuple[Field, ...]:
    """The declarations that belong to `Message.add_fields`."""
    return (
        computed(prefix + ".fragments", T.NONE, stateful=True),
        computed(prefix + ".fragment", T.FRAMENUM, stateful=True),
        computed(prefix + ".fragment.count", T.UINT32, stateful=True),
        computed(prefix + ".reassembled.length", T.UINT32, stateful=True),
        computed(prefix + ".reassembled.in", T.FRAMENUM, look_ahead=True),
    )
