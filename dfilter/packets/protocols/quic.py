"""QUIC versions 1 and 2 and the later drafts (RFC 9000, RFC 9369): headers, Initial packets without protection, and
the others too where the capture holds their secrets.

In: UDP payloads that look like QUIC, or that go between endpoints known to speak it.  Out: one `quic` layer a
datagram, for all the packets in it, and a `tls` layer for handshake data.  What is recognised is as observed in
Wireshark 4.4.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Evidence, Protocol, computed, computed_table
from dfilter.packets.protocols.quic_connections import (
    CLIENT,
    SERVER,
    Endpoint,
    QuicConnection,
    QuicConnections,
    Space,
)
from dfilter.packets.protocols.quic_crypto import (
    VERSION_1,
    VERSION_2,
    PacketKeys,
    PlainPacket,
    initial_keys,
    remove_protection,
    unmasked_first,
)
from dfilter.packets.protocols.quic_frames import FIELDS, CryptoFrame, StreamFrame, notable_frames
from dfilter.packets.protocols.quic_packets import (
    FIXED,
    FORCED_NEGOTIATION,
    HANDSHAKE,
    INITIAL,
    LONG,
    NEGOTIATION,
    RETRY,
    ZERO_RTT,
    Packet,
    fill_quic,
    quic_info,
    variable_integer,
)
from dfilter.packets.protocols.quic_streams import FIELDS as STREAM_FIELDS
from dfilter.packets.protocols.quic_streams import Carrier, deliver_stream
from dfilter.packets.protocols.tls import push_bare_handshake
from dfilter.packets.protocols.tls_secrets import key_log
from dfilter.packets.region import Malformed, Region
from dfilter.packets.view import View

MAX_STREAM_FRAMES = 256
"""Frames of a packet up to which its streams are looked into; beyond a few dozen they are hostile."""
HTTP3_ALPN, HTTP3_DRAFTS = b"h3", b"h3-"
LONGEST_ID = 20
SHORTEST = 13

QUIC = Protocol(
    "quic",
    "QUIC",
    fields=(
        *computed_table("""
            quic.connection.number      UINT32
            quic.connection.unknown     NONE
            quic.packet_length          UINT32
            quic.header_form            UINT8
            quic.fixed_bit              BOOLEAN
            quic.spin_bit               BOOLEAN
            quic.long.packet_type       UINT8
            quic.long.packet_type_v2    UINT8
            quic.long.reserved          UINT8
            quic.short.reserved         UINT8
            quic.key_phase              BOOLEAN
            quic.packet_number_length   UINT8
            quic.packet_number          UINT64
            quic.vn.unused              UINT8
            quic.version                UINT32
            quic.supported_version      UINT32
            quic.dcil                   UINT8
            quic.dcid                   BYTES
            quic.scil                   UINT8
            quic.scid                   BYTES
            quic.token_length           UINT64
            quic.token                  BYTES
            quic.length                 UINT64
            quic.payload                BYTES
            quic.protected_payload      BYTES
            quic.remaining_payload      BYTES
            quic.retry_token            BYTES
            quic.retry_integrity_tag    BYTES
            quic.short                  NONE
            quic.decryption_failed      NONE
            quic.coalesced_padding_data NONE
            quic.data_after_forcing_vn  NONE
            quic.retransmission         NONE
            quic.crypto.fragments       NONE
            quic.crypto.fragment        FRAMENUM
            quic.crypto.fragment.count  UINT32
            quic.fragments              NONE
            quic.fragment               FRAMENUM
            quic.fragment.overlap       BOOLEAN
            quic.fragment.count         UINT32
            quic.reassembled.length     UINT32
            quic.reassembled.data       BYTES
        """, stateful=True),
        computed("quic.reassembled_in", T.FRAMENUM, look_ahead=True),
        *FIELDS,
    ),
    carries=("tls",),
    decrypts=("http3",),
    joins=True,
    fill=fill_quic,
    info=quic_info,
    # only long headers, of packets with keys that anyone can tell, lead on
    evidence=Evidence(starts={"udp": (((0, LONG, LONG),),)}),
)


def is_known_version(version: int) -> bool:
    """Does Wireshark 4.4 take a long header with this version for QUIC?"""
    return (version in (VERSION_1, VERSION_2, 0xFACEB001, 0xFACEB002, 0xFACEB00E)
            or 0xFF000011 <= version <= 0xFF000022 or version & 0x0F0F0F0F == 0x0A0A0A0A
            or version in (0x51303530, 0x54303530, 0x54303531))  # fmt: skip


def _ends(view: View) -> tuple[Endpoint, Endpoint]:
    return (view.addresses[0], view.ports[0]), (view.addresses[1], view.ports[1])


def looks_like_quic(view: View, region: Region) -> bool:
    """A long header of a known version, or anything between endpoints that spoke QUIC before."""
    if view.quoted or region.length < 1:
        return False
    if view.session.memory("quic", QuicConnections).knows(*_ends(view)):
        return True
    if region.length < SHORTEST or not region.u8(0) & LONG or not is_known_version(region.u32(1)):
        return False
    size = region.u8(5)
    return size <= LONGEST_ID and region.length > 6 + size and region.u8(6 + size) <= LONGEST_ID


QUIC.heuristics["udp"] = looks_like_quic


@QUIC.dissector
def dissect_quic(view: View, region: Region) -> None:
    connections = view.session.memory("quic", QuicConnections)
    layer = view.push(QUIC, region)
    packets: list[Packet] = []
    layer.state = packets
    at = 0
    connection: QuicConnection | None = None
    while at < region.length:
        part = region.sub(at)
        if packets and not _may_follow(part, packets[0]):
            packets.append(Packet(at, part.reported_length, opaque=True))
            break
        packet = Packet(at, part.reported_length)
        packets.append(packet)
        if part.u8(0) & LONG:
            connection = _long_packet(view, part, packet, connections)
        else:
            connection = _short_packet(view, part, packet, connections)
        if len(packets) == 1:
            _note_connection(packet, connection)
        at += packet.length
    layer.set_length(packets[0].length)


def _may_follow(part: Region, first: Packet) -> bool:
    """May the bytes after a packet be another one in the same datagram (RFC 9000 section 12.2)?"""
    if part.u8(0) & FIXED == 0:
        return False
    if not part.u8(0) & LONG:
        return part.length > LONGEST_ID
    return part.length >= 7 and part.u32(1) == first.version


def _note_connection(packet: Packet, connection: QuicConnection | None) -> None:
    if connection is not None:
        packet.notes.append(("quic.connection.number", connection.number))
    else:
        packet.notes.append(("quic.connection.unknown", None))


def _packet_type(version: int, first: int) -> int:
    """The type of a long header, as version 1 numbers it; version 2 turns the numbers by one."""
    if version == 0:
        return NEGOTIATION
    if version & 0x0F0F0F0F == 0x0A0A0A0A:
        return FORCED_NEGOTIATION
    type_ = first >> 4 & 0x03
    return (type_ - 1) % 4 if version == VERSION_2 else type_


def _long_packet(view: View, part: Region, packet: Packet, connections: QuicConnections) -> QuicConnection | None:
    packet.version = part.u32(1)
    packet.type = _packet_type(packet.version, part.u8(0))
    size = part.u8(5)
    packet.target_id = part.bytes(6, size)
    at = 7 + size
    size = part.u8(at - 1)
    packet.source_id = part.bytes(at, size)
    at += size
    connection, side = _connection_of(view, packet, connections)
    if packet.type in (NEGOTIATION, FORCED_NEGOTIATION, RETRY):
        packet.number_at = at
        if packet.type == RETRY and connection is not None and side == SERVER:
            connections.learn(connection, SERVER, packet.source_id)
            connection.keys = initial_keys(packet.version, packet.source_id)
        return connection
    if packet.type == INITIAL:
        token, size = variable_integer(part, at)
        at += size + token
    length, size = variable_integer(part, at)
    packet.number_at = at + size
    if packet.number_at + length > part.reported_length:
        raise Malformed("a QUIC packet longer than its datagram")
    packet.length = packet.number_at + length
    if connection is not None:
        _decrypt(view, part, packet, connection, side)
    return connection


def _connection_of(view: View, packet: Packet, connections: QuicConnections) -> tuple[QuicConnection | None, int]:
    """The connection of a long header and which side sent it; a client's first packets open one."""
    source, target = _ends(view)
    found = connections.find(source, target, packet.target_id)
    if found is not None:
        connection, side = found
        if side == SERVER and packet.source_id not in connection.ids[SERVER]:
            connections.learn(connection, SERVER, packet.source_id)
        elif side == CLIENT and packet.type == INITIAL and packet.version != connection.version:
            connection.version = packet.version
            connection.keys = initial_keys(packet.version, packet.target_id)
        return connection, side
    if packet.type in (INITIAL, ZERO_RTT, FORCED_NEGOTIATION):
        opened = connections.open(source, target, packet.version, packet.target_id, packet.source_id)
        return opened, CLIENT
    connections.claim(source, target)
    return None, CLIENT


def _short_packet(view: View, part: Region, packet: Packet, connections: QuicConnections) -> QuicConnection | None:
    found = connections.short_id(*_ends(view), part.rest(1))
    packet.number_at = 1
    if found is None:
        return None
    packet.target_id = found[2]
    packet.number_at = 1 + len(found[2])
    packet.is_first_short = not found[0].has_short
    found[0].has_short = True
    _decrypt(view, part, packet, found[0], found[1])
    return found[0]


def _decrypt(view: View, part: Region, packet: Packet, connection: QuicConnection, side: int) -> None:
    """Remove the protection of a packet where its keys are known, and hand its handshake data on."""
    data, space = part.rest()[: packet.length], _space(packet, connection)
    if len(data) == packet.length:
        packet.plain = _open(view, data, packet, connection, side, space.largest[side])
    if packet.plain is None:
        keys = _header_keys(view, packet, connection, side)
        packet.first = None if keys is None else unmasked_first(keys, data, packet.number_at)
        return
    space.largest[side] = max(space.largest[side], packet.plain.number)
    payload, is_http3 = packet.plain.payload, _is_http3(view, packet, connection)
    for piece, frame in enumerate(notable_frames(payload)):
        if isinstance(frame, CryptoFrame):
            _deliver(view, packet, connection, side, frame, piece)
        elif isinstance(frame, StreamFrame):
            if is_http3 and space is connection.application and piece < MAX_STREAM_FRAMES:
                deliver_stream(Carrier(view, packet, connection.streams, connection.number, side, frame), payload)
        else:
            view.session.memory("quic", QuicConnections).learn(connection, side, frame)


def _is_http3(view: View, packet: Packet, connection: QuicConnection) -> bool:
    """Has the connection agreed on HTTP/3, and does anybody ask what its streams hold?"""
    agreed = connection.tls.protocol or (connection.tls.offered if packet.type == ZERO_RTT else None) or b""
    if agreed != HTTP3_ALPN and not agreed.startswith(HTTP3_DRAFTS):
        return False
    return "http3" in view.session.reachable or view.session.needs.wants(*STREAM_FIELDS)


def _space(packet: Packet, connection: QuicConnection) -> Space:
    if packet.type == INITIAL:
        return connection.initial
    return connection.handshake if packet.type == HANDSHAKE else connection.application


def _open(view: View, data: bytes, packet: Packet, connection: QuicConnection, side: int,
          largest: int) -> PlainPacket | None:  # fmt: skip
    version, agreed, protection = connection.version, connection.tls.protection, connection.protection
    if packet.type in (INITIAL, HANDSHAKE):
        keys = _header_keys(view, packet, connection, side)
        return None if keys is None else remove_protection(keys, data, packet.number_at, largest)
    if packet.type == ZERO_RTT:
        return protection.open_early(version, agreed, key_log(view), data, packet.number_at, largest)
    return protection.open_short(version, side, agreed, key_log(view), data, packet.number_at, largest)


def _header_keys(view: View, packet: Packet, connection: QuicConnection, side: int) -> PacketKeys | None:
    """The keys that protect a packet's header, as far as they are known."""
    if packet.type == INITIAL:
        return None if connection.keys is None else connection.keys[side]
    if packet.type == HANDSHAKE:
        agreed = connection.tls.protection
        return connection.protection.handshake(connection.version, side, agreed, key_log(view))
    return connection.protection.of_short(side) if packet.type is None else None


def _deliver(view: View, packet: Packet, connection: QuicConnection, side: int, frame: CryptoFrame,
             piece: int) -> None:  # fmt: skip
    """Give handshake data to TLS in order; what comes too early waits until no gap is left."""
    assert packet.plain is not None
    stream = _space(packet, connection).crypto[side]
    end = frame.offset + len(frame.data)
    if end <= stream.next or not frame.data:
        if frame.data:
            packet.notes.append(("quic.retransmission", None))
        return
    if not stream.waiting and frame.offset == stream.next:
        stream.next = end
        payload = packet.plain.payload
        push_bare_handshake(view, Region(payload, frame.at, frame.at + len(frame.data)), connection.tls, side)
        return
    if not stream.room_for(frame.data):
        return
    stream.waiting.append((frame.offset, frame.data, view.number, piece))
    pieces = stream.take_contiguous()
    if not pieces:
        for found in view.session.foresight_for("quic.reassembled_in", view.number):
            if found[0] == (connection.number, packet.type, side, frame.offset):
                packet.notes.append(("quic.reassembled_in", found[1]))
        return
    whole = bytearray()
    for offset, data, _, _ in pieces:
        whole += data[max(stream.next + len(whole) - offset, 0) :]
    for offset, _, earlier, _ in pieces:
        if earlier != view.number:
            key = (connection.number, packet.type, side, offset)
            view.session.foresee("quic.reassembled_in", earlier, (key, view.number))
        if len(pieces) > 1:
            packet.notes.append(("quic.crypto.fragment", earlier))
    if len(pieces) > 1:
        packet.notes += [("quic.crypto.fragments", None), ("quic.crypto.fragment.count", len(pieces))]
    stream.next += len(whole)
    push_bare_handshake(view, Region(bytes(whole), 0, len(whole)), connection.tls, side)
