"""OpenFlow (Open Networking Foundation, versions 1.0 to 1.5): the header that all messages share, the packets that
controllers and switches send each other, and what version 1.0 has in its messages.

In: the bytes of a stream.  Out: a layer for each message, named by its version as in Wireshark 4.4, and the layers of a
packet inside.  What always holds: damage in a packet inside ends only its message.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed_table, header
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.protocols.openflow_1_0 import FIELDS, HEADER_LENGTH, PACKET_IN, PACKET_OUT, fill_message
from dfilter.packets.region import Region
from dfilter.packets.streams.reassembly import NeedMore
from dfilter.packets.view import Layer, View

FIELDS_1_3 = """
    openflow_v4.packet_in.buffer_id    UINT32
    openflow_v4.packet_in.total_len    UINT16
    openflow_v4.packet_in.reason       UINT8
    openflow_v4.packet_in.table_id     UINT8
    openflow_v4.packet_in.cookie       UINT64
    openflow_v4.packet_out.buffer_id   UINT32
    openflow_v4.packet_out.in_port     UINT32
    openflow_v4.packet_out.acts_len UINT16
"""


def _version(number: int, fields: str = "") -> Protocol:
    """Version 1.0 has its fields under names of its own."""
    name = f"openflow_v{number}"
    first, kind = ("openflow", "openflow_1_0.type") if number == 1 else (name, name + ".type")
    return Protocol(
        name,
        "OpenFlow",
        fields=(
            header(first + ".version", T.UINT8, 0, mask=0x7F if number == 1 else 0),
            header(kind, T.UINT8, 1),
            header(first + ".length", T.UINT16, 2),
            header(first + ".xid", T.UINT32, 4),
            *computed_table(fields),
        ),
        quotes=("eth",) if fields else (),
        info=openflow_info,
    )


def openflow_info(layer: Layer) -> str:
    return f"Type {layer.region.u8(1)}"


OPENFLOW_1_0 = _version(1, FIELDS)
OPENFLOW_1_3 = _version(4, FIELDS_1_3)
OPENFLOW_1_0.fill = fill_message
OPENFLOW_1_4, OPENFLOW_1_5 = (_version(number) for number in (5, 6))
VERSIONS = {1: OPENFLOW_1_0, 4: OPENFLOW_1_3, 5: OPENFLOW_1_4, 6: OPENFLOW_1_5}

OPENFLOW = Protocol(
    "openflow",
    "OpenFlow",
    over={"tcp.port": (6633, 6653)},
    carries=tuple(protocol.name for protocol in VERSIONS.values()),
    quotes=("eth",),
)


@OPENFLOW.dissector
def dissect_openflow(view: View, region: Region) -> bool:
    if region.length and region.u8(0) not in VERSIONS:
        return False
    at = 0
    view.mention(OPENFLOW, region)
    while at < region.length:
        rest = region.sub(at)
        if rest.length < HEADER_LENGTH and region.length == region.reported_length:
            raise NeedMore(rest.start, HEADER_LENGTH - rest.length)
        length = max(rest.u16(2), HEADER_LENGTH)
        if length > rest.length and region.length == region.reported_length:
            raise NeedMore(rest.start, length - rest.length)
        version = VERSIONS.get(rest.u8(0))
        if version is None:
            return True
        message = rest.clipped(0, length)
        view.push(version, message)
        _dissect_packet(view, message)
        at += length
    return True


def _dissect_packet(view: View, message: Region) -> None:
    """What a packet-in or packet-out message carries: an Ethernet frame."""
    at = _packet_at(message)
    if at is None or at > message.length:
        return
    outer = view.addresses, view.ports, view.stream
    view.stream = None
    try:
        view.call_guarded(view.session.catalogue.protocols["eth"], message.sub(at))
    finally:
        view.addresses, view.ports, view.stream = outer


def _packet_at(message: Region) -> int | None:
    version, kind, length = message.u8(0), message.u8(1), message.length
    if version == 1 and kind == PACKET_IN:
        return 18
    if version == 1 and kind == PACKET_OUT and length >= 16:
        return 16 + message.u16(14)
    if version == 4 and kind == PACKET_IN and length >= 28:
        return 24 + (message.u16(26) + 7) // 8 * 8 + 2
    if version == 4 and kind == PACKET_OUT and length >= 24:
        return 24 + message.u16(16)
    return None


@OPENFLOW_1_3.filler
def fill_openflow_1_3(layer: Layer) -> None:
    cursor, kind = Cursor(layer, layer.region, HEADER_LENGTH, big=True), layer.region.u8(1)
    if kind == PACKET_IN:
        prefix = "openflow_v4.packet_in."
        cursor.integers(((prefix + "buffer_id", 4), (prefix + "total_len", 2), (prefix + "reason", 1),
                         (prefix + "table_id", 1), (prefix + "cookie", 8)))  # fmt: skip
    elif kind == PACKET_OUT:
        prefix = "openflow_v4.packet_out."
        cursor.integers(((prefix + "buffer_id", 4), (prefix + "in_port", 4), (prefix + "acts_len", 2)))
