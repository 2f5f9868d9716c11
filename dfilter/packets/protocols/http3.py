"""HTTP/3 (RFC 9114) in the streams of decrypted QUIC connections.

In: the bytes of one stream, in order, as `quic_streams` puts them together.  Out: an `http3` layer for the whole frames
among them, and how many bytes more the next one needs.  What always holds: each side's header table is bounded; what
breaks QPACK ends the decoding of headers in that direction, not the dissection.
"""

from __future__ import annotations

from dfilter.packets.columns import Columns
from dfilter.packets.declare import Protocol
from dfilter.packets.protocols.header_coding import Broken, Unfinished
from dfilter.packets.protocols.http3_fields import (
    CONTROL,
    ENCODER,
    HEADERS,
    HTTP3_FIELDS,
    PUSH,
    SETTINGS,
    Http3Frame,
    Part,
    fill_part,
    frame_text,
)
from dfilter.packets.protocols.http3_qpack import Blocked, DynamicTable, read_instruction
from dfilter.packets.protocols.http_named_headers import SHARED_FIELDS
from dfilter.packets.protocols.quic_packets import variable_integer
from dfilter.packets.region import DissectionError, Region
from dfilter.packets.streams.reassembly import ONE_MORE_SEGMENT
from dfilter.packets.view import Layer, View
from dfilter.slotted import field, frozen, slotted

MAX_CAPACITY_SETTING = 1
MAX_HEADERS = 1024
"""Headers in one piece of a stream beyond which no more are decoded."""
MAX_FRAMES = 4096
"""Frames in one piece of a stream; more than a few hundred are hostile."""

HTTP3 = Protocol("http3", "HTTP3", fields=HTTP3_FIELDS, shares=SHARED_FIELDS, fill=fill_part)


@HTTP3.column_writer
def write_http3(layer: Layer, columns: Columns) -> None:
    """Its name; what its frames say stands among the frames of QUIC."""
    columns.protocol = HTTP3.label


@slotted
class Http3Connection:
    """What is known of a connection: the tables of headers by (client, server) who fills them."""

    tables: tuple[DynamicTable, DynamicTable] = field(default_factory=lambda: (DynamicTable(), DynamicTable()))
    broken: list[bool] = field(default_factory=lambda: [False, False])


@frozen
class Result:
    """What became of the bytes of a stream.

    Attributes:
        done: how many belong to whole frames.
        more: how many the next frame needs beyond those there, or a constant of the reassembly module; 0 if none.
        least: how long the next frame is at least, where that much is known.
        texts: what a packet list says of the frames.
    """

    done: int
    more: int = 0
    least: int = 0
    texts: tuple[str, ...] = ()


def dissect_http3(view: View, region: Region, connection: Http3Connection, side: int, number: int,
                  uni_type: int | None) -> tuple[Result, int | None]:  # fmt: skip
    """Dissect the next bytes of stream `number`, sent by `side`.

    Args:
        uni_type: the type of a stream that goes one way, None as long as its first bytes have not come.
    """
    part = Part(is_request=not number & 2)
    at = 0
    if not part.is_request and uni_type is None:
        try:
            uni_type, at = variable_integer(region, 0)
            part.push_id, size = variable_integer(region, at) if uni_type == PUSH else (None, 0)
            part.type_length = at
            at += size
        except DissectionError:
            return Result(0, ONE_MORE_SEGMENT), None
    part.uni_type, part.content_at = uni_type, at
    if part.is_request or uni_type == CONTROL:
        more = _frames(region, part, connection, side)
    elif uni_type == ENCODER:
        more = _instructions(region, part, connection, side)
    else:
        part.end, more = region.length, 0
    if more and not part.end:
        return Result(0, more, part.least), uni_type
    layer = view.push(HTTP3, region)
    layer.state = part
    texts = tuple(text for text in map(frame_text, part.frames) if text)
    return Result(part.end, more, part.least, texts), uni_type


def _frames(region: Region, part: Part, connection: Http3Connection, side: int) -> int:
    """Find the whole frames; how many bytes the one after them lacks."""
    at = part.end = part.content_at
    headers = 0
    while at < region.length and len(part.frames) < MAX_FRAMES:
        try:
            type_, type_size = variable_integer(region, at)
            length, length_size = variable_integer(region, at + type_size)
        except DissectionError:
            return ONE_MORE_SEGMENT
        content_at = at + type_size + length_size
        if content_at + length > region.length:
            return content_at + length - region.length
        frame = Http3Frame(at, type_, length, type_size, length_size)
        if type_ == HEADERS and headers < MAX_HEADERS:
            _decode(region.bytes(content_at, length), frame, connection, side)
            headers += len(frame.headers or ())
        elif type_ == SETTINGS:
            _note_settings(region.sub(content_at, length), connection.tables[1 - side])
        part.frames.append(frame)
        at = part.end = content_at + length
    part.end = region.length
    return 0


def _decode(section: bytes, frame: Http3Frame, connection: Http3Connection, side: int) -> None:
    if connection.broken[side]:
        return
    try:
        frame.headers = connection.tables[side].decode(section)
    except Blocked:
        return  # Wireshark 4.4 shows nothing of such headers, not even once they could be read
    except Broken:
        connection.broken[side] = True


def _note_settings(content: Region, table: DynamicTable) -> None:
    """How large a table its sender allows the other side."""
    at = 0
    try:
        while at < content.length:
            number, size = variable_integer(content, at)
            value, value_size = variable_integer(content, at + size)
            at += size + value_size
            if number == MAX_CAPACITY_SETTING:
                table.most = value
    except DissectionError:
        return


def _instructions(region: Region, part: Part, connection: Http3Connection, side: int) -> int:
    """Follow the whole instructions of an encoder; one that lacks its end waits for the next bytes."""
    table, data = connection.tables[side], region.rest()
    part.instructions = []
    part.end = part.content_at
    before, more = table.inserted, 0
    try:
        while part.end < len(data):
            instruction = read_instruction(data, part.end)
            part.instructions.append(instruction)
            part.end += instruction.length
    except Unfinished as error:
        more, part.least = ONE_MORE_SEGMENT, max(error.least - part.end, 0)
    except Broken:
        part.end = len(data)
        connection.broken[side] = True
    _follow(part, connection, side)
    part.increment, part.inserted = table.inserted - before, table.inserted
    return more


def _follow(part: Part, connection: Http3Connection, side: int) -> None:
    """Fill the table, unless something in this direction was broken before."""
    try:
        for instruction in part.instructions or ():
            if not connection.broken[side]:
                connection.tables[side].follow(instruction)
    except Broken:
        connection.broken[side] = True
    part.is_broken = connection.broken[side]
