"""What a header chain of known shape decides of a filter, before any view is made.

In: a typed expression, a shape, and what is known of fields in it.  Out: `Bounds`: one term for "certainly true"
and one for "possibly true", in whatever terms the caller computes with (Python source in `direct`, numpy columns
in `columns`).  What always holds: a leaf that the shape decides has the same term for both; any other leaf is
never certain and always possible; so a gear built on bounds can be silent but never wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

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

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Bounds(Generic[T]):
    """Terms for "certainly true" and "possibly true"."""

    certain: T
    possible: T


@dataclass(frozen=True, slots=True)
class Place:
    """A header field at a known offset of the frame."""

    field: Field
    start: int


class Terms(Protocol[T]):
    """A way to compute: how leaves are decided and how their terms are joined.

    `compare`, `member`, `masked` answer None for a field or constant that they cannot handle.
    """

    true: T
    false: T

    def all_of(self, parts: Sequence[T]) -> T: ...
    def any_of(self, parts: Sequence[T]) -> T: ...
    def negate(self, part: T) -> T: ...
    def odd(self, parts: Sequence[T]) -> T: ...
    def compare(self, place: Place, relation: Relation, constant: Constant) -> T | None: ...
    def member(self, place: Place, values: frozenset[int | bytes]) -> T | None: ...
    def masked(self, place: Place, mask: int) -> T | None: ...


class Surroundings(Protocol):
    """What is known of fields in a shape, answered by the catalogue of protocols."""

    def fields_in(self, name: str, shape: Shape) -> Sequence[tuple[Field, int]] | None:
        """(header field, offset of its layer) for each value of `name`; empty if absent, None if not decided."""

    def doubtful_ports(self, names: Iterable[str], shape: Shape) -> frozenset[int] | None:
        """Ports behind which these names could occur again; None if they could behind any."""


class Decider(Generic[T]):
    """Bounds of expressions over frames of one shape."""

    def __init__(self, terms: Terms[T], shape: Shape, surroundings: Surroundings) -> None:
        self._terms = terms
        self._shape = shape
        self._surroundings = surroundings

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
                parts = [self.bounds(item) for item in items]
                return Bounds(terms.any_of([p.certain for p in parts]), terms.any_of([p.possible for p in parts]))
            case ExclusiveDisjunction(items=items):
                return self._odd([self.bounds(item) for item in items])
            case _:
                leaf = self._leaf(expression)
                return self.unknown if leaf is None else Bounds(leaf, leaf)

    def _odd(self, parts: list[Bounds[T]]) -> Bounds[T]:
        if any(part.certain != part.possible for part in parts):
            return self.unknown
        term = self._terms.odd([part.certain for part in parts])
        return Bounds(term, term)

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
        if read.layers is not None or read.raw or read.selected:
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

    def _in_set(self, place: Place, elements: Iterable[object]) -> T | None:
        single: set[int | bytes] = set()
        parts: list[T | None] = []
        for element in elements:
            match element:
                case Constant(value=int() | bytes() as value) if is_whole(element, place.field.type):
                    single.add(value)
                case Constant():
                    parts.append(self._terms.compare(place, Relation.EQ, element))
                case SetInterval(low=Constant() as low, high=Constant() as high):
                    above = self._terms.compare(place, Relation.GE, low)
                    below = self._terms.compare(place, Relation.LE, high)
                    parts.append(None if above is None or below is None else self._terms.all_of([above, below]))
                case _:
                    return None
        if single:
            parts.append(self._terms.member(place, frozenset(single)))
        known = [part for part in parts if part is not None]
        return self._terms.any_of(known) if len(known) == len(parts) else None


def is_whole(constant: Constant, type: FieldType) -> bool:
    """Is it one value of an integer or address type, not a network of many?"""
    if type in ADDRESSES:
        return isinstance(constant.value, bytes) and constant.prefix in (None, 8 * len(constant.value))
    return type in UNSIGNED and isinstance(constant.value, int) and constant.value >= 0
