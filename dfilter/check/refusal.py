"""The error for a filter that the check refuses.

In: a red verdict.  Out: a `FilterError` of the kind of its first problem.
"""

from __future__ import annotations

from dfilter.check.diagnostics import Severity, Verdict
from dfilter.errors import FilterError, FilterSyntaxError, FilterTypeError, UnknownFieldError


def refusal(verdict: Verdict) -> FilterError:
    """The error for a filter that the check refuses, of the kind of its first problem."""
    first = next(item for item in verdict.diagnostics if item.severity is Severity.ERROR)
    kind = _ERROR_KINDS.get(first.code[:2], FilterTypeError)
    return kind(verdict.render(), verdict.diagnostics)


_ERROR_KINDS: dict[str, type[FilterError]] = {"E1": FilterSyntaxError, "E2": UnknownFieldError}
"""By the first two characters of a diagnostic's code; every other error is one of types."""
