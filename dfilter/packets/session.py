"""What dissection remembers from frame to frame, in file order.

In: captured frames, one by one.  Out: a `View` of each.  What always holds: every frame is fed, also one that a
filter could already reject, or stream numbers would go silently wrong; no packet bytes make it raise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isfinite
from typing import Any, Protocol, TypeVar

from dfilter.packets.declare import Protocol as PacketProtocol
from dfilter.packets.decode_as import chosen_protocols, reachable_with
from dfilter.packets.dispatch import COLUMNS, SEES_ALL, Catalogue, catalogue
from dfilter.packets.outlines import Outline
from dfilter.packets.region import DissectionError, Region
from dfilter.packets.view import View
from dfilter.slotted import frozen, slotted

T = TypeVar("T")


class FrameLike(Protocol):
    """A captured frame: what `dfilter.captures` yields, or any object with these attributes."""

    @property
    def number(self) -> int: ...
    @property
    def time(self) -> int | None: ...
    @property
    def data(self) -> bytes: ...
    @property
    def wire_length(self) -> int: ...
    @property
    def link_type(self) -> int: ...


@frozen
class Needs:
    """What a caller will ask of the views, so that the walk can stop early.

    Attributes:
        names: field and protocol names; None for everything.
        reachable: the protocols worth dissecting.
        stateful: some name depends on earlier frames.
        look_ahead: some name depends on later frames, so two passes are needed.
        second_look: a second pass finds some wanted layers that a first one cannot, as the reference's window does;
            where there can be only one pass, its answer stands.
        quoted: a message in a TCP stream may hold a copy of a packet that has what is wanted.
    """

    names: frozenset[str] | None
    reachable: frozenset[str]
    stateful: bool
    look_ahead: bool
    second_look: bool = False
    quoted: bool = False

    @property
    def streams(self) -> bool:
        """Must TCP streams be followed?"""
        return self.stateful or self.quoted

    def wants(self, *names: str) -> bool:
        """Will any of these fields be asked for?"""
        return self.names is None or any(name in self.names for name in names)


def needs_of(names: Iterable[str] | None, known: Catalogue | None = None) -> Needs:
    """The needs of a filter that reads `names` (all of them dissected); None for everything there is."""
    known = known or catalogue()
    if names is None:
        return Needs(None, frozenset(known.outlines), True, True)
    asked = frozenset(names)
    declared = [known.fields[name] for name in asked if name in known.fields]
    if not COLUMNS.isdisjoint(asked):
        return Needs(None, frozenset(known.outlines), True, any(field.look_ahead for field in declared), True)
    if not SEES_ALL.isdisjoint(asked):
        return Needs(None, frozenset(known.outlines), True, any(field.look_ahead for field in declared))
    wanted = {carrier for name in asked for carrier in known.carriers[name]}
    parts = [known.fields[part] for field in declared for part in field.parts]
    asked |= {part.name for part in parts}
    found = known.reachable(wanted)
    found |= known.above(name for name in wanted if _concerns(known.outlines[name].joins, asked))
    above_tcp = found & known.successors["tcp"]
    quoting = {name for name in above_tcp if known.outlines[name].quotes and name not in wanted}
    stateful = above_tcp != quoting or any(field.stateful for field in declared + parts)
    look_ahead = any(field.look_ahead for field in declared + parts)
    second_look = any(_concerns(known.outlines[name].second_look, asked) for name in wanted)
    # what is nobody's data shows only once every other protocol has had its try
    reachable = frozenset(known.outlines) if "data" in wanted else found
    return Needs(asked, reachable, stateful, look_ahead, second_look, bool(quoting))


def _concerns(names: bool | tuple[str, ...], asked: frozenset[str]) -> bool:
    """Is something asked for of what a protocol declares of these names, or of all of its own (True)?"""
    return names if isinstance(names, bool) else not asked.isdisjoint(names)


@slotted(eq=True)
class RawFrame:
    """A frame handed over by the caller, not read from a file."""

    number: int
    time: int | None
    data: bytes
    wire_length: int
    link_type: int


def _nanoseconds(time: float | int | None) -> int | None:
    """A time as `Session.feed` takes it."""
    if isinstance(time, float):
        if not isfinite(time) or not isfinite(time * 10**9):
            raise ValueError(f"a frame's time is int nanoseconds or float seconds since 1970, not {time}")
        return round(time * 10**9)
    if time is None or isinstance(time, int):
        return time
    raise TypeError(f"a frame's time is int nanoseconds or float seconds since 1970, not {type(time).__name__}")


class Session:
    """Dissects frames in order and keeps the state that later ones need.

    Args:
        needs: what will be asked of the views (default: everything).
        decode_as: (table, key) -> protocol name, before the built-in dispatch tables; `DecodeAsError` where there is
            no such table, key or protocol.
        foresight: what a first pass over the same frames learnt (`Session.foreseen` of that session).
    """

    def __init__(self, needs: Needs | None = None, *, decode_as: Mapping[tuple[str, Any], str] | None = None,
                 foresight: dict[str, dict[int, list[Any]]] | None = None) -> None:  # fmt: skip
        self.catalogue = catalogue()
        self.needs = needs if needs is not None else needs_of(None)
        self.internal_errors: list[tuple[int, str]] = []
        self.foreseen: dict[str, dict[int, list[Any]]] = {}
        self.foresight = foresight or {}
        self.is_second_pass = foresight is not None
        self._tables = self.catalogue.tables
        self._decode_as = chosen_protocols(decode_as or {}, self.catalogue)
        self.reachable = reachable_with(self._decode_as, self.needs.reachable, self.catalogue)
        self._memory: dict[str, Any] = {}
        self._readers: dict[str, Callable[[View], Sequence[Any]]] = {}
        self._recognisers: dict[str, Sequence[PacketProtocol]] = {}
        self._fed = 0
        self._first_time: int | None = None
        self._previous_time: int | None = None
        names = self.needs.names if self.needs.look_ahead or self.needs.second_look else frozenset()
        self._foreseen_of = None if names is None else {name.partition(".")[0] for name in names}
        """The protocols of whose fields something is asked: what one of them foresees, others may depend on."""
        self._frame_protocol = self.catalogue.outlines["frame"]

    def dissect(self, frame: FrameLike) -> View:
        """The view of the next frame. Never raises on packet bytes."""
        view = View(frame, self)
        time = frame.time
        if time is not None:
            if self._first_time is None:
                self._first_time = time
            view.time_relative = time - self._first_time
            view.time_delta = 0 if self._previous_time is None else time - self._previous_time
            self._previous_time = time
        data = frame.data
        end = len(data)
        try:
            view.call(self._frame_protocol, Region(data, 0, end, max(end, frame.wire_length)))
        except DissectionError as error:
            view.damaged(error)
        except MemoryError:
            raise
        except Exception as error:  # a fault of one dissector, perhaps of another package, must not end a capture
            view.internal_error(error)
        return view

    def come_after(self, first: int | None, previous: int | None) -> None:
        """Frames before the next one were left out; when the first of all and the one just before were captured, ns."""
        self._first_time = first if self._first_time is None else self._first_time
        self._previous_time = previous

    def feed(self, data: bytes | bytearray | memoryview, time: float | int | None = None, link_type: int = 1,
             wire_length: int | None = None) -> View:  # fmt: skip
        """Dissect one frame that did not come from a file, after those fed before.

        Args:
            data: the captured bytes: bytes, bytearray or memoryview.
            time: when it was captured: int nanoseconds or float seconds since 1970 UTC; None if unknown.
            link_type: LINKTYPE_* number of the outermost header (default 1, Ethernet).
            wire_length: the length on the wire in bytes where the capture cut it short.

        Raises:
            TypeError: one of them is of another type; the frame does not count as fed.
            ValueError: a time that is no number, or infinite.
        """
        if not isinstance(data, bytes | bytearray | memoryview):
            raise TypeError(f"a frame is bytes, bytearray or memoryview, not {type(data).__name__}")
        if not isinstance(link_type, int) or not isinstance(wire_length, int | None):
            raise TypeError("link_type and wire_length are int")
        data, nanoseconds = bytes(data), _nanoseconds(time)
        self._fed += 1
        length = len(data) if wire_length is None else wire_length
        return self.dissect(RawFrame(self._fed, nanoseconds, data, length, link_type))

    def reader_of(self, name: str) -> Callable[[View], Sequence[Any]]:
        """The function that reads a field's values from views of this session."""
        read = self._readers.get(name)
        if read is None:
            from dfilter.packets.reader import PacketReader  # the reader needs views, views need sessions

            read = self._readers[name] = PacketReader(self.catalogue).values(name)
        return read

    def lookup(self, table: str, key: Any) -> PacketProtocol | None:
        """The protocol registered under `key` in a dispatch table; "decode as" wins."""
        if self._decode_as:
            chosen = self._decode_as.get((table, key))
            if chosen is not None:
                return chosen
        found = self._tables.get(table, {}).get(key)
        return self._declared(found, table, key) if found.__class__ is Outline else found

    def _declared(self, found: PacketProtocol, table: str, key: Any) -> PacketProtocol:
        """The declaration of what was looked up; its outline where its code is neither asked nor at hand."""
        assert isinstance(found, Outline)
        if found.name not in self.reachable and not found.may_decline and not found.is_imported:
            return found
        declared = self._tables[table][key] = found.declaration()
        return declared

    @property
    def decodes_as_told(self) -> bool:
        """Was the session told to dissect some ports or types as a protocol of the caller's choice?"""
        return bool(self._decode_as)

    def recognisers(self, table: str) -> Sequence[PacketProtocol]:
        """The protocols of a table without keys in the order in which they are asked, up to the last that matters."""
        known = self._recognisers.get(table)
        if known is None:
            asked = self.catalogue.heuristics.get(table, ())
            last = max((at for at, one in enumerate(asked) if one.name in self.reachable), default=-1)
            known = self._recognisers[table] = asked if "data" in self.reachable else asked[: last + 1]
        return known

    def memory(self, name: str, make: Callable[[], T]) -> T:
        """The state that protocol code keeps under `name` in this session, made on first use."""
        state = self._memory.get(name)
        if state is None:
            state = self._memory[name] = make()
        return state

    def foresee(self, field: str, frame_number: int, value: Any) -> None:
        """Learn, in a first pass, a value that `field` has in an earlier frame."""
        if self.is_second_pass:
            return
        if self._foreseen_of is None or field.partition(".")[0] in self._foreseen_of:
            learnt = self.foreseen.setdefault(field, {})
            values = learnt.get(frame_number)
            if values is None:
                learnt[frame_number] = [value]
            elif value not in values:
                values.append(value)

    def foresight_for(self, field: str, frame_number: int) -> list[Any]:
        """What the first pass learnt about `field` of this frame; empty in a first pass."""
        return self.foresight.get(field, {}).get(frame_number, [])
