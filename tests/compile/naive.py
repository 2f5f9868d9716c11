"""The meaning of typed expressions, written for clarity and not for speed.

It shares no code with `dfilter.compile`: every rule is spelled out again, value by value, with lists.
Only Wireshark 4.6 and 4.4; integers, texts, bytes, IPv4 and floats.
"""

from __future__ import annotations

from typing import Any

from dfilter.check import typed as t
from dfilter.fields.types import INTEGERS, SIGNED
from dfilter.fields.versions import Version
from dfilter.language.ast import Quantifier

NO_VALUE = object()


def holds(node: Any, source: dict[str, list[Any]]) -> bool:
    match node:
        case t.Always():
            return True
        case t.Exists():
            return bool(source.get(node.operand.name))
        case t.Negation():
            return not holds(node.operand, source)
        case t.Conjunction():
            return all(holds(item, source) for item in node.items)
        case t.Disjunction():
            return any(holds(item, source) for item in node.items)
        case t.ExclusiveDisjunction():
            return [holds(item, source) for item in node.items].count(True) % 2 == 1
        case t.Truthy() if isinstance(node.operand, t.FieldRead):
            return bool(source.get(node.operand.name))
        case t.Truthy():
            return any(truth(node.operand, value) for value in values(node.operand, source) or [])
        case t.Comparison():
            lefts, rights = values(node.left, source), values(node.right, source)
            if lefts is None or rights is None:
                return False
            results = [compare(node, a, b) for a in lefts for b in rights]
            return any(results) if node.quantifier is Quantifier.ANY else all(results)
        case t.MembershipTest():
            return membership(node, source)
        case t.ContainsTest():
            lefts, rights = values(node.left, source), values(node.right, source)
            if lefts is None or rights is None:
                return False
            results = [contains(a, b) for a in lefts for b in rights]
            return any(results) if node.quantifier is Quantifier.ANY else all(results)
    raise AssertionError(node)


def contains(data: Any, part: Any) -> bool:
    if len(part) == 0:
        return isinstance(data, bytes) and len(data) > 0
    return part in data


def membership(node: t.MembershipTest, source: dict[str, list[Any]]) -> bool:
    found = values(node.left, source)
    if not found:
        return False
    results = [any(in_element(node, value, element, source) for element in node.elements) for value in found]
    answer = any(results) if node.quantifier is Quantifier.ANY else all(results)
    return answer != node.negated


def in_element(node: t.MembershipTest, value: Any, element: Any, source: dict[str, list[Any]]) -> bool:
    def related(relation: t.Relation, other: t.TypedOperand) -> bool:
        test = t.Comparison(node.span, relation, Quantifier.ANY, node.left, other, node.version)
        return any(compare(test, value, end) for end in values(other, source) or [])

    if isinstance(element, t.SetInterval):
        return related(t.Relation.GE, element.low) and related(t.Relation.LE, element.high)
    return related(t.Relation.EQ, element)


def compare(node: t.Comparison, a: Any, b: Any) -> bool:
    prefixes = [
        side.prefix for side in (node.left, node.right) if isinstance(side, t.Constant) and side.prefix
    ]
    if prefixes:
        shift = 8 * len(a) - min(prefixes)
        a, b = int.from_bytes(a, "big") >> shift, int.from_bytes(b, "big") >> shift
    order = node.relation not in (t.Relation.EQ, t.Relation.NE)
    if order and node.version < Version.V4_6 and node.left.type in INTEGERS:
        left_signed = is_signed(node.left) or a < 0
        if not left_signed and b < 0:
            return False
    return {"==": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[
        node.relation.value
    ]


def is_signed(node: t.TypedOperand) -> bool:
    match node:
        case t.Constant():
            return node.type in SIGNED or node.value < 0  # type: ignore[operator]
        case t.Negate():
            return True
        case t.Arithmetic():
            return is_signed(node.left)
    return node.type in SIGNED


def values(node: t.TypedOperand, source: dict[str, list[Any]]) -> list[Any] | None:
    """None: absent.  An empty list takes part."""
    match node:
        case t.Constant():
            return [node.value]
        case t.FieldRead():
            return list(source.get(node.name, [])) or None
        case t.Negate():
            inner = values(node.operand, source)
            return None if inner is None else [-v for v in inner if isinstance(v, float) or -(2**63) <= -v < 2**63]
        case t.Arithmetic():
            lefts, rights = values(node.left, source), values(node.right, source)
            if lefts is None or rights is None:
                return None
            results = [calculate(node, a, b) for a in lefts for b in rights]
            return [result for result in results if result is not NO_VALUE]
        case t.Slice():
            inner = values(node.operand, source)
            return None if inner is None else [sliced(value, node.ranges) for value in inner]
        case t.FunctionCall():
            return called(node, source)
    raise AssertionError(node)


def sliced(value: Any, ranges: tuple[t.PlainRange, ...]) -> Any:
    result = value[:0]
    for part in ranges:
        start = part.start + len(value) if part.start < 0 else part.start
        if part.last is not None:
            stop = (part.last + len(value) if part.last < 0 else part.last) + 1
        else:
            stop = len(value) if part.length is None else start + part.length
        if start < 0 or stop > len(value) or start >= stop:
            break
        result += value[start:stop]
    return result


def called(node: t.FunctionCall, source: dict[str, list[Any]]) -> list[Any] | None:
    argument = node.arguments[0]
    if node.name in ("max", "min"):
        found = [v for each in node.arguments for v in values(each, source) or []]
        return [{"max": max, "min": min}[node.name](found)] if found else None
    inner = values(argument, source)
    if node.name == "count":
        return [len(inner or [])]
    if node.name == "len":
        return None if inner is None else [len(value) for value in inner]
    if node.name == "abs":
        return [abs(value) for value in inner] if inner else None
    if inner is None:
        return [] if isinstance(argument, t.FieldRead | t.FunctionCall) else None
    return [_ascii_upper(value) if node.name == "upper" else str(value) for value in inner]


def _ascii_upper(value: str) -> str:
    """`upper("été")` is "éTé": only ASCII letters change."""
    return "".join(char.upper() if char.isascii() else char for char in value)


def calculate(node: t.Arithmetic, a: Any, b: Any) -> Any:
    if isinstance(a, float):
        return {"+": a + b, "-": a - b, "*": a * b}[node.op.value]
    signed = is_signed(node.left) or a < 0
    if not signed and b < 0:
        b += 2**64
    if signed and b >= 2**63:
        b -= 2**64
    if node.op.value in "/%" and b == 0:
        return NO_VALUE
    quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1) if b else 0
    results = {"+": a + b, "-": a - b, "*": a * b, "/": quotient, "%": a - quotient * b, "&": a & b}
    result = results[node.op.value]
    low = -(2**63) if signed or node.op.value == "-" else 0
    high = 2**63 if signed else 2**64
    return result if low <= result < high else NO_VALUE


def truth(node: t.TypedOperand, value: Any) -> bool:
    if isinstance(node, t.Slice) or isinstance(value, str):
        return len(value) > 0
    return any(value) if isinstance(value, bytes) else value != 0
