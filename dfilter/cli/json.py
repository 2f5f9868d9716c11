"""`-T json`, `jsonraw` and `ek`: frames as JSON, in the shapes of tshark's.

In: frames, and what `-e` names, or nothing for all fields.  Out: one JSON array, or two lines a frame (ek), frame by
frame.  Always: the document is complete, also when reading stops early.  With `-e` it is tshark's; without, it nests as
tshark's does, and a field or layer that comes several times is a list, as with `tshark --no-duplicate-keys`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import dfilter
from dfilter.cli.printer import Printer
from dfilter.column import Values
from dfilter.nesting import Node, every, nested
from dfilter.tree import TreeField, tree_of, type_number

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CONTROLS: Final = {code: f"\\u{code:04x}" for code in (*range(0x7F, 0xA0), *range(0xD800, 0xE000), 0x2028, 0x2029,
                                                *range(0x202A, 0x202F), *range(0x2066, 0x206A))}


class JsonPrinter(Printer):
    """Prints the array; with several captures each frame says in `_capture` which it is from.

    `raw`: the bytes of layers and fields; `texts`: their values.
    """

    def __init__(self, values: Sequence[Values], several: bool, *, raw: bool = False, texts: bool = True) -> None:
        self._values = values
        self._several = several
        self._raw = raw
        self._texts = texts
        self._started = False

    def end(self) -> None:
        """Close the array."""
        print("\n]" if self._started else "[]")

    def frame(self, name: str, frame: dfilter.View) -> None:
        """Print the object of `frame`, found in the capture `name`."""
        document: dict[str, Any] = {"_capture": name} if self._several else {}
        document |= {"_index": f"packets-{_date(frame.time)}", "_type": "doc", "_score": None}
        layers = chosen(self._values, frame) if self._values else self._layers(frame)
        document["_source"] = {"layers": layers}
        text = json.dumps(document, ensure_ascii=False, indent=2).translate(_CONTROLS)
        print(",\n" if self._started else "[\n", end="")
        self._started = True
        print("  " + text.replace("\n", "\n  "), end="")

    def _layers(self, frame: dfilter.View) -> dict[str, Any]:
        found: dict[str, list[Any]] = {}
        for layer in tree_of(frame):
            if self._raw:
                found.setdefault(f"{layer.name}_raw", []).append([layer.raw.hex(), layer.start, layer.size, 0, 1])
            found.setdefault(layer.name, []).append(self._fields(nested(layer)))
        return {name: _one(values) for name, values in found.items()}

    def _fields(self, nodes: Sequence[Node]) -> dict[str, Any]:
        found: dict[str, list[Any]] = {}
        for node in nodes:
            name, below = node.text, self._fields(node.below) if node.below else None
            if node.field is not None:
                name, shown = node.field.name, node.field.type.value != "NONE" or below is None
                if self._raw:
                    found.setdefault(f"{name}_raw", []).append(_raw(node.field))
                if self._texts and shown:
                    found.setdefault(name, []).append(_plain(node.field))
                name += "_tree" if shown else ""
            if below is not None:
                found.setdefault(name, []).append(below)
        return {name: _one(values) for name, values in found.items()}


class EkPrinter(Printer):
    """Prints two lines a frame: where Elasticsearch is to put it, and the frame."""

    def __init__(self, values: Sequence[Values], several: bool) -> None:
        self._values = values
        self._several = several

    def frame(self, name: str, frame: dfilter.View) -> None:
        """Print the lines of `frame`, found in the capture `name`."""
        time = str(frame.time // 10**6) if frame.time is not None else "0"
        document: dict[str, Any] = {"timestamp": time} | ({"capture": name} if self._several else {})
        if self._values:
            document["layers"] = {_key(name): texts for name, texts in chosen(self._values, frame).items()}
        else:
            document["layers"] = _searchable(frame)
        index = {"index": {"_index": f"packets-{_date(frame.time)}", "_type": "doc"}}
        for line in (index, document):
            print(json.dumps(line, ensure_ascii=False, separators=(",", ":")).translate(_CONTROLS))


def chosen(values: Sequence[Values], frame: dfilter.View) -> dict[str, list[str]]:
    """What `-e` names, without what the frame does not have."""
    found = {each.text: list(each.read(frame)) for each in values}
    return {name: texts for name, texts in found.items() if texts}


def _searchable(frame: dfilter.View) -> dict[str, Any]:
    layers: dict[str, list[Any]] = {}
    for layer in tree_of(frame):
        fields: dict[str, list[Any]] = {}
        for node in every(nested(layer)):
            if node.field is None:
                fields.setdefault("text", []).append(node.text)
            else:
                fields.setdefault(_searchable_key(node.field), []).append(_indexed(node.field))
        layers.setdefault(_key(layer.name), []).append({name: _one(texts) for name, texts in fields.items()})
    return {name: _one(found) for name, found in layers.items()}


def _searchable_key(field: TreeField) -> str:
    """Behind the protocol whose field it is, which need not be the layer's."""
    name = _key(field.name)
    return name if field.type.value == "PROTOCOL" else f"{_key(field.protocol)}_{name}"


def _indexed(field: TreeField) -> Any:
    """A value as Elasticsearch takes it: truth values as they are, dates of ISO 8601, null for what is only there."""
    if field.type.value == "NONE":
        return None
    if isinstance(field.value, bool):
        return field.value
    if field.type.value == "ABSOLUTE_TIME":
        seconds, fraction = divmod(field.value, 10**9)
        try:
            return f"{_EPOCH + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}.{fraction:09d}Z"
        except OverflowError:
            return field.text
    return _plain(field)


def _plain(field: TreeField) -> Any:
    if isinstance(field.value, bool):
        return str(int(field.value))
    return field.plain


def _raw(field: TreeField) -> list[Any]:
    """The bytes, or what the mask leaves of them, where they lie, the mask and the type's number."""
    text = f"{int(field.value):x}" if field.mask else field.raw.hex()
    return [text, field.start, field.size, field.mask, type_number(field.type)]


def _one(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _key(name: str) -> str:
    """Elasticsearch takes dots for levels."""
    return name.replace(".", "_")


def _date(nanoseconds: int | None) -> str:
    try:
        return (_EPOCH + timedelta(seconds=(nanoseconds or 0) // 10**9)).strftime("%Y-%m-%d")
    except OverflowError:
        return "1970-01-01"
