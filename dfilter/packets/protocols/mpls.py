"""MPLS label stacks (RFC 3032); what follows the last label is told by its first bits (RFC 4928), as in Wireshark."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, header
from dfilter.packets.protocols.inner import call_name
from dfilter.packets.region import Region
from dfilter.packets.view import View

MAX_LABELS = 64

MPLS = Protocol(
    "mpls",
    "MPLS",
    fields=(
        header("mpls.label", T.UINT32, 0, mask=0xFFFFF000),
        header("mpls.exp", T.UINT32, 0, mask=0x00000E00),
        header("mpls.bottom", T.UINT32, 0, mask=0x00000100),
        header("mpls.ttl", T.UINT32, 0, mask=0x000000FF),
    ),
    over={"ethertype": (0x8847, 0x8848), "ppp.protocol": (0x0281, 0x0283), "ip.proto": (137,), "udp.port": (6635,)},
    carries=("ip", "ipv6", "eth", "data"),
)


@MPLS.dissector
def dissect_mpls(view: View, region: Region) -> None:
    payload = region
    for _ in range(MAX_LABELS):
        view.push(MPLS, payload, 4)
        bottom = payload.u24(0) & 1 if payload.length >= 3 else 0
        payload.need(0, 4)
        payload = payload.sub(4)
        if bottom:
            break
    if payload.reported_length <= 0:
        return
    first = payload.u8(0) >> 4
    if first in (4, 6):
        known = len(view.by_name.get("ip", ()))
        try:
            call_name(view, "ip" if first == 4 else "ipv6", payload)
        finally:
            if first == 4:
                _uncount(view, known)
        region.trim(payload.reported_end - region.start)
    elif first == 0 and payload.length >= 18 and _is_ethernet(payload, 4):
        call_name(view, "eth", payload.sub(4))
    elif payload.length >= 14 and _is_ethernet(payload, 0):
        call_name(view, "eth", payload)
    else:
        view.call_data(payload)


def _uncount(view: View, known: int) -> None:
    """IPv4 right behind the labels does not count among the frame's IP layers (observed): `ip.src#2` is not there."""
    for layer in view.by_name.get("ip", ())[known:]:
        layer.number = max(layer.number - 1, 1)


def _is_ethernet(payload: Region, at: int) -> bool:
    """Does an Ethernet frame with a type or a length that fits begin at `at`?"""
    kind = payload.u16(at + 12)
    return kind >= 0x0600 or kind <= payload.reported_length - at - 14
