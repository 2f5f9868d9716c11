"""Repairing, migrating, formatting and completing filters, by the names of Wireshark versions; public names.

In: text.  Out: text, or what could be written next.
Always: no text makes these raise; `ValueError` for a version that dfilter does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dfilter.fields.versions import NEWEST, Version

if TYPE_CHECKING:
    from dfilter.check.complete import Completions
    from dfilter.check.diagnostics import Verdict
    from dfilter.check.fix import Repair
    from dfilter.records.schema import Schema

Target = str | Version
Macros = Mapping[str, str] | None


def _version(target: Target) -> Version:
    return target if isinstance(target, Version) else Version.parse(target)


def fix(text: str, target: Target = NEWEST, *, macros: Macros = None, unsafe: bool = False,
        macro: bool = False) -> Repair:  # fmt: skip
    """Apply the fixes of a filter's errors and warnings; what would stay red is left as it is.

    Args:
        text: the filter.
        target: the Wireshark version that judges.
        macros: name -> body.
        unsafe: also apply fixes that guess what was meant.
        macro: the text is the body of a macro, with `$1`, `$2`, … for its parameters.
    """
    from dfilter.check.fix import fix_text

    return fix_text(text, _version(target), macros, unsafe=unsafe, macro=macro)


def migrate(text: str, old: Target, new: Target = NEWEST, *, macros: Macros = None, unsafe: bool = False,
            macro: bool = False) -> Repair:  # fmt: skip
    """Carry a filter from one Wireshark version to another, so that it selects the same frames.

    Args:
        text: the filter, as `old` reads it.
        old: the version for which it was written.
        new: the version that is to read it.
        macros: name -> body.
        unsafe: also accept a result whose meaning may differ.
        macro: the text is the body of a macro.
    """
    from dfilter.check.migrate import migrate_text

    return migrate_text(text, _version(old), _version(new), macros, unsafe=unsafe, macro=macro)


def format(text: str, target: Target = NEWEST, *, macros: Macros = None) -> str | None:
    """The canonical spelling of a filter, with the same meaning; None for a text that is none."""
    from dfilter.language.format import format_text

    return format_text(text, _version(target), macros)


def check_macro(body: str, target: Target = NEWEST, *, macros: Macros = None) -> Verdict:
    """The verdict on a macro's body: that of the mildest of several sample arguments."""
    from dfilter.check.macro import analyse_macro

    return analyse_macro(body, _version(target), macros).verdict


def complete(text: str, cursor: int | None = None, target: Target = NEWEST, *, macros: Macros = None,
             limit: int = 100, schema: Schema | None = None) -> Completions:  # fmt: skip
    """What can stand at a place of a filter: names, operators, values.

    Args:
        text: the filter, as far as it is written.
        cursor: the place, in characters from the start; None for the end.
        target: the Wireshark version whose names count.
        macros: name -> body.
        limit: how many candidates at most.
        schema: the fields of an embedder's records, in place of Wireshark's.
    """
    from dfilter.check.complete import complete_text
    from dfilter.fields.vocabulary import WIRESHARK

    place = len(text) if cursor is None else cursor
    return complete_text(text, place, _version(target), macros, limit, schema or WIRESHARK)
