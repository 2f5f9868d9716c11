"""Repairing a filter with the fixes of its diagnostics.

In: text, and a judge that says what is wrong with it.  Out: `Repair`.
What always holds: a filter that is not red stays so, and with safe fixes alone selects the same frames; what would
still be red after all fixes is left as it was; the work is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from dfilter.check.check import Analysis, analyse
from dfilter.check.diagnostics import Colour, Diagnostic, Fix, Safety, Severity, Verdict
from dfilter.check.macro import analyse_macro
from dfilter.check.same import same_meaning
from dfilter.fields.versions import NEWEST, Version
from dfilter.slotted import frozen

Judge = Callable[[str], Analysis]

_MAX_ROUNDS = 30
_RANK = {Colour.GREEN: 0, Colour.YELLOW: 1, Colour.RED: 2}


@frozen
class Repair:
    """The repaired text, and the verdicts before and after; `applied`: how many fixes made the difference.

    `refused`: why the text was left as it is though it needs repair; "" if it was repaired or needs none.
    """

    text: str
    before: Verdict
    after: Verdict
    applied: int = 0
    refused: str = ""


def judge_for(version: Version, macros: Mapping[str, str] | None, *, macro: bool = False) -> Judge:
    """What a version says: of a filter, or of a macro's body."""
    ask = analyse_macro if macro else analyse
    return lambda text: ask(text, version, macros)


def fix_text(
    text: str,
    version: Version = NEWEST,
    macros: Mapping[str, str] | None = None,
    *,
    unsafe: bool = False,
    macro: bool = False,
) -> Repair:
    """Apply the fixes of a filter's errors and warnings.

    Args:
        text: the filter.
        version: the Wireshark version that judges.
        macros: macro definitions, name to text.
        unsafe: also apply fixes that guess what was meant; they can change what a yellow filter selects.
        macro: the text is the body of a macro.
    """
    return repair(text, judge_for(version, macros, macro=macro), unsafe=unsafe)


def repair(text: str, judge: Judge, *, unsafe: bool = False) -> Repair:
    """As `fix_text`, for any judge."""
    first = current = judge(text)
    now, applied = text, 0
    for _ in range(_MAX_ROUNDS):
        fixes = _fixes(current.verdict.diagnostics, unsafe)
        step = _step(now, current, fixes, judge, unsafe) if fixes else None
        if step is None:
            break
        now, current, count = step
        applied += count
    if current.verdict.colour is Colour.RED:
        return Repair(text, first.verdict, first.verdict, 0, _reason(first.verdict, unsafe))
    return Repair(now, first.verdict, current.verdict, applied)


def _reason(verdict: Verdict, unsafe: bool) -> str:
    """Why a filter stays red."""
    if not unsafe and len(_fixes(verdict.diagnostics, True)) > len(_fixes(verdict.diagnostics, False)):
        return "what would repair it is a guess"
    return "no fix for it is known"


def apply(text: str, fixes: Sequence[Fix]) -> str:
    """The text with fixes that do not overlap applied."""
    parts: list[str] = []
    done = 0
    for fix in sorted(fixes, key=lambda fix: (fix.span.start, fix.span.end)):
        parts += [text[done : fix.span.start], fix.replacement]
        done = fix.span.end
    return "".join((*parts, text[done:]))


def _fixes(diagnostics: Sequence[Diagnostic], unsafe: bool) -> list[Fix]:
    """The first usable fix of each diagnostic, none that overlaps an earlier one; errors before warnings."""
    ordered = sorted(diagnostics, key=lambda item: (item.severity is not Severity.ERROR, item.span))
    chosen: list[Fix] = []
    for item in ordered:
        usable = [fix for fix in item.fixes if _may_apply(item, fix, unsafe)]
        if usable and not any(_overlap(usable[0], other) for other in chosen):
            chosen.append(usable[0])
    return chosen


def _may_apply(item: Diagnostic, fix: Fix, unsafe: bool) -> bool:
    if item.severity is Severity.HINT:
        return False  # worth knowing, not wrong
    return fix.safety is Safety.SAFE or (unsafe and fix.safety is Safety.UNSAFE)


def _overlap(one: Fix, other: Fix) -> bool:
    return one.span.start <= other.span.end and other.span.start <= one.span.end


def _step(text: str, current: Analysis, fixes: list[Fix], judge: Judge,
          unsafe: bool) -> tuple[str, Analysis, int] | None:  # fmt: skip
    """All fixes at once if that is better, else the first that is; None if none is."""
    attempts = [fixes, *([fix] for fix in fixes)] if len(fixes) > 1 else [fixes]
    for attempt in attempts[: _MAX_ROUNDS + 1]:
        changed = apply(text, attempt)
        found = judge(changed)
        if _better(found.verdict, current.verdict) and _allowed(current, found, unsafe):
            return changed, found, len(attempt)
    return None


def _better(new: Verdict, old: Verdict) -> bool:
    return _weight(new) < _weight(old) and _RANK[new.colour] <= _RANK[old.colour]


def _weight(verdict: Verdict) -> tuple[int, int, int]:
    severities = [item.severity for item in verdict.diagnostics]
    return severities.count(Severity.ERROR), severities.count(Severity.WARNING), len(severities)


def _allowed(old: Analysis, new: Analysis, unsafe: bool) -> bool:
    """A filter that means something keeps its meaning, unless guesses are wanted."""
    return unsafe or old.typed is None or same_meaning(old.typed, new.typed)
