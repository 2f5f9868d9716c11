"""Plan 9's file protocol (9P2000): the header that all messages share, and the negotiation of the version."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed_table, header
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.region import Region
from dfilter.packets.streams.reassembly import each_message
from dfilter.packets.view import Layer, View

HEADER_LENGTH = 7
VERSION_QUERY, VERSION_ANSWER = 100, 101
MAX_LENGTH = 16 * 1024 * 1024
"""Longer messages are not believed, nor waited for."""

NINEP = Protocol(
    "9p",
    "9P",
    fields=(
        header("9p.msglen", T.UINT32, 0, little_endian=True),
        header("9p.msgtype", T.UINT8, 4),
        header("9p.tag", T.UINT16, 5, little_endian=True),
        *computed_table("""
            9p.maxsize UINT32
            9p.paramsz UINT16
            9p.version STRING
        """),
    ),
    over={"tcp.port": (564,)},
)


@NINEP.dissector
def dissect_ninep(view: View, region: Region) -> bool:
    if view.stream is None:
        return False
    return each_message(region, HEADER_LENGTH, _length, lambda message: view.push(NINEP, message))


def _length(rest: Region) -> int:
    length = rest.le32(0)
    return length if HEADER_LENGTH <= length <= MAX_LENGTH else 0


@NINEP.filler
def fill_ninep(layer: Layer) -> None:
    if layer.region.u8(4) in (VERSION_QUERY, VERSION_ANSWER):
        cursor = Cursor(layer, layer.region, HEADER_LENGTH)
        cursor.u32("9p.maxsize")
        cursor.text("9p.version", cursor.u16("9p.paramsz"))
