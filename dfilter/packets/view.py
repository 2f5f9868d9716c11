"""One frame, read on demand: its layers, and the values of its fields.

In: a captured frame and the session that knows what came before.  Out: `View` with its `Layer`s.
What always holds: nothing here raises on packet bytes; values are in order of appearance; a layer's computed
fields are added once, on first touch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from dfilter.packets.declare import Protocol
from dfilter.packets.elsewhere import known_elsewhere
from dfilter.packets.region import DissectionError, Malformed, Region, Truncated

if TYPE_CHECKING:
    from dfilter.packets.session import FrameLike, Session
    from dfilter.packets.streams.conversation import Stream

MAX_DEPTH = 64
"""Layers in one another (tunnels in tunnels) beyond which dissection of a frame stops: hostile packets."""

MAX_VALUES = 500_000
"""Values that a field may have in one layer: messages put together or unpacked can hold millions, and each takes a
hundredfold of its byte. (Wireshark 4.4 ends a frame's dissection at a million items of its tree.)"""


class Layer:
    """One protocol's part of a frame.

    Attributes:
        buf, start, end: the data source and the bytes that the protocol covers in it (its tree item).
        number: 1-based among the frame's layers of the same protocol.
        index: 0-based among all layers of the frame.
        state: what the protocol's code wants to remember with the layer.
        quoted: it lies inside a packet that an error message quotes, where damage does not count.
    """

    __slots__ = ("_filled", "buf", "end", "index", "items", "number", "protocol", "quoted", "region", "spans",
                 "start", "state", "view")  # fmt: skip

    def __init__(self, view: View, protocol: Protocol, region: Region, end: int, number: int, index: int) -> None:
        self.view = view
        self.protocol = protocol
        self.region = region
        self.buf = region.buf
        self.start = region.start
        self.end = end
        self.number = number
        self.index = index
        self.items: dict[str, list[Any]] = {}
        self.spans: dict[str, list[tuple[int, int]]] = {}
        self.state: Any = None
        self.quoted = view.quoted > 0
        self._filled = protocol.fill is None

    def add(self, name: str, value: Any, start: int = 0, length: int = 0) -> None:
        """Add a value of the computed field `name`, covering `length` bytes at the absolute offset `start`.

        Raises `Malformed` where there are `MAX_VALUES` already.
        """
        values = self.items.get(name)
        if values is None:
            self.items[name] = [value]
            self.spans[name] = [(start, length)]
            return
        if len(values) >= MAX_VALUES:
            raise Malformed(f"more than {MAX_VALUES} values of {name}")
        values.append(value)
        self.spans[name].append((start, length))

    def computed(self, name: str) -> Sequence[Any]:
        """The values of a computed field."""
        if not self._filled:
            self.complete()
        return self.items.get(name, ())

    def complete(self) -> None:
        """Run the protocol's filler now, if it did not run before."""
        if self._filled:
            return
        self._filled = True
        assert self.protocol.fill is not None
        try:
            self.protocol.fill(self)
        except DissectionError as error:
            if not self.quoted or isinstance(error, Truncated):
                self.view.damaged(error)
        except MemoryError:
            raise
        except Exception as error:
            self.view.internal_error(error)

    def set_length(self, length: int) -> None:
        """The protocol covers `length` bytes from its start (cut at the captured end)."""
        self.end = min(self.start + length, self.region.end)

    def set_end(self, length: int) -> None:
        """The protocol's tree item covers `length` bytes, whatever its fields' region is."""
        self.end = min(self.start + length, len(self.buf))

    def item_bytes(self) -> bytes:
        """The bytes that the protocol covers: what `==`, `<`, slices, `len` and `@` see."""
        return self.buf[self.start : self.end]

    def part(self, start: int, length: int) -> Layer:
        """A part of this layer that has a name of its own, as the value of a PROTOCOL field (a TCP option)."""
        layer = Layer(self.view, self.protocol, self.region, start + length, self.number, self.index)
        layer.start = start
        layer._filled = True
        return layer

    def bytes_to_end(self) -> bytes:
        """From the protocol's first byte to the end of the data source: what contains and matches see."""
        return self.buf[self.start :]

    def __repr__(self) -> str:
        return f"<Layer {self.protocol.name} {self.start}:{self.end}>"


class View:
    """One frame with its layers; made by `Session.dissect`.

    Attributes:
        frame: the captured frame (number, time in ns, data, wire_length, link_type).
        layers: the layers found, outermost first, in order of appearance.
        by_name: the same by protocol name.
        stream: the transport below, while a protocol over TCP dissects; None over anything else.
        addresses, ports: source and destination, of the innermost header so far.
        quoted: inside a packet that an error message quotes: no state is kept there.
        remarked: the frame has its layers of expert information.
        partial: what follows is the first fragment of a datagram that is never put together: what it lacks is no
            damage.
        told: info texts of protocols that show no layer here, since they wait for the rest of their message, each
            with the number of layers before it, what it puts in the protocol column, if it does, and whether it says
            so again in each frame that makes the message longer.
    """

    __slots__ = ("addresses", "by_name", "depth", "frame", "layers", "partial", "ports", "quoted", "remarked",
                 "session", "stream", "time_delta", "time_relative", "told")  # fmt: skip

    def __init__(self, frame: FrameLike, session: Session) -> None:
        self.frame = frame
        self.session = session
        self.layers: list[Layer] = []
        self.by_name: dict[str, list[Layer]] = {}
        self.depth = 0
        self.quoted = 0
        self.partial = False
        self.addresses: tuple[bytes, bytes] = (b"", b"")
        self.ports: tuple[int, int] = (0, 0)
        self.remarked = False
        self.stream: Stream | None = None
        self.time_delta: int | None = None
        self.time_relative: int | None = None
        self.told: tuple[tuple[int, str, str, bool], ...] = ()

    @property
    def number(self) -> int:
        """1-based number in the file, or in the order of feeding."""
        return self.frame.number

    @property
    def time(self) -> int | None:
        """Capture time, nanoseconds since 1970-01-01 UTC; None where the file has none."""
        return self.frame.time

    @property
    def data(self) -> bytes:
        """The captured bytes."""
        return self.frame.data

    def get(self, name: str) -> tuple[Any, ...]:
        """All values of the field `name`, in order of appearance; empty where it is absent.

        Raises `UnsupportedFieldError` for a name that dfilter does not dissect, and `LookupError` for one that
        this session was not asked for (`Session(needs=...)`).
        """
        if not isinstance(name, str):
            raise TypeError(f"a field's name is text, not {type(name).__name__}")
        needs = self.session.needs.names
        if needs is not None and name not in needs:
            raise LookupError(f"{name} was not among the fields that this session dissects")
        return tuple(self.session.reader_of(name)(self))

    def __getitem__(self, name: str) -> Any:
        """The first value of the field `name`; `KeyError` where it is absent."""
        values = self.get(name)
        if not values:
            raise KeyError(name)
        return values[0]

    def __contains__(self, name: str) -> bool:
        return len(self.get(name)) > 0

    def text(self, name: str) -> tuple[str, ...]:
        """All values of the field `name` as `tshark -T fields` prints them; errors as for `get`."""
        from dfilter.packets.summary import texts  # it imports this module

        return texts(self, name)

    @property
    def source(self) -> str:
        """Source address, of the network layer where there is one."""
        from dfilter.packets.summary import endpoints  # it imports this module

        return endpoints(self)[0]

    @property
    def destination(self) -> str:
        """Destination address, of the network layer where there is one."""
        from dfilter.packets.summary import endpoints  # it imports this module

        return endpoints(self)[1]

    @property
    def protocol(self) -> str:
        """Name of the innermost protocol, as a packet list shows it."""
        from dfilter.packets.summary import protocol_label  # it imports this module

        return protocol_label(self)

    @property
    def info(self) -> str:
        """One line about the frame."""
        from dfilter.packets.summary import info_text  # it imports this module

        return info_text(self)

    def push(self, protocol: Protocol, region: Region, length: int | None = None) -> Layer:
        """A new layer of `protocol` at the start of `region`, covering `length` bytes (default: all of it)."""
        end = region.end if length is None else min(region.start + length, region.end)
        siblings = self.by_name.get(protocol.name)
        if siblings is None:
            siblings = self.by_name[protocol.name] = []
        layer = Layer(self, protocol, region, end, len(siblings) + 1, len(self.layers))
        siblings.append(layer)
        self.layers.append(layer)
        return layer

    def mention(self, protocol: Protocol, region: Region) -> None:
        """`protocol` was tried here but shows nothing: it counts for `frame.protocols` only."""
        layer = Layer(self, protocol, region, region.start, 0, len(self.layers))
        layer._filled = True
        self.layers.append(layer)

    def tell(self, text: str, protocol: str = "", again: bool = False) -> None:
        """An info text without a layer."""
        self.told = (*self.told, (len(self.layers), text, protocol, again))

    def call(self, protocol: Protocol, region: Region) -> Any:
        """Dissect `region` as `protocol`, if anything that is wanted can be found there; its result.

        `DissectionError` passes through: it ends the frame unless a caller catches it.
        """
        if protocol.name not in self.session.reachable or protocol.dissect is None:
            return None
        if self.depth >= MAX_DEPTH:
            return None
        self.depth += 1
        try:
            return protocol.dissect(self, region)
        finally:
            self.depth -= 1

    def ask(self, protocol: Protocol, region: Region) -> Any:
        """Like `call`, where others are asked if `protocol` declines: then what is not wanted must decide, too."""
        if protocol.name in self.session.reachable or not protocol.may_decline or self.depth >= MAX_DEPTH:
            return self.call(protocol, region)
        assert protocol.dissect is not None
        return protocol.dissect(self, region)

    def call_guarded(self, protocol: Protocol, region: Region) -> Any:
        """Like `call`, but damage inside is noted and ends only this part of the frame."""
        try:
            return self.call(protocol, region)
        except DissectionError as error:
            self.damaged(error)
            return None

    def is_taken(self, transport: str, ports: Iterable[int], region: Region, unless: Protocol | None = None) -> bool:
        """Dissect `region` as the first that does not decline: the owners of `ports` ("tcp", "udp"), but for `unless`,
        then those that recognise the bytes. An owner that only the reference knows keeps others away."""
        table = transport + ".port"
        for port in ports:
            protocol = self.lookup(table, port)
            if protocol is not None:
                if protocol is not unless and self.ask(protocol, region) is not False:
                    return True
            elif self.pass_over(table, port, region):
                return True
        return self.is_recognised(transport, region)

    def is_recognised(self, table: str, region: Region) -> bool:
        """Dissect `region` as the first protocol of a table without keys that takes it, if there is one."""
        for candidate in self.session.recognisers(table):
            if candidate.heuristics[table](self, region) and self.ask(candidate, region) is not False:
                return True
        return False

    def lookup(self, table: str, key: Any) -> Protocol | None:
        """The protocol registered under `key` in a dispatch table, with the session's "decode as" first."""
        return self.session.lookup(table, key)

    def pass_over(self, table: str, key: Any, region: Region) -> bool:
        """Does the reference know who owns `region`, though we do not?  Then it is no `data` either."""
        protocol = known_elsewhere(table, key, region)
        if protocol is None or self.lookup(table, key) is not None:  # the latter was asked and declined
            return False
        if "data" in self.session.reachable:
            self.mention(protocol, region)
        return True

    def call_data(self, region: Region) -> None:
        """`region` belongs to no protocol that we know: a `data` layer, if it has bytes."""
        if region.reported_length > 0:
            self.call(self.session.catalogue.protocols["data"], region)

    def damaged(self, error: DissectionError) -> None:
        """Note that dissection met bytes that are missing or wrong."""
        if self.partial and not isinstance(error, Truncated):
            return
        name = "_ws.short" if isinstance(error, Truncated) else "_ws.malformed"
        data = self.frame.data
        layer = self.push(self.session.catalogue.protocols[name], Region(data, len(data), len(data)))
        layer.state = error

    def internal_error(self, error: Exception) -> None:
        """A fault in a dissector: counted (tests demand none), shown as a malformed packet."""
        self.session.internal_errors.append((self.frame.number, repr(error)))
        self.damaged(Malformed(str(error)))

    def complete(self) -> None:
        """Fill every layer, so that all damage is found and all fields are there."""
        index = 0
        while index < len(self.layers):
            self.layers[index].complete()
            index += 1
        if not self.remarked and "_ws.expert" in self.session.reachable:
            self.remarked = True
            from dfilter.packets.protocols.expert import add_remarks  # it imports this module

            add_remarks(self)

    def layer(self, name: str) -> Layer | None:
        """The last layer of the protocol `name`, if any."""
        layers = self.by_name.get(name)
        return layers[-1] if layers else None
