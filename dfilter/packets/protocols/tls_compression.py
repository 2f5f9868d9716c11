"""Compressed certificates of TLS 1.3 (RFC 8879).

In: the algorithm, the compressed bytes, the length that they claim to have without compression.  Out: the body of a
certificate message.  What always holds: never more than the claimed length is made, which three bytes can say; what
does not come out at exactly that length, or needs a library that is not there, is None.
"""

from __future__ import annotations

import zlib

from dfilter.packets.region import Region

ZLIB, BROTLI, ZSTD = 1, 2, 3
HEADER = 8


def certificate_of(message: Region) -> Region | None:
    """The certificate message inside a compressed certificate (a body, without the header of the handshake)."""
    if message.length < HEADER:
        return None
    size = message.u24(2)
    compressed = message.clipped(HEADER, message.u24(5)).rest()
    plain = decompress(message.u16(0), compressed, size)
    return None if plain is None or len(plain) != size else Region(plain, 0, size)


def decompress(algorithm: int, data: bytes, size: int) -> bytes | None:
    """What the bytes are without compression, at most `size` and one more; None where that fails."""
    if algorithm == ZLIB:
        try:
            return zlib.decompressobj().decompress(data, size + 1)
        except zlib.error:
            return None
    if algorithm == BROTLI:
        return _brotli(data, size + 1)
    return _zstd(data, size + 1) if algorithm == ZSTD else None


def _brotli(data: bytes, most: int) -> bytes | None:
    try:
        import brotli  # type: ignore[import-untyped]
    except ImportError:
        return None
    try:
        return bytes(brotli.Decompressor().process(data, output_buffer_limit=most))[:most]
    except (brotli.error, TypeError):  # TypeError: a version before 1.2, which knows no limit
        return None


def _zstd(data: bytes, most: int) -> bytes | None:
    import zstandard

    try:
        reader = zstandard.ZstdDecompressor(max_window_size=1 << 24).stream_reader(data)
        return bytes(reader.read(most))
    except zstandard.ZstdError:
        return None
