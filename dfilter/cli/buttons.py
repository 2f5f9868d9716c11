"""`dfilter buttons list|add|edit|remove|import|export|recent`: the filter buttons of a profile.

In: a profile, labels, filters, files.  Out: a table, JSON, or a changed `dfilter_buttons`.
Always: a file is written whole or not at all, in one step; what is not about a button stays as it is; a red filter is
not added unless that is forced.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import dfilter
from dfilter import desk
from dfilter.cli.arguments import add_target
from dfilter.cli.guard import Exit, say, wrong_usage
from dfilter.cli.text import visible
from dfilter.profiles import (
    Button,
    Format,
    Profile,
    ProfileError,
    buttons_of,
    decode,
    find_profile,
    guess_format,
    new_profile,
    parse_document,
    profiles,
    read_file,
    with_button,
    with_changes,
    without_button,
    write_file,
)
from dfilter.slotted import replace

ACTIONS: Final = ("list", "add", "edit", "remove", "import", "export", "recent", "profiles")
_COUNTS: Final = {"list": (0, 0), "add": (2, 2), "edit": (1, 1), "remove": (1, None), "import": (1, None),
                  "export": (0, 1), "recent": (0, 0), "profiles": (0, 0)}  # fmt: skip
_MEANT: Final = {"add": "a label and a filter", "edit": "a label", "remove": "a label", "import": "a file",
                 "export": "one file at most"}  # fmt: skip
_OLD: Final = ("3.4", "4.0")


def arguments(parser: ArgumentParser) -> None:
    """The command line of `buttons`."""
    parser.add_argument("action", choices=ACTIONS, metavar="ACTION",
                        help="list; add LABEL FILTER; edit LABEL; remove LABEL...; import FILE...; export [FILE]; "
                        "recent: the filters typed last; profiles: their names and folders")  # fmt: skip
    parser.add_argument("words", nargs="*", metavar="ARGUMENT", help="labels, a filter, files; - is standard input")
    text = "of Wireshark, of dfilter, a folder, or the built-in tutorial (default: the default one)"
    parser.add_argument("--profile", metavar="NAME", help=text)
    parser.add_argument("--label", metavar="LABEL", help="edit: the new label; // parts menus from what they hold")
    parser.add_argument("--filter", metavar="FILTER", help="edit: the new filter")
    parser.add_argument("--comment", metavar="TEXT", help="add, edit: what the button's hint says")
    parser.add_argument("--at", type=int, metavar="N", help="add: before the button at this place, from 1")
    parser.add_argument("--enable", action="store_true", help="edit: show the button")
    parser.add_argument("--disable", action="store_true", help="add, edit: keep the button, but do not show it")
    parser.add_argument("--replace", action="store_true", help="import: overwrite buttons of the same label")
    parser.add_argument("--force", action="store_true", help="add, edit, import: take red filters, too")
    parser.add_argument("--format", choices=("text", "json", "names"), default="text",
                        help="list: how it is printed; names: only the labels; profiles: names or text")  # fmt: skip
    add_target(parser)


def command(options: Namespace) -> int:
    """Do what the action says."""
    least, most = _COUNTS[options.action]
    if len(options.words) < least or (most is not None and len(options.words) > most):
        wrong_usage(f"{options.action} takes {_MEANT.get(options.action, 'no further arguments')}")
    _refuse_nonsense(options)
    actions: dict[str, Callable[[Namespace], int]] = {
        "list": _list, "add": _add, "edit": _edit, "remove": _remove, "import": _import, "export": _export,
        "recent": _recent, "profiles": _profiles,
    }  # fmt: skip
    return actions[options.action](options)


def _refuse_nonsense(options: Namespace) -> None:
    """No option is ignored in silence."""
    goes_with = {"label": ("edit",), "filter": ("edit",), "comment": ("add", "edit"), "at": ("add",),
                 "enable": ("edit",), "disable": ("add", "edit"), "replace": ("import",),
                 "force": ("add", "edit", "import")}  # fmt: skip
    for name, actions in goes_with.items():
        if getattr(options, name) not in (None, False) and options.action not in actions:
            wrong_usage(f"--{name} goes with {' and '.join(actions)}")
    listed = options.action == "list" or (options.action, options.format) == ("profiles", "names")
    if options.format != "text" and not listed:
        wrong_usage("--format goes with list, --format names also with profiles")
    if options.enable and options.disable:
        wrong_usage("--enable and --disable exclude each other")
    if options.at is not None and options.at < 1:
        wrong_usage("--at counts from 1")


def _list(options: Namespace) -> int:
    profile = find_profile(options.profile)
    found = desk.buttons(profile)
    _say_unreadable(profile)
    if not found and options.profile is None:
        profile, found = desk.TUTORIAL, desk.buttons(desk.TUTORIAL)
    if options.format == "names":
        _print_names([each.label for each in found])
        return Exit.OK
    if options.format == "json":
        rows = [{"label": each.label, "menu": list(each.path[:-1]), "filter": each.filter,
                 "comment": each.comment, "enabled": each.enabled,
                 "colour": _colour(options, profile, each.filter)} for each in found]  # fmt: skip
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return Exit.OK
    print(f"profile {profile.name}{' (built in)' if profile.builtin else ''}: {profile.file(desk.BUTTONS)}")
    width = max((len(visible(each.label)) for each in found), default=0)
    for each in found:
        notes = [] if each.enabled else ["disabled"]
        colour = _colour(options, profile, each.filter)
        notes += [colour] if colour != "green" else []
        notes += [each.comment] if each.comment else []
        note = f"  ({visible(', '.join(notes))})" if notes else ""
        print(f"{visible(each.label):<{width}}  {visible(each.filter)}{note}")
    return Exit.OK


def _print_names(names: list[str]) -> None:
    """One a line; of those that would take more, or steer the terminal, nothing is offered."""
    for name in names:
        if name == visible(name):
            print(name)


def _say_unreadable(profile: Profile) -> None:
    """Lines that are no buttons stay in the file, but not in silence."""
    for line in parse_document(desk.text_of(profile, desk.BUTTONS), Format.DFILTER_BUTTONS).unreadable:
        say(f"warning: {profile.file(desk.BUTTONS)}:{line.line}: {line.reason}")


def _colour(options: Namespace, profile: Profile, text: str) -> str:
    macros = desk.macros(profile, old=options.target in _OLD)
    return dfilter.check(text, options.target, macros=macros).colour.value


def _add(options: Namespace) -> int:
    label, filter = options.words
    profile = new_profile(options.profile) if options.profile is not None else find_profile()
    if not _accepts(options, profile, label, filter):
        return Exit.RED
    button = Button(label, filter, options.comment or "", not options.disable)
    _write(profile, with_button(desk.text_of(profile, desk.BUTTONS), button, options.at))
    return Exit.OK


def _edit(options: Namespace) -> int:
    profile = find_profile(options.profile)
    text = desk.text_of(profile, desk.BUTTONS)
    label = options.words[0]
    before = desk.button(profile, label)
    given = {"label": options.label, "filter": options.filter, "comment": options.comment}
    changes = {name: value for name, value in given.items() if value is not None}
    after = replace(before, **changes, enabled=(before.enabled or options.enable) and not options.disable)
    if not changes and not options.enable and not options.disable:
        wrong_usage("edit: nothing to change; --label, --filter, --comment, --enable, --disable say what")
    if options.label is not None:
        _refuse_label(after.label)
    if options.filter is not None and not _accepts(options, profile, after.label, after.filter):
        return Exit.RED
    _write(profile, with_changes(text, label, after))
    return Exit.OK


def _remove(options: Namespace) -> int:
    profile = find_profile(options.profile)
    text = desk.text_of(profile, desk.BUTTONS)
    for label in options.words:
        text = without_button(text, label)
    _write(profile, text)
    return Exit.OK


def _import(options: Namespace) -> int:
    profile = new_profile(options.profile) if options.profile is not None else find_profile()
    text = desk.text_of(profile, desk.BUTTONS)
    known = {each.label for each in buttons_of(text)}
    code, added, kept = Exit.OK, 0, 0
    for button in (button for path in options.words for button in _buttons_in(path)):
        if button.label in known and not options.replace:
            kept += 1
        elif not _accepts(options, profile, button.label, button.filter):
            code = Exit.RED
        else:
            known_already = button.label in known
            text = with_changes(text, button.label, button) if known_already else with_button(text, button)
            known.add(button.label)
            added += 1
    if added:
        _write(profile, text)
    say(f"{added} button{'' if added == 1 else 's'} imported"
        + (f", {kept} left as they were (--replace overwrites them)" if kept else ""))  # fmt: skip
    return code


def _buttons_in(path: str) -> Iterator[Button]:
    """The buttons, or other named filters, of a file; of a folder, its buttons; of a profile's name, too."""
    if path == "-":
        text = decode(sys.stdin.buffer.read())
        document = parse_document(text, guess_format("", text))
    else:
        document = read_file(_button_file(path))
    if document.format is Format.DFILTER_BUTTONS:
        yield from buttons_of(document.text)
        return
    if any(entry.macro for entry in document.entries):
        raise ProfileError(f"{path}: macros are no buttons")
    for entry in document.entries:
        yield Button(entry.name or entry.text, entry.text, "", entry.enabled)


def _button_file(path: str) -> Path:
    if Path(path).is_dir():
        return Path(path) / desk.BUTTONS
    if not Path(path).exists() and any(profile.name == path for profile in profiles()):
        return find_profile(path).file(desk.BUTTONS)
    return Path(path)


def _export(options: Namespace) -> int:
    profile = find_profile(options.profile)
    text = desk.text_of(profile, desk.BUTTONS)
    target = options.words[0] if options.words else "-"
    if target == "-":
        sys.stdout.write(text)
    else:
        write_file(Path(target), text)
    return Exit.OK


def _recent(options: Namespace) -> int:
    for text in desk.history(find_profile(options.profile)):
        print(visible(text))
    return Exit.OK


def _profiles(options: Namespace) -> int:
    if options.profile is not None:
        wrong_usage("profiles lists all of them; --profile does not go with it")
    if options.format == "names":
        _print_names([profile.name for profile in profiles()])
        return Exit.OK
    for profile in profiles():
        print(f"{visible(profile.name):<20}  {visible(str(profile.folder))}{' (built in)' if profile.builtin else ''}")
    return Exit.OK


def _accepts(options: Namespace, profile: Profile, label: str, filter: str) -> bool:
    """Is the filter one that may be kept? If not, why."""
    _refuse_label(label)
    verdict = dfilter.check(filter, options.target, macros=desk.macros(profile, old=options.target in _OLD))
    if verdict.colour.value != "red" or options.force:
        return True
    say(f"the button {label!r} is not kept, since its filter is red (--force keeps it)\n{verdict.render()}")
    return False


def _refuse_label(label: str) -> None:
    if not label.replace("//", "").strip():
        raise ProfileError(f"the label {label!r} is empty; a button needs one")
    if "\n" in label or "\r" in label:
        raise ProfileError(f"the label {label!r} has a line break; a button's label is one line")


def _write(profile: Profile, text: str) -> None:
    write_file(profile.writable(desk.BUTTONS), text)
