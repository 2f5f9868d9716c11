"""Bidirectional forwarding detection (RFC 5880): control packets."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, bits, computed_table, header
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

HEADER_LENGTH = 24
AUTHENTICATED = 0x04
PASSWORD, DIGESTS = 1, {2: 16, 3: 16, 4: 20, 5: 20}
"""Authentication types, and how long the digest of the keyed ones is."""

BFD = Protocol(
    "bfd",
    "BFD Control",
    fields=(
        header("bfd.version", T.UINT8, 0, mask=0xE0),
        header("bfd.diag", T.UINT8, 0, mask=0x1F),
        header("bfd.sta", T.UINT8, 1, mask=0xC0),
        header("bfd.flags", T.UINT8, 1),
        *bits((("bfd.flags.p", 0x20), ("bfd.flags.f", 0x10), ("bfd.flags.c", 0x08), ("bfd.flags.a", AUTHENTICATED),
               ("bfd.flags.d", 0x02), ("bfd.flags.m", 0x01)), at=1),
        header("bfd.detect_time_multiplier", T.UINT8, 2),
        header("bfd.message_length", T.UINT8, 3),
        header("bfd.my_discriminator", T.UINT32, 4),
        header("bfd.your_discriminator", T.UINT32, 8),
        header("bfd.desired_min_tx_interval", T.UINT32, 12),
        header("bfd.required_min_rx_interval", T.UINT32, 16),
        header("bfd.required_min_echo_interval", T.UINT32, 20),
        *computed_table("""
            bfd.auth.type     UINT8
            bfd.auth.len      UINT8
            bfd.auth.key      UINT8
            bfd.auth.seq_num  UINT32
            bfd.auth.password STRING
            bfd.checksum      BYTES
        """),
    ),
    over={"udp.port": (3784, 4784, 6784, 7784)},
)  # fmt: skip


@BFD.dissector
def dissect_bfd(view: View, region: Region) -> None:
    region.need(0, HEADER_LENGTH)
    view.push(BFD, region)


@BFD.filler
def fill_bfd(layer: Layer) -> None:
    region = layer.region
    if not region.u8(1) & AUTHENTICATED or region.u8(3) < HEADER_LENGTH + 3:
        return
    cursor = Cursor(layer, region, HEADER_LENGTH, big=True)
    kind = cursor.u8("bfd.auth.type")
    length = cursor.u8("bfd.auth.len")
    cursor.u8("bfd.auth.key")
    if kind == PASSWORD:
        cursor.text("bfd.auth.password", max(length - 3, 0))
    elif kind in DIGESTS:
        cursor.skip(1)
        cursor.u32("bfd.auth.seq_num")
        cursor.raw("bfd.checksum", DIGESTS[kind])
