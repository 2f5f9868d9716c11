"""The typed expression: what the checker hands to the compiler.

In: nothing.  Out: frozen nodes.  What always holds: names are resolved, literals are converted to the Python
value of the type they are compared with (the table in `dfilter.fields.types`), macros are expanded, chained
comparisons are conjunctions, quantifiers are explicit.  Nothing here can fail to compile, except that a field
may be one that dfilter does not dissect.
"""

from __future__ import annotations

from enum import Enum

from dfilter.fields.types import FieldType
from dfilter.fields.versions import Version
from dfilter.language.ast import Quantifier
from dfilter.language.source import Span
from dfilter.slotted import frozen


class Relation(Enum):
    """A comparison between two single values; `ANY_NE`/`ALL_EQ` are EQ/NE with an explicit quantifier."""

    EQ = "=="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


class ArithmeticOp(Enum):
    ADD = "+"
    SUB = "-"
    MUL = "*"
    DIV = "/"
    MOD = "%"
    BITAND = "&"


# --- operands --------------------------------------------------------------------------------


@frozen
class TypedOperand:
    """`type` is the type of each value (of a slice: BYTES or STRING; of `@field`: BYTES)."""

    span: Span
    type: FieldType


@frozen
class PlainRange:
    """One part of a slice or of a layer list, normalised: `start` may be negative (from the end).

    `length` is None for an open end.  An inclusive `i-j` range is expressed by `last`.
    """

    start: int
    length: int | None = None
    last: int | None = None


@frozen
class FieldRead(TypedOperand):
    """The values of a field, in order of appearance.

    `layers`: keep only those of these layers of the field's protocol (1-based), None for all.
    `raw`: the covered bytes in place of the values.  `selected`: read from the selected frame (`$field`).
    """

    name: str
    protocol: str
    layers: tuple[PlainRange, ...] | None = None
    raw: bool = False
    selected: bool = False


@frozen
class LabelRead(TypedOperand):
    """The value-string label of each value of `field`, as STRING; the decimal text where it has none
    (`None` result of `unlabelled_as_number=False`: such a value takes no part)."""

    field: FieldRead
    labels: tuple[tuple[int, int, str], ...]
    """(first, last, label), in the order of the table: the first that covers the value counts."""
    unlabelled_as_number: bool = True
    unit: tuple[str, str] | None = None
    """Appended to the number where there is no label: for one, for any other (``" byte", " bytes"``)."""


@frozen
class Constant(TypedOperand):
    """One literal value of `type`; for IPv4 and IPv6 `prefix` is the number of leading bits that count."""

    value: object
    prefix: int | None = None


@frozen
class Slice(TypedOperand):
    operand: TypedOperand
    ranges: tuple[PlainRange, ...]


@frozen
class Arithmetic(TypedOperand):
    """`left op right` over every combination of values. A constant of another numeric type keeps that type
    (a time divided by a float)."""

    op: ArithmeticOp
    left: TypedOperand
    right: TypedOperand


@frozen
class Negate(TypedOperand):
    operand: TypedOperand


@frozen
class FunctionCall(TypedOperand):
    name: str
    arguments: tuple[TypedOperand, ...]
    version: Version
    """Whose behaviour: in 4.4, 4.6 some functions of an absent field make an "all" test true."""


# --- expressions --------------------------------------------------------------------------------


@frozen
class TypedExpression:
    span: Span


@frozen
class Always(TypedExpression):
    """True for every frame: the empty filter."""


@frozen
class Exists(TypedExpression):
    operand: FieldRead


@frozen
class Truthy(TypedExpression):
    """Some value of a computed operand is non-zero, non-empty (section 8.4 of the language notes)."""

    operand: TypedOperand


@frozen
class Comparison(TypedExpression):
    """`type` is the common type that both sides are compared as (PROTOCOL: at least one side is one)."""

    relation: Relation
    quantifier: Quantifier
    left: TypedOperand
    right: TypedOperand
    version: Version


@frozen
class ContainsTest(TypedExpression):
    quantifier: Quantifier
    left: TypedOperand
    right: TypedOperand


@frozen
class MatchesTest(TypedExpression):
    """`pattern` is a regular expression over bytes, PCRE syntax, as the filter's escapes left it."""

    quantifier: Quantifier
    left: TypedOperand
    pattern: bytes


@frozen
class SetInterval:
    """low <= value <= high."""

    low: TypedOperand
    high: TypedOperand


@frozen
class MembershipTest(TypedExpression):
    """`left in {…}`.  negated (4.4 on): ANY = present and no value in the set; ALL = present, not all in it.

    The 4.0 and 3.4 forms arrive as `Negation` and with quantifier ANY.
    """

    quantifier: Quantifier
    left: TypedOperand
    elements: tuple[TypedOperand | SetInterval, ...]
    negated: bool
    version: Version


@frozen
class Negation(TypedExpression):
    operand: TypedExpression


@frozen
class Conjunction(TypedExpression):
    items: tuple[TypedExpression, ...]


@frozen
class Disjunction(TypedExpression):
    items: tuple[TypedExpression, ...]


@frozen
class ExclusiveDisjunction(TypedExpression):
    """Left-associative exclusive or: an odd number of the items is true."""

    items: tuple[TypedExpression, ...]
