"""The prompt of `dfilter shell`, by prompt_toolkit (the extra `shell`): a filter bar that is green, yellow or red.

In: keys.  Out: lines.  Always: importing this module fails with a message that says what to install.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

import dfilter
from dfilter.cli.colour import in_colour
from dfilter.cli.shell_commands import COMMANDS, Shell
from dfilter.cli.text import visible

try:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
    from prompt_toolkit.completion import CompleteEvent, Completer, Completion
    from prompt_toolkit.document import Document
    from prompt_toolkit.formatted_text import StyleAndTextTuples
    from prompt_toolkit.history import InMemoryHistory
    from prompt_toolkit.lexers import Lexer
    from prompt_toolkit.output import ColorDepth
    from prompt_toolkit.styles import Style
except ImportError:
    raise dfilter.DfilterError("the shell needs prompt_toolkit: pip install 'dfilter-engine[shell]'") from None

_STYLE = Style.from_dict({
    "green": "bg:#afffaf #000000", "yellow": "bg:#ffffaf #000000", "red": "bg:#ffafaf #000000", "command": "bold",
    "bottom-toolbar": "noreverse", "bar.green": "bg:#008700 #ffffff bold", "bar.yellow": "bg:#d7af00 #000000 bold",
    "bar.red": "bg:#af0000 #ffffff bold",
})  # fmt: skip
"""The backgrounds are those of Wireshark's filter bar."""
_CANDIDATES = 50


def ask(shell: Shell) -> Iterator[str]:
    """The lines that are typed, until Ctrl-D."""
    bar = _Bar(shell)
    history = InMemoryHistory(shell.history())
    session: PromptSession[str] = PromptSession(
        message=bar.message, lexer=bar, completer=_FilterCompleter(shell), complete_while_typing=True,
        history=history, auto_suggest=AutoSuggestFromHistory(), bottom_toolbar=bar.toolbar, style=_STYLE,
        color_depth=None if in_colour(shell.color) else ColorDepth.DEPTH_1_BIT,
    )  # fmt: skip
    bar.session = session
    while True:
        try:
            yield session.prompt()
        except KeyboardInterrupt:
            continue  # as in other shells: a new line
        except EOFError:
            return


class _Bar(Lexer):
    """The line's background and what stands below it: what Wireshark says of the filter so far."""

    def __init__(self, shell: Shell) -> None:
        self.session: PromptSession[str] | None = None
        self._verdict = lru_cache(maxsize=64)(shell.verdict)

    @property
    def _text(self) -> str:
        return "" if self.session is None else self.session.default_buffer.text

    def _colour(self, text: str) -> str:
        return "command" if text.lstrip().startswith(":") else self._verdict(text).colour.value

    def lex_document(self, document: Document):  # type: ignore[no-untyped-def]
        """A function that styles a line."""
        style = f"class:{self._colour(document.text)}"
        return lambda number: [(style, document.lines[number])]

    def message(self) -> StyleAndTextTuples:
        colour = self._colour(self._text)
        name = colour if colour != "command" else "green"
        return [(f"class:bar.{name}", " filter "), ("", " ")]

    def toolbar(self) -> StyleAndTextTuples:
        text = self._text
        if text.lstrip().startswith(":"):
            name, _, _ = text.lstrip()[1:].partition(" ")
            known = COMMANDS.get(name)
            return [("", f" :{name} {known.usage}: {known.meaning}" if known else " a command; :help lists them")]
        verdict = self._verdict(text)
        said = verdict.diagnostics[0].message if verdict.diagnostics else "press Enter to run it; :help lists commands"
        return [(f"class:bar.{verdict.colour.value}", f" {verdict.colour.value} "), ("", " " + visible(said))]


class _FilterCompleter(Completer):
    """Candidates for filters by `dfilter.complete`, and for commands."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        text, cursor = document.text, document.cursor_position
        if text.lstrip().startswith(":"):
            yield from self._commands(document.text_before_cursor.lstrip()[1:])
            return
        if not text.strip():
            return
        found = dfilter.complete(text, cursor, self._shell.target, macros=self._shell.macros, limit=_CANDIDATES)
        for item in found.items:
            yield Completion(item.text, start_position=min(found.span.start - cursor, 0), display_meta=item.detail)

    def _commands(self, begun: str) -> Iterator[Completion]:
        name, blank, rest = begun.partition(" ")
        if not blank:
            names = (each for each in (*COMMANDS, "quit") if each.startswith(name))
            yield from (Completion(each, start_position=-len(name)) for each in names)
        elif name == "button":
            labels = (button.label for button in self._shell.buttons() if button.label.startswith(rest))
            yield from (Completion(label, start_position=-len(rest)) for label in labels)
