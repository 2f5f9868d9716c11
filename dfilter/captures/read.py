"""Opening a capture, whatever its format and wherever it is.

In: a path, ``"-"`` or a binary file object.  Out: `Capture`, to be iterated once.
Always: one pass, in file order, in bounded memory; a file that is damaged or cut short gives all whole frames
before the damage and then sets `Capture.warning`; what is no capture at all raises `CaptureError`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Final, Self, TypeVar

from dfilter.captures import pcap
from dfilter.captures.feed import Feed
from dfilter.captures.frame import Frame, Interface
from dfilter.captures.pcapng import PcapngReader
from dfilter.captures.progress import counted
from dfilter.errors import CaptureError

if TYPE_CHECKING:
    from dfilter.captures.pcapng_windows import BlockWindow

Item = TypeVar("Item")

_PCAPNG: Final = b"\x0a\x0d\x0d\x0a"


class Capture:
    """The frames of a capture file; iterate it once.

    Attributes:
        name: the file's name, for messages.
        format: ``"pcap"`` or ``"pcapng"``; ``"empty"`` for a file of no bytes, which Wireshark 4.4 opens too.
        interfaces: those met so far, across all sections.
        warning: None, or one line that says why reading stopped before the end of the file.
    """

    __slots__ = ("_blocks", "_feed", "_frames", "_layout", "format", "interfaces", "name", "warning")

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self.name = feed.name
        self.warning: str | None = None
        self.interfaces: list[Interface] = []
        self._layout: pcap.Layout | None = None
        self._blocks: PcapngReader | None = None
        self.format, frames = self._detect()
        self._frames = self._watched(counted(frames))

    def _detect(self) -> tuple[str, Iterator[Frame]]:
        feed = self._feed
        feed.need(0, 4)
        start = feed.buffer[:4]
        if not start:
            if feed.damage:
                raise CaptureError(f"{feed.name}: {feed.damage}; nothing could be read")
            self._warn(f"{feed.name}: is empty")
            return "empty", iter(())
        if start == _PCAPNG:
            reader = self._blocks = PcapngReader(feed, self._warn)
            self.interfaces = reader.interfaces
            reader.open()  # damage before the first frame is an error at opening
            return "pcapng", reader.frames()
        if len(start) == 4 and pcap.byte_order(start):
            self._layout, frames = pcap.open_pcap(feed, self._warn)
            self.interfaces = [self._layout.interface]
            return "pcap", frames
        inside = "what is compressed in it " if feed.compressed else ""
        raise CaptureError(
            f"{feed.name}: not a capture: {inside}begins with the bytes {start.hex(' ')}; "
            "pcap and pcapng can be read, plain or compressed with gzip or zstd"
        )

    def _warn(self, text: str) -> None:
        self.warning = text

    @property
    def plain_layout(self) -> pcap.Layout | None:
        """The layout of a plain pcap file, compressed or not; else None."""
        return self._layout if self._layout is not None and self._layout.plain else None

    @property
    def file_bytes(self) -> int:
        """The size of a file that lies there as it is; 0 for any other source."""
        file = self._feed.plain_file
        return 0 if file is None else os.fstat(file.fileno()).st_size

    @property
    def plain_bytes(self) -> int:
        """The same of a plain pcap file; 0 for any other source."""
        return 0 if self.plain_layout is None else self.file_bytes

    def plain_windows(self, size: int, spaces: Iterator[pcap.Space] | None = None,
                      ) -> tuple[pcap.Layout, Iterator[pcap.Window]] | None:  # fmt: skip
        """The records of a plain pcap file by place (see `pcap.windows`), in place of iterating; else None."""
        layout = self.plain_layout
        if layout is None:
            return None
        return layout, self._watched(pcap.windows(self._feed, layout, self._warn, size, spaces=spaces))

    def block_windows(self, size: int) -> Iterator[BlockWindow] | None:
        """The blocks of a pcapng file by place (see `pcapng_windows.windows`), in place of iterating; else None."""
        if self._blocks is None:
            return None
        from dfilter.captures.pcapng_windows import windows  # numpy, for those who scan only

        return self._watched(windows(self._feed, self._blocks, size))

    def part_starts(self, count: int) -> list[int]:
        """Bytes at which `count` parts of a plain pcap file could begin (`pcap.part_starts`); else empty."""
        layout = self.plain_layout
        if layout is None or self._feed.plain_file is None:
            return []
        return pcap.part_starts(self._feed, layout, count)

    def part_windows(self, size: int, begin: int, end: int) -> tuple[pcap.Layout, Iterator[pcap.Window]]:
        """The records of one part of a plain pcap file."""
        assert self._layout is not None
        return self._layout, pcap.part_windows(self._feed, self._layout, size, begin, end)

    def rest_windows(self, size: int, begin: int, number: int) -> tuple[pcap.Layout, Iterator[pcap.Window]]:
        """The records of a plain pcap file from byte `begin` on, before which lie `number` frames."""
        assert self._layout is not None
        self._feed.jump(begin)
        return self._layout, self._watched(pcap.windows(self._feed, self._layout, self._warn, size, number))

    def plain_frame(self, offset: int, captured: int, number: int) -> Frame:
        """A frame of a plain pcap file with a name, whose record begins at byte `offset`, as it was before.

        Raises:
            CaptureError: no record of so many captured bytes is there any more.
        """
        file, layout = self._feed.plain_file, self.plain_layout
        assert file is not None
        assert layout is not None
        frame = pcap.record_at(file, layout, offset, captured, number)
        if frame is None:
            raise CaptureError(f"{self.name}: changed while it was read: frame {number}, at byte {offset}, is another")
        return frame

    def _watched(self, frames: Iterator[Item]) -> Iterator[Item]:
        yield from frames
        if self._feed.damage and self.warning is None:
            self.warning = f"{self.name}: {self._feed.damage}; the frames before it were read"
        self._feed.close()

    def __iter__(self) -> Iterator[Frame]:
        return self._frames

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, if it was opened here; iterating ends."""
        self._frames = iter(())
        self._feed.close()


def open_capture(source: str | os.PathLike[str] | BinaryIO) -> Capture:
    """Open a capture and read its header.

    Args:
        source: a path, ``"-"`` for standard input, or a binary file object, which need not be seekable and
            stays open.

    Raises:
        CaptureError: it cannot be read, is no capture, or is damaged before its first frame. Messages name
            the file and the byte.
    """
    feed = Feed(source)
    try:
        return Capture(feed)
    except CaptureError:
        feed.close()
        raise
