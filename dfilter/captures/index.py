"""A capture in chunks: where each frame lies, without making an object of it.

In: a source, as for `open_capture`.  Out: `Chunk`s of many frames each, as numpy arrays.
What always holds: the same frames in the same order as `open_capture` gives, whatever the format; memory is
bounded by the size of a chunk.

The plain pcap layout is indexed from its record headers alone, pcapng from its blocks; every other format goes through
its reader, whose frames are laid end to end.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import numpy.typing as npt

from dfilter.captures.frame import Frame, Section
from dfilter.captures.pcap import Data, Layout, Space, Window, frame_in
from dfilter.captures.pcapng import packet_at
from dfilter.captures.read import Capture, open_capture
from dfilter.captures.stretch import PADDING
from dfilter.slotted import slotted

if TYPE_CHECKING:
    from dfilter.captures.pcapng_windows import BlockWindow

CHUNK_BYTES = 1 << 22
"""Bytes of a capture that are indexed at once: enough to spread numpy's cost per call thin."""

_MANY_FILTERS = 16

CHUNK_FRAMES = 1 << 14
"""Frames of any other capture that are laid end to end at once."""

Integers = npt.NDArray[np.int64]


@slotted
class Chunk:
    """Consecutive frames.

    Attributes:
        data: holds the bytes of all of them, and at least as many bytes behind as `PADDING`; it may be overwritten
            when the next chunk is asked for. A slice of it is bytes or a bytearray, whatever it is.
        first: number of the first frame.
        starts: where each frame's bytes begin in `data`.
        captured, wire: lengths in bytes.
        link_types: LINKTYPE_* number of each; one number where all are alike.
    """

    data: Data
    first: int
    starts: Integers
    captured: Integers
    wire: Integers
    link_types: Integers | int

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def has_secrets(self) -> bool:
        """Does the capture hold, before the end of this chunk, secrets to decrypt what is in one of its frames?"""
        return False

    def frame(self, index: int) -> Frame:
        """The frame at `index` (0-based in the chunk) as an object."""
        raise NotImplementedError


@slotted
class RecordChunk(Chunk):
    """Frames that still lie between their pcap record headers; the next one begins at byte `stop` of the file."""

    layout: Layout
    stop: int

    def frame(self, index: int) -> Frame:
        start, captured, wire = (int(column[index]) for column in (self.starts, self.captured, self.wire))
        return frame_in(self.data, start, captured, wire, self.layout, self.first + index)


@slotted
class BlockChunk(Chunk):
    """Frames that still lie in their pcapng blocks; the other attributes as of `BlockWindow`."""

    parts: list[list[Frame] | Section]
    firsts: list[int]
    sections: list[Section]

    @property
    def has_secrets(self) -> bool:
        return any(section.secrets for section in self.sections)

    def frame(self, index: int) -> Frame:
        at = bisect_right(self.firsts, index) - 1
        part = self.parts[at]
        if isinstance(part, list):
            return part[index - self.firsts[at]]
        return packet_at(self.data, int(self.starts[index]), self.first + index, part)


@slotted
class FrameChunk(Chunk):
    """Frames that a reader made."""

    frames: list[Frame]

    def frame(self, index: int) -> Frame:
        return self.frames[index]


def open_chunks(source: str | os.PathLike[str] | BinaryIO) -> tuple[Capture, Iterator[Chunk]]:
    """The opened capture (its `warning` is set when the chunks are through) and its chunks.

    Raises:
        CaptureError: as `open_capture`.
    """
    capture = open_capture(source)
    return capture, chunks_of(capture)


def chunks_of(capture: Capture, size: int = CHUNK_BYTES, spaces: Iterator[Space] | None = None) -> Iterator[Chunk]:
    """The chunks of an opened capture, in place of iterating over it.

    Of a plain or pcapng one about `size` bytes each; a plain one is read into one after the other of `spaces`, which
    are of that size, though the last ones may lie elsewhere.
    """
    plain = capture.plain_windows(size, spaces)
    if plain is not None:
        return _record_chunks(*plain)
    blocks = capture.block_windows(size)
    return _frame_chunks(capture) if blocks is None else _block_chunks(blocks)


def part_chunks(capture: Capture, begin: int, end: int, size: int = CHUNK_BYTES) -> Iterator[RecordChunk]:
    """The chunks of one part of a plain pcap file (see `Capture.part_starts`), numbered from 1."""
    return _record_chunks(*capture.part_windows(size, begin, end))


def rest_chunks(capture: Capture, begin: int, number: int) -> Iterator[RecordChunk]:
    """The chunks of a plain pcap file from byte `begin` on, before which lie `number` frames."""
    return _record_chunks(*capture.rest_windows(CHUNK_BYTES, begin, number), number + 1)


def chunk_bytes(filters: int) -> int:
    """How large a chunk should be for so many filters: numpy's cost per call is one per filter and chunk."""
    return CHUNK_BYTES if filters < _MANY_FILTERS else 8 * CHUNK_BYTES


def _frame_chunks(capture: Capture) -> Iterator[Chunk]:
    frames = iter(capture)
    while batch := list(islice(frames, CHUNK_FRAMES)):
        captured = np.fromiter((len(frame.data) for frame in batch), np.int64, len(batch))
        starts = np.zeros(len(batch), np.int64)
        np.cumsum(captured[:-1], out=starts[1:])
        wire = np.fromiter((frame.wire_length for frame in batch), np.int64, len(batch))
        kinds = np.fromiter((frame.link_type for frame in batch), np.int64, len(batch))
        data = b"".join([*(frame.data for frame in batch), PADDING])
        yield FrameChunk(data, batch[0].number, starts, captured, wire, kinds, batch)


def _block_chunks(windows: Iterator[BlockWindow]) -> Iterator[BlockChunk]:
    first = 1
    for window in windows:
        yield BlockChunk(window.data, first, window.starts, window.captured, window.wire, window.link_types,
                         window.parts, window.firsts, window.sections)  # fmt: skip
        first += len(window)


def _record_chunks(layout: Layout, windows: Iterator[Window], first: int = 1) -> Iterator[RecordChunk]:
    for window in windows:
        data, records, stop = window.data, window.records, window.offset + window.records.stop
        if len(data) < records.stop + len(PADDING):
            data = b"".join((data, PADDING))
        yield RecordChunk(data, first, records.starts, records.captured, records.wire, layout.interface.link_type,
                          layout, stop)  # fmt: skip
        first += len(records)
