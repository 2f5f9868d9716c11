"""WireGuard messages (the protocol's white paper, section 5.4), recognised by type and length on any UDP port.

In: UDP payloads.  Out: a `wg` layer, and what is inside transport messages where the capture holds the keys.  What
always holds: how many handshakes are kept is bounded.
"""

from __future__ import annotations

from base64 import b64encode

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, computed_table, header
from dfilter.packets.protocols.inner import call_ip_version
from dfilter.packets.protocols.wg_secrets import Handshake, answer, begin, known_keys, open_sealed
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View
from dfilter.slotted import field, slotted

INITIATION, RESPONSE, COOKIE, TRANSPORT = 1, 2, 3, 4
LENGTHS = {INITIATION: 148, RESPONSE: 92, COOKIE: 64}
SHORTEST_TRANSPORT = 32
TAG, TRANSPORT_HEADER = 16, 16
MAX_STREAMS = 65_536
"""Handshakes kept; a peer makes one every two minutes."""
TAI64_EPOCH, NANOSECONDS = 1 << 62, 10**9

WG = Protocol(
    "wg",
    "WireGuard",
    fields=(
        header("wg.type", T.UINT8, 0),
        header("wg.reserved", T.BYTES, 1, 3),
        *computed_table("""
            wg.sender              UINT32
            wg.receiver            UINT32
            wg.ephemeral           STRING
            wg.encrypted_static    NONE
            wg.encrypted_timestamp NONE
            wg.encrypted_empty     NONE
            wg.mac1                BYTES
            wg.mac2                BYTES
            wg.nonce               BYTES
            wg.encrypted_cookie    BYTES
            wg.counter             UINT64
            wg.encrypted_packet    NONE
            wg.keepalive           NONE
        """),
        *computed_table("""
            wg.stream                        UINT32
            wg.response_to                   FRAMENUM
            wg.ephemeral.known_privkey       BOOLEAN
            wg.static                        STRING
            wg.static.known_pubkey           BOOLEAN
            wg.static.known_privkey          BOOLEAN
            wg.timestamp.value               ABSOLUTE_TIME
            wg.timestamp.tai64_label         UINT64
            wg.timestamp.nanoseconds         UINT32
            wg.receiver_pubkey               STRING
            wg.receiver_pubkey.known_privkey BOOLEAN
            wg.handshake_ok                  BOOLEAN
            wg.decryption_error              NONE
        """, stateful=True),
        computed("wg.response_in", T.FRAMENUM, look_ahead=True),
    ),
    heuristics={"udp": lambda view, region: _is_wireguard(region)},
    decrypts=("ip", "ipv6", "data"),
)  # fmt: skip

_PARTS = {
    INITIATION: (("wg.sender", 4), ("wg.ephemeral", 32), ("wg.encrypted_static", 48), ("wg.encrypted_timestamp", 28),
                 ("wg.mac1", 16), ("wg.mac2", 16)),
    RESPONSE: (("wg.sender", 4), ("wg.receiver", 4), ("wg.ephemeral", 32), ("wg.encrypted_empty", 16),
               ("wg.mac1", 16), ("wg.mac2", 16)),
    COOKIE: (("wg.receiver", 4), ("wg.nonce", 24), ("wg.encrypted_cookie", 32)),
    TRANSPORT: (("wg.receiver", 4), ("wg.counter", 8)),
}  # fmt: skip
_NUMBERS = frozenset({"wg.sender", "wg.receiver", "wg.counter"})


@slotted
class WgStream:
    """What one handshake began.

    Attributes:
        number: what `wg.stream` shows.
        frame: of the initiation.
        ids: the numbers that (the initiator, the responder) chose for itself; -1 before it did.
    """

    number: int
    frame: int
    ids: list[int]
    handshake: Handshake | None = None


@slotted
class WgStreams:
    """All handshakes of a session, by the number that a side chose; the latest that did counts."""

    by_id: dict[int, WgStream] = field(default_factory=dict)
    count: int = 0

    def add(self, number: int, stream: WgStream) -> None:
        self.by_id.pop(number, None)
        if len(self.by_id) >= MAX_STREAMS:
            del self.by_id[next(iter(self.by_id))]
        self.by_id[number] = stream


@slotted(eq=True)
class WgState:
    """What was found out about one message."""

    stream: WgStream | None = None
    private: frozenset[bytes] = frozenset()
    static: frozenset[bytes] = frozenset()
    receiver: bytes = b""
    is_answered: bool = False
    is_decrypted: bool | None = None


def _is_wireguard(region: Region) -> bool:
    if region.length < SHORTEST_TRANSPORT or region.u24(1):
        return False
    kind = region.u8(0)
    return kind == TRANSPORT or LENGTHS.get(kind) == region.reported_length


@WG.dissector
def dissect_wg(view: View, region: Region) -> bool:
    if not _is_wireguard(region):
        return False
    layer = view.push(WG, region)
    state = layer.state = WgState()
    if view.quoted:
        return True
    streams = view.session.memory("wg", WgStreams)
    kind, first = region.u8(0), region.le32(4)
    if kind == INITIATION:
        state.stream = WgStream(streams.count, view.number, [first, -1])
        streams.count += 1
        streams.add(first, state.stream)
        _begin(view, state, region)
    elif kind == RESPONSE:
        state.stream = streams.by_id.get(region.le32(8))
        _answer(view, state, streams, region)
    else:
        state.stream = streams.by_id.get(first)
        if kind == TRANSPORT:
            _open(view, state, region)
    return True


def _begin(view: View, state: WgState, region: Region) -> None:
    keys = known_keys(view)
    if keys is None or state.stream is None or region.length < LENGTHS[INITIATION]:
        return
    state.stream.handshake = begin(keys, region.rest())
    state.private, state.static = frozenset(keys.private), frozenset(keys.static)
    state.receiver = keys.receiver(region.rest()) or b""


def _answer(view: View, state: WgState, streams: WgStreams, region: Region) -> None:
    stream = state.stream
    keys = known_keys(view)
    if keys is not None and region.length >= LENGTHS[RESPONSE]:
        state.private, state.static = frozenset(keys.private), frozenset(keys.static)
        state.receiver = keys.receiver(region.rest()) or b""
    if stream is None or stream.ids[1] != -1:
        return
    stream.ids[1] = region.le32(4)
    state.is_answered = True
    streams.add(region.le32(4), stream)
    view.session.foresee("wg.response_in", stream.frame, view.number)
    if keys is not None and stream.handshake is not None and region.length >= LENGTHS[RESPONSE]:
        state.is_decrypted = answer(keys, stream.handshake, region.rest())


def _open(view: View, state: WgState, region: Region) -> None:
    """Dissect what a transport message carries, if its keys are known."""
    stream = state.stream
    if stream is None or stream.handshake is None or stream.handshake.transport is None:
        return
    sender = 1 if region.le32(4) == stream.ids[0] else 0
    if region.length < region.reported_length:
        return
    plain = open_sealed(stream.handshake.transport[sender], region.le64(8), region.rest(TRANSPORT_HEADER), b"")
    state.is_decrypted = plain is not None
    if plain:
        call_ip_version(view, Region(plain, 0, len(plain)))


@WG.filler
def fill_wg(layer: Layer) -> None:
    region, start, at = layer.region, layer.start, 4
    kind, state = region.u8(0), layer.state
    for name, length in _PARTS[kind]:
        value = region.bytes(at, length)
        layer.add(name, _value_of(name, value), start + at, length)
        at += length
        _fill_secrets(layer, name, value)
    if kind == TRANSPORT:
        layer.add("wg.encrypted_packet", None, start + at, region.length - at)
        if region.reported_length == TRANSPORT_HEADER + TAG:
            layer.add("wg.keepalive", None, start + at, TAG)
        elif state.is_decrypted is False:
            layer.add("wg.decryption_error", None)
    if state.stream is None:
        return
    layer.add("wg.stream", state.stream.number)
    if state.is_answered:
        layer.add("wg.response_to", state.stream.frame)
    for frame in layer.view.session.foresight_for("wg.response_in", layer.view.number)[:1]:
        layer.add("wg.response_in", frame)


def _fill_secrets(layer: Layer, name: str, value: bytes) -> None:
    """What the keys of the capture tell of a part of a handshake message."""
    state, add = layer.state, layer.add
    shake = state.stream.handshake if state.stream is not None else None
    if name == "wg.ephemeral":
        add("wg.ephemeral.known_privkey", value in state.private)
    elif name == "wg.encrypted_static" and shake is not None and shake.initiator:
        add("wg.static", b64encode(shake.initiator).decode("ascii"))
        add("wg.static.known_pubkey", shake.initiator in state.static)
        add("wg.static.known_privkey", shake.initiator in state.private)
    elif name == "wg.encrypted_timestamp" and shake is not None and shake.timestamp:
        label, nanoseconds = int.from_bytes(shake.timestamp[:8], "big"), int.from_bytes(shake.timestamp[8:], "big")
        add("wg.timestamp.value", (label - TAI64_EPOCH) * NANOSECONDS + nanoseconds)
        add("wg.timestamp.tai64_label", label)
        add("wg.timestamp.nanoseconds", nanoseconds)
    elif name == "wg.encrypted_empty" and state.is_decrypted is not None:
        add("wg.handshake_ok", state.is_decrypted)
    elif name == "wg.mac1" and state.receiver:
        add("wg.receiver_pubkey", b64encode(state.receiver).decode("ascii"))
        add("wg.receiver_pubkey.known_privkey", state.receiver in state.private)


def _value_of(name: str, value: bytes) -> int | str | bytes | None:
    """Keys are shown in base64, what is encrypted not at all."""
    if name in _NUMBERS:
        return int.from_bytes(value, "little")
    if name == "wg.ephemeral":
        return b64encode(value).decode("ascii")
    return None if name.startswith("wg.encrypted") and name != "wg.encrypted_cookie" else value
