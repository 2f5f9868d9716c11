"""The internet checksum (RFC 1071) of protocols over IP, and whether it is right.

In: a cursor at the checksum.  Out: its value and its status.  What always holds: a checksum over bytes that were not
captured is unverified, not bad.
"""

from __future__ import annotations

from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.protocols.quotes import internet_checksum_ok

BAD, GOOD, UNVERIFIED = 0, 1, 2


def pseudo_header(addresses: tuple[bytes, bytes], length: int, protocol: int) -> bytes:
    """What a checksum covers in front of the message (RFC 9293 section 3.1, RFC 8200 section 8.1)."""
    source, target = addresses
    if len(source) == 16:
        return source + target + length.to_bytes(4, "big") + bytes((0, 0, 0, protocol))
    return source + target + bytes((0, protocol)) + length.to_bytes(2, "big")


def fill_checksum(cursor: Cursor, name: str, *, covered: int | None = None, pseudo: bytes = b"") -> None:
    """The 16 bits here under `name`, and `name`.status: over the `covered` first bytes of the region (default: all)."""
    region, at = cursor.region, cursor.absolute
    cursor.u16(name)
    length = region.reported_length if covered is None else min(covered, region.reported_length)
    if length > region.length:
        status = UNVERIFIED
    else:
        status = GOOD if internet_checksum_ok(region.bytes(0, length), pseudo) else BAD
    cursor.layer.add(name + ".status", status, at)
