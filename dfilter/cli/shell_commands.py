"""What can be asked for inside `dfilter shell`.

In: lines.  Out: what they ask for, on standard output.  Always: what goes wrong with a line is said, and the next
line is taken; a line that begins with a colon is a command, any other is a filter.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import Final

import dfilter
from dfilter import desk
from dfilter.cli.follow import FORMS, KINDS, print_stream, split_substream
from dfilter.cli.guard import UsageError, say
from dfilter.cli.paint import BOLD, DIM, GREEN, RED, YELLOW, painter
from dfilter.cli.show import lines as frame_lines
from dfilter.cli.stats import count
from dfilter.cli.table import TablePrinter, rich_style
from dfilter.cli.text import visible
from dfilter.listing import PacketList, make_columns
from dfilter.profiles import Button, Profile, find_profile
from dfilter.scan import count_frames
from dfilter.slotted import frozen

COLOURS: Final = {"green": GREEN, "yellow": YELLOW, "red": RED}
NUMBER: Final = desk.DEFAULT_COLUMNS[0]
_SPARE_LINES: Final = 5
_FEWEST_ROWS: Final = 5


@frozen
class Command:
    """A command: what follows its name, what it does."""

    usage: str
    meaning: str
    run: Callable[[Shell, str], None]


class Shell:
    """The state of one session: the capture, the profile, the filter that is shown, the frame that is selected.

    Attributes:
        filter: the filter last run.
        verdict: a function text -> what the target version says of it.
    """

    def __init__(self, capture: str, profile: str | None, target: str, macros: Mapping[str, str] | None,
                 color: str) -> None:  # fmt: skip
        self.capture = capture
        self.target = target
        self.color = color
        self.profile: Profile = find_profile(profile)
        self.macros = macros if macros is not None else desk.macros(self.profile, old=target in ("3.4", "4.0"))
        self.filter = ""
        self.selected: int | None = None
        self._paint = painter(color)
        self._frames: Iterator[dfilter.View] = iter(())
        self._printer: TablePrinter | None = None
        self._shown = 0

    def open(self) -> None:
        """See that the capture can be read; `CaptureError` if not."""
        next(iter(dfilter.read(self.capture, "", fields=[])), None)

    def buttons(self) -> list[Button]:
        """The profile's buttons; where the default one has none, those of the tutorial."""
        found = desk.buttons(self.profile) or desk.buttons(desk.TUTORIAL)
        return [button for button in found if button.enabled]

    def history(self) -> list[str]:
        """The filters that were run before, the latest last."""
        return desk.history(self.profile)

    def verdict(self, text: str) -> dfilter.Verdict:
        return dfilter.check(text, self.target, macros=self.macros)

    def obey(self, line: str) -> bool:
        """Do what a line asks for; False if it ends the session."""
        text = line.strip()
        try:
            if not text.startswith(":"):
                self.run(text)
                return True
            name, _, rest = text[1:].partition(" ")
            if name in ("q", "quit", "exit"):
                return False
            self._command(name).run(self, rest.strip())
        except KeyboardInterrupt:
            print("interrupted")
        except ValueError as error:
            say(str(error))
        except (dfilter.DfilterError, UsageError, OSError) as error:
            if isinstance(error, BrokenPipeError):
                raise
            say(str(error))
        return True

    def _command(self, name: str) -> Command:
        found = COMMANDS.get(name)
        if found is None:
            raise UsageError(f"there is no command :{visible(name)}; :help lists them")
        return found

    def compile(self, text: str) -> dfilter.Filter:
        return dfilter.compile(text, target=self.target, macros=self.macros)

    def run(self, text: str) -> None:
        """Show the frames that a filter selects, the first of them at once."""
        compiled = self.compile(text)
        self.filter = text
        if text:
            self._remember(text)
        formats = desk.columns(self.profile)
        if not any(each.kind == NUMBER.kind for each in formats):
            formats = [NUMBER, *formats]  # what :show and :select ask for
        listing = PacketList(make_columns(formats, desk.time_format(self.profile) or "r",
                                          target=self.target, macros=self.macros))  # fmt: skip
        rules, _ = desk.colour_rules(self.profile, target=self.target)
        style = rich_style(rules) if rules and self._paint("x", BOLD) != "x" else None
        names = listing.fields
        fields = None if style is not None or names is None else sorted(names)
        self._printer = TablePrinter(listing, False, style)
        self._frames = dfilter.read(self.capture, compiled, fields=fields, selected=self.selected)
        self._shown = 0
        self.more()

    def _remember(self, text: str) -> None:
        with suppress(dfilter.DfilterError, OSError):  # a profile that cannot be written keeps no history
            desk.remember(self.profile, text)

    def more(self) -> None:
        """Show the next frames."""
        if self._printer is None:
            self.run("")
            return
        rows = max(shutil.get_terminal_size().lines - _SPARE_LINES, _FEWEST_ROWS)
        found = 0
        for view in islice(self._frames, rows):
            self._printer.frame(self.capture, view)
            found += 1
        self._shown += found
        counted = f"{self._shown} frame{'' if self._shown == 1 else 's'}"
        if found < rows:
            print(self._paint(counted, DIM))
        else:
            print(self._paint(f"{counted} so far; :more shows the next, :count counts them all", DIM))


def _more(shell: Shell, rest: str) -> None:
    shell.more()


def _count(shell: Shell, rest: str) -> None:
    print(count_frames(shell.capture, shell.compile(shell.filter), selected=shell.selected))


def _number(text: str, what: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise UsageError(f"{what}: the number of a frame is missing")
    return int(text)


def _show(shell: Shell, rest: str) -> None:
    number, _, field = rest.partition(" ")
    detail = dfilter.show_frame(shell.capture, _number(number, ":show"))
    marked = detail.named(field.strip()) if field else []
    for line in frame_lines(detail, marked, painter(shell.color), shutil.get_terminal_size().columns):
        print(line)


def _select(shell: Shell, rest: str) -> None:
    number = _number(rest, ":select")
    detail = dfilter.show_frame(shell.capture, number)
    shell.selected = number
    print(f"frame {number}: {visible(detail.protocol)} {visible(detail.info)}; ${{…}} takes its values")


def _follow(shell: Shell, rest: str) -> None:
    kind, _, wished = rest.partition(" ")
    text, _, form = wished.rpartition(" ")
    if form not in FORMS or not text:
        text, form = wished, "ascii"
    text = text.strip()
    if kind not in KINDS or not text:
        raise UsageError(f":follow {COMMANDS['follow'].usage}")
    outer, inner = split_substream(kind, text)
    stream = int(outer) if outer.isascii() and outer.isdigit() else shell.compile(outer)
    followed = dfilter.follow_stream(shell.capture, kind, stream, substream=inner)
    print_stream(followed, form, painter(shell.color))


def _stats(shell: Shell, rest: str) -> None:
    count(shell.compile(shell.filter), shell.capture, rest.split(), paint=painter(shell.color))


def _buttons(shell: Shell, rest: str) -> None:
    paint = painter(shell.color)
    for number, button in enumerate(shell.buttons(), 1):
        colour = shell.verdict(button.filter).colour.value
        print(f"{number:>3}  {paint(visible(button.label), COLOURS[colour])}  {paint(visible(button.filter), DIM)}")


def _button(shell: Shell, rest: str) -> None:
    wished, found = rest, shell.buttons()
    chosen = next((button for button in found if button.label == wished), None)
    if chosen is None and wished.isascii() and wished.isdigit() and 0 < int(wished) <= len(found):
        chosen = found[int(wished) - 1]
    if chosen is None:
        raise UsageError(f"there is no button {visible(wished)!r}; :buttons lists them")
    print(painter(shell.color)(visible(chosen.filter), BOLD))
    shell.run(chosen.filter)


def _explain(shell: Shell, rest: str) -> None:
    found = dfilter.explain(rest or shell.filter, shell.target, macros=shell.macros)
    print("\n".join(map(visible, (found.words or found.verdict.render()).split("\n"))))


def _history(shell: Shell, rest: str) -> None:
    for text in shell.history():
        print(visible(text))


def _help(shell: Shell, rest: str) -> None:
    print("A line is a filter; an empty one shows all frames. Commands:")
    rows = [(f":{name} {each.usage}".rstrip(), each.meaning) for name, each in COMMANDS.items()]
    width = max(len(usage) for usage, _ in (*rows, (":quit", "")))
    for usage, meaning in (*rows, (":quit", "end; also Ctrl-D")):
        print(f"  {usage:<{width}}  {meaning}")


COMMANDS: Final[dict[str, Command]] = {
    "more": Command("", "the next frames", _more),
    "count": Command("", "how many frames the filter selects", _count),
    "show": Command("FRAME [FIELD]", "a frame's fields and bytes", _show),
    "follow": Command("tcp|udp|tls|http|http2 STREAM|FILTER [FORM]", "what the ends of a stream sent", _follow),
    "stats": Command("[KIND...]", "numbers about the frames that the filter selects", _stats),
    "buttons": Command("", "the buttons of the profile", _buttons),
    "button": Command("LABEL|NUMBER", "run a button's filter", _button),
    "select": Command("FRAME", "the frame that field references, ${ip.src}, are about", _select),
    "explain": Command("[FILTER]", "the filter in plain words", _explain),
    "history": Command("", "the filters that were run before", _history),
    "help": Command("", "this list", _help),
}
