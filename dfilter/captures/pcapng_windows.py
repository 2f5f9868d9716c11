"""A pcapng file by place: where its frames lie, without making an object of each.

In: a reader that has come to the first frame, and the bytes behind.  Out: `BlockWindow`s.  What always holds: the same
frames, warnings and errors as the reader's own; memory is bounded by the size of a window and the longest block.

Runs of Enhanced Packet Blocks are found together (`runs`, `run_hops`); every other block goes through the reader, in
its place.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Protocol

import numpy as np
import numpy.typing as npt

from dfilter.captures.blocks import Block, DamageError
from dfilter.captures.feed import Feed
from dfilter.captures.frame import Frame, Section
from dfilter.captures.limits import MAX_BLOCK
from dfilter.captures.pcapng import PcapngReader
from dfilter.captures.progress import read_frames
from dfilter.captures.run_hops import RunHops
from dfilter.captures.runs import SMALLEST, Run, Runs
from dfilter.captures.stretch import PADDING, Stretch
from dfilter.native import pays
from dfilter.slotted import field, slotted

LEAST = 1 << 10
"""Bytes of the smallest window."""

MOST_FRAMES = 1 << 14
"""Frames of a window that a reader makes, at most."""

_MOST_MISSES = 5
"""One more miss, and twice as many packets are left to the reader before the next try; no more than this."""

_MOST_WORDS = 16
"""Options of up to so many words are compared with each other: as a rule all of a capture's are alike."""

Integers = npt.NDArray[np.int64]
Data = bytes | bytearray


class Finder(Protocol):
    """Finds runs of Enhanced Packet Blocks in stretches of a file: `Runs`, `RunHops`."""

    def enter(self, data: bytearray, size: int) -> None: ...
    def run(self, begin: int, order: str, limits: Integers) -> Run | None: ...


@slotted
class BlockWindow:
    """Frames that lie between each other's blocks.

    Attributes:
        data: holds the bytes of all of them, and `PADDING` behind; the next window may be put in the same place.
        starts, captured, wire: where the bytes of each begin in `data`; lengths.
        link_types: number of each; one number where all are alike.
        parts: what they are made from: frames that the reader made, or the section of so many Enhanced Packet Blocks.
        firsts: index of the first frame of each part.
        sections: those that they belong to.
    """

    data: Data
    starts: Integers
    captured: Integers
    wire: Integers
    link_types: Integers | int
    parts: list[list[Frame] | Section]
    firsts: list[int]
    sections: list[Section]

    def __len__(self) -> int:
        return len(self.starts)


def windows(feed: Feed, reader: PcapngReader, size: int) -> Iterator[BlockWindow]:
    """The frames of a pcapng file, by place: about `size` bytes of it at a time.

    The frames of a window have met the Decryption Secrets Blocks before them, and no others.
    """
    stretch = Stretch(feed, min(max(size, LEAST), MAX_BLOCK) & ~3)
    reader.feed = stretch
    file = feed.plain_file
    hops = RunHops.create() if file is not None and pays(os.fstat(file.fileno()).st_size) else None
    for window in _Indexer(reader, stretch, hops or Runs()).windows():
        read_frames(len(window))
        yield window


class _Indexer:
    """Goes through one file."""

    def __init__(self, reader: PcapngReader, stretch: Stretch, finder: Finder) -> None:
        self._reader = reader
        self._stretch = stretch
        self._finder = finder
        self._interfaces = _Interfaces()
        self._rows = _Rows()
        self._misses = self._pause = 0

    def windows(self) -> Iterator[BlockWindow]:
        if self._reader.is_through:
            return
        try:
            yield from self._sound()
        except DamageError as damage:
            yield from self._rows.taken(self._stretch.space)
            self._reader.give_up(damage)

    def _sound(self) -> Iterator[BlockWindow]:
        reader, stretch, rows = self._reader, self._stretch, self._rows
        while True:
            if stretch.is_low(reader.position):
                yield from rows.taken(stretch.space)
                stretch.refill(reader.position)
                reader.position = 0
                self._finder.enter(stretch.space, stretch.filled)
            kind = reader.kind()
            if kind is None:
                break
            if kind == Block.ENHANCED and self._is_worth_trying() and self._run():
                continue
            if kind == Block.SECRETS or rows.made >= MOST_FRAMES:
                yield from rows.taken(stretch.space)
            frame = reader.block()
            if frame is None:
                continue
            if stretch.spilled:
                yield from rows.taken(stretch.space)
                rows.add(frame, 0)
                yield from rows.taken(frame.data + PADDING)
            else:
                rows.add(frame, stretch.place + reader.place)
        yield from rows.taken(stretch.space)

    def _is_worth_trying(self) -> bool:
        """Not where runs were too short again and again."""
        self._pause -= 1
        if self._pause >= 0:
            return False
        self._misses = min(self._misses + 1, _MOST_MISSES)
        self._pause = (1 << self._misses) - 2
        return True

    def _run(self) -> bool:
        """Take the run of Enhanced Packet Blocks that begins here; False where there is none."""
        reader, stretch, interfaces = self._reader, self._stretch, self._interfaces
        interfaces.meet(reader.section, reader.limits)
        if stretch.spilled:
            return False
        run = self._finder.run(stretch.place + reader.position, reader.order, interfaces.limits)
        run = None if run is None else self._checked(run)
        if run is None or not len(run):
            return False
        self._rows.extend(run, reader.section, interfaces.link_types_of(run))
        self._misses = self._pause = 0
        reader.number += len(run)
        stretch.move(run.stop)
        reader.position = 0
        return True

    def _checked(self, run: Run) -> Run:
        """As far as the options are sound."""
        sizes = (run.lengths - run.captured - SMALLEST) & ~3
        rows = np.flatnonzero(sizes > 0)
        if not len(rows):
            return run
        ends = run.starts[rows] + run.lengths[rows] - SMALLEST
        begins = ends - sizes[rows]
        doubtful = np.concatenate((rows[:1], rows[self._differ(begins, sizes[rows])]))
        check, space = self._reader.packet_options, self._stretch.space
        for row in doubtful.tolist():
            end = int(run.starts[row] + run.lengths[row]) - SMALLEST
            try:
                check(bytes(space[end - int(sizes[row]) : end]))
            except DamageError:
                return run.first(row)
        return run

    def _differ(self, begins: Integers, sizes: Integers) -> npt.NDArray[np.bool_]:
        """Which options are other ones than the first."""
        count = int(sizes[0]) >> 2
        if count > _MOST_WORDS:
            return np.ones(len(begins), np.bool_)
        words = np.frombuffer(self._stretch.space, np.uint32)
        differ: npt.NDArray[np.bool_] = sizes != sizes[0]
        at = np.minimum(begins >> 2, len(words) - count)
        for word in range(count):
            differ |= words[at + word] != words[at[0] + word]
        return differ


class _Interfaces:
    """What of a section's interfaces matters to all their packets, as arrays that grow with them."""

    def __init__(self) -> None:
        self._section: Section | None = None
        self._count = 0
        self._limits = np.zeros(16, np.int64)
        self._link_types = np.zeros(16, np.int64)
        self._are_alike = True

    def meet(self, section: Section, limits: list[int]) -> None:
        """The interfaces are now those of `section`."""
        if section is not self._section:
            self._section, self._count, self._are_alike = section, 0, True
        count = len(limits)
        if count == self._count:
            return
        if count > len(self._limits):
            self._limits, self._link_types = (np.resize(each, 2 * count) for each in (self._limits, self._link_types))
        new = slice(self._count, count)
        self._limits[new] = limits[new]
        self._link_types[new] = [interface.link_type for interface in section.interfaces[new]]
        self._are_alike &= bool((self._link_types[new] == self._link_types[0]).all())
        self._count = count

    @property
    def limits(self) -> Integers:
        return self._limits[: self._count]

    def link_types_of(self, run: Run) -> Integers | int:
        return int(self._link_types[0]) if self._are_alike else self._link_types[run.which]


@slotted
class _Rows:
    """The frames of a window, as they are found.

    Attributes:
        columns: of each part that is complete its starts, captured and wire lengths, link types.
        made: how many of the frames the reader made.
    """

    columns: list[tuple[Integers, Integers, Integers, Integers | int]] = field(default_factory=list)
    parts: list[list[Frame] | Section] = field(default_factory=list)
    firsts: list[int] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    made: int = 0
    _count: int = 0
    _places: list[int] = field(default_factory=list)

    def add(self, frame: Frame, start: int) -> None:
        """A frame that the reader made."""
        assert frame.origin is not None
        if not self._places:
            self._begin([], frame.origin.section)
        elif frame.origin.section is not self.sections[-1]:
            self.sections.append(frame.origin.section)
        part = self.parts[-1]
        assert isinstance(part, list)
        part.append(frame)
        self._places.append(start)
        self._count += 1
        self.made += 1

    def extend(self, run: Run, section: Section, link_types: Integers | int) -> None:
        """A run of Enhanced Packet Blocks."""
        self._settle()
        self._begin(section, section)
        self.columns.append((run.starts, run.captured, run.wire, link_types))
        self._count += len(run)

    def _begin(self, part: list[Frame] | Section, section: Section) -> None:
        self.parts.append(part)
        self.firsts.append(self._count)
        if not self.sections or self.sections[-1] is not section:
            self.sections.append(section)

    def _settle(self) -> None:
        """The frames that were added one by one become columns."""
        if not self._places:
            return
        frames = self.parts[-1]
        assert isinstance(frames, list)
        self.columns.append((
            np.array(self._places, np.int64),
            np.array([len(frame.data) for frame in frames], np.int64),
            np.array([frame.wire_length for frame in frames], np.int64),
            np.array([frame.link_type for frame in frames], np.int64),
        ))  # fmt: skip
        self._places = []

    def taken(self, data: Data) -> Iterator[BlockWindow]:
        """All of them as a window, if there are any; there are none then."""
        self._settle()
        if not self.columns:
            return
        starts, captured, wire, link_types = zip(*self.columns, strict=True)
        window = BlockWindow(data, _joined(starts), _joined(captured), _joined(wire),
                             _joined_types(link_types, captured), self.parts, self.firsts, self.sections)  # fmt: skip
        self.columns, self.parts, self.firsts, self.sections = [], [], [], []
        self.made = self._count = 0
        yield window


def _joined(pieces: tuple[Integers, ...]) -> Integers:
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)


def _joined_types(pieces: tuple[Integers | int, ...], alike: tuple[Integers, ...]) -> Integers | int:
    first = pieces[0]
    if isinstance(first, int) and all(isinstance(piece, int) and piece == first for piece in pieces):
        return first
    return _joined(tuple(np.full(len(lengths), piece, np.int64) if isinstance(piece, int) else piece
                         for piece, lengths in zip(pieces, alike, strict=True)))  # fmt: skip
