"""Chunks prepared ahead, in another process, while this one follows conversations through those before.

In: a large plain capture.  Out: its chunks, prepared, in order.  What always holds: they are those that preparing
them here gives; a few chunks are under way at most, in memory that both processes see.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from mmap import mmap
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dfilter.captures.index import RecordChunk, chunks_of
from dfilter.captures.progress import read_bytes, read_frames
from dfilter.captures.read import Capture
from dfilter.compile.columns import Columns, Findings
from dfilter.processes import Other, processors
from dfilter.prune.conversations import TooManyError
from dfilter.prune.headers import Split
from dfilter.prune.prepare import Prepared, Preparer
from dfilter.prune.sent import Sent
from dfilter.prune.tracks import Tracked
from dfilter.slotted import frozen, slotted

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

Array = npt.NDArray[Any]

LEAST = 1 << 26
"""Bytes of a capture below which this is not worth a process."""
_SLOTS = 3
_ALIGNED = 64


class EndedError(Exception):
    """The other process came to an end before the capture did."""


@slotted
class _Slot:
    """Memory that both processes see: for a chunk's bytes, and for what is said of them."""

    data: mmap
    arrays: mmap


@slotted
class _Parcel:
    """A prepared chunk on its way: everything but its bytes, which lie in a slot, or in `data` where they do not."""

    data: bytes | None
    first: int
    starts: Array
    captured: Array
    wire: Array
    stop: int
    shaped: list[tuple[int, Array]]
    findings: Findings
    strays: int
    unfit: Array
    sent: Sent
    tracked: Tracked


def prepared_chunks(capture: Capture, preparer: Preparer, size: int, *, is_much: bool) -> Iterator[Prepared]:
    """The chunks of an opened capture, of about `size` bytes each; valid until the next one is asked for.

    Args:
        is_much: what will be done with them takes about as long as preparing them.

    Raises:
        EndedError: they were prepared elsewhere, and that came to an end.
    """
    if not is_much or processors() < 2 or capture.plain_bytes < LEAST:
        return map(preparer.prepare, chunks_of(capture, size))
    return _from_elsewhere(capture, preparer, size)


def _from_elsewhere(capture: Capture, preparer: Preparer, size: int) -> Iterator[Prepared]:
    slots = [_Slot(mmap(-1, size), mmap(-1, size)) for _ in range(_SLOTS)]
    other = Other(lambda pipe: _Packer(pipe, slots).work(capture, preparer, size))
    read = 0
    try:
        for turn in range(_SLOTS):
            other.send(turn)
        while True:
            try:
                message = other.receive()
            except EOFError:
                raise EndedError from None
            if isinstance(message, _End):
                capture.warning = message.warning
                return
            turn, body, spans = message
            parcel = _unpacked(body, spans, slots[turn])
            read_bytes(parcel.stop - read)
            read_frames(len(parcel.starts))
            read = parcel.stop
            yield _opened(parcel, slots[turn], capture, preparer)
            other.send(turn)
    finally:
        other.end()
        capture.close()


@frozen
class _End:
    """There are no more chunks; the capture's `warning`."""

    warning: str | None


class _Packer:
    """The other process: prepares chunks, and puts them where they can be seen."""

    def __init__(self, pipe: Connection, slots: list[_Slot]) -> None:
        self._pipe = pipe
        self._slots = slots
        self._turn = 0

    def work(self, capture: Capture, preparer: Preparer, size: int) -> None:
        try:
            for chunk in chunks_of(capture, size, self._spaces()):
                assert isinstance(chunk, RecordChunk)
                slot = self._slots[self._turn]
                parcel = _packed(preparer, preparer.prepare(chunk), slot)
                self._pipe.send((self._turn, *_written(parcel, slot.arrays)))
        except (EOFError, MemoryError, TooManyError):  # nobody waits for more, or they must do without
            return
        self._pipe.send(_End(capture.warning))

    def _spaces(self) -> Iterator[mmap]:
        """Where the next stretch of the capture goes, as soon as there is room."""
        while True:
            self._turn = self._pipe.recv()
            yield self._slots[self._turn].data


def _packed(preparer: Preparer, found: Prepared, slot: _Slot) -> _Parcel:
    chunk, places = found.chunk, {id(branch): at for at, branch in enumerate(preparer.branches)}
    assert isinstance(chunk, RecordChunk)
    assert isinstance(found.headers, Split)  # machine code needs no other process
    shaped = [(places[id(branch)], columns.rows) for branch, columns in found.headers.shaped]
    data = None if chunk.data is slot.data else bytes(chunk.data)
    return _Parcel(data, chunk.first, chunk.starts, chunk.captured, chunk.wire, chunk.stop, shaped, found.findings,
                   found.strays, found.unfit, found.sent, found.tracked)  # fmt: skip


def _opened(parcel: _Parcel, slot: _Slot, capture: Capture, preparer: Preparer) -> Prepared:
    layout, data = capture.plain_layout, slot.data if parcel.data is None else parcel.data
    assert layout is not None
    chunk = RecordChunk(data, parcel.first, parcel.starts, parcel.captured, parcel.wire, layout.interface.link_type,
                        layout, parcel.stop)  # fmt: skip
    columns = Columns.of(chunk)
    shaped = [(preparer.branches[place], columns.at(rows)) for place, rows in parcel.shaped]
    return Prepared(chunk, Split(columns, shaped), parcel.findings, parcel.strays, parcel.unfit, parcel.sent,
                    parcel.tracked)  # fmt: skip


def _written(parcel: _Parcel, arrays: mmap) -> tuple[bytes, list[tuple[int, int]]]:
    """The parcel as bytes, and where in `arrays` its arrays are; none where they do not fit."""
    buffers: list[pickle.PickleBuffer] = []
    body = pickle.dumps(parcel, 5, buffer_callback=buffers.append)
    raws = [buffer.raw() for buffer in buffers]
    ends = np.cumsum([-(-raw.nbytes // _ALIGNED) * _ALIGNED for raw in raws]).tolist()
    if ends and ends[-1] > len(arrays):
        return pickle.dumps(parcel, 5), []
    space, spans, at = memoryview(arrays), [], 0
    for raw, end in zip(raws, ends, strict=True):
        space[at : at + raw.nbytes] = raw
        spans.append((at, raw.nbytes))
        at = end
    return body, spans


def _unpacked(body: bytes, spans: list[tuple[int, int]], slot: _Slot) -> _Parcel:
    space = memoryview(slot.arrays)
    parcel: _Parcel = pickle.loads(body, buffers=[space[at : at + size] for at, size in spans])
    return parcel
