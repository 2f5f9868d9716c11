"""A frame as a tree: its layers, and in each the fields with their values, texts and places.

In: a view of which everything was asked for.  Out: `TreeLayer`s with `TreeField`s.
Always: nothing here raises on packet bytes; fields stand in the order of their places in the layer.  `nesting` says
what stands below what.
"""

from __future__ import annotations

from typing import Any

from dfilter.fields.registry import lookup
from dfilter.fields.text import value_text
from dfilter.fields.types import FieldType
from dfilter.fields.versions import Version
from dfilter.packets.declare import Field
from dfilter.packets.view import Layer, View
from dfilter.slotted import frozen


@frozen
class TreeField:
    """A field of a layer; `protocol`: whose it is, which need not be the layer's.

    `start`, `size`: its bytes in the layer's data source; `size` 0 for what is computed.
    """

    name: str
    protocol: str
    type: FieldType
    value: Any
    text: str
    start: int
    size: int
    mask: int
    raw: bytes

    @property
    def plain(self) -> str:
        """The value as `tshark -T json` of whole frames has it: bytes with colons, "" for what is only present."""
        if self.type is FieldType.NONE:
            return ""
        if self.type is FieldType.PROTOCOL:
            return self.raw.hex(":")
        return self.value.hex(":") if self.type in (FieldType.BYTES, FieldType.UINT_BYTES) else self.text


@frozen
class TreeLayer:
    """A layer; `title` is what a packet list calls its protocol."""

    name: str
    title: str
    start: int
    size: int
    raw: bytes
    fields: tuple[TreeField, ...]


def tree_of(view: View) -> list[TreeLayer]:
    """The layers of a frame, in order of appearance."""
    view.complete()
    return [_layer(layer) for layer in view.layers if layer.number]


def _layer(layer: Layer) -> TreeLayer:
    protocol, known = layer.protocol, layer.view.session.catalogue.fields
    found: list[TreeField] = []
    for field in protocol.fields:
        if field.is_header and layer.start + (field.at or 0) + field.size <= layer.region.end:
            start = layer.start + (field.at or 0)
            found.append(_field(layer, field, field.reader()(layer.buf, start), start, field.size))
        elif field.parts:
            found += [
                _field(layer, field, value, start, size)
                for part in map(known.get, field.parts)
                if part is not None
                for value, start, size in _values(layer, part)
            ]
    for name, values in layer.items.items():
        field = known[name]
        places = layer.spans[name]
        found += [_field(layer, field, value, *place) for value, place in zip(values, places, strict=True)]
    order = {field.name: index for index, field in enumerate(protocol.fields)}
    found.sort(key=lambda each: (each.start if each.size else layer.end, order.get(each.name, len(order))))
    size = max(layer.end - layer.start, 0)
    if protocol.header_length is not None:  # trees show it also before 4.6, where filters see more
        size = min(size, protocol.header_length(layer))
    title = protocol.label or protocol.name.upper()
    return TreeLayer(protocol.name, title, layer.start, size, layer.item_bytes()[:size], tuple(found))


def _values(layer: Layer, field: Field) -> list[tuple[Any, int, int]]:
    if not field.is_header:
        places = layer.spans.get(field.name, ())
        return [(value, *place) for value, place in zip(layer.items.get(field.name, ()), places, strict=True)]
    start = layer.start + (field.at or 0)
    return [(field.reader()(layer.buf, start), start, field.size)] if start + field.size <= layer.region.end else []


def _field(layer: Layer, field: Field, value: Any, start: int, size: int) -> TreeField:
    info = lookup(field.name, Version.V4_4) or lookup(field.name, Version.V4_6)
    owner, display = (info.protocol, info.display) if info is not None else (layer.protocol.name, "")
    text = value_text(value, field.type, display, field.name)
    if not size and not start:
        start = layer.start
    raw = layer.buf[start : start + size]
    return TreeField(field.name, owner, field.type, value, text, start, size, field.mask, raw)


def type_number(type_: FieldType) -> int:
    """The number with which `tshark -T jsonraw` of Wireshark 4.4 marks a field's type."""
    return _NUMBERS[FieldType.BYTES if type_ is FieldType.PROTOCOL else type_]  # a part that is a protocol of its own


_NUMBERED = (
    "NONE PROTOCOL BOOLEAN CHAR UINT8 UINT16 UINT24 UINT32 UINT40 UINT48 UINT56 UINT64 INT8 INT16 INT24 INT32 INT40 "
    "INT48 INT56 INT64 IEEE_11073_SFLOAT IEEE_11073_FLOAT FLOAT DOUBLE ABSOLUTE_TIME RELATIVE_TIME STRING STRINGZ "
    "UINT_STRING ETHER BYTES UINT_BYTES IPv4 IPv6 IPXNET FRAMENUM GUID OID EUI64 AX25 VINES REL_OID SYSTEM_ID "
    "STRINGZPAD FCWWN STRINGZTRUNC"
)
_NUMBERS = {FieldType[name]: number for number, name in enumerate(_NUMBERED.split())}
