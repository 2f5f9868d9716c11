"""TCP (RFC 9293): header and options; conversations, sequence numbers and what is above through `streams`.

The header's fields are declared; sequence and acknowledgement numbers are shown relative to the first ones of
the conversation, as Wireshark does by default.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, bits, computed, computed_table, header, union
from dfilter.packets.protocols.tcp_options import OPTION_FIELDS, fill_options, window_shift
from dfilter.packets.region import Malformed, Region
from dfilter.packets.streams.conversation import Conversation, Conversations, Stream
from dfilter.packets.streams.reassembly import SEQ_MASK
from dfilter.packets.streams.tcp_payload import dissect_segment, finish
from dfilter.packets.view import Layer, View

FIN, SYN, RST, PSH, ACK, URG = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
_FLAG_LETTERS = "RRR·CEUAPRSF"

TCP = Protocol(
    "tcp",
    "TCP",
    fields=(
        header("tcp.srcport", T.UINT16, 0),
        header("tcp.dstport", T.UINT16, 2),
        union("tcp.port", T.UINT16, "tcp.srcport", "tcp.dstport"),
        header("tcp.seq_raw", T.UINT32, 4),
        header("tcp.ack_raw", T.UINT32, 8),
        computed("tcp.hdr_len", T.UINT8),
        header("tcp.flags", T.UINT16, 12, mask=0x0FFF),
        *bits((("tcp.flags.res", 0x0E), ("tcp.flags.ae", 0x01)), at=12),
        *bits((("tcp.flags.cwr", 0x80), ("tcp.flags.ece", 0x40), ("tcp.flags.urg", 0x20), ("tcp.flags.ack", 0x10),
               ("tcp.flags.push", 0x08), ("tcp.flags.reset", 0x04), ("tcp.flags.syn", 0x02),
               ("tcp.flags.fin", 0x01)), at=13),
        computed("tcp.flags.str", T.STRING),
        header("tcp.window_size_value", T.UINT16, 14),
        header("tcp.checksum", T.UINT16, 16),
        computed("tcp.checksum.status", T.UINT8),
        header("tcp.urgent_pointer", T.UINT16, 18),
        computed("tcp.len", T.UINT32),
        computed("tcp.payload", T.BYTES),
        *computed_table(OPTION_FIELDS),
        *computed_table("""
            tcp.stream                  UINT32
            tcp.stream.pnum             UINT32
            tcp.seq                     UINT32
            tcp.ack                     UINT32
            tcp.nxtseq                  UINT32
            tcp.window_size             UINT32
            tcp.window_size_scalefactor INT32
            tcp.time_relative           RELATIVE_TIME
            tcp.time_delta              RELATIVE_TIME
            tcp.segment_data            BYTES
            tcp.segments                NONE
            tcp.segment                 FRAMENUM
            tcp.segment.count           UINT32
            tcp.reassembled.length      UINT32
            tcp.reassembled.data        BYTES
        """, stateful=True),
        computed("tcp.reassembled_in", T.FRAMENUM, look_ahead=True),
    ),
    over={"ip.proto": (6,)},
    carries=("tcp.port", "tcp", "data"),
)  # fmt: skip


@TCP.dissector
def dissect_tcp(view: View, region: Region) -> None:
    layer = view.push(TCP, region, 20)
    buf, start = region.buf, region.start
    if region.end - start < 20:
        raise region.beyond(start + 20)
    header_length = (buf[start + 12] >> 4) * 4
    if header_length < 20:
        return
    ports = (buf[start] << 8 | buf[start + 1], buf[start + 2] << 8 | buf[start + 3])
    view.ports = ports
    payload = region.clipped(header_length, region.reported_length)
    layer.state = payload
    layer.set_length(region.length)
    if region.reported_length < header_length:
        raise Malformed("the header is longer than the segment")
    if view.quoted or not view.session.needs.stateful:
        return
    flags = buf[start + 13]
    seq = int.from_bytes(buf[start + 4 : start + 8], "big")
    source, target = zip(view.addresses, ports, strict=True)
    conversations = view.session.memory("tcp", Conversations)
    time = view.frame.time or 0
    conversation, sender = conversations.find(source, target, seq, flags & (SYN | ACK) == SYN, time)
    in_order = _track(layer, conversation, sender, seq, flags, payload.reported_length, time)
    stream = Stream(conversation, sender, bool(flags & (FIN | RST)), (seq + bool(flags & SYN)) & SEQ_MASK)
    if payload.length > 0 and in_order:
        dissect_segment(view, layer, stream, payload)
    if stream.finished:
        finish(view, layer, stream)


def _track(layer: Layer, conversation: Conversation, sender: int, seq: int, flags: int, length: int,
           time: int) -> bool:  # fmt: skip
    """Note the segment in its conversation and add what depends on that; False for bytes seen before."""
    flow, other = conversation.flows[sender], conversation.flows[1 - sender]
    buf, start, add = layer.buf, layer.start, layer.add
    ack = int.from_bytes(buf[start + 8 : start + 12], "big")
    window = buf[start + 14] << 8 | buf[start + 15]
    conversation.packets += 1
    if flow.base is None:
        flow.base = seq if flags & SYN else (seq - 1) & SEQ_MASK
    if other.base is None and flags & ACK:
        other.base = (ack - 1) & SEQ_MASK
    if flags & SYN:
        flow.syn_seen = True
        flow.window_shift = window_shift(layer)
    relative = (seq - flow.base) & SEQ_MASK
    next_seq = (seq + length + bool(flags & SYN) + bool(flags & FIN)) & SEQ_MASK
    expected = flow.next_seq
    in_order = expected is None or ((seq - expected) & SEQ_MASK) < 0x80000000
    if expected is None or 0 < ((next_seq - expected) & SEQ_MASK) < 0x80000000:
        flow.next_seq = next_seq
    add("tcp.stream", conversation.index)
    add("tcp.stream.pnum", conversation.packets)
    add("tcp.seq", relative, start + 4, 4)
    add("tcp.nxtseq", (next_seq - flow.base) & SEQ_MASK)
    add("tcp.ack", (ack - other.base) & SEQ_MASK if flags & ACK and other.base is not None else 0, start + 8, 4)
    _add_window(layer, flow.window_shift, flow.syn_seen and other.syn_seen, other.window_shift, window, flags)
    add("tcp.time_relative", time - conversation.first_time)
    add("tcp.time_delta", time - conversation.previous_time)
    conversation.previous_time = time
    return in_order


def _add_window(layer: Layer, shift: int | None, both_syns: bool, other_shift: int | None, window: int,
                flags: int) -> None:  # fmt: skip
    """The window in bytes: scaled if both sides agreed to (RFC 7323), -1 unknown, -2 not scaled."""
    at = layer.start + 14
    if flags & SYN:
        layer.add("tcp.window_size", window, at, 2)
    elif not both_syns:
        layer.add("tcp.window_size", window, at, 2)
        layer.add("tcp.window_size_scalefactor", -1, at, 2)
    elif shift is None or other_shift is None:
        layer.add("tcp.window_size", window, at, 2)
        layer.add("tcp.window_size_scalefactor", -2, at, 2)
    else:
        layer.add("tcp.window_size", window << shift, at, 2)
        layer.add("tcp.window_size_scalefactor", 1 << shift, at, 2)


@TCP.filler
def fill_tcp(layer: Layer) -> None:
    region, start = layer.region, layer.start
    header_length = (region.u8(12) >> 4) * 4
    layer.add("tcp.hdr_len", header_length, start + 12, 1)
    layer.add("tcp.flags.str", flag_text(region.u16(12) & 0x0FFF), start + 12, 2)
    payload: Region | None = layer.state
    if payload is None:
        return
    layer.add("tcp.checksum.status", 2, start + 16)
    layer.add("tcp.len", payload.reported_length)
    if payload.length > 0:
        layer.add("tcp.payload", payload.rest(), payload.start, payload.length)
    if header_length > 20:
        fill_options(layer, header_length)


def flag_text(flags: int) -> str:
    """The twelve flag bits as letters, a middle dot for each that is not set."""
    return "".join(letter if flags & (0x800 >> i) else "·" for i, letter in enumerate(_FLAG_LETTERS))


@TCP.info_line
def tcp_info(layer: Layer) -> str:
    region = layer.region
    if region.length < 20:
        return ""
    names = [name for bit, name in ((FIN, "FIN"), (SYN, "SYN"), (RST, "RST"), (PSH, "PSH"), (ACK, "ACK"),
                                    (URG, "URG")) if region.u8(13) & bit]  # fmt: skip
    parts = [f"{region.u16(0)} → {region.u16(2)} [{', '.join(names)}]"]
    for label, field in (("Seq", "tcp.seq"), ("Ack", "tcp.ack"), ("Win", "tcp.window_size"), ("Len", "tcp.len")):
        values = layer.computed(field)
        if values and not (label == "Ack" and "ACK" not in names):
            parts.append(f"{label}={values[0]}")
    return " ".join(parts)
