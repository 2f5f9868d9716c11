"""Capture files from frames: pcap in either byte order and resolution, pcapng, and gzip around either.

In: frames with times in microseconds since the epoch.  Out: the file's bytes.  Always holds: link type
Ethernet, no frame truncated.
"""

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

LINKTYPE_ETHERNET = 1
SNAPLEN = 262144
MAGIC_MICROSECONDS, MAGIC_NANOSECONDS = 0xA1B2C3D4, 0xA1B23C4D


@dataclass(frozen=True, slots=True)
class Frame:
    """One captured frame; time in microseconds since 1970."""

    time: int
    data: bytes


def pcap(frames: Iterable[Frame], *, byte_order: str = "<", nanoseconds: bool = False) -> bytes:
    """A classic pcap file; byte_order is the struct module's "<" or ">"."""
    magic = MAGIC_NANOSECONDS if nanoseconds else MAGIC_MICROSECONDS
    out = [struct.pack(byte_order + "IHHiIII", magic, 2, 4, 0, 0, SNAPLEN, LINKTYPE_ETHERNET)]
    for frame in frames:
        seconds, fraction = divmod(frame.time, 1_000_000)
        fraction *= 1000 if nanoseconds else 1
        out.append(struct.pack(byte_order + "IIII", seconds, fraction, len(frame.data), len(frame.data)))
        out.append(frame.data)
    return b"".join(out)


def pcapng(frames: Iterable[Frame], *, application: str) -> bytes:
    """A pcapng file of one section and one interface with microsecond times."""
    section = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + _option(4, application.encode()) + _option(0, b"")
    interface = struct.pack("<HHI", LINKTYPE_ETHERNET, 0, SNAPLEN)
    interface += _option(2, b"eth0") + _option(9, b"\x06") + _option(0, b"")
    blocks = [_block(0x0A0D0D0A, section), _block(1, interface)]
    for frame in frames:
        size = len(frame.data)
        head = struct.pack("<IIIII", 0, frame.time >> 32, frame.time & 0xFFFFFFFF, size, size)
        blocks.append(_block(6, head + _padded(frame.data)))
    return b"".join(blocks)


def gzipped(data: bytes) -> bytes:
    """One gzip member (RFC 1952) with no time and no name in its header.

    The header is written here because the gzip module's differs between Python versions; the deflated body
    still depends on the zlib at hand, so compare what it unpacks to.
    """
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = deflate.compress(data) + deflate.flush()
    header = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
    return header + body + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + _padded(value)


def _block(kind: int, body: bytes) -> bytes:
    size = 12 + len(body)
    return struct.pack("<II", kind, size) + body + struct.pack("<I", size)
