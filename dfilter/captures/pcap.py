"""The pcap format (draft-ietf-opsawg-pcap) and its old and modified kin.

In: a `Feed` at the file header.  Out: `Frame`s.
Always: a damaged or cut-off file gives the whole frames before the damage, then a warning.

The kin, told apart as Wireshark 4.4 does (observed): versions 2.0 to 2.2 and 543 store the two lengths in the
other order, 2.3 in either; the modified format of the 1990s has record headers of 24 or 28 bytes and its own
magic number, yet some of its writers used the standard one, with 24 or 20 bytes: only the records show it.
"""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Callable, Iterator
from itertools import repeat
from mmap import mmap
from typing import TYPE_CHECKING, Any, Final, Protocol

from dfilter.captures.feed import CHUNK, Feed
from dfilter.captures.frame import Frame, Interface, Section
from dfilter.captures.limits import LINK_TYPES_END, MAX_WIRE_LENGTH, max_packet
from dfilter.captures.progress import read_bytes, read_frames
from dfilter.errors import CaptureError
from dfilter.native import pays
from dfilter.slotted import slotted

FILE_HEADER: Final = 24

if TYPE_CHECKING:
    from dfilter.captures.records import Records

_MICROSECONDS: Final = 0xA1B2C3D4
_NANOSECONDS: Final = 0xA1B23C4D
_MODIFIED: Final = 0xA1B2CD34
_HEADER_SIZES: Final = {_MICROSECONDS: (16, 24, 20), _NANOSECONDS: (16,), _MODIFIED: (24, 28)}
_PROBED: Final = 3
"""Records that must look right before a layout is believed."""

_LARGE_WINDOW: Final = 1 << 22
_PIECE: Final = 1 << 19
"""Bytes of a window beyond which it is read in pieces of so many bytes, in each of which records are found while it is
still in the processor's cache; for smaller ones that takes more time than it saves."""

_FCS_KNOWN: Final = 0x0400_0000
_RESERVED: Final = 0x03FF_0000


Space = bytearray | mmap
"""Memory to read into."""
Data = bytes | Space


class Lengths:
    """Where the two lengths of a record stand."""

    STANDARD: Final = 0
    SWAPPED: Final = 1
    EITHER: Final = 2


@slotted(eq=True)
class Layout:
    """What the file header says."""

    byte_order: str
    interface: Interface
    nanoseconds: bool
    lengths: int
    header_size: int = 16

    @property
    def plain(self) -> bool:
        """Every record header is 16 bytes: seconds, fraction, captured length, length on the wire."""
        return self.header_size == 16 and self.lengths == Lengths.STANDARD

    @property
    def scale(self) -> int:
        """Nanoseconds in the unit of a record's fraction."""
        return 1 if self.nanoseconds else 1000


@slotted(eq=True)
class Window:
    """A stretch of a file of plain layout.

    Attributes:
        data: its bytes; the next window may be put in the same place.
        records: its whole records.
        offset: of `data` in the (decompressed) file.
    """

    data: Data
    records: Records
    offset: int


class Finder(Protocol):
    """Finds the records in stretches of a file: `lanes.Lanes`, `hops.Hops`.

    `records` does it at once; `start`, `walk` after each piece of the data and `found` as the data comes.
    """

    def records(self, data: Any, begin: int) -> Records: ...
    def start(self, size: int) -> None: ...
    def walk(self, data: Any, end: int) -> None: ...
    def found(self, data: Any) -> Records: ...


def byte_order(start: bytes) -> str | None:
    """``"<"`` or ``">"`` if a pcap file begins with these four bytes, else None."""
    for order in "<>":
        if struct.unpack(order + "I", start)[0] in _HEADER_SIZES:
            return order
    return None


def open_pcap(feed: Feed, warn: Callable[[str], None]) -> tuple[Layout, Iterator[Frame]]:
    """Read the file header: what it says, and the frames behind it.

    Raises:
        CaptureError: the header is cut short or of an unknown version.
    """
    if not feed.need(0, FILE_HEADER):
        raise CaptureError(
            f"{feed.name}: the pcap file header is cut short: it needs {FILE_HEADER} bytes, "
            f"the file ends at byte {len(feed.buffer)}"
        )
    order = byte_order(feed.buffer[:4]) or "<"
    magic, major, minor, _, _, snaplen, network = struct.unpack_from(order + "IHHIIII", feed.buffer)
    if major < 2:
        raise CaptureError(f"{feed.name}: pcap version {major}.{minor} (byte 4) is not known, 2.0 and later are")
    if network & _RESERVED:
        raise CaptureError(
            f"{feed.name}: damaged file header: the link type 0x{network:08x} at byte 20 sets reserved bits"
        )
    if network & 0xFFFF >= LINK_TYPES_END:
        number = network & 0xFFFF
        raise CaptureError(f"{feed.name}: the link type {number} (byte 20) is not known, so nothing can be read")
    interface = Interface(
        id=-1,
        link_type=network & 0xFFFF,
        section=Section(1, order),
        snaplen=snaplen,
        units=1_000_000_000 if magic == _NANOSECONDS else 1_000_000,
        fcs_length=(network >> 28) * 2 if network & _FCS_KNOWN else None,
    )
    interface.section.interfaces.append(interface)
    layout = Layout(order, interface, magic == _NANOSECONDS, _length_order(major, minor))
    feed.need(FILE_HEADER, 0)
    layout.header_size = _probe(feed, layout, _HEADER_SIZES[magic])
    return layout, (_records if layout.plain else _odd_records)(feed, layout, warn)


def _length_order(major: int, minor: int) -> int:
    if major == 543 or (major == 2 and minor < 3):
        return Lengths.SWAPPED
    return Lengths.EITHER if (major, minor) == (2, 3) else Lengths.STANDARD


def _probe(feed: Feed, layout: Layout, sizes: tuple[int, ...]) -> int:
    """The first header size with which the first records make sense; the usual one if none does.

    It reads on only while what is there decides nothing (bytes that end with a record do), so that a live
    pipe is not held up.
    """
    if len(sizes) == 1:
        return sizes[0]
    more = True
    for size in sizes:
        strict = size != sizes[0]
        verdict = _makes_sense(feed.buffer, layout, size, strict)
        while verdict is None and more and len(feed.buffer) < CHUNK:
            more = feed.need(0, len(feed.buffer) + 1)
            verdict = _makes_sense(feed.buffer, layout, size, strict)
        if verdict or (verdict is None and more):
            return size
    return sizes[0]


def _makes_sense(buffer: bytes, layout: Layout, size: int, strict: bool) -> bool | None:
    """None where a record runs past the bytes there; `strict` minds more captured than was sent."""
    limit = max_packet(layout.interface.link_type)
    position = 0
    for _ in range(_PROBED):
        if position == len(buffer):
            break
        if position + size > len(buffer):
            return None
        first, second = struct.unpack_from(layout.byte_order + "II", buffer, position + 8)
        captured, wire = _lengths(first, second, layout.lengths)
        if captured > limit or (strict and captured > wire):
            return False
        position += size + captured
    return True if position <= len(buffer) else None


def _lengths(first: int, second: int, order: int) -> tuple[int, int]:
    """(captured, on the wire)."""
    if order == Lengths.SWAPPED or (order == Lengths.EITHER and first > second):
        return second, first
    return first, second


def _records(feed: Feed, layout: Layout, warn: Callable[[str], None]) -> Iterator[Frame]:
    unpack = struct.Struct(layout.byte_order + "IIII").unpack_from
    interface = layout.interface
    link_type = interface.link_type
    limit = max_packet(link_type)
    scale = layout.scale
    buffer = feed.buffer
    position = number = 0
    while True:
        end = len(buffer)
        while position + 16 <= end:
            seconds, fraction, captured, wire = unpack(buffer, position)
            if captured > limit:
                warn(_too_long(feed, position, captured, limit, number))
                return
            start = position + 16
            stop = start + captured
            if stop > end:
                break
            if wire > MAX_WIRE_LENGTH:
                wire = MAX_WIRE_LENGTH
            number += 1
            time = seconds * 1_000_000_000 + fraction * scale
            yield Frame(number, time, buffer[start:stop], wire, link_type, -1, interface)
            position = stop
        if not _more(feed, position, 16, number, warn):
            return
        buffer = feed.buffer
        position = 0
        captured = unpack(buffer, 0)[2]
        if captured > limit:
            continue  # the loop above says so
        if not _more(feed, 0, 16 + captured, number, warn):
            return
        buffer = feed.buffer


def windows(feed: Feed, layout: Layout, warn: Callable[[str], None], size: int, number: int = 0,
            spaces: Iterator[Space] | None = None) -> Iterator[Window]:  # fmt: skip
    """The records of a plain layout, by place: `size` bytes at a time, where the source gives them.

    The same records as `_records`, the same warnings; `number` frames came before.  A plain file is read without
    copies, into one after the other of `spaces`, which are of that size.
    """
    limit = max_packet(layout.interface.link_type)
    finder = _finder(feed, layout)
    file = feed.plain_file
    if file is not None:
        for window in _refilled(file, feed.offset, size, finder, spaces=spaces):
            number += len(window.records)
            feed.jump(window.offset + window.records.stop)
            yield window
        feed.jump(feed.offset)
    position = 0
    while _more(feed, position, 16, number, warn):
        feed.need(0, size)
        buffer = feed.buffer
        records = finder.records(buffer, 0)
        position = records.stop
        if len(records):
            number += len(records)
            read_frames(len(records))
            yield Window(buffer, records, feed.offset)
        if records.claimed > limit:
            warn(_too_long(feed, position, records.claimed, limit, number))
            return
        if not len(records) and not _more(feed, position, 16 + records.claimed, number, warn):
            return


def record_at(file: io.FileIO, layout: Layout, offset: int, captured: int, number: int) -> Frame | None:
    """The frame of the record at byte `offset` of a plain layout; None if it does not hold so many captured bytes."""
    file.seek(offset)
    record = file.read(16 + captured)
    if record is None or len(record) < 16 + captured:
        return None
    size, wire = struct.unpack_from(layout.byte_order + "II", record, 8)
    return frame_in(record, 16, size, min(wire, MAX_WIRE_LENGTH), layout, number) if size == captured else None


def frame_in(data: Data, start: int, captured: int, wire: int, layout: Layout, number: int) -> Frame:
    """The frame whose bytes begin at `start`, behind its record header, in data of a plain layout."""
    seconds, fraction = struct.unpack_from(layout.byte_order + "II", data, start - 16)
    time, interface = seconds * 1_000_000_000 + fraction * layout.scale, layout.interface
    return Frame(number, time, bytes(data[start : start + captured]), wire, interface.link_type, -1, interface)


def part_windows(feed: Feed, layout: Layout, size: int, begin: int, end: int) -> Iterator[Window]:
    """The sound, whole records of a plain file from byte `begin`, where one begins, to byte `end`."""
    file = feed.plain_file
    if file is not None:
        yield from _refilled(file, begin, size, _finder(feed, layout), end)


def _finder(feed: Feed, layout: Layout) -> Finder:
    """What finds the records of a plain layout: machine code where the capture is worth it."""
    from dfilter.captures.hops import Hops  # numpy, for those who scan only
    from dfilter.captures.lanes import Lanes

    limit = max_packet(layout.interface.link_type)
    file = feed.plain_file
    hops = None
    if file is not None and pays(os.fstat(file.fileno()).st_size):
        hops = Hops.create(layout.byte_order, limit)
    return hops or Lanes(layout.byte_order, limit)


def part_starts(feed: Feed, layout: Layout, count: int) -> list[int]:
    """Where each of `count` parts of a plain file could begin: the first at the first record, the others guessed."""
    from dfilter.captures.lanes import LANE, Lanes

    file = feed.plain_file
    starts = [feed.offset]
    if file is None:
        return starts
    lanes = Lanes(layout.byte_order, max_packet(layout.interface.link_type))
    share = (os.fstat(file.fileno()).st_size - feed.offset) // count
    for part in range(1, count):
        place = feed.offset + part * share
        file.seek(place)
        guess = lanes.guess(file.read(8 * LANE))
        if guess is not None:
            starts.append(place + guess)
    feed.jump(feed.offset)
    return starts


def _refilled(file: io.FileIO, begin: int, size: int, finder: Finder, end: int | None = None,
              spaces: Iterator[Space] | None = None) -> Iterator[Window]:  # fmt: skip
    """The windows of a plain file from byte `begin` on, as far as their records are sound.

    To byte `end`, or else as far as windows are full.  Without `spaces` one piece of memory serves all of them, small
    enough to stay in the processor's cache.
    """
    piece = _PIECE if size > _LARGE_WINDOW else size
    spaces = spaces or repeat(bytearray(size))
    buffer = next(spaces)
    space = memoryview(buffer)
    file.seek(begin)
    kept = 0
    while True:
        room = size if end is None else min(size, end - begin)
        finder.start(room)
        while kept < room and (count := file.readinto(space[kept : min(kept + piece, room)])):
            kept += count
            read_bytes(count)
            if kept < room:
                finder.walk(buffer, kept)
        if not kept or (kept < size and end is None):
            return
        data = buffer if kept == size else bytes(space[:kept])
        records = finder.found(data)
        stop = records.stop
        if not len(records):
            return
        read_frames(len(records))
        yield Window(data, records, begin)
        begin += stop
        kept -= stop
        file.seek(begin + kept)
        buffer = next(spaces)
        before, space = space, memoryview(buffer)
        space[:kept] = before[stop : stop + kept]


def _odd_records(feed: Feed, layout: Layout, warn: Callable[[str], None]) -> Iterator[Frame]:
    """The same for the modified and the old formats: any header size, any order of the lengths."""
    unpack = struct.Struct(layout.byte_order + "IIII").unpack_from
    interface, size = layout.interface, layout.header_size
    limit = max_packet(interface.link_type)
    scale = layout.scale
    position = number = 0
    while len(feed.buffer) - position >= size or _more(feed, position, size, number, warn):
        position = 0 if len(feed.buffer) - position < size else position
        seconds, fraction, first, second = unpack(feed.buffer, position)
        captured, wire = _lengths(first, second, layout.lengths)
        if captured > limit:
            warn(_too_long(feed, position, captured, limit, number))
            return
        if len(feed.buffer) - position < size + captured:
            if not _more(feed, position, size + captured, number, warn):
                return
            position = 0
        start = position + size
        position = start + captured
        number += 1
        time = seconds * 1_000_000_000 + fraction * scale
        data = feed.buffer[start:position]
        yield Frame(number, time, data, min(wire, MAX_WIRE_LENGTH), interface.link_type, -1, interface)


def _more(feed: Feed, position: int, size: int, frames: int, warn: Callable[[str], None]) -> bool:
    """Slide the window to `position` and have `size` bytes there; warn where the file ends in a packet."""
    if feed.need(position, size):
        return True
    if feed.damage:
        return False
    left = len(feed.buffer)
    if left:
        warn(
            f"{feed.name}: cut short: packet {frames + 1} starts at byte {feed.offset} and needs {size} "
            f"bytes, but the file ends at byte {feed.offset + left}; the {frames} packets before it were read"
        )
    return False


def _too_long(feed: Feed, position: int, captured: int, limit: int, frames: int) -> str:
    return (
        f"{feed.name}: damaged: packet {frames + 1}, at byte {feed.offset + position}, claims {captured} "
        f"bytes, more than the {limit} possible; the {frames} packets before it were read"
    )
