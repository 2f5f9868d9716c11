"""ISAKMP with IKE version 1 (RFC 2408, 2409) and version 2 (RFC 7296), as far as it is not encrypted.

In: a datagram of port 500, or of port 4500 behind four zero bytes.  Out: one layer with its payloads.  What always
holds: a payload's length leads to the next one, and one that is less than its own header ends the chain.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed_table, header
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.protocols.isakmp_payloads import FIELDS, PAYLOADS, fill_sa
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

HEADER_LENGTH = 28
MAX_LENGTH = 0x00FFFFFF
"""Lengths beyond that Wireshark 4.4 shows without what follows them."""
SECURITY_ASSOCIATION_1, SECURITY_ASSOCIATION_2 = 1, 33
ENCRYPTED_2 = (46, 53)
ENCRYPTED_FLAG = 0x01
IV_LENGTH = 4
"""What Wireshark 4.4 takes for the initialization vector where it has no keys."""
FLAGS_1 = (("isakmp.flag_e", 1), ("isakmp.flag_c", 2), ("isakmp.flag_a", 4))
FLAGS_2 = (("isakmp.flag_i", 8), ("isakmp.flag_v", 16), ("isakmp.flag_r", 32))

ISAKMP = Protocol(
    "isakmp",
    "ISAKMP",
    fields=(
        header("isakmp.ispi", T.BYTES, 0, 8),
        header("isakmp.rspi", T.BYTES, 8, 8),
        header("isakmp.version", T.UINT8, 17),
        header("isakmp.mjver", T.UINT8, 17, mask=0xF0),
        header("isakmp.mnver", T.UINT8, 17, mask=0x0F),
        header("isakmp.exchangetype", T.UINT8, 18),
        header("isakmp.flags", T.UINT8, 19),
        header("isakmp.messageid", T.UINT32, 20),
        *computed_table(FIELDS),
    ),
    over={"udp.port": (500,)},
)


@ISAKMP.dissector
def dissect_isakmp(view: View, region: Region) -> bool:
    if region.reported_length < HEADER_LENGTH:
        return False
    if region.length >= HEADER_LENGTH and not any(region.bytes(0, 16)) and region.u32(24) < HEADER_LENGTH:
        return False  # neither SPIs nor a length
    view.push(ISAKMP, region)
    return True


@ISAKMP.filler
def fill_isakmp(layer: Layer) -> None:
    region, start = layer.region, layer.start
    second = region.u8(17) >> 4 > 1
    following = region.u8(16)
    layer.add("isakmp.nextpayload", following, start + 16, 1)
    flags = region.u8(19)
    for name, mask in FLAGS_2 if second else FLAGS_1:
        layer.add(name, bool(flags & mask), start + 19, 1)
    length = region.u32(24)
    layer.add("isakmp.length", length, start + 24, 4)
    if not HEADER_LENGTH <= length <= MAX_LENGTH:
        return
    cursor = Cursor(layer, region, HEADER_LENGTH, big=True)
    if flags & ENCRYPTED_FLAG and not second:
        if length > HEADER_LENGTH:
            cursor.mark("isakmp.enc.data", length - HEADER_LENGTH)
        return
    _fill_chain(cursor, following, length, second)


def _fill_chain(cursor: Cursor, kind: int, stop: int, second: bool) -> None:
    while kind and cursor.at < stop:
        length = cursor.peek(2, skip=2)
        following = cursor.peek(1)
        cursor.mark("isakmp.typepayload", length, kind)
        end = cursor.at + length
        cursor.u8("isakmp.nextpayload")
        if second:
            cursor.parts(1, (("isakmp.reserved7", 0x7F),), (("isakmp.criticalpayload", 0x80),))
        else:
            cursor.raw("isakmp.reserved", 1)
        cursor.u16("isakmp.payloadlength")
        if length < 4:
            return
        cursor.region.bytes(cursor.at, length - 4)
        if second and kind in ENCRYPTED_2:
            cursor.raw("isakmp.enc.iv", min(IV_LENGTH, length - 4))
            cursor.mark("isakmp.enc.data", end - cursor.at)
            return
        if kind in (SECURITY_ASSOCIATION_1, SECURITY_ASSOCIATION_2):
            fill_sa(cursor, end, second)
        elif kind in PAYLOADS:
            PAYLOADS[kind](cursor, end, second)
        cursor.at, kind = end, following
