"""The clauses of a text that is no filter: what stands between its connectives.

In: any text, a version.  Out: spans, in order, without the brackets and negations around them.  What always holds:
clauses do not overlap; the work is linear in the text; words inside quotes are no connectives.
"""

from __future__ import annotations

from collections.abc import Iterator

from dfilter.fields.versions import Version
from dfilter.language.lalr import END, Automaton
from dfilter.language.lexer import Token
from dfilter.language.parser import CONNECTIVES, automaton
from dfilter.language.source import Span


def clauses(text: str, version: Version) -> Iterator[list[Token]]:
    """The clauses as their tokens, at least one each; up to a quote that is never closed."""
    found: list[Token] = []
    for token in _tokens(automaton(version), text):
        if token.kind not in CONNECTIVES:
            found.append(token)
            continue
        yield from _bare(found)
        found = []
    yield from _bare(found)


def span_of(clause: list[Token]) -> Span:
    """From the first token to the last."""
    return Span(clause[0].start, clause[-1].end)


def _tokens(machine: Automaton, text: str) -> Iterator[Token]:
    position = 0
    while True:
        token = machine.token_at(text, position, machine.start)
        if token.kind == END or (token.kind == "" and token.text in ('"', "'")):
            return
        yield token
        position = max(token.end, position + 1)


def _bare(clause: list[Token]) -> Iterator[list[Token]]:
    """The clause without negations and without brackets that pair with none in it; nothing if nothing is left."""
    opened = sum(token.kind == "LPAR" for token in clause)
    closed = sum(token.kind == "RPAR" for token in clause)
    first, last = 0, len(clause)
    while first < last and (clause[first].kind == "NOT" or (clause[first].kind == "LPAR" and opened > closed)):
        opened -= clause[first].kind == "LPAR"
        first += 1
    while first < last and clause[last - 1].kind == "RPAR" and closed > opened:
        closed -= 1
        last -= 1
    if first < last:
        yield clause[first:last]
