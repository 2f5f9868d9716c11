"""Link layers that few use: Token Ring, FDDI, ARCNET, Classical IP over ATM, IP over InfiniBand.

In: whole frames of these link types.  Out: their addresses, and the LLC or IP packets that they carry.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, header, union
from dfilter.packets.protocols.inner import call_name, call_table
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

SOURCE_ROUTED = 0x80
LLC_FRAMES = 1
ARCNET_IP, ARCNET_ARP = (0xD4, 0xF0), (0xD5, 0xF1)
ARCNET_EXCEPTION = 0xFF
ARCNET_BARE = (0xF0, 0xF1)
"""Protocol ids of RFC 1051, whose header ends there; that of RFC 1201 goes on."""

TR = Protocol(
    "tr",
    "Token-Ring",
    fields=(
        header("tr.ac", T.UINT8, 0),
        header("tr.fc", T.UINT8, 1),
        header("tr.frame_type", T.UINT8, 1, mask=0xC0),
        header("tr.dst", T.ETHER, 2),
        computed("tr.src", T.ETHER),
        union("tr.addr", T.ETHER, "tr.dst", "tr.src"),
        header("tr.sr", T.BOOLEAN, 8, 1, SOURCE_ROUTED),
        computed("tr.rif_bytes", T.UINT8),
    ),
    over={"link": (6,)},
    carries=("llc", "data"),
)

FDDI = Protocol(
    "fddi",
    "FDDI",
    fields=(
        header("fddi.fc", T.UINT8, 0),
        header("fddi.dst", T.ETHER, 1),
        header("fddi.src", T.ETHER, 7),
        union("fddi.addr", T.ETHER, "fddi.dst", "fddi.src"),
    ),
    over={"link": (10,)},
    carries=("llc", "data"),
)

ARCNET = Protocol(
    "arcnet",
    "ARCNET",
    fields=(
        header("arcnet.src", T.UINT8, 0),
        header("arcnet.dst", T.UINT8, 1),
        computed("arcnet.offset", T.BYTES),
        header("arcnet.protID", T.UINT8, 4),
    ),
    over={"link": (7, 129)},
    carries=("ip", "arp", "data"),
)

CLIP = Protocol("clip", "CLIP", over={"link": (16, 18, 19, 106)}, carries=("ip",))

IPOIB = Protocol(
    "ipoib",
    "IPoIB",
    fields=(computed("ipoib.type", T.UINT16), computed("ipoib.reserved", T.UINT16)),
    over={"link": (242,)},
    carries=("ethertype", "data"),
)


@TR.dissector
def dissect_tr(view: View, region: Region) -> None:
    layer = view.push(TR, region, 14)
    region.need(0, 14)
    source = region.bytes(8, 6)
    routed = source[0] & SOURCE_ROUTED
    layer.add("tr.src", bytes([source[0] & 0x7F]) + source[1:], region.start + 8, 6)
    length = 14
    if routed:
        size = region.u8(14) & 0x1F
        layer.add("tr.rif_bytes", size, region.start + 14, 1)
        length += size
    layer.set_length(length)
    if region.u8(1) >> 6 == LLC_FRAMES:
        call_name(view, "llc", region.sub(length))


@FDDI.dissector
def dissect_fddi(view: View, region: Region) -> None:
    view.push(FDDI, region, 13)
    region.need(0, 13)
    if 0x50 <= region.u8(0) <= 0x5F:
        call_name(view, "llc", region.sub(13))
    else:
        view.call_data(region.sub(13))


@ARCNET.dissector
def dissect_arcnet(view: View, region: Region) -> None:
    """With the two offset bytes of LINKTYPE_ARCNET_LINUX, without them in LINKTYPE_ARCNET_BSD."""
    at = 4 if view.frame.link_type == 129 else 2
    layer = view.push(ARCNET, region, at + 1)
    kind = region.u8(at)
    if at == 4:
        layer.add("arcnet.offset", region.bytes(2, 2), region.start + 2, 2)
    at += 1
    if kind not in ARCNET_BARE:
        at += 7 if region.u8(at) == ARCNET_EXCEPTION else 3
    layer.set_length(at)
    if kind in ARCNET_IP or kind in ARCNET_ARP:
        call_name(view, "ip" if kind in ARCNET_IP else "arp", region.sub(at))
    else:
        view.call_data(region.sub(at))


@CLIP.dissector
def dissect_clip(view: View, region: Region) -> None:
    view.mention(CLIP, region)
    call_name(view, "ip", region)


@IPOIB.dissector
def dissect_ipoib(view: View, region: Region) -> None:
    layer = view.push(IPOIB, region, 44)
    kind = region.u16(40)
    layer.add("ipoib.type", kind, region.start + 40, 2)
    layer.add("ipoib.reserved", region.u16(42), region.start + 42, 2)
    call_table(view, "ethertype", kind, region.sub(44))


@FDDI.info_line
def fddi_info(layer: Layer) -> str:
    return f"FC 0x{layer.region.u8(0):02x}" if layer.region.length else ""
