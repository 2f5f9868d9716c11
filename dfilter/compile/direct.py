"""Filters over header fields, decided from the bytes of a frame without making a view.

In: a typed expression, and the shapes of common frames with the fields that lie in them.  Out: a function
of the frame's bytes that answers True, False, or None for "not decided here"; None instead of a function
where no shape decides anything.  What always holds: an answer is the closures' answer; whatever is not
plain is None.

Each expression has two bounds per shape, Python source for "certainly true" and for "possibly true": a
leaf that the shape decides has one source for both, any other leaf is never certain and always possible.
The source is made of offsets and of names for constants, never of the filter's text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from dfilter.check.typed import (
    Always,
    Arithmetic,
    ArithmeticOp,
    Comparison,
    Conjunction,
    Constant,
    Disjunction,
    ExclusiveDisjunction,
    Exists,
    FieldRead,
    MembershipTest,
    Negation,
    Relation,
    SetInterval,
    Truthy,
    TypedExpression,
)
from dfilter.fields.types import ADDRESSES, UNSIGNED, FieldType
from dfilter.language.ast import Quantifier
from dfilter.packets.declare import Field, Shape

Direct = Callable[[bytes], bool | None]

LEAST_FRAME = 42
"""Bytes that a frame of any shape has: up to there no condition needs to look at the length."""

MAX_SOURCE = 20_000
"""Characters of generated source beyond which a filter is left to the closures."""


class Surroundings(Protocol):
    """What is known of fields in a shape, answered by the catalogue of protocols."""

    def fields_in(self, name: str, shape: Shape) -> Sequence[tuple[Field, int]] | None:
        """(header field, offset of its layer) for each value of `name`; empty if absent, None if not decided."""

    def doubtful_ports(self, names: Iterable[str], shape: Shape) -> frozenset[int] | None:
        """Ports behind which these names could occur again; None if they could behind any."""


@dataclass(frozen=True, slots=True)
class _Bounds:
    """Python source for "certainly true" and "possibly true"."""

    certain: str
    possible: str


_TRUE, _FALSE, _UNKNOWN = _Bounds("True", "True"), _Bounds("False", "False"), _Bounds("False", "True")


def build_direct(expression: TypedExpression, names: Iterable[str], shapes: Sequence[Shape],
                 surroundings: Surroundings) -> Direct | None:  # fmt: skip
    """The direct function of a filter over `names`, or None."""
    writer = _Writer(surroundings)
    names = tuple(names)
    branches = []
    for shape in shapes:
        writer.shape = shape
        bounds = writer.bounds(expression)
        ports = surroundings.doubtful_ports(names, shape)
        if bounds != _UNKNOWN and ports is not None:
            branches.append((writer.guard(), [*writer.doubt(ports), *_answer(bounds)]))
    if not branches:
        return None
    lines = ["def direct(b):", " n = len(b)", f" if n < {LEAST_FRAME}: return None", " kind = b[12:14]"]
    source = "\n".join([*lines, *_tree(branches, " "), " return None"])
    if len(source) > MAX_SOURCE:
        return None
    try:
        exec(compile(source, "<direct filter>", "exec"), writer.namespace)
    except (SyntaxError, MemoryError, RecursionError):  # nested deeper than Python itself parses
        return None
    direct: Direct = writer.namespace["direct"]
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


def _answer(bounds: _Bounds) -> list[str]:
    if bounds.certain == bounds.possible:
        return [f"return {bounds.certain}"]
    lines = []
    if bounds.certain != "False":
        lines.append(f"if {bounds.certain}: return True")
    if bounds.possible != "True":
        lines.append(f"if not ({bounds.possible}): return False")
    return [*lines, "return None"]


class _Writer:
    """Writes source for one shape at a time; constants of all shapes share a namespace."""

    def __init__(self, surroundings: Surroundings) -> None:
        self.surroundings = surroundings
        self.namespace: dict[str, Any] = {}
        self.shape: Shape

    def constant(self, value: object) -> str:
        name = f"c{len(self.namespace)}"
        self.namespace[name] = value
        return name

    def guard(self) -> list[str]:
        """The shape's conditions, those that other shapes share first."""
        shape = self.shape
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
        if shape.at_least is not None:
            at, least = shape.at_least
            last.append(f"(b[{at + 1}] >= {least} or b[{at}])")
        if shape.header_nibble is not None:
            last.append(f"b[{shape.header_nibble}] >= 0x50")
        return [*parts, " and ".join(last)]

    def doubt(self, ports: frozenset[int]) -> list[str]:
        """Statements that leave a frame alone whose ports may lead to more of the filter's fields."""
        if not ports:
            return []
        at, doubt = self.shape.ports or 0, self.constant(ports)
        return [f"if (b[{at}] << 8 | b[{at + 1}]) in {doubt}"
                f" or (b[{at + 2}] << 8 | b[{at + 3}]) in {doubt}: return None"]  # fmt: skip

    def bounds(self, expression: TypedExpression) -> _Bounds:
        match expression:
            case Always():
                return _TRUE
            case Negation(operand=operand):
                inner = self.bounds(operand)
                return _Bounds(_not(inner.possible), _not(inner.certain))
            case Conjunction(items=items):
                parts = [self.bounds(item) for item in items]
                return _Bounds(_all(p.certain for p in parts), _all(p.possible for p in parts))
            case Disjunction(items=items):
                parts = [self.bounds(item) for item in items]
                return _Bounds(_any(p.certain for p in parts), _any(p.possible for p in parts))
            case ExclusiveDisjunction(items=items):
                return self._odd([self.bounds(item) for item in items])
            case _:
                source = self._leaf(expression)
                return _UNKNOWN if source is None else _Bounds(source, source)

    def _odd(self, parts: list[_Bounds]) -> _Bounds:
        if any(part.certain != part.possible for part in parts):
            return _UNKNOWN
        source = "(" + " ^ ".join(f"bool({part.certain})" for part in parts) + ")"
        return _Bounds(source, source)

    def _leaf(self, expression: TypedExpression) -> str | None:
        match expression:
            case Exists(operand=FieldRead() as read):
                found = self._fields(read)
                return None if found is None else str(bool(found))
            case Comparison(left=FieldRead() as read, right=Constant() as constant):
                return self._over(read, expression.quantifier,
                                  lambda field, at: self._compare(field, at, expression.relation, constant))  # fmt: skip
            case MembershipTest(left=FieldRead() as read):
                return self._membership(expression, read)
            case Truthy(operand=Arithmetic(op=ArithmeticOp.BITAND, left=FieldRead() as read,
                                           right=Constant(value=int() as mask))) if mask >= 0:  # fmt: skip
                return self._over(read, Quantifier.ANY, lambda field, at: self._masked(field, at, mask))
            case _:
                return None

    def _fields(self, read: FieldRead) -> Sequence[tuple[Field, int]] | None:
        if read.layers is not None or read.raw or read.selected:
            return None
        return self.surroundings.fields_in(read.name, self.shape)

    def _over(self, read: FieldRead, quantifier: Quantifier,
              test: Callable[[Field, int], str | None]) -> str | None:  # fmt: skip
        found = self._fields(read)
        if found is None:
            return None
        if not found:
            return "False"
        parts = [test(field, at) for field, at in found]
        known = [part for part in parts if part is not None]
        if len(known) != len(parts):
            return None
        return _any(known) if quantifier is Quantifier.ANY else _all(known)

    def _membership(self, expression: MembershipTest, read: FieldRead) -> str | None:
        outer = expression.quantifier
        if expression.negated:
            inside = self._over(read, outer, lambda field, at: self._in_set(field, at, expression.elements))
            found = self._fields(read)
            return None if inside is None else "False" if not found else _not(inside)
        return self._over(read, outer, lambda field, at: self._in_set(field, at, expression.elements))

    def _in_set(self, field: Field, at: int, elements: Iterable[object]) -> str | None:
        single: set[object] = set()
        others: list[str] = []
        for element in elements:
            source: str | None
            if isinstance(element, Constant) and _is_whole(element, field.type):
                single.add(element.value)
                continue
            if isinstance(element, Constant):
                source = self._compare(field, at, Relation.EQ, element)
            elif (
                isinstance(element, SetInterval)
                and isinstance(element.low, Constant)
                and isinstance(element.high, Constant)
            ):
                low = self._compare(field, at, Relation.GE, element.low)
                high = self._compare(field, at, Relation.LE, element.high)
                source = None if low is None or high is None else f"({low} and {high})"
            else:
                source = None
            if source is None:
                return None
            others.append(source)
        if single:
            value = self._value(field, at)
            if value is None:
                return None
            others.insert(0, f"{value} in {self.constant(frozenset(single))}")
        return _any(others)

    def _in_interval(self, field: Field, at: int, element: object) -> str | None:
        match element:
            case SetInterval(low=Constant() as low, high=Constant() as high):
                above = self._compare(field, at, Relation.GE, low)
                below = self._compare(field, at, Relation.LE, high)
                return None if above is None or below is None else f"({above} and {below})"
            case _:
                return None

    def _compare(self, field: Field, at: int, relation: Relation, constant: Constant) -> str | None:
        value = constant.value
        if field.type is FieldType.BOOLEAN:
            source = self._value(field, at)
            if not isinstance(value, bool) or relation not in (Relation.EQ, Relation.NE) or source is None:
                return None
            return source if value == (relation is Relation.EQ) else _not(source)
        if constant.prefix is not None and not _is_whole(constant, field.type):
            return self._compare_prefix(field, at, relation, constant)
        if (
            isinstance(value, bytes)
            and field.type in (FieldType.ETHER, *ADDRESSES)
            and len(value) == field.size
        ):
            return f"{self._value(field, at)} {relation.value} {self.constant(value)}"
        if not isinstance(value, int) or value < 0 or field.type not in UNSIGNED:
            return None
        if (
            relation in (Relation.EQ, Relation.NE)
            and not field.mask
            and not field.little_endian
            and field.size > 1
        ):
            if value >= 1 << 8 * field.size:
                return str(relation is Relation.NE)
            start = at + (field.at or 0)
            return f"b[{start}:{start + field.size}] {relation.value} {value.to_bytes(field.size, 'big')!r}"
        source = self._value(field, at)
        return None if source is None else f"{source} {relation.value} {value}"

    def _compare_prefix(self, field: Field, at: int, relation: Relation, constant: Constant) -> str | None:
        value, prefix = constant.value, constant.prefix
        if not isinstance(value, bytes) or prefix is None or field.type not in ADDRESSES:
            return None
        start, whole = at + (field.at or 0), prefix // 8
        if prefix == 0:
            return str(relation in (Relation.EQ, Relation.LE, Relation.GE))
        if prefix % 8 == 0:
            return f"b[{start}:{start + whole}] {relation.value} {value[:whole]!r}"
        shift = 8 * len(value) - prefix
        masked = int.from_bytes(value, "big") >> shift
        return (
            f"(int.from_bytes(b[{start}:{start + len(value)}], 'big') >> {shift}) {relation.value} {masked}"
        )

    def _masked(self, field: Field, at: int, mask: int) -> str | None:
        if field.type not in UNSIGNED or field.type is FieldType.CHAR:
            return None
        source = self._value(field, at)
        return None if source is None else f"{source} & {mask} != 0"

    def _value(self, field: Field, at: int) -> str | None:
        """Source for the value of a header field whose layer starts at `at`."""
        start, size = at + (field.at or 0), field.size
        if field.type in (FieldType.ETHER, *ADDRESSES):
            return f"b[{start}:{start + size}]"
        if field.little_endian or (field.type not in UNSIGNED and field.type is not FieldType.BOOLEAN):
            return None
        number = f"b[{start}]" if size == 1 else f"int.from_bytes(b[{start}:{start + size}], 'big')"
        if size == 2:
            number = f"(b[{start}] << 8 | b[{start + 1}])"
        if field.type is FieldType.BOOLEAN:
            return f"{number} & {field.mask or (1 << 8 * size) - 1} != 0"
        if not field.mask:
            return number
        shift = (field.mask & -field.mask).bit_length() - 1
        return f"(({number} & {field.mask}) >> {shift})"


def _is_whole(constant: Constant, type: FieldType) -> bool:
    """Is it one value, not a network of many?"""
    if type in ADDRESSES:
        return isinstance(constant.value, bytes) and constant.prefix in (None, 8 * len(constant.value))
    return type in UNSIGNED and isinstance(constant.value, int) and constant.value >= 0


def _not(source: str) -> str:
    return {"True": "False", "False": "True"}.get(source, f"not ({source})")


def _all(sources: Iterable[str]) -> str:
    parts = [source for source in dict.fromkeys(sources) if source != "True"]
    if "False" in parts:
        return "False"
    return "(" + " and ".join(parts) + ")" if len(parts) > 1 else parts[0] if parts else "True"


def _any(sources: Iterable[str]) -> str:
    parts = [source for source in dict.fromkeys(sources) if source != "False"]
    if "True" in parts:
        return "True"
    return "(" + " or ".join(parts) + ")" if len(parts) > 1 else parts[0] if parts else "False"
