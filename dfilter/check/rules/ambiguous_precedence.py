"""W101: `and` mixed with `or` without parentheses.

Wireshark up to 3.x reads `a && b || c` as `a && (b || c)`, Wireshark from 4.0 on as `(a && b) || c`.
Yellow in every target, because a saved filter outlives a version.  The fix adds the parentheses that keep the
meaning in the target version.
"""

from __future__ import annotations

from collections.abc import Iterator

from dfilter.check.diagnostics import Diagnostic, Fix, Safety, diagnostic
from dfilter.check.rules.context import Context
from dfilter.fields.versions import Version
from dfilter.language import ast

CODE = "W101"
_SHOWN = 160
"""Readings longer than this many characters are not spelled out."""

_CHAIN = "a chain of comparisons is an `and`, and it is mixed with `or` without parentheses"

_Mixed = ast.And | ast.Or


def check(context: Context) -> Iterator[Diagnostic]:
    """One warning for each place where both readings differ."""
    for node in context.nodes:
        inner = _tighter(node)
        if (
            inner is not None
            and isinstance(node, ast.And | ast.Or)
            and any(_is(item, inner) for item in node.items)
        ):
            yield _warning(node, context)
        elif context.version is Version.V3_4 and isinstance(node, ast.Or) and any(map(_chained, node.items)):
            yield diagnostic(CODE, _CHAIN, node.span, notes=("put the chain in parentheses",))


def _tighter(node: ast.Expression) -> type[_Mixed] | None:
    """What binds tighter than this node in its own version's tree."""
    if isinstance(node, ast.Or):
        return ast.And
    return ast.Or if isinstance(node, ast.And) else None


def _chained(item: ast.Expression) -> bool:
    return isinstance(item, ast.Compare) and len(item.ops) > 1


def _is(item: ast.Expression, kind: type[_Mixed]) -> bool:
    return isinstance(item, kind)


def _warning(node: _Mixed, context: Context) -> Diagnostic:
    message = "`and` and `or` are mixed without parentheses: Wireshark 3.x and 4.x read this differently"
    if context.expanded:
        return diagnostic(CODE, message, node.span)
    ours, other = _readings(node, context)
    new, old = (ours, other) if isinstance(node, ast.Or) else (other, ours)
    notes: tuple[str, ...] = ()
    if max(len(new), len(old)) <= _SHOWN:
        notes = (f"from 4.0 on: {_one_line(new)}", f"up to 3.x:   {_one_line(old)}")
    return diagnostic(CODE, message, node.span, notes=notes, fixes=(Fix(node.span, ours, Safety.SAFE),))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _readings(node: _Mixed, context: Context) -> tuple[str, str]:
    """The text with parentheses as the target version reads it, and as the others do."""
    terms: list[ast.Expression] = []
    ours: list[tuple[int, int]] = []
    loose: list[bool] = []
    """For each gap between terms: is it the operator that binds looser in our reading?"""
    for item in node.items:
        first = len(terms)
        parts = item.items if isinstance(item, ast.And | ast.Or) else (item,)
        if terms:
            loose.append(True)
        terms.extend(parts)
        loose.extend([False] * (len(parts) - 1))
        ours.append((first, len(terms)))
    return _grouped(terms, ours, context), _grouped(terms, _other_groups(loose, len(terms)), context)


def _other_groups(loose: list[bool], count: int) -> list[tuple[int, int]]:
    """Runs of terms joined by the operator that our reading binds looser."""
    groups: list[tuple[int, int]] = []
    start = 0
    for place, joined_loosely in enumerate(loose):
        if not joined_loosely:
            groups.append((start, place + 1))
            start = place + 1
    groups.append((start, count))
    return groups


def _grouped(terms: list[ast.Expression], groups: list[tuple[int, int]], context: Context) -> str:
    """The source of `terms` with parentheses around each group of more than one."""
    opens = {first for first, last in groups if last - first > 1}
    closes = {last - 1 for first, last in groups if last - first > 1}
    out: list[str] = []
    for place, term in enumerate(terms):
        if place:
            out.append(context.text[terms[place - 1].span.end : term.span.start])
        opening, closing = "(" * (place in opens), ")" * (place in closes)
        out.append(f"{opening}{context.source(term.span)}{closing}")
    return "".join(out)
