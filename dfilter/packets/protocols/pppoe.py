"""PPP over Ethernet (RFC 2516): sessions (`pppoes`) and discovery (`pppoed`)."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, header
from dfilter.packets.protocols.inner import call_name
from dfilter.packets.region import Region
from dfilter.packets.view import View

HEADER = (
    header("pppoe.version", T.UINT8, 0, mask=0xF0),
    header("pppoe.type", T.UINT8, 0, mask=0x0F),
    header("pppoe.code", T.UINT8, 1),
    header("pppoe.session_id", T.UINT16, 2),
    header("pppoe.payload_length", T.UINT16, 4),
)

PPPOES = Protocol("pppoes", "PPPoES", fields=HEADER, over={"ethertype": (0x8864,), "link": (51,)}, carries=("ppp",))

PPPOED = Protocol("pppoed", "PPPoED", shares=tuple(field.name for field in HEADER), over={"ethertype": (0x8863,)})


@PPPOES.dissector
def dissect_session(view: View, region: Region) -> None:
    view.push(PPPOES, region, 6)
    length = region.u16(4)
    region.trim(6 + length)
    call_name(view, "ppp", region.sub(6))


@PPPOED.dissector
def dissect_discovery(view: View, region: Region) -> None:
    layer = view.push(PPPOED, region)
    start, first = region.start, region.u8(0)
    layer.add("pppoe.version", first >> 4, start, 1)
    layer.add("pppoe.type", first & 15, start, 1)
    layer.add("pppoe.code", region.u8(1), start + 1, 1)
    layer.add("pppoe.session_id", region.u16(2), start + 2, 2)
    layer.add("pppoe.payload_length", region.u16(4), start + 4, 2)
    region.trim(6 + region.u16(4))
    layer.set_length(region.length)
