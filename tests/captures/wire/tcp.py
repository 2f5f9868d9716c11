"""A TCP conversation played out segment by segment, as seen at the local end.

In: what each side writes.  Out: segments in the story, from handshake to teardown.  Always holds: sequence
and acknowledgement numbers follow what was sent, each side acknowledges at least every fourth segment, no
segment exceeds the MSS, and nothing is sent twice unless asked for.
"""

import struct
from dataclasses import dataclass

from .packets import ACK, FIN, PROTO_TCP, PSH, RST, SYN, Host, TcpHeader, pseudo_random_int, tcp
from .story import MILLISECOND, Story

MSS = 1460
SHIFT = 8
WINDOW = 64240
LOCAL_BURST, REMOTE_BURST = 4, 2  # segments before the receiver acknowledges


@dataclass(slots=True)
class _Side:
    host: Host
    port: int
    next_seq: int
    acked: int = 0  # last acknowledgement number this side sent
    timestamp_seen: int = 0


class TcpConversation:
    """One connection between a client (who opens it) and a server; either may be the remote one."""

    def __init__(
        self,
        story: Story,
        client: Host,
        server: Host,
        server_port: int,
        at: int,
        *,
        client_port: int | None = None,
        rtt: int = 40 * MILLISECOND,
        timestamps: bool = False,
        isn: int | None = None,
    ) -> None:
        port = client_port or story.ephemeral_port(client.ip)
        label = f"{story.label}/{client.ip}:{port}>{server.ip}:{server_port}"
        first = pseudo_random_int(label + "/client", 32) if isn is None else isn
        self.client_side = _Side(client, port, first)
        self.server_side = _Side(server, server_port, pseudo_random_int(label + "/server", 32))
        self.label = label
        self.now = at
        self._story, self._rtt, self._timestamps = story, rtt, timestamps
        self._last_sender: _Side | None = None

    def open(self) -> "TcpConversation":
        """SYN, SYN/ACK, ACK."""
        self.syn()
        self._emit(self.server_side, SYN | ACK)
        self._emit(self.client_side, ACK)
        return self

    def syn(self, *retransmit_after: int) -> "TcpConversation":
        """A SYN, and the same again after each of the given waits (microseconds) with no answer."""
        start = self.client_side.next_seq
        self._emit(self.client_side, SYN)
        for wait in retransmit_after:
            self.client_side.next_seq = start
            self.now += wait
            self._emit(self.client_side, SYN)
        return self

    def refuse(self) -> None:
        """The server's RST to a SYN."""
        self.server_side.next_seq = 0
        self._emit(self.server_side, RST | ACK)

    def client(self, *writes: bytes) -> "TcpConversation":
        self._send(self.client_side, self.server_side, writes)
        return self

    def server(self, *writes: bytes) -> "TcpConversation":
        self._send(self.server_side, self.client_side, writes)
        return self

    def client_ack(self) -> "TcpConversation":
        self._acknowledge(self.client_side, self.server_side)
        return self

    def server_ack(self) -> "TcpConversation":
        self._acknowledge(self.server_side, self.client_side)
        return self

    def pause(self, microseconds: int) -> "TcpConversation":
        self.now += microseconds
        return self

    def close(self, *, by_client: bool = True) -> "TcpConversation":
        """FIN from one side, acknowledged, FIN from the other, acknowledged."""
        first, second = self._sides(by_client)
        self._emit(first, FIN | ACK)
        self._emit(second, ACK)
        self._emit(second, FIN | ACK)
        self._emit(first, ACK)
        return self

    def reset(self, *, by_client: bool = True) -> "TcpConversation":
        self._emit(self._sides(by_client)[0], RST | ACK)
        return self

    def _sides(self, by_client: bool) -> tuple[_Side, _Side]:
        return (self.client_side, self.server_side) if by_client else (self.server_side, self.client_side)

    def _send(self, sender: _Side, receiver: _Side, writes: tuple[bytes, ...]) -> None:
        burst = REMOTE_BURST if sender.host.remote else LOCAL_BURST
        mss = MSS - 12 * self._timestamps
        segments = [
            (write[i : i + mss], i + mss >= len(write)) for write in writes for i in range(0, len(write), mss)
        ]
        for count, (payload, last_of_write) in enumerate(segments, 1):
            self._emit(sender, ACK | PSH * last_of_write, payload)
            if count % burst == 0 or count == len(segments) > 1:
                self._acknowledge(receiver, sender)

    def _acknowledge(self, receiver: _Side, sender: _Side) -> None:
        if receiver.acked != sender.next_seq:
            self._emit(receiver, ACK)

    def _emit(self, sender: _Side, flags: int, payload: bytes = b"") -> None:
        peer = self.server_side if sender is self.client_side else self.client_side
        self.now += self._delay(sender)
        self._last_sender = sender
        sender.acked = peer.next_seq if flags & ACK else 0
        window = 0 if flags & RST else WINDOW if flags & SYN else WINDOW >> SHIFT
        options = self._options(sender, peer, flags)
        header = TcpHeader(sender.port, peer.port, sender.next_seq, sender.acked, flags, window, options)
        segment = tcp(sender.host.ip, peer.host.ip, header, payload)
        self._story.packet(self.now, sender.host, peer.host.mac, peer.host.ip, PROTO_TCP, segment)
        sender.next_seq = (sender.next_seq + len(payload) + bool(flags & (SYN | FIN))) & 0xFFFFFFFF

    def _delay(self, sender: _Side) -> int:
        if self._last_sender is None:
            return 0
        if self._last_sender is sender:
            return 90
        return self._rtt if sender.host.remote else 210

    def _options(self, sender: _Side, peer: _Side, flags: int) -> bytes:
        """MSS, window scale and SACK in a SYN (RFC 9293, 7323, 2018), timestamps (RFC 7323) when in use."""
        stamp = b""
        if self._timestamps and not flags & RST:
            value = (
                self.now // 1000 + pseudo_random_int(f"{self.label}/{sender.port}/clock", 24)
            ) & 0xFFFFFFFF
            stamp = struct.pack("!BBII", 8, 10, value, sender.timestamp_seen)
            peer.timestamp_seen = value
        if not flags & SYN:
            return b"\x01\x01" + stamp if stamp else b""
        maximum = struct.pack("!BBH", 2, 4, MSS)
        if stamp:
            return maximum + b"\x04\x02" + stamp + bytes([1, 3, 3, SHIFT])
        return maximum + bytes([1, 3, 3, SHIFT, 1, 1, 4, 2])
