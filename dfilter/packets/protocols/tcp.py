"""TCP (RFC 9293): header and options; conversations, sequence numbers and what is above through `streams`.

In: one segment.  Out: its layer, and the layers above it.  What always holds: the header's fields come from the
frame alone; everything else is found by `dissect_tcp` in file order and shown by `fill_tcp` on first touch.
Sequence and acknowledgement numbers are relative to the first ones of the conversation, as Wireshark's default.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, bits, computed, computed_table, header, union
from dfilter.packets.protocols.tcp_facts import (
    FACT_FIELDS,
    LOOK_AHEAD_FIELDS,
    REASSEMBLY_NAMES,
    Facts,
    Tracker,
    add_facts,
    add_place,
)
from dfilter.packets.protocols.tcp_info import write_columns, write_reassembly
from dfilter.packets.protocols.tcp_options import (
    OPTION_FIELDS,
    RELATIVE_OPTION_FIELDS,
    fill_options,
    has_fast_open_cookie,
)
from dfilter.packets.region import Region
from dfilter.packets.session import Session
from dfilter.packets.streams.analysis import ACK, FIN, RST, SYN, URG
from dfilter.packets.streams.conversation import Stream
from dfilter.packets.streams.sequence import SEQ_MASK
from dfilter.packets.streams.tcp_payload import dissect_quoted, dissect_segment, finish
from dfilter.packets.view import Layer, View

_WITH_PORTS, _WITH_SEQUENCE, _WITH_WINDOW, _WITH_CHECKSUM, _WITH_URGENT_POINTER = 4, 8, 16, 18, 20
"""Bytes of a header up to these fields."""
_FLAG_LETTERS = "RRRACEUAPRSF"
_FLAG_TEXTS: dict[int, str] = {}
_REMARK_FIELDS = ("tcp.connection.syn", "tcp.connection.synack", "tcp.connection.fin", "tcp.connection.rst",
                  "tcp.ack.nonzero", "tcp.urgent_pointer.non_zero")  # fmt: skip

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
        *computed_table("""
            tcp.len                     UINT32
            tcp.payload                 BYTES
            tcp.reset_cause             STRING
            tcp.ack.nonzero             NONE
            tcp.urgent_pointer.non_zero NONE
            tcp.bogus_header_length     NONE
            tcp.short_segment           NONE
            tcp.connection.syn          NONE
            tcp.connection.synack       NONE
            tcp.connection.fin          NONE
            tcp.connection.rst          NONE
        """),
        *computed_table(OPTION_FIELDS),
        *computed_table(RELATIVE_OPTION_FIELDS, stateful=True),
        *computed_table(FACT_FIELDS, stateful=True),
        *(computed(name, T[type_], look_ahead=True) for name, type_ in LOOK_AHEAD_FIELDS),
    ),
    over={"ip.proto": (6,)},
    carries=("tcp.port", "tcp", "tcp.announced", "data"),
    joins=REASSEMBLY_NAMES,
    second_look=("tcp.pdu.size",),
    header_length=lambda layer: (layer.region.u8(12) >> 4) * 4 if layer.region.length > 12 else layer.region.length,
)  # fmt: skip


@TCP.dissector
def dissect_tcp(view: View, region: Region) -> None:
    buf, start = region.buf, region.start
    if region.end - start < 20 and not _shows_much(view, region):
        raise region.beyond(start + 20)
    ports = (buf[start] << 8 | buf[start + 1], buf[start + 2] << 8 | buf[start + 3])
    header_length = (buf[start + 12] >> 4) * 4
    if header_length < 20:
        view.ports = ports
        _dissect_bogus(view, region, header_length)
        return
    layer = view.push(TCP, region, 20)
    view.ports = ports
    payload = region.clipped(header_length, region.reported_length)
    layer.state = (payload, None)
    layer.set_length(region.length)
    if view.quoted:
        _dissect_quoted(view, layer, payload)
        return
    if not view.session.needs.streams:
        _require_header(region, header_length)
        return
    tracker = view.session.memory("tcp", lambda: Tracker(view.session))
    length = region.reported_length - header_length
    facts = tracker.track(view, region, None if length < 0 or _is_fragment(view, region) else length)
    layer.state = (payload, facts)
    _require_header(region, header_length)
    flags = buf[start + 13]
    if flags & SYN:
        _note_fast_open(layer, facts, payload.reported_length)
    if not tracker.dissects or (tracker.ports is not None and tracker.ports.isdisjoint(ports)):
        return
    stream = Stream(facts.conversation, facts.sender, bool(flags & FIN), (facts.seq + bool(flags & SYN)) & SEQ_MASK)
    if payload.length > 0 and not flags & RST:
        dissect_segment(view, layer, stream, payload, facts.verdicts)
    if stream.finished:
        finish(view, layer, stream, (facts.next_seq - 1) & SEQ_MASK)


def _shows_much(view: View, region: Region) -> bool:
    """Of a header cut short Wireshark 4.4 shows what it has if that includes the window, else the ports only."""
    if view.quoted:
        view.push(TCP, region, 20)
        return False
    if region.length >= _WITH_WINDOW:
        return True
    if region.length < _WITH_PORTS:
        view.mention(TCP, region)
    else:
        view.push(TCP, Region(region.buf, region.start, region.start + _WITH_PORTS, region.reported_end), _WITH_PORTS)
    return False


def _dissect_bogus(view: View, region: Region, header_length: int) -> None:
    """A header that says it is shorter than it can be: it has a place in its conversation and no more."""
    if view.quoted:
        view.push(TCP, region, 20)
        return
    shown = Region(region.buf, region.start, region.start + _WITH_SEQUENCE, region.reported_end)
    layer = view.push(TCP, shown, 20)
    if view.session.needs.streams:
        tracker = view.session.memory("tcp", lambda: Tracker(view.session))
        length = None if _is_fragment(view, region) else region.reported_length - header_length
        layer.state = (length, tracker.track(view, region, length))


def _require_header(region: Region, header_length: int) -> None:
    """The segment counts in its conversation, and what there is of its options is shown; but that is all."""
    if region.length < header_length:
        raise region.beyond(region.start + header_length)


def _note_fast_open(layer: Layer, facts: Facts, length: int) -> None:
    """Data in a SYN (TCP Fast Open, RFC 7413), and whether the answer acknowledges them."""
    conversation, region = facts.conversation, layer.region
    if not region.u8(13) & ACK:
        if length:
            cookie = has_fast_open_cookie(region)
            conversation.state["tcp.fast_open"] = (facts.next_seq, cookie)
            if cookie:
                layer.add("tcp.analysis.tfo_syn", None, layer.start)
    elif conversation.has_state and "tcp.fast_open" in conversation.state:
        sent, cookie = conversation.state["tcp.fast_open"]
        if region.u32(8) == sent:
            layer.add("tcp.analysis.tfo_ack", None, layer.start)
        elif cookie:
            layer.add("tcp.analysis.tfo_ignored", None, layer.start)


def _dissect_quoted(view: View, layer: Layer, payload: Region) -> None:
    """A segment inside an ICMP error."""
    if not view.session.needs.streams:
        return
    tracker = view.session.memory("tcp", lambda: Tracker(view.session))
    layer.state = (payload, tracker.track_quoted(view, layer.region))
    if tracker.dissects and payload.length > 0 and not layer.region.u8(13) & RST:
        dissect_quoted(view, layer, payload)


def _is_fragment(view: View, region: Region) -> bool:
    """Is this the first fragment of an IPv4 datagram that is not put together? Its length is then not known."""
    ip = view.layer("ip")
    if ip is None or ip.buf is not region.buf or ip.end != region.start:
        return False
    return bool((ip.buf[ip.start + 6] << 8 | ip.buf[ip.start + 7]) & 0x3FFF)


class _Wanted:
    """Which groups of the filler's fields a session can ask for: what nobody reads is not worth adding."""

    def __init__(self, session: Session) -> None:
        wants = session.needs.wants
        self.remarks = wants(*_REMARK_FIELDS)
        self.facts = wants(*(name for name in _names(FACT_FIELDS)), *(name for name, _ in LOOK_AHEAD_FIELDS))
        self.options = wants(*_names(OPTION_FIELDS), *_names(RELATIVE_OPTION_FIELDS))


def _names(table: str) -> tuple[str, ...]:
    return tuple(line.split()[0] for line in table.splitlines() if line.strip())


@TCP.filler
def fill_tcp(layer: Layer) -> None:
    region, start = layer.region, layer.start
    if layer.quoted and 8 <= region.length < 20:
        layer.add("tcp.seq", region.u32(4), start + 4, 4)
    if region.length == _WITH_SEQUENCE and not layer.quoted:
        _fill_bogus(layer)
        return
    flags = region.u16(12) & 0x0FFF
    header_length = (region.u8(12) >> 4) * 4
    layer.add("tcp.hdr_len", header_length, start + 12, 1)
    if header_length < 20:
        layer.add("tcp.bogus_header_length", None, start + 12, 1)
        return
    session = layer.view.session
    wanted = session.memory("tcp.wanted", lambda: _Wanted(session))
    layer.add("tcp.flags.str", flag_text(flags), start + 12, 2)
    if layer.state is None:
        return
    payload, facts = layer.state
    if region.length >= _WITH_CHECKSUM:
        layer.add("tcp.checksum.status", 2, start + 16)
    if wanted.remarks:
        _fill_remarks(layer, flags)
    if region.reported_length < header_length:
        layer.add("tcp.short_segment", None)
    elif not layer.quoted and (facts is None or facts.measured):
        layer.add("tcp.len", region.reported_length - header_length)
    if payload.length > 0:
        _fill_payload(layer, payload, flags)
    if facts is not None and wanted.facts:
        add_facts(layer, facts)
    if header_length > 20 and wanted.options and region.length >= _WITH_URGENT_POINTER:
        fill_options(layer, header_length, 0 if facts is None else facts.ack_base)


def _fill_bogus(layer: Layer) -> None:
    layer.add("tcp.hdr_len", (layer.buf[layer.start + 12] >> 4) * 4, layer.start + 12, 1)
    layer.add("tcp.bogus_header_length", None, layer.start + 12, 1)
    if layer.state is not None:
        length, facts = layer.state
        if length is not None:
            layer.add("tcp.len", length)
        add_place(layer, facts)


def _fill_payload(layer: Layer, payload: Region, flags: int) -> None:
    """The data; in a reset it is a text that says why (RFC 1122 section 4.2.2.12)."""
    if flags & RST:
        text = payload.rest().split(b"\0", 1)[0].decode("utf-8", "replace")
        layer.add("tcp.reset_cause", text, payload.start, payload.length)
    else:
        layer.add("tcp.payload", payload.rest(), payload.start, payload.length)


def _fill_remarks(layer: Layer, flags: int) -> None:
    """What Wireshark remarks on the flags of a single segment."""
    start, region = layer.start, layer.region
    for name, mask, wanted in (
        ("syn", SYN | ACK, SYN),
        ("synack", SYN | ACK, SYN | ACK),
        ("fin", FIN, FIN),
        ("rst", RST, RST),
    ):
        if flags & mask == wanted:
            layer.add("tcp.connection." + name, None, start + 13, 1)
    if not flags & ACK and region.u32(8):
        layer.add("tcp.ack.nonzero", None, start + 8, 4)
    if not flags & URG and region.length >= _WITH_URGENT_POINTER and region.u16(18):
        layer.add("tcp.urgent_pointer.non_zero", None, start + 18, 2)


def flag_text(flags: int) -> str:
    """The twelve flag bits as letters, a middle dot for each that is not set."""
    text = _FLAG_TEXTS.get(flags)
    if text is None:
        text = "".join(letter if flags & (0x800 >> i) else "·" for i, letter in enumerate(_FLAG_LETTERS))
        _FLAG_TEXTS[flags] = text
    return text


TCP.write, TCP.conclude = write_columns, write_reassembly
