"""The pcapng format (draft-ietf-opsawg-pcapng): sections, interfaces, packets.

In: a `Feed` at the first Section Header Block.  Out: `Frame`s.
Always: blocks of unknown type are skipped; a damaged block ends the file, as in Wireshark 4.4: an error if
no packet block came before it, else a warning.  Blocks that carry no packet are checked, since damage in them
ends the file there too.  Custom and journal blocks are frames, because Wireshark numbers them so.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Final, Protocol

from dfilter.captures import blocks
from dfilter.captures.blocks import Block, DamageError
from dfilter.captures.frame import CUSTOM_BLOCK, JOURNAL_ENTRY, Frame, Interface, Options, Section
from dfilter.captures.limits import MAX_BLOCK, MAX_SECRETS, MAX_WIRE_LENGTH, max_packet
from dfilter.captures.pcap import Data
from dfilter.errors import CaptureError

_BYTE_ORDER: Final = 0x1A2B3C4D
_HEADER: Final = {order: struct.Struct(order + "II") for order in "<>"}
_WORD: Final = {order: struct.Struct(order + "I") for order in "<>"}
_ENHANCED: Final = {order: struct.Struct(order + "7I") for order in "<>"}
_SMALLEST: Final = {
    Block.SECTION: 28,
    Block.INTERFACE: 20,
    Block.ENHANCED: 32,
    Block.PACKET: 32,
    Block.SIMPLE: 16,
    Block.NAMES: 16,
    Block.STATISTICS: 24,
    Block.SECRETS: 20,
    Block.CUSTOM: 16,
    Block.CUSTOM_NO_COPY: 16,
    Block.JOURNAL: 35,
}
_FRAMES: Final = frozenset(
    (Block.ENHANCED, Block.PACKET, Block.SIMPLE, Block.CUSTOM, Block.CUSTOM_NO_COPY, Block.JOURNAL)
)
_SKIPPED_WHOLE: Final = 1 << 20
"""A block of unknown type longer than this is skipped without holding it in memory."""
_REMEMBERED: Final = 256
"""Options repeat from packet to packet: so many, of so many bytes, are parsed once."""


class CutError(DamageError):
    """The bytes end inside a block; if they are compressed, the feed may know why."""


class Source(Protocol):
    """What a reader goes over, as far as it looks at it: a `Feed`, or a `Stretch` of one."""

    buffer: bytes

    @property
    def name(self) -> str: ...
    @property
    def offset(self) -> int: ...
    @property
    def damage(self) -> str | None: ...
    def need(self, position: int, size: int) -> bool: ...
    def skip(self, position: int, size: int) -> bool: ...


class PcapngReader:
    """Reads one file.

    Attributes:
        feed: where its bytes come from.
        position: of the next block in the feed's buffer.
        number: of the last frame.
        place: of its bytes in the feed's buffer.
        order: of bytes in the section.
        section: the one that the next block belongs to.
        interfaces: all those of all sections met so far.
        limits: for each interface of the section, the most bytes that a packet can have.
        is_through: there is no frame at all.
    """

    def __init__(self, feed: Source, warn: Callable[[str], None]) -> None:
        self.feed = feed
        self._warn = warn
        self.order = "<"
        self.number = 0
        self.position = 0
        self.place = 0
        self._begin = 0
        self._met_packet = False
        self.is_through = False
        self.section = Section(0)
        self.interfaces: list[Interface] = []
        self._scales: list[int] = []
        self.limits: list[int] = []
        self._known: dict[bytes, Options] = {}
        self._secrets_left = MAX_SECRETS

    def open(self) -> None:
        """Read on to the first frame; it is still the next one.

        Raises:
            CaptureError: the file is damaged before its first packet.
        """
        try:
            while self.kind() is not None:
                frame = self.block()
                if frame is not None:
                    self.position, self.number = self._begin, 0
                    return
        except DamageError as damage:
            self.give_up(damage)
        self.is_through = True

    def frames(self) -> Iterator[Frame]:
        """All frames, after `open`."""
        if self.is_through:
            return
        try:
            yield from self._frames()
        except DamageError as damage:
            self.give_up(damage)

    def give_up(self, damage: DamageError) -> None:
        """Say why there are no more frames than those before the next block.

        Raises:
            CaptureError: no packet came before it.
        """
        broken_off = self.feed.damage if isinstance(damage, CutError) else None
        text = broken_off or f"{damage.what} at byte {self.feed.offset + self.position}"
        if not self._met_packet:
            raise CaptureError(f"{self.feed.name}: {text}; nothing could be read") from None
        self._warn(f"{self.feed.name}: {text}; the {self.number} frames before it were read")

    def _frames(self) -> Iterator[Frame]:
        while True:
            yield from self._plain_packets()
            if self.kind() is None:
                return
            frame = self.block()
            if frame is not None:
                yield frame

    def _plain_packets(self) -> Iterator[Frame]:
        """The fast loop: whole Enhanced Packet Blocks, their options seen before, until anything else comes."""
        unpack = _ENHANCED[self.order].unpack_from
        word = _WORD[self.order].unpack_from
        buffer, position, number = self.feed.buffer, self.position, self.number
        scales, limits, interfaces, known = self._scales, self.limits, self.section.interfaces, self._known
        end, count = len(buffer), len(self._scales)
        while position + 32 <= end:
            kind, length, which, high, low, captured, wire = unpack(buffer, position)
            stop = position + length
            if kind != 6 or stop > end or which >= count or length & 3:
                break
            start = position + 28
            after = start + captured
            rest = stop - after - 4
            options = () if rest < 4 else known.get(buffer[stop - 4 - (rest & ~3) : stop - 4])
            if rest < 0 or options is None or captured > limits[which] or wire > MAX_WIRE_LENGTH:
                break
            if word(buffer, stop - 4)[0] != length:
                break
            origin = interfaces[which]
            scale = scales[which]
            ticks = high << 32 | low
            time = ticks * scale if scale else _time(origin, ticks)
            position = stop
            number += 1
            yield Frame(number, time, buffer[start:after], wire, origin.link_type, which, origin, options)
        self.position = position
        self._met_packet |= number > self.number
        self.number = number

    def _available(self, size: int) -> bool:
        """Slide the window to the current block and have `size` bytes of it; False at the end of the file."""
        if len(self.feed.buffer) - self.position >= size:
            return True
        whole = self.feed.need(self.position, size)
        self.position = 0
        if not whole and (self.feed.buffer or self.feed.damage):
            end = self.feed.offset + len(self.feed.buffer)
            raise CutError(f"cut short: the file ends at byte {end}, inside the block")
        return whole

    def kind(self) -> int | None:
        """The type of the next block; None at the end of the file.

        Raises:
            DamageError: the file ends inside the block.
        """
        if not self._available(8):
            return None
        return int(_WORD[self.order].unpack_from(self.feed.buffer, self.position)[0])

    def block(self) -> Frame | None:
        """Read the next block, after `kind`: its frame, if it is one.

        Raises:
            DamageError: it, and so the file behind it, cannot be read.
        """
        kind, length = _HEADER[self.order].unpack_from(self.feed.buffer, self.position)
        self._met_packet |= kind in _FRAMES
        if kind == Block.SECTION:
            self._available(16)
            self._set_byte_order()
            length = _WORD[self.order].unpack_from(self.feed.buffer, self.position + 4)[0]
        smallest = _SMALLEST.get(kind, 12)
        if not smallest <= length <= MAX_BLOCK:
            possible = f"{smallest} to {MAX_BLOCK} are possible"
            raise DamageError(f"damaged: a block of type 0x{kind:x} claims {length} bytes ({possible}),")
        size = (length + 3) & ~3
        if kind not in _SMALLEST and size > _SKIPPED_WHOLE:
            self._skip(size - 4)
            size = 4
        self._available(size)
        end = self.position + size - 4
        trailing = _WORD[self.order].unpack_from(self.feed.buffer, end)[0]
        if (trailing + 3) & ~3 != (length + 3) & ~3:
            raise DamageError(f"damaged: the two lengths of a block ({length} and {trailing}) differ")
        self._begin = self.position
        frame = self._body(kind, self.position + 8, end) if kind in _SMALLEST else None
        self.position = end + 4
        return frame

    def _skip(self, size: int) -> None:
        whole = self.feed.skip(self.position, size)
        self.position = 0
        if not whole:
            raise CutError(f"cut short: the file ends at byte {self.feed.offset}, inside a block")

    def _set_byte_order(self) -> None:
        at = self.position + 8
        for order in "<>":
            if _WORD[order].unpack_from(self.feed.buffer, at)[0] == _BYTE_ORDER:
                self.order = order
                return
        raise DamageError(f"damaged: the section's byte-order magic is 0x{self.feed.buffer[at : at + 4].hex()}")

    def _body(self, kind: int, start: int, end: int) -> Frame | None:
        buffer = self.feed.buffer
        match kind:
            case Block.ENHANCED:
                return self._enhanced(start, end)
            case Block.PACKET:
                return self._old_packet(start, end)
            case Block.SIMPLE:
                return self._simple(start, end)
            case Block.CUSTOM | Block.CUSTOM_NO_COPY:
                return self._custom(kind, start, end)
            case Block.JOURNAL:
                return self._journal(start, end)
            case Block.SECTION:
                self._begin_section(start, end)
            case Block.INTERFACE:
                self._add_interface(start, end)
            case Block.NAMES:
                blocks.check_names(buffer, start, end, self.order)
            case Block.STATISTICS:
                blocks.options(buffer, start + 12, end, self.order)
            case Block.SECRETS:
                self._add_secrets(start, end)
        return None

    def _begin_section(self, start: int, end: int) -> None:
        major, minor = struct.unpack_from(self.order + "HH", self.feed.buffer, start + 4)
        if major != 1 or minor not in (0, 2):
            raise DamageError(f"the pcapng version {major}.{minor} is not known (1.0 and 1.2 are), in the section")
        options = blocks.options(self.feed.buffer, start + 16, end, self.order)
        self.section = Section(self.section.number + 1, self.order, options, secrets=[])
        self._scales, self.limits, self._known = [], [], {}

    def _add_secrets(self, start: int, end: int) -> None:
        """A Decryption Secrets Block; which of its types mean anything is for those to say who decrypt."""
        kind, length = struct.unpack_from(self.order + "II", self.feed.buffer, start)
        if length > end - start - 8:
            raise DamageError("damaged: the secrets are longer than their block")
        self._secrets_left -= _SMALLEST[Block.SECRETS] + length
        if self.section.secrets is not None and self._secrets_left >= 0:
            self.section.secrets.append((kind, self.feed.buffer[start + 8 : start + 8 + length]))

    def _add_interface(self, start: int, end: int) -> None:
        link_type, _, snaplen = struct.unpack_from(self.order + "HHI", self.feed.buffer, start)
        options = blocks.options(self.feed.buffer, start + 8, end, self.order)
        interface = blocks.interface(self.section, link_type, snaplen, options)
        self.section.interfaces.append(interface)
        self.interfaces.append(interface)
        exact = interface.offset == 0 and interface.units >= 1000 and 1_000_000_000 % interface.units == 0
        self._scales.append(1_000_000_000 // interface.units if exact else 0)
        self.limits.append(max_packet(link_type))

    def _enhanced(self, start: int, end: int) -> Frame:
        which, *rest = struct.unpack_from(self.order + "5I", self.feed.buffer, start)
        return self._packet(which, rest, start + 20, end)

    def _old_packet(self, start: int, end: int) -> Frame:
        which, drops, *rest = struct.unpack_from(self.order + "HH4I", self.feed.buffer, start)
        counted = () if drops == 0xFFFF else ((4, struct.pack(self.order + "Q", drops)),)
        return self._packet(which, rest, start + 20, end, counted)

    def _packet(self, which: int, rest: list[int], start: int, end: int, more: Options = ()) -> Frame:
        high, low, captured, wire = rest
        origin = self._origin(which)
        self._check_length(captured, end - start, self.limits[which])
        options = self.packet_options(self.feed.buffer[start + ((captured + 3) & ~3) : end])
        return self._frame(_time(origin, high << 32 | low), start, captured, wire, origin, options + more)

    def packet_options(self, stored: bytes) -> Options:
        """The options of a packet.

        Raises:
            DamageError: they are not sound.
        """
        options = self._known.get(stored)
        if options is not None:
            return options
        options = blocks.options(stored, 0, len(stored), self.order)
        blocks.check_packet_options(options)
        if len(self._known) < _REMEMBERED and len(stored) <= _REMEMBERED:
            self._known[stored] = options
        return options

    def _simple(self, start: int, end: int) -> Frame:
        wire = _WORD[self.order].unpack_from(self.feed.buffer, start)[0]
        origin = self._origin(0)
        captured = min(wire, origin.snaplen or wire)
        start += 4
        self._check_length(captured, end - start, self.limits[0])
        if start + ((captured + 3) & ~3) != end:
            raise DamageError(f"damaged: a simple packet of {captured} bytes does not fill its block")
        return self._frame(None, start, captured, wire, origin, ())

    def _custom(self, kind: int, start: int, end: int) -> Frame:
        enterprise = self.feed.buffer[start : start + 4]
        if struct.unpack(self.order + "I", enterprise)[0] == blocks.NETFLIX:
            raise DamageError("not supported: a custom block of Netflix (BBLog)")
        origin = Interface(-1, CUSTOM_BLOCK, self.section)
        size = end - start - 4
        return self._frame(None, start + 4, size, size, origin, ((kind, enterprise),))

    def _journal(self, start: int, end: int) -> Frame:
        entry = self.feed.buffer[start:end].rstrip(b"\0")
        origin = Interface(-1, JOURNAL_ENTRY, self.section)
        return self._frame(blocks.journal_time(entry), start, len(entry), len(entry), origin, ())

    def _origin(self, which: int) -> Interface:
        known = len(self.section.interfaces)
        if which >= known:
            raise DamageError(f"damaged: a packet names interface {which}, of which there are {known},")
        return self.section.interfaces[which]

    def _check_length(self, captured: int, space: int, limit: int) -> None:
        if captured > limit or captured > space:
            raise DamageError(f"damaged: a packet claims {captured} bytes ({min(limit, space)} possible),")

    def _frame(self, time: int | None, place: int, captured: int, wire: int, origin: Interface,
               options: Options) -> Frame:  # fmt: skip
        self.number += 1
        self.place = place
        data = self.feed.buffer[place : place + captured]
        wire = min(wire, MAX_WIRE_LENGTH)
        return Frame(self.number, time, data, wire, origin.link_type, origin.id, origin, options)


def packet_at(data: Data, start: int, number: int, section: Section) -> Frame:
    """The frame of a sound Enhanced Packet Block of `section` whose packet begins at byte `start` of `data`."""
    length, which, high, low, captured, wire = struct.unpack_from(section.byte_order + "6I", data, start - 24)
    origin = section.interfaces[which]
    stored = bytes(data[start + ((captured + 3) & ~3) : start - 28 + length - 4])
    options = blocks.options(stored, 0, len(stored), section.byte_order) if stored else ()
    time = _time(origin, high << 32 | low)
    return Frame(number, time, bytes(data[start : start + captured]), min(wire, MAX_WIRE_LENGTH), origin.link_type,
                 which, origin, options)  # fmt: skip


def _time(interface: Interface, ticks: int) -> int:
    """Nanoseconds; seconds, and the product before the division, wrap at 64 bits (Wireshark 4.4, observed).

    So fractions of resolutions finer than 10**-10 are not what the file means, but what Wireshark shows.
    """
    seconds, rest = divmod(ticks, interface.units)
    seconds = (seconds + interface.offset + (1 << 63)) % (1 << 64) - (1 << 63)
    return seconds * 1_000_000_000 + (rest * 1_000_000_000 & 0xFFFF_FFFF_FFFF_FFFF) // interface.units
