"""OPC UA over TCP (OPC 10000-6 sections 6.7 and 7.1): messages, their security headers, and the services that open
connections; what is encrypted is decrypted where the capture holds the keys.

In: a TCP stream on port 4840.  Out: one `opcua` layer for the messages of a segment.  What always holds: a message
whose bytes do not begin with the number of a service is taken for encrypted.
"""

from __future__ import annotations

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import Protocol, computed, computed_table
from dfilter.packets.protocols.cursor import Cursor
from dfilter.packets.protocols.opcua_secrets import channel_keys, decrypt
from dfilter.packets.protocols.opcua_services import (
    SERVICE_FIELDS,
    fill_service,
    is_known_service,
    read_bytes,
    read_certificates,
    read_text,
)
from dfilter.packets.protocols.x509 import X509_SPACES
from dfilter.packets.region import Malformed, Region
from dfilter.packets.streams.fragments import add_fragment_list
from dfilter.packets.streams.reassembly import NeedMore
from dfilter.packets.view import Layer, View
from dfilter.slotted import field, frozen, replace, slotted

HEADER, SECURITY_HEADER, SEQUENCE = 8, 16, 8
FINAL = ord("F")
SECURED = (b"OPN", b"MSG", b"CLO")
SIGNATURES = {b"Basic128Rsa15": 20, b"Basic256": 20, b"Basic256Sha256": 32, b"Aes128_Sha256_RsaOaep": 32,
              b"Aes256_Sha256_RsaPss": 32}  # fmt: skip
"""How long the signatures of messages are by security policy (OPC 10000-7)."""
MAX_PENDING = 64
"""Messages of one connection in chunks at the same time; more are hostile."""
TYPES = frozenset({b"HEL", b"ACK", b"ERR", b"RHE", b"MSG", b"OPN", b"CLO"})
MAX_MESSAGE = 16 << 20
"""Bytes of a chunk beyond which it is no message; 64 kB are usual."""
_SIZES = ("transport.ver", "transport.rbs", "transport.sbs", "transport.mms", "transport.mcc")

OPCUA = Protocol(
    "opcua",
    "OpcUa",
    fields=(
        *computed_table("""
            opcua.transport.type      STRING
            opcua.transport.chunk     STRING
            opcua.transport.size      UINT32
            opcua.transport.ver       UINT32
            opcua.transport.scid      UINT32
            opcua.transport.rbs       UINT32
            opcua.transport.sbs       UINT32
            opcua.transport.mms       UINT32
            opcua.transport.mcc       UINT32
            opcua.transport.endpoint  STRING
            opcua.transport.suri      STRING
            opcua.transport.error     UINT32
            opcua.transport.reason    STRING
            opcua.security.spu        STRING
            opcua.security.scert      BYTES
            opcua.security.rcthumb    BYTES
            opcua.security.tokenid    UINT32
            opcua.security.padding    BYTES
            opcua.security.signature  BYTES
            opcua.sequence.seq        UINT32
            opcua.sequence.rqid       UINT32
        """),
        *computed_table("""
            opcua.fragments           NONE
            opcua.fragment            FRAMENUM
            opcua.fragment.count      UINT32
            opcua.reassembled.length  UINT32
        """, stateful=True),
        computed("opcua.reassembled.in", T.FRAMENUM, look_ahead=True),
        *SERVICE_FIELDS,
    ),
    over={"tcp.port": (4840,)},
    shares=X509_SPACES,
)  # fmt: skip


@slotted
class Chunks:
    """A message whose last chunk has not come: its bytes so far, and the frames that brought them."""

    data: bytearray = field(default_factory=bytearray)
    frames: list[int] = field(default_factory=list)


@slotted
class Channel:
    """What is remembered of a connection.

    Attributes:
        signature: how long signatures are by its security policy, 0 for none.
        readable: its messages are signed but not encrypted, as one of them showed.
        pending: (end, request) -> the chunks of a message that is not complete.
    """

    signature: int = 0
    readable: bool = False
    pending: dict[tuple[int, int], Chunks] = field(default_factory=dict)


@frozen
class Message:
    """One message of the layer.

    Attributes:
        content: what lies behind the security header, decrypted where need be; None if that cannot be read.
        signature: how long the signature at its end is.
        padded: there is padding before the signature.
        whole: the chunks of the message that ends here, if it has several.
        is_piece: its last chunk comes later.
    """

    region: Region
    content: Region | None = None
    signature: int = 0
    padded: bool = False
    whole: Chunks | None = None
    is_piece: bool = False

    @property
    def end(self) -> int:
        """Where the message itself ends in the content."""
        assert self.content is not None
        end = max(self.content.length - self.signature, 0)
        return max(end - 1 - self.content.u8(end - 1), SEQUENCE) if self.padded and end > SEQUENCE else end


@OPCUA.dissector
def dissect_opcua(view: View, region: Region) -> bool | None:
    messages: list[Message] = []
    layer: Layer | None = None
    at = 0
    while at < region.length:
        if region.length - at < HEADER and view.stream is not None:
            raise NeedMore(region.start + at, HEADER - (region.length - at))
        if region.bytes(at, 3) not in TYPES:
            return None if messages else False
        size = region.le32(at + 4)
        if not HEADER <= size <= MAX_MESSAGE:
            raise Malformed("an OPC UA message of no sensible size")
        if size > region.length - at and view.stream is not None and region.end == region.reported_end:
            raise NeedMore(region.start + at, size - (region.length - at))
        if layer is None:
            layer = view.push(OPCUA, region)
            layer.state = messages
        messages.append(_message(view, region.sub(at, size)))
        at += size
    return None


def _message(view: View, region: Region) -> Message:
    kind = region.bytes(0, 3)
    if view.stream is None or kind not in SECURED or region.length < SECURITY_HEADER:
        return Message(region)
    channel: Channel = view.stream.conversation.state.setdefault("opcua", Channel())
    if kind == b"OPN":
        at = _skip_sized(region, _skip_sized(region, _skip_sized(region, 12)))
        channel.signature = SIGNATURES.get(region.rest(16)[: max(region.le32(12), 0)].rpartition(b"#")[2], 0)
        return Message(region, region.sub(at) if is_known_service(region.rest(at + SEQUENCE)) else None)
    keys = channel_keys(view, "client" if view.stream.from_client else "server", region.le32(8), region.le32(12))
    plain = None if keys is None else decrypt(keys, region.rest(SECURITY_HEADER))
    if keys is not None and plain is not None:
        return _chunk(view, channel, Message(region, Region(plain, 0, len(plain)), keys.signature, padded=True))
    content = region.sub(SECURITY_HEADER)
    channel.readable = channel.readable or is_known_service(content.rest(SEQUENCE))
    if not channel.readable and channel.signature:
        return Message(region)
    return _chunk(view, channel, Message(region, content, channel.signature))


def _skip_sized(region: Region, at: int) -> int:
    size = region.le32(at)
    return at + 4 + (size if size < 1 << 31 else 0)


def _chunk(view: View, channel: Channel, message: Message) -> Message:
    """Put the chunks of a message together (OPC 10000-6 section 6.7.2)."""
    assert message.content is not None
    assert view.stream is not None
    is_final = message.region.u8(3) != ord("C")
    key = (view.stream.sender, message.content.le32(4))
    pending = channel.pending.get(key)
    if pending is None and is_final:
        return message
    if pending is None:
        if len(channel.pending) >= MAX_PENDING:
            channel.pending.pop(next(iter(channel.pending)))
        pending = channel.pending[key] = Chunks()
    pending.data += message.content.bytes(SEQUENCE, max(message.end - SEQUENCE, 0))
    pending.frames.append(view.number)
    if not is_final:
        if len(pending.data) > MAX_MESSAGE:
            del channel.pending[key]
        return replace(message, is_piece=True)
    del channel.pending[key]
    for frame in pending.frames[:-1]:
        view.session.foresee("opcua.reassembled.in", frame, view.number)
    return replace(message, whole=pending)


@OPCUA.filler
def fill_opcua(layer: Layer) -> None:
    for message in layer.state:
        _fill_message(layer, message)


def _fill_message(layer: Layer, message: Message) -> None:
    region = message.region
    kind = region.bytes(0, 3)
    walk = Cursor(layer, region, 4)
    layer.add("opcua.transport.type", kind.decode("ascii"), region.start, 3)
    layer.add("opcua.transport.chunk", chr(region.u8(3)), region.start + 3, 1)
    walk.u32("opcua.transport.size")
    if kind in (b"HEL", b"ACK"):
        for name in _SIZES:
            walk.u32("opcua." + name)
        if kind == b"HEL":
            read_text(walk, "opcua.transport.endpoint")
    elif kind == b"ERR":
        walk.u32("opcua.transport.error")
        read_text(walk, "opcua.transport.reason")
    elif kind == b"RHE":
        read_text(walk, "opcua.transport.suri")
        read_text(walk, "opcua.transport.endpoint")
    else:
        _fill_secured(layer, message, kind, walk)


def _fill_secured(layer: Layer, message: Message, kind: bytes, walk: Cursor) -> None:
    walk.u32("opcua.transport.scid")
    if kind == b"OPN":
        read_text(walk, "opcua.security.spu")
        read_certificates(walk, "opcua.security.scert")
        read_bytes(walk, "opcua.security.rcthumb")
    else:
        walk.u32("opcua.security.tokenid")
    content = message.content
    if content is None:
        return
    inside = Cursor(layer, content)
    inside.integers((("opcua.sequence.seq", 4), ("opcua.sequence.rqid", 4)))
    if message.is_piece:
        for frame in layer.view.session.foresight_for("opcua.reassembled.in", layer.view.number)[:1]:
            layer.add("opcua.reassembled.in", frame)
    elif message.whole is not None:
        _fill_chunks(layer, message.whole)
    elif message.region.u8(3) == FINAL:
        fill_service(layer, content.clipped(inside.at, message.end - inside.at))
    _fill_trailer(layer, message, content)


def _fill_chunks(layer: Layer, whole: Chunks) -> None:
    add_fragment_list(layer, "opcua", whole.frames)
    layer.add("opcua.reassembled.length", len(whole.data))
    fill_service(layer, Region(bytes(whole.data), 0, len(whole.data)))


def _fill_trailer(layer: Layer, message: Message, content: Region) -> None:
    """Padding, and the signature as it was sent: Wireshark 4.4 shows its encrypted bytes."""
    if message.is_piece:
        return
    end, region = content.length - message.signature, message.region
    if message.padded and end > message.end:
        layer.add("opcua.security.padding", content.bytes(message.end, end - message.end))
    if message.signature and end >= SEQUENCE:
        at = region.length - message.signature
        layer.add("opcua.security.signature", region.rest(at), region.start + at, message.signature)


@OPCUA.info_line
def opcua_info(layer: Layer) -> str:
    names = {b"HEL": "Hello", b"ACK": "Acknowledge", b"ERR": "Error", b"RHE": "ReverseHello", b"OPN":
             "OpenSecureChannel", b"CLO": "CloseSecureChannel", b"MSG": "UA Secure Conversation"}  # fmt: skip
    return ", ".join(names[message.region.bytes(0, 3)] + " message" for message in layer.state)
