"""Tags and shims behind an Ethernet type: 802.1ah (PBB), 802.1BR (VN-Tag), 802.1CB (R-TAG), MACsec, NSH, Arista's.

In: the bytes behind the type.  Out: the tag's layer, and what its own type leads to.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, bits, computed, computed_table, header
from dfilter.packets.protocols.eth import call_ethertype, trailing
from dfilter.packets.protocols.inner import call_name
from dfilter.packets.region import Region
from dfilter.packets.view import View

ICV_LENGTH = 16

BACKBONE_TAG = Protocol(
    "ieee8021ah",
    "IEEE 802.1ah",
    fields=(
        header("ieee8021ah.priority", T.UINT32, 0, mask=0xE0000000),
        header("ieee8021ah.drop", T.UINT32, 0, mask=0x10000000),
        header("ieee8021ah.nca", T.UINT32, 0, mask=0x08000000),
        header("ieee8021ah.res1", T.UINT32, 0, mask=0x04000000),
        header("ieee8021ah.res2", T.UINT32, 0, mask=0x03000000),
        header("ieee8021ah.isid", T.UINT32, 0, mask=0x00FFFFFF),
        header("ieee8021ah.cdst", T.ETHER, 4),
        header("ieee8021ah.csrc", T.ETHER, 10),
    ),
    over={"ethertype": (0x88E7,)},
    carries=("ethertype", "data"),
    shares=("eth.padding", "ieee8021ah.etype", "ieee8021ah.trailer"),
)

VNTAG = Protocol(
    "vntag",
    "VN-Tag",
    fields=(
        *bits((("vntag.dir", 0x80), ("vntag.ptr", 0x40)), at=0),
        header("vntag.dst", T.UINT32, 0, mask=0x3FFF0000),
        header("vntag.looped", T.BOOLEAN, 2, 1, 0x80),
        header("vntag.r", T.UINT32, 0, mask=0x00004000),
        header("vntag.version", T.UINT32, 0, mask=0x00003000),
        header("vntag.src", T.UINT32, 0, mask=0x00000FFF),
        header("vntag.etype", T.UINT16, 4),
        computed("vntag.trailer", T.BYTES),
    ),
    over={"ethertype": (0x8926,)},
    carries=("ethertype", "data"),
    shares=("eth.padding",),
    joins=("eth.padding", "vntag.trailer"),
)

RTAG = Protocol(
    "rtag",
    "R-TAG",
    fields=(
        header("rtag.reserved", T.UINT16, 0),
        header("rtag.seqno", T.UINT16, 2),
        header("rtag.protocol", T.UINT16, 4),
        computed("rtag.trailer", T.BYTES),
    ),
    over={"ethertype": (0xF1C1,)},
    carries=("ethertype", "data"),
    shares=("eth.padding",),
    joins=("eth.padding", "rtag.trailer"),
)

MACSEC = Protocol(
    "macsec",
    "MACsec",
    fields=(
        header("macsec.TCI", T.UINT8, 0, mask=0xFC),
        header("macsec.TCI.V", T.UINT8, 0, mask=0x80),
        *bits((("macsec.TCI.ES", 0x40), ("macsec.TCI.SC", 0x20), ("macsec.TCI.SCB", 0x10), ("macsec.TCI.E", 0x08),
               ("macsec.TCI.C", 0x04)), at=0),
        header("macsec.AN", T.UINT8, 0, mask=0x03),
        header("macsec.SL", T.UINT8, 1, mask=0x3F),
        header("macsec.PN", T.UINT32, 2),
        computed("macsec.SCI.system_identifier", T.ETHER),
        computed("macsec.SCI.port_identifier", T.UINT16),
        computed("macsec.ICV", T.BYTES),
    ),
    over={"ethertype": (0x88E5,)},
    carries=("ethertype", "data"),
)  # fmt: skip

NSH = Protocol(
    "nsh",
    "NSH",
    fields=(
        header("nsh.version", T.UINT16, 0, mask=0xC000),
        header("nsh.Obit", T.UINT16, 0, mask=0x2000),
        header("nsh.CBit", T.UINT16, 0, mask=0x1000),
        header("nsh.ttl", T.UINT16, 0, mask=0x0FC0),
        header("nsh.length", T.UINT16, 0, mask=0x003F),
        header("nsh.mdtype", T.UINT8, 2, mask=0x0F),
        header("nsh.nextproto", T.UINT8, 3),
        header("nsh.spi", T.UINT24, 4),
        header("nsh.si", T.UINT8, 7),
        computed("nsh.contextheader", T.BYTES),
    ),
    over={"ethertype": (0x894F,)},
    carries=("ip", "ipv6", "eth", "mpls", "data"),
)

AVSP = Protocol(
    "avsp",
    "Arista vendor-specific",
    fields=computed_table("""
        avsp.subtype    UINT16
        avsp.ts.ver     UINT16
        avsp.ts.64.sec  UINT32
        avsp.ts.64.ns   UINT32
        avsp.ts.48.sec  UINT16
        avsp.ts.48.ns   UINT32
        avsp.etype      UINT16
        avsp.trailer    BYTES
    """),
    over={"ethertype": (0xD28B,)},
    carries=("ethertype", "data"),
    shares=("eth.padding",),
    joins=("eth.padding", "avsp.trailer"),
)


def _go_on(view: View, region: Region, at: int, trailer: str) -> None:
    """The type at `at` leads on; what its protocol leaves is this tag's trailer."""
    layer = view.layers[-1]
    kind, payload = region.u16(at), region.sub(at + 2)
    layer.state = "ethertype"
    call_ethertype(view, kind, payload)
    if trailer and payload.reported_end < region.reported_end:
        trailing(view, layer, payload, trailer, has_fcs=False)


@BACKBONE_TAG.dissector
def dissect_backbone_tag(view: View, region: Region) -> None:
    layer = view.push(BACKBONE_TAG, region, 18)
    layer.add("ieee8021ah.etype", region.u16(16), region.start + 16, 2)
    _go_on(view, region, 16, "ieee8021ah.trailer")


@VNTAG.dissector
def dissect_vntag(view: View, region: Region) -> None:
    view.push(VNTAG, region, 4)
    _go_on(view, region, 4, "vntag.trailer")


@RTAG.dissector
def dissect_rtag(view: View, region: Region) -> None:
    view.push(RTAG, region, 6)
    _go_on(view, region, 4, "rtag.trailer")


@MACSEC.dissector
def dissect_macsec(view: View, region: Region) -> bool:
    """Only what is not encrypted can be read (IEEE 802.1AE: integrity without confidentiality).

    A header that was not captured to its end declines, as in Wireshark 4.4.
    """
    if region.length < 6 or (region.u8(0) & 0x20 and region.length < 14):
        return False
    layer = view.push(MACSEC, region, 6)
    flags, length = region.u8(0), 6
    region.need(0, 6)
    if flags & 0x20:
        layer.add("macsec.SCI.system_identifier", region.bytes(6, 6), region.start + 6, 6)
        layer.add("macsec.SCI.port_identifier", region.u16(12), region.start + 12, 2)
        length = 14
    layer.set_length(length)
    short = region.u8(1) & 0x3F
    payload_length = short or region.reported_length - length - ICV_LENGTH
    payload = region.sub(length).clipped(0, payload_length)
    view.call_data(payload)
    icv = region.sub(length + payload_length, ICV_LENGTH)
    layer.add("macsec.ICV", icv.rest(), icv.start, icv.length)
    if not flags & 0x0C and payload.reported_length > 2:
        call_ethertype(view, payload.u16(0), payload.sub(2))
    return True


@NSH.dissector
def dissect_nsh(view: View, region: Region) -> None:
    layer = view.push(NSH, region, 8)
    region.need(0, 8)
    length = (region.u16(0) & 0x3F) * 4
    layer.set_length(length)
    if region.u8(2) & 0x0F == 1:
        for at in range(8, min(length, 24), 4):
            layer.add("nsh.contextheader", region.bytes(at, 4), region.start + at, 4)
    name = {1: "ip", 2: "ipv6", 3: "eth", 5: "mpls"}.get(region.u8(3))
    payload = region.sub(max(length, 8))
    if name is None:
        view.call_data(payload)
    else:
        call_name(view, name, payload)


@AVSP.dissector
def dissect_avsp(view: View, region: Region) -> None:
    layer = view.push(AVSP, region)
    start, subtype = region.start, region.u16(0)
    layer.add("avsp.subtype", subtype, start, 2)
    if subtype != 1:
        return
    version = region.u16(2)
    layer.add("avsp.ts.ver", version, start + 2, 2)
    if version in (0x10, 0x110):
        layer.add("avsp.ts.64.sec", region.u32(4), start + 4, 4)
        layer.add("avsp.ts.64.ns", region.u32(8), start + 8, 4)
        at = 12
    elif version in (0x20, 0x120):
        layer.add("avsp.ts.48.sec", region.u16(4), start + 4, 2)
        layer.add("avsp.ts.48.ns", region.u32(6), start + 6, 4)
        at = 10
    else:
        return
    layer.add("avsp.etype", region.u16(at), start + at, 2)
    _go_on(view, region, at, "avsp.trailer")
