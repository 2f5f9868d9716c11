"""`dfilter.follow_stream`: what the two ends of a stream sent, in order.

In: a capture, a kind of stream and its number, or a filter that selects its frames.  Out: `Followed`, an iterator of
pieces.  What always holds: the capture is read once, and once more before if a filter must find the number; memory
does not grow with the stream.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from os import PathLike
from typing import BinaryIO

from dfilter.captures.read import open_capture
from dfilter.errors import CaptureWarning, NotFoundError
from dfilter.filter import Filter, compile_filter
from dfilter.follow.layout import NAMES as FORMS
from dfilter.follow.layout import lines
from dfilter.follow.pieces import Node, Piece
from dfilter.follow.sources import NEEDED, SOURCES, STREAM_FIELDS, Http2Source, Source
from dfilter.packets.decode_as import chosen_protocols
from dfilter.packets.dispatch import catalogue
from dfilter.packets.session import Session, needs_of
from dfilter.packets.view import View
from dfilter.scan import DecodeAs, can_reread, read

KINDS = tuple(SOURCES)
MAX_NAMED = 8
"""Streams that an error names."""

Capture = str | PathLike[str] | BinaryIO


class Followed:
    """The pieces of one stream; to be iterated once.

    Attributes:
        kind: "tcp", "udp", "tls" or "http".
        index: the stream's number, as `tcp.stream` or `udp.stream` shows it.
        nodes: the two ends, in order of appearance; None before the first piece, and at the end if the stream has
            no packets of this kind.
    """

    def __init__(self, kind: str, capture: Capture, source: Source, decode_as: DecodeAs | None = None) -> None:
        self.kind = kind
        self.index = source.index
        self._source = source
        self._pieces = self._read(capture, decode_as)

    @property
    def nodes(self) -> tuple[Node, Node] | None:
        return self._source.ends.nodes

    @property
    def held(self) -> int:
        """Bytes behind others that the capture lacks and that nobody acknowledged; at the end they are left out."""
        return self._source.held

    @property
    def filter(self) -> str:
        """The display filter that selects the stream's frames."""
        inner = f" and http2.streamid eq {self._source.substream}" if isinstance(self._source, Http2Source) else ""
        return f"{STREAM_FIELDS[self.kind]} eq {self.index}{inner}"

    def __iter__(self) -> Iterator[Piece]:
        return self._pieces

    def lines(self, form: str = "ascii") -> Iterator[tuple[int | None, str]]:
        """The stream as `tshark -z follow` of Wireshark 4.4 prints it, in one of `FORMS`; iterates.

        Each line comes without its end, and with the node whose bytes it shows, None for what frames them. A text
        form ("ascii", "utf-8") yields the text of a piece as one, with the line ends that it has.

        Raises:
            ValueError: `form` is none of these.
        """
        if form not in FORMS:
            raise ValueError(f"no form {form!r}: {', '.join(FORMS)}")
        return lines(self, form)

    def _read(self, capture: Capture, decode_as: DecodeAs | None) -> Iterator[Piece]:
        for view in views_of(capture, self.kind, self._source, decode_as):
            yield from self._source.pieces(view)


def views_of(capture: Capture, kind: str, source: Source, decode_as: DecodeAs | None = None) -> Iterator[View]:
    """All frames of a capture, for `source` to look at; at the end `NotFoundError` if it did not meet its stream."""
    session = Session(needs_of({STREAM_FIELDS[kind], kind, *NEEDED.get(kind, ())}), decode_as=decode_as)
    opened = open_capture(capture)
    for frame in opened:
        yield session.dissect(frame)
    if opened.warning:
        warnings.warn(opened.warning, CaptureWarning, stacklevel=2)
    if not source.met:
        transport = STREAM_FIELDS[kind].partition(".")[0].upper()
        raise NotFoundError(f"there is no {transport} stream {source.index} in {_name(capture)}: {_range(source)}")


def _range(source: Source) -> str:
    if source.seen < 0:
        return "it has none"
    return f"its streams are 0 to {source.seen}" if source.seen else "its only stream is 0"


def _name(capture: Capture) -> str:
    return str(capture) if isinstance(capture, str | PathLike) else str(getattr(capture, "name", "the capture"))


def follow_stream(capture: Capture, kind: str, stream: int | str | Filter, *, substream: int | None = None,
                  decode_as: DecodeAs | None = None) -> Followed:  # fmt: skip
    """Follow a stream as `tshark -z follow` of Wireshark 4.4 does.

    Args:
        capture: a path, "-" for standard input, or a binary file object.
        kind: "tcp" and "udp": what was sent; "tls": the data of records that can be decrypted; "http": the heads
            of HTTP/1 messages and their bodies, unpacked; "http2": header fields and data of one stream inside a
            connection.
        stream: its number, or a filter; all frames that it selects, and that belong to a stream, must be of one.
        substream: of "http2", the number of the stream inside, as `http2.streamid` shows it.
        decode_as: (dispatch table, key) -> protocol, as for `dfilter.read`.

    Raises:
        NotFoundError: there is no such stream (while iterating), or the filter selects frames of none or of several.
        FilterError: the filter does not compile.
        CaptureError: the file is no capture or cannot be read.
        ValueError: `kind` is none of these, a negative number, or a substream where it does not belong.
    """
    if (substream is None) == (kind == "http2"):
        raise ValueError("a substream goes with http2, and http2 with a substream")
    index = stream_index(capture, kind, stream, decode_as)
    source = Http2Source(index, substream=substream) if substream is not None else SOURCES[kind](index)
    return Followed(kind, capture, source, decode_as)


def stream_index(capture: Capture, kind: str, stream: int | str | Filter, decode_as: DecodeAs | None = None) -> int:
    """The number of the stream that `follow_stream` would follow."""
    if kind not in SOURCES:
        raise ValueError(f"cannot follow {kind!r}: {', '.join(KINDS)}")
    index = stream if isinstance(stream, int) else _selected(capture, kind, stream, decode_as)
    if decode_as:
        chosen_protocols(decode_as, catalogue())  # an unknown table or protocol is an error at once
    if index < 0:
        raise ValueError("streams are numbered from 0")
    return index


def _selected(capture: Capture, kind: str, filter: str | Filter, decode_as: DecodeAs | None) -> int:
    """The number of the stream whose frames a filter selects."""
    if not can_reread(capture):
        raise NotFoundError("a filter finds a stream by reading the capture once more, and standard input can be read "
                            "only once: give the stream's number, or save the capture to a file first")  # fmt: skip
    compiled = compile_filter(filter) if isinstance(filter, str) else filter
    name = STREAM_FIELDS[kind]
    found: dict[int, None] = {}
    start = None if isinstance(capture, str | PathLike) else capture.tell()
    for view in read(capture, compiled, fields=[name], decode_as=decode_as):
        found |= dict.fromkeys(view.get(name))
    if start is not None:
        capture.seek(start)  # type: ignore[union-attr]
    if len(found) == 1:
        return next(iter(found))
    if not found:
        transport = name.partition(".")[0].upper()
        raise NotFoundError(f"the filter selects no frame of a {transport} stream: {compiled.text}")
    named = ", ".join(map(str, list(found)[:MAX_NAMED])) + (", …" if len(found) > MAX_NAMED else "")
    raise NotFoundError(f"the filter selects frames of {len(found)} streams ({named}): narrow it, "
                        f"or give one of the numbers ({name})")  # fmt: skip
