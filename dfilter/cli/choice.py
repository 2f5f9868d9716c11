"""Which frames `run` is about: the filter, the buttons, the indicators, and the profile that they are from.

In: options.  Out: the filter's text and macros, a table of what each button selects.
Always: an unknown button ends the command with the names that are most like it; a red one among all of them is
reported, and the others run.
"""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import dfilter
from dfilter.cli.decode_as import Rules, decode_rules
from dfilter.cli.guard import Exit, say, wrong_usage
from dfilter.cli.text import visible

if TYPE_CHECKING:
    from dfilter.profiles import Profile

_OLD = ("3.4", "4.0")


def add_choice(parser: ArgumentParser) -> None:
    """Options that choose frames by what a profile keeps."""
    parser.add_argument("--profile", metavar="NAME",
                        help="take buttons, columns, time format, colours and macros from this profile: of Wireshark, "
                        "of dfilter, a folder, or the built-in tutorial")  # fmt: skip
    parser.add_argument("--button", dest="buttons", action="append", default=[], metavar="LABEL",
                        help="select what this filter button selects; repeat it for what all of them do; FILTER may "
                        "then be left out")  # fmt: skip
    parser.add_argument("--all-buttons", action="store_true", help="print how many frames each button selects")
    parser.add_argument("--indicators", metavar="FILE",
                        help="select only what touches an address, network or domain name of this list, one a line, "
                        "defanged or not")  # fmt: skip


def settle_captures(options: Namespace) -> None:
    """With buttons the filter may be left out: then the first argument is a capture, too."""
    may_lack = bool(options.buttons) or options.all_buttons
    if may_lack and (options.filter == "-" or os.path.exists(options.filter)):  # noqa: PTH110 - any text is allowed
        options.captures = [options.filter, *options.captures]
        options.filter = ""
    if not options.captures:
        taken = f"; no file is called {options.filter!r}, so it is taken for the FILTER" if may_lack else ""
        wrong_usage(f"a CAPTURE is missing{taken}")


def profile_of(options: Namespace) -> Profile:
    """The profile that is asked for, or the default one; one that something is to be kept in may be new."""
    from dfilter.profiles import find_profile, new_profile

    return new_profile(options.profile) if options.remember and options.profile else find_profile(options.profile)


def macros_for(options: Namespace) -> Mapping[str, str] | None:
    """The macros of --macros, else those of the profile where one is used."""
    if options.macros:
        from dfilter.cli.sources import given_macros

        return given_macros(options.macros)
    if options.profile is None and not options.buttons and not options.all_buttons:
        return None
    from dfilter import desk

    return desk.macros(profile_of(options), old=options.target in _OLD)


def filter_text(options: Namespace) -> str:
    """The filter, the buttons and the indicators, as one filter that holds where all of them do."""
    if not options.buttons and options.indicators is None:
        return str(options.filter)
    from dfilter import desk
    from dfilter.indicators import indicator_filter

    texts = [_button_text(options, label) for label in options.buttons]
    if options.filter.strip() or not texts:
        texts.append(options.filter)
    if options.indicators is not None:
        with Path(options.indicators).open(encoding="utf-8", errors="replace") as lines:
            try:
                texts.append(indicator_filter(lines))
            except dfilter.DfilterError as error:
                raise dfilter.DfilterError(f"{options.indicators}: {error}") from error
    return desk.combined(texts)


def _button_text(options: Namespace, label: str) -> str:
    from dfilter import desk

    return desk.button(profile_of(options), label, fall_back=options.profile is None).filter


def print_all_buttons(options: Namespace) -> Exit:
    """A table: label, frames in each capture, filter."""
    from dfilter import desk
    from dfilter.profiles import Button

    profile = profile_of(options)
    found = desk.buttons(profile)
    if not found and options.profile is None:
        profile, found = desk.TUTORIAL, desk.buttons(desk.TUTORIAL)
    if not found:
        raise dfilter.DfilterError(f"the profile {profile.name} has no buttons; `dfilter buttons add` makes one")
    macros, common = macros_for(options), filter_text(options)
    shown = [each for each in found if each.enabled]
    asked = [Button(each.label, desk.combined([common, each.filter])) for each in shown]
    good, bad = desk.compiled_buttons(asked, target=options.target, own=macros)
    rules = decode_rules(options.decode_as)
    counts = [_counts(good, capture, rules) for capture in options.captures]
    rows = [["button", *(options.captures if len(counts) > 1 else ["frames"]), "filter"]]
    for each in shown:
        cells = [str(count[each.label]) if each.label in good else "red" for count in counts]
        rows.append([each.label, *cells, each.filter])
    _print_table([[visible(cell) for cell in row] for row in rows])
    for label, error in bad.items():
        say(f"the button {label!r} cannot be run\n{error}")
    return Exit.RED if bad else Exit.OK


def _counts(filters: dict[str, dfilter.Filter], capture: str, rules: Rules | None) -> dict[str, int]:
    if not filters:
        return {}
    found = dfilter.FilterSet(filters).frames(capture, decode_as=rules)
    return {label: len(numbers) for label, numbers in found.items()}


def _print_table(rows: list[list[str]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    for label, *numbers, text in rows:
        cells = [label.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(numbers, widths[1:], strict=True))]
        print("  ".join((*cells, text)).rstrip())
