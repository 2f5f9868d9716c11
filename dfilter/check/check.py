"""Text to verdict: the front door of checking.

In: any text, a Wireshark version, macro definitions.  Out: `Verdict`, or `Analysis` with the trees as well.
What always holds: no text makes it raise; a verdict without errors comes with a typed expression, and the
other way round.  Importing this module loads neither numpy nor dpkt nor rich nor lark.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from dfilter.check.conditions import infer_condition
from dfilter.check.diagnostics import Diagnostic, Fix, Label, Safety, Verdict, diagnostic, verdict_of
from dfilter.check.resolve import MAX_PROBLEMS, Scope
from dfilter.check.rules import check_all as ask_rules
from dfilter.check.rules.context import Context, expressions, typed_expressions
from dfilter.check.typed import TypedExpression
from dfilter.fields.versions import NEWEST, Version
from dfilter.fields.vocabulary import WIRESHARK, Vocabulary
from dfilter.language.ast import Expression
from dfilter.language.parser import parse
from dfilter.language.problems import Problem, SyntaxProblem
from dfilter.language.source import Span
from dfilter.slotted import frozen

SYNTAX_CODES = {
    Problem.UNEXPECTED: "E101",
    Problem.END: "E102",
    Problem.NON_PRINTABLE: "E103",
    Problem.QUOTE: "E104",
    Problem.BRACKET: "E105",
    Problem.LAYER: "E106",
    Problem.RANGE: "E107",
    Problem.ESCAPE: "E108",
    Problem.CHARACTER: "E109",
    Problem.NUMBER: "E110",
    Problem.MACRO: "E111",
    Problem.NESTING: "E112",
    Problem.EQUALS: "E113",
    Problem.SEPARATOR: "E114",
    Problem.TYPOGRAPHIC: "E115",
    Problem.DEFANGED: "E116",
    Problem.REMOVED: "E117",
}
TOO_DEEP = SYNTAX_CODES[Problem.NESTING]


@frozen
class Analysis:
    """`typed` is there exactly if the verdict is not red; `tree` if the text parsed."""

    verdict: Verdict
    tree: Expression | None
    typed: TypedExpression | None


def check_text(text: str, version: Version = NEWEST, macros: Mapping[str, str] | None = None,
               names: Vocabulary = WIRESHARK) -> Verdict:  # fmt: skip
    """What `version` of Wireshark says of `text`, and what its writer should know.

    Args:
        text: the filter; any text is answered, blank text is the filter that matches everything.
        version: the Wireshark version whose verdict is asked for.
        macros: macro definitions, name to text.
        names: where names come from.
    """
    return analyse(text, version, macros, names).verdict


def check_all(text: str, macros: Mapping[str, str] | None = None) -> dict[str, Verdict]:
    """The verdicts of all versions side by side, oldest first, by the spelling that users type (``"4.6"``).

    Args:
        text: as for `check_text`.
        macros: as for `check_text`.
    """
    return {version.text: check_text(text, version, macros) for version in Version}


def analyse(text: str, version: Version = NEWEST, macros: Mapping[str, str] | None = None,
            names: Vocabulary = WIRESHARK) -> Analysis:  # fmt: skip
    """As `check_text`, with the syntax tree and the typed expression."""
    try:
        return _analyse(text, version, macros, names)
    except RecursionError:
        found = diagnostic(TOO_DEEP, "the filter is nested too deeply", Span(0, len(text)))
        return Analysis(verdict_of(text, (found,)), None, None)


def _analyse(text: str, version: Version, macros: Mapping[str, str] | None, names: Vocabulary) -> Analysis:
    parsed = parse(text, version, macros)
    scope = Scope(version, names)
    if parsed.tree is None:
        from dfilter.check.elsewhere import problems_elsewhere  # valid filters need none of it

        problems = [_from_syntax(problem) for problem in parsed.problems]
        problems += problems_elsewhere(text, scope, parsed.problems)
        return Analysis(verdict_of(text, tuple(problems)), None, None)
    typed = infer_condition(parsed.tree, scope)
    nodes = tuple(expressions(parsed.tree))
    tests = () if typed is None else tuple(typed_expressions(typed))
    context = Context(text, version, nodes, tests, tuple(scope.deprecated), parsed.expanded, parsed.forgotten)
    said = tuple(islice(ask_rules(context), MAX_PROBLEMS))
    found = (*scope.problems, *scope.hints, *said)
    return Analysis(verdict_of(text, found), parsed.tree, typed)


def _from_syntax(problem: SyntaxProblem) -> Diagnostic:
    notes = problem.notes
    if problem.expected and not any("expected" in note for note in notes):
        notes = (*notes, "expected " + ", ".join(problem.expected[:8]))
    fix = problem.fix
    safety = Safety.SAFE if fix is not None and fix.safe else Safety.UNSAFE
    fixes = () if fix is None else (Fix(fix.span, fix.replacement, safety),)
    labels = tuple(Label(place, text) for place, text in problem.labels)
    code = SYNTAX_CODES[problem.kind]
    return diagnostic(code, problem.message, problem.span, labels=labels, notes=notes, fixes=fixes)
