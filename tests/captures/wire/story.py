"""A capture in the making: frames put down at any time come out in order.

In: frames and datagrams with times in microseconds from the story's start.  Out: frames sorted by time.
Always holds: ports and IP identifications are handed out in the order of the calls: a story is reproducible.
"""

import datetime
from collections import defaultdict

from .files import Frame
from .packets import (
    BROADCAST_MAC,
    PROTO_UDP,
    Host,
    arp,
    multicast_mac,
    network_frame,
    pseudo_random_int,
    udp,
)

MILLISECOND = 1_000
SECOND = 1_000_000


class Story:
    """One capture's clock, frames and counters."""

    def __init__(self, label: str, start: str) -> None:
        self.label = label
        begin = datetime.datetime.fromisoformat(start).replace(tzinfo=datetime.UTC)
        self._start = int(begin.timestamp()) * SECOND
        self._frames: list[tuple[int, bytes]] = []
        self._idents: dict[str, int] = defaultdict(int)
        self._ports: dict[str, int] = defaultdict(int)

    def add(self, at: int, frame: bytes) -> None:
        self._frames.append((self._start + at, frame))

    def frames(self) -> list[Frame]:
        """All frames in the order of their times; equal times keep the order of the calls."""
        return [Frame(time, data) for time, data in sorted(self._frames, key=lambda item: item[0])]

    def ident(self, ip: str) -> int:
        """The source's next IPv4 identification."""
        self._idents[ip] += 1
        return (pseudo_random_int(f"{self.label}/ident/{ip}", 16) + self._idents[ip]) & 0xFFFF

    def ephemeral_port(self, ip: str) -> int:
        """The source's next port out of 49152-65535 (RFC 6335 section 6)."""
        self._ports[ip] += 1
        return 49152 + (pseudo_random_int(f"{self.label}/port/{ip}", 12) + self._ports[ip]) % 16384

    def datagram(
        self,
        at: int,
        src: Host,
        dst: Host | str,
        ports: tuple[int, int],
        payload: bytes,
        *,
        ttl: int | None = None,
    ) -> bytes:
        """One UDP datagram to a host, or to a group or broadcast address given as text; returns the frame."""
        dst_ip, dst_mac = (dst, multicast_mac(dst)) if isinstance(dst, str) else (dst.ip, dst.mac)
        return self.packet(at, src, dst_mac, dst_ip, PROTO_UDP, udp(src.ip, dst_ip, *ports, payload), ttl=ttl)

    def packet(
        self,
        at: int,
        src: Host,
        dst_mac: str,
        dst_ip: str,
        protocol: int,
        payload: bytes,
        *,
        ttl: int | None = None,
        options: bytes = b"",
    ) -> bytes:
        """One IP packet, returned as its frame; ttl defaults to the source's as the capture sees it."""
        ttl = src.ttl if ttl is None else ttl
        ident = self.ident(src.ip)
        frame = network_frame(src, dst_mac, dst_ip, protocol, payload, ttl=ttl, ident=ident, options=options)
        self.add(at, frame)
        return frame

    def resolve_mac(self, at: int, asker: Host, target: Host) -> None:
        """ARP request and reply on the local network."""
        self.add(at, arp(1, asker, "00:00:00:00:00:00", target.ip, dst_mac=BROADCAST_MAC))
        self.add(at + 350, arp(2, target, asker.mac, asker.ip, dst_mac=asker.mac))
