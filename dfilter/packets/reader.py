"""Fields as functions over views: how compiled filters read packets.

In: field names.  Out: `PacketReader`, the `Reader` of the compiler.  What always holds: each name is resolved
once, when a filter is compiled; the functions never raise on packet bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dfilter.errors import UnknownFieldError, UnsupportedFieldError
from dfilter.fields.registry import versions_of
from dfilter.fields.versions import NEWEST, Version
from dfilter.packets.declare import Field
from dfilter.packets.dispatch import Catalogue, catalogue
from dfilter.packets.view import Layer, View

Values = Sequence[Any]
_NOTHING: tuple[Any, ...] = ()
_KNOWN_LAST = frozenset({"_ws.expert", "_ws.malformed", "_ws.short"})
"""Protocols whose layers come once every other layer is filled."""


class PacketReader:
    """Reads fields of `View`s; a name that is not dissected raises `UnsupportedFieldError`.

    `version`: whose idea of what a protocol's item covers counts.
    """

    def __init__(self, known: Catalogue | None = None, version: Version = NEWEST) -> None:
        self._known = known or catalogue()
        self._version = version

    def exists(self, name: str) -> Callable[[View], bool]:
        if name in self._known.protocols:
            if name.startswith("_ws."):
                return _complete_first(lambda view: name in view.by_name)
            return lambda view: name in view.by_name
        values = self.values(name)
        return lambda view: len(values(view)) > 0

    def values(self, name: str) -> Callable[[View], Values]:
        if name in self._known.protocols:
            get: Callable[[View], Values] = lambda view: view.by_name.get(name, _NOTHING)  # noqa: E731
            if name.startswith("_ws."):
                return _complete_first(get)
            item = self._item(name)
            return get if item is None else lambda view: [item(layer) for layer in get(view)]
        read = self._over_layers(name, self._layer_values(name))
        if self._known.owner.get(name) in _KNOWN_LAST:
            return _complete_first(read)
        if name == "frame.time_delta" and self._version >= Version.V4_6:
            return lambda view: _NOTHING if view.number == 1 else read(view)  # up to 4.4 it is 0 in the first frame
        return read

    def raw_values(self, name: str) -> Callable[[View], Values]:
        if name in self._known.protocols:
            layers = self.values(name)
            return lambda view: [layer.item_bytes() for layer in layers(view)]
        return self._over_layers(name, self._layer_raw(name))

    def layered(self, name: str, raw: bool) -> Callable[[View], tuple[int, Sequence[tuple[int, Any]]]]:
        carriers = self._known.carriers.get(name) or self._unsupported(name)
        per_layer: Callable[[Layer], Values]
        if name in self._known.protocols:
            item = self._item(name) or _whole
            per_layer = (lambda layer: (item(layer).item_bytes(),)) if raw else (lambda layer: (item(layer),))
        else:
            per_layer = self._layer_raw(name) if raw else self._layer_values(name)

        def read(view: View) -> tuple[int, Sequence[tuple[int, Any]]]:
            if carriers[0] in _KNOWN_LAST:
                view.complete()
            layers = _layers(view, carriers)
            count = max((layer.number for layer in layers), default=0)
            return count, [(layer.number, value) for layer in layers for value in per_layer(layer)]

        return read

    def _item(self, name: str) -> Callable[[Layer], Layer] | None:
        """What stands for a layer of this protocol where its item covers less than the layer; else None."""
        header_length = self._known.outlines[name].header_length
        if header_length is None or self._version < Version.V4_6:
            return None
        return lambda layer: layer.part(layer.start, min(header_length(layer), layer.end - layer.start))

    def _over_layers(self, name: str, per_layer: Callable[[Layer], Values]) -> Callable[[View], Values]:
        carriers = self._known.carriers[name]
        if len(carriers) == 1:
            only = carriers[0]

            def read_one(view: View) -> Values:
                layers = view.by_name.get(only)
                if layers is None:
                    return _NOTHING
                if len(layers) == 1:
                    return per_layer(layers[0])
                return [value for layer in layers for value in per_layer(layer)]

            return read_one

        def read(view: View) -> Values:
            return [value for layer in _layers(view, carriers) for value in per_layer(layer)]

        return read

    def _field(self, name: str) -> Field:
        return self._known.fields.get(name) or self._unsupported(name)

    def _unsupported(self, name: str) -> Any:
        if not versions_of(name):
            raise UnknownFieldError(f"no protocol or field is called {name!r}")
        raise UnsupportedFieldError(f"Wireshark knows {name}, but dfilter does not dissect it yet, so no frame "
                                    "can be tested for it; `dfilter check` still judges the filter")

    def _layer_values(self, name: str) -> Callable[[Layer], Values]:
        field = self._field(name)
        if field.parts:
            parts = [self._layer_values(part) for part in field.parts]
            return lambda layer: [value for part in parts for value in part(layer)]
        if not field.is_header:
            return lambda layer: layer.computed(name)
        at, stop, read = field.at or 0, (field.at or 0) + field.size, field.reader()

        def header_values(layer: Layer) -> Values:
            start = layer.start
            if start + stop > layer.region.end:
                return _NOTHING
            return (read(layer.buf, start + at),)

        if len(self._known.carriers[name]) > 1:
            home = self._known.owner[name]
            return lambda layer: header_values(layer) if layer.protocol.name == home else layer.computed(name)
        return header_values

    def _layer_raw(self, name: str) -> Callable[[Layer], Values]:
        field = self._field(name)
        if field.parts:
            parts = [self._layer_raw(part) for part in field.parts]
            return lambda layer: [value for part in parts for value in part(layer)]
        if not field.is_header:

            def computed_raw(layer: Layer) -> Values:
                layer.complete()
                return [layer.buf[start : start + length] for start, length in layer.spans.get(name, _NOTHING)]

            return computed_raw
        at, size, home = field.at or 0, field.size, self._known.owner[name]

        def header_raw(layer: Layer) -> Values:
            if layer.protocol.name != home:
                layer.complete()
                return [layer.buf[start : start + length] for start, length in layer.spans.get(name, _NOTHING)]
            start = layer.start + at
            return (layer.buf[start : start + size],) if start + size <= layer.region.end else _NOTHING

        return header_raw


def _whole(layer: Layer) -> Layer:
    return layer


def _layers(view: View, carriers: tuple[str, ...]) -> list[Layer]:
    found = [layer for name in carriers for layer in view.by_name.get(name, _NOTHING)]
    if len(found) > 1:
        found.sort(key=lambda layer: layer.index)
    return found


def _complete_first(get: Callable[[View], Any]) -> Callable[[View], Any]:
    """Damage is only known once every layer is filled."""

    def read(view: View) -> Any:
        view.complete()
        return get(view)

    return read
