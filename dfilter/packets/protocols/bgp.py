"""BGP-4 (RFC 4271): where messages begin and end, and the fixed part of OPEN and NOTIFICATION.

In: the bytes of a stream.  Out: a layer for each message.  What always holds: as in Wireshark 4.4 the first message
begins with a marker of sixteen bytes of all ones, and what lies before it is passed over; from there on lengths lead.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed_table, header
from dfilter.packets.region import Region
from dfilter.packets.streams.reassembly import NeedMore
from dfilter.packets.view import Layer, View

MARKER = b"\xff" * 16
HEADER_LENGTH = 19
OPEN, NOTIFICATION = 1, 3

BGP = Protocol(
    "bgp",
    "BGP",
    fields=(
        header("bgp.marker", T.BYTES, 0, 16),
        header("bgp.length", T.UINT16, 16),
        header("bgp.type", T.UINT8, 18),
        *computed_table("""
            bgp.open.version       UINT8
            bgp.open.myas          UINT16
            bgp.open.holdtime      UINT16
            bgp.open.identifier    IPv4
            bgp.open.opt.len       UINT8
            bgp.notify.major_error UINT8
        """),
    ),
    over={"tcp.port": (179,)},
)


@BGP.dissector
def dissect_bgp(view: View, region: Region) -> bool:
    content = region.rest()
    at = _first_message(content)
    if at < 0:
        return False
    while at < region.length:
        rest = region.sub(at)
        if rest.length < HEADER_LENGTH:
            raise NeedMore(rest.start, HEADER_LENGTH - rest.length)
        length = rest.u16(16)
        if length < HEADER_LENGTH:
            break
        if length > rest.length:
            raise NeedMore(rest.start, length - rest.length)
        view.push(BGP, rest.sub(0, length))
        at += length
    return True


def _first_message(content: bytes) -> int:
    """Where the first marker is, or what can become one with the next segment; -1 if there is neither."""
    found = content.find(MARKER)
    return 0 if found < 0 and MARKER.startswith(content or b"-") else found


@BGP.filler
def fill_bgp(layer: Layer) -> None:
    region, start = layer.region, layer.start
    kind = region.u8(18)
    if kind == OPEN:
        for name, at, size in (("version", 19, 1), ("myas", 20, 2), ("holdtime", 22, 2)):
            layer.add("bgp.open." + name, int.from_bytes(region.bytes(at, size), "big"), start + at, size)
        layer.add("bgp.open.identifier", region.bytes(24, 4), start + 24, 4)
        layer.add("bgp.open.opt.len", region.u8(28), start + 28, 1)
    elif kind == NOTIFICATION:
        layer.add("bgp.notify.major_error", region.u8(19), start + 19, 1)


@BGP.info_line
def bgp_info(layer: Layer) -> str:
    names = {OPEN: "OPEN", 2: "UPDATE", NOTIFICATION: "NOTIFICATION", 4: "KEEPALIVE", 5: "ROUTE-REFRESH"}
    return f"{names.get(layer.region.u8(18), 'Unknown')} Message"
