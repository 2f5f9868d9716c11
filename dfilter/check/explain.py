"""A filter in plain words, and as a tree with types.

In: a typed expression.  Out: lines of text, and the fields and protocols that the filter reads.
What always holds: an explanation is bounded, however long the filter; every value is shown on one line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dfilter.check.typed import (
    Always,
    Arithmetic,
    Comparison,
    Conjunction,
    Constant,
    ContainsTest,
    Disjunction,
    ExclusiveDisjunction,
    Exists,
    FieldRead,
    FunctionCall,
    LabelRead,
    MatchesTest,
    MembershipTest,
    Negate,
    Negation,
    PlainRange,
    Relation,
    SetInterval,
    Slice,
    Truthy,
    TypedExpression,
    TypedOperand,
)
from dfilter.check.typenames import type_name
from dfilter.fields.text import value_text
from dfilter.fields.types import ADDRESSES, STRINGS, TIMES, FieldType
from dfilter.language.ast import Quantifier
from dfilter.slotted import frozen

MOST_SHOWN = 20
"""Terms of one `and`, `or` or set that are shown; of the others only the number."""
_FRACTION = re.compile(r"\.\d+")
_LONGEST = 120
"""Characters of a value that are shown."""

_RELATIONS = {
    Relation.EQ: "equals",
    Relation.NE: "differs from",
    Relation.LT: "is less than",
    Relation.LE: "is at most",
    Relation.GT: "is greater than",
    Relation.GE: "is at least",
}
_QUANTIFIERS = {Quantifier.ANY: "some value of", Quantifier.ALL: "every value of"}
_JOINED = {Conjunction: ("all of these hold:", "and"), Disjunction: ("at least one of these holds:", "or"),
           ExclusiveDisjunction: ("an odd number of these holds:", "xor")}  # fmt: skip


@frozen
class FieldUse:
    """A field or protocol that a filter reads; `type` in Wireshark's words."""

    name: str
    protocol: str
    type: str


# --- in words -------------------------------------------------------------------------------------------------


def words(typed: TypedExpression, what: str = "frame") -> str:
    """The filter in plain words; several lines where it has parts.  `what`: of what it selects some."""
    if isinstance(typed, Always):
        return f"Selects every {what}."
    lines = list(_sentence(typed))
    if len(lines) == 1:
        return f"Selects {what}s where {lines[0]}."
    return f"Selects {what}s where " + "\n".join(lines)


def _sentence(node: TypedExpression) -> Iterator[str]:
    if isinstance(node, Conjunction | Disjunction | ExclusiveDisjunction):
        yield _JOINED[type(node)][0]
        for item in node.items[:MOST_SHOWN]:
            for place, line in enumerate(_sentence(item)):
                yield f"{'    ' if place else '  - '}{line}"
        if len(node.items) > MOST_SHOWN:
            yield f"  - … and {len(node.items) - MOST_SHOWN} more"
    elif isinstance(node, Negation):
        inner = list(_sentence(node.operand))
        if isinstance(node.operand, Exists):
            yield f"there is no {_operand(node.operand.operand)}"
        elif len(inner) == 1:
            yield f"it is not true that {inner[0]}"
        else:
            yield f"it is not true that {inner[0]}"
            yield from inner[1:]
    else:
        yield _clause(node)


def _clause(node: TypedExpression) -> str:
    match node:
        case Always():
            return "the frame exists"
        case Exists(operand=field):
            what = "protocol" if field.type is FieldType.PROTOCOL else "field"
            return f"the {what} {_operand(field)} is present"
        case Truthy(operand=operand):
            return f"{_operand(operand)} is not zero and not empty"
        case Comparison(relation=relation, quantifier=quantifier, left=left, right=right):
            return f"{_values(quantifier, left)} {_relation(relation, right)} {_operand(right)}"
        case ContainsTest(quantifier=quantifier, left=left, right=right):
            return f"{_values(quantifier, left)} contains {_operand(right)}"
        case MatchesTest(quantifier=quantifier, left=left, pattern=pattern):
            shown = _short(pattern.decode("utf-8", "backslashreplace"))
            return f"{_values(quantifier, left)} matches the regular expression {shown}, in any case"
        case MembershipTest():
            return _membership(node)
        case _:
            raise TypeError(f"not a condition: {type(node).__name__}")


def _values(quantifier: Quantifier, left: TypedOperand) -> str:
    """Whose values: a constant has but one."""
    return _operand(left) if isinstance(left, Constant) else f"{_QUANTIFIERS[quantifier]} {_operand(left)}"


def _relation(relation: Relation, right: TypedOperand) -> str:
    network = isinstance(right, Constant) and right.prefix is not None and isinstance(right.value, bytes)
    if network and right.prefix < 8 * len(right.value):  # type: ignore[attr-defined]  # a network is a constant
        return {Relation.EQ: "is in", Relation.NE: "is not in"}.get(relation, _RELATIONS[relation])
    return _RELATIONS[relation]


def _membership(node: MembershipTest) -> str:
    elements = [_element(element) for element in node.elements[:MOST_SHOWN]]
    if len(node.elements) > MOST_SHOWN:
        elements.append(f"{len(node.elements) - MOST_SHOWN} more")
    listed = ", ".join(elements[:-1]) + " or " + elements[-1] if len(elements) > 1 else elements[0]
    left = _operand(node.left)
    if not node.negated:
        return f"{_values(node.quantifier, node.left)} is {listed}"
    if node.quantifier is Quantifier.ANY:
        return f"there is a {left}, and none is {listed}"
    return f"there is a {left} that is not {listed}"


def _element(element: TypedOperand | SetInterval) -> str:
    if isinstance(element, SetInterval):
        return f"from {_operand(element.low)} to {_operand(element.high)}"
    return _operand(element)


def _operand(node: TypedOperand) -> str:
    match node:
        case FieldRead(name=name, layers=layers, raw=raw, selected=selected):
            text = name + (f" of layer {_ranges(layers)}" if layers is not None else "")
            text += " in the selected frame" if selected else ""
            return f"the bytes of {text}" if raw else text
        case LabelRead(field=field):
            return f"the name of {_operand(field)}"
        case Constant():
            return constant_text(node)
        case Slice(operand=operand, ranges=ranges):
            return f"{_operand(operand)}[{_ranges(ranges)}]"
        case Arithmetic():
            return f"({_arithmetic(node)})"
        case Negate(operand=operand):
            return f"minus {_operand(operand)}"
        case FunctionCall(name=name, arguments=arguments):
            return f"{name}({', '.join(map(_operand, arguments))})"
        case _:
            raise TypeError(f"not an operand: {type(node).__name__}")


def _arithmetic(node: Arithmetic) -> str:
    """A chain of operators from its right end: it can be as long as the filter."""
    parts: list[str] = []
    first: TypedOperand = node
    while isinstance(first, Arithmetic) and len(parts) < 2 * MOST_SHOWN:
        parts += [_operand(first.right), first.op.value]
        first = first.left
    parts.append("…" if isinstance(first, Arithmetic) else _operand(first))
    return " ".join(reversed(parts))


def constant_text(node: Constant) -> str:
    """A constant as it would be written in a filter."""
    value = node.value
    if node.type in STRINGS or (node.type is FieldType.PROTOCOL and isinstance(value, str)):
        return _short(str(value))
    if isinstance(value, bytes) and node.type not in ADDRESSES and node.type is not FieldType.GUID:
        return value.hex(":") if 0 < len(value) <= _LONGEST // 3 else f"{len(value)} bytes"
    text = " ".join(value_text(value, node.type).split())
    if node.type in TIMES:
        text = _FRACTION.sub(lambda match: match[0].rstrip("0").rstrip("."), text)
    return f"{text}/{node.prefix}" if node.prefix is not None and node.type in ADDRESSES else text


def _short(text: str) -> str:
    shown = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    escaped = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in shown)
    return f'"{escaped}"'


def _ranges(ranges: Sequence[PlainRange]) -> str:
    return ",".join(map(_range, ranges))


def _range(part: PlainRange) -> str:
    if part.last is not None:
        return f"{part.start}-{part.last}"
    if part.length is None:
        return f"{part.start}:"
    return str(part.start) if part.length == 1 else f"{part.start}:{part.length}"


# --- as a tree --------------------------------------------------------------------------------------------------

Branch = tuple[str, "Sequence[TypedExpression | TypedOperand | SetInterval]"]


def tree(typed: TypedExpression) -> str:
    """The typed tree, a node a line."""
    return "\n".join(_draw(typed))


def _draw(node: TypedExpression | TypedOperand | SetInterval) -> Iterator[str]:
    text, children = _branch(node)
    yield text
    shown = children[:MOST_SHOWN]
    hidden = len(children) - len(shown)
    for place, child in enumerate(shown):
        last = place == len(shown) - 1 and not hidden
        for row, line in enumerate(_draw(child)):
            lead = ("└─ " if last else "├─ ") if row == 0 else ("   " if last else "│  ")
            yield lead + line
    if hidden:
        yield f"└─ … {hidden} more"


def _branch(node: TypedExpression | TypedOperand | SetInterval) -> Branch:
    match node:
        case Conjunction(items=items) | Disjunction(items=items) | ExclusiveDisjunction(items=items):
            return _JOINED[type(node)][1], items
        case Negation(operand=negated):
            return "not", (negated,)
        case Always():
            return "every frame", ()
        case Exists(operand=field):
            return "is present", (field,)
        case Truthy(operand=operand):
            return "is not zero and not empty", (operand,)
        case Comparison(relation=relation, quantifier=quantifier, left=left, right=right):
            return f"{quantifier.value} {relation.value}", (left, right)
        case ContainsTest(quantifier=quantifier, left=left, right=right):
            return f"{quantifier.value} contains", (left, right)
        case MatchesTest(quantifier=quantifier, left=left, pattern=pattern):
            return f"{quantifier.value} matches {_short(pattern.decode('utf-8', 'backslashreplace'))}", (left,)
        case MembershipTest(quantifier=quantifier, left=left, elements=elements, negated=no):
            return f"{quantifier.value} {'not in' if no else 'in'}", (left, *elements[: MOST_SHOWN + 1])
        case SetInterval(low=low, high=high):
            return "from, to", (low, high)
        case _ if isinstance(node, TypedOperand):
            return _operand_branch(node)
        case _:
            raise TypeError(f"not a node of a typed tree: {type(node).__name__}")


def _operand_branch(node: TypedOperand) -> Branch:
    kind = type_name(node.type)
    match node:
        case Arithmetic():
            return f"{_arithmetic(node)}: {kind}", ()
        case Negate(operand=operand):
            return f"-: {kind}", (operand,)
        case Slice(operand=operand, ranges=ranges):
            return f"[{_ranges(ranges)}]: {kind}", (operand,)
        case FunctionCall(name=name, arguments=arguments):
            return f"{name}(): {kind}", arguments
        case _:
            return f"{_operand(node)}: {kind}", ()


# --- what it reads ------------------------------------------------------------------------------------------------


def uses(typed: TypedExpression) -> tuple[FieldUse, ...]:
    """The fields and protocols that the filter reads, in order of first appearance."""
    found: dict[str, FieldUse] = {}
    pending: list[object] = [typed]
    while pending:
        node = pending.pop()
        if isinstance(node, FieldRead):
            kind = "Byte sequence, as in the packet" if node.raw else type_name(node.type)
            found.setdefault(node.name, FieldUse(node.name, node.protocol, kind))
        elif isinstance(node, tuple):
            pending.extend(reversed(node))
        elif isinstance(node, TypedExpression | TypedOperand | SetInterval):
            names = [name for name in node.__match_args__ if name not in ("span", "labels")]
            pending.extend(getattr(node, name) for name in reversed(names))
    return tuple(found.values())
