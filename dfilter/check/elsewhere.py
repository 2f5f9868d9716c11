"""What else is wrong with a text that is no filter: the names and types of the clauses that can be read.

In: a text and its syntax problems.  Out: diagnostics.  What always holds: a clause in which a syntax problem lies is
asked for its first name only, so that no problem is reported for what another one made unreadable.
"""

from __future__ import annotations

from dfilter.check.conditions import infer_condition
from dfilter.check.diagnostics import Diagnostic, Fix, Label
from dfilter.check.resolve import MAX_PROBLEMS, Scope
from dfilter.language.clauses import clauses, span_of
from dfilter.language.lexer import Token, base_name
from dfilter.language.parser import parse
from dfilter.language.problems import Problem, SyntaxProblem
from dfilter.language.source import Span
from dfilter.slotted import replace

_BEYOND_READING = frozenset({Problem.MACRO, Problem.NESTING})
_LONGEST = 20_000
"""Characters of a text beyond which only its syntax problems are told."""


def problems_elsewhere(text: str, scope: Scope, known: tuple[SyntaxProblem, ...]) -> list[Diagnostic]:
    """The problems of the clauses that parse, and of names in front of a syntax problem; `scope` is a fresh one."""
    if "$" in text or len(text) > _LONGEST or any(problem.kind in _BEYOND_READING for problem in known):
        return []
    found: list[Diagnostic] = []
    for clause in clauses(text, scope.version):
        span = span_of(clause)
        broken = [problem.span for problem in known if problem.span.start < span.end and span.start < problem.span.end]
        if broken or not _read(text[span.start : span.end], scope):
            _first_name(clause, min(broken, default=Span(len(text), len(text))), scope)
            found += scope.problems
        else:
            found += (_moved(item, span.start) for item in scope.problems)
        scope.problems.clear()
        if len(found) >= MAX_PROBLEMS:
            break
    return found


def _read(clause: str, scope: Scope) -> bool:
    """Look at a clause by itself; False if it is no filter."""
    tree = parse(clause, scope.version).tree
    if tree is not None:
        infer_condition(tree, scope)
    return tree is not None


def _first_name(clause: list[Token], broken: Span, scope: Scope) -> None:
    """A dotted word that begins a clause, with more behind it, is meant for a field."""
    word = clause[0]
    if len(clause) < 2 or base_name(word.kind) not in ("NAME", "WORD") or word.end > broken.start:
        return
    glued = clause[1].start == word.end and clause[1].text in ("[", "(", "{", ":", "/", "@")
    meant = word.text[0].isalpha() and "." in word.text and not glued
    if meant and scope.lookup(word.text, Span(word.start, word.end)) is None:
        scope.unknown_name(word.text, Span(word.start, word.end))


def _moved(item: Diagnostic, by: int) -> Diagnostic:
    """A diagnostic of a clause, as one of the text."""
    if not by:
        return item
    labels = tuple(Label(_shifted(label.span, by), label.text) for label in item.labels)
    fixes = tuple(Fix(_shifted(fix.span, by), fix.replacement, fix.safety) for fix in item.fixes)
    return replace(item, span=_shifted(item.span, by), labels=labels, fixes=fixes)


def _shifted(span: Span, by: int) -> Span:
    return Span(span.start + by, span.end + by)
