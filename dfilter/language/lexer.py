"""The patterns that cut a filter text into tokens, compiled from the grammar's terminals.

In: the terminals of a dialect, as data, and a version.  Out: two compiled patterns with one named group a
terminal,
and the pattern of blanks.  The parser asks for one token at a time, because the text inside slice brackets
reads
differently.  Every pattern is linear: possessive runs, no nested repetition that could be read in two ways.
"""

from __future__ import annotations

import re

from dfilter.fields.versions import Version
from dfilter.slotted import frozen

BLANKS = {"BLANK": Version.V3_4, "CARRIAGE_RETURN": Version.V4_4}
"""The ignored terminals, each with the first version that ignores it."""

SINCE = {"NON_FINITE": Version.V4_6}
"""The terminals that come with a version inside a dialect."""

CONTEXTUAL = "RANGE"
"""The one terminal that is read only where the parser can take it."""


def base_name(name: str) -> str:
    """The name of a rule or terminal without the dialect it is a variant for: `WORD` for `WORD_4_0`."""
    return name[:-4] if name.endswith(("_4_0", "_3_4")) else name


@frozen
class Token:
    """A terminal's text; `start` and `end` are offsets in the parsed text."""

    kind: str
    text: str
    start: int
    end: int


@frozen
class Lexer:
    """`main` matches blanks and a token, its name the match's `lastgroup`; `inner` the same for a RANGE."""

    main: re.Pattern[str]
    inner: re.Pattern[str]
    blank: re.Pattern[str]


def make_lexer(terminals: list[tuple[str, str]], version: Version) -> Lexer:
    """The patterns for one version of a dialect."""
    blanks = [pattern for name, pattern in terminals if name in BLANKS and version >= BLANKS[name]]
    blank = f"(?>(?:{'|'.join(blanks)})*)"
    named = [
        f"(?P<{name}>{pattern})"
        for name, pattern in terminals
        if name not in BLANKS and name != CONTEXTUAL and version >= SINCE.get(name, version)
    ]
    inner = dict(terminals).get(CONTEXTUAL, "(?!)")
    return Lexer(
        main=re.compile(f"{blank}(?:{'|'.join(named)})"),
        inner=re.compile(f"{blank}(?P<{CONTEXTUAL}>{inner})"),
        blank=re.compile(blank),
    )
