"""S7 communication of Siemens' controllers (protocol 0x32), behind ISO transport: the header and what a job asks."""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed_table, header
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

PROTOCOL_ID = 0x32
JOB, ACK, ACK_DATA, USER_DATA = 1, 2, 3, 7
READ, WRITE, SETUP = 0x04, 0x05, 0xF0
HEADER_LENGTH = 10

S7COMM = Protocol(
    "s7comm",
    "S7COMM",
    fields=(
        header("s7comm.header.protid", T.UINT8, 0),
        header("s7comm.header.rosctr", T.UINT8, 1),
        header("s7comm.header.redid", T.UINT16, 2),
        header("s7comm.header.pduref", T.UINT16, 4),
        header("s7comm.header.parlg", T.UINT16, 6),
        header("s7comm.header.datlg", T.UINT16, 8),
        *computed_table("""
            s7comm.header                NONE
            s7comm.header.errcls         UINT8
            s7comm.header.errcod         UINT8
            s7comm.param.func            UINT8
            s7comm.param.itemcount       UINT8
            s7comm.param.setup_reserved1 UINT8
            s7comm.param.maxamq_calling  UINT16
            s7comm.param.maxamq_called   UINT16
            s7comm.param.pdu_length      UINT16
        """),
    ),
)


@S7COMM.dissector
def dissect_s7comm(view: View, region: Region) -> bool:
    if region.length < HEADER_LENGTH or region.u8(0) != PROTOCOL_ID:
        return False
    if region.u8(1) not in (JOB, ACK, ACK_DATA, USER_DATA):
        return False
    view.push(S7COMM, region)
    return True


@S7COMM.filler
def fill_s7comm(layer: Layer) -> None:
    region = layer.region
    kind, length = region.u8(1), region.u16(6)
    cursor = Cursor(layer, region, HEADER_LENGTH, big=True)
    if kind in (ACK, ACK_DATA):
        cursor.u8("s7comm.header.errcls")
        cursor.u8("s7comm.header.errcod")
    layer.add("s7comm.header", None, layer.start, cursor.at)
    if not length:
        return
    function = cursor.u8("s7comm.param.func")
    if function == SETUP:
        cursor.u8("s7comm.param.setup_reserved1")
        for name in ("maxamq_calling", "maxamq_called", "pdu_length"):
            cursor.u16("s7comm.param." + name)
    elif function in (READ, WRITE) or kind == USER_DATA:
        cursor.u8("s7comm.param.itemcount")
