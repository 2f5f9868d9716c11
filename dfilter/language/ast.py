"""The syntax tree of a filter: what was typed, before any name is looked up.

In: nothing.  Out: frozen node classes, all with a `span` that equality ignores, so that two texts which differ
in white space alone have equal trees.

Two families.  An `Expression` is true or false for a frame; an `Operand` has values.  `and` and `or` are n-ary:
ten thousand terms are one node.  Round brackets around an expression are kept (`Group`) because they decide
whether precedence is ambiguous; so are braces (`Braces`), which group arithmetic.
"""

from __future__ import annotations

from enum import Enum

from dfilter.language.source import Span
from dfilter.slotted import field, frozen


class CompareOp(Enum):
    """A comparison operator, by its symbol in Wireshark 4.x."""

    EQ = "=="
    NE = "!="
    ALL_EQ = "==="
    ANY_NE = "!=="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


class Quantifier(Enum):
    ANY = "any"
    ALL = "all"


class SearchOp(Enum):
    CONTAINS = "contains"
    MATCHES = "matches"


class BinaryOp(Enum):
    ADD = "+"
    SUB = "-"
    MUL = "*"
    DIV = "/"
    MOD = "%"
    BITAND = "&"


class UnaryOp(Enum):
    NEG = "-"
    POS = "+"


@frozen
class Node:
    span: Span = field(compare=False, repr=False)


# --- operands: they have values -------------------------------------------------------------------------------


class Operand(Node):
    """Something with values: a field, a literal, a computation over them."""

    __slots__ = ()


@frozen
class Word(Operand):
    """An unquoted word: a field or protocol if that name is registered, else text where text is allowed.

    `must_be_field`: it was typed with a leading dot (the dot is not part of `text`).
    """

    text: str
    must_be_field: bool = False


@frozen
class Number(Operand):
    """A number as typed (sign excluded); an int, or a float for `1.5`, `1e3` and, from 4.6, `nan` and `inf`."""

    text: str
    value: int | float


@frozen
class Literal(Operand):
    """An unquoted literal that can never be a field: addresses, byte strings, times, anything with `:` or `/`.

    `must_be_bytes`: it was typed with a leading colon (the colon is not part of `text`).
    """

    text: str
    must_be_bytes: bool = False


@frozen
class String(Operand):
    """A quoted string; `value` holds its bytes after escapes (UTF-8). `raw`: spelled r"…"."""

    text: str = field(compare=False)
    value: bytes
    raw: bool = field(default=False, compare=False)


@frozen
class Character(Operand):
    """A character constant, 'x'."""

    text: str = field(compare=False)
    value: int


@frozen
class Range:
    """One part of a slice or layer list, as typed: `i`, `i:length`, `i-j` (inclusive), `i:`, `:length`, `:`."""

    start: int | None
    length: int | None = None
    end: int | None = None
    single: bool = False
    span: Span = field(default=Span(0, 0), compare=False, repr=False)


@frozen
class Layered(Operand):
    """`operand#n` or `operand#[ranges]`."""

    operand: Operand
    ranges: tuple[Range, ...]


@frozen
class Raw(Operand):
    """`@field`: the bytes that the field covers."""

    operand: Operand


@frozen
class Sliced(Operand):
    """`operand[ranges]`."""

    operand: Operand
    ranges: tuple[Range, ...]


@frozen
class Call(Operand):
    name: str
    name_span: Span = field(compare=False, repr=False)
    arguments: tuple[Operand, ...]


@frozen
class Reference(Operand):
    """`$field` or `${field}`: the field's values in the selected frame."""

    operand: Operand


@frozen
class Unary(Operand):
    op: UnaryOp
    operand: Operand


@frozen
class Binary(Operand):
    op: BinaryOp
    left: Operand
    right: Operand


@frozen
class Braces(Operand):
    """`{ operand }`."""

    operand: Operand


# --- expressions: they are true or false ------------------------------------------------------------------------


class Expression(Node):
    """Something that a frame satisfies or not."""

    __slots__ = ()


@frozen
class Test(Expression):
    """A bare operand used as a condition: existence for a field, truth for a computation."""

    operand: Operand


@frozen
class Compare(Expression):
    """A comparison, possibly chained: len(operands) == len(ops) + 1."""

    operands: tuple[Operand, ...]
    ops: tuple[CompareOp, ...]
    op_texts: tuple[str, ...] = field(compare=False)
    op_spans: tuple[Span, ...] = field(compare=False, repr=False)
    quantifier: Quantifier | None = None


@frozen
class Search(Expression):
    """`left contains right` or `left matches right`."""

    op: SearchOp
    left: Operand
    right: Operand
    op_span: Span = field(compare=False, repr=False)
    quantifier: Quantifier | None = None


@frozen
class SetRange:
    """`low .. high` inside a set."""

    low: Operand
    high: Operand
    span: Span = field(compare=False, repr=False)


@frozen
class Membership(Expression):
    """`operand in {…}` or `operand not in {…}`."""

    operand: Operand
    elements: tuple[Operand | SetRange, ...]
    negated: bool = False
    quantifier: Quantifier | None = None


@frozen
class Not(Expression):
    operand: Expression


@frozen
class And(Expression):
    items: tuple[Expression, ...]


@frozen
class Or(Expression):
    items: tuple[Expression, ...]


@frozen
class Xor(Expression):
    items: tuple[Expression, ...]


@frozen
class Group(Expression):
    """`( expression )`."""

    expression: Expression


@frozen
class Everything(Expression):
    """An empty or blank filter: every frame."""
