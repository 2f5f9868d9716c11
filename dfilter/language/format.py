"""One spelling for a filter, whoever wrote it.

In: text, a version, macro definitions.  Out: the canonical text in that version's language.
What always holds: the result has the tree of the text (brackets around brackets apart), so it means the same;
formatting the result gives the result.  Words for `and`, `or`, `not`, `xor`, symbols for comparisons, single blanks;
names, numbers, addresses, strings and macro calls stay as typed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from dfilter.fields.versions import NEWEST, Version
from dfilter.language import ast
from dfilter.language.parser import parse
from dfilter.language.printer import print_filter
from dfilter.language.problems import ProblemError
from dfilter.language.source import Span
from dfilter.slotted import replace


def format_text(text: str, version: Version = NEWEST, macros: Mapping[str, str] | None = None) -> str | None:
    """The canonical spelling of a filter; None if it is none.

    A filter that cannot be spelled otherwise without doubt (a macro that stands for an operator) is returned as it is.
    """
    parsed = parse(text, version, macros)
    if parsed.tree is None:
        return None
    if parsed.forgotten is not None:
        return text
    try:
        wanted = _plain(parsed.tree)
        if not parsed.expanded:
            found = print_filter(wanted, version, as_typed=True)
        else:
            found = _around_macros(text, version, macros)
        again = parse(found, version, macros).tree
        return found if again is not None and _plain(again) == wanted else text
    except RecursionError:  # arithmetic as long as the text: fine to print, too deep to compare
        return text


def _plain(tree: ast.Expression) -> ast.Expression:
    """The tree without brackets around brackets."""
    match tree:
        case ast.Group(expression=ast.Group() as inner):
            return _plain(inner)
        case ast.Group(expression=inner):
            return replace(tree, expression=_plain(inner))
        case ast.Not(operand=operand):
            return replace(tree, operand=_plain(operand))
        case ast.And(items=items) | ast.Or(items=items) | ast.Xor(items=items):
            return type(tree)(tree.span, tuple(map(_plain, items)))
        case _:
            return tree


def _around_macros(text: str, version: Version, macros: Mapping[str, str] | None) -> str:
    """The text formatted with a word in the place of each macro call; the text itself if that is no filter."""
    from dfilter.language.macros import expand, shipped

    try:
        expansion = expand(text, shipped(version) if macros is None else macros, version)
    except ProblemError:
        return text
    calls = [piece.source for piece in expansion.pieces if not piece.verbatim]
    word = _unused_word(text)
    tree = parse(_marked(text, calls, word), version, {}).tree
    if tree is None:
        return text
    printed = print_filter(_plain(tree), version, as_typed=True)
    return re.sub(rf"{word}(\d+)e", lambda match: text[calls[int(match[1])].start : calls[int(match[1])].end], printed)


def _unused_word(text: str) -> str:
    """A word that the text does not hold."""
    word = "macro"
    while word in text:
        word += "x"
    return word


def _marked(text: str, calls: list[Span], word: str) -> str:
    parts: list[str] = []
    done = 0
    for number, call in enumerate(calls):
        parts += [text[done : call.start], f"{word}{number}e"]
        done = call.end
    return "".join((*parts, text[done:]))
