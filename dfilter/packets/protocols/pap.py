"""PPP's password authentication protocol (RFC 1334 section 2): names and passwords in the clear."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed_table, header
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

REQUEST, ACCEPTED, REFUSED = 1, 2, 3
HEADER_LENGTH = 4

PAP = Protocol(
    "pap",
    "PPP PAP",
    fields=(
        header("pap.code", T.UINT8, 0),
        header("pap.identifier", T.UINT8, 1),
        header("pap.length", T.UINT16, 2),
        *computed_table("""
            pap.data            NONE
            pap.peer_id.length  UINT8
            pap.peer_id         STRING
            pap.password.length UINT8
            pap.password        STRING
            pap.message.length  UINT8
            pap.message         STRING
        """),
    ),
    over={"ppp.protocol": (0xC023,)},
)


@PAP.dissector
def dissect_pap(view: View, region: Region) -> None:
    view.push(PAP, region)


@PAP.filler
def fill_pap(layer: Layer) -> None:
    cursor = Cursor(layer, layer.region, HEADER_LENGTH, big=True)
    kind = layer.region.u8(0)
    if cursor.left <= 0:
        return
    cursor.mark("pap.data", cursor.left)
    if kind == REQUEST:
        cursor.text("pap.peer_id", cursor.u8("pap.peer_id.length"))
        cursor.text("pap.password", cursor.u8("pap.password.length"))
    elif kind in (ACCEPTED, REFUSED):
        cursor.text("pap.message", cursor.u8("pap.message.length"))
