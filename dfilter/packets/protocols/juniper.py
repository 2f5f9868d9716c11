"""The header that Juniper's routers put in front of captured Ethernet frames (LINKTYPE_JUNIPER_ETHER).

In: the captured bytes.  Out: its fields, and the Ethernet frame.  What always holds: where the flags say that the frame
has no link header, what follows is data.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed_table, header
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.protocols.inner import call_name
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

JUNIPER_ETHER = 178
MAGIC = b"MGC"
HAS_EXTENSIONS, NO_LINK_HEADER = 0x80, 0x02
HEADER_LENGTH, EXTENSIONS_AT = 4, 6
EXTENSIONS = {1: "ifd", 3: "ifmt", 4: "ifl", 5: "unit", 6: "ifle", 7: "ttp_ifmt", 8: "ttp_ifle"}

JUNIPER = Protocol(
    "juniper",
    "Juniper",
    fields=(
        header("juniper.magic-number", T.UINT24, 0),
        header("juniper.direction", T.UINT8, 3, mask=0x01),
        header("juniper.l2hdr", T.UINT8, 3, mask=NO_LINK_HEADER),
        *computed_table("""
            juniper.ext_total_len UINT16
            juniper.ext.ifd       UINT32
            juniper.ext.ifl       UINT32
            juniper.ext.unit      UINT32
            juniper.ext.ifmt      UINT16
            juniper.ext.ifle      UINT16
            juniper.ext.ttp_ifmt  UINT16
            juniper.ext.ttp_ifle  UINT16
        """),
    ),
    over={"link": (JUNIPER_ETHER,)},
    carries=("eth", "data"),
)


@JUNIPER.dissector
def dissect_juniper(view: View, region: Region) -> None:
    region.need(0, HEADER_LENGTH)
    flags, length = region.u8(3), HEADER_LENGTH
    if region.bytes(0, 3) != MAGIC:
        view.push(JUNIPER, region, HEADER_LENGTH)
        return
    if flags & HAS_EXTENSIONS:
        length = EXTENSIONS_AT + region.u16(4)
    view.push(JUNIPER, region, length)
    payload = region.sub(length)
    if flags & NO_LINK_HEADER:
        view.call_data(payload)
    else:
        call_name(view, "eth", payload)


@JUNIPER.filler
def fill_juniper(layer: Layer) -> None:
    region = layer.region
    if region.bytes(0, 3) != MAGIC or not region.u8(3) & HAS_EXTENSIONS:
        return
    cursor = Cursor(layer, region, HEADER_LENGTH, big=True)
    stop = cursor.u16("juniper.ext_total_len") + EXTENSIONS_AT
    while stop - cursor.at >= 2:
        kind, length = cursor.peek(1), cursor.peek(1, skip=1)
        cursor.skip(2)
        end = cursor.at + length
        if end > stop:
            return
        if kind in EXTENSIONS and length in (1, 2, 4):
            cursor.big = length != 4  # numbers of four bytes are little-endian
            cursor.integer("juniper.ext." + EXTENSIONS[kind], length)
        cursor.at = end
