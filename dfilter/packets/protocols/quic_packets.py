"""QUIC packets as they were dissected, and their fields (RFC 9000 section 17).

In: what `dissect_quic` found in a datagram, a list of `Packet`s.  Out: the fields of the `quic` layer.  What always
holds: nothing here changes state; fields of decrypted content cover no bytes of the frame.
"""

from __future__ import annotations

from itertools import islice

from dfilter.packets.protocols.quic_crypto import VERSION_2, PlainPacket
from dfilter.packets.protocols.quic_frames import StreamFrame, fill_frames, notable_frames
from dfilter.packets.region import Region
from dfilter.packets.view import Layer
from dfilter.slotted import field, slotted

LONG, FIXED, SPIN, KEY_PHASE = 0x80, 0x40, 0x20, 0x04
INITIAL, ZERO_RTT, HANDSHAKE, RETRY = range(4)
NEGOTIATION, FORCED_NEGOTIATION = -1, -2
RETRY_TAG = 16


@slotted
class Packet:
    """One packet of a datagram.

    Attributes:
        at, length: where it lies in the layer's region.
        type: of a long header, as version 1 numbers it; -1 for version negotiation, -2 for a client that forces it,
            None for a short header.
        number_at: where the protected part begins, from the packet's start.
        plain: the packet without its protection, if it could be removed.
        first: its first byte without protection, where nothing more could be removed.
        opaque: nothing else was to be made of it (the rest of a datagram that is no packet).
        notes: fields that its frames have beyond their own.
        texts: what a packet list says of the frames inside its streams, by where their data lies.
        is_first_short: the first with a short header in its connection; of this one alone Wireshark 4.4 says that it
            could not be decrypted.
    """

    at: int
    length: int
    version: int = 0
    type: int | None = None
    target_id: bytes = b""
    source_id: bytes = b""
    number_at: int = 0
    plain: PlainPacket | None = None
    first: int | None = None
    opaque: bool = False
    is_first_short: bool = False
    notes: list[tuple[str, object]] = field(default_factory=list)
    texts: dict[int, list[str]] = field(default_factory=dict)


def variable_integer(part: Region, at: int) -> tuple[int, int]:
    """(value, size in bytes) of a variable-length integer."""
    size = 1 << (part.u8(at) >> 6)
    return int.from_bytes(part.bytes(at, size), "big") & (1 << 8 * size - 2) - 1, size


def fill_quic(layer: Layer) -> None:
    packets: list[Packet] = layer.state
    for packet in packets:
        for name, value in packet.notes:
            layer.add(name, value)
        if packet.opaque:
            layer.add("quic.coalesced_padding_data", None)
            continue
        part = layer.region.sub(packet.at)
        layer.add("quic.packet_length", packet.length, part.start)
        if packet.type is None:
            _fill_short(layer, part, packet)
        else:
            _fill_long(layer, part, packet)


def _fill_short(layer: Layer, part: Region, packet: Packet) -> None:
    first, start, add = part.u8(0), part.start, layer.add
    add("quic.short", None, start, packet.length)
    add("quic.header_form", 0, start, 1)
    add("quic.fixed_bit", first & FIXED != 0, start, 1)
    add("quic.spin_bit", first & SPIN != 0, start, 1)
    if packet.target_id:
        add("quic.dcid", packet.target_id, start + 1, len(packet.target_id))
    at, plain = packet.number_at, packet.plain
    clear = plain.first if plain is not None else packet.first
    if clear is not None:
        add("quic.short.reserved", clear >> 3 & 0x03, start, 1)
        add("quic.key_phase", clear & KEY_PHASE != 0, start, 1)
        add("quic.packet_number_length", clear & 0x03, start, 1)
    if plain is None:
        if packet.is_first_short:
            add("quic.decryption_failed", None)
        rest = part.rest(at)
        add("quic.remaining_payload", rest, start + at, len(rest))
        return
    add("quic.packet_number", plain.number, start + at, plain.number_length)
    at += plain.number_length
    add("quic.protected_payload", part.rest(at), start + at, part.length - at)
    fill_frames(layer, plain.payload)


def _fill_long(layer: Layer, part: Region, packet: Packet) -> None:
    first, start, add = part.u8(0), part.start, layer.add
    add("quic.header_form", 1, start, 1)
    if packet.type in (NEGOTIATION, FORCED_NEGOTIATION):
        add("quic.vn.unused", first & 0x7F, start, 1)
    else:
        if packet.type != RETRY:
            add("quic.fixed_bit", first & FIXED != 0, start, 1)
        name = "quic.long.packet_type_v2" if packet.version == VERSION_2 else "quic.long.packet_type"
        add(name, first >> 4 & 0x03, start, 1)
    clear = packet.plain.first if packet.plain is not None else packet.first
    if clear is not None:
        add("quic.long.reserved", clear >> 2 & 0x03, start, 1)
        add("quic.packet_number_length", clear & 0x03, start, 1)
    add("quic.version", packet.version, start + 1, 4)
    at = 5
    for length, name, value in (("dcil", "dcid", packet.target_id), ("scil", "scid", packet.source_id)):
        add("quic." + length, len(value), start + at, 1)
        if value:
            add("quic." + name, value, start + at + 1, len(value))
        at += 1 + len(value)
    if packet.type == NEGOTIATION:
        for offset in range(at, part.length - 3, 4):
            add("quic.supported_version", part.u32(offset), start + offset, 4)
    elif packet.type == FORCED_NEGOTIATION:
        add("quic.data_after_forcing_vn", None)
    elif packet.type == RETRY:
        _fill_retry(layer, part, at)
    else:
        _fill_protected(layer, part, packet, at)


def _fill_retry(layer: Layer, part: Region, at: int) -> None:
    size = part.length - at - RETRY_TAG
    if size > 0:
        layer.add("quic.retry_token", part.bytes(at, size), part.start + at, size)
        at += size
    layer.add("quic.retry_integrity_tag", part.bytes(at, RETRY_TAG), part.start + at, RETRY_TAG)


def _fill_protected(layer: Layer, part: Region, packet: Packet, at: int) -> None:
    start, add = part.start, layer.add
    if packet.type == INITIAL:
        token, size = variable_integer(part, at)
        add("quic.token_length", token, start + at, size)
        at += size
        if token:
            add("quic.token", part.bytes(at, token), start + at, token)
            at += token
    length, size = variable_integer(part, at)
    add("quic.length", length, start + at, size)
    plain, at = packet.plain, packet.number_at
    if plain is None:
        add("quic.decryption_failed", None)
        rest = part.clipped(at, packet.length - at).rest()
        add("quic.remaining_payload", rest, start + at, len(rest))
        return
    add("quic.packet_number", plain.number, start + at, plain.number_length)
    at += plain.number_length
    add("quic.payload", part.bytes(at, packet.length - at), start + at, packet.length - at)
    fill_frames(layer, plain.payload)


def quic_info(layer: Layer) -> str:
    names = {INITIAL: "Initial", ZERO_RTT: "0-RTT", HANDSHAKE: "Handshake", RETRY: "Retry",
             NEGOTIATION: "Version Negotiation", FORCED_NEGOTIATION: "Forcing Version Negotiation",
             None: "Protected Payload (KP0)"}  # fmt: skip
    packets = [packet for packet in layer.state if not packet.opaque]
    if not packets:
        return ""
    last = packets[-1]
    ids = [f"{label}={value.hex()}" for label, value in (("DCID", last.target_id), ("SCID", last.source_id)) if value]
    return ", ".join([names[last.type], *ids, *_frames_of(layer, packets)])


_FRAME_NAMES = {
    0: "PADDING", 1: "PING", 2: "ACK", 3: "ACK", 4: "RS", 5: "SS", 6: "CRYPTO", 7: "NT", 0x10: "MD", 0x11: "MSD",
    0x12: "MS", 0x13: "MS", 0x14: "DB", 0x15: "SDB", 0x16: "SB", 0x17: "SB", 0x18: "NCI", 0x19: "RCI", 0x1A: "PC",
    0x1B: "PR", 0x1C: "CC", 0x1D: "CC", 0x1E: "DONE", 0x30: "DG", 0x31: "DG",
}  # fmt: skip


def _frames_of(layer: Layer, packets: list[Packet]) -> list[str]:
    """The number and the frames of the packet, where it is the only one that could be decrypted."""
    plain = [packet.plain for packet in packets if packet.plain is not None]
    if len(plain) != 1 or packets[-1].plain is None:
        return []
    streams = (frame for frame in notable_frames(plain[0].payload) if isinstance(frame, StreamFrame))
    texts = [f"PKN: {plain[0].number}"]
    for kind in layer.computed("quic.frame_type"):
        if not 0x08 <= kind < 0x10:
            texts.append(_FRAME_NAMES.get(kind, f"Unknown ({kind})"))
            continue
        for stream in islice(streams, 1):
            texts += [f"STREAM({stream.number})", *packets[-1].texts.get(stream.at, ())]
    return texts
