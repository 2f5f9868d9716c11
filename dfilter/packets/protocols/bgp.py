"""BGP-4 (RFC 4271): messages in a stream; OPEN, NOTIFICATION and ROUTE-REFRESH in full, UPDATE in `bgp_update`.

In: the bytes of a stream.  Out: a layer for each message.  What always holds: as in Wireshark 4.4 the first message
begins with a marker of sixteen bytes of all ones, and what lies before it is passed over; from there on lengths lead.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed_table, header
from dfilter.packets.protocols.bgp_fields import FIELDS
from dfilter.packets.protocols.bgp_open import fill_open
from dfilter.packets.protocols.bgp_update import fill_update
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.region import Region
from dfilter.packets.streams.reassembly import each_message
from dfilter.packets.view import Layer, View

MARKER = b"\xff" * 16
HEADER_LENGTH = 19
MAX_LENGTH = 4096
"""RFC 4271 section 4.1."""
OPEN, UPDATE, NOTIFICATION, KEEPALIVE, ROUTE_REFRESH = range(1, 6)

BGP = Protocol(
    "bgp",
    "BGP",
    fields=(
        header("bgp.marker", T.BYTES, 0, 16),
        header("bgp.length", T.UINT16, 16),
        header("bgp.type", T.UINT8, 18),
        *computed_table(FIELDS),
    ),
    over={"tcp.port": (179,)},
)


@BGP.dissector
def dissect_bgp(view: View, region: Region) -> bool:
    content = region.rest()
    at = _first_message(content) if region.length == region.reported_length else content.find(MARKER)
    if at < 0:
        return False
    each_message(region.sub(at), HEADER_LENGTH, _length, lambda message: view.push(BGP, message))
    return True


def _length(rest: Region) -> int:
    length = rest.u16(16)
    return length if length >= HEADER_LENGTH else 0


def _first_message(content: bytes) -> int:
    """Where the first marker is, or what can become one with the next segment; -1 if there is neither."""
    found = content.find(MARKER)
    return 0 if found < 0 and MARKER.startswith(content or b"-") else found


@BGP.filler
def fill_bgp(layer: Layer) -> None:
    region, cursor = layer.region, Cursor(layer, layer.region, HEADER_LENGTH, big=True)
    kind, length = region.u8(18), region.u16(16)
    if region.bytes(0, 16) != MARKER:
        cursor.wrong("the marker is not all ones")
    if length > MAX_LENGTH:
        cursor.wrong("a message longer than 4096 bytes")
    if kind == OPEN:
        fill_open(cursor)
    elif kind == UPDATE:
        fill_update(cursor)
    elif kind == NOTIFICATION:
        _fill_notification(cursor)
    elif kind == ROUTE_REFRESH:
        _fill_refresh(cursor)


MINOR_ERRORS = {1: "", 2: "_open", 3: "_update", 4: "_expired", 5: "_state", 6: "_cease", 7: "_route_refresh"}
CEASE, SHUTDOWN, RESET = 6, 2, 4


def _fill_notification(cursor: Cursor) -> None:
    """RFC 4271 section 4.5, and the shutdown communication of RFC 9003."""
    major = cursor.u8("bgp.notify.major_error")
    minor = cursor.u8("bgp.notify.minor_error" + MINOR_ERRORS.get(major, "_unknown"))
    if cursor.left <= 0:
        return
    if major == CEASE and minor in (SHUTDOWN, RESET):
        length = cursor.peek(1)
        if length <= cursor.left - 1:
            cursor.u8("bgp.notify.communication_length")
            cursor.text("bgp.notify.communication", length)
    if cursor.left > 0:
        cursor.raw("bgp.notify.minor_data", cursor.left)


def _fill_refresh(cursor: Cursor) -> None:
    """RFC 2918, with the outbound route filters of RFC 5291."""
    cursor.integers((("bgp.route_refresh.afi", 2), ("bgp.route_refresh.subtype", 1), ("bgp.route_refresh.safi", 1)))
    while cursor.left > 0:
        length = cursor.peek(2, skip=2)
        cursor.mark("bgp.route_refresh.orf", min(4 + length, cursor.left))
        cursor.u8("bgp.route_refresh.orf.flag")
        cursor.u8("bgp.route_refresh.orf.type")
        cursor.integer("bgp.route_refresh.orf.length", 2)
        cursor.wrong("an outbound route filter of an unknown type")
        cursor.skip(length)


@BGP.info_line
def bgp_info(layer: Layer) -> str:
    names = {OPEN: "OPEN", UPDATE: "UPDATE", NOTIFICATION: "NOTIFICATION", KEEPALIVE: "KEEPALIVE",
             ROUTE_REFRESH: "ROUTE-REFRESH"}  # fmt: skip
    return f"{names.get(layer.region.u8(18), 'Unknown')} Message"
