"""GTP versions 0 and 1 (GSM 09.60, 3GPP TS 29.060, TS 29.281): the header, and the user packets that it tunnels."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, computed_table, header
from dfilter.packets.protocols.inner import call_ip_version
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

USER_PLANE = 2152
TUNNELLED_PACKET = 0xFF
MAX_EXTENSIONS = 32
VERSION_0_LENGTH = 20

GTP = Protocol(
    "gtp",
    "GTP",
    fields=(
        header("gtp.flags", T.UINT8, 0),
        header("gtp.flags.version", T.UINT8, 0, mask=0xE0),
        header("gtp.flags.payload", T.UINT8, 0, mask=0x10),
        computed("gtp.flags.reserved", T.UINT8),
        header("gtp.message", T.UINT8, 1),
        header("gtp.length", T.UINT16, 2),
        *computed_table("""
            gtp.flags.e      BOOLEAN
            gtp.flags.s      BOOLEAN
            gtp.flags.pn     BOOLEAN
            gtp.teid         UINT32
            gtp.seq_number   UINT16
            gtp.npdu_number  UINT8
            gtp.ext_hdr.next UINT8
        """),
    ),
    over={"udp.port": (2123, USER_PLANE, 3386)},
    carries=("ip", "ipv6", "data"),
)


@GTP.dissector
def dissect_gtp(view: View, region: Region) -> bool:
    flags = region.u8(0)
    if flags >> 5 > 1 or not flags & 0x10:
        return False
    layer = view.push(GTP, region)
    start, length = region.start, 8
    is_first = flags >> 5 == 0
    layer.add("gtp.flags.reserved", flags >> 1 & 7 if is_first else flags >> 3 & 1, start, 1)
    if is_first:
        layer.add("gtp.seq_number", region.u16(4), start + 4, 2)
        _go_on(view, layer, region, VERSION_0_LENGTH)
        return True
    for name, bit in (("e", 4), ("s", 2), ("pn", 1)):
        layer.add(f"gtp.flags.{name}", bool(flags & bit), start, 1)
    layer.add("gtp.teid", region.u32(4), start + 4, 4)
    if flags & 7:
        if flags & 2:
            layer.add("gtp.seq_number", region.u16(8), start + 8, 2)
        if flags & 1:
            layer.add("gtp.npdu_number", region.u8(10), start + 10, 1)
        following, length = region.u8(11), 12
        if flags & 4:
            layer.add("gtp.ext_hdr.next", following, start + 11, 1)
        for _ in range(MAX_EXTENSIONS if flags & 4 else 0):
            size = region.u8(length) * 4
            if not following or not size:
                break
            length += size
            following = region.u8(length - 1)
    _go_on(view, layer, region, length)
    return True


def _go_on(view: View, layer: Layer, region: Region, length: int) -> None:
    if region.u8(1) == TUNNELLED_PACKET:
        layer.set_length(length)
        call_ip_version(view, region.sub(length))
