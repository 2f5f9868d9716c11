"""Who talks to whom, and how much: conversations and endpoints, as `tshark -z conv` and `-z endpoints` count them.

In: views, in file order.  Out: rows.  What always holds: what an ICMP error quotes does not count; a frame counts with
its length on the wire; TCP and UDP conversations are streams, so that reused ports make new rows; at most `MAX_ROWS`
are kept, what belongs to others is counted in `dropped`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import Any, Final

from dfilter.fields.text import value_text
from dfilter.fields.types import FieldType
from dfilter.packets.view import Layer, View
from dfilter.slotted import slotted

MAX_ROWS: Final = 1_000_000

Address = tuple[bytes, int | None]
"""Address, and port where there is one."""

Contact = tuple[Hashable, Address, Address]
"""What tells a conversation from others; its sender and receiver here."""


@slotted(eq=True)
class Conversation:
    """One conversation; `a` sent its first frame. Times in ns since the first frame of the capture."""

    a: Address
    b: Address
    frames_ab: int = 0
    bytes_ab: int = 0
    frames_ba: int = 0
    bytes_ba: int = 0
    start: int = 0
    end: int = 0

    @property
    def frames(self) -> int:
        return self.frames_ab + self.frames_ba

    @property
    def bytes(self) -> int:
        return self.bytes_ab + self.bytes_ba

    @property
    def duration(self) -> int:
        """From its first to its last frame, ns."""
        return self.end - self.start


@slotted(eq=True)
class Endpoint:
    """One end of conversations."""

    address: Address
    frames_sent: int = 0
    bytes_sent: int = 0
    frames_received: int = 0
    bytes_received: int = 0

    @property
    def frames(self) -> int:
        return self.frames_sent + self.frames_received

    @property
    def bytes(self) -> int:
        return self.bytes_sent + self.bytes_received


class Conversations:
    """All conversations of one kind."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.dropped = 0
        self._contacts = CONTACTS[kind]
        self._rows: dict[Hashable, Conversation] = {}

    def add(self, view: View) -> None:
        length, time = view.frame.wire_length, view.time_relative or 0
        for key, sender, receiver in self._contacts(view):
            row = self._rows.get(key)
            if row is None:
                if len(self._rows) >= MAX_ROWS:
                    self.dropped += 1
                    continue
                row = self._rows[key] = Conversation(sender, receiver, start=time, end=time)
            row.start, row.end = min(row.start, time), max(row.end, time)
            if sender == row.a:
                row.frames_ab += 1
                row.bytes_ab += length
            else:
                row.frames_ba += 1
                row.bytes_ba += length

    @staticmethod
    def text(address: Address) -> str:
        """As `address_text`."""
        return address_text(address)

    def rows(self) -> list[Conversation]:
        """Those with most frames first; of as many the one that began first."""
        return sorted(self._rows.values(), key=lambda row: (-row.frames, row.start))


class Endpoints:
    """All endpoints of one kind."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.dropped = 0
        self._contacts = CONTACTS[kind]
        self._rows: dict[Address, Endpoint] = {}

    def add(self, view: View) -> None:
        length = view.frame.wire_length
        for _, sender, receiver in self._contacts(view):
            source, target = self._row(sender), self._row(receiver)
            if source is not None:
                source.frames_sent += 1
                source.bytes_sent += length
            if target is not None:
                target.frames_received += 1
                target.bytes_received += length

    def _row(self, address: Address) -> Endpoint | None:
        row = self._rows.get(address)
        if row is None and len(self._rows) < MAX_ROWS:
            row = self._rows[address] = Endpoint(address)
        self.dropped += row is None
        return row

    @staticmethod
    def text(address: Address) -> str:
        """As `address_text`."""
        return address_text(address)

    def rows(self) -> list[Endpoint]:
        """Those with most frames first; of as many the one that appeared first."""
        return sorted(self._rows.values(), key=lambda row: -row.frames)


def address_text(address: Address) -> str:
    """As the reference writes it: the port behind a colon."""
    raw, port = address
    types = {4: FieldType.IPv4, 16: FieldType.IPv6, 6: FieldType.ETHER}
    text = value_text(raw, types[len(raw)]) if len(raw) in types else raw.hex(":")
    return text if port is None else f"{text}:{port}"


def _pairs(name: str, source: slice, target: slice, size: int) -> Callable[[View], Iterator[Contact]]:
    """Contacts of a protocol whose header has two addresses; `size`: the header's, which must be there."""

    def contacts(view: View) -> Iterator[Contact]:
        for layer in view.by_name.get(name, ()):
            if layer.quoted or layer.region.length < size:
                continue
            head = layer.buf[layer.start : layer.start + size]
            sender, receiver = head[source], head[target]
            yield (min(sender, receiver), max(sender, receiver)), (sender, None), (receiver, None)

    return contacts


def _tcp(view: View) -> Iterator[Contact]:
    for layer in view.by_name.get("tcp", ()):
        if layer.quoted or layer.state is None or layer.state[1] is None:
            continue
        facts: Any = layer.state[1]
        ends = facts.conversation.ends
        yield facts.conversation.index, ends[facts.sender], ends[1 - facts.sender]


def _udp(view: View) -> Iterator[Contact]:
    for layer in view.by_name.get("udp", ()):
        stream = layer.computed("udp.stream")
        if layer.quoted or not stream:
            continue
        source, target = layer.state or view.addresses
        yield stream[0], (source, _port(layer, 0)), (target, _port(layer, 2))


def _port(layer: Layer, at: int) -> int:
    return layer.region.u16(at)


CONTACTS: Final[dict[str, Callable[[View], Iterator[Contact]]]] = {
    "eth": _pairs("eth", slice(6, 12), slice(0, 6), 14),
    "ip": _pairs("ip", slice(12, 16), slice(16, 20), 20),
    "ipv6": _pairs("ipv6", slice(8, 24), slice(24, 40), 40),
    "tcp": _tcp,
    "udp": _udp,
}
NEEDED: Final = {"eth": "eth", "ip": "ip", "ipv6": "ipv6", "tcp": "tcp.stream", "udp": "udp.stream"}
"""The field that a session must dissect for each kind."""
