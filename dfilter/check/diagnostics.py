"""What the checker says about a filter.

In: problems found by the parser, the type inference and the rules.  Out: `Verdict`, its colour and its
`Diagnostic`s, and their rendering with carets.  What always holds: codes are stable (`E…` red, `W…` yellow,
`H…` a hint that stays green), spans are offsets into the text the user typed, and a verdict is red if and
only if one of its diagnostics is an error.
"""

from __future__ import annotations

from enum import Enum, StrEnum

from dfilter.language.frozen import frozen
from dfilter.language.source import Span


class Severity(Enum):
    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"


class Colour(StrEnum):
    """Wireshark's own traffic light; compares equal to its name: ``verdict.colour == "red"``."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


class Safety(Enum):
    """What a fix does to the meaning of a filter."""

    SAFE = "safe"
    """The target version selects the same frames before and after; a red filter can have meant nothing else."""
    UNSAFE = "unsafe"
    """A guess at what was meant: look before applying it."""
    DISPLAY = "display-only"
    """Shows the way, but is not to be applied by a program."""


@frozen
class Fix:
    """Replace the text at `span` by `replacement`."""

    span: Span
    replacement: str
    safety: Safety = Safety.UNSAFE


@frozen
class Label:
    """A second place in the text that helps to understand the diagnostic."""

    span: Span
    text: str


@frozen
class Diagnostic:
    """One thing to say about one place of the filter."""

    code: str
    severity: Severity
    message: str
    span: Span
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()


_SEVERITY_OF_LETTER = {"E": Severity.ERROR, "W": Severity.WARNING, "H": Severity.HINT}


def diagnostic(
    code: str,
    message: str,
    span: Span,
    *,
    labels: tuple[Label, ...] = (),
    notes: tuple[str, ...] = (),
    fixes: tuple[Fix, ...] = (),
) -> Diagnostic:
    """A diagnostic whose severity follows from the first letter of its code."""
    return Diagnostic(code, _SEVERITY_OF_LETTER[code[0]], message, span, labels, notes, fixes)


@frozen
class Verdict:
    """What one Wireshark version says of a filter: its colour, and why."""

    colour: Colour
    diagnostics: tuple[Diagnostic, ...]
    text: str

    def render(self) -> str:
        """Every diagnostic with the text it speaks of and carets under the place; "" if there is none."""
        return "\n".join(render_diagnostic(item, self.text) for item in self.diagnostics)


def verdict_of(text: str, diagnostics: tuple[Diagnostic, ...]) -> Verdict:
    """The verdict that these diagnostics make, in order of their places."""
    severities = {item.severity for item in diagnostics}
    if Severity.ERROR in severities:
        colour = Colour.RED
    elif Severity.WARNING in severities:
        colour = Colour.YELLOW
    else:
        colour = Colour.GREEN
    ordered = sorted(diagnostics, key=lambda item: (item.span.start, item.span.end, item.code))
    return Verdict(colour, tuple(ordered), text)


# --- rendering ---------------------------------------------------------------------------------------------

_INDENT = "  "
_WINDOW = 100
"""How many characters of a long line are shown around the place."""


def render_diagnostic(item: Diagnostic, text: str) -> str:
    """One diagnostic as plain text: headline, the line with carets, labels, notes, fixes."""
    lines = [f"{item.severity.value}[{item.code}]: {item.message}"]
    lines += _excerpt(text, item.span)
    for label in item.labels:
        lines += _excerpt(text, label.span, label.text)
    lines += [f"{_INDENT}note: {note}" for note in item.notes]
    lines += [_INDENT + _describe(fix, text) for fix in item.fixes]
    return "\n".join(lines)


def _describe(fix: Fix, text: str) -> str:
    old = text[fix.span.start : fix.span.end]
    if not fix.replacement:
        return f"fix: remove `{_shorten(old)}`"
    if not old:
        return f"fix: insert `{_shorten(fix.replacement)}`"
    return f"fix: replace by `{_shorten(fix.replacement)}`"


def _shorten(text: str) -> str:
    text = "".join(_visible(character) for character in text[: 2 * _WINDOW])
    return text if len(text) <= _WINDOW else text[: _WINDOW - 1] + "…"


def _excerpt(text: str, span: Span, label: str = "") -> list[str]:
    """The line that holds the start of `span`, cut to a window, and the carets below it."""
    start = min(max(span.start, 0), len(text))
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", start)
    line_end = len(text) if line_end < 0 else line_end
    end = min(max(span.end, start), line_end)
    left = max(line_start, start - _WINDOW // 3)
    right = min(line_end, left + _WINDOW)
    end = min(end, right)
    head = "…" if left > line_start else ""
    tail = "…" if right < line_end else ""
    shown = head + "".join(_visible(character) for character in text[left:right]) + tail
    before = len(head) + _width(text[left:start])
    carets = "^" + "~" * (max(1, _width(text[start:end])) - 1)
    under = f"{_INDENT}{' ' * before}{carets}"
    return [_INDENT + shown, f"{under} {label}" if label else under]


def _visible(character: str) -> str:
    """Control characters as one visible column, so that the carets below stay aligned."""
    if character == "\t":
        return " "
    import unicodedata  # only what is shown needs it

    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    return " " if unicodedata.category(character) in ("Zl", "Zp", "Cc") else character


def _width(text: str) -> int:
    """Terminal columns of `text`: wide characters take two, combining ones none."""
    return sum(_character_width(character) for character in text)


def _character_width(character: str) -> int:
    if character < "\x80":
        return 1
    import unicodedata  # only what is shown needs it

    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
