"""How a protocol and its fields are declared: once, in the protocol's own file.

In: declarations.  Out: `Field` and `Protocol` objects that the catalogue collects.

Three kinds of field.  A *header* field lies at a fixed place of its header: from its offset, width and mask come
the scalar reader here and the numpy column elsewhere.  A *computed* field is added by the protocol's code
(`Layer.add`).  A *union* is several fields under one name (`ip.addr` is `ip.src` and `ip.dst`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from dfilter.fields.types import ADDRESSES, BYTE_LIKE, STRINGS, WIDTH_BITS, FieldType
from dfilter.packets.plain import Plain
from dfilter.slotted import field, frozen, slotted

if TYPE_CHECKING:
    from dfilter.packets.columns import Columns
    from dfilter.packets.region import Region
    from dfilter.packets.view import Layer, View

_FIXED_SIZES = {FieldType.IPv4: 4, FieldType.IPv6: 16, FieldType.ETHER: 6, FieldType.GUID: 16, FieldType.EUI64: 8}


class Measure(Enum):
    """What a field of the frame itself tells of it, known before any byte is looked at."""

    NUMBER = "number"
    STREAM = "number of its TCP conversation"
    LENGTH = "length on the wire"
    CAPTURED = "captured length"


@frozen
class Field:
    """One field of a protocol.

    Attributes:
        at: header fields: offset in bytes from the start of the protocol's layer.
        size: header fields: how many bytes it covers (what `@field` shows).
        mask: header fields: which bits of these bytes, 0 for all; the value is shifted down to bit 0.
        little_endian: header fields: byte order on the wire.
        parts: unions: the names of the fields, in order of appearance.
        stateful: it depends on frames seen before.
        look_ahead: it depends on frames that come later, so it needs a second pass.
        measure: the frame's own number or length, where the field is that.
        plain: computed fields: the header field that has the same value wherever the header carries no options
            and no fragments (`ip.dst`, which a source route moves).
    """

    name: str
    type: FieldType
    at: int | None = None
    size: int = 0
    mask: int = 0
    little_endian: bool = False
    parts: tuple[str, ...] = ()
    stateful: bool = False
    look_ahead: bool = False
    plain: Field | None = None
    measure: Measure | None = None

    @property
    def is_header(self) -> bool:
        return self.at is not None

    def reader(self) -> Callable[[bytes, int], Any]:
        """A function (buffer, absolute offset of the field) -> value; the bytes must be there."""
        return header_reader(self.type, self.size, self.mask, self.little_endian)


def header(name: str, type: FieldType, at: int, size: int | None = None, mask: int = 0,
           *, little_endian: bool = False) -> Field:  # fmt: skip
    """A field at a fixed place; `size` in bytes defaults to the type's own."""
    if size is None:
        size = _FIXED_SIZES.get(type) or WIDTH_BITS[type] // 8
    return Field(name, type, at, size, mask, little_endian)


def computed(name: str, type: FieldType, *, stateful: bool = False, look_ahead: bool = False,
             plain_at: int | None = None, measure: Measure | None = None) -> Field:  # fmt: skip
    """A field whose values the protocol's code adds; `plain_at`: where it lies in a header without options."""
    plain = None if plain_at is None else header(name, type, plain_at)
    return Field(name, type, stateful=stateful or look_ahead, look_ahead=look_ahead, plain=plain, measure=measure)


def union(name: str, type: FieldType, *parts: str) -> Field:
    """Several header or computed fields of one protocol under one name."""
    return Field(name, type, parts=parts)


def computed_table(text: str, *, stateful: bool = False) -> tuple[Field, ...]:
    """Computed fields, one a line: name, white space, type."""
    rows = (line.split() for line in text.splitlines() if line.strip())
    return tuple(computed(name, FieldType[type_], stateful=stateful) for name, type_ in rows)


def header_reader(type: FieldType, size: int, mask: int, little_endian: bool) -> Callable[[bytes, int], Any]:
    """The scalar reader for a header field of this shape; integers are unsigned, two's complement if INT*."""
    if type in BYTE_LIKE or type in ADDRESSES or type is FieldType.GUID:
        return lambda buf, at: buf[at : at + size]
    if type in STRINGS:
        return lambda buf, at: buf[at : at + size].split(b"\0", 1)[0].decode("utf-8", "replace")
    order: Any = "little" if little_endian else "big"
    if type is FieldType.BOOLEAN:
        mask = mask or (1 << 8 * size) - 1
        if size == 1:
            return lambda buf, at: buf[at] & mask != 0
        return lambda buf, at: int.from_bytes(buf[at : at + size], order) & mask != 0
    signed = type.value.startswith("INT")
    if not mask:
        if size == 1 and not signed:
            return lambda buf, at: buf[at]
        return lambda buf, at: int.from_bytes(buf[at : at + size], order, signed=signed)
    shift = (mask & -mask).bit_length() - 1
    if size == 1:
        return lambda buf, at: (buf[at] & mask) >> shift
    return lambda buf, at: (int.from_bytes(buf[at : at + size], order) & mask) >> shift


Bits = tuple[tuple[int, int, int], ...]
"""(offset, mask, value) of single bytes, all of which must be so."""


@frozen
class Evidence:
    """What must lie in the bytes of a conversation that has layers of a protocol.

    Attributes:
        traces: a pattern of at most eight bytes that is somewhere in the bytes of every layer with one of the fields of
            plain messages, whatever carries these bytes as they are.
        claims: a pattern of at most nine bytes that is somewhere in the bytes in which it recognises itself, unless
            these begin in one of the ways of `starts`.
        starts: table name -> how bytes begin in which it recognises itself, one of several ways.
        plain: its plain messages.
        alone: what a conversation shows of it depends on no other conversation.
    """

    traces: re.Pattern[bytes] | None = None
    claims: re.Pattern[bytes] | None = None
    starts: Mapping[str, tuple[Bits, ...]] = MappingProxyType({})
    plain: Plain | None = None
    alone: bool = False


NO_EVIDENCE = Evidence()


@slotted
class Protocol:
    """A protocol: its name in filters, its fields, the tables that lead to it and those it leads on to.

    Attributes:
        name: the filter name, "tcp".
        label: what a packet list shows, "TCP".
        fields: all fields whose values layers of this protocol carry.
        over: table name -> keys under which this protocol is found there ({"tcp.port": (80, 8080)}).
        carries: names of tables and of protocols that can follow.
        decrypts: names of those that can follow only where the capture holds the secrets to decrypt this one.
        quotes: names of protocols of packets of which its messages, in a TCP stream, carry copies. They are found
            where it is behind one of its own ports, or where it is dissected anyway: a filter over headers need not
            follow every stream for them.
        shares: names of protocols whose computed fields layers of this one carry too (SSDP carries http.*), or
            of single fields that layers of this one add like computed ones (IPv6 adds ip.version).
        dissect: walks the protocol's bytes: pushes a layer, finds what follows, keeps state.
        fill: adds the computed fields of a layer on first touch; pure, it must not change any state.
        info: one line for a packet list, in place of what the layers below say.
        write: writes the packet list's columns where that is not all; then `info` has no say.
        conclude: adds to them once all layers have written.
        header_length: from Wireshark 4.6 on, how many bytes the protocol's own item covers, where that is less than
            it did before (TCP's header without its payload).
        joins: names of its fields, itself included, or all of them (True), that depend on what it carries: on how
            messages are put together, on keys that are agreed there, on where a payload ends.
        second_look: names of its fields, itself included, or all of them (True), that are there or not as later frames
            tell: a filter on one of them reads a capture twice where it can.
        heuristics: table name -> function (view, region) -> bool that says whether the bytes look like it.
        evidence: what its layers cannot be without; nothing known by default.
    """

    name: str
    label: str = ""
    fields: tuple[Field, ...] = ()
    over: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    carries: tuple[str, ...] = ()
    quotes: tuple[str, ...] = ()
    decrypts: tuple[str, ...] = ()
    shares: tuple[str, ...] = ()
    dissect: Callable[[View, Region], Any] | None = None
    fill: Callable[[Layer], None] | None = None
    info: Callable[[Layer], str] | None = None
    write: Callable[[Layer, Columns], None] | None = None
    conclude: Callable[[Layer, Columns], None] | None = None
    header_length: Callable[[Layer], int] | None = None
    joins: bool | tuple[str, ...] = ()
    second_look: bool | tuple[str, ...] = False
    heuristics: dict[str, Callable[[View, Region], bool]] = field(default_factory=dict)
    evidence: Evidence = NO_EVIDENCE

    @property
    def may_decline(self) -> bool:
        """Can bytes that are offered to this protocol turn out not to be its own: does its dissector say so?"""
        return self.dissect is not None and self.dissect.__annotations__.get("return") in ("bool", "bool | None")

    def dissector(self, function: Callable[[View, Region], Any]) -> Callable[[View, Region], Any]:
        """Decorator: `function` dissects this protocol."""
        self.dissect = function
        return function

    def filler(self, function: Callable[[Layer], None]) -> Callable[[Layer], None]:
        """Decorator: `function` adds the computed fields on first touch."""
        self.fill = function
        return function

    def info_line(self, function: Callable[[Layer], str]) -> Callable[[Layer], str]:
        """Decorator: `function` makes the packet list's info text."""
        self.info = function
        return function

    def column_writer(self, function: Callable[[Layer, Columns], None]) -> Callable[[Layer, Columns], None]:
        """Decorator: `function` writes the packet list's columns."""
        self.write = function
        return function


def bits(rows: Iterable[tuple[str, int]], at: int, size: int = 1) -> tuple[Field, ...]:
    """BOOLEAN header fields (name, mask) that share the `size` bytes at `at`."""
    return tuple(header(name, FieldType.BOOLEAN, at, size, mask) for name, mask in rows)


@frozen
class Shape:
    """One chain of headers over Ethernet.

    Attributes:
        layers: protocol -> offset of its header in the frame.
        minimum: bytes that the frame must hold.
        constants: (offset, mask, bytes): these bytes, under the mask, have this value; shapes that begin alike
            list them alike.
        at_least: (offset of a 16-bit length, its least value) for each length that matters.
        header_nibble: offset of a byte whose high nibble counts header words, at least five; None without one.
        ports: offset of the port pair that decides what follows; None where nothing follows.
        open: more layers may follow that the shape does not know of.
        outer: protocol -> offset, for layers that come once more further in, as those of a tunnel do.
    """

    layers: dict[str, int]
    minimum: int
    constants: tuple[tuple[int, bytes, bytes], ...]
    at_least: tuple[tuple[int, int], ...] = ()
    header_nibble: int | None = None
    ports: int | None = None
    open: bool = False
    outer: Mapping[str, int] = MappingProxyType({})

    @property
    def last(self) -> str:
        """The innermost protocol of the shape."""
        return next(reversed(self.layers))
