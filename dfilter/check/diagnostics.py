"""What the checker says about a filter.

In: problems found by the parser, the type inference and the rules.  Out: `Verdict`, its colour and its
`Diagnostic`s, and their rendering with carets.  What always holds: codes are stable (`E…` red, `W…` yellow,
`H…` a hint that stays green), spans are offsets into the text the user typed, and a verdict is red if and
only if one of its diagnostics is an error.
"""

from __future__ import annotations

from enum import Enum, StrEnum

from dfilter.language.source import Span
from dfilter.slotted import frozen


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

    def render(self, *, colour: bool = False) -> str:
        """Every diagnostic with the text it speaks of and carets under the place; "" if there is none.

        `colour`: with escape sequences for a terminal.
        """
        return "\n".join(render_diagnostic(item, self.text, colour=colour) for item in self.diagnostics)


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


_BOLD, _PLAIN, _BLUE, _GREEN = "\x1b[1m", "\x1b[0m", "\x1b[1;34m", "\x1b[1;32m"
_DASHES = str.maketrans("^~", "--")
_PAINT = {Severity.ERROR: "\x1b[1;31m", Severity.WARNING: "\x1b[1;33m", Severity.HINT: "\x1b[1;36m"}


def render_diagnostic(item: Diagnostic, text: str, *, colour: bool = False) -> str:
    """One diagnostic as text: headline, the line with carets, labels, notes, fixes."""
    paint = _painted if colour else _unpainted
    strong = _PAINT[item.severity]
    head = paint(f"{item.severity.value}[{item.code}]", strong)
    lines = [head + paint(f": {_one_line(item.message)}", _BOLD)]
    shown, carets = _excerpt(text, item.span)
    lines += [shown, _INDENT + paint(carets, strong)]
    for label in item.labels:
        again, dashes = _excerpt(text, label.span)
        lines += [] if again == shown else [again]
        shown, dashes = again, dashes.translate(_DASHES)
        lines.append(_INDENT + paint(f"{dashes} {_one_line(label.text)}", _BLUE))
    lines += [f"{_INDENT}{paint('note', _BOLD)}: {_one_line(note)}" for note in item.notes]
    lines += [f"{_INDENT}{paint('fix', _GREEN)}: {_describe(fix, text)}" for fix in item.fixes]
    return "\n".join(lines)


def _painted(text: str, paint: str) -> str:
    return f"{paint}{text}{_PLAIN}"


def _unpainted(text: str, paint: str) -> str:
    return text


def _one_line(text: str) -> str:
    """A message, which may quote the filter, without what would move the cursor of a terminal."""
    return text if text.isprintable() else "".join(map(_visible, text))


def _describe(fix: Fix, text: str) -> str:
    old = text[fix.span.start : fix.span.end]
    if not fix.replacement:
        return f"remove `{_shorten(old)}`"
    if not old:
        return f"insert `{_shorten(fix.replacement)}`"
    return f"replace by `{_shorten(fix.replacement)}`"


def _shorten(text: str) -> str:
    text = "".join(_visible(character) for character in text[: 2 * _WINDOW])
    return text if len(text) <= _WINDOW else text[: _WINDOW - 1] + "…"


def _excerpt(text: str, span: Span) -> tuple[str, str]:
    """The line that holds the start of `span`, cut to a window, and the carets for the line below it."""
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
    return _INDENT + shown, " " * before + carets


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
