"""DNP3 (IEEE 1815): link frames with their checks, the transport byte, and the header of the application layer.

In: the bytes of a stream or a datagram of port 20000.  Out: a layer for each link frame.  What always holds: frames
begin with 0x0564; of application messages only those of one frame are read, without their objects.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed_table, header
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.region import Region
from dfilter.packets.streams.reassembly import wait_for
from dfilter.packets.view import Layer, View

START = 0x0564
HEADER_LENGTH, CHUNK, CHECK = 10, 16, 2
COUNTED = 5
"""Bytes of the header that the length counts."""
PRIMARY = 0x40
FIRST, FINAL = 0x40, 0x80

DNP3 = Protocol(
    "dnp3",
    "DNP 3.0",
    fields=(
        header("dnp3.start", T.UINT16, 0),
        header("dnp3.len", T.UINT8, 2),
        header("dnp3.ctl", T.UINT8, 3),
        header("dnp3.ctl.dir", T.BOOLEAN, 3, 1, 0x80),
        header("dnp3.ctl.prm", T.BOOLEAN, 3, 1, PRIMARY),
        header("dnp3.dst", T.UINT16, 4, little_endian=True),
        header("dnp3.src", T.UINT16, 6, little_endian=True),
        header("dnp3.hdr.CRC", T.UINT16, 8, little_endian=True),
        *computed_table("""
            dnp3.addr             UINT16
            dnp3.ctl.fcb          BOOLEAN
            dnp3.ctl.fcv          BOOLEAN
            dnp3.ctl.prifunc      UINT8
            dnp3.ctl.dfc          BOOLEAN
            dnp3.ctl.secfunc      UINT8
            dnp.hdr.CRC.status    UINT8
            dnp3.tr.ctl           UINT8
            dnp3.tr.fin           BOOLEAN
            dnp3.tr.fir           BOOLEAN
            dnp3.tr.seq           UINT8
            dnp.data_chunk        BYTES
            dnp.data_chunk_len    UINT16
            dnp.data_chunk.CRC    UINT16
            dnp.data_chunk.CRC.status UINT8
            dnp3.al.ctl           UINT8
            dnp3.al.fir           BOOLEAN
            dnp3.al.fin           BOOLEAN
            dnp3.al.con           BOOLEAN
            dnp3.al.uns           BOOLEAN
            dnp3.al.seq           UINT8
            dnp3.al.func          UINT8
        """),
    ),
    over={"tcp.port": (20000,), "udp.port": (20000,)},
)
APPLICATION_FLAGS = (("dnp3.al.fir", 0x80), ("dnp3.al.fin", 0x40), ("dnp3.al.con", 0x20), ("dnp3.al.uns", 0x10))


@DNP3.dissector
def dissect_dnp3(view: View, region: Region) -> bool:
    at = 0
    while at < region.length:
        rest = region.sub(at)
        if rest.length >= 2 and rest.u16(0) != START:
            return at > 0
        length = HEADER_LENGTH if rest.length < 3 else _frame_length(rest.u8(2))
        if length > rest.length:
            if view.stream is not None:
                wait_for(rest, 0, length - rest.length)
            if at == 0 and rest.length < HEADER_LENGTH:
                return False
        view.push(DNP3, rest.clipped(0, length))
        at += length
    return True


def _frame_length(counted: int) -> int:
    """A check follows the header and each chunk of the data."""
    size = max(counted - COUNTED, 0)
    return HEADER_LENGTH + size + (size + CHUNK - 1) // CHUNK * CHECK


@DNP3.filler
def fill_dnp3(layer: Layer) -> None:
    region, start = layer.region, layer.start
    control = region.u8(3)
    if control & PRIMARY:
        layer.add("dnp3.ctl.fcb", bool(control & 0x20), start + 3, 1)
        layer.add("dnp3.ctl.fcv", bool(control & 0x10), start + 3, 1)
        layer.add("dnp3.ctl.prifunc", control & 0x0F, start + 3, 1)
    else:
        layer.add("dnp3.ctl.dfc", bool(control & 0x10), start + 3, 1)
        layer.add("dnp3.ctl.secfunc", control & 0x0F, start + 3, 1)
    for at in (4, 6):
        layer.add("dnp3.addr", region.le16(at), start + at, 2)
    layer.add("dnp.hdr.CRC.status", int(_check(region.bytes(0, 8)) == region.le16(8)), start + 8)
    if region.u8(2) > COUNTED:
        _fill_data(Cursor(layer, region, HEADER_LENGTH), region.u8(2) - COUNTED)


def _fill_data(cursor: Cursor, size: int) -> None:
    transport = cursor.peek(1)
    cursor.mark("dnp3.tr.ctl", 1, transport)
    cursor.parts(1, (("dnp3.tr.seq", 0x3F),), (("dnp3.tr.fin", FINAL), ("dnp3.tr.fir", FIRST)))
    cursor.at -= 1
    content, first, intact = b"", cursor.absolute + 1, True
    while size > 0:
        length = min(size, CHUNK)
        cursor.mark("dnp.data_chunk_len", 0, length)
        chunk = cursor.raw("dnp.data_chunk", length)
        status = int(_check(chunk) == cursor.peek(2))
        cursor.u16("dnp.data_chunk.CRC")
        cursor.mark("dnp.data_chunk.CRC.status", 0, status)
        content, size, intact = content + chunk, size - length, intact and bool(status)
    if intact and transport & (FIRST | FINAL) == FIRST | FINAL and len(content) >= 3:
        _fill_application(cursor, content[1:3], first)


def _fill_application(cursor: Cursor, head: bytes, at: int) -> None:
    add, control = cursor.layer.add, head[0]
    add("dnp3.al.ctl", control, at, 1)
    for name, mask in APPLICATION_FLAGS:
        add(name, bool(control & mask), at, 1)
    add("dnp3.al.seq", control & 0x0F, at, 1)
    add("dnp3.al.func", head[1], at + 1, 1)


def _check(data: bytes) -> int:
    """The CRC of IEEE 1815: polynomial 0x3D65, reflected, complemented."""
    value = 0
    for octet in data:
        value ^= octet
        for _ in range(8):
            value = value >> 1 ^ 0xA6BC if value & 1 else value >> 1
    return value ^ 0xFFFF
