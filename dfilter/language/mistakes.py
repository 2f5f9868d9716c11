"""Mistakes that are recognised by what they look like: pasted, defanged, or written for another version.

In: a syntax problem, and the text it is in.  Out: the same problem, or one that names the mistake and repairs it.
Every look is linear in the text, and is taken only where the text is no filter anyway.
"""

from __future__ import annotations

import re

from dfilter.fields.versions import Version
from dfilter.language.habits import advise
from dfilter.language.problems import Fix, Problem, SyntaxProblem
from dfilter.language.source import Span

TYPOGRAPHIC = frozenset("“”„‟«»‘’‚‛′″")
"""Quotation marks that word processors and web pages put in the place of the plain one."""

DEFANGED_DOTS = ("[.]", "(.)", "{.}", "[dot]", "(dot)", "[:]", "[://]")
_REFANGED = {"[:]": ":", "[://]": "://"}
_ELEMENT = re.compile(r'"(?>(?:[^"\\]|\\.)*)"|\.\.|[^\s,"{}]+?(?=\.\.|[\s,"{}]|\Z)')
_MOST_SHOWN = 2000


def recognise(problem: SyntaxProblem, text: str, version: Version) -> SyntaxProblem:
    """The problem with the name of its mistake, where it has one."""
    for look in (_typographic, _defanged, _removed_operator, _single_equals, _separator):
        found = look(problem, text, version)
        if found is not None:
            return found
    return advise(problem, text, version)


def _typographic(problem: SyntaxProblem, text: str, version: Version) -> SyntaxProblem | None:
    start = problem.span.start
    if text[start : start + 1] not in TYPOGRAPHIC or problem.kind not in (Problem.NON_PRINTABLE, Problem.UNEXPECTED):
        return None
    end = next((place for place in range(start + 1, len(text)) if text[place] in TYPOGRAPHIC), None)
    if end is None:
        end = text.find('"', start + 1)
    fix = None
    if end > start and '"' not in text[start + 1 : end]:
        inside = text[start + 1 : end].replace("\\", "\\\\")
        fix = Fix(Span(start, end + 1), f'"{inside}"', safe=True)
    message = f"the typographic quotation mark {text[start]} is no quote: strings stand in plain double quotes"
    return SyntaxProblem(Problem.TYPOGRAPHIC, message, Span(start, start + 1), fix=fix)


def _defanged(problem: SyntaxProblem, text: str, version: Version) -> SyntaxProblem | None:
    """An address or a name made harmless for a report, such as `10.8.15[.]1`."""
    place = problem.span.start
    for mark in DEFANGED_DOTS:
        found = text.find(mark, max(0, place - len(mark)), place + len(mark))
        if found >= 0:
            break
    else:
        return None
    start, end = _stretch(text, found, len(mark))
    if end - start > _MOST_SHOWN:
        return None
    defanged = text[start:end]
    refanged = refang(defanged)
    message = f"`{defanged}` is defanged: the filter needs `{refanged}`"
    span = Span(start, end)
    return SyntaxProblem(Problem.DEFANGED, message, span, fix=Fix(span, refanged))


_BOUNDARY = frozenset(" \t\r\n\"'=<>!&|,")


def _stretch(text: str, found: int, size: int) -> tuple[int, int]:
    """The word around a mark, marks included."""
    start, end = found, found + size
    while start > 0 and text[start - 1] not in _BOUNDARY and text[start - 1] != "{":
        start -= 1
    while end < len(text) and text[end] not in _BOUNDARY:
        if text[end] in "})" and not any(text.startswith(mark, end - mark.index(text[end])) for mark in DEFANGED_DOTS
                                         if text[end] in mark):  # fmt: skip
            break
        end += 1
    while text[start] == "(" and not text.startswith(("(.)", "(dot)"), start):
        start += 1
    return start, end


def refang(text: str) -> str:
    """The address, name or URL that a defanged text stands for."""
    for mark in DEFANGED_DOTS:
        text = text.replace(mark, _REFANGED.get(mark, "."))
    return re.sub(r"(?i)\bhxxp(?=s?:)", "http", text)


def _removed_operator(problem: SyntaxProblem, text: str, version: Version) -> SyntaxProblem | None:
    start = problem.span.start
    if version < Version.V4_4 or problem.kind is not Problem.UNEXPECTED:
        return None
    start -= text[start - 1 : start + 1] == "~="
    if text[start : start + 2] != "~=" or text[start - 1 : start] in ("!", "="):
        return None
    span = Span(start, start + 2)
    message = 'the operator "~=" is known to Wireshark 4.0 only; it is spelled "!==" now'
    return SyntaxProblem(Problem.REMOVED, message, span, fix=Fix(span, "!==", safe=True))


def _single_equals(problem: SyntaxProblem, text: str, version: Version) -> SyntaxProblem | None:
    start = problem.span.start
    if problem.kind is not Problem.UNEXPECTED or text[start : start + 1] != "=":
        return None
    if text[start + 1 : start + 2] in ("=", "<", ">", "!", "~") or text[start - 1 : start] in ("~", "=", "!", "<", ">"):
        return None
    span = Span(start, start + 1)
    message = 'a single "=" is no operator: "==" compares'
    return SyntaxProblem(Problem.EQUALS, message, span, fix=Fix(span, "==", safe=True))


def _separator(problem: SyntaxProblem, text: str, version: Version) -> SyntaxProblem | None:
    """Elements of a set stand between commas from 4.0 on, between blanks before."""
    place = problem.span.start
    opened = text.rfind("{", 0, place)
    closed = text.find("}", place)
    if opened < 0 or closed < 0 or problem.kind is not Problem.UNEXPECTED:
        return None
    if text.rfind("}", opened, place) >= 0 or not re.search(r"\bin\s*\Z", text[max(0, opened - 20) : opened]):
        return None
    old = version < Version.V4_0
    if (text[place] == ",") != old or text[:place].rstrip()[-1] in ",{":
        return None
    elements = _elements(text[opened + 1 : closed])
    if elements is None:
        return None
    wanted, separator = ("blanks", " ") if old else ("commas", ", ")
    message = f"the elements of a set stand between {wanted} in Wireshark {version.text}"
    fix = Fix(Span(opened + 1, closed), separator.join(elements), safe=True)
    notes = ("up to 3.x a set is written {80 443}, from 4.0 on {80, 443}",)
    return SyntaxProblem(Problem.SEPARATOR, message, problem.span, notes=notes, fix=fix)


def _elements(inside: str) -> list[str] | None:
    """The values and ranges of a set, whatever separates them; None where it holds something else."""
    elements: list[str] = []
    joined = False
    for match in _ELEMENT.finditer(inside):
        piece = ".." if match[0] in ("to", "-") else match[0]
        if piece == ".." or joined:
            if not elements:
                return None
            elements[-1] += f" {piece}"
        else:
            elements.append(piece)
        joined = piece == ".."
    return elements if len(elements) > 1 and not joined else None


def defanged_text(text: str) -> bool:
    """Does a text hold a defanged address, name or URL?"""
    return any(mark in text for mark in DEFANGED_DOTS[:5]) or re.match(r"(?i)hxxps?://", text) is not None
