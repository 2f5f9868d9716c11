"""DNS messages (RFC 1035) with name compression, and whole lookups over UDP or TCP.

In: questions and records.  Out: message bytes, or datagrams in the story.  Always holds: a response repeats
its query's identification and question.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum

from .packets import Host, ip_bytes, pseudo_random_int
from .story import MILLISECOND, Story
from .tcp import TcpConversation


class Type(IntEnum):
    A = 1
    CNAME = 5
    SOA = 6
    PTR = 12
    MX = 15
    TXT = 16
    AAAA = 28
    SRV = 33


@dataclass(frozen=True, slots=True)
class Record:
    """A resource record; `number` is the preference of an MX and the port of an SRV."""

    name: str
    type: Type
    value: str
    number: int = 0
    ttl: int = 300


QUERY, RESPONSE, NXDOMAIN = 0x0100, 0x8180, 0x8183
TRUNCATED = 0x0200


class _Writer:
    """Message bytes so far, and where each name suffix already stands."""

    def __init__(self) -> None:
        self.data = bytearray()
        self._seen: dict[str, int] = {}

    def name(self, name: str) -> None:
        while name:
            if name in self._seen:
                self.data += struct.pack("!H", 0xC000 | self._seen[name])
                return
            self._seen[name] = len(self.data)
            label, _, name = name.partition(".")
            self.data += bytes([len(label)]) + label.encode()
        self.data.append(0)

    def record(self, record: Record) -> None:
        self.name(record.name)
        self.data += struct.pack("!HHIH", record.type, 1, record.ttl, 0)
        start = len(self.data)
        self._rdata(record)
        self.data[start - 2 : start] = struct.pack("!H", len(self.data) - start)

    def _rdata(self, record: Record) -> None:
        match record.type:
            case Type.A | Type.AAAA:
                self.data += ip_bytes(record.value)
            case Type.TXT:
                self.data += bytes([len(record.value)]) + record.value.encode()
            case Type.SOA:
                self.name("ns1." + record.value)
                self.name("hostmaster." + record.value)
                self.data += struct.pack("!IIIII", 2024081501, 7200, 900, 1209600, 300)
            case Type.MX:
                self.data += struct.pack("!H", record.number)
                self.name(record.value)
            case Type.SRV:
                self.data += struct.pack("!HHH", 0, 100, record.number)
                self.name(record.value)
            case Type.CNAME | Type.PTR:
                self.name(record.value)


def message(
    ident: int,
    flags: int,
    question: tuple[str, Type] | None,
    answers: tuple[Record, ...] = (),
    authority: tuple[Record, ...] = (),
    additional: tuple[Record, ...] = (),
) -> bytes:
    """One DNS message with one question or none."""
    writer = _Writer()
    counts = (int(question is not None), len(answers), len(authority), len(additional))
    writer.data += struct.pack("!HHHHHH", ident, flags, *counts)
    if question is not None:
        writer.name(question[0])
        writer.data += struct.pack("!HH", question[1], 1)
    for record in answers + authority + additional:
        writer.record(record)
    return bytes(writer.data)


@dataclass(frozen=True, slots=True)
class Resolver:
    """A client, its name server, and how long the answer takes (microseconds)."""

    story: Story
    client: Host
    server: Host
    latency: int = 18 * MILLISECOND

    def lookup(
        self,
        at: int,
        name: str,
        *answers: Record,
        qtype: Type = Type.A,
        additional: tuple[Record, ...] = (),
        zone: str = "",
        missing: bool = False,
    ) -> int:
        """Query and response; without answers, the zone's SOA says so.  Returns the time of the response."""
        port = self.story.ephemeral_port(self.client.ip)
        ident = pseudo_random_int(f"{self.story.label}/dns/{port}", 16)
        self._send(at, port, message(ident, QUERY, (name, qtype)))
        authority = () if answers else (Record(zone or name, Type.SOA, zone or name),)
        flags = NXDOMAIN if missing else RESPONSE
        done = at + self.latency
        self._reply(done, port, message(ident, flags, (name, qtype), answers, authority, additional))
        return done

    def address(self, at: int, name: str, *ips: str) -> int:
        """An A lookup answered with addresses."""
        return self.lookup(at, name, *(Record(name, Type.A, ip) for ip in ips))

    def mail_exchange(self, at: int, domain: str, exchange: str, ip: str) -> int:
        """An MX lookup with the exchange's address in the additional section, then its A lookup."""
        found = Record(domain, Type.MX, exchange, number=10, ttl=3600)
        glue = (Record(exchange, Type.A, ip),)
        done = self.lookup(at, domain, found, qtype=Type.MX, additional=glue)
        return self.address(done + 2 * MILLISECOND, exchange, ip)

    def truncated_then_tcp(self, at: int, name: str, *answers: Record, qtype: Type) -> int:
        """A response too long for UDP, asked again over TCP with the two-byte length before each message."""
        port = self.story.ephemeral_port(self.client.ip)
        ident = pseudo_random_int(f"{self.story.label}/dns/{port}", 16)
        self._send(at, port, message(ident, QUERY, (name, qtype)))
        done = at + self.latency
        self._reply(done, port, message(ident, RESPONSE | TRUNCATED, (name, qtype)))
        start = done + MILLISECOND
        over_tcp = TcpConversation(self.story, self.client, self.server, 53, start).open()
        over_tcp.client(_framed(message(ident ^ 1, QUERY, (name, qtype))))
        over_tcp.server(_framed(message(ident ^ 1, RESPONSE, (name, qtype), answers))).close()
        return over_tcp.now

    def _send(self, at: int, port: int, data: bytes) -> None:
        self.story.datagram(at, self.client, self.server, (port, 53), data)

    def _reply(self, at: int, port: int, data: bytes) -> None:
        self.story.datagram(at, self.server, self.client, (53, port), data)


def _framed(data: bytes) -> bytes:
    return struct.pack("!H", len(data)) + data
