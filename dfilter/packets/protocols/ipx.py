"""Novell IPX and the Service Advertising Protocol above it (Novell IPX Router Specification)."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, computed_table, header, union
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

NCP, SAP, RIP, NETBIOS, DIAGNOSTICS = 0x0451, 0x0452, 0x0453, 0x0455, 0x0456
ELSEWHERE = {NCP, RIP, NETBIOS, DIAGNOSTICS, 0x0553, 0x0554, 0x9001, 0x9004, 0x900F, 0x9086, 0x85BE, 0x0457}
"""Sockets whose protocols the reference dissects and dfilter does not."""
HEADER_LENGTH = 30
ENTRY_LENGTH = 64

IPX = Protocol(
    "ipx",
    "IPX",
    fields=(
        header("ipx.checksum", T.UINT16, 0),
        header("ipx.len", T.UINT16, 2),
        header("ipx.hops", T.UINT8, 4),
        header("ipx.packet_type", T.UINT8, 5),
        header("ipx.dst.net", T.IPXNET, 6),
        header("ipx.dst.node", T.ETHER, 10),
        header("ipx.dst.socket", T.UINT16, 16),
        header("ipx.src.net", T.IPXNET, 18),
        header("ipx.src.node", T.ETHER, 22),
        header("ipx.src.socket", T.UINT16, 28),
        union("ipx.net", T.IPXNET, "ipx.dst.net", "ipx.src.net"),
        union("ipx.node", T.ETHER, "ipx.dst.node", "ipx.src.node"),
        union("ipx.socket", T.UINT16, "ipx.dst.socket", "ipx.src.socket"),
        computed("ipx.src", T.STRING),
        computed("ipx.dst", T.STRING),
        union("ipx.addr", T.STRING, "ipx.src", "ipx.dst"),
    ),
    over={"ethertype": (0x8137,), "llc.dsap": (0xE0,), "ppp.protocol": (0x002B,)},
    carries=("ipxsap", "data"),
)

IPXSAP = Protocol(
    "ipxsap",
    "IPX SAP",
    fields=(
        header("ipxsap.packet_type", T.UINT16, 0),
        *computed_table("""
            ipxsap.request         BOOLEAN
            ipxsap.response        BOOLEAN
            ipxsap.server          NONE
            ipxsap.server.type     UINT16
            ipxsap.server.name     STRINGZTRUNC
            ipxsap.server.network  IPXNET
            ipxsap.server.node     ETHER
            ipxsap.server.socket   UINT16
        """),
    ),
)


@IPX.dissector
def dissect_ipx(view: View, region: Region) -> None:
    view.push(IPX, region, HEADER_LENGTH)
    length = region.u16(2)
    region.trim(max(length, HEADER_LENGTH))
    sockets = (region.u16(16), region.u16(28))
    view.addresses = (region.bytes(18, 10), region.bytes(6, 10))
    payload = region.sub(HEADER_LENGTH)
    if payload.reported_length == 0:
        return
    if SAP in sockets:
        view.call(IPXSAP, payload)
    elif ELSEWHERE.isdisjoint(sockets):
        view.call_data(payload)


@IPX.filler
def fill_ipx(layer: Layer) -> None:
    region, start = layer.region, layer.start
    for side, at in (("src", 18), ("dst", 6)):
        text = f"{region.u32(at):08x}.{region.bytes(at + 4, 6).hex()}"
        layer.add(f"ipx.{side}", text, start)


@IPXSAP.dissector
def dissect_ipxsap(view: View, region: Region) -> None:
    region.need(0, 2)
    view.push(IPXSAP, region)


@IPXSAP.filler
def fill_ipxsap(layer: Layer) -> None:
    region, start, add = layer.region, layer.start, layer.add
    kind = region.u16(0)
    if kind in (2, 4):  # the reference calls these requests
        add("ipxsap.request", True, start, 2)
    else:
        add("ipxsap.response", True, start, 2)
        return
    for at in range(2, region.reported_length - ENTRY_LENGTH + 1, ENTRY_LENGTH):
        here = start + at
        add("ipxsap.server", None, here, ENTRY_LENGTH)
        add("ipxsap.server.type", region.u16(at), here, 2)
        name = region.bytes(at + 2, 48).split(b"\0", 1)[0].decode("utf-8", "replace")
        add("ipxsap.server.name", name, here + 2, 48)
        add("ipxsap.server.network", region.u32(at + 50), here + 50, 4)
        add("ipxsap.server.node", region.bytes(at + 54, 6), here + 54, 6)
        add("ipxsap.server.socket", region.u16(at + 60), here + 60, 2)
