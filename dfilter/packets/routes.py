"""How wanted protocols can come to be in a conversation, and what of that its ports and first bytes decide.

In: the names that are wanted, and what a session would dissect for them.  Out: `Routes`: for the ports of a TCP
conversation what must be looked for in it, for those of a datagram whether it can hold anything wanted.  What always
holds: what is ruled out here could not have been found by dissecting (`Evidence` of the protocols); a capture with
secrets for what is encrypted is not for this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from mmap import mmap

from dfilter.packets.declare import Bits, Protocol
from dfilter.packets.dispatch import TABLES, Catalogue
from dfilter.packets.shapes import HEADERS
from dfilter.slotted import frozen

Pattern = re.Pattern[bytes]


class Course(Enum):
    """What to do with a conversation.

    PASS: nothing wanted can be in it.  FEED: anything can.  SEARCH: only if one of some patterns is in its bytes.
    FOLLOW: its messages can be told apart.  GREET: it passes if it begins as its protocol does, and is fed if not.
    """

    PASS = "pass"
    FEED = "feed"
    SEARCH = "search"
    FOLLOW = "follow"
    GREET = "greet"


@frozen(eq=False)
class Way:
    """A course, with its patterns, the protocol to follow, and ways to begin: those in which that protocol recognises
    itself (SEARCH, to follow it from there) or any does (to feed)."""

    course: Course
    patterns: tuple[Pattern, ...] = ()
    protocol: Protocol | None = None
    greetings: tuple[Bits, ...] = ()
    begins: tuple[Bits, ...] = ()


PASS, FEED = Way(Course.PASS), Way(Course.FEED)


class Routes:
    """The ways to wanted protocols.

    Args:
        names: the wanted field and protocol names.
        dissected: the protocols that a session with these needs dissects.
        opened: those of the names of which more is wanted than whether they are there. The bytes of a whole protocol
            (`dns[2]`, `ssdp contains "max-age"`) are nothing that keys settle.
    """

    def __init__(self, known: Catalogue, names: Iterable[str], dissected: frozenset[str],
                 opened: Iterable[str] = ()) -> None:  # fmt: skip
        self._known = known
        self._names = frozenset(names)
        self._dissected = dissected
        self._opened = known.outlines.keys() & set(opened)
        self._carriers = frozenset(carrier for name in self._names for carrier in known.carriers[name])
        self._followers = {name: set(follows).difference(known.outlines[name].decrypts)
                           for name, follows in known.successors.items()}  # fmt: skip
        self.leading = known.reachable(self._carriers, secrets=False)
        self._ways: dict[tuple[int, ...], Way] = {}
        self._unknown_way = self._unknown()

    @property
    def is_alone(self) -> bool:
        """Does nothing wanted depend on another conversation?"""
        return all(self._known.outlines[name].evidence.alone for name in self._carriers - HEADERS)

    def way(self, ports: tuple[int, ...]) -> Way:
        """The way for a TCP conversation whose protocol these ports tell, the first one first."""
        way = self._ways.get(ports)
        if way is None:
            way = self._ways[ports] = self._way(ports)
        return way

    def _way(self, ports: tuple[int, ...]) -> Way:
        table = self._known.tables.get("tcp.port", {})
        if self._anywhere("tcp"):
            return FEED
        for protocol in (table[port] for port in ports if port in table):
            leads = protocol.name in self.leading
            if leads and protocol.quotes:
                return FEED
            if leads and self.can_follow(protocol):
                return Way(Course.FOLLOW, protocol=protocol)
            if leads:
                wanted = self._carriers & self._within([protocol.name])
                return _search(self._trace(self._known.outlines[name]) for name in wanted)
            if not protocol.may_decline or self._unknown_way is PASS:
                return PASS
            greetings = protocol.evidence.starts.get("tcp", ())
            return Way(Course.GREET, greetings=greetings) if greetings and protocol.decrypts else FEED
        return self._unknown_way

    def _anywhere(self, transport: str) -> bool:
        """Can something wanted follow whatever the ports and the bytes are?"""
        direct = {name for name in self._known.outlines[transport].carries if name not in TABLES}
        announced = {protocol.name for protocol in self._known.heuristics.get(transport + ".announced", ())}
        return not self.leading.isdisjoint(direct) or not self._dissected.isdisjoint(announced)

    def can_follow(self, protocol: Protocol, *, by_datagram: bool = False) -> bool:
        """Do plain messages of the protocol tell all that is wanted of it, and lead on to nothing wanted?"""
        plain = protocol.evidence.plain
        if plain is None or not self._settles(protocol) or self._within(plain.inside) & self._carriers:
            return False
        return (plain.datagram if by_datagram else plain.step) is not None

    def _settles(self, protocol: Protocol) -> bool:
        """Is nothing wanted of the protocol but what the keys of its plain messages settle?"""
        plain = protocol.evidence.plain
        wanted = self.wanted_of(protocol)
        return plain is not None and wanted <= plain.fields and wanted.isdisjoint(self._opened)

    def wanted_of(self, protocol: Protocol) -> set[str]:
        """The wanted names that the protocol can have values of."""
        return {name for name in self._names if protocol.name in self._known.carriers[name]}

    def _trace(self, protocol: Protocol) -> Pattern | None:
        return protocol.evidence.traces if self._settles(protocol) else None

    def _within(self, names: Iterable[str]) -> set[str]:
        """Everything that these protocols and tables lead to."""
        found: set[str] = set()
        pending: list[str] = []
        for name in names:
            if name in TABLES:
                pending += [protocol.name for protocol in self._known.tables.get(name, {}).values()]
                pending += [protocol.name for protocol in self._known.heuristics.get(name, ())]
            else:
                pending.append(name)
        while pending:
            name = pending.pop()
            if name not in found:
                found.add(name)
                pending += self._followers[name]
        return found

    def _unknown(self) -> Way:
        """The way where the ports tell nothing: protocols must recognise themselves."""
        claims: list[Pattern] = []
        starts: list[Bits] = []
        greeted: Way | None = None
        recognisers = self._known.heuristics.get("tcp", ())
        last = max((at for at, each in enumerate(recognisers) if each.name in self.leading), default=-1)
        for place, protocol in enumerate(recognisers[: last + 1]):
            evidence = protocol.evidence
            if protocol.name not in self.leading and (protocol.decrypts or not protocol.may_decline):
                continue  # it looks at what it takes, and no further
            if evidence.claims is None and "tcp" not in evidence.starts:
                return FEED
            if place == 0 and evidence.claims is None and self.can_follow(protocol):
                greeted = Way(Course.SEARCH, protocol=protocol, greetings=evidence.starts["tcp"])
                continue
            starts += evidence.starts.get("tcp", ())
            claims += [] if evidence.claims is None else [evidence.claims]
        patterns = tuple(dict.fromkeys(claims))
        if greeted is None:
            return Way(Course.SEARCH, patterns, begins=tuple(starts)) if patterns or starts else PASS
        return Way(Course.SEARCH, patterns, greeted.protocol, greeted.greetings, tuple(starts))

    def may_hide_tcp(self, ports: Iterable[Iterable[int]]) -> bool:
        """Could conversations with these ports carry TCP once more, which has its part in numbering all of it?"""
        table = self._known.tables.get("tcp.port", {})
        leading = self._known.reachable(["tcp"], secrets=False)
        found = {table[port] for side in ports for port in set(map(int, side)) if port in table}
        return any(each.name in leading and "tcp.port" not in each.carries for each in found)

    def datagram_ports(self) -> frozenset[int]:
        """UDP ports behind which something wanted can be."""
        table = self._known.tables.get("udp.port", {})
        return frozenset(port for port, protocol in table.items() if protocol.name in self.leading)

    def datagram_protocols(self) -> dict[int, Protocol]:
        """UDP port -> the protocol that is asked first there, if a session dissects it or not."""
        return dict(self._known.tables.get("udp.port", {}))

    def datagram_starts(self) -> tuple[Bits, ...] | None:
        """How datagrams begin that a protocol which leads to something wanted takes for its own; None for any way."""
        if self._anywhere("udp"):
            return None
        found: list[Bits] = []
        for protocol in self._known.heuristics.get("udp", ()):
            if protocol.name in self.leading:
                starts = protocol.evidence.starts.get("udp")
                if starts is None:
                    return None
                found += starts
        return tuple(found)


def _search(patterns: Iterable[Pattern | None]) -> Way:
    found = list(patterns)
    known = [pattern for pattern in found if pattern is not None]
    return Way(Course.SEARCH, tuple(dict.fromkeys(known))) if len(known) == len(found) else FEED


def begins(buf: bytes | bytearray | mmap, start: int, end: int, ways: tuple[Bits, ...]) -> bool:
    """Do the bytes begin in one of these ways?"""
    return any(all(start + at < end and buf[start + at] & mask == value for at, mask, value in bits) for bits in ways)
