"""What a header chain of known shape decides of a filter, before any view is made.

In: a typed expression, a shape, and what is known of fields in it.  Out: `Bounds`: one term for "certainly true"
and one for "possibly true", in whatever terms the caller computes with (Python source in `direct`, numpy columns
in `columns`).  What always holds: a leaf that the shape decides has the same term for both; any other leaf is
never certain and always possible; so a gear built on bounds can be silent but never wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Generic, Protocol, TypeVar, cast

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
from dfilter.fields.versions import Version
from dfilter.language.ast import Quantifier
from dfilter.packets.declare import Field, Shape
from dfilter.slotted import frozen

T = TypeVar("T")

MANY = 5
"""From so many networks or intervals on, a set of them is searched, not tried one by one."""


@frozen
class Bounds(Generic[T]):
    """Terms for "certainly true" and "possibly true"."""

    certain: T
    possible: T


@frozen
class Place:
    """A header field at a known offset of the frame."""

    field: Field
    start: int


class Terms(Protocol[T]):
    """A way to compute: how leaves are decided and how their terms are joined.

    `compare`, `member`, `spans`, `masked` answer None for a field or constant that they cannot handle.  The spans are
    (least, greatest), apart from each other and in order.
    """

    true: T
    false: T

    def all_of(self, parts: Sequence[T]) -> T: ...
    def any_of(self, parts: Sequence[T]) -> T: ...
    def negate(self, part: T) -> T: ...
    def odd(self, parts: Sequence[T]) -> T: ...
    def compare(self, place: Place, relation: Relation, constant: Constant) -> T | None: ...
    def member(self, place: Place, values: frozenset[int | bytes]) -> T | None: ...
    def spans(self, place: Place, spans: Sequence[tuple[int, int]]) -> T | None: ...
    def masked(self, place: Place, mask: int) -> T | None: ...


class Surroundings(Protocol):
    """What is known of fields in a shape, answered by the catalogue of protocols."""

    def fields_in(self, name: str, shape: Shape) -> Sequence[tuple[Field, int]] | None:
        """(header field, offset of its layer) for each value of `name`; empty if absent, None if not decided."""

    def doubtful_ports(self, names: Iterable[str], shape: Shape) -> frozenset[int] | None:
        """Ports behind which these names could occur again; None if they could behind any."""

    def is_beyond(self, name: str, headers: Collection[str]) -> bool:
        """Do none of these protocols carry values of `name`?"""

    def may_follow(self, name: str, shape: Shape) -> bool:
        """Can layers behind the shape's last one carry values of `name`?"""

    def is_remembered(self, name: str) -> bool:
        """Does the value of `name` depend on other frames?"""


SetParts = tuple[frozenset[int | bytes], list[object], list[tuple[int, int]] | None]
"""What a set has for a type: whole values; other elements; these as spans, where they are many and can be."""


class Sets:
    """Sets of constants, taken apart once for all the shapes and fields that they are held against."""

    def __init__(self) -> None:
        self._parts: dict[tuple[int, FieldType], tuple[Sequence[object], SetParts]] = {}

    def parts(self, elements: Sequence[object], type: FieldType) -> SetParts:
        found = self._parts.get((id(elements), type))
        if found is None:
            found = elements, _parts(elements, type)
            self._parts[id(elements), type] = found
        return found[1]


class Decider(Generic[T]):
    """Bounds of expressions over frames of one shape."""

    def __init__(self, terms: Terms[T], shape: Shape, surroundings: Surroundings, sets: Sets | None = None) -> None:
        self._terms = terms
        self._shape = shape
        self._surroundings = surroundings
        self._sets = sets or Sets()

    @property
    def unknown(self) -> Bounds[T]:
        return Bounds(self._terms.false, self._terms.true)

    def bounds(self, expression: TypedExpression) -> Bounds[T]:
        terms = self._terms
        match expression:
            case Always():
                return Bounds(terms.true, terms.true)
            case Negation(operand=operand):
                inner = self.bounds(operand)
                return Bounds(terms.negate(inner.possible), terms.negate(inner.certain))
            case Conjunction(items=items):
                parts = [self.bounds(item) for item in items]
                return Bounds(terms.all_of([p.certain for p in parts]), terms.all_of([p.possible for p in parts]))
            case Disjunction(items=items):
                parts = [self.bounds(item) for item in gathered(items)]
                return Bounds(terms.any_of([p.certain for p in parts]), terms.any_of([p.possible for p in parts]))
            case ExclusiveDisjunction(items=items):
                return self._odd([self.bounds(item) for item in items])
            case _:
                deep = self._deep(expression)
                if deep is not None:
                    return deep
                leaf = self._leaf(expression)
                return self.unknown if leaf is None else Bounds(leaf, leaf)

    def _deep(self, expression: TypedExpression) -> Bounds[T] | None:
        """Bounds that something else than headers tells; None to let headers decide."""
        return None

    def _odd(self, parts: list[Bounds[T]]) -> Bounds[T]:
        terms = self._terms
        value = terms.odd([part.certain for part in parts])
        vague = [part for part in parts if part.certain != part.possible]
        if not vague:
            return Bounds(value, value)
        open_ = terms.any_of([terms.all_of([part.possible, terms.negate(part.certain)]) for part in vague])
        return Bounds(terms.all_of([value, terms.negate(open_)]), terms.any_of([value, open_]))

    def _leaf(self, expression: TypedExpression) -> T | None:
        terms = self._terms
        match expression:
            case Exists(operand=FieldRead() as read):
                found = self._places(read)
                return None if found is None else terms.true if found else terms.false
            case Comparison(left=FieldRead() as read, right=Constant() as constant):
                return self._over(read, expression.quantifier,
                                  lambda place: terms.compare(place, expression.relation, constant))  # fmt: skip
            case MembershipTest(left=FieldRead() as read):
                inside = self._over(read, expression.quantifier, lambda place: self._in_set(place, expression.elements))
                if inside is None or not expression.negated:
                    return inside
                return terms.negate(inside) if self._places(read) else terms.false
            case Truthy(operand=Arithmetic(op=ArithmeticOp.BITAND, left=FieldRead() as read,
                                           right=Constant(value=int() as mask))) if mask >= 0:  # fmt: skip
                return self._over(read, Quantifier.ANY, lambda place: terms.masked(place, mask))
            case _:
                return None

    def _places(self, read: FieldRead) -> list[Place] | None:
        if not is_plain(read):
            return None
        found = self._surroundings.fields_in(read.name, self._shape)
        return None if found is None else [Place(field, at + (field.at or 0)) for field, at in found]

    def _over(self, read: FieldRead, quantifier: Quantifier, test: Callable[[Place], T | None]) -> T | None:
        """`test` over every place of the field; an absent field is a definite false."""
        places = self._places(read)
        if places is None:
            return None
        if not places:
            return self._terms.false
        parts = [part for place in places if (part := test(place)) is not None]
        if len(parts) < len(places):
            return None
        return self._terms.any_of(parts) if quantifier is Quantifier.ANY else self._terms.all_of(parts)

    def _in_set(self, place: Place, elements: Sequence[object]) -> T | None:
        single, others, spans = self._sets.parts(elements, place.field.type)
        parts: list[T | None] = [self._terms.member(place, single)] if single else []
        together = None if spans is None else self._terms.spans(place, spans)
        parts += [self._in_element(place, element) for element in others] if together is None else [together]
        known = [part for part in parts if part is not None]
        return self._terms.any_of(known) if len(known) == len(parts) else None

    def _in_element(self, place: Place, element: object) -> T | None:
        match element:
            case Constant():
                return self._terms.compare(place, Relation.EQ, element)
            case SetInterval(low=Constant() as low, high=Constant() as high):
                above = self._terms.compare(place, Relation.GE, low)
                below = self._terms.compare(place, Relation.LE, high)
                return None if above is None or below is None else self._terms.all_of([above, below])
            case _:
                return None


def gathered(items: Sequence[TypedExpression]) -> list[TypedExpression]:
    """The items of an `or`, with all `field == value` of one field as one `field in {value, ...}`."""
    groups: dict[tuple[str, FieldType, Version], list[Comparison]] = {}
    rest: list[TypedExpression] = []
    for item in items:
        match item:
            case Comparison(relation=Relation.EQ, quantifier=Quantifier.ANY, left=FieldRead() as left,
                            right=Constant(type=type_)) if is_plain(left):  # fmt: skip
                groups.setdefault((left.name, type_, item.version), []).append(item)
            case _:
                rest.append(item)
    for (_, _, version), group in groups.items():
        first = group[0]
        elements = tuple(comparison.right for comparison in group)
        together = MembershipTest(first.span, Quantifier.ANY, first.left, elements, negated=False, version=version)
        rest.append(together if len(group) > 1 else first)
    return rest


def is_plain(read: FieldRead) -> bool:
    """Does it read all values of the field, of the frame itself?"""
    return read.layers is None and not read.raw and not read.selected


def _parts(elements: Iterable[object], type: FieldType) -> SetParts:
    single: set[int | bytes] = set()
    others: list[object] = []
    for element in elements:
        if isinstance(element, Constant) and is_whole(element, type):
            single.add(cast("int | bytes", element.value))
        else:
            others.append(element)
    return frozenset(single), others, _spans(others, type) if len(others) >= MANY else None


def _spans(elements: Iterable[object], type: FieldType) -> list[tuple[int, int]] | None:
    """Networks and intervals as (least, greatest), merged and in order; None if one is neither."""
    found = []
    for element in elements:
        span = _span(element, type)
        if span is None:
            return None
        if span[0] <= span[1]:
            found.append(span)
    merged: list[tuple[int, int]] = []
    for low, high in sorted(found):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def _span(element: object, type: FieldType) -> tuple[int, int] | None:
    match element:
        case Constant(value=bytes() as value, prefix=int() as prefix) if type in ADDRESSES:
            hosts = (1 << 8 * len(value) - prefix) - 1
            low = int.from_bytes(value, "big") & ~hosts
            return low, low | hosts
        case SetInterval(low=Constant() as first, high=Constant() as last):
            if not (is_whole(first, type) and is_whole(last, type)):
                return None
            return _as_number(first.value), _as_number(last.value)
        case _:
            return None


def _as_number(value: object) -> int:
    return int.from_bytes(value, "big") if isinstance(value, bytes) else cast(int, value)


def is_whole(constant: Constant, type: FieldType) -> bool:
    """Is it one value of an integer or address type, not a network of many?"""
    if type in ADDRESSES:
        return isinstance(constant.value, bytes) and constant.prefix in (None, 8 * len(constant.value))
    return type in UNSIGNED and isinstance(constant.value, int) and constant.value >= 0
