"""All protocols and fields that dfilter dissects, and which protocol leads to which.

In: the modules of `dfilter.packets.protocols`, found by themselves.  Out: the `Catalogue`.
What always holds: a field name belongs to one declaration; the dispatch tables are built from the protocols'
own `over` lines, so that adding a protocol is adding its file.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any, TypeVar

from dfilter.packets.declare import Field, Protocol
from dfilter.packets.outlines import PACKAGE, declaration_of, names_of, outlines, tables_of
from dfilter.packets.plugins import with_plugins
from dfilter.slotted import frozen

Value = TypeVar("Value")

COLUMNS = frozenset({"_ws.col", "_ws.col.protocol", "_ws.col.info", "_ws.col.def_src", "_ws.col.def_dst"})
"""The columns of a packet list that layers write: they may read any field."""
EXPERT = frozenset({"_ws.expert", "_ws.expert.message", "_ws.expert.severity", "_ws.expert.group"})
SEES_ALL = frozenset({"_ws.malformed", "_ws.short", "frame.protocols"}) | COLUMNS | EXPERT
"""Names whose values depend on every layer of the frame."""

TABLES = frozenset({
    "link", "ethertype", "llc.dsap", "llc.snap", "null.family", "ppp.protocol", "gre.proto", "ip.proto",
    "osi.nlpid", "tcp.port", "tcp", "tcp.announced", "udp.port", "udp", "udp.announced", "sctp.port", "sctp.ppid",
    "media_type",
})  # fmt: skip
"""The dispatch tables. "tcp", "udp" hold protocols that recognise themselves, "tcp.announced", "udp.announced" those
of conversations that another one announced; the others are keyed by number (media_type: by the lower-case
type/subtype)."""

_OF_KNOWN_LENGTH = frozenset({"ip", "ipv6"})

_MOST_REMEMBERED = 4096
"""Answers of `Catalogue.reachable` that are kept: filters ask for the same protocols again and again."""


@frozen
class Catalogue:
    """What the protocols declare, indexed.

    Attributes:
        outlines: by filter name: what the protocols declare; code of theirs that is asked for is imported then. What
            looks at many protocols looks here.
        owner: field name -> name of the protocol that declares it.
        tables: dispatch table name -> key -> protocol, as in `outlines`.
        heuristics: dispatch table name -> the protocols that recognise themselves there, in the order in which they
            are asked: as in Wireshark 4.4 from the end of the alphabet to its beginning.
        protocols: by filter name; to get one is to import it.
        fields: by filter name.
        carriers: field or protocol name -> the protocols whose layers can hold values of it.
        reached: answers of `reachable` that are kept.
    """

    outlines: dict[str, Protocol]
    owner: dict[str, str]
    tables: dict[str, dict[Any, Protocol]]
    heuristics: dict[str, list[Protocol]]
    successors: dict[str, frozenset[str]]
    protocols: Mapping[str, Protocol]
    fields: Mapping[str, Field]
    carriers: Mapping[str, tuple[str, ...]]
    reached: dict[tuple[frozenset[str], bool], frozenset[str]]

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def knows(self, name: str) -> bool:
        """Is `name` a field or protocol that dfilter dissects?"""
        return name in self.owner or name in self.outlines

    def reachable(self, wanted: Iterable[str], *, secrets: bool = True) -> frozenset[str]:
        """The protocols that are wanted, or through which a wanted one can be reached; without `secrets`, as long as
        nothing is decrypted."""
        key = (frozenset(wanted), secrets)
        found = self.reached.get(key)
        if found is None:
            if len(self.reached) >= _MOST_REMEMBERED:
                self.reached.clear()
            found = self.reached[key] = self._reachable(*key)
        return found

    def _reachable(self, wanted: frozenset[str], secrets: bool) -> frozenset[str]:
        before: dict[str, set[str]] = {}
        for name, followers in self.successors.items():
            hidden = () if secrets else self.outlines[name].decrypts
            for follower in followers.difference(hidden):
                before.setdefault(follower, set()).add(name)
        found = set(wanted)
        pending = list(found)
        while pending:
            for name in before.get(pending.pop(), ()):
                if name not in found:
                    found.add(name)
                    pending.append(name)
            if not pending:
                pending.extend(self._quoting(found))
        return frozenset(found)

    def above(self, names: Iterable[str]) -> frozenset[str]:
        """All that these protocols can lead to, up to IP, whose own header tells how long it is."""
        found: set[str] = set()
        pending = list(names)
        while pending:
            followers = self.successors[pending.pop()] - found
            found |= followers
            pending += followers - _OF_KNOWN_LENGTH
        return frozenset(found)

    def _quoting(self, found: set[str]) -> list[str]:
        """Add protocols whose messages quote what was found; the transports whose ports lead to them, if they are new.

        What else could lead there, such as TLS, is not followed: then every filter would follow every stream.
        """
        transports: set[str] = set()
        for protocol in self.outlines.values():
            if protocol.name in found or found.isdisjoint(protocol.quotes):
                continue
            found.add(protocol.name)
            transports |= {table.partition(".")[0] for table in protocol.over}
        new = transports - found
        found |= new
        return list(new)


@cache
def catalogue() -> Catalogue:
    """The catalogue of every protocol that this installation has."""
    return with_plugins(outlines(import_module(PACKAGE).__path__) or discovered(), _index)


def discovered() -> list[Protocol]:
    """Every protocol as its module declares it; imports all modules."""
    from pkgutil import iter_modules

    package = import_module(PACKAGE)
    found: dict[str, Protocol] = {}
    for name in sorted(info.name for info in iter_modules(package.__path__)):
        for value in vars(import_module(f"{PACKAGE}.{name}")).values():
            if isinstance(value, Protocol) and found.setdefault(value.name, value) is not value:
                raise ValueError(f"protocol {value.name} is declared twice")
    return list(found.values())


def _index(found: list[Protocol]) -> Catalogue:
    known = {protocol.name: protocol for protocol in found}
    owner = _owners(found)
    tables: dict[str, dict[Any, Protocol]] = {}
    heuristics: dict[str, list[Protocol]] = {}
    for protocol in sorted(found, key=_asked_at, reverse=True):
        for table in tables_of(protocol):
            heuristics.setdefault(table, []).append(protocol)
    for protocol in found:
        unknown = {*protocol.over, *tables_of(protocol)} - TABLES
        if unknown:
            raise ValueError(f"{protocol.name} names the tables {sorted(unknown)}, which do not exist")
        for table, keys in protocol.over.items():
            for key in keys:
                if tables.setdefault(table, {}).setdefault(key, protocol) is not protocol:
                    raise ValueError(f"{table} {key} leads to {tables[table][key].name} and {protocol.name}")
    successors = {p.name: frozenset(_successors(p, known, tables, heuristics)) for p in found}
    return Catalogue(known, owner, tables, heuristics, successors, _declarations(known), _fields(known, owner),
                     _carriers(known, owner), {})  # fmt: skip


def _owners(found: list[Protocol]) -> dict[str, str]:
    owner: dict[str, str] = {}
    for protocol in found:
        names = names_of(protocol)
        own = dict.fromkeys(names, protocol.name)
        if len(own) < len(names) or not owner.keys().isdisjoint(own):
            twice = [name for at, name in enumerate(names) if name in owner or name in names[:at]]
            raise ValueError(f"field {twice[0]} is declared twice")
        owner |= own
    return owner


class _OnDemand(Mapping[str, Value]):
    """Values that are made when they are first asked for: `make` is called with one of `names`."""

    __slots__ = ("_made", "_make", "_names")

    def __init__(self, names: Mapping[str, Any], make: Callable[[str], Value]) -> None:
        self._names = names
        self._make = make
        self._made: dict[str, Value] = {}

    def __getitem__(self, name: str) -> Value:
        try:
            return self._made[name]
        except KeyError:
            if name not in self._names:
                raise
        value = self._made[name] = self._make(name)
        return value

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _declarations(known: dict[str, Protocol]) -> Mapping[str, Protocol]:
    return _OnDemand(known, lambda name: declaration_of(known[name]))


def _fields(known: dict[str, Protocol], owner: dict[str, str]) -> Mapping[str, Field]:
    of_protocol = _OnDemand(known, lambda name: {each.name: each for each in known[name].fields})
    return _OnDemand(owner, lambda name: of_protocol[owner[name]][name])


def _carriers(known: dict[str, Protocol], owner: dict[str, str]) -> Mapping[str, tuple[str, ...]]:
    sharers: dict[str, list[str]] = {}
    for protocol in known.values():
        for shared in protocol.shares:
            sharers.setdefault(shared, []).append(protocol.name)

    def carriers(name: str) -> tuple[str, ...]:
        home = owner.get(name)
        return (name,) if home is None else (home, *sharers.get(home, ()), *sharers.get(name, ()))

    return _OnDemand(ChainMap(owner, known), carriers)


def _asked_at(protocol: Protocol) -> str:
    """TLS has its place by its former name (`tshark -G heuristic-decodes`)."""
    return "ssl" if protocol.name == "tls" else protocol.name


def _successors(protocol: Protocol, protocols: dict[str, Protocol], tables: dict[str, dict[Any, Protocol]],
                heuristics: dict[str, list[Protocol]]) -> Iterable[str]:  # fmt: skip
    for name in (*protocol.carries, *protocol.decrypts):
        if name in protocols and name not in TABLES:
            yield name
            continue
        if name not in TABLES:
            raise ValueError(f"{protocol.name} carries {name}, which is neither a protocol nor a table")
        yield from (follower.name for follower in tables.get(name, {}).values())
        yield from (follower.name for follower in heuristics.get(name, ()))
