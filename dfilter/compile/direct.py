"""Filters over header fields, decided from the bytes of a frame without making a view.

In: a typed expression, the shapes of common frames with the fields that lie in them, and whom to ask about the
rest.  Out: a function of the frame's bytes that answers True or False, by itself for plain frames; None instead of
a function where no shape decides anything.  What always holds: an answer is the closures' answer; whatever is not
plain is passed on.

The terms (see `bounds`) are Python source, made of offsets and of names for constants, never of the filter's
text; one function is compiled from them for all shapes. It reads the numbers that they need of a frame's first
bytes all at once: looking at bytes one by one takes most of the time of a function that takes 0.3 µs.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from dfilter.check.typed import Constant, Relation, TypedExpression
from dfilter.compile.bounds import Bounds, Decider, Place, Sets, Surroundings, is_whole
from dfilter.fields.types import ADDRESSES, UNSIGNED, FieldType
from dfilter.packets.declare import Measure, Shape

Otherwise = Callable[[Any, int], Any]
"""Whom to ask about (packet, link type)."""

LEAST_FRAME = 42
"""Bytes that a frame of any shape has: up to there no condition needs to look at the length."""

WORDS = {1: "B", 2: "H", 4: "I"}
"""`struct` codes of numbers, by size in bytes."""

MAX_SOURCE = 20_000
"""Characters of generated source beyond which a filter is left to the closures."""

PASS_ON = "return otherwise(b, link_type)"


def build_direct(expression: TypedExpression, names: Iterable[str], shapes: Sequence[Shape],
                 surroundings: Surroundings, otherwise: Otherwise) -> Callable[..., Any] | None:  # fmt: skip
    """`matches(packet, link_type=1)` of a filter over `names`, or None; `otherwise` is asked what it cannot decide."""
    head = _Head()
    terms = _Source(head)
    names = tuple(names)
    branches = []
    sets = Sets()
    for shape in shapes:
        decider = Decider(terms, shape, surroundings, sets)
        bounds = decider.bounds(expression)
        ports = surroundings.doubtful_ports(names, shape)
        if bounds != decider.unknown and ports is not None:
            branches.append((_guard(shape, head), [*_doubt(shape, ports, terms), *_answer(bounds)]))
    if not branches:
        return None
    source = "\n".join(["def matches(b, link_type=1):",
                        " n = len(b) if link_type == 1 and type(b) is bytes else 0",
                        f" if n >= {LEAST_FRAME}:",
                        f"  {head.names} = head(b)",
                        *_tree(branches, "  "),
                        f" {PASS_ON}"])  # fmt: skip
    if len(source) > MAX_SOURCE:
        return None
    terms.namespace |= {"head": head.reader(), "otherwise": otherwise}
    try:
        exec(compile(source, "<direct filter>", "exec"), terms.namespace)
    except (SyntaxError, MemoryError, RecursionError):  # nested deeper than Python itself parses
        return None
    matches: Callable[..., Any] = terms.namespace["matches"]
    return matches


class _Head:
    """Numbers that are read of a frame's first bytes at once, each with a name."""

    def __init__(self) -> None:
        self._words: dict[int, int] = {}

    def word(self, start: int, size: int) -> str | None:
        """The name of the number in these bytes; None where it lies beyond, or across another."""
        if size not in WORDS or start + size > LEAST_FRAME:
            return None
        across = (at < start + size and start < at + width for at, width in self._words.items())
        if self._words.get(start) != size and any(across):
            return None
        self._words[start] = size
        return f"w{start}"

    @property
    def names(self) -> str:
        return ", ".join(f"w{start}" for start in sorted(self._words)) + ","

    def reader(self) -> Callable[[bytes], tuple[Any, ...]]:
        code, end = ">", 0
        for start, size in sorted(self._words.items()):
            code += f"{start - end}x{WORDS[size]}"
            end = start + size
        return struct.Struct(code).unpack_from


_Branch = tuple[list[str], list[str]]
"""Conditions, the statements under them."""


def _tree(branches: Sequence[_Branch], indent: str) -> list[str]:
    """Nested ifs: branches that begin with the same condition share it."""
    lines: list[str] = []
    groups: dict[str, list[_Branch]] = {}
    for conditions, body in branches:
        if not conditions:
            return [indent + statement for statement in body]
        groups.setdefault(conditions[0], []).append((conditions[1:], body))
    for condition, members in groups.items():
        lines.append(f"{indent}if {condition}:")
        lines += _tree(members, indent + " ")
    return lines


def _answer(bounds: Bounds[str]) -> list[str]:
    if bounds.certain == bounds.possible:
        return [f"return {bounds.certain}"]
    lines = []
    if bounds.certain != "False":
        lines.append(f"if {bounds.certain}: return True")
    if bounds.possible != "True":
        lines.append(f"if not ({bounds.possible}): return False")
    return [*lines, PASS_ON]


def _guard(shape: Shape, head: _Head) -> list[str]:
    """A shape's conditions, those that other shapes share first."""
    complete = f"n >= {shape.minimum}"
    parts = []
    for offset, mask, value in _joined(shape.constants):
        if offset >= LEAST_FRAME and complete not in parts:
            parts.append(complete)
        number = head.word(offset, len(value)) or _number(offset, len(value))
        whole = mask.count(0xFF) == len(mask)
        masked = number if whole else f"{number} & {int.from_bytes(mask, 'big')}"
        parts.append(f"{masked} == {int.from_bytes(value, 'big')}")
    last = [] if complete in parts or shape.minimum <= LEAST_FRAME else [complete]
    last += [f"{head.word(at, 2) or _number(at, 2)} >= {least}" for at, least in shape.at_least]
    if shape.header_nibble is not None:
        last.append(f"b[{shape.header_nibble}] >= 0x50")
    return [*parts, " and ".join(last)] if last else parts


def _joined(constants: Iterable[tuple[int, bytes, bytes]]) -> list[tuple[int, bytes, bytes]]:
    """Constants with those of the two bytes of a 16-bit number as one."""
    found: list[tuple[int, bytes, bytes]] = []
    for offset, mask, value in constants:
        mask *= len(value) // len(mask)
        if found and offset % 2 and len(value) == len(found[-1][2]) == 1 and found[-1][0] == offset - 1:
            before = found.pop()
            offset, mask, value = before[0], before[1] + mask, before[2] + value
        found.append((offset, mask, value))
    return found


def _doubt(shape: Shape, ports: frozenset[int], terms: _Source) -> list[str]:
    """Statements that leave a frame alone whose ports may lead to more of the filter's fields."""
    if not ports:
        return []
    at, doubt = shape.ports or 0, terms.constant(ports)
    source, target = terms.number(at, 2), terms.number(at + 2, 2)
    return [f"if {source} in {doubt} or {target} in {doubt}: {PASS_ON}"]


def _number(start: int, size: int) -> str:
    """Source for the number in these bytes."""
    if size == 1:
        return f"b[{start}]"
    if size == 2:
        return f"(b[{start}] << 8 | b[{start + 1}])"
    return f"int.from_bytes(b[{start}:{start + size}], 'big')"


class _Source:
    """Terms as Python source over `b`, the frame's bytes, `n`, their number, and the numbers in its head."""

    true = "True"
    false = "False"

    def __init__(self, head: _Head) -> None:
        self.namespace: dict[str, Any] = {}
        self._head = head
        self._numbers: dict[int, tuple[object, frozenset[int]]] = {}
        """Sets of values as numbers, by the set's identity."""

    def constant(self, value: object) -> str:
        name = f"c{len(self.namespace)}"
        self.namespace[name] = value
        return name

    def all_of(self, parts: Sequence[str]) -> str:
        kept = [part for part in dict.fromkeys(parts) if part != "True"]
        if "False" in kept:
            return "False"
        return "(" + " and ".join(kept) + ")" if len(kept) > 1 else kept[0] if kept else "True"

    def any_of(self, parts: Sequence[str]) -> str:
        kept = [part for part in dict.fromkeys(parts) if part != "False"]
        if "True" in kept:
            return "True"
        return "(" + " or ".join(kept) + ")" if len(kept) > 1 else kept[0] if kept else "False"

    def negate(self, part: str) -> str:
        return {"True": "False", "False": "True"}.get(part, f"(not {part})")

    def odd(self, parts: Sequence[str]) -> str:
        return "(" + " ^ ".join(f"bool({part})" for part in parts) + ")"

    def compare(self, place: Place, relation: Relation, constant: Constant) -> str | None:
        field, value = place.field, constant.value
        if field.type is FieldType.BOOLEAN:
            source = self._value(place)
            if not isinstance(value, bool) or relation not in (Relation.EQ, Relation.NE) or source is None:
                return None
            return source if value == (relation is Relation.EQ) else self.negate(source)
        if constant.prefix is not None and not is_whole(constant, field.type):
            return self._compare_prefix(place, relation, constant)
        if isinstance(value, bytes) and field.type in (FieldType.ETHER, *ADDRESSES) and len(value) == field.size:
            word = self._word(place)
            if word is not None:
                return f"{word} {relation.value} {int.from_bytes(value, 'big')}"
            return f"{self._value(place)} {relation.value} {self.constant(value)}"
        if not isinstance(value, int) or value < 0 or field.type not in UNSIGNED:
            return None
        plain = not field.mask and not field.little_endian and field.measure is None
        if relation in (Relation.EQ, Relation.NE) and plain and field.size > 1:
            if value >= 1 << 8 * field.size:
                return str(relation is Relation.NE)
            if self._word(place) is None:
                stop = place.start + field.size
                return f"b[{place.start}:{stop}] {relation.value} {value.to_bytes(field.size, 'big')!r}"
        source = self._value(place)
        return None if source is None else f"{source} {relation.value} {value}"

    def _compare_prefix(self, place: Place, relation: Relation, constant: Constant) -> str | None:
        value, prefix = constant.value, constant.prefix
        if not isinstance(value, bytes) or prefix is None or place.field.type not in ADDRESSES:
            return None
        start, whole = place.start, prefix // 8
        if prefix == 0:
            return str(relation in (Relation.EQ, Relation.LE, Relation.GE))
        if prefix % 8 == 0 and self._word(place) is None:
            return f"b[{start}:{start + whole}] {relation.value} {value[:whole]!r}"
        shift = 8 * len(value) - prefix
        network = int.from_bytes(value, "big") >> shift
        return f"({self.number(start, len(value))} >> {shift}) {relation.value} {network}"

    def member(self, place: Place, values: frozenset[int | bytes]) -> str | None:
        source = self._word(place)
        if source is not None:
            return f"{source} in {self.constant(self._as_numbers(values))}"
        source = self._value(place)
        return None if source is None else f"{source} in {self.constant(values)}"

    def _as_numbers(self, values: frozenset[int | bytes]) -> frozenset[int]:
        """Once for all shapes and fields that are held against the same set."""
        if id(values) not in self._numbers:
            numbers = (int.from_bytes(value, "big") if isinstance(value, bytes) else value for value in values)
            self._numbers[id(values)] = values, frozenset(numbers)
        return self._numbers[id(values)][1]

    def spans(self, place: Place, spans: Sequence[tuple[int, int]]) -> str | None:
        source = self.number(place.start, place.field.size) if place.field.type in ADDRESSES else self._value(place)
        if source is None:
            return None
        edges = [edge for low, high in spans for edge in (low, high + 1)]
        return f"{self.constant(bisect_right)}({self.constant(edges)}, {source}) & 1 == 1"

    def masked(self, place: Place, mask: int) -> str | None:
        if place.field.type not in UNSIGNED:
            return None
        source = self._value(place)
        return None if source is None else f"{source} & {mask} != 0"

    def _value(self, place: Place) -> str | None:
        """Source for the value of a header field."""
        field, start = place.field, place.start
        if field.measure is not None:
            return "n" if field.measure in (Measure.LENGTH, Measure.CAPTURED) else None
        if field.type in (FieldType.ETHER, *ADDRESSES):
            return f"b[{start}:{start + field.size}]"
        if field.little_endian or (field.type not in UNSIGNED and field.type is not FieldType.BOOLEAN):
            return None
        number = self.number(start, field.size)
        if field.type is FieldType.BOOLEAN:
            return f"{number} & {field.mask or (1 << 8 * field.size) - 1} != 0"
        if not field.mask:
            return number
        shift = (field.mask & -field.mask).bit_length() - 1
        return f"(({number} & {field.mask}) >> {shift})"

    def _word(self, place: Place) -> str | None:
        """The name of a whole field's number in the head of the frame."""
        field = place.field
        plain = field.measure is None and not field.mask and not field.little_endian
        if not plain or field.type not in (*UNSIGNED, *ADDRESSES):
            return None
        return self._head.word(place.start, field.size)

    def number(self, start: int, size: int) -> str:
        """Source for the number in these bytes."""
        return self._head.word(start, size) or _number(start, size)
