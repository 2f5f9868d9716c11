"""WebSocket (RFC 6455), with compressed messages (RFC 7692), after an upgrade from HTTP.

A message in several frames is put together and shown with the last of them; each layer covers a frame's header.
"""

from __future__ import annotations

import zlib

from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.protocols.http_exchange import state_of
from dfilter.packets.region import Region
from dfilter.packets.streams.fragments import add_fragment_list
from dfilter.packets.streams.reassembly import NeedMore
from dfilter.packets.view import Layer, View
from dfilter.slotted import field, slotted

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10

MAX_MESSAGE = 16 * 1024 * 1024
"""Bytes of a message in fragments, or unpacked, beyond which the rest is left out: hostile senders."""

MAX_FRAGMENTS = 65536

MAX_LENGTH = 0x7FFFFFFF
"""A longer payload is not waited for."""

WEBSOCKET = Protocol(
    "websocket",
    "WebSocket",
    fields=(
        *computed_table("""
            websocket.fin                       BOOLEAN
            websocket.rsv                       UINT8
            websocket.opcode                    UINT8
            websocket.mask                      BOOLEAN
            websocket.payload_length            UINT8
            websocket.payload_length_ext_16     UINT16
            websocket.payload_length_ext_64     UINT64
            websocket.masking_key               BYTES
            websocket.masked_payload            NONE
            websocket.payload                   NONE
            websocket.payload.close             NONE
            websocket.payload.close.status_code UINT16
            websocket.payload.close.reason      STRING
            websocket.payload.ping              BYTES
            websocket.payload.pong              BYTES
            websocket.payload.unknown           BYTES
            websocket.payload.unknown.expert    NONE
        """),
        *computed_table("""
            websocket.pmc                       BOOLEAN
            websocket.payload.text              STRING
            websocket.payload.continue          BYTES
            websocket.fragments                 NONE
            websocket.fragment                  FRAMENUM
            websocket.fragment.count            UINT32
            websocket.reassembled.length        UINT32
        """, stateful=True),
    ),
    carries=("data-text-lines", "data"),
)  # fmt: skip


@slotted
class _Message:
    """A message whose frames are still coming: its kind, their payloads, and the captured frames they came in."""

    opcode: int
    compressed: bool
    payload: bytearray = field(default_factory=bytearray)
    frames: list[int] = field(default_factory=list)

    def add(self, frame: int, payload: bytes) -> None:
        if len(self.frames) < MAX_FRAGMENTS:
            self.frames.append(frame)
        self.payload += payload[: MAX_MESSAGE - len(self.payload)]


@slotted
class _Direction:
    """What one side of a conversation is sending."""

    message: _Message | None = None
    inflater: zlib._Decompress | None = None


@slotted
class _State:
    extensions: bytes
    directions: tuple[_Direction, _Direction] = field(default_factory=lambda: (_Direction(), _Direction()))

    @property
    def compresses(self) -> bool:
        return b"permessage-deflate" in self.extensions


@slotted
class Frame:
    """One frame of the protocol: where its parts lie (absolute offsets), and its payload without the mask."""

    start: int
    header_end: int
    length: int
    payload: bytes
    negotiated: bool = False
    whole: _Message | None = None
    text: bytes | None = None
    continues: bool = False


@WEBSOCKET.dissector
def dissect_websocket(view: View, region: Region) -> None:
    stream = view.stream
    if stream is None:
        return
    state = stream.conversation.state.get("websocket")
    if state is None:
        state = _State(state_of(stream.conversation).extensions)
        stream.conversation.state["websocket"] = state
    offset = 0
    while offset < region.length:
        header_length, payload_length = _lengths(region, offset)
        total = header_length + payload_length
        missing = offset + total - region.reported_length
        if missing > 0 and region.end == region.reported_end and payload_length <= MAX_LENGTH:
            raise NeedMore(region.start + offset, missing)
        carrier = view.layer("tcp")
        if carrier is not None:
            carrier.add("tcp.pdu.size", total)
        _dissect_frame(view, region.clipped(offset, total), header_length, state, state.directions[stream.sender])
        offset += total


def _lengths(region: Region, offset: int) -> tuple[int, int]:
    """Length of a frame's header, and of its payload (RFC 6455 section 5.2)."""
    have = region.length - offset
    if have < 2:
        raise _wait(region, offset, 2)
    second = region.u8(offset + 1)
    size = second & 0x7F
    extended = {126: 2, 127: 8}.get(size, 0)
    header_length = 2 + extended + (4 if second & 0x80 else 0)
    if have < header_length:
        raise _wait(region, offset, header_length)
    if extended:
        at = region.start + offset + 2
        size = int.from_bytes(region.buf[at : at + extended], "big")
    return header_length, size


def _wait(region: Region, offset: int, needed: int) -> Exception:
    if region.end < region.reported_end:
        return region.beyond(region.start + offset + needed)
    return NeedMore(region.start + offset, needed - (region.length - offset))


def _dissect_frame(view: View, region: Region, header_length: int, state: _State, side: _Direction) -> None:
    layer = view.push(WEBSOCKET, region, header_length)
    buf, start = region.buf, region.start
    payload = buf[start + header_length : region.end]
    if buf[start + 1] & 0x80:
        payload = unmask(payload, buf[start + header_length - 4 : start + header_length])
    frame = Frame(start, start + header_length, region.reported_length - header_length, payload, state.compresses)
    layer.state = frame
    opcode, final = buf[start] & 0x0F, buf[start] & 0x80 != 0
    if opcode in (TEXT, BINARY) and frame.length and region.end == region.reported_end:
        message = _Message(opcode, state.compresses and buf[start] & 0x40 != 0)
        if not final:
            side.message = message
            message.add(view.frame.number, payload)
        else:
            _dissect_message(view, frame, message, payload, state, side)
    elif opcode == CONTINUATION and side.message is not None:
        frame.continues = True
        side.message.add(view.frame.number, payload)
        if final:
            frame.whole, side.message = side.message, None
            _dissect_message(view, frame, frame.whole, bytes(frame.whole.payload), state, side)


def _dissect_message(view: View, frame: Frame, message: _Message, payload: bytes, state: _State,
                     side: _Direction) -> None:  # fmt: skip
    """What a whole message holds: lines of text, or data."""
    same = message.opcode in (TEXT, BINARY) and frame.whole is None and not message.compressed
    if message.compressed:
        unpacked = _inflate(payload, state, side, view.stream is not None and view.stream.from_client)
        if unpacked is None:
            return
        payload = unpacked
    layer = view.layers[-1]
    masked = layer.buf[frame.start + 1] & 0x80
    if same and not masked:
        region = Region(layer.buf, frame.header_end, frame.header_end + len(payload))
    else:
        region = Region(payload, 0, len(payload))
    if message.opcode == TEXT:
        frame.text = payload
        view.call(view.session.catalogue.protocols["data-text-lines"], region)
    else:
        view.call_data(region)


def unmask(payload: bytes, key: bytes) -> bytes:
    """The payload XOR the key, repeated (RFC 6455 section 5.3)."""
    length = len(payload)
    if not length:
        return b""
    keys = (key * (length // 4 + 1))[:length]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(keys, "big")).to_bytes(length, "big")


def _inflate(payload: bytes, state: _State, side: _Direction, from_client: bool) -> bytes | None:
    """A compressed message unpacked (RFC 7692 section 7.2.2); None where it is damaged."""
    alone = b"client_no_context_takeover" if from_client else b"server_no_context_takeover"
    if side.inflater is None or alone in state.extensions:
        side.inflater = zlib.decompressobj(-15)
    try:
        return side.inflater.decompress(payload + b"\0\0\xff\xff", MAX_MESSAGE)
    except zlib.error:
        return None


@WEBSOCKET.filler
def fill_websocket(layer: Layer) -> None:
    frame: Frame = layer.state
    buf, start, add = layer.buf, frame.start, layer.add
    first, second = buf[start], buf[start + 1]
    add("websocket.fin", first & 0x80 != 0, start, 1)
    add("websocket.rsv", first >> 4 & 7, start, 1)
    if frame.negotiated:
        add("websocket.pmc", first & 0x40 != 0, start, 1)
    add("websocket.opcode", first & 0x0F, start, 1)
    add("websocket.mask", second & 0x80 != 0, start + 1, 1)
    add("websocket.payload_length", second & 0x7F, start + 1, 1)
    if second & 0x7F == 126:
        add("websocket.payload_length_ext_16", int.from_bytes(buf[start + 2 : start + 4], "big"), start + 2, 2)
    elif second & 0x7F == 127:
        add("websocket.payload_length_ext_64", int.from_bytes(buf[start + 2 : start + 10], "big"), start + 2, 8)
    if second & 0x80:
        add("websocket.masking_key", buf[frame.header_end - 4 : frame.header_end], frame.header_end - 4, 4)
    if frame.length:
        if second & 0x80:
            add("websocket.masked_payload", None, frame.header_end, len(frame.payload))
        add("websocket.payload", None, frame.header_end, len(frame.payload))
        _add_payload(layer, frame, first & 0x0F, first & 0x80 != 0)


def _add_payload(layer: Layer, frame: Frame, opcode: int, final: bool) -> None:
    at, payload = frame.header_end, frame.payload
    if frame.text is not None:
        layer.add("websocket.payload.text", frame.text.decode("utf-8", "replace"), at, len(payload))
    if frame.whole is not None:
        _add_fragments(layer, frame.whole)
    elif opcode == CLOSE:
        layer.add("websocket.payload.close", None, at, len(payload))
        if len(payload) >= 2:
            layer.add("websocket.payload.close.status_code", int.from_bytes(payload[:2], "big"), at, 2)
        if len(payload) > 2:
            reason = payload[2:].decode("utf-8", "replace")
            layer.add("websocket.payload.close.reason", reason, at + 2, len(payload) - 2)
    elif opcode in (PING, PONG):
        layer.add("websocket.payload.ping" if opcode == PING else "websocket.payload.pong", payload, at, len(payload))
    elif frame.continues and not final:
        layer.add("websocket.payload.continue", payload, at, len(payload))
    elif opcode not in (TEXT, BINARY):
        layer.add("websocket.payload.unknown", payload, at, len(payload))
        layer.add("websocket.payload.unknown.expert", None, at)


def _add_fragments(layer: Layer, message: _Message) -> None:
    add_fragment_list(layer, "websocket", message.frames)
    layer.add("websocket.reassembled.length", len(message.payload))


@WEBSOCKET.info_line
def websocket_info(layer: Layer) -> str:
    frame: Frame = layer.state
    names = {CONTINUATION: "Continuation", TEXT: "Text", BINARY: "Binary", CLOSE: "Connection Close", PING: "Ping",
             PONG: "Pong"}  # fmt: skip
    first = layer.buf[frame.start]
    kind = names.get(first & 0x0F, "Unknown")
    flags = " [FIN]" if first & 0x80 else ""
    return f"WebSocket {kind}{flags}"
