"""Filters over records as generated Python: a test of a plain mapping costs what one written by hand costs.

In: a typed expression, a schema, and the closures' test of any part of it.  Out: a function of a record, or None
where the filter is too large to generate.  What always holds: an answer is the closures' answer.  Each condition on
one field looks at the value where it lies in a `dict`, and decides if it has exactly the Python type that goes with
the field's; everything else (a list, text for a number, an object) is handed to the closures' test of that condition.

The source is made of keys and constants that the function holds by name, never of the filter's text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from dfilter.check.typed import (
    Always,
    Arithmetic,
    ArithmeticOp,
    Comparison,
    Conjunction,
    Constant,
    ContainsTest,
    Disjunction,
    ExclusiveDisjunction,
    Exists,
    FieldRead,
    FunctionCall,
    MatchesTest,
    MembershipTest,
    Negation,
    Truthy,
    TypedExpression,
    TypedOperand,
)
from dfilter.compile.logic import merged
from dfilter.compile.patterns import compile_pattern
from dfilter.compile.plan import field_reads
from dfilter.fields.types import ADDRESSES, BYTE_LIKE, FLOATS, INTEGERS, STRINGS, FieldType
from dfilter.language.ast import Quantifier
from dfilter.records.schema import Schema
from dfilter.records.values import integer_bounds

Test = Callable[[Any], bool]

MAX_SOURCE = 60_000
"""Characters of generated source beyond which a filter is left to the closures."""
MAX_GROUP = 64
"""Fields of a group beyond which the closures are asked whether one of them is there."""
_REMEMBERED, _LONGEST_REMEMBERED = 16_384, 64
"""Texts of addresses and the like whose answer is kept, and how long one may be."""
_BY_TEXT = ADDRESSES | BYTE_LIKE | {FieldType.GUID}
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}


def build_direct(expression: TypedExpression, schema: Schema, part: Callable[[TypedExpression], Test]) -> Test | None:
    """The function for `expression`.

    Args:
        part: the closures' test of an expression.
    """
    source = _Source(schema, part)
    try:
        answer = source.expression(expression)
        if len(answer) > MAX_SOURCE:
            return None
        lines = ["def direct(r):", " if type(r) is not dict: return whole(r)", f" return {answer}"]
        source.namespace["whole"] = part(expression)
        exec(compile("\n".join(lines), "<direct filter>", "exec"), source.namespace)
    except (SyntaxError, MemoryError, RecursionError):  # nested deeper than Python itself parses
        return None
    direct: Test = source.namespace["direct"]
    return direct


class _Source:
    """Expressions as Python source over `r`, the record."""

    def __init__(self, schema: Schema, part: Callable[[TypedExpression], Test]) -> None:
        self._schema = schema
        self._part = part
        self.namespace: dict[str, Any] = {"odd": object()}

    def _held(self, value: object) -> str:
        name = f"c{len(self.namespace)}"
        self.namespace[name] = value
        return name

    def expression(self, node: TypedExpression) -> str:
        match node:
            case Always():
                return "True"
            case Conjunction():
                return self._joined(merged(node.items, conjunction=True), " and ")
            case Disjunction():
                return self._joined(merged(node.items, conjunction=False), " or ")
            case ExclusiveDisjunction():
                return self._joined(node.items, " ^ ")
            case Negation():
                return f"(not {self.expression(node.operand)})"
        return self._leaf(node)

    def _joined(self, items: Sequence[TypedExpression], word: str) -> str:
        costly = [isinstance(item, MatchesTest) for item in items]  # what costs more is asked last
        ordered = [item for late in (False, True) for item, is_costly in zip(items, costly, strict=True)
                   if is_costly is late]  # fmt: skip
        return "(" + word.join(self.expression(item) for item in ordered) + ")"

    def _leaf(self, node: TypedExpression) -> str:
        """A condition, decided here for plain values, else by the closures."""
        found = _only_field(node)
        declared = self._schema.fields.get(found[0].name) if found is not None else None
        if isinstance(node, Exists) and found is not None and declared is None:
            return self._group(node)
        ask = f"{self._held(self._part(node))}(r)"
        if found is None or declared is None:
            return ask
        keys = declared.keys or (found[0].name,)
        if len(keys) > 1 and (self._schema.strict or not _of_any(node)):
            return ask
        if declared.when and self._schema.types[found[0].name] in _BY_TEXT:
            return ask
        tests = [self._at(key, node, *found, ask) for key in keys]
        if None in tests:
            return ask
        test = "(" + " or ".join(filter(None, tests)) + ")"
        return self._conditional(declared.when, test, ask) if declared.when else test

    def _group(self, node: Exists) -> str:
        """Is any field of a group there?"""
        members = self._schema.below(node.operand.name)
        if not members or len(members) > MAX_GROUP:
            return f"{self._held(self._part(node))}(r)"
        fields = (FieldRead(node.span, self._schema.types[name], name, node.operand.protocol) for name in members)
        return "(" + " or ".join(self._leaf(Exists(node.span, field)) for field in fields) + ")"

    def _at(self, key: str, node: TypedExpression, field: FieldRead, function: str, ask: str) -> str | None:
        """The condition for the value under one key."""
        value = f"v{len(self.namespace)}"
        self._held(None)  # the next value gets another name
        decided = self._called(node, field, value, function) if function else self._decided(node, field, value, key)
        if decided is None:
            return None
        guard, test = decided
        return f"({test} if {guard.format(f'({value} := {self._fetch(key)})')} else {value} is not None and {ask})"

    def _conditional(self, when: tuple[str, ...], test: str, ask: str) -> str:
        """A test that holds only where another key has one of some texts."""
        said, texts = f"w{len(self.namespace)}", self._held(frozenset(text.lower() for text in when[1:]))
        fetched = f"({said} := {self._fetch(when[0])})"
        return (f"({said}.lower() in {texts} and {test} if type({fetched}) is str "
                f"else {said} is not None and {ask})")  # fmt: skip

    def _fetch(self, key: str) -> str:
        return self._inside("r.get", key.split("."))

    def _inside(self, get: str, parts: Sequence[str]) -> str:
        """The object under a dotted key, flat or in dicts; `odd`, which is not plain, in another container."""
        whole = f"{get}({'.'.join(parts)!r})"
        if len(parts) == 1:
            return whole
        place = f"n{len(self.namespace)}_{len(parts)}"
        ways = [f"{place} if ({place} := {whole}) is not None else "]
        ways += [f"odd if {get}({'.'.join(parts[:stop])!r}) is not None else "
                 for stop in range(len(parts) - 1, 1, -1)]  # fmt: skip
        inner = self._inside(f"{place}.get", parts[1:])
        outside = f"None if {place} is None else odd"
        return f"({''.join(ways)}{inner} if type({place} := {get}({parts[0]!r})) is dict else {outside})"

    # --- one field's value -------------------------------------------------------------------------------

    def _decided(self, node: TypedExpression, field: FieldRead, value: str, key: str) -> tuple[str, str] | None:
        """The guard under which the value is plain, and the test then; `{}` in the guard is the value, fetched."""
        kind = self._schema.types[field.name]
        if kind in _BY_TEXT:
            return f"type({{}}) is str and len({value}) < {_LONGEST_REMEMBERED}", self._remembered(node, value, key)
        if kind in INTEGERS:
            return self._integer(node, kind, value)
        if kind in STRINGS:
            return self._string(node, value)
        if kind is FieldType.BOOLEAN or kind in FLOATS:
            return self._simple(node, kind, value)
        return None

    def _called(self, node: TypedExpression, field: FieldRead, value: str, function: str) -> tuple[str, str] | None:
        """A function of a text; of plain ASCII Python's own answers the same."""
        if self._schema.types[field.name] not in STRINGS:
            return None
        plain = f"type({{}}) is str and {value}.isascii()"
        if function == "len":
            decided = self._integer(node, FieldType.UINT32, f"len({value})")
        else:
            decided = self._string(node, f"{value}.{function}()")
        return None if decided is None else (plain, decided[1])

    def _remembered(self, node: TypedExpression, value: str, key: str) -> str:
        ask = self._part(node)
        return f"{self._held(lru_cache(_REMEMBERED)(lambda text: ask({key: text})))}({value})"

    def _integer(self, node: TypedExpression, kind: FieldType, value: str) -> tuple[str, str] | None:
        low, high = integer_bounds(kind)
        inside = f"{low} <= {value} <= {high}"
        test = _integer_test(node, value, low, high)
        if test is None:
            members = _members(node, int)
            if members is None or not all(low <= member <= high for member in members):
                return None
            test = f"{value} in {self._held(members)}"
        elif test == "True" or f"{value} !=" in test or "&" in test or self._schema.strict:
            return f"type({{}}) is int and {inside}", test
        return ("type({}) is int" + (f" and {inside}" if self._schema.strict else ""), test)

    def _string(self, node: TypedExpression, value: str) -> tuple[str, str] | None:
        guard, plain = "type({}) is str", f"type({{}}) is str and {value}.isascii()"
        if isinstance(node, Exists):
            return guard, "True"
        if isinstance(node, MatchesTest):
            search = self._held(compile_pattern(node.pattern))
            return plain, f"bool({search}({value}.encode()))"
        if isinstance(node, ContainsTest):
            needle = node.right.value if isinstance(node.right, Constant) else None
            if not isinstance(needle, str) or not needle.isascii():
                return None
            return guard, f"{self._held(needle)} in {value}" if needle else "False"
        members = _members(node, str)
        if members is not None:
            return (guard, f"{value} in {self._held(members)}") if all(map(str.isascii, members)) else None
        relation, constant = _comparison(node)
        if not isinstance(constant, str) or not constant.isascii():
            return None
        return (guard if relation in ("==", "!=") else plain), f"{value} {relation} {self._held(constant)}"

    def _simple(self, node: TypedExpression, kind: FieldType, value: str) -> tuple[str, str] | None:
        """Truth values and floating point numbers; NaN is no value."""
        exact = bool if kind is FieldType.BOOLEAN else float
        relation, constant = _comparison(node)
        if isinstance(node, Exists):
            return (f"type({{}}) is {exact.__name__}", "True" if exact is bool else f"{value} == {value}")
        if type(constant) is not exact or constant != constant or (exact is bool and relation not in ("==", "!=")):
            return None
        number = f" and {value} == {value}" if exact is float and relation == "!=" else ""
        return f"type({{}}) is {exact.__name__}", f"({value} {relation} {self._held(constant)}{number})"


_FUNCTIONS = ("lower", "upper", "len")


def _only_field(node: TypedExpression) -> tuple[FieldRead, str] | None:
    """The field that a condition compares with constants and nothing else, and the function of it that it compares."""
    left = _subject(node)
    if isinstance(left, FieldRead):
        return None if left.layers is not None or left.raw or left.selected else (left, "")
    if not isinstance(left, FunctionCall) or left.name not in _FUNCTIONS or len(left.arguments) != 1:
        return None
    field = left.arguments[0]
    of_any = getattr(node, "quantifier", None) is Quantifier.ANY  # "all" tests of an absent field differ by version
    plain = isinstance(field, FieldRead) and field.layers is None and not field.raw and not field.selected
    return (field, left.name) if of_any and plain and isinstance(field, FieldRead) else None


def _of_any(node: TypedExpression) -> bool:
    """Is the condition true of several values if it is true of one?"""
    if isinstance(node, Exists | Truthy):
        return True
    negated = isinstance(node, MembershipTest) and node.negated
    return getattr(node, "quantifier", None) is Quantifier.ANY and not negated


def _subject(node: TypedExpression) -> TypedOperand | None:
    match node:
        case Exists(operand=left):
            return left
        case Comparison(left=Constant(), right=right):
            return right
        case Comparison(left=left, right=Constant()) | ContainsTest(left=left, right=Constant()):
            return left
        case MatchesTest(left=left):
            return left
        case MembershipTest(left=left) if len(list(field_reads(node))) == 1:
            return left
        case Truthy(operand=Arithmetic(op=ArithmeticOp.BITAND, left=left, right=Constant())):
            return left
    return None


def _comparison(node: TypedExpression) -> tuple[str, object]:
    """Python's operator and the constant, the field on the left; ("", None) for other conditions."""
    if not isinstance(node, Comparison):
        return "", None
    sign = node.relation.value
    if isinstance(node.right, Constant):
        return sign, node.right.value
    assert isinstance(node.left, Constant)
    return _MIRRORED.get(sign, sign), node.left.value


def _members(node: TypedExpression, kind: type) -> frozenset[Any] | None:
    """The members of a set of single constants of a Python type."""
    if not isinstance(node, MembershipTest) or node.negated:
        return None
    members = [element.value for element in node.elements if isinstance(element, Constant)]
    if len(members) < len(node.elements) or any(type(member) is not kind for member in members):
        return None
    return frozenset(members)


def _integer_test(node: TypedExpression, value: str, low: int, high: int) -> str | None:
    """The test of an integer, false beyond the bounds of its type but for `!=` and presence."""
    if isinstance(node, Exists):
        return "True"
    if isinstance(node, Truthy):
        mask = node.operand.right.value if isinstance(node.operand, Arithmetic) and isinstance(
            node.operand.right, Constant) else None  # fmt: skip
        return f"{value} & {mask} != 0" if isinstance(mask, int) and mask >= 0 and low == 0 else None
    relation, constant = _comparison(node)
    if type(constant) is not int or not low <= constant <= high:
        return None
    match relation:
        case "<" | "<=":
            return f"{low} <= {value} {relation} {constant}"
        case ">" | ">=":
            mirrored = "<" if relation == ">" else "<="
            return f"{constant} {mirrored} {value} <= {high}"
    return f"{value} {relation} {constant}"
