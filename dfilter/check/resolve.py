"""What a name in a filter means, and where the problems found on the way are collected.

In: names and the version that judges.  Out: `FieldInfo`, deprecated names that were used, diagnostics.
What always holds: an unknown name is reported once a place, with suggestions for the first few only, so that
a long list of unknown names costs no more than a short one.
"""

from __future__ import annotations

from dfilter.check.convert.errors import ConversionError, quoted
from dfilter.check.diagnostics import Diagnostic, Fix, diagnostic
from dfilter.fields.registry import FieldInfo
from dfilter.fields.versions import Version
from dfilter.fields.vocabulary import WIRESHARK, Vocabulary
from dfilter.language.source import Span
from dfilter.slotted import frozen

UNKNOWN_NAME = "E201"
ELSEWHERE = "E203"
MAX_SUGGESTED = 4
"""Unknown names beyond these get no suggestions: a search costs milliseconds."""
SHORTEST = 2
"""Letters of a name that is near to too many others to guess."""
MAX_PROBLEMS = 100
"""Problems beyond these are not kept."""


@frozen
class DeprecatedUse:
    """A place where a deprecated name was typed, and the name to use."""

    span: Span
    old: str
    new: str


class Scope:
    """One check in progress: the judging version, where names come from, and what was found so far."""

    __slots__ = ("deprecated", "hints", "names", "problems", "suggested", "version")

    def __init__(self, version: Version, names: Vocabulary = WIRESHARK) -> None:
        self.version = version
        self.names = names
        self.problems: list[Diagnostic] = []
        self.hints: list[Diagnostic] = []
        self.deprecated: list[DeprecatedUse] = []
        self.suggested = 0

    def report(
        self, code: str, span: Span, message: str, notes: tuple[str, ...] = (), fixes: tuple[Fix, ...] = ()
    ) -> None:
        """Add a problem, up to `MAX_PROBLEMS`; hints (`H…`) are kept apart."""
        kept = self.hints if code.startswith("H") else self.problems
        if len(kept) < MAX_PROBLEMS:
            kept.append(diagnostic(code, message, span, notes=notes, fixes=fixes))

    def report_conversion(self, error: ConversionError, span: Span, fixes: tuple[Fix, ...] = ()) -> None:
        self.report(error.code, span, error.message, error.notes, fixes)

    def lookup(self, name: str, span: Span) -> FieldInfo | None:
        """The field or protocol `name`; a deprecated spelling is noted and stands for the current one."""
        info = self.names.lookup(name, self.version)
        if info is not None:
            return info
        renamed = self.names.resolve_alias(name, self.version)
        if renamed is None:
            return None
        if len(self.deprecated) < MAX_PROBLEMS:
            self.deprecated.append(DeprecatedUse(span, name, renamed))
        return self.names.lookup(renamed, self.version)

    def unknown_name(self, name: str, span: Span, notes: tuple[str, ...] = ()) -> None:
        """Report a name that is neither a field nor a protocol."""
        message = f"{quoted(name)} {self.names.not_valid(self.version)}"
        having = self.names.versions_of(name)
        if having:
            known = ", ".join(version.text for version in having)
            message = f"Wireshark {self.version.text} has no field {quoted(name)}; {known} has it"
        suggestions = () if having else self._suggestions(name)  # what exists somewhere is no typing mistake
        if suggestions:
            notes = ("did you mean " + " or ".join(suggestions) + "?",)
        fixes = (Fix(span, suggestions[0]),) if suggestions else ()
        self.report(ELSEWHERE if having else UNKNOWN_NAME, span, message, notes, fixes)

    def _suggestions(self, name: str) -> tuple[str, ...]:
        if self.suggested >= MAX_SUGGESTED or len(name) <= SHORTEST:
            return ()
        self.suggested += 1
        return self.names.suggest(name, self.version)
