"""One frame in every detail: its layers, their fields with values and bytes, and the filter that selects each.

In: a capture and a frame's number, or a view.  Out: `Detail`; public names of `dfilter`.
What always holds: every field that a filter can read is listed, but the unions (`tcp.port` is `tcp.srcport` and
`tcp.dstport`); the filter beside a field selects the frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from os import PathLike
from typing import BinaryIO, Final

from dfilter.errors import NotFoundError
from dfilter.fields.registry import resolve_alias
from dfilter.fields.types import BYTE_LIKE, FLOATS, INTEGERS, STRINGS, FieldType
from dfilter.fields.values import labels
from dfilter.fields.versions import NEWEST
from dfilter.nesting import Node, nested
from dfilter.packets.decode_as import chosen_protocols
from dfilter.packets.dispatch import catalogue
from dfilter.packets.reader import PacketReader
from dfilter.packets.session import needs_of
from dfilter.packets.summary import protocol_label
from dfilter.packets.view import Layer, View
from dfilter.scan import DecodeAs, can_reread, dissect
from dfilter.slotted import frozen
from dfilter.tree import TreeField, TreeLayer, tree_of

Capture = str | PathLike[str] | BinaryIO

LONG_BYTES: Final = 16
LONG_TEXT: Final = 60
"""Values that are longer are compared by their beginning."""

_ESCAPES: Final = {ord("\\"): "\\\\", ord('"'): '\\"', 9: "\\t", 10: "\\n", 13: "\\r"} | {
    code: f"\\x{code:02x}" for code in (*range(9), 11, 12, *range(14, 32), 127)
}


@frozen
class FieldDetail:
    """One value of one field.

    Attributes:
        text: the value as `tshark -T fields` prints it; "" for a field that is only present.
        label: what the value stands for, as Wireshark words it; "" if nothing.
        filter: a display filter that selects the frame by this value; "" if the newest version has no such name.
        start, length: its bytes in `Detail.sources[layer.source]`; length 0 for what no bytes say.
        depth: below how many of the fields before it it stands, as Wireshark nests them.
    """

    name: str
    type: str
    text: str
    label: str
    filter: str
    start: int
    length: int
    depth: int = 0


@frozen
class LayerDetail:
    """One layer; `title` as a packet list names its protocol; `source` the index of the bytes that it lies in."""

    name: str
    title: str
    source: int
    start: int
    length: int
    fields: tuple[FieldDetail, ...]


@frozen
class Detail:
    """A frame; `sources`: its bytes, then those of messages put together, unpacked or decrypted from it."""

    number: int
    time: int | None
    wire_length: int
    protocol: str
    info: str
    sources: tuple[bytes, ...]
    layers: tuple[LayerDetail, ...]

    def named(self, name: str) -> list[FieldDetail]:
        """The fields called `name`; of a union its parts, of a protocol all of its layers' fields.

        Raises:
            UnknownFieldError, UnsupportedFieldError: no such name, or it is not dissected.
        """
        known = catalogue()
        PacketReader(known).values(name)
        declared = known.fields.get(name)
        names = {name, *declared.parts} if declared is not None else {name}
        return [field for layer in self.layers for field in layer.fields if layer.name == name or field.name in names]


def show_frame(capture: Capture, number: int, *, decode_as: DecodeAs | None = None) -> Detail:
    """A frame of a capture, dissected with what comes before it, and after it where the capture can be read twice.

    Args:
        capture: a path, "-" for standard input, or a binary file object.
        number: from 1 on.
        decode_as: (dispatch table, key) -> protocol, as for `dfilter.read`.

    Raises:
        NotFoundError: the capture has fewer frames.
        CaptureError: it cannot be read.
    """
    count = 0
    if decode_as:
        chosen_protocols(decode_as, catalogue())
    for view in dissect(capture, needs_of(None), look_ahead=can_reread(capture), decode_as=decode_as):
        count += 1
        if view.number == number:
            return detail_of(view)
    raise NotFoundError(f"there is no frame {number}: the capture has {count}" + (", from 1 on" if number < 1 else ""))


def detail_of(view: View) -> Detail:
    """A view in every detail; of a session that dissects everything."""
    tree = tree_of(view)
    found = [layer for layer in view.layers if layer.number]  # those of the tree
    sources = [view.data]
    layers = tuple(_layer(layer, shown, sources) for layer, shown in zip(found, tree, strict=True))
    return Detail(view.number, view.time, view.frame.wire_length, protocol_label(view), view.info, tuple(sources),
                  layers)  # fmt: skip


def _layer(layer: Layer, shown: TreeLayer, sources: list[bytes]) -> LayerDetail:
    source = next((i for i, known in enumerate(sources) if known is layer.buf), None)
    if source is None:
        source = len(sources)
        sources.append(layer.buf)
    fields = tuple(_fields(layer.view, nested(shown), 0))
    length = max(layer.end - layer.start, 0)  # with the payload: some of it may be in no other layer
    return LayerDetail(shown.name, shown.title, source, shown.start, length, fields)


def _fields(view: View, nodes: Sequence[Node], depth: int) -> Iterator[FieldDetail]:
    """All but unions, and but those that no filter sees, as the first frame's time since the one before."""
    declared = view.session.catalogue.fields
    for node in nodes:
        field = node.field
        listed = field is not None and not declared[field.name].parts and field.name in view
        if field is not None and listed:
            yield _field(field, depth)
        yield from _fields(view, node.below, depth + listed)


def _field(field: TreeField, depth: int) -> FieldDetail:
    text = "" if field.type is FieldType.NONE else field.text
    dissected = resolve_alias(field.name, NEWEST) in (None, field.name)  # else the newest version renamed it
    return FieldDetail(field.name, field.type.value, text, _label(field), _filter(field, text) if dissected else "",
                       field.start, field.size, depth)  # fmt: skip


def _label(field: TreeField) -> str:
    """The label of a number; of a BOOLEAN only one of its own."""
    if field.type not in INTEGERS and field.type is not FieldType.BOOLEAN:
        return ""
    number = int(field.value)
    return next((label for first, last, label in labels(field.name) or () if first <= number <= last), "")


def _filter(field: TreeField, text: str) -> str:
    """A filter that selects a frame by this value of a field."""
    name, kind, value = field.name, field.type, field.value
    if kind in (FieldType.NONE, FieldType.PROTOCOL):
        return name
    if kind in STRINGS:
        if len(value) > LONG_TEXT:
            return f'{name} contains "{value[:LONG_TEXT].translate(_ESCAPES)}"'
        return f'{name} == "{value.translate(_ESCAPES)}"'
    if kind in (FieldType.BYTES, FieldType.UINT_BYTES):
        if not value:
            return name
        head = value[:LONG_BYTES].hex(":") + ":" * (len(value) == 1)  # without it one byte would be a number
        return f"{name} == {head}" if len(value) <= LONG_BYTES else f"{name}[:{LONG_BYTES}] == {head}"
    if kind in FLOATS:
        return f"{name} == {value!r}" if value == value and abs(value) != float("inf") else name
    if kind is FieldType.ABSOLUTE_TIME:
        return f'{name} == "{text}"' if "UTC" in text else f"{name} == {text}"
    if kind in BYTE_LIKE and not value:
        return name
    return f"{name} == {text}"
