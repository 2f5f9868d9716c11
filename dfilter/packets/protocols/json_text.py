"""JSON (RFC 8259), as bodies of HTTP messages.

In: a text.  Out: the layer `json` with its objects, members and values.  What always holds: nesting is bounded and
a text that is not JSON gives an empty layer and its lines.
"""

from __future__ import annotations

import re
from typing import Any

from dfilter.packets.columns import Columns
from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.protocols.carried_type import carried_type
from dfilter.packets.protocols.media_types import JSON_TYPES
from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

MAX_DEPTH = 100
"""Objects and arrays in one another beyond which a text is not taken for JSON: hostile nesting."""

MAX_SHOWN = 64 * 1024 * 1024
"""Characters that one text may give as values: every object holds the text of those within it."""

VALUE_COST = 48
"""Characters as which each value counts beside its own: a text of a few bytes each must not give millions."""

JSON = Protocol(
    "json",
    "JSON",
    fields=computed_table("""
        json.object            STRING
        json.array             NONE
        json.member            STRING
        json.key               STRING
        json.path              STRING
        json.path_with_value   STRING
        json.member_with_value STRING
        json.value.string      STRING
        json.value.number      DOUBLE
        json.value.true        NONE
        json.value.false       NONE
        json.value.null        NONE
        json.value.nan         NONE
    """),
    over={"media_type": JSON_TYPES},
    carries=("data-text-lines",),
)

_SPACE = re.compile(rb"[ \t\r\n]*")
_STRING = re.compile(rb'"((?>(?:[^"\\\x00-\x1f]|\\.)*))"', re.S)
_NUMBER = re.compile(rb"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORDS = {b"true": "true", b"false": "false", b"null": "null", b"NaN": "nan"}
_WORD = re.compile(rb"true|false|null|NaN")


class NotJson(Exception):  # noqa: N818 - a finding, not an error
    """The text breaks the grammar."""


@JSON.dissector
def dissect_json(view: View, region: Region) -> None:
    walk = _Walk(region.buf, region.end)
    try:
        end = walk.text(region.start)
    except NotJson:
        view.push(JSON, region, 0)
        view.call(view.session.catalogue.protocols["data-text-lines"], region)
        return
    layer = view.push(JSON, region, end - region.start)
    layer.state = walk.found


@JSON.filler
def fill_json(layer: Layer) -> None:
    for name, value, start, length in layer.state or ():
        layer.add(name, value, start, length)


class _Walk:
    """One reading of a text; `found` holds (field, value, start, length) in the order of the reference's tree."""

    def __init__(self, buf: bytes, end: int) -> None:
        self.buf = buf
        self.end = end
        self.found: list[tuple[str, Any, int, int]] = []
        self._budget = MAX_SHOWN

    def text(self, at: int) -> int:
        """The whole text; where its last value ends."""
        while True:
            at = self.value(self._skip(at), "", "", 0)
            rest = self._skip(at)
            if rest >= self.end:
                return at
            at = rest

    def value(self, at: int, path: str, name: str, depth: int) -> int:
        if depth > MAX_DEPTH or at >= self.end:
            raise NotJson
        first = self.buf[at]
        if first == 0x7B:
            return self._object(at, path, depth)
        if first == 0x5B:
            return self._array(at, path, depth)
        return self._scalar(at, path, name)

    def _skip(self, at: int) -> int:
        found = _SPACE.match(self.buf, at, self.end)
        return found.end() if found else at

    def _decoded(self, start: int, end: int) -> str:
        self._spend(end - start)
        return self.buf[start:end].decode("utf-8", "replace")

    def _spend(self, characters: int) -> None:
        self._budget -= characters
        if self._budget < 0:
            raise NotJson

    def _object(self, at: int, path: str, depth: int) -> int:
        start, slot = at, self._reserve()
        at = self._skip(at + 1)
        while self._byte(at) != 0x7D:
            at = self._skip(self._member(at, path, depth))
            if self._byte(at) == 0x2C:
                at = self._skip(at + 1)
                if self._byte(at) == 0x7D:
                    raise NotJson
            elif self._byte(at) != 0x7D:
                raise NotJson
        self.found[slot] = ("json.object", self._decoded(start, at + 1), start, at + 1 - start)
        return at + 1

    def _member(self, at: int, path: str, depth: int) -> int:
        key = _STRING.match(self.buf, at, self.end)
        if key is None:
            raise NotJson
        name, start, slot = self._decoded(*key.span(1)), at, self._reserve()
        self._spend(2 * VALUE_COST + len(path))
        at = self._skip(key.end())
        if self._byte(at) != 0x3A:
            raise NotJson
        at = self.value(self._skip(at + 1), f"{path}/{name}", name, depth + 1)
        self.found[slot] = ("json.member", name, start, at - start)
        self.found.append(("json.key", name, start, key.end() - start))
        self.found.append(("json.path", f"{path}/{name}", start, at - start))
        return at

    def _array(self, at: int, path: str, depth: int) -> int:
        start, slot = at, self._reserve()
        at = self._skip(at + 1)
        while self._byte(at) != 0x5D:
            at = self._skip(self.value(at, f"{path}/[]", "[]", depth + 1))
            if self._byte(at) == 0x2C:
                at = self._skip(at + 1)
                if self._byte(at) == 0x5D:
                    raise NotJson
            elif self._byte(at) != 0x5D:
                raise NotJson
        self.found[slot] = ("json.array", None, start, at + 1 - start)
        return at + 1

    def _scalar(self, at: int, path: str, name: str) -> int:
        string = _STRING.match(self.buf, at, self.end)
        if string is not None:
            shown = self._decoded(*string.span(1))
            self._add_value("string", shown, shown, path, name, string.span())
            return string.end()
        number = _NUMBER.match(self.buf, at, self.end)
        if number is not None:
            shown = number[0].decode("ascii")
            self._add_value("number", float(shown), shown, path, name, number.span())
            return number.end()
        word = _WORD.match(self.buf, at, self.end)
        if word is None:
            raise NotJson
        self._add_value(_WORDS[word[0]], None, word[0].decode("ascii"), path, name, word.span())
        return word.end()

    def _add_value(self, kind: str, value: Any, shown: str, path: str, name: str, span: tuple[int, int]) -> None:
        start, length = span[0], span[1] - span[0]
        self._spend(3 * VALUE_COST + len(path) + len(shown) + len(name))
        self.found.append(("json.path_with_value", f"{path}:{shown}", start, length))
        self.found.append(("json.member_with_value", f"{name}:{shown}", start, length))
        self.found.append((f"json.value.{kind}", value, start, length))

    def _byte(self, at: int) -> int:
        if at >= self.end:
            raise NotJson
        return self.buf[at]

    def _reserve(self) -> int:
        """A place for what is known only when its end is."""
        self._spend(VALUE_COST)
        self.found.append(("", None, 0, 0))
        return len(self.found) - 1


@JSON.column_writer
def write_json(layer: Layer, columns: Columns) -> None:
    """JSON joins the protocol that carries it."""
    columns.protocol += "/JSON" if columns.protocol else "JSON"
    name = carried_type(layer)
    columns.append(f"JSON ({name})" if name else "JSON", ", ")
