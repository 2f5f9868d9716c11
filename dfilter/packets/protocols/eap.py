"""EAP (RFC 3748): the header, TLS inside EAP-TLS, EAP-TTLS, PEAP, EAP-FAST and TEAP, and what methods say in the clear.

In: what EAPOL, RADIUS or another protocol carries.  Out: an `eap` layer, and a `tls` layer in the frame that brings the
last of the fragments of what a TLS method sends (RFC 5216 section 2.1.5).  What always holds: the peer and the
authenticator take turns, so the code says who sent a packet; how many conversations and bytes are kept is bounded.
What counts as retransmitted, and how fragments are put together, is as observed in Wireshark 4.4.
"""

from __future__ import annotations

from collections import OrderedDict

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, computed_table, header
from dfilter.packets.protocols.eap_methods import (
    EXPANDED,
    IDENTITY,
    LEAP,
    METHOD_FIELDS,
    REQUEST,
    RESPONSE,
    SIMPLE_CONFIGURATION,
    fill_method,
)
from dfilter.packets.region import Malformed, Region, Truncated
from dfilter.packets.streams.conversation import Conversation, Endpoint, Stream
from dfilter.packets.streams.fragments import add_fragment_list
from dfilter.packets.streams.reassembly import NeedMore
from dfilter.packets.view import Layer, View
from dfilter.slotted import field, slotted

HEADER = 4
TLS, TTLS, PEAP, FAST, TEAP = 13, 21, 25, 43, 55
TLS_METHODS = frozenset({TLS, TTLS, PEAP, FAST, TEAP})
LENGTH_INCLUDED, MORE_FRAGMENTS, START, OUTER_LENGTH_INCLUDED, VERSION = 0x80, 0x40, 0x20, 0x10, 0x07
MAX_CONVERSATIONS = 20_000
MAX_MESSAGE = 1 << 20
"""Bytes of one TLS message; certificates need some ten thousand."""

EAP = Protocol(
    "eap",
    "EAP",
    fields=(
        header("eap.code", T.UINT8, 0),
        header("eap.id", T.UINT8, 1),
        header("eap.len", T.UINT16, 2),
        *computed_table("""
            eap.bad_length                         NONE
            eap.type                               UINT8
            eap.tls.flags                          UINT8
            eap.tls.flags.len_included             BOOLEAN
            eap.tls.flags.more_fragments           BOOLEAN
            eap.tls.flags.start                    BOOLEAN
            eap.tls.flags.outer_tlv_len_included   BOOLEAN
            eap.tls.flags.version                  UINT8
            eap.tls.len                            UINT32
            eap.tls.outer_tlvs_len                 UINT32
            eap.fast.type                          UINT16
            eap.fast.length                        UINT16
            eap.fast.authority_id_data             BYTES
        """),
        *computed_table("""
            eap.retransmission                     NONE
            eap.tls.fragments                      NONE
            eap.tls.fragment                       FRAMENUM
            eap.tls.fragment.count                 UINT32
            eap.tls.reassembled.len                UINT32
        """, stateful=True),
        computed("eap.tls.reassembled_in", T.FRAMENUM, look_ahead=True),
        *METHOD_FIELDS,
    ),
    over={"ppp.protocol": (0xC227,)},
    carries=("tls", "data"),
)  # fmt: skip


@slotted
class Pending:
    """A message of a TLS method that lacks its end: its bytes so far, and the frames that brought them."""

    data: bytearray = field(default_factory=bytearray)
    frames: list[int] = field(default_factory=list)


@slotted
class EapConversation:
    """What is remembered of a peer and an authenticator.

    Attributes:
        transport: in which TLS keeps its state.
        last: for each code, the identifier of the latest packet since an identity was asked for.
        pending: for each code, the message that lacks its end.
        leap_step: how many LEAP packets there were.
    """

    transport: Conversation
    last: dict[int, int] = field(default_factory=dict)
    pending: dict[int, Pending] = field(default_factory=dict)
    leap_step: int = 0


@slotted(eq=True)
class EapState:
    """What was found out about one packet: its place in a LEAP exchange, and what its TLS data belongs to."""

    retransmitted: bool = False
    leap_step: int = 0
    completed: Pending | None = None
    is_piece: bool = False


@EAP.dissector
def dissect_eap(view: View, region: Region) -> None:
    region.bytes(0, HEADER)
    length = region.u16(2)
    layer = view.push(EAP, region, length)
    state = layer.state = EapState()
    code, inner = region.u8(0), region.clipped(0, length)
    if code not in (REQUEST, RESPONSE):
        return
    type_ = region.u8(HEADER)
    if length > region.reported_length:
        raise Malformed("an EAP packet longer than what carries it")
    if length <= HEADER or view.quoted:
        return
    conversation = _conversation(view)
    if code == REQUEST and type_ == IDENTITY:
        conversation.last.clear()
        conversation.leap_step = 0
    else:
        state.retransmitted = conversation.last.get(code) == inner.u8(1)
        conversation.last[code] = inner.u8(1)
    if type_ == LEAP:
        conversation.leap_step += not state.retransmitted
        state.leap_step = conversation.leap_step
    elif type_ in TLS_METHODS and inner.reported_length > HEADER + 1:
        _tls_method(view, layer, conversation, inner)
    elif type_ == EXPANDED and inner.length > 12 and inner.bytes(5, 7) != SIMPLE_CONFIGURATION:
        view.call_data(inner.sub(12))


def _conversation(view: View) -> EapConversation:
    """The conversation of the two ends of the innermost header that has addresses."""
    known: OrderedDict[tuple[Endpoint, ...], EapConversation] = view.session.memory("eap", OrderedDict)
    ends = _ends(view)
    key = tuple(sorted(ends))
    found = known.get(key)
    if found is None:
        if len(known) >= MAX_CONVERSATIONS:
            known.popitem(last=False)
        time = view.time or 0
        found = known[key] = EapConversation(Conversation(0, ends, 0, time, time))
    return found


def _ends(view: View) -> tuple[Endpoint, Endpoint]:
    if any(view.addresses):
        first, second = zip(view.addresses, view.ports, strict=True)
        return first, second
    for layer in reversed(view.layers):
        at = {"eth": 0, "wlan": 4}.get(layer.protocol.name)
        if at is not None and layer.region.length >= at + 12:
            return (layer.region.bytes(at, 6), 0), (layer.region.bytes(at + 6, 6), 0)
    return (b"", 0), (b"", 0)


def _tls_method(view: View, layer: Layer, conversation: EapConversation, packet: Region) -> None:
    """Put a message together and hand it to TLS."""
    code, flags = packet.u8(0), packet.u8(5)
    at = 6 + (4 if flags & LENGTH_INCLUDED else 0)
    if packet.u8(4) == TEAP and flags & OUTER_LENGTH_INCLUDED:
        at += 4
    if packet.reported_length < at:
        raise Malformed("a length that is not there")
    data = packet.sub(at)
    if data.reported_length == 0 or flags & START:
        return
    if layer.state.retransmitted:
        view.call_data(data)
        return
    pending = conversation.pending.get(code)
    if pending is None and not (flags & LENGTH_INCLUDED and flags & MORE_FRAGMENTS):
        _call_tls(view, conversation, code, data)
        return
    if data.length < data.reported_length:
        conversation.pending.pop(code, None)
        raise Truncated("a fragment that was cut")
    pending = conversation.pending.setdefault(code, Pending())
    pending.data += data.rest()
    pending.frames.append(view.number)
    layer.state.is_piece = True
    if flags & MORE_FRAGMENTS:
        if len(pending.data) > MAX_MESSAGE:
            del conversation.pending[code]
        return
    del conversation.pending[code]
    layer.state.completed = pending
    for earlier in pending.frames[:-1]:
        view.session.foresee("eap.tls.reassembled_in", earlier, view.number)
    whole = bytes(pending.data)
    _call_tls(view, conversation, code, Region(whole, 0, len(whole)))


def _call_tls(view: View, conversation: EapConversation, code: int, data: Region) -> None:
    """TLS sees a transport of its own; of a record that lacks its end no more comes."""
    outer = view.stream
    view.stream = Stream(conversation.transport, code - REQUEST, False, 0)
    try:
        if view.call(view.session.catalogue.protocols["tls"], data) is False:
            view.call_data(data)
    except NeedMore:
        pass
    finally:
        view.stream = outer


@EAP.filler
def fill_eap(layer: Layer) -> None:
    region, start, state = layer.region, layer.start, layer.state
    length = region.u16(2)
    packet = region.clipped(0, length)
    if region.u8(0) not in (REQUEST, RESPONSE):
        return
    if length > region.reported_length or length < HEADER:
        layer.add("eap.bad_length", None, start + 2, 2)
    if state.retransmitted:
        layer.add("eap.retransmission", None)
    type_ = region.u8(4)
    layer.add("eap.type", type_, start + 4, 1)
    data = packet.clipped(HEADER + 1, packet.reported_length)
    if data.reported_length <= 0 or length > region.reported_length:
        return
    if type_ in TLS_METHODS:
        _fill_tls_method(layer, type_, data)
    else:
        fill_method(layer, type_, data)


def _fill_tls_method(layer: Layer, type_: int, data: Region) -> None:
    add, start, flags = layer.add, data.start, data.u8(0)
    add("eap.tls.flags", flags, start, 1)
    add("eap.tls.flags.len_included", bool(flags & LENGTH_INCLUDED), start, 1)
    add("eap.tls.flags.more_fragments", bool(flags & MORE_FRAGMENTS), start, 1)
    add("eap.tls.flags.start", bool(flags & START), start, 1)
    if type_ == TEAP:
        add("eap.tls.flags.outer_tlv_len_included", bool(flags & OUTER_LENGTH_INCLUDED), start, 1)
    if type_ != TLS:
        add("eap.tls.flags.version", flags & VERSION, start, 1)
    at = 1
    if flags & LENGTH_INCLUDED:
        add("eap.tls.len", data.u32(at), start + at, 4)
        at += 4
    if type_ == TEAP and flags & OUTER_LENGTH_INCLUDED:
        add("eap.tls.outer_tlvs_len", data.u32(at), start + at, 4)
        at += 4
    if type_ == FAST and flags & START and data.length >= at + 4:
        add("eap.fast.type", data.u16(at), start + at, 2)
        add("eap.fast.length", data.u16(at + 2), start + at + 2, 2)
        identity = data.bytes(at + 4, data.u16(at + 2))
        add("eap.data", identity, start + at + 4, len(identity))
        add("eap.fast.authority_id_data", identity, start + at + 4, len(identity))
    if layer.state.is_piece:
        _fill_fragments(layer)


def _fill_fragments(layer: Layer) -> None:
    completed = layer.state.completed
    if completed is None:
        for frame in layer.view.session.foresight_for("eap.tls.reassembled_in", layer.view.number):
            layer.add("eap.tls.reassembled_in", frame)
    elif len(completed.frames) > 1:
        add_fragment_list(layer, "eap.tls", completed.frames)
        layer.add("eap.tls.reassembled.len", len(completed.data))
