"""The body of an HTTP message: how far it reaches (RFC 9112 section 6), its chunks, its decoding.

In: a parsed head and the bytes after it.  Out: `Body`.  What always holds: what is decoded is bounded, chunk lists
are walked once, and damaged encodings give what could be decoded or nothing, never an exception.
"""

from __future__ import annotations

import re
import zlib

from dfilter.slotted import field, frozen, slotted

MAX_DECODED = 16 * 1024 * 1024
"""Bytes to which a compressed body is unpacked at most: one segment can hold a thousandfold of its size."""

MAX_CHUNK = 0x7FFFFFFF
MAX_CHUNKS = 262_144
"""Chunks of one body that are listed; of those behind them only the data counts."""
MAX_TRAILER = 1 << 18
"""Bytes of trailer lines beyond which their end is not waited for any more: every new segment searches them again."""
_EMPTY_LINE = re.compile(rb"\r?\n")
_LINE_AND_EMPTY_LINE = re.compile(rb"\n\r?\n")
_HEX = re.compile(rb"[ \t]*([0-9A-Fa-f]*)")


@frozen
class Chunk:
    """One chunk: `start` of its size line, where its data lies, the size it says, its end (absolute offsets)."""

    start: int
    data: int
    size: int
    end: int


@slotted(eq=True)
class Chunks:
    """A chunked body.

    Attributes:
        chunks: with the last one, of size 0, if it is there; of more than `MAX_CHUNKS` the first.
        unlisted: the data of the others.
        trailer: (start, end) of the trailer lines, with their line ends; None where there are none.
        end: where the next message begins.
        missing: how many more bytes are needed at least; 0 if it is complete.
    """

    chunks: list[Chunk] = field(default_factory=list)
    unlisted: bytearray = field(default_factory=bytearray)
    trailer: tuple[int, int] | None = None
    end: int = 0
    missing: int = 0

    @property
    def is_last(self) -> bool:
        """Is the chunk that ends the body among them?"""
        return bool(self.chunks) and self.chunks[-1].size == 0

    def join(self, buf: bytes) -> bytes:
        listed = (buf[chunk.data : min(chunk.data + chunk.size, chunk.end)] for chunk in self.chunks)
        return b"".join(listed) + self.unlisted


def read_chunks(buf: bytes, start: int, stop: int, *, streamed: bool = False) -> Chunks:
    """The chunks in `buf[start:stop]` (RFC 9112 section 7.1); a size that is no number counts as 0. `streamed`: nothing
    is missing where one of them ends, even if it is not the last."""
    found = Chunks(end=stop)
    at = start
    while not found.missing and not (streamed and at == stop):
        line_end = buf.find(b"\n", at, stop)
        if line_end < 0:
            found.missing = 1
            break
        size = _chunk_size(buf, at, line_end)
        data = line_end + 1
        if size == 0:
            found.chunks.append(Chunk(at, data, 0, data))
            _read_trailer(found, buf, data, stop)
            break
        end = data + size + 2
        found.missing = max(end - stop, 0)
        if len(found.chunks) < MAX_CHUNKS:
            found.chunks.append(Chunk(at, data, size, min(end, stop)))
        else:
            found.unlisted += buf[data : min(data + size, stop)]
        at = end
    return found


def missing_chunks(buf: bytes, start: int, stop: int) -> tuple[int, int]:
    """How many more bytes a chunked body needs at least, 0 for none; and from where on to look again then.

    The last chunk, "0" and an empty line, is counted in, so that a body is not looked at for each of its chunks.
    """
    at = start
    while True:
        line_end = buf.find(b"\n", at, stop)
        if line_end < 0:
            return 1, at
        size = _chunk_size(buf, at, line_end)
        if size == 0:
            break
        end = line_end + 1 + size + 2
        if end > stop:
            return end + 5 - stop, at
        at = end
    last = Chunks()
    _read_trailer(last, buf, line_end + 1, stop)
    return last.missing, at


def _chunk_size(buf: bytes, at: int, line_end: int) -> int:
    matched = _HEX.match(buf, at, line_end)
    digits = matched[1] if matched else b""
    if len(digits.lstrip(b"0")) > 8:
        return MAX_CHUNK
    return min(int(digits, 16), MAX_CHUNK) if digits else 0


def _read_trailer(found: Chunks, buf: bytes, start: int, stop: int) -> None:
    """Trailer lines up to an empty one; those that go on beyond `MAX_TRAILER` end where the bytes do."""
    empty = _EMPTY_LINE.match(buf, start, stop)
    ended = empty or _LINE_AND_EMPTY_LINE.search(buf, start, stop)
    if ended is None and stop - start < MAX_TRAILER:
        found.missing = 1
        return
    if empty is None:
        found.trailer = (start, ended.start() + 1 if ended else stop)
    found.end = ended.end() if ended else stop


def may_be_chunked(transfer_encoding: bytes | None) -> bool:
    """Is the end of the message looked for as that of a chunked body?"""
    return transfer_encoding is not None and transfer_encoding[:7].lower() == b"chunked"


def is_chunked(transfer_encoding: bytes | None) -> bool:
    """Is the body taken apart as a chunked one?"""
    return transfer_encoding is not None and b"chunked" in transfer_codings(transfer_encoding)


def transfer_codings(transfer_encoding: bytes) -> list[bytes]:
    """The codings a Transfer-Encoding names, in lower case; a space after one makes it another name."""
    return [coding.lstrip(b" \t").lower() for coding in transfer_encoding.split(b",")]


def decode(data: bytes, coding: bytes) -> bytes | None:
    """`data` unpacked from a content coding (RFC 9110 section 8.4.1), at most `MAX_DECODED` bytes; None if it fails.

    As the reference build does, zlib's formats are told apart by their bytes whatever the name says, a stream that
    breaks off gives what came before, and zstd is not unpacked. Brotli needs the optional library of that name.
    """
    name = coding.strip().lower()
    if name == b"br":
        return _unbrotli(data)
    if name not in (b"gzip", b"x-gzip", b"deflate"):
        return None
    formats = (31,) if data[:2] == b"\x1f\x8b" else (15, -15)
    for window_bits in formats:
        unpacked = _inflate(data, window_bits)
        if unpacked is not None:
            return unpacked
    return None


def _inflate(data: bytes, window_bits: int) -> bytes | None:
    stream = zlib.decompressobj(window_bits)
    try:
        unpacked = stream.decompress(data, MAX_DECODED)
    except zlib.error as error:
        if window_bits == 31 and "data check" in str(error):  # whole, but its checksum is wrong
            return _inflate(data[_gzip_header_length(data) :], -15)
        return None
    return unpacked if unpacked or stream.eof else None  # nothing, packed whole, is something


def _unbrotli(data: bytes) -> bytes | None:
    """Brotli (RFC 7932); None where it breaks, or where bytes follow its end."""
    try:
        import brotli  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError:
        return None
    stream = brotli.Decompressor()
    try:
        unpacked: bytes = stream.process(data, output_buffer_limit=MAX_DECODED)
        while len(unpacked) < MAX_DECODED and not stream.can_accept_more_data():
            more = stream.process(b"", output_buffer_limit=MAX_DECODED - len(unpacked))
            if not more:
                break
            unpacked += more
    except (brotli.error, TypeError):  # an old library knows no limit
        return None
    return unpacked[:MAX_DECODED] if unpacked or stream.is_finished() else None


def _gzip_header_length(data: bytes) -> int:
    """Length of a gzip header (RFC 1952 section 2.3) that zlib has accepted."""
    flags, at = data[3], 10
    if flags & 4:
        at += 2 + int.from_bytes(data[at : at + 2], "little")
    for bit in (8, 16):
        if flags & bit:
            at = data.find(b"\0", at) + 1
    return at + 2 if flags & 2 else at
