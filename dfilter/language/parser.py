"""Text to syntax tree.

In: any text, a Wireshark version, macro definitions.  Out: a `ParseResult` with a tree or with problems,
never both;
`parse` raises on no text.  Names are not looked up: `foo.bar` parses.

Importing this module costs little: the tables are loaded, and the patterns compiled, with the first text.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from dfilter.fields.versions import NEWEST, Version
from dfilter.language.ast import Expression
from dfilter.language.build import Builder
from dfilter.language.lalr import END, MAX_PENDING, Automaton, Stop, StopKind
from dfilter.language.problems import Problem, ProblemError, SyntaxProblem
from dfilter.language.source import Span
from dfilter.slotted import frozen, replace

TYPE_CHECKING = False  # as in `typing`, which costs more to load than this module
if TYPE_CHECKING:
    from dfilter.language.macros import Expansion

MAX_PROBLEMS = 20
"""Problems reported for one text."""

CONNECTIVES = frozenset({"AND", "OR", "XOR"})
_FINAL = frozenset({Problem.END, Problem.QUOTE, Problem.BRACKET, Problem.NESTING, Problem.MACRO})
"""Problems after which the rest of the text says nothing certain."""

_automata: dict[Version, Automaton] = {}


@frozen
class ParseResult:
    """`tree` is None exactly if there are problems.

    `expanded`: macros were expanded.  `forgotten`: the part of the text that Wireshark's parser forgets because
    more was pending than it can hold; `tree` is what it makes of the rest.
    """

    tree: Expression | None
    problems: tuple[SyntaxProblem, ...] = ()
    expanded: bool = False
    forgotten: Span | None = None


def parse(text: str, version: Version = NEWEST, macros: Mapping[str, str] | None = None) -> ParseResult:
    """The tree of a filter as that Wireshark version reads it, or all syntax problems that can be told
    apart.

    Raises:
        TypeError: what is given is no text.
    """
    if not isinstance(text, str):
        raise TypeError(f"a filter is text (str), not {type(text).__name__}")
    if "\0" in text:  # a C string ends there: no Wireshark can be given this text
        return ParseResult(None, (_no_character(text.index("\0")),))
    if "$" not in text:
        return _parse(text, version, None)
    from dfilter.language.macros import expand, shipped  # few filters need it

    try:
        expansion = expand(text, shipped(version) if macros is None else macros, version)
    except ProblemError as error:
        return ParseResult(None, (error.problem,))
    if expansion.text == text:
        return _parse(text, version, None)
    result = _parse(expansion.text, version, expansion)
    problems = tuple(_relocated(problem, expansion) for problem in result.problems)
    forgotten = result.forgotten and expansion.original(result.forgotten.start, result.forgotten.end)
    return replace(result, problems=problems, expanded=True, forgotten=forgotten)


def _no_character(place: int) -> SyntaxProblem:
    message = "the character '\\x00' cannot stand in a filter"
    notes = ('inside quotes, write it as an escape: "\\x00"',)
    return SyntaxProblem(Problem.NON_PRINTABLE, message, Span(place, place + 1), notes=notes)


def automaton(version: Version) -> Automaton:
    """The parser of a version's dialect, made once."""
    found = _automata.get(version)
    if found is None:
        dialect = "filter" if version >= Version.V4_4 else f"filter_{version // 100}_{version % 100}"
        tables = import_module(f"dfilter.language.tables.{dialect}")
        found = _automata[version] = Automaton(tables, version)
    return found


def _parse(text: str, version: Version, expansion: Expansion | None) -> ParseResult:
    machine = automaton(version)
    builder = Builder(version) if expansion is None else Builder(version, expansion.original)
    problems: list[SyntaxProblem] = []
    position = opened = 0
    while len(problems) < MAX_PROBLEMS:
        try:
            tree = machine.run(text, builder, position, opened)
        except Stop as stop:
            if stop.kind is StopKind.TOO_DEEP and not problems:
                rest = _restarted(machine, builder, text, stop.token.end)
                if rest is not None:
                    return rest
            problem = _stopped(stop, machine, text)
            position = max(position, stop.token.start)
        except ProblemError as error:
            problem = error.problem
            position = max(position, problem.span.end)
        else:
            return ParseResult(None, tuple(problems)) if problems else ParseResult(tree)
        from dfilter.language.mistakes import recognise  # valid filters need none of it

        problem = recognise(problem, text, version)
        problems.append(problem)
        if problem.kind in _FINAL:
            break
        resumed = _resume(machine, text, position)
        if resumed is None:
            break
        position, opened = resumed
    return ParseResult(None, tuple(problems))


def _restarted(machine: Automaton, builder: Builder, text: str, position: int) -> ParseResult | None:
    """What Wireshark does when too much is pending: it forgets what it has read and starts anew behind it.

    None where the rest is no filter, so that Wireshark reports an error after all.
    """
    while True:
        try:
            tree = machine.run(text, builder, position)
        except Stop as stop:
            if stop.kind is not StopKind.TOO_DEEP:
                return None
            position = stop.token.end
        except ProblemError:
            return None
        else:
            return ParseResult(tree, forgotten=Span(0, position))


def _stopped(stop: Stop, machine: Automaton, text: str) -> SyntaxProblem:
    """The problem that made the automaton stop."""
    from dfilter.language.wording import missing_bracket, too_deep, unexpected, unexpected_end, unreadable

    token = stop.token
    if stop.kind in (StopKind.TOO_DEEP, StopKind.TOO_HIGH):
        return too_deep(token, MAX_PENDING)
    terminals = machine.expected(stop.states)
    if token.kind != END:
        report = unexpected if stop.kind is StopKind.UNEXPECTED else unreadable
        return report(token, stop.previous, text, terminals)
    if "RSQB" in terminals or "RANGE" in terminals:
        return missing_bracket(text, text.rindex("["))
    return unexpected_end(text, terminals)


def _resume(machine: Automaton, text: str, failed: int) -> tuple[int, int] | None:
    """Where to read on after a failure: behind the next connective, with the round brackets open there."""
    position = opened = 0
    while True:
        token = machine.token_at(text, position, machine.start)
        position = max(token.end, position + 1)
        match token.kind:
            case "$END":
                return None
            case "" if text[token.start] in "\"'":
                return None
            case "LPAR":
                opened += 1
            case "RPAR":
                opened = max(0, opened - 1)
            case "LSQB" | "LAYERS":
                position = text.find("]", position) + 1 or len(text)
            case kind if kind in CONNECTIVES and token.start >= failed:
                return position, opened
            case _:
                pass


def _relocated(problem: SyntaxProblem, expansion: Expansion) -> SyntaxProblem:
    """A problem of the expanded text, placed in what the user typed; its repair would not fit there."""
    span = expansion.original(problem.span.start, problem.span.end)
    labels = tuple((expansion.original(place.start, place.end), text) for place, text in problem.labels)
    return replace(problem, span=span, fix=None, labels=labels)
