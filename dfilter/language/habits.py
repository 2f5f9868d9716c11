"""What people write who know another language: capture filters, SQL, C, spreadsheets.

In: a syntax problem, and the text it is in.  Out: the same problem with a note and a fix that say how Wireshark
spells what was probably meant.
What always holds: the code and the place stay; every fix here is a guess (unsafe); the work is linear in the text.
"""

from __future__ import annotations

import re

from dfilter.fields.versions import Version
from dfilter.language.problems import Fix, Problem, SyntaxProblem
from dfilter.language.source import Span
from dfilter.slotted import replace

_NEAR = 80
"""Characters around the place that are looked at."""


def advise(problem: SyntaxProblem, text: str, version: Version) -> SyntaxProblem:
    """The problem with advice, if some habit explains it; one that has a fix is left alone."""
    if problem.fix is not None:
        return problem
    for look in (_sign, _capture_filter, _word_operator, _set_of_values, _wildcard, _bare_pattern, _closing,
                 _other_joints):  # fmt: skip
        found = look(problem, text, version)
        if found is not None:
            note, fix = found
            return replace(problem, notes=(note, *problem.notes), fix=fix)
    return problem


Advice = tuple[str, Fix | None] | None


# --- signs that are not on every keyboard

_SIGNS = {"≥": ">=", "≤": "<=", "≠": "!=", "＝": "==", "≡": "==", "∧": "&&", "∨": "||", "¬": "!", "–": "-", "—": "-",
          "−": "-", "∈": "in", "（": "(", "）": ")", "，": ",", "｛": "{", "｝": "}"}  # fmt: skip


def _sign(problem: SyntaxProblem, text: str, version: Version) -> Advice:
    sign = text[problem.span.start : problem.span.end]
    right = _SIGNS.get(sign)
    if problem.kind is not Problem.NON_PRINTABLE or right is None:
        return None
    return f'write "{right}" for "{sign}"', Fix(problem.span, right)


# --- capture filters

_CAPTURE = re.compile(
    r"(?<![\w.])(?:(?P<proto>tcp|udp|ip6?|ether)\s+)?(?:(?P<way>src|dst)\s+)?"
    r"(?P<kind>host|port|portrange|net)\s+(?P<value>[0-9A-Fa-f.:/-]+|[A-Za-z][\w.-]*)(?![\w.:/-]|\s*[=<>!])"
)
_WAYS = {"src": ("src", "srcport"), "dst": ("dst", "dstport"), None: ("addr", "port")}


def _capture_filter(problem: SyntaxProblem, text: str, version: Version) -> Advice:
    """`tcp port 80`, `src host 10.0.0.1`, `net 10.0.0.0/8`."""
    if problem.kind is not Problem.UNEXPECTED:
        return None
    place = problem.span.start
    start = max(0, place - _NEAR)
    for match in _CAPTURE.finditer(text, start, place + _NEAR):
        if match.start() <= place < match.end():
            meant = _display(match)
            span = Span(match.start(), match.end())
            note = f"`{match[0]}` is capture-filter syntax"
            return (note, None) if meant is None else (f"{note}; the display filter is `{meant}`", Fix(span, meant))
    return None


def _display(match: re.Match[str]) -> str | None:
    """The display filter that says the same."""
    address, port = _WAYS[match["way"]]
    kind, value, proto = match["kind"], match["value"], match["proto"]
    if kind in ("host", "net"):
        family = "eth" if proto == "ether" else "ipv6" if ":" in value else "ip"
        named = re.fullmatch(r"[A-Za-z][\w-]*(\.[\w-]+)*", value) and family == "ip"
        return f'{family}.{"host" if address == "addr" else address + "_host"} == "{value}"' if named else (
            f"{family}.{address} == {value}")  # fmt: skip
    if not re.fullmatch(r"\d{1,5}(-\d{1,5})?", value):
        return None
    test = f"in {{{value.replace('-', '..')}}}" if "-" in value else f"== {value}"
    if proto in ("tcp", "udp"):
        return f"{proto}.{port} {test}"
    return f"(tcp.{port} {test} or udp.{port} {test})"


# --- words for operators

_WORDS = {
    "is": "==", "equals": "==", "equal": "==", "eqs": "==", "isnt": "!=", "gte": ">=", "lte": "<=", "neq": "!=",
    "contain": "contains", "containing": "contains", "include": "contains", "includes": "contains", "has": "contains",
    "like": "contains", "match": "matches", "regex": "matches", "regexp": "matches", "rlike": "matches",
    "adn": "and", "nad": "and", "an": "and", "andd": "and", "ro": "or", "orr": "or", "nor": "or",
    "contians": "contains", "cotains": "contains", "conatins": "contains", "mathces": "matches", "macthes": "matches",
    "inn": "in",
}  # fmt: skip


def _word_operator(problem: SyntaxProblem, text: str, version: Version) -> Advice:
    word = text[problem.span.start : problem.span.end]
    if problem.kind is not Problem.UNEXPECTED:
        return None
    if word in ("contains", "matches") and text[problem.span.end :].lstrip()[:1] == "(":
        return f'"{word}" is no function but stands between: http.host {word} "…"', None
    right = _WORDS.get(word.lower())
    if right is None or not any(right in expected or "a comparison" in expected for expected in problem.expected):
        return None
    return f'write "{right}" for "{word}"', Fix(problem.span, right)


# --- sets and ranges

_EQUALS_SET = re.compile(r"(==|eq)\s*\{[^{}]*\Z")
_IN_BARE = re.compile(r"\bin\s*\(?\s*\Z")


def _set_of_values(problem: SyntaxProblem, text: str, version: Version) -> Advice:
    if problem.kind is not Problem.UNEXPECTED:
        return None
    place = problem.span.start
    before, sign = text[max(0, place - _NEAR) : place], text[place : place + 1]
    equals = _EQUALS_SET.search(before)
    if equals is not None and (sign in (",", ".", '"') or sign.isalnum()):
        start = place - len(before) + equals.start()
        return 'a set follows "in": tcp.port in {80, 443}', Fix(Span(start, start + len(equals[1])), "in")
    if _IN_BARE.search(before) and not before.rstrip().endswith("{"):
        return "a set is written in braces: {80, 443}", None
    word = text[place : problem.span.end]
    if word == "to" and "'..'" in problem.expected:
        return "a range is written 80..443", Fix(problem.span, "..")
    if sign == "}" and before.rstrip().endswith("{"):
        return "a set holds at least one value", None
    if sign == "}" and before.rstrip().endswith(","):
        comma = place - (len(before) - before.rindex(","))
        return "no comma follows the last value of a set", Fix(Span(comma, place), "")
    return None


# --- the rest


_WILD = re.compile(r"(?<![\w.])((?:\d{1,3}\.){1,3})\*(?:\.\*)*")


def _wildcard(problem: SyntaxProblem, text: str, version: Version) -> Advice:
    """`192.168.*`: a network."""
    place = problem.span.start
    for found in _WILD.finditer(text, max(0, place - _NEAR), place + _NEAR):
        if found.start() <= place < found.end():
            parts = found[1].rstrip(".").split(".")
            network = ".".join(parts + ["0"] * (4 - len(parts))) + f"/{8 * len(parts)}"
            return f"a network is written {network}", Fix(Span(*found.span()), network)
    return None


def _bare_pattern(problem: SyntaxProblem, text: str, version: Version) -> Advice:
    """`contains /foo`, `matches /foo/`: text that begins with a slash, without quotes."""
    start = problem.span.start
    if problem.kind is not Problem.UNEXPECTED or text[start : start + 1] != "/":
        return None
    if text[start - 1 : start + 1] == "//" or text.startswith("//", start):
        return "a filter has no comments", None
    if not re.search(r"(contains|matches|~|==|eq|!=|ne)\s*\Z", text[max(0, start - _NEAR) : start]):
        return None
    word = re.compile(r"[^\s()\"]+").match(text, start)
    if word is None:
        return None
    return "text that begins with / must be quoted", Fix(Span(start, word.end()), f'"{word[0]}"')


def _closing(problem: SyntaxProblem, text: str, version: Version) -> Advice:
    if problem.kind is not Problem.UNEXPECTED or text[problem.span.start : problem.span.end] != ")":
        return None
    if not text[: problem.span.start].rstrip().endswith("(") and "the end of the filter" in problem.expected:
        return "no parenthesis is open here", Fix(problem.span, "")
    return None


def _other_joints(problem: SyntaxProblem, text: str, version: Version) -> Advice:
    """Commas and semicolons between conditions; `#` for a comment."""
    sign = text[problem.span.start : problem.span.end]
    if problem.kind is not Problem.UNEXPECTED or sign not in (",", ";", "#"):
        return None
    if sign == "#":
        return ("a filter has no comments", None) if text[: problem.span.start].strip(" ") == "" else None
    thousands = re.compile(r"\d{1,3}((?:,\d{3})+)(?!\d)").search(text, max(0, problem.span.start - 3))
    if thousands is not None and thousands.start(1) == problem.span.start and "in" not in text.split():
        plain = thousands[0].replace(",", "")
        return "a number is written without commas", Fix(Span(*thousands.span()), plain)
    if "'or'" in problem.expected:
        return 'conditions are joined by "and" or "or"', None
    return None
