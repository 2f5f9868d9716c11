"""What a column of a packet list, or `-e` of tshark, shows of a frame: a field's values, or an expression's.

In: the text of a field or expression, and views.  Out: texts.
Always: an expression that is a condition shows a tick where it holds.  Source: tshark 4.4 (`-T fields -e`, `%Cus`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from dfilter.check.typed import Disjunction, Exists, FieldRead, Truthy, TypedExpression, TypedOperand
from dfilter.compile.operands import Setting, build_operand
from dfilter.fields.registry import lookup
from dfilter.fields.text import value_text
from dfilter.fields.types import BYTE_LIKE, FLOATS, INTEGERS, SIGNED, FieldType
from dfilter.filter import Target, compile_filter, parse_target
from dfilter.packets.item_texts import READS
from dfilter.packets.reader import PacketReader
from dfilter.packets.view import View
from dfilter.slotted import frozen

TICK = "✓"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII)
_FORMER_COLUMNS = {
    "_ws.col.No.": "_ws.col.number", "_ws.col.Time": "_ws.col.cls_time", "_ws.col.Source": "_ws.col.def_src",
    "_ws.col.Destination": "_ws.col.def_dst", "_ws.col.Protocol": "_ws.col.protocol",
    "_ws.col.Length": "_ws.col.packet_length", "_ws.col.Info": "_ws.col.info",
}  # fmt: skip
"""The names of columns up to Wireshark 4.0, by their titles; `-e` of later versions knows them too."""


@frozen
class Values:
    """The values that `text` has in a frame, as texts; `fields`: what it reads; `kind`: "text", or what else they
    are: "integer", "signed", "number", "truth", "time" (nanoseconds since 1970).  `native`: the values themselves."""

    text: str
    fields: frozenset[str]
    read: Callable[[View], tuple[str, ...]]
    kind: str = "text"
    native: Callable[[View], tuple[Any, ...]] | None = None
_KINDS = {
    **dict.fromkeys(INTEGERS, "integer"), **dict.fromkeys(SIGNED, "signed"), **dict.fromkeys(FLOATS, "number"),
    FieldType.BOOLEAN: "truth", FieldType.ABSOLUTE_TIME: "time",
}  # fmt: skip


def values_of(text: str, *, target: Target | None = None, macros: Mapping[str, str] | None = None,
              alternatives: bool = False) -> Values:  # fmt: skip
    """What reads a field, or an expression of fields.

    Args:
        alternatives: fields with `or` between them are all shown, as in a custom column.

    Raises:
        FilterError: the text is neither; `UnsupportedFieldError`: it names a field that dfilter does not dissect.
    """
    name = _FORMER_COLUMNS.get(text, text)
    compiled = compile_filter(name, target=target, macros=macros)
    if _NAME.fullmatch(name) and name in compiled.fields:
        info = lookup(name, parse_target(target))
        kind = _KINDS.get(info.type, "text") if info is not None else "text"
        reads = frozenset({name, *READS.get(name, ())})
        return Values(text, reads, lambda view: view.text(name), kind, lambda view: view.get(name))
    expression = compiled.plan.expression
    setting = Setting(PacketReader(version=parse_target(target)), None, parse_target(target))
    if alternatives and isinstance(expression, Disjunction):
        parts = [item.operand for item in expression.items if isinstance(item, Exists)]
        if len(parts) == len(expression.items):
            readers = [_operand(part, setting) for part in parts]
            return Values(text, compiled.fields, lambda view: tuple(value for read in readers for value in read(view)))
    return Values(text, compiled.fields, _reader(expression, setting, compiled.test))


def _reader(expression: TypedExpression, setting: Setting, test: Callable[[View], bool]) -> Callable[[View], Any]:
    if isinstance(expression, Exists | Truthy):
        return _operand(expression.operand, setting)
    return lambda view: (TICK,) if test(view) else ()


def _operand(operand: TypedOperand, setting: Setting) -> Callable[[View], tuple[str, ...]]:
    """The texts of an operand's values."""
    type_, display, name = operand.type, "", ""
    if isinstance(operand, FieldRead) and not operand.raw:
        if operand.layers is None:
            field = operand.name
            return lambda view: view.text(field)
        info = lookup(operand.name, setting.version)
        display, name = info.display if info is not None else "", operand.name
    read = build_operand(operand, setting).read
    return lambda view: tuple(_text(value, type_, display, name) for value in read(view) or ())


def _text(value: Any, type_: FieldType, display: str, name: str) -> str:
    if type_ in BYTE_LIKE and type_ is not FieldType.PROTOCOL and isinstance(value, bytes) and not name:
        return value.hex(":")
    return value_text(value, type_, display, name)
