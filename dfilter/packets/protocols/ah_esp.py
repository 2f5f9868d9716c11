"""IPsec: AH (RFC 4302), ESP (RFC 4303) and its encapsulation in UDP (RFC 3948)."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, header
from dfilter.packets.protocols.ip import dissect_payload
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

KEEPALIVE = 0xFF

AH = Protocol(
    "ah",
    "AH",
    fields=(
        header("ah.next_header", T.UINT8, 0),
        header("ah.length", T.UINT8, 1),
        header("ah.reserved", T.BYTES, 2, 2),
        header("ah.spi", T.UINT32, 4),
        header("ah.sequence", T.UINT32, 8),
        computed("ah.icv", T.BYTES),
    ),
    over={"ip.proto": (51,)},
    carries=("ip.proto", "data"),
)

ESP = Protocol(
    "esp",
    "ESP",
    fields=(header("esp.spi", T.UINT32, 0), header("esp.sequence", T.UINT32, 4)),
    over={"ip.proto": (50,)},
)

UDPENCAP = Protocol(
    "udpencap",
    "UDPENCAP",
    over={"udp.port": (4500,)},
    carries=("esp", "isakmp"),
)


@AH.dissector
def dissect_ah(view: View, region: Region) -> None:
    layer = view.push(AH, region, 12)
    length = (region.u8(1) + 2) * 4
    region.need(0, 12)
    layer.set_length(length)
    dissect_payload(view, region.u8(0), region.sub(length))


@AH.filler
def fill_ah(layer: Layer) -> None:
    region = layer.region
    length = (region.u8(1) - 1) * 4
    if length > 0:
        layer.add("ah.icv", region.bytes(12, length), layer.start + 12, length)


@ESP.dissector
def dissect_esp(view: View, region: Region) -> None:
    view.push(ESP, region)


@UDPENCAP.dissector
def dissect_udpencap(view: View, region: Region) -> None:
    """A keepalive, IKE behind four zero bytes, or ESP."""
    keepalive = region.reported_length == 1 and region.u8(0) == KEEPALIVE
    is_ike = not keepalive and region.u32(0) == 0
    view.push(UDPENCAP, region, 4 if is_ike else 1 if keepalive else 0)
    if is_ike:
        view.call(view.session.catalogue.protocols["isakmp"], region.sub(4))
    elif not keepalive:
        view.call(ESP, region)
