"""The parts of pcapng blocks: options, interface descriptions, and the checks of blocks without packets.

In: the bytes of a block body.  Out: values, or `DamageError` where Wireshark 4.4 gives up (observed).
"""

from __future__ import annotations

import re
import struct
from enum import IntEnum
from typing import Final

from dfilter.captures.frame import Interface, Options, Section

NETFLIX: Final = 10949
"""Private enterprise number whose blocks Wireshark 4.4 reads as logs, not as frames."""


class Block(IntEnum):
    """Block types."""

    SECTION = 0x0A0D0D0A
    INTERFACE = 1
    PACKET = 2
    SIMPLE = 3
    NAMES = 4
    STATISTICS = 5
    ENHANCED = 6
    JOURNAL = 9
    SECRETS = 10
    CUSTOM = 0x00000BAD
    CUSTOM_NO_COPY = 0x40000BAD


class DamageError(Exception):
    """The file cannot be read further; `what` says why, in words that go before "at byte N"."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


_CUSTOM_OPTIONS: Final = frozenset((2988, 2989, 19372, 19373))
_EXACT_LENGTHS: Final = {2: 4, 4: 8, 5: 8, 6: 4}
_NOT_EMPTY: Final = frozenset((3, 7))
_RESOLUTION, _FCS_LENGTH, _OFFSET = 9, 13, 14
_NAME_SIZES: Final = {1: 4, 2: 16}


def options(buffer: bytes, start: int, end: int, order: str) -> Options:
    """The options between `start` and `end`, without the end mark, which may be missing."""
    found = []
    head = struct.Struct(order + "HH").unpack_from
    while end - start >= 4:
        code, length = head(buffer, start)
        if code == 0:
            break
        start += 4
        if start + ((length + 3) & ~3) > end:
            raise DamageError(f"damaged: option {code} claims {length} bytes, {end - start} are left in its block")
        if code in _CUSTOM_OPTIONS and length < 4:
            raise DamageError(f"damaged: custom option {code} has {length} bytes, 4 are the least")
        found.append((code, buffer[start : start + length]))
        start += (length + 3) & ~3
    return tuple(found)


def check_packet_options(found: Options) -> None:
    """Their lengths, where the format fixes them."""
    for code, value in found:
        length = _EXACT_LENGTHS.get(code)
        if (length is not None and len(value) != length) or (code in _NOT_EMPTY and not value):
            needed = length or "one or more"
            raise DamageError(f"damaged: packet option {code} has {len(value)} bytes, {needed} needed")


def interface(section: Section, link_type: int, snaplen: int, found: Options) -> Interface:
    """The next interface of `section`. Of repeated options the first counts; a wrong length does not."""
    order = section.byte_order
    offset = _first(found, _OFFSET, 8)
    fcs = _first(found, _FCS_LENGTH, 1)
    return Interface(
        id=len(section.interfaces),
        link_type=link_type,
        section=section,
        snaplen=snaplen,
        units=_units(_first(found, _RESOLUTION, 1)),
        offset=struct.unpack(order + "q", offset)[0] if offset else 0,
        fcs_length=fcs[0] if fcs else None,
        options=found,
    )


def _first(found: Options, code: int, length: int) -> bytes | None:
    value = next((value for key, value in found if key == code), b"")
    return value if len(value) == length else None


def _units(resolution: bytes | None) -> int:
    """Ticks per second: a negative power of 10, or of 2 with the high bit set; microseconds by default."""
    if resolution is None:
        return 1_000_000
    base, power, most = (2, resolution[0] & 0x7F, 63) if resolution[0] & 0x80 else (10, resolution[0], 19)
    if power > most:
        raise DamageError(f"not supported: a time resolution of {base}**-{power} (up to {base}**-{most} is)")
    return int(base**power)


def check_names(buffer: bytes, start: int, end: int, order: str) -> None:
    """The records of a Name Resolution Block."""
    head = struct.Struct(order + "HH").unpack_from
    while end - start >= 4:
        kind, length = head(buffer, start)
        if kind == 0:
            return
        start += 4 + ((length + 3) & ~3)
        if start > end or length < _NAME_SIZES.get(kind, 0):
            raise DamageError(f"damaged: a name record of {length} bytes does not fit its block")


def journal_time(entry: bytes) -> int | None:
    """Nanoseconds since the epoch of a systemd journal entry."""
    found = re.search(rb"(?:^|\n)__REALTIME_TIMESTAMP=([0-9]{1,19})\n", entry)
    return int(found[1]) * 1000 if found else None
