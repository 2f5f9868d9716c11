"""From dissected frames to the pieces of streams: TCP, UDP, TLS and HTTP.

In: the views of all frames, in file order.  Out: the pieces of one stream.  What always holds: what an ICMP error
quotes is no part of a stream; what only one pass over a capture can show is shown, as by `tshark -z follow`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from dfilter.follow.order import Segment, StreamOrder
from dfilter.follow.pieces import Node, Piece
from dfilter.packets.protocols.http2_fields import Frame
from dfilter.packets.protocols.http_fields import Message
from dfilter.packets.protocols.http_head import Kind as HeadKind
from dfilter.packets.protocols.tcp_facts import Facts
from dfilter.packets.protocols.tls_records import TlsState
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View
from dfilter.slotted import field, slotted

SYN: Final = 0x02
APPLICATION_DATA: Final = 23
"""The content type of TLS records that carry data (RFC 8446 section 5.1)."""
HTTP2_DATA: Final = 0
HTTP2_END_STREAM: Final = 0x01
"""Frame type and flag (RFC 9113 section 6.1)."""


@slotted(eq=True)
class Ends:
    """The two ends of the stream, in order of appearance; none before the first piece or packet of it.

    Attributes:
        first: address and port of node 0 as on the wire.
    """

    first: tuple[bytes, int] | None = None
    nodes: tuple[Node, Node] | None = None

    def number(self, sender: tuple[bytes, int], receiver: tuple[bytes, int]) -> int:
        """0 or 1: which node `sender` is."""
        if self.first is None:
            self.first = sender
            self.nodes = (Node.of(*sender), Node.of(*receiver))
        return 0 if sender == self.first else 1


@slotted(eq=True)
class Source:
    """Pieces of stream `index`; `seen`: the highest number of any stream so far, -1 for none; `met`: it is there."""

    index: int
    ends: Ends = field(default_factory=Ends)
    seen: int = -1
    met: bool = False

    @property
    def held(self) -> int:
        """Bytes that have not had their turn."""
        return 0

    def is_followed(self, number: int) -> bool:
        """Note a stream's number; is it the one that is followed?"""
        if number > self.seen:
            self.seen = number
        if number == self.index:
            self.met = True
            return True
        return False

    def pieces(self, view: View) -> Iterator[Piece]:
        """What a frame adds to the stream."""
        raise NotImplementedError


def _ends_of(facts: Facts) -> tuple[tuple[bytes, int], tuple[bytes, int]]:
    """Sender and receiver of a segment."""
    ends = facts.conversation.ends
    return ends[facts.sender], ends[1 - facts.sender]


@slotted(eq=True)
class TcpSource(Source):
    """A TCP stream, in order."""

    order: StreamOrder = field(default_factory=StreamOrder)

    @property
    def held(self) -> int:
        return self.order.held

    def pieces(self, view: View) -> Iterator[Piece]:
        for layer in view.by_name.get("tcp", ()):
            if layer.quoted or layer.state is None or layer.state[1] is None:
                continue
            facts: Facts = layer.state[1]
            whole = layer.region.length >= (layer.region.u8(12) >> 4) * 4  # a header cut by the capture does not count
            if self.is_followed(facts.conversation.index) and facts.measured and whole:
                yield from self.order.feed(self._segment(view, layer, layer.state[0], facts))

    def _segment(self, view: View, layer: Layer, payload: Region, facts: Facts) -> Segment:
        region = layer.region
        node = self.ends.number(*_ends_of(facts))
        return Segment(view.number, view.time, node, facts.seq, region.u32(8), bool(region.u8(13) & SYN),
                       payload.reported_length, payload.rest())  # fmt: skip


@slotted(eq=True)
class UdpSource(Source):
    """The payloads of a UDP stream's datagrams; empty ones do not count."""

    def pieces(self, view: View) -> Iterator[Piece]:
        for layer in view.by_name.get("udp", ()):
            stream = layer.computed("udp.stream")
            if layer.quoted or not stream or not self.is_followed(stream[0]):
                continue
            region = layer.region
            data = region.clipped(8, region.u16(4) - 8).rest()
            if data:
                source, target = layer.state or view.addresses
                node = self.ends.number((source, region.u16(0)), (target, region.u16(2)))
                yield Piece(view.number, view.time, node, data)


@slotted(eq=True)
class _OverTcp(Source):
    """A protocol over a TCP stream, whose number is TCP's."""

    protocol: str = ""

    def layers(self, view: View) -> Iterator[tuple[Layer, int]]:
        """The layers of the stream in a frame that count, each with its sender's node."""
        for tcp in view.by_name.get("tcp", ()):
            if not tcp.quoted and tcp.state is not None and tcp.state[1] is not None:
                self.is_followed(tcp.state[1].conversation.index)
        for layer in view.by_name.get(self.protocol, ()):
            facts = _facts_below(view, layer)
            if facts is None or layer.quoted or facts.conversation.index != self.index or not self._counts(layer):
                continue
            yield layer, self.ends.number(*_ends_of(facts))

    def pieces(self, view: View) -> Iterator[Piece]:
        for layer, node in self.layers(view):
            for data in self._contents(layer):
                yield Piece(view.number, view.time, node, data)

    def _counts(self, layer: Layer) -> bool:
        """Is it a part of the stream, be it only as the first of its sender?"""
        raise NotImplementedError

    def _contents(self, layer: Layer) -> Iterable[bytes]:
        """What a layer that counts adds."""
        raise NotImplementedError


def _facts_below(view: View, layer: Layer) -> Facts | None:
    """Of the innermost TCP segment around a layer."""
    below = [tcp for tcp in view.by_name.get("tcp", ()) if tcp.index < layer.index]
    return below[-1].state[1] if below and below[-1].state is not None else None


@slotted(eq=True)
class TlsSource(_OverTcp):
    """The application data of a TLS connection whose secrets are known."""

    protocol: str = "tls"

    def _counts(self, layer: Layer) -> bool:
        state: TlsState | None = layer.state
        return state is not None and any(record.plain is not None for record in state.records)

    def _contents(self, layer: Layer) -> list[bytes]:
        state: TlsState = layer.state
        plain = [record.plain for record in state.records if record.inner_type == APPLICATION_DATA]
        return [content.rest() for content in plain if content is not None and content.length]


@slotted(eq=True)
class HttpSource(_OverTcp):
    """HTTP/1 messages: each head, and each body without transfer and content codings."""

    protocol: str = "http"

    def _counts(self, layer: Layer) -> bool:
        message: Message | None = layer.state
        return message is not None and message.tunnel is None

    def _contents(self, layer: Layer) -> list[bytes]:
        message: Message = layer.state
        head = message.head
        if head.kind is HeadKind.OTHER:  # what belongs to no message follows an empty head, unless a message precedes
            return [message.raw.rest()] if message.excess else [b"", message.raw.rest()]
        body = message.body()
        found = [head.buf[head.start : head.end]]
        return [*found, body.rest()] if body is not None and body.length else found


@slotted(eq=True)
class Http2Source(_OverTcp):
    """One stream inside an HTTP/2 connection: header fields as text, whole bodies, other frames as they are."""

    protocol: str = "http2"
    substream: int = 1

    def _counts(self, layer: Layer) -> bool:
        return self.substream in layer.computed("http2.streamid")

    def _contents(self, layer: Layer) -> list[bytes]:
        frame: Frame = layer.state
        if frame.type == HTTP2_DATA:  # a body is shown once, where it ends
            ends = frame.flags & HTTP2_END_STREAM or frame.body is not None
            return [data for data in layer.computed("http2.data.data") if data] if ends else []
        names, values = layer.computed("http2.header.name"), layer.computed("http2.header.value")
        block = "".join(f"{name}: {value}\n" for name, value in zip(names, values, strict=False))
        return [f"{block}\n".encode()] if block else [layer.item_bytes()]


SOURCES: Final[dict[str, Callable[[int], Source]]] = {
    "tcp": TcpSource, "udp": UdpSource, "tls": TlsSource, "http": HttpSource, "http2": Http2Source,
}  # fmt: skip
STREAM_FIELDS: Final = {
    "tcp": "tcp.stream", "udp": "udp.stream", "tls": "tcp.stream", "http": "tcp.stream", "http2": "tcp.stream",
}  # fmt: skip
"""What numbers the streams of each kind."""
NEEDED: Final[dict[str, tuple[str, ...]]] = {
    "http2": ("http2.streamid", "http2.header.name", "http2.header.value", "http2.data.data"),
}
"""Fields that a session must dissect beside the stream's number and the protocol."""
