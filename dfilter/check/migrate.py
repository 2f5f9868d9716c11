"""Carrying a filter from one Wireshark version to another.

In: a filter that the old version accepts.  Out: `Repair`: a text that the new version reads as the old one read the
old text.
What always holds: the result is taken only if both versions' typed expressions are the same, so that no rewriting
can change a meaning unseen; what cannot be carried over is left as it was, with the reason.  Only the words that the
versions read differently are rewritten; everything else stays as typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from dfilter.check.check import Analysis
from dfilter.check.diagnostics import Colour, Fix, Severity, Verdict
from dfilter.check.fix import Repair, apply, judge_for, repair
from dfilter.check.older import missing, respell
from dfilter.check.rules.context import expressions, operands_of, typed_expressions
from dfilter.check.same import same_meaning
from dfilter.check.typed import Constant, TypedExpression
from dfilter.fields import registry
from dfilter.fields.types import BYTE_LIKE, INTEGERS, STRINGS, FieldType
from dfilter.fields.versions import Version
from dfilter.language import ast
from dfilter.language.macros import expand, shipped
from dfilter.language.parser import parse
from dfilter.language.printer import print_string
from dfilter.language.problems import ProblemError
from dfilter.language.source import Span
from dfilter.slotted import field, slotted

_JOINED = (ast.And, ast.Or, ast.Xor)
_LONE_DOLLAR = re.compile(r"\\x24(?![A-Za-z0-9_{])")
"""An escaped `$` that begins no macro; it reads better as it is."""
_SIMPLE = re.compile(r"-?(?!true|false)[0-9A-Za-z_.-]+|'.*'", re.IGNORECASE | re.DOTALL)
"""A number or the name of a value, not a computation and not `true`."""
INTEGERS_AND_BOOLEANS = INTEGERS | {FieldType.BOOLEAN}
_BYTES = BYTE_LIKE | {FieldType.PROTOCOL}


def migrate_text(
    text: str,
    old: Version,
    new: Version,
    macros: Mapping[str, str] | None = None,
    *,
    unsafe: bool = False,
    macro: bool = False,
) -> Repair:
    """A filter of the version `old`, for the version `new`.

    Args:
        text: the filter.
        old: the version for which it was written.
        new: the version that is to select the same frames with it.
        macros: macro definitions, name to text.
        unsafe: also apply fixes that guess, and accept a result whose meaning may differ.
        macro: the text is the body of a macro.

    Returns:
        `Repair`; its verdicts are those of `new`, before and after.
    """
    before, judge = judge_for(old, macros, macro=macro)(text), judge_for(new, macros, macro=macro)
    now = judge(text)
    if before.typed is None:
        return _without_meaning(text, now, old, unsafe, macros, new, macro)
    rewritten = text
    if before.tree is not None and not _has_macros(text, old, macros) and not same_meaning(before.typed, now.typed):
        rewritten = apply(text, list(_Rewriting(text, old, new).edits(before.tree, before.typed)))
    done = repair(rewritten, judge, unsafe=unsafe)
    red = done.after.colour is Colour.RED
    if red and new < Version.V4_4 <= old and _has_macros(text, old, macros):
        carried = _without_macros(text, old, new, macros, unsafe, macro)
        if carried is not None:
            return carried
    if not red and (unsafe or same_meaning(before.typed, judge(done.text).typed)):
        applied = done.applied + (rewritten != text)
        return Repair(done.text, now.verdict, done.after, applied)
    if red:
        why = _why_red(before, done.after, new)
    else:
        why = f"Wireshark {new.text} would select other frames than {old.text}"
    return Repair(text, now.verdict, now.verdict, 0, why)


def _without_macros(text: str, old: Version, new: Version, macros: Mapping[str, str] | None, unsafe: bool,
                    macro: bool) -> Repair | None:  # fmt: skip
    """The filter with its macros expanded: the older version has not these, or does not call them so."""
    try:
        expanded = expand(text, shipped(old) if macros is None else macros, old).text
    except ProblemError:
        return None
    if "$" in expanded:
        return None
    done = migrate_text(expanded, old, new, {}, unsafe=unsafe, macro=macro)
    before = judge_for(new, macros, macro=macro)(text).verdict
    if done.refused:
        return Repair(text, before, before, 0, done.refused)
    return Repair(done.text, before, done.after, done.applied + 1)


def _why_red(before: Analysis, after: Verdict, new: Version) -> str:
    lacking = missing(expressions(before.tree), new) if before.tree is not None else ""
    if lacking:
        return f"Wireshark {new.text} has no {lacking}"
    problem = next(item.message for item in after.diagnostics if item.severity is Severity.ERROR)
    return f"Wireshark {new.text} refuses it ({problem}), and how to write it there is not known"


def _has_macros(text: str, version: Version, macros: Mapping[str, str] | None) -> bool:
    """Then a place in the tree is no place in the text."""
    return "$" in text and parse(text, version, macros).expanded


def _without_meaning(text: str, now: Analysis, old: Version, unsafe: bool, macros: Mapping[str, str] | None,
                     new: Version, macro: bool) -> Repair:  # fmt: skip
    """The old version refused the filter: it may be written for the new one already, or be broken in both."""
    if now.typed is not None:
        return Repair(text, now.verdict, now.verdict)
    done = repair(text, judge_for(new, macros, macro=macro), unsafe=unsafe)
    refused = done.refused and f"Wireshark {old.text} refuses it too"
    return Repair(done.text, done.before, done.after, done.applied, refused)


@slotted(eq=True)
class _Rewriting:
    """The edits that carry one filter over."""

    text: str
    old: Version
    new: Version
    found: list[Fix] = field(default_factory=list)

    @property
    def _crosses(self) -> bool:
        """Do the versions differ in what changed with 4.0?"""
        return (self.old is Version.V3_4) != (self.new is Version.V3_4)

    def edits(self, tree: ast.Expression, typed: TypedExpression) -> Iterator[Fix]:
        for node in expressions(tree):
            if self.new < self.old:
                respell(node, self.text, self.new, self._replace)
            if isinstance(node, _JOINED):
                self._group(node)
            elif isinstance(node, ast.Compare):
                self._comparison(node)
            elif isinstance(node, ast.Membership):
                self._membership(node)
            elif isinstance(node, ast.Search) and node.op is ast.SearchOp.MATCHES:
                self._pattern(node.right)
        for test in typed_expressions(typed):
            for operand in operands_of(test):
                if isinstance(operand, Constant):
                    self._constant(operand)
        taken: list[Span] = []
        for fix in sorted(self.found, key=lambda fix: (fix.span.start, fix.span.end)):
            if not any(fix.span.start < other.end and other.start < fix.span.end for other in taken):
                taken.append(fix.span)
                yield fix

    def _replace(self, start: int, end: int, replacement: str) -> None:
        self.found.append(Fix(Span(start, end), replacement))

    def _source(self, span: Span) -> str:
        return self.text[span.start : span.end]

    def _group(self, node: ast.And | ast.Or | ast.Xor) -> None:
        """What binds without brackets in the old version gets brackets."""
        if not self._crosses:
            return
        for item in node.items:
            if isinstance(item, _JOINED):
                self._replace(item.span.start, item.span.start, "(")
                self._replace(item.span.end, item.span.end, ")")

    def _comparison(self, node: ast.Compare) -> None:
        """`!=` of 3.4 is `!==` of 4.x; the `!=` of 4.x can be said in 3.4 for a field and a constant."""
        self._numbers(node.operands)
        if self.old is Version.V4_0 and self.new >= Version.V4_4:
            for place, spelling in zip(node.op_spans, node.op_texts, strict=True):
                if spelling == "~=":
                    self._replace(place.start, place.end, "!==")
        if not self._crosses:
            return
        if self.old is Version.V3_4:
            for place, op in zip(node.op_spans, node.ops, strict=True):
                if op is ast.CompareOp.NE:
                    self._replace(place.start, place.end, "!==")
            return
        for place, op, spelling in zip(node.op_spans, node.ops, node.op_texts, strict=True):
            if op is ast.CompareOp.ANY_NE:
                self._replace(place.start, place.end, "!=")
            elif spelling == "any_eq":
                self._replace(place.start, place.end, "==")

    def _membership(self, node: ast.Membership) -> None:
        self._numbers(node.elements)
        if self._crosses:
            for one, other in zip(node.elements, node.elements[1:], strict=False):
                comma = self.text.find(",", one.span.end, other.span.start)
                if self.new is Version.V3_4 and comma >= 0:
                    blank = "" if self.text[comma + 1].isspace() else " "
                    self._replace(comma, comma + 1, blank)
                elif self.new is not Version.V3_4 and comma < 0:
                    self._replace(one.span.end, one.span.end, ",")
        if node.negated and self.old is Version.V4_0:
            opened = self.text.index("{", node.operand.span.end)
            self._replace(node.span.start, node.span.start, "not (")
            self._replace(node.operand.span.end, opened, " in ")
            self._replace(node.span.end, node.span.end, ")")

    def _pattern(self, node: ast.Operand) -> None:
        """A regular expression whose backslashes the versions read differently, or without quotes."""
        if not self._crosses:
            return
        if isinstance(node, ast.String) and "\\" in node.text:
            value = node.value.decode("utf-8", "surrogateescape")
            self._replace(node.span.start, node.span.end, self._string(value))
        elif isinstance(node, ast.Word | ast.Literal | ast.Number):
            self._replace(node.span.start, node.span.end, self._string(self._source(node.span)))

    def _numbers(self, nodes: Sequence[object]) -> None:
        """`.5` and `5.` are numbers in 3.4 only."""
        for node in nodes if self.old is Version.V3_4 and self._crosses else ():
            if isinstance(node, ast.Number) and (node.text.startswith(".") or node.text.endswith(".")):
                spelled = "0" * node.text.startswith(".") + node.text + "0" * node.text.endswith(".")
                self._replace(node.span.start, node.span.end, spelled)

    def _constant(self, constant: Constant) -> None:
        """Bytes and texts that the versions spell differently."""
        typed = self._source(constant.span)
        if self._crosses and typed[:1].isalpha() and registry.lookup(typed, self.new) is not None:
            self._replace(constant.span.start, constant.span.end, f'"{typed}"')  # from 4.0 on it is that field
        elif self.new < Version.V4_4 and constant.type in INTEGERS_AND_BOOLEANS and not _SIMPLE.fullmatch(typed):
            if isinstance(constant.value, int) and '"' not in typed:
                self._replace(constant.span.start, constant.span.end, str(int(constant.value)))
        elif constant.type in STRINGS and isinstance(constant.value, str):
            quoted = typed[:1] == '"'
            if not self._crosses or (quoted and "\\" not in typed and self.new is not Version.V3_4):
                return
            self._replace(constant.span.start, constant.span.end, self._string(constant.value))
        elif constant.type in _BYTES and isinstance(constant.value, bytes) and constant.value:
            spelled = self._bytes(constant.value)
            if self._crosses and typed.isascii() and typed.encode() == constant.value:
                spelled = self._string(typed)
            if typed[:1] not in ('"', "'") and typed.lower() != spelled:
                self._replace(constant.span.start, constant.span.end, spelled)

    def _string(self, value: str) -> str:
        spelled = print_string(value.encode("utf-8", "surrogateescape"))
        if "\\\\" not in spelled:
            spelled = _LONE_DOLLAR.sub("$", spelled)
        if self.new is Version.V3_4:
            for letter, code in zip("abtnvfr", (7, 8, 9, 10, 11, 12, 13), strict=True):
                spelled = spelled.replace(f"\\{letter}", f"\\x{code:02x}")
        return spelled

    def _bytes(self, value: bytes) -> str:
        if len(value) > 1:
            return value.hex(":")
        return value.hex() if self.new is Version.V3_4 else f"0x{value.hex()}"
