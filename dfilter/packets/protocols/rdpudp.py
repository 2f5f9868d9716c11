"""Remote desktop over UDP (MS-RDPEUDP sections 2.2 and 3.1, MS-RDPEUDP2 section 2.2): the handshake, both versions of
the transport, and TLS or DTLS inside.

In: UDP payloads on port 3389.  Out: an `rdpudp` layer, and a `tls` layer in the packet that completes a record, or a
`dtls` one.  What always holds: which version is spoken follows from the handshake; how many pairs of endpoints and
bytes are kept is bounded.
"""

from __future__ import annotations

from collections import OrderedDict

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, computed_table
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.protocols.tls_records import TlsState
from dfilter.packets.region import Region
from dfilter.packets.streams.conversation import Conversation, Endpoint, Stream
from dfilter.packets.streams.reassembly import NeedMore
from dfilter.packets.view import Layer, View
from dfilter.slotted import field, frozen, slotted

SYN, ACK, DATA, FEC, ACK_OF_ACKS, LOSSY, CORRELATION, EXTENDED = 0x1, 0x4, 0x8, 0x10, 0x100, 0x200, 0x800, 0x1000
ACK2, DATA2, VECTOR2, ACK_OF_ACKS2, OVERHEAD2, DELAY2 = 0x1, 0x4, 0x8, 0x10, 0x40, 0x100
HEADER, SWAPPED, DUMMY = 8, 7, 8
VERSION_2 = 0x0101
MAX_CONVERSATIONS = 20_000
MAX_WAITING = 64 * 1024
"""Bytes of a record that lacks its end; a record has at most 18 kB."""

_FLAGS = (("syn", SYN), ("fin", 0x2), ("ack", ACK), ("data", DATA), ("fec", FEC), ("cn", 0x20), ("cwr", 0x40),
          ("aoa", ACK_OF_ACKS), ("synlossy", LOSSY), ("ackdelayed", 0x400), ("correlationid", CORRELATION),
          ("synex", EXTENDED))  # fmt: skip

RDPUDP = Protocol(
    "rdpudp",
    "RDPUDP",
    fields=(
        *computed_table("""
            rdpudp.snsourceack            UINT32
            rdpudp.receivewindowsize      UINT16
            rdpudp.initialsequencenumber  UINT32
            rdpudp.upstreammtu            UINT16
            rdpudp.downstreammtu          UINT16
            rdpudp.correlationid          BYTES
            rdpudp.synex.flags            UINT16
            rdpudp.synex.version          UINT16
            rdpudp.synex.cookiehash       BYTES
        """),
        computed("rdpudp.synex.flags.versioninfo", T.BOOLEAN),
        computed("rdpudp.flags", T.UINT16, stateful=True),
        *(computed(f"rdpudp.flags.{name}", T.BOOLEAN, stateful=True) for name, _ in _FLAGS),
        *computed_table("""
            rdpudp.flags.ackvec           UINT16
            rdpudp.flags.ackofacks        UINT16
            rdpudp.flags.overheadsize     UINT16
            rdpudp.flags.delayackinfo     UINT16
            rdpudp.logWindow              UINT16
            rdpudp.prefixbyte             UINT8
            rdpudp.packetType             UINT8
            rdpudp.shortpacketlen         UINT8
            rdpudp.ack.vectorsize         UINT16
            rdpudp.resetSeqNum            UINT32
            rdpudp.fec.coded              UINT32
            rdpudp.fec.sourcestart        UINT32
            rdpudp.fec.range              UINT8
            rdpudp.fec.fecindex           UINT8
            rdpudp.data.sncoded           UINT32
            rdpudp.data.sourceStart       UINT32
            rdpudp.ack.seqnum             UINT16
            rdpudp.ack.ts                 UINT24
            rdpudp.ack.sendTimeGap        UINT8
            rdpudp.ack.numDelayedAcks     UINT8
            rdpudp.ack.delayedTimeScale   UINT8
            rdpudp.ack.delayedAcks        BYTES
            rdpudp.overheadsize           UINT8
            rdpudp.delayackinfo.max       UINT8
            rdpudp.delayackinfo.timeout   UINT16
            rdpudp.ackofacksseqnum        UINT16
            rdpudp.data.seqnum            UINT16
            rdpudp.data.fullseqnum        UINT32
            rdpudp.data.channelseqnumber  UINT16
            rdpudp.data.channelfullseqnumber UINT32
            rdpudp.ackvec.baseseqnum      UINT16
            rdpudp.ackvec.codedackvecsize UINT16
            rdpudp.ackvec.havets          BOOLEAN
            rdpudp.ackvec.timestamp       UINT24
            rdpudp.ackvec.sendacktimegap  UINT8
        """, stateful=True),
    ),
    over={"udp.port": (3389,)},
    carries=("tls", "dtls"),
)  # fmt: skip


@slotted
class RdpConversation:
    """What is remembered of two endpoints.

    Attributes:
        transport: in which TLS keeps its state; its client is who sent the first packet.
        second: the second version of the transport was agreed on.
        lossy: DTLS is inside, not TLS.
        waiting: for each end, the beginning of a record that lacks its end.
        expected: for each end, the number of its next packet in the channel.
    """

    transport: Conversation
    second: bool = False
    lossy: bool = False
    waiting: list[bytes] = field(default_factory=lambda: [b"", b""])
    expected: list[int] = field(default_factory=lambda: [1, 1])


@slotted(eq=True)
class Packet:
    """One packet of the second version, its first byte back in its place."""

    region: Region | None = None


@RDPUDP.dissector
def dissect_rdpudp(view: View, region: Region) -> bool | None:
    if region.length < HEADER:
        return False
    conversation = _conversation(view)
    layer = view.push(RDPUDP, region)
    state = layer.state = Packet()
    if view.quoted:
        return None
    flags = region.u16(6)
    if region.u32(0) == 0xFFFFFFFF and flags & SYN:
        conversation.second, conversation.lossy = False, bool(flags & LOSSY)
        conversation.waiting, conversation.expected = [b"", b""], [1, 1]
    if not conversation.second:
        _first_version(view, conversation, region, flags)
        return None
    data = region.rest()
    data = data[SWAPPED : SWAPPED + 1] + data[1:SWAPPED] + data[:1] + data[SWAPPED + 1 :]
    state.region = Region(data, 0, len(data), len(data) + region.reported_end - region.end)
    payload = _walk_second(Cursor(layer, state.region), None)
    if payload is not None:
        _take(view, conversation, *payload)
    return None


def _conversation(view: View) -> RdpConversation:
    source, target = zip(view.addresses, view.ports, strict=True)
    key: tuple[Endpoint, Endpoint] = (source, target) if source <= target else (target, source)
    known: OrderedDict[tuple[Endpoint, Endpoint], RdpConversation] = view.session.memory("rdpudp", OrderedDict)
    found = known.get(key)
    if found is None:
        if len(known) >= MAX_CONVERSATIONS:
            known.popitem(last=False)
        time = view.time or 0
        found = known[key] = RdpConversation(Conversation(0, (source, target), 0, time, time))
    return found


def _sender(view: View, conversation: RdpConversation) -> int:
    return int((view.addresses[0], view.ports[0]) != conversation.transport.ends[0])


def _first_version(view: View, conversation: RdpConversation, region: Region, flags: int) -> None:
    if flags & SYN:
        at = 16 + (32 if flags & CORRELATION else 0)
        if flags & ACK and flags & EXTENDED and region.length >= at + 4:
            conversation.second = region.u16(at + 2) >= VERSION_2
        return
    begin = _data_at(region, flags)
    if begin is None or region.reported_length <= begin:
        return
    payload = region.sub(begin)
    if conversation.lossy:
        view.call(view.session.catalogue.protocols["dtls"], payload)
    else:
        _call_tls(view, conversation, payload)


def _data_at(region: Region, flags: int) -> int | None:
    """Where the payload of a packet of the first version begins, if it has one of its own."""
    if not flags & DATA or flags & FEC:
        return None
    at = HEADER
    if flags & ACK:
        at += 2 + region.u16(at)
        at += -at % 4
    return at + (4 if flags & ACK_OF_ACKS else 0) + 8


def _take(view: View, conversation: RdpConversation, number: int, payload: Region) -> None:
    """The payload of the next packet of a channel goes to TLS; repeated ones do not, and a gap ends what waits."""
    sender = _sender(view, conversation)
    expected = conversation.expected[sender]
    if (number - expected) & 0xFFFF >= 0x8000:
        return
    if number != expected:
        conversation.waiting[sender] = b""
    conversation.expected[sender] = (number + 1) & 0xFFFF
    if payload.reported_length:
        _call_tls(view, conversation, payload)


def _call_tls(view: View, conversation: RdpConversation, payload: Region) -> None:
    """TLS sees a transport of its own; the beginning of a record waits for the rest."""
    sender = _sender(view, conversation)
    before = conversation.waiting[sender]
    conversation.waiting[sender] = b""
    if before:
        whole = before + payload.rest()
        payload = Region(whole, 0, len(whole))
    tls = view.session.catalogue.protocols["tls"]
    outer, layers = view.stream, len(view.layers)
    view.stream = Stream(conversation.transport, sender, False, 0)
    try:
        view.call(tls, payload)
    except NeedMore as need:
        rest = payload.rest(need.offset - payload.start)
        if len(rest) <= MAX_WAITING:
            conversation.waiting[sender] = rest
        if len(view.layers) == layers:
            view.push(tls, payload).state = TlsState(waiting=(0, payload.length))
    finally:
        view.stream = outer


@RDPUDP.filler
def fill_rdpudp(layer: Layer) -> None:
    if layer.state.region is not None:
        _walk_second(Cursor(layer, layer.state.region), layer)
        return
    walk = Cursor(layer, layer.region, big=True)
    walk.integers((("rdpudp.snsourceack", 4), ("rdpudp.receivewindowsize", 2)))
    flags = walk.flags("rdpudp.flags", 2, [(f"rdpudp.flags.{name}", bit) for name, bit in _FLAGS])
    if flags & SYN:
        _fill_syn(walk, flags)
        return
    if flags & ACK:
        walk.skip(walk.u16("rdpudp.ack.vectorsize"))
        walk.skip(-walk.at % 4)
    if flags & ACK_OF_ACKS:
        walk.u32("rdpudp.resetSeqNum")
    if flags & DATA and flags & FEC:
        walk.integers((("rdpudp.fec.coded", 4), ("rdpudp.fec.sourcestart", 4), ("rdpudp.fec.range", 1),
                       ("rdpudp.fec.fecindex", 1)))  # fmt: skip
    elif flags & DATA:
        walk.integers((("rdpudp.data.sncoded", 4), ("rdpudp.data.sourceStart", 4)))


def _fill_syn(walk: Cursor, flags: int) -> None:
    walk.integers((("rdpudp.initialsequencenumber", 4), ("rdpudp.upstreammtu", 2), ("rdpudp.downstreammtu", 2)))
    if flags & CORRELATION:
        walk.raw("rdpudp.correlationid", 16)
        walk.skip(16)
    if flags & EXTENDED:
        walk.flags("rdpudp.synex.flags", 2, (("rdpudp.synex.flags.versioninfo", 1),))
        if walk.u16("rdpudp.synex.version") >= VERSION_2:
            walk.raw("rdpudp.synex.cookiehash", 32)


def _walk_second(walk: Cursor, layer: Layer | None) -> tuple[int, Region] | None:
    """Pass the headers of a packet of the second version, with fields for `layer` if one is given: the number in the
    channel and the payload, if it has one."""
    notes = _Notes(walk, layer)
    prefix = notes.number("prefixbyte", 1)
    notes.add("packetType", prefix >> 1 & 0x0F)
    notes.add("shortpacketlen", prefix & 0x07)
    header = notes.number("", 2)
    flags = header & 0x0FFF
    notes.add("flags", flags)
    notes.add("flags.ack", bool(flags & ACK2))
    notes.add("flags.data", bool(flags & DATA2))
    for name, bit in (("ackvec", VECTOR2), ("ackofacks", ACK_OF_ACKS2), ("overheadsize", OVERHEAD2),
                      ("delayackinfo", DELAY2)):  # fmt: skip
        notes.add("flags." + name, int(bool(flags & bit)))
    notes.add("logWindow", header >> 12)
    if flags & ACK2:
        notes.number("ack.seqnum", 2)
        notes.number("ack.ts", 3)
        notes.number("ack.sendTimeGap", 1)
        delayed = notes.number("", 1)
        notes.add("ack.numDelayedAcks", delayed & 0x0F)
        notes.add("ack.delayedTimeScale", delayed >> 4)
        if delayed & 0x0F:
            notes.add("ack.delayedAcks", walk.region.bytes(walk.at, delayed & 0x0F))
            walk.at += delayed & 0x0F
    if flags & OVERHEAD2:
        notes.number("overheadsize", 1)
    if flags & DELAY2:
        notes.number("delayackinfo.max", 1)
        notes.number("delayackinfo.timeout", 2)
    if flags & ACK_OF_ACKS2:
        notes.number("ackofacksseqnum", 2)
    if flags & DATA2:
        notes.add("data.fullseqnum", notes.number("data.seqnum", 2))
    if flags & VECTOR2:
        _walk_vector(notes, walk)
    if not flags & DATA2 or prefix >> 1 & 0x0F == DUMMY:
        return None
    number = notes.number("data.channelseqnumber", 2)
    notes.add("data.channelfullseqnumber", number)
    return number, walk.region.sub(walk.at)


def _walk_vector(notes: _Notes, walk: Cursor) -> None:
    notes.number("ackvec.baseseqnum", 2)
    coded = notes.number("", 1)
    notes.add("ackvec.codedackvecsize", coded & 0x7F)
    notes.add("ackvec.havets", bool(coded & 0x80))
    if coded & 0x80:
        notes.number("ackvec.timestamp", 3)
        notes.number("ackvec.sendacktimegap", 1)
    walk.at += coded & 0x7F


@frozen
class _Notes:
    """Reads little-endian integers at the walk's position; their fields cover no bytes, one of which was moved."""

    walk: Cursor
    layer: Layer | None

    def number(self, name: str, size: int) -> int:
        value = self.walk.peek(size)
        self.walk.at += size
        if name:
            self.add(name, value)
        return value

    def add(self, name: str, value: object) -> None:
        if self.layer is not None:
            self.layer.add("rdpudp." + name, value)


@RDPUDP.info_line
def rdpudp_info(layer: Layer) -> str:
    flags = layer.computed("rdpudp.flags")[0]
    if layer.state.region is not None:
        return ", ".join(name for name, bit in (("ACK", ACK2), ("DATA", DATA2), ("ACKVEC", VECTOR2)) if flags & bit)
    return ",".join(name.upper() for name, bit in _FLAGS if flags & bit)
