"""Short names for typed nodes, and a reader over dictionaries.

A source is a mapping from field name to a list of values, or of (layer, value) pairs under "name#".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dfilter.check.typed import (
    Arithmetic,
    ArithmeticOp,
    Comparison,
    Constant,
    ContainsTest,
    Exists,
    FieldRead,
    FunctionCall,
    LabelRead,
    MatchesTest,
    MembershipTest,
    Negate,
    PlainRange,
    Relation,
    SetInterval,
    Slice,
    TypedExpression,
    TypedOperand,
)
from dfilter.fields.types import FieldType
from dfilter.fields.versions import NEWEST, Version
from dfilter.language.ast import Quantifier
from dfilter.language.source import Span

T = FieldType
ANY, ALL = Quantifier.ANY, Quantifier.ALL
HERE = Span(0, 0)


class Layer:
    """A protocol's layer: what its item covers, and what follows."""

    def __init__(self, covered: bytes, rest: bytes = b"") -> None:
        self.covered, self.rest = covered, rest

    def item_bytes(self) -> bytes:
        return self.covered

    def bytes_to_end(self) -> bytes:
        return self.covered + self.rest


class DictReader:
    """A `Reader` over mappings."""

    def exists(self, name: str) -> Callable[[Any], bool]:
        return lambda source: bool(source.get(name))

    def values(self, name: str) -> Callable[[Any], Sequence[Any]]:
        return lambda source: source.get(name, ())

    def raw_values(self, name: str) -> Callable[[Any], Sequence[Any]]:
        return lambda source: source.get("@" + name, ())

    def layered(self, name: str, raw: bool) -> Callable[[Any], tuple[int, Sequence[tuple[int, Any]]]]:
        def read(source: Any) -> tuple[int, Sequence[tuple[int, Any]]]:
            pairs = source.get(name + "#", ())
            return max((layer for layer, _ in pairs), default=0), pairs

        return read


def field(name: str, kind: FieldType = T.UINT8, **more: Any) -> FieldRead:
    return FieldRead(HERE, kind, name, name.split(".")[0], **more)


def const(value: object, kind: FieldType = T.UINT8, prefix: int | None = None) -> Constant:
    return Constant(HERE, kind, value, prefix)


def compare(
    left: TypedOperand,
    relation: str,
    right: TypedOperand,
    quantifier: Quantifier = ANY,
    version: Version = NEWEST,
) -> Comparison:
    return Comparison(HERE, Relation(relation), quantifier, left, right, version)


def member(
    left: TypedOperand,
    elements: Sequence[TypedOperand | SetInterval],
    quantifier: Quantifier = ANY,
    negated: bool = False,
    version: Version = NEWEST,
) -> MembershipTest:
    return MembershipTest(HERE, quantifier, left, tuple(elements), negated, version)


def calc(left: TypedOperand, op: str, right: TypedOperand, kind: FieldType | None = None) -> Arithmetic:
    return Arithmetic(HERE, kind or left.type, ArithmeticOp(op), left, right)


def negate(operand: TypedOperand) -> Negate:
    return Negate(HERE, operand.type, operand)


def call(
    name: str, *arguments: TypedOperand, kind: FieldType = T.STRING, version: Version = NEWEST
) -> FunctionCall:
    return FunctionCall(HERE, kind, name, arguments, version)


def cut(operand: TypedOperand, *ranges: PlainRange, kind: FieldType = T.BYTES) -> Slice:
    return Slice(HERE, kind, operand, ranges)


def labels(operand: FieldRead, table: Sequence[tuple[int, int, str]], numbered: bool = True) -> LabelRead:
    return LabelRead(HERE, T.STRING, operand, tuple(table), numbered)


def contains(left: TypedOperand, right: TypedOperand, quantifier: Quantifier = ANY) -> ContainsTest:
    return ContainsTest(HERE, quantifier, left, right)


def matches(left: TypedOperand, pattern: bytes, quantifier: Quantifier = ANY) -> MatchesTest:
    return MatchesTest(HERE, quantifier, left, pattern)


def exists(name: str) -> Exists:
    return Exists(HERE, field(name))


def run(expression: TypedExpression, source: Any, **more: Any) -> bool:
    from dfilter.compile.closures import build

    answer = build(expression, DictReader(), **more)(source)
    assert isinstance(answer, bool)
    return answer
