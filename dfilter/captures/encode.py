"""Frames as bytes of a file: pcapng (draft-ietf-opsawg-pcapng) and pcap (draft-ietf-opsawg-pcap).

In: `Frame`s.  Out: the bytes to append for each, headers included.
Always: what `dfilter.captures.read` makes of the bytes is the frame again; a frame for which that cannot be
is refused with `CaptureError` and leaves no trace, except that pcap drops comments and other options and says
so in `lost`.
"""

from __future__ import annotations

import struct
from typing import Final

from dfilter.captures.blocks import Block
from dfilter.captures.frame import CUSTOM_BLOCK, JOURNAL_ENTRY, Frame, Interface, Options, Section
from dfilter.captures.limits import MAX_WIRE_LENGTH, max_packet
from dfilter.errors import CaptureError

_NANOSECONDS: Final = 1_000_000_000
_BYTE_ORDER_MAGIC: Final = 0x1A2B3C4D
_RESOLUTION, _FCS_LENGTH = 9, 13


class PcapngEncoder:
    """Sections and interfaces of a pcapng source are kept; all other sources share one section."""

    lost: str | None = None

    def __init__(self) -> None:
        self._section: Section | None = None
        self._described = 0
        self._shared = Section()
        self._stand_ins: dict[Interface | int, Interface] = {}

    def empty(self) -> bytes:
        """The file for no frames: one section."""
        return self._begin(self._shared)

    def encode(self, frame: Frame) -> bytes:
        """The blocks for `frame`: its own, after those of its section and interfaces where they are new."""
        _check_lengths(frame)
        if frame.link_type < 0:
            return self._not_a_packet(frame)
        origin = self._origin(frame)
        body = _simple(frame, origin) if frame.time is None else _enhanced(frame, frame.time, origin)
        return self._begin(origin.section) + self._describe(origin.section, origin.id + 1) + body

    def _origin(self, frame: Frame) -> Interface:
        """Where the frame came from if that is pcapng, else a stand-in in the section of all others."""
        origin = frame.origin
        if origin is not None and origin.link_type == frame.link_type and origin.id >= 0:
            return origin
        known = origin is not None and origin.link_type == frame.link_type
        key = origin if origin is not None and known else frame.link_type
        if key not in self._stand_ins:
            stand_in = _stand_in(self._shared, frame.link_type, origin if known else None)
            self._shared.interfaces.append(stand_in)
            self._stand_ins[key] = stand_in
        return self._stand_ins[key]

    def _begin(self, section: Section) -> bytes:
        if section is self._section:
            return b""
        self._section, self._described = section, 0
        order = section.byte_order
        head = struct.pack(order + "IHHq", _BYTE_ORDER_MAGIC, 1, 0, -1)
        return _block(order, Block.SECTION, head + _options(order, section.options))

    def _describe(self, section: Section, count: int) -> bytes:
        """The interfaces not written yet, in order, so that they keep their ids."""
        if count <= self._described:
            return b""
        new = section.interfaces[self._described :]
        self._described = len(section.interfaces)
        return b"".join(_description(section.byte_order, interface) for interface in new)

    def _not_a_packet(self, frame: Frame) -> bytes:
        section = frame.origin.section if frame.origin else self._shared
        order = section.byte_order
        if frame.link_type == JOURNAL_ENTRY:
            return self._begin(section) + _block(order, Block.JOURNAL, _padded(frame.data))
        if frame.link_type != CUSTOM_BLOCK or len(frame.options) != 1 or len(frame.options[0][1]) != 4:
            raise CaptureError(f"cannot be written: {frame.link_type} is no link type")
        kind, enterprise = frame.options[0]
        return self._begin(section) + _block(order, kind, enterprise + frame.data)


class PcapEncoder:
    """One link type and one time resolution for all, fixed by the first frame."""

    def __init__(self) -> None:
        self._link_type: int | None = None
        self._divisor = 0
        self._lost_options = self._lost_times = 0

    @property
    def lost(self) -> str | None:
        """What pcap could not hold."""
        parts = []
        if self._lost_options:
            parts.append(f"the comments or other options of {self._lost_options} frames")
        if self._lost_times:
            parts.append(f"that {self._lost_times} frames have no time (1970-01-01 was written)")
        return f"pcap cannot hold {' and '.join(parts)}; pcapng can" if parts else None

    def empty(self) -> bytes:
        """The file for no frames: a header that says Ethernet."""
        return _file_header(1, None, 1000)

    def encode(self, frame: Frame) -> bytes:
        """The record for `frame`, after the file header if it is the first."""
        _check_lengths(frame)
        if frame.link_type < 0:
            raise CaptureError("it is no packet, and pcap holds packets only; write pcapng")
        if self._link_type is not None and frame.link_type != self._link_type:
            raise CaptureError(
                f"its link type is {frame.link_type}, that of the frames before is {self._link_type}, "
                "and a pcap file has one only; write pcapng"
            )
        seconds, fraction = divmod(frame.time or 0, _NANOSECONDS)
        if not 0 <= seconds <= 0xFFFFFFFF:
            raise CaptureError("its time is before 1970 or after 2106, which pcap cannot hold; write pcapng")
        divisor = self._divisor or _divisor(frame)
        fraction, rest = divmod(fraction, divisor)
        if rest:
            raise CaptureError("its time has nanoseconds, the frames before have microseconds; write pcapng")
        start = b"" if self._divisor else _file_header(frame.link_type, frame.origin, divisor)
        self._link_type, self._divisor = frame.link_type, divisor
        self._lost_times += frame.time is None
        self._lost_options += bool(frame.options)
        return start + struct.pack("<4I", seconds, fraction, len(frame.data), frame.wire_length) + frame.data


def _divisor(first: Frame) -> int:
    """Nanoseconds per tick: microseconds if the source has no finer ones, since every tool reads those."""
    coarse = first.origin is not None and first.origin.units <= 1_000_000 and (first.time or 0) % 1000 == 0
    return 1000 if coarse else 1


def _file_header(link_type: int, origin: Interface | None, divisor: int) -> bytes:
    magic = 0xA1B2C3D4 if divisor == 1000 else 0xA1B23C4D
    snaplen = (origin.snaplen if origin else 0) or max_packet(link_type)
    network = link_type
    if origin is not None and origin.fcs_length is not None and origin.fcs_length in range(0, 31, 2):
        network |= 0x0400_0000 | origin.fcs_length // 2 << 28
    return struct.pack("<IHHiIII", magic, 2, 4, 0, 0, snaplen, network)


def _check_lengths(frame: Frame) -> None:
    limit = max_packet(frame.link_type)
    if len(frame.data) > limit:
        raise CaptureError(f"it has {len(frame.data)} bytes, {limit} are the most for its link type")
    if not 0 <= frame.wire_length <= MAX_WIRE_LENGTH:
        raise CaptureError(f"its length on the wire is {frame.wire_length}; 0 to {MAX_WIRE_LENGTH} are possible")


def _stand_in(section: Section, link_type: int, origin: Interface | None) -> Interface:
    units = origin.units if origin else _NANOSECONDS
    options: list[tuple[int, bytes]] = []
    if units != 1_000_000:
        options.append((_RESOLUTION, b"\x09"))
    if origin is not None and origin.fcs_length is not None:
        options.append((_FCS_LENGTH, bytes([origin.fcs_length])))
    snaplen = origin.snaplen if origin else 0
    return Interface(len(section.interfaces), link_type, section, snaplen, units, options=tuple(options))


def _description(order: str, interface: Interface) -> bytes:
    """An Interface Description Block; resolutions finer than a nanosecond become nanoseconds."""
    options = interface.options
    if interface.units > _NANOSECONDS:
        options = (*(option for option in options if option[0] != _RESOLUTION), (_RESOLUTION, b"\x09"))
    head = struct.pack(order + "HHI", interface.link_type, 0, interface.snaplen)
    return _block(order, Block.INTERFACE, head + _options(order, options))


def _ticks(time: int, interface: Interface) -> int:
    """The inverse of what the reader does: whole seconds wrap at 64 bits, fractions are rounded up."""
    units = min(interface.units, _NANOSECONDS)
    seconds, fraction = divmod(time, _NANOSECONDS)
    seconds = (seconds - interface.offset) % (1 << 64)
    ticks = seconds * units - -fraction * units // _NANOSECONDS
    if ticks >= 1 << 64 or time % _NANOSECONDS != (ticks % units) * _NANOSECONDS // units:
        raise CaptureError(f"its time, {time} ns, does not fit the resolution or range of its interface")
    return ticks


def _enhanced(frame: Frame, time: int, origin: Interface) -> bytes:
    order = origin.section.byte_order
    ticks = _ticks(time, origin)
    lengths = (len(frame.data), frame.wire_length)
    head = struct.pack(order + "5I", origin.id, ticks >> 32, ticks & 0xFFFFFFFF, *lengths)
    return _block(order, Block.ENHANCED, head + _padded(frame.data) + _options(order, frame.options))


def _simple(frame: Frame, origin: Interface) -> bytes:
    order = origin.section.byte_order
    stored = min(frame.wire_length, origin.snaplen or frame.wire_length)
    if origin.id != 0 or frame.options or len(frame.data) != stored:
        raise CaptureError("it has no time, which pcapng can store only for whole frames of the first interface")
    return _block(order, Block.SIMPLE, struct.pack(order + "I", frame.wire_length) + _padded(frame.data))


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _options(order: str, options: Options) -> bytes:
    if not options:
        return b""
    parts = [struct.pack(order + "HH", code, len(value)) + _padded(value) for code, value in options]
    return b"".join(parts) + b"\0\0\0\0"


def _block(order: str, kind: int, body: bytes) -> bytes:
    length = len(body) + 12
    return struct.pack(order + "II", kind, length) + body + struct.pack(order + "I", length)
