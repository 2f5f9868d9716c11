"""PIM (RFC 7761): the header, and the packets that register messages carry to the rendezvous point."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, header
from dfilter.packets.protocols.inner import call_ip_version
from dfilter.packets.region import Region
from dfilter.packets.view import View

REGISTER = 1
NULL_REGISTER = 0x40000000

PIM = Protocol(
    "pim",
    "PIM",
    fields=(
        header("pim.version", T.UINT8, 0, mask=0xF0),
        header("pim.type", T.UINT8, 0, mask=0x0F),
    ),
    over={"ip.proto": (103,)},
    carries=("ip", "ipv6", "data"),
)


@PIM.dissector
def dissect_pim(view: View, region: Region) -> None:
    region.need(0, 1)
    layer = view.push(PIM, region)
    if region.u8(0) != 0x20 | REGISTER:
        return
    layer.set_length(8)
    flags, payload = region.u32(4), region.sub(8)
    if payload.reported_length > 0 and not flags & NULL_REGISTER:
        call_ip_version(view, payload)
