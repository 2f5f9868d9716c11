"""Modbus (Modbus application protocol V1.1b3) behind the header of Modbus/TCP, over TCP and UDP.

In: the bytes of port 502.  Out: the layers `mbtcp` and `modbus`.  What always holds: who listens on port 502 answers;
what does not begin with the header is declined.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed_table, header
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.region import Region
from dfilter.packets.streams.reassembly import each_message
from dfilter.packets.view import Layer, View

PORT = 502
HEADER_LENGTH, BEFORE_LENGTH = 7, 6
"""Of the header with the unit, and of its part that the length leaves out."""
EXCEPTION = 0x80
READ_BITS, READ_WORDS, WRITE_BIT, WRITE_WORD, WRITE_BITS, WRITE_WORDS = (1, 2), (3, 4), 5, 6, 15, 16

MBTCP = Protocol(
    "mbtcp",
    "Modbus/TCP",
    fields=(
        header("mbtcp.trans_id", T.UINT16, 0),
        header("mbtcp.prot_id", T.UINT16, 2),
        header("mbtcp.len", T.UINT16, 4),
        header("mbtcp.unit_id", T.UINT8, 6),
    ),
    over={"tcp.port": (PORT,)},
    carries=("modbus",),
)
MODBUS = Protocol(
    "modbus",
    "Modbus",
    fields=computed_table("""
        modbus.func_code      UINT8
        modbus.exception_code UINT8
        modbus.reference_num  UINT16
        modbus.word_cnt       UINT16
        modbus.bit_cnt        UINT16
        modbus.byte_cnt       UINT8
        modbus.regnum16       UINT16
        modbus.regval_uint16  UINT16
        modbus.data           BYTES
    """),
)


@MBTCP.dissector
def dissect_mbtcp(view: View, region: Region) -> bool:
    if region.length >= 4 and region.u16(2):
        return False
    return each_message(region, HEADER_LENGTH, _length, lambda message: _dissect_unit(view, message))


def _length(rest: Region) -> int:
    length = BEFORE_LENGTH + rest.u16(4)
    return 0 if rest.u16(2) or length <= HEADER_LENGTH else length


def _dissect_unit(view: View, message: Region) -> None:
    view.push(MBTCP, message)
    view.call(MODBUS, message.sub(HEADER_LENGTH))


@MODBUS.dissector
def dissect_modbus(view: View, region: Region) -> None:
    view.push(MODBUS, region).state = view.ports[1] == PORT


@MODBUS.filler
def fill_modbus(layer: Layer) -> None:
    cursor, is_query = Cursor(layer, layer.region, big=True), layer.state
    function = cursor.peek(1)
    cursor.parts(1, (("modbus.func_code", 0x7F),))
    if function & EXCEPTION:
        cursor.u8("modbus.exception_code")
    elif is_query:
        _fill_query(cursor, function)
    else:
        _fill_response(cursor, function)
    if cursor.left > 0:
        cursor.raw("modbus.data", cursor.left)


def _fill_query(cursor: Cursor, function: int) -> None:
    if function not in (*READ_BITS, *READ_WORDS, WRITE_BIT, WRITE_WORD, WRITE_BITS, WRITE_WORDS):
        return
    first = cursor.u16("modbus.reference_num")
    if function in READ_BITS or function == WRITE_BITS:
        cursor.u16("modbus.bit_cnt")
    elif function in READ_WORDS or function == WRITE_WORDS:
        cursor.u16("modbus.word_cnt")
    if function in (WRITE_BITS, WRITE_WORDS):
        length = cursor.u8("modbus.byte_cnt")
        if function == WRITE_WORDS:
            _fill_registers(cursor, first, length)
    elif function == WRITE_WORD:
        _fill_registers(cursor, first, 2)


def _fill_response(cursor: Cursor, function: int) -> None:
    if function in (*READ_BITS, *READ_WORDS):
        cursor.u8("modbus.byte_cnt")
    elif function in (WRITE_BIT, WRITE_WORD, WRITE_BITS, WRITE_WORDS):
        first = cursor.u16("modbus.reference_num")
        if function == WRITE_BITS:
            cursor.u16("modbus.bit_cnt")
        elif function == WRITE_WORDS:
            cursor.u16("modbus.word_cnt")
        elif function == WRITE_WORD:
            _fill_registers(cursor, first, 2)


def _fill_registers(cursor: Cursor, first: int, length: int) -> None:
    for number in range(length // 2):
        cursor.mark("modbus.regnum16", 0, first + number & 0xFFFF)
        cursor.u16("modbus.regval_uint16")
