"""W201: a deprecated protocol or field name.

`bootp`, `ssl` and a few others were renamed; Wireshark still takes the old names and shows the filter yellow
("Filter contains deprecated tokens").  The fix writes the current name.
"""

from __future__ import annotations

from collections.abc import Iterator

from dfilter.check.diagnostics import Diagnostic, Fix, Safety, diagnostic
from dfilter.check.rules.context import Context
from dfilter.language.source import Span

CODE = "W201"


def check(context: Context) -> Iterator[Diagnostic]:
    """One warning for each use."""
    for use in context.deprecated:
        message = f'"{use.old}" is deprecated; use "{use.new}"'
        place = _name_in(context, use.span, use.old)
        fixes = () if place is None else (Fix(place, use.new, Safety.SAFE),)
        yield diagnostic(CODE, message, use.span, fixes=fixes)


def _name_in(context: Context, span: Span, name: str) -> Span | None:
    """Where the name itself stands: a leading dot is no part of it; a macro's text is not there at all."""
    source = context.source(span)
    if source not in (name, "." + name):
        return None
    return Span(span.end - len(name), span.end)
