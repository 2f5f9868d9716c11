"""The verdict on a macro's body, which is no filter before its parameters are given.

In: a body with `$1`, `$2`, ….  Out: `Analysis` of the body, its places those in the body.
What always holds: the body is held against a bounded number of sample arguments, fields and values of the usual kinds;
if it is a filter with one of them, that verdict counts, else the mildest.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from itertools import islice, product

from dfilter.check.check import Analysis, analyse
from dfilter.check.diagnostics import Diagnostic, Severity, verdict_of
from dfilter.fields.versions import NEWEST, Version
from dfilter.language.source import Span
from dfilter.slotted import frozen, replace

SAMPLES = ("ip.src", "ipv6.src", "eth.src", "tcp.port", "10.0.0.1", "80", "frame", "tcp", "http.host", '"a"', "::1",
           "00:00:00:00:00:01", "http", "dns.flags", "frame.time", "frame.time_relative")  # fmt: skip
"""Arguments to try: strict types first, for a string takes anything."""
_WHATEVER_THE_ARGUMENT = ("E1", "E2", "W101", "W2")
"""Diagnostics whose fixes do not depend on the type of an argument."""
_MOST_TRIED = 300
_PARAMETER = re.compile(r"\$([0-9]{1,4})")


@frozen
class _Filled:
    """A body with arguments in the place of its parameters; `starts` and `places` lead back."""

    text: str
    starts: list[int]
    places: list[tuple[Span, bool]]
    """The part of the body that a piece is from; True for what stands in the body as it is."""

    def original(self, span: Span) -> tuple[Span, bool]:
        """The place in the body, and whether the text there is the body's own."""
        first, last = self._piece(span.start), self._piece(max(span.start, span.end - 1))
        (start_place, start_kept), (end_place, end_kept) = self.places[first], self.places[last]
        start = start_place.start + (span.start - self.starts[first] if start_kept else 0)
        end = end_place.start + (span.end - self.starts[last]) if end_kept else end_place.end
        return Span(start, max(start, end)), all(kept for _, kept in self.places[first : last + 1])

    def _piece(self, offset: int) -> int:
        return max(0, bisect_right(self.starts, offset) - 1)


def analyse_macro(body: str, version: Version = NEWEST, macros: Mapping[str, str] | None = None) -> Analysis:
    """What a version says of a macro's body; macros that it uses itself are in `macros`."""
    numbers = sorted({int(number) for number in _PARAMETER.findall(body)} - {0})
    if not numbers:
        return analyse(body, version, macros)
    best: tuple[int, _Filled, Analysis] | None = None
    for arguments in _assignments(numbers):
        filled = _fill(body, arguments)
        found = analyse(filled.text, version, macros)
        weight = sum(item.severity is Severity.ERROR for item in found.verdict.diagnostics) * 100
        weight += sum(item.severity is Severity.WARNING for item in found.verdict.diagnostics)
        if best is None or weight < best[0]:
            best = (weight, filled, found)
        if weight < 100:
            break
    assert best is not None  # there are samples
    _, filled, found = best
    diagnostics = tuple(_placed(item, filled) for item in found.verdict.diagnostics)
    return Analysis(verdict_of(body, diagnostics), None, found.typed)


def _assignments(numbers: list[int]) -> Iterator[dict[int, str]]:
    """One sample for all parameters, then mixed ones."""
    for sample in SAMPLES:
        yield dict.fromkeys(numbers, sample)
    if 1 < len(numbers) <= len(SAMPLES):
        for samples in islice(product(SAMPLES, repeat=len(numbers)), _MOST_TRIED):
            yield dict(zip(numbers, samples, strict=True))


def _fill(body: str, arguments: Mapping[int, str]) -> _Filled:
    parts: list[str] = []
    starts: list[int] = []
    places: list[tuple[Span, bool]] = []
    done = written = 0
    for match in _PARAMETER.finditer(body):
        argument = arguments.get(int(match[1]), match[0])
        for text, place, kept in (
            (body[done : match.start()], Span(done, match.start()), True),
            (argument, Span(match.start(), match.end()), False),
        ):
            parts.append(text)
            starts.append(written)
            places.append((place, kept))
            written += len(text)
        done = match.end()
    parts.append(body[done:])
    starts.append(written)
    places.append((Span(done, len(body)), True))
    return _Filled("".join(parts), starts, places)


def _placed(item: Diagnostic, filled: _Filled) -> Diagnostic:
    """A diagnostic of the filled text, in the body; repairs that touch an argument are left out."""
    fixes = []
    for fix in item.fixes if item.code.startswith(_WHATEVER_THE_ARGUMENT) else ():
        span, kept = filled.original(fix.span)
        if kept:
            fixes.append(replace(fix, span=span))
    labels = tuple(replace(label, span=filled.original(label.span)[0]) for label in item.labels)
    return replace(item, span=filled.original(item.span)[0], labels=labels, fixes=tuple(fixes))
