"""What an analyst keeps in a profile, ready to use: buttons, columns, colours, macros, the history of filters.

In: a profile.  Out: filters, column formats, rules of colour.
Always: a file that a profile lacks is as good as an empty one; nothing is written but by `remember`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dfilter.errors import DfilterError, FilterError
from dfilter.filter import Filter, Target, compile_filter
from dfilter.packets.view import View
from dfilter.profiles.buttonlist import Button, buttons_of, nearest
from dfilter.profiles.colours import colours_of
from dfilter.profiles.columnformat import PREFERENCE, ColumnFormat, encode_columns, parse_columns
from dfilter.profiles.document import Format
from dfilter.profiles.files import macros_beside, read_file, write_file
from dfilter.profiles.folders import BUILTIN, Profile, installed_folder
from dfilter.profiles.settings import HISTORY, value_of, values_of, with_history, with_value
from dfilter.slotted import frozen
from dfilter.timeforms import TIME_FORMATS

BUTTONS, COLOURS, PREFERENCES, RECENT, RECENT_COMMON = (
    "dfilter_buttons", "colorfilters", "preferences", "recent", "recent_common")  # fmt: skip
TUTORIAL = Profile("tutorial", BUILTIN / "tutorial", builtin=True)
TIME_SETTING = "gui.time_format"
_TIME_NAMES = {
    "a": "ABSOLUTE", "ad": "ABSOLUTE_WITH_YMD", "adoy": "ABSOLUTE_WITH_YDOY", "d": "DELTA", "dd": "DELTA_DIS",
    "e": "EPOCH", "r": "RELATIVE", "u": "UTC", "ud": "UTC_WITH_YMD", "udoy": "UTC_WITH_YDOY",
}  # fmt: skip
"""`-t` of tshark -> what the file `recent` of a profile says."""
DEFAULT_COLUMNS = (
    ColumnFormat("No.", "%m"), ColumnFormat("Time", "%t"), ColumnFormat("Source", "%s"),
    ColumnFormat("Destination", "%d"), ColumnFormat("Protocol", "%p"), ColumnFormat("Length", "%L"),
    ColumnFormat("Info", "%i"),
)  # fmt: skip
"""Wireshark's."""


class UnknownButtonError(DfilterError):
    """No button has that label; the message names those most like it."""


def text_of(profile: Profile, name: str) -> str:
    """The text of a profile's file; "" where it has none."""
    path = profile.file(name)
    return read_file(path, Format.LIST).text if path.is_file() else ""


def buttons(profile: Profile) -> list[Button]:
    """The buttons of a profile."""
    return buttons_of(text_of(profile, BUTTONS))


def button(profile: Profile, label: str, *, fall_back: bool = False) -> Button:
    """The button of that label.

    Args:
        fall_back: a button that the profile lacks is looked for among those of the tutorial, too.

    Raises:
        UnknownButtonError: there is none.
    """
    found = buttons(profile) + (buttons(TUTORIAL) if fall_back else [])
    for each in found:
        if each.label == label:
            return each
    near = nearest([each.label for each in found], label)
    hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
    raise UnknownButtonError(f"the profile {profile.name} has no button {label!r}{hint}"
                             f"{'' if near else '; `dfilter buttons list` shows those that there are'}")  # fmt: skip


def macros(profile: Profile, *, old: bool) -> Mapping[str, str] | None:
    """The macros of a profile, None if it defines none; `old`: for Wireshark up to 4.2."""
    return macros_beside(profile.file(BUTTONS), old=old)


def columns(profile: Profile) -> list[ColumnFormat]:
    """The columns of a profile; Wireshark's where it says nothing.

    Raises:
        ProfileError: its preference cannot be read.
    """
    value = value_of(text_of(profile, PREFERENCES), PREFERENCE)
    return parse_columns(value) if value else list(DEFAULT_COLUMNS)


def save_columns(profile: Profile, formats: list[ColumnFormat]) -> None:
    """Write the columns into the preferences of a profile."""
    text = with_value(text_of(profile, PREFERENCES), PREFERENCE, encode_columns(formats))
    write_file(profile.writable(PREFERENCES), text)


def time_format(profile: Profile) -> str | None:
    """How a profile shows times, as `-t` of tshark names it; None where it does not say."""
    value = value_of(text_of(profile, RECENT), TIME_SETTING)
    return next((name for name in TIME_FORMATS if _TIME_NAMES[name] == value), None)


def save_time_format(profile: Profile, name: str) -> None:
    """Write how times are shown into the file `recent` of a profile."""
    write_file(profile.writable(RECENT), with_value(text_of(profile, RECENT), TIME_SETTING, _TIME_NAMES[name]))


def history(profile: Profile) -> list[str]:
    """The filters that were typed, the latest last; they are common to all profiles of a folder."""
    return values_of(text_of(_common(profile), RECENT_COMMON), HISTORY)


def remember(profile: Profile, filter: str) -> None:
    """Add a filter to the history."""
    common = _common(profile)
    before = text_of(common, RECENT_COMMON)
    after = with_history(before, filter)
    if after != before:
        write_file(common.writable(RECENT_COMMON), after)


def _common(profile: Profile) -> Profile:
    """What profiles share lies in the folder above theirs."""
    folder = profile.folder
    return Profile(profile.name, folder.parent.parent, profile.builtin) if folder.parent.name == "profiles" else profile


@frozen
class ColourRule:
    """A rule of `colorfilters`: its filter, and the colours (red, green, blue, 0 to 255) behind and of the text."""

    name: str
    test: Callable[[View], bool]
    background: tuple[int, int, int]
    foreground: tuple[int, int, int]


def colour_rules(profile: Profile, *, target: Target | None = None) -> tuple[list[ColourRule], list[str]]:
    """The rules that are switched on, in their order, and the names of those that cannot be run.

    A profile without rules of its own has those that Wireshark installs for all users, as in Wireshark.
    """
    path, installed = profile.file(COLOURS), installed_folder()
    if not path.is_file() and installed is not None:
        path = installed / COLOURS
    if not path.is_file():
        return [], []
    found, lost = [], []
    own = macros(profile, old=False)
    for line in colours_of(read_file(path, Format.COLORFILTERS).text):
        if not line.enabled:
            continue
        try:
            compiled = compile_filter(line.filter, target=target, macros=own)
        except FilterError:
            lost.append(line.name)
            continue
        found.append(ColourRule(line.name, compiled.test, line.background, line.foreground))
    return found, lost


def combined(texts: list[str]) -> str:
    """One filter that holds where all of these do; empty ones select everything."""
    given = [text for text in texts if text.strip()]
    return given[0] if len(given) == 1 else " and ".join(f"({text})" for text in given)


def compiled_buttons(
    found: list[Button], *, target: Target | None = None, own: Mapping[str, str] | None = None
) -> tuple[dict[str, Filter], dict[str, FilterError]]:
    """The filters of buttons by label, and what is wrong with those that cannot be run."""
    good: dict[str, Filter] = {}
    bad: dict[str, FilterError] = {}
    for each in found:
        try:
            good[each.label] = compile_filter(each.filter, target=target, macros=own)
        except FilterError as error:
            bad[each.label] = error
    return good, bad
