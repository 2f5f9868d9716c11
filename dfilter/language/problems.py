"""What can be wrong with a text before any name is looked up.

In: nothing.  Out: `SyntaxProblem`, with a stable code, the place, and a repair where one is mechanical.
"""

from __future__ import annotations

from enum import Enum

from dfilter.language.source import Span
from dfilter.slotted import frozen


class Problem(Enum):
    """The kinds of syntax problem; the values are stable."""

    UNEXPECTED = "unexpected-token"
    END = "unexpected-end"
    NON_PRINTABLE = "non-printable"
    QUOTE = "missing-quote"
    BRACKET = "missing-bracket"
    LAYER = "bad-layer"
    RANGE = "bad-range"
    ESCAPE = "bad-escape"
    CHARACTER = "bad-character-constant"
    NUMBER = "number-out-of-range"
    MACRO = "bad-macro"
    NESTING = "nested-too-deeply"
    EQUALS = "single-equals"
    SEPARATOR = "set-separator"
    TYPOGRAPHIC = "typographic-quote"
    DEFANGED = "defanged"
    REMOVED = "removed-operator"


@frozen
class Fix:
    """Replace `span` of the filter by `replacement`; `safe`: nothing else can have been meant."""

    span: Span
    replacement: str
    safe: bool = False


@frozen
class SyntaxProblem:
    """One reason why the text is not a filter.

    `expected`: what could have stood there, in users' words, where that is known.  `labels`: other places that count.
    """

    kind: Problem
    message: str
    span: Span
    expected: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    fix: Fix | None = None
    labels: tuple[tuple[Span, str], ...] = ()


class ProblemError(Exception):
    """Carries a problem out of a rule's action."""

    def __init__(self, problem: SyntaxProblem) -> None:
        super().__init__(problem)
        self.problem = problem
