"""The pcapng format (draft-ietf-opsawg-pcapng): sections, interfaces, packets.

In: a `Feed` at the first Section Header Block.  Out: `Frame`s.
Always: blocks of unknown type are skipped; a damaged block ends the file, as in Wireshark 4.4: an error if
no packet block came before it, else a warning.  Blocks that carry no packet are checked, since damage in them
ends the file there too.  Custom and journal blocks are frames, because Wireshark numbers them so.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Final

from dfilter.captures import blocks
from dfilter.captures.blocks import Block, DamageError
from dfilter.captures.feed import Feed
from dfilter.captures.frame import CUSTOM_BLOCK, JOURNAL_ENTRY, Frame, Interface, Options, Section
from dfilter.captures.limits import MAX_BLOCK, MAX_SECRETS, MAX_WIRE_LENGTH, max_packet
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


class PcapngReader:
    """Reads one file; `interfaces` holds all those of all sections met so far."""

    def __init__(self, feed: Feed, warn: Callable[[str], None]) -> None:
        self._feed = feed
        self._warn = warn
        self._order = "<"
        self._number = 0
        self._position = 0
        self._met_packet = False
        self.section = Section(0)
        self.interfaces: list[Interface] = []
        self._scales: list[int] = []
        self._limits: list[int] = []
        self._known: dict[bytes, Options] = {}
        self._secrets_left = MAX_SECRETS

    def frames(self) -> Iterator[Frame]:
        """All frames.

        Raises:
            CaptureError: the file is damaged before its first packet.
        """
        try:
            yield from self._frames()
        except DamageError as damage:
            text = self._feed.damage or f"{damage.what} at byte {self._feed.offset + self._position}"
            if not self._met_packet:
                raise CaptureError(f"{self._feed.name}: {text}; nothing could be read") from None
            self._warn(f"{self._feed.name}: {text}; the {self._number} frames before it were read")

    def _frames(self) -> Iterator[Frame]:
        while True:
            yield from self._plain_packets()
            if not self._available(8):
                return
            frame = self._block()
            if frame is not None:
                yield frame

    def _plain_packets(self) -> Iterator[Frame]:
        """The fast loop: whole Enhanced Packet Blocks, their options seen before, until anything else comes."""
        unpack = _ENHANCED[self._order].unpack_from
        word = _WORD[self._order].unpack_from
        buffer, position, number = self._feed.buffer, self._position, self._number
        scales, limits, interfaces, known = self._scales, self._limits, self.section.interfaces, self._known
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
        self._position = position
        self._met_packet |= number > self._number
        self._number = number

    def _available(self, size: int) -> bool:
        """Slide the window to the current block and have `size` bytes of it; False at the end of the file."""
        if len(self._feed.buffer) - self._position >= size:
            return True
        whole = self._feed.need(self._position, size)
        self._position = 0
        if not whole and (self._feed.buffer or self._feed.damage):
            end = self._feed.offset + len(self._feed.buffer)
            raise DamageError(f"cut short: the file ends at byte {end}, inside the block")
        return whole

    def _block(self) -> Frame | None:
        kind, length = _HEADER[self._order].unpack_from(self._feed.buffer, self._position)
        self._met_packet |= kind in _FRAMES
        if kind == Block.SECTION:
            self._available(16)
            self._set_byte_order()
            length = _WORD[self._order].unpack_from(self._feed.buffer, self._position + 4)[0]
        smallest = _SMALLEST.get(kind, 12)
        if not smallest <= length <= MAX_BLOCK:
            possible = f"{smallest} to {MAX_BLOCK} are possible"
            raise DamageError(f"damaged: a block of type 0x{kind:x} claims {length} bytes ({possible}),")
        size = (length + 3) & ~3
        if kind not in _SMALLEST and size > _SKIPPED_WHOLE:
            self._skip(size - 4)
            size = 4
        self._available(size)
        end = self._position + size - 4
        trailing = _WORD[self._order].unpack_from(self._feed.buffer, end)[0]
        if (trailing + 3) & ~3 != (length + 3) & ~3:
            raise DamageError(f"damaged: the two lengths of a block ({length} and {trailing}) differ")
        frame = self._body(kind, self._position + 8, end) if kind in _SMALLEST else None
        self._position = end + 4
        return frame

    def _skip(self, size: int) -> None:
        whole = self._feed.skip(self._position, size)
        self._position = 0
        if not whole:
            raise DamageError(f"cut short: the file ends at byte {self._feed.offset}, inside a block")

    def _set_byte_order(self) -> None:
        at = self._position + 8
        for order in "<>":
            if _WORD[order].unpack_from(self._feed.buffer, at)[0] == _BYTE_ORDER:
                self._order = order
                return
        raise DamageError(f"damaged: the section's byte-order magic is 0x{self._feed.buffer[at : at + 4].hex()}")

    def _body(self, kind: int, start: int, end: int) -> Frame | None:
        buffer = self._feed.buffer
        match kind:
            case Block.ENHANCED:
                return self._enhanced(start, end)
            case Block.PACKET:
                return self._old_packet(start, end)
            case Block.SIMPLE:
                return self._simple(start, end)
            case Block.CUSTOM | Block.CUSTOM_NO_COPY:
                return self._custom(kind, buffer[start:end])
            case Block.JOURNAL:
                return self._journal(buffer[start:end])
            case Block.SECTION:
                self._begin_section(start, end)
            case Block.INTERFACE:
                self._add_interface(start, end)
            case Block.NAMES:
                blocks.check_names(buffer, start, end, self._order)
            case Block.STATISTICS:
                blocks.options(buffer, start + 12, end, self._order)
            case Block.SECRETS:
                self._add_secrets(start, end)
        return None

    def _begin_section(self, start: int, end: int) -> None:
        major, minor = struct.unpack_from(self._order + "HH", self._feed.buffer, start + 4)
        if major != 1 or minor not in (0, 2):
            raise DamageError(f"the pcapng version {major}.{minor} is not known (1.0 and 1.2 are), in the section")
        options = blocks.options(self._feed.buffer, start + 16, end, self._order)
        self.section = Section(self.section.number + 1, self._order, options, secrets=[])
        self._scales, self._limits, self._known = [], [], {}

    def _add_secrets(self, start: int, end: int) -> None:
        """A Decryption Secrets Block; which of its types mean anything is for those to say who decrypt."""
        kind, length = struct.unpack_from(self._order + "II", self._feed.buffer, start)
        if length > end - start - 8:
            raise DamageError("damaged: the secrets are longer than their block")
        self._secrets_left -= _SMALLEST[Block.SECRETS] + length
        if self.section.secrets is not None and self._secrets_left >= 0:
            self.section.secrets.append((kind, self._feed.buffer[start + 8 : start + 8 + length]))

    def _add_interface(self, start: int, end: int) -> None:
        link_type, _, snaplen = struct.unpack_from(self._order + "HHI", self._feed.buffer, start)
        options = blocks.options(self._feed.buffer, start + 8, end, self._order)
        interface = blocks.interface(self.section, link_type, snaplen, options)
        self.section.interfaces.append(interface)
        self.interfaces.append(interface)
        exact = interface.offset == 0 and interface.units >= 1000 and 1_000_000_000 % interface.units == 0
        self._scales.append(1_000_000_000 // interface.units if exact else 0)
        self._limits.append(max_packet(link_type))

    def _enhanced(self, start: int, end: int) -> Frame:
        which, *rest = struct.unpack_from(self._order + "5I", self._feed.buffer, start)
        return self._packet(which, rest, start + 20, end)

    def _old_packet(self, start: int, end: int) -> Frame:
        which, drops, *rest = struct.unpack_from(self._order + "HH4I", self._feed.buffer, start)
        counted = () if drops == 0xFFFF else ((4, struct.pack(self._order + "Q", drops)),)
        return self._packet(which, rest, start + 20, end, counted)

    def _packet(self, which: int, rest: list[int], start: int, end: int, more: Options = ()) -> Frame:
        high, low, captured, wire = rest
        origin = self._origin(which)
        self._check_length(captured, end - start, self._limits[which])
        options = self._packet_options(start + ((captured + 3) & ~3), end)
        data = self._feed.buffer[start : start + captured]
        return self._frame(_time(origin, high << 32 | low), data, wire, origin, options + more)

    def _packet_options(self, start: int, end: int) -> Options:
        stored = self._feed.buffer[start:end]
        options = blocks.options(stored, 0, len(stored), self._order)
        blocks.check_packet_options(options)
        if len(self._known) < _REMEMBERED and len(stored) <= _REMEMBERED:
            self._known[stored] = options
        return options

    def _simple(self, start: int, end: int) -> Frame:
        wire = _WORD[self._order].unpack_from(self._feed.buffer, start)[0]
        origin = self._origin(0)
        captured = min(wire, origin.snaplen or wire)
        start += 4
        self._check_length(captured, end - start, self._limits[0])
        if start + ((captured + 3) & ~3) != end:
            raise DamageError(f"damaged: a simple packet of {captured} bytes does not fill its block")
        return self._frame(None, self._feed.buffer[start : start + captured], wire, origin, ())

    def _custom(self, kind: int, body: bytes) -> Frame:
        if struct.unpack_from(self._order + "I", body)[0] == blocks.NETFLIX:
            raise DamageError("not supported: a custom block of Netflix (BBLog)")
        origin = Interface(-1, CUSTOM_BLOCK, self.section)
        return self._frame(None, body[4:], len(body) - 4, origin, ((kind, body[:4]),))

    def _journal(self, body: bytes) -> Frame:
        entry = body.rstrip(b"\0")
        return self._frame(
            blocks.journal_time(entry), entry, len(entry), Interface(-1, JOURNAL_ENTRY, self.section), ()
        )

    def _origin(self, which: int) -> Interface:
        known = len(self.section.interfaces)
        if which >= known:
            raise DamageError(f"damaged: a packet names interface {which}, of which there are {known},")
        return self.section.interfaces[which]

    def _check_length(self, captured: int, space: int, limit: int) -> None:
        if captured > limit or captured > space:
            raise DamageError(f"damaged: a packet claims {captured} bytes ({min(limit, space)} possible),")

    def _frame(self, time: int | None, data: bytes, wire: int, origin: Interface, options: Options) -> Frame:
        self._number += 1
        wire = min(wire, MAX_WIRE_LENGTH)
        return Frame(self._number, time, data, wire, origin.link_type, origin.id, origin, options)


def _time(interface: Interface, ticks: int) -> int:
    """Nanoseconds; seconds, and the product before the division, wrap at 64 bits (Wireshark 4.4, observed).

    So fractions of resolutions finer than 10**-10 are not what the file means, but what Wireshark shows.
    """
    seconds, rest = divmod(ticks, interface.units)
    seconds = (seconds + interface.offset + (1 << 63)) % (1 << 64) - (1 << 63)
    return seconds * 1_000_000_000 + (rest * 1_000_000_000 & 0xFFFF_FFFF_FFFF_FFFF) // interface.units
