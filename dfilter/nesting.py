"""What stands below what in a layer: bits below flags, options below a list, records below headings.

In: the fields of a layer, in the order of their places.  Out: the same fields as `Node`s, nested as Wireshark does.
Always: every field appears once; nothing is deeper than `DEEPEST`; time and memory grow with the number of fields.

`nesting.txt` says what Wireshark 4.4 shows below what, as `python -m tests.parity.nesting learn` found it: a line is a
parent (`.` for the layer itself), perhaps headings in quotes or `*` for one that changes from packet to packet, a
colon, and the fields below.  `headings.txt` says of some records how these headings read.  A field that is in neither,
one of another package for example, stands below the number of whose bits it is made.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Final

from dfilter.fields.types import INTEGERS
from dfilter.fields.values import labels
from dfilter.slotted import field as attribute
from dfilter.slotted import frozen, slotted
from dfilter.tree import TreeField, TreeLayer

DEEPEST: Final = 40
"""Fields that would be deeper stand beside their parents."""
_MOST_BITS: Final = 64
"""Parts that one number can have."""
_CHANGING: Final = ("*",)
_PLACES: Final = re.compile(r'(\S+)((?: (?:"[^"]*"|\*))*):((?: \S+)+)')
_QUOTED: Final = re.compile(r'"([^"]*)"|(\*)')
_HEADING: Final = re.compile(r"(.*?)(?: <(\S+)>)?")
_OPTIONAL: Final = re.compile(r"\[([^]]*)\]")
_NAME: Final = re.compile(r"\{([^}]*)\}")
_ESCAPES: Final = {9: "\\t", 10: "\\n", 13: "\\r"}


@slotted(eq=True)
class Node:
    """A field and what stands below it; or a line of text above fields, `field` None."""

    field: TreeField | None
    text: str = ""
    below: list[Node] = attribute(default_factory=list)


@frozen
class Place:
    """Below which field, "" for the layer, and below which headings in it."""

    parent: str
    headings: tuple[str, ...] = ()


@frozen
class Heading:
    """The headings of a record: those that all have, the field that counts them, the one that each has of its own.

    `fields`: the only ones that the record has below it beside its first; none for all those near it.
    """

    fields: tuple[str, ...]
    common: tuple[str, ...]
    count: str
    own: str


def nested(layer: TreeLayer) -> list[Node]:
    """The fields of a layer as a forest, in Wireshark's nesting."""
    return _Nest(layer).make()


def every(nodes: Sequence[Node]) -> Iterator[Node]:
    """All of them, each before what is below it."""
    for node in nodes:
        yield node
        yield from every(node.below)


class _Nest:
    """One layer; fields are spoken of by their index in `_fields`, -1 is the layer."""

    def __init__(self, layer: TreeLayer) -> None:
        end, firsts = layer.start + layer.size, headings()
        self._fields = sorted(layer.fields, key=lambda each: (each.start if each.size else end, _depth(each.name),
                                                              each.name not in firsts))  # fmt: skip
        self._nodes = [Node(each) for each in self._fields]
        self._by_name: dict[str, list[int]] = {}
        for index, each in enumerate(self._fields):
            self._by_name.setdefault(each.name, []).append(index)
        self._levels = [0] * len(self._fields)
        self._common: dict[tuple[int, tuple[str, ...]], Node] = {}
        self._records: dict[int, tuple[Node, Heading]] = {}
        self._top: list[Node] = []

    def make(self) -> list[Node]:
        seen: dict[str, int] = {}
        for index, each in enumerate(self._fields):
            count = seen[each.name] = seen.get(each.name, -1) + 1
            parent, place = self._place(index, each, count)
            level = 1 + len(place.headings) + (self._levels[parent] if parent >= 0 else -1)
            if level >= DEEPEST:
                parent, place, level = -1, Place(""), 0
            self._levels[index] = level
            self._container(index, each, count, parent, place).append(self._nodes[index])
        for record, heading in self._records.values():
            record.text = _worded(heading.own, record)
        return self._top

    def _place(self, index: int, each: TreeField, count: int) -> tuple[int, Place]:
        """Which field it stands below, and the headings in it."""
        known = places().get(each.name)
        if known is None:
            return self._whole(index, each), Place("")
        best, chosen = -1, Place("") if known[0].parent else known[0]
        recursive = any(place.parent == each.name for place in known)
        for place in known if known[0].parent or recursive else ():
            parent = self._instance(place.parent, index, each, count)
            if parent is not None and parent > best and (len(known) == 1 or self._covers(parent, each)):
                best, chosen = parent, place
        return best, chosen

    def _covers(self, parent: int, each: TreeField) -> bool:
        """Does a place among several fit?"""
        there = self._fields[parent]
        return not each.size or there.start <= each.start < there.start + there.size

    def _instance(self, name: str, index: int, each: TreeField, count: int) -> int | None:
        """The field called `name` before this one to which it belongs: the nearest, or as many for each."""
        if not name:
            return -1
        there: list[int] = self._by_name.get(name, [])
        before = bisect_left(there, index)
        if not before:
            return None
        if not each.size and before == len(there):
            share, rest = divmod(len(self._by_name[each.name]), len(there))
            return there[-1] if rest else there[count // share]
        return there[before - 1]

    def _whole(self, index: int, each: TreeField) -> int:
        """The number of whose bits this one is made."""
        if not each.mask:
            return -1
        for other in range(index - 1, max(index - 1 - _MOST_BITS, -1), -1):
            there = self._fields[other]
            if there.size == each.size and there.start == each.start and not there.mask:
                return other
        return -1

    def _container(self, index: int, each: TreeField, count: int, parent: int, place: Place) -> list[Node]:
        """Where the field's node is to be put; headings are made as they are needed."""
        if each.name in headings():
            return self._record(index, each, count, parent).below
        if place.headings == _CHANGING:
            record = self._record_of(index, each, count, parent)
            return self._inside(parent, ()) if record is None else record.below
        return self._inside(parent, place.headings)

    def _record(self, index: int, each: TreeField, count: int, parent: int) -> Node:
        """A new record, of which this field is the first."""
        record = Node(None)
        for heading in headings()[each.name]:
            room = self._number(heading.count) if heading.count else count + 1
            if count < room:
                break
            count -= room
        self._records[index] = record, heading
        self._inside(parent, heading.common).append(record)
        return record

    def _record_of(self, index: int, each: TreeField, count: int, parent: int) -> Node | None:
        """The record to which a field belongs, among those that stand where it stands."""
        found = [self._instance(first, index, each, count) for first in _firsts(each.name)]
        near = max((one for one in found if one is not None), default=None)
        return None if near is None or near not in self._records else self._records[near][0]

    def _number(self, name: str) -> int:
        there = self._by_name.get(name)
        return int(self._fields[there[0]].value) if there else 0

    def _inside(self, parent: int, common: tuple[str, ...]) -> list[Node]:
        inside = self._top if parent < 0 else self._nodes[parent].below
        for depth in range(1, len(common) + 1):
            key = (parent, common[:depth])
            heading = self._common.get(key)
            if heading is None:
                heading = self._common[key] = Node(None, common[depth - 1])
                inside.append(heading)
            inside = heading.below
        return inside


def _worded(heading: str, record: Node) -> str:
    """A heading with the values of the fields below it."""
    values: dict[str, str] = {}
    for node in record.below:
        if node.field is not None:
            values.setdefault(node.field.name, node.field.text.translate(_ESCAPES))
            values.setdefault(f"{node.field.name}:label", _label(node.field))

    def optional(found: re.Match[str]) -> str:
        return found[1] if all(name in values for name in _NAME.findall(found[1])) else ""

    return _NAME.sub(lambda found: values.get(found[1], ""), _OPTIONAL.sub(optional, heading))


def _label(shown: TreeField) -> str:
    if shown.type in INTEGERS:
        number = int(shown.value)
        return next((label for first, last, label in labels(shown.name) or () if first <= number <= last), shown.text)
    return shown.text


@cache
def places() -> dict[str, tuple[Place, ...]]:
    """Where each field may stand."""
    found: dict[str, tuple[Place, ...]] = {}
    for line in files("dfilter").joinpath("nesting.txt").read_text("utf-8").splitlines():
        shown = _PLACES.fullmatch(line)
        assert shown is not None, line
        common = tuple(quoted or star for quoted, star in _QUOTED.findall(shown[2]))
        place = Place("" if shown[1] == "." else shown[1], common)
        for name in shown[3].split():
            found[name] = (*found.get(name, ()), place)
    return found


@cache
def headings() -> dict[str, tuple[Heading, ...]]:
    """The first fields of records -> their headings, one after the other where each has so many records."""
    found: dict[str, tuple[Heading, ...]] = {}
    for line in files("dfilter").joinpath("headings.txt").read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        names, _, text = line.partition(" = ")
        name, *fields = names.split()
        *common, own = text.split(" | ")
        parts = [_HEADING.fullmatch(each) for each in common]
        count = next((part[2] for part in parts if part and part[2]), "")
        heading = Heading(tuple(fields), tuple(part[1] for part in parts if part), count, own)
        found[name] = (*found.get(name, ()), heading)
    return found


@cache
def _firsts(name: str) -> tuple[str, ...]:
    """The first fields of the records in which a field can be."""
    above = {place.parent for place in places().get(name, ())}
    return tuple(first for first, found in headings().items() if first.partition(".")[0] == name.partition(".")[0]
                 and above & {place.parent for place in places().get(first, ())}
                 and (not found[0].fields or name in found[0].fields))  # fmt: skip


@cache
def _depth(name: str) -> int:
    """How far below its layer a field can stand, so that parents come before what is below them."""
    names = [name]
    while len(names) < DEEPEST:
        above = [place.parent for place in places().get(names[-1], ())]
        if not above or "" in above or above[0] in names:
            break
        names.append(above[0])
    return len(names)
