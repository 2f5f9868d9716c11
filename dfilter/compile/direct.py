"""Filters over header fields, decided from the bytes of a frame without making a view.

In: a typed expression, and the shapes of common frames with the fields that lie in them.  Out: a function of the
frame's bytes that answers True, False, or None for "not decided here"; None instead of a function where no
shape decides anything.  What always holds: an answer is the closures' answer; whatever is not plain is None.

The terms (see `bounds`) are Python source, made of offsets and of names for constants, never of the filter's
text; one function is compiled from them for all shapes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from dfilter.check.typed import Constant, Relation, TypedExpression
from dfilter.compile.bounds import Bounds, Decider, Place, Sets, Surroundings, is_whole
from dfilter.fields.types import ADDRESSES, UNSIGNED, FieldType
from dfilter.packets.declare import Measure, Shape

Direct = Callable[[bytes], bool | None]

LEAST_FRAME = 42
"""Bytes that a frame of any shape has: up to there no condition needs to look at the length."""

MAX_SOURCE = 20_000
"""Characters of generated source beyond which a filter is left to the closures."""


def build_direct(expression: TypedExpression, names: Iterable[str], shapes: Sequence[Shape],
                 surroundings: Surroundings) -> Direct | None:  # fmt: skip
    """The direct function of a filter over `names`, or None."""
    terms = _Source()
    names = tuple(names)
    branches = []
    sets = Sets()
    for shape in shapes:
        decider = Decider(terms, shape, surroundings, sets)
        bounds = decider.bounds(expression)
        ports = surroundings.doubtful_ports(names, shape)
        if bounds != decider.unknown and ports is not None:
            branches.append((_guard(shape), [*_doubt(shape, ports, terms), *_answer(bounds)]))
    if not branches:
        return None
    lines = ["def direct(b):", " n = len(b)", f" if n < {LEAST_FRAME}: return None", " kind = b[12:14]"]
    source = "\n".join([*lines, *_tree(branches, " "), " return None"])
    if len(source) > MAX_SOURCE:
        return None
    try:
        exec(compile(source, "<direct filter>", "exec"), terms.namespace)
    except (SyntaxError, MemoryError, RecursionError):  # nested deeper than Python itself parses
        return None
    direct: Direct = terms.namespace["direct"]
    return direct


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
    return [*lines, "return None"]


def _guard(shape: Shape) -> list[str]:
    """A shape's conditions, those that other shapes share first."""
    complete = f"n >= {shape.minimum}"
    parts = []
    for offset, mask, value in shape.constants:
        if offset >= LEAST_FRAME and complete not in parts:
            parts.append(complete)
        if offset == 12 and len(value) == 2:
            parts.append(f"kind == {value!r}")
        elif mask == b"\xff":
            parts.append(f"b[{offset}] == {value[0]}")
        else:
            parts.append(f"b[{offset}] & {mask[0]} == {value[0]}")
    last = [] if complete in parts else [complete]
    last += [f"(b[{at + 1}] >= {least} or b[{at}])" for at, least in shape.at_least]
    if shape.header_nibble is not None:
        last.append(f"b[{shape.header_nibble}] >= 0x50")
    return [*parts, " and ".join(last)] if last else parts


def _doubt(shape: Shape, ports: frozenset[int], terms: _Source) -> list[str]:
    """Statements that leave a frame alone whose ports may lead to more of the filter's fields."""
    if not ports:
        return []
    at, doubt = shape.ports or 0, terms.constant(ports)
    source, target = f"(b[{at}] << 8 | b[{at + 1}])", f"(b[{at + 2}] << 8 | b[{at + 3}])"
    return [f"if {source} in {doubt} or {target} in {doubt}: return None"]


class _Source:
    """Terms as Python source over `b`, the frame's bytes, and `n`, their number."""

    true = "True"
    false = "False"

    def __init__(self) -> None:
        self.namespace: dict[str, Any] = {}

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
            return f"{self._value(place)} {relation.value} {self.constant(value)}"
        if not isinstance(value, int) or value < 0 or field.type not in UNSIGNED:
            return None
        plain = not field.mask and not field.little_endian and field.measure is None
        if relation in (Relation.EQ, Relation.NE) and plain and field.size > 1:
            if value >= 1 << 8 * field.size:
                return str(relation is Relation.NE)
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
        if prefix % 8 == 0:
            return f"b[{start}:{start + whole}] {relation.value} {value[:whole]!r}"
        shift = 8 * len(value) - prefix
        network = int.from_bytes(value, "big") >> shift
        return f"(int.from_bytes(b[{start}:{start + len(value)}], 'big') >> {shift}) {relation.value} {network}"

    def member(self, place: Place, values: frozenset[int | bytes]) -> str | None:
        source = self._value(place)
        return None if source is None else f"{source} in {self.constant(values)}"

    def spans(self, place: Place, spans: Sequence[tuple[int, int]]) -> str | None:
        source = self._value(place)
        if source is None:
            return None
        if place.field.type in ADDRESSES:
            source = f"int.from_bytes({source}, 'big')"
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
        number = self._number(start, field.size)
        if field.type is FieldType.BOOLEAN:
            return f"{number} & {field.mask or (1 << 8 * field.size) - 1} != 0"
        if not field.mask:
            return number
        shift = (field.mask & -field.mask).bit_length() - 1
        return f"(({number} & {field.mask}) >> {shift})"

    @staticmethod
    def _number(start: int, size: int) -> str:
        if size == 1:
            return f"b[{start}]"
        if size == 2:
            return f"(b[{start}] << 8 | b[{start + 1}])"
        return f"int.from_bytes(b[{start}:{start + size}], 'big')"
