"""Putting IP fragments together.

In: fragments of one datagram in any order.  Out: the whole datagram, with the frame that completes it.
What always holds: memory is bounded: the oldest incomplete datagrams are forgotten, none grows past 64 KiB, and
all of them together hold at most `MAX_HELD`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence

from dfilter.fields.types import FieldType as T
from dfilter.packets.view import Layer
from dfilter.slotted import field, slotted

MAX_DATAGRAMS = 4096
"""Incomplete datagrams remembered; beyond that the oldest is forgotten."""

MAX_LENGTH = 65535

MAX_HELD = 64 * 1024 * 1024
"""Bytes of fragments that wait, with `PIECE_COST` for each; beyond that the oldest datagrams are forgotten."""

PIECE_COST = 200
"""What remembering a fragment costs beside its bytes."""

FRAGMENT_KINDS = (
    ("fragment", T.FRAMENUM),
    ("fragment.overlap", T.BOOLEAN),
    ("fragment.overlap.conflict", T.BOOLEAN),
    ("fragment.multipletails", T.BOOLEAN),
    ("fragment.toolongfragment", T.BOOLEAN),
    ("fragment.error", T.FRAMENUM),
    ("fragment.count", T.UINT32),
    ("reassembled.length", T.UINT32),
    ("reassembled.data", T.BYTES),
)
"""The fields that a completed datagram shows, by their names after "ip." or "ipv6."."""


@slotted(eq=True)
class Whole:
    """A complete datagram: its payload, and (frame, offset, length) of each fragment in order of offset.

    `conflicting`: the frames whose bytes contradict those of an earlier fragment at the same place.
    """

    data: bytes
    pieces: list[tuple[int, int, int]]
    overlap: bool
    conflict: bool
    conflicting: frozenset[int] = frozenset()

    @property
    def frames(self) -> list[int]:
        return [frame for frame, _, _ in self.pieces]


@slotted(eq=True)
class _Partial:
    total: int | None = None
    received: int = 0
    cost: int = 0
    attempt_at: int = 0
    pieces: list[tuple[int, int, bytes]] = field(default_factory=list)


class Fragments:
    """The incomplete datagrams of a session."""

    def __init__(self) -> None:
        self._partial: OrderedDict[Hashable, _Partial] = OrderedDict()
        self._held = 0

    def add(self, key: Hashable, frame: int, offset: int, data: bytes, more: bool) -> Whole | None:
        """Take one fragment; the whole datagram if this one completes it."""
        if offset + len(data) > MAX_LENGTH:
            return None
        partial = self._partial.get(key)
        if partial is None:
            if len(self._partial) >= MAX_DATAGRAMS:
                self._forget_oldest()
            partial = self._partial[key] = _Partial()
        if len(partial.pieces) > MAX_LENGTH // 8:
            return None
        partial.pieces.append((offset, frame, data))
        partial.received += len(data)
        self._hold(partial, len(data) + PIECE_COST)
        if not more:
            partial.total = offset + len(data)
        if partial.total is None or partial.received < max(partial.total, partial.attempt_at):
            return None
        partial.attempt_at = partial.received * 2  # overlapping pieces must not make this quadratic
        whole = _assemble(partial)
        if whole is not None and self._partial.pop(key, None) is not None:
            self._held -= partial.cost
        return whole

    def _hold(self, partial: _Partial, cost: int) -> None:
        partial.cost += cost
        self._held += cost
        while self._held > MAX_HELD:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        _, oldest = self._partial.popitem(last=False)
        self._held -= oldest.cost


def _assemble(partial: _Partial) -> Whole | None:
    total = partial.total or 0
    out = bytearray(total)
    reached = 0
    overlap = False
    conflicting: set[int] = set()
    pieces = sorted(partial.pieces, key=lambda piece: piece[0])
    for offset, frame, data in pieces:
        if offset > reached:
            return None
        if offset < reached:
            overlap = True
            shared = min(reached - offset, len(data))
            if out[offset : offset + shared] != data[:shared]:
                conflicting.add(frame)
            data = data[shared:]
            offset += shared
        fitting = data[: max(total - offset, 0)]
        out[offset : offset + len(fitting)] = fitting
        reached = max(reached, offset + len(fitting))
    if reached < total:
        return None
    placed = [(frame, offset, len(data)) for offset, frame, data in pieces]
    return Whole(bytes(out), placed, overlap, bool(conflicting), frozenset(conflicting))


def add_fragment_list(layer: Layer, prefix: str, frames: Sequence[int], at: int = 0) -> None:
    """The fields that list the frames of a message's parts, in the frame that completes it."""
    layer.add(f"{prefix}.fragments", None, at)
    for frame in frames:
        layer.add(f"{prefix}.fragment", frame, at)
    layer.add(f"{prefix}.fragment.count", len(frames), at)


def add_fragment_fields(layer: Layer, prefix: str, whole: Whole) -> None:
    """The fields with which the completing frame shows its fragments."""
    layer.add(f"{prefix}.fragments", whole.data if prefix == "ip" else None)
    for frame, _, _ in whole.pieces:
        layer.add(f"{prefix}.fragment.error" if frame in whole.conflicting else f"{prefix}.fragment", frame)
    if whole.overlap:
        layer.add(f"{prefix}.fragment.overlap", True)
    if whole.conflict:
        layer.add(f"{prefix}.fragment.overlap.conflict", True)
    layer.add(f"{prefix}.fragment.count", len(whole.pieces))
    layer.add(f"{prefix}.reassembled.length", len(whole.data))
    layer.add(f"{prefix}.reassembled.data", whole.data)
