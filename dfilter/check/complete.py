"""What can stand at a place in a filter: names, operators, values, words.

In: a text, the place of the cursor in it, a version.  Out: `Completions`: the part of the text that they replace, and
the candidates, the likeliest first.
What always holds: any text and any place is answered; the number of candidates is bounded; what stands behind the
cursor is not looked at, but for the rest of the word in which it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from itertools import islice

from dfilter.check.functions import accepts, function_names
from dfilter.check.operators import ORDERED, can_compare, can_contain, can_match, is_integer
from dfilter.check.typed import Relation
from dfilter.check.typenames import type_name
from dfilter.fields.common import DISSECTED, EVERYDAY
from dfilter.fields.registry import FieldInfo
from dfilter.fields.types import FieldType
from dfilter.fields.versions import NEWEST, Version
from dfilter.fields.vocabulary import WIRESHARK, Table, Vocabulary
from dfilter.language.lalr import END, Automaton, Stop
from dfilter.language.lexer import base_name
from dfilter.language.macros import shipped
from dfilter.language.parser import automaton
from dfilter.language.problems import ProblemError
from dfilter.language.source import Span
from dfilter.slotted import frozen

DEFAULT_LIMIT = 100
_MOST_SEARCHED = 20_000
"""Names that are looked at for one word."""
_LONGEST = 2_000
"""Characters before the cursor, from the last connective on, that decide what may follow."""

_WORD = re.compile(r"[A-Za-z0-9_.-]*\Z")
_WORD_REST = re.compile(r"[A-Za-z0-9_.-]*")
_OPEN_STRING = re.compile(r'"(?>(?:[^"\\]|\\.)*)\Z', re.DOTALL)
_CLOSED_STRINGS = re.compile(r'"(?>(?:[^"\\]|\\.)*)"', re.DOTALL)
_OPERATION = re.compile(
    r"""(?P<left>[@.]?[A-Za-z_][\w.-]*+)(?:\#\d+|\[[^\]]*\])*\s*
    (?P<operator>===|!==|==|!=|~=|<=|>=|<|>|\b(?:any_|all_)?(?:eq|ne)\b|\b[lg][te]\b|\bcontains\b|\bmatches\b|~
    |(?:\b(?:not\s+)?|!\s*)in\b\s*\{[^}]*[{,\s.])\s*\Z""",
    re.VERBOSE,
)
_LEFT = re.compile(r"(?P<left>[A-Za-z_][\w.-]*)(?:\#\d+)?\s+\Z")
_OPERAND = re.compile(r"""(?:"(?>(?:[^"\\]|\\.)*)"|[^\s"]++)\s*\Z""")
_CALL = re.compile(r"([a-z_][a-z0-9_]*)\(\s*\Z")
_MACRO = re.compile(r"\$\{?([A-Za-z0-9_.]*)\Z")
_SYMBOLS = {Relation.EQ: "==", Relation.NE: "!=", Relation.LT: "<", Relation.LE: "<=", Relation.GT: ">",
            Relation.GE: ">="}  # fmt: skip


class Kind(StrEnum):
    """What a candidate is."""

    PROTOCOL = "protocol"
    FIELD = "field"
    FUNCTION = "function"
    MACRO = "macro"
    OPERATOR = "operator"
    KEYWORD = "keyword"
    VALUE = "value"


@frozen
class Completion:
    """One candidate; `detail`: its type, its number, its meaning."""

    text: str
    kind: Kind
    detail: str = ""


@frozen
class Completions:
    """`items` replace the text at `span`, the word at the cursor."""

    span: Span
    items: tuple[Completion, ...]


def complete_text(
    text: str,
    cursor: int,
    version: Version = NEWEST,
    macros: Mapping[str, str] | None = None,
    limit: int = DEFAULT_LIMIT,
    names: Vocabulary = WIRESHARK,
) -> Completions:
    """The candidates at a place of a filter.

    Args:
        text: the filter, as far as it is written.
        cursor: the place, in characters from the start; one outside of the text stands for its nearest end.
        version: the Wireshark version whose names and operators count.
        macros: macro definitions, name to text.
        limit: how many candidates at most.
        names: where fields are from.
    """
    cursor = min(max(cursor, 0), len(text))
    before = text[max(0, cursor - _LONGEST) : cursor]
    place = _Place(before, version, shipped(version) if macros is None else macros, names)
    rest = _WORD_REST.match(text, cursor)
    end = rest.end() if rest is not None and not place.quoted else cursor
    items = _distinct(place.candidates(), place.word)
    return Completions(Span(cursor - len(place.word), end), tuple(islice(items, max(limit, 0))))


def _distinct(items: Iterator[Completion], word: str) -> Iterator[Completion]:
    seen: set[str] = set()
    for item in items:
        text = item.text if word.startswith('"') else item.text.lstrip('"')
        if item.text not in seen and text.lower().startswith(word.lower()):
            seen.add(item.text)
            yield item


class _Place:
    """The place behind `before`: the word that is being written, and what it can become."""

    def __init__(self, before: str, version: Version, macros: Mapping[str, str], names: Vocabulary) -> None:
        self.version = version
        self.names = names
        self.macros = macros
        blank = _CLOSED_STRINGS.sub(lambda match: " " * len(match[0]), before)
        opened = _OPEN_STRING.search(blank)
        self.quoted = opened is not None
        if opened is not None:
            self.word = before[opened.start() :]
        else:
            match = _WORD.search(before)
            self.word = match[0] if match is not None else ""
        self.head = before[: len(before) - len(self.word)]

    def candidates(self) -> Iterator[Completion]:
        if not self.quoted and (macro := _MACRO.search(self.head + self.word)) is not None:
            yield from self._macros(macro[1], macro[0].startswith("${"))
            return
        operation = _OPERATION.search(self.head)
        if operation is not None:
            yield from self._values(operation["left"].lstrip("@."), operation["operator"].split()[0])
        if self.quoted:
            return
        expected = self._expected()
        if expected & {"NAME", "WORD", "DOTTED_NAME", "WORD_3_4"}:
            yield from self._names(None if operation is None else self._lookup(operation["left"].lstrip("@.")))
        yield from self._operators(expected)

    def _expected(self) -> frozenset[str]:
        """The terminals that can follow the head; none if it is wrong already."""
        machine = automaton(self.version)
        try:
            machine.run(self.head, _Nothing())
        except Stop as stop:
            return frozenset(map(base_name, machine.expected(stop.states))) if stop.token.kind == END else frozenset()
        except ProblemError:
            return frozenset()
        return _after(machine, self.head)

    # --- names

    def _lookup(self, name: str) -> FieldInfo | None:
        return self.names.lookup(self.names.resolve_alias(name, self.version) or name, self.version)

    def _names(self, left: FieldInfo | None) -> Iterator[Completion]:
        """Names that go on from the word; beside the field `left` of a comparison, those of its type."""
        if not self.word and left is None:
            for name in self.names.everyday():
                yield from self._named(name)
        call = _CALL.search(self.head)
        for function in function_names(self.version):
            if self.word and function.startswith(self.word):
                yield Completion(f"{function}(", Kind.FUNCTION)
        if not self.word:
            return
        found = list(islice(self.names.names(self.version, self.word), _MOST_SEARCHED))
        found.sort(key=lambda name: (name.count("."), _rarity(name), len(name), name))
        for name in found:
            info = self.names.lookup(name, self.version)
            if info is None or (left is not None and info.type is not left.type):
                continue
            if call is None or accepts(call[1], info.type, self.version):
                yield from self._named(name)

    def _named(self, name: str) -> Iterator[Completion]:
        info = self.names.lookup(name, self.version)
        if info is not None:
            yield Completion(name, Kind.PROTOCOL if info.is_protocol else Kind.FIELD, type_name(info.type))

    def _macros(self, word: str, braced: bool) -> Iterator[Completion]:
        self.word = word
        for name, body in self.macros.items():
            wants = "$1" in body
            if braced:
                yield Completion(name + (":" if wants else "}"), Kind.MACRO, body)
            elif self.version >= Version.V4_4:
                yield Completion(name + ("(" if wants else "()"), Kind.MACRO, body)
        if self.version >= Version.V4_0 and word:
            for name in islice(self.names.names(self.version, word), DEFAULT_LIMIT):
                yield Completion(name, Kind.FIELD, "the value in the selected frame")

    # --- operators

    def _operators(self, expected: frozenset[str]) -> Iterator[Completion]:
        left = _LEFT.search(self.head)
        info = None if left is None else self._lookup(left["left"])
        operand = _OPERAND.search(self.head)
        compared = operand is not None and _OPERATION.search(self.head[: operand.start()]) is not None
        if "COMPARISON" in expected and not compared:
            yield from self._comparisons(info)
        words = {"AND": "and", "OR": "or", "XOR": "xor"}
        for terminal, word in words.items():
            if terminal in expected:
                yield Completion(word, Kind.OPERATOR)
        if "NOT" in expected and "COMPARISON" not in expected:
            yield Completion("not", Kind.KEYWORD)
        if "QUANTIFIER" in expected:
            yield Completion("any", Kind.KEYWORD, "of the field's values")
            yield Completion("all", Kind.KEYWORD, "of the field's values")

    def _comparisons(self, info: FieldInfo | None) -> Iterator[Completion]:
        for relation, symbol in _SYMBOLS.items():
            if info is None or _compares(info.type, relation, self.version):
                yield Completion(symbol, Kind.OPERATOR)
        if info is None or info.type is not FieldType.NONE:
            yield Completion("in {", Kind.OPERATOR)
            if self.version >= Version.V4_0:
                yield Completion("not in {", Kind.OPERATOR)
        labelled = info is not None and bool(info.labelled) and self.version >= Version.V4_4
        if info is None or labelled or can_contain(info.type, self.version):
            yield Completion("contains", Kind.OPERATOR)
        if info is None or labelled or can_match(info.type, self.version):
            yield Completion("matches", Kind.OPERATOR)
        if info is not None and is_integer(info.type, self.version):
            yield Completion("&", Kind.OPERATOR)

    # --- values

    def _values(self, name: str, operator: str) -> Iterator[Completion]:
        info = self._lookup(name)
        if info is None or operator in ("contains", "matches", "~"):
            return
        table = self.names.labels(name, self.version)
        if info.type is FieldType.BOOLEAN:
            yield from self._booleans(table)
            return
        ambiguous = self.names.ambiguous(name, self.version) if table else frozenset()
        for first, last, label in table or ():
            if first == last and label not in ambiguous:
                escaped = label.replace("\\", "\\\\").replace('"', '\\"')
                yield Completion(f'"{escaped}"', Kind.VALUE, str(first))
                if not self.quoted:
                    yield Completion(str(first), Kind.VALUE, label)

    def _booleans(self, table: Table | None) -> Iterator[Completion]:
        for text in () if self.quoted else ("1", "0"):
            yield Completion(text, Kind.VALUE, "true" if text == "1" else "false")
        if not self.quoted and self.version >= Version.V4_4:
            yield Completion("true", Kind.VALUE)
            yield Completion("false", Kind.VALUE)
        for first, _, label in table or ():
            yield Completion(f'"{label}"', Kind.VALUE, "true" if first else "false")


def _compares(kind: FieldType, relation: Relation, version: Version) -> bool:
    if relation in ORDERED and kind in (FieldType.PROTOCOL, FieldType.BOOLEAN):
        return False  # allowed, and hardly ever meant
    return can_compare(kind, relation, version)


def _rarity(name: str) -> int:
    head = name.partition(".")[0]
    if head in EVERYDAY:
        return EVERYDAY.index(head)
    return len(EVERYDAY) + (head not in DISSECTED)


class _Nothing:
    """A builder that builds nothing: only the automaton's states are wanted."""

    def __getattr__(self, action: str) -> object:
        return _none


def _none(kids: list[object], start: int, end: int) -> None:
    return None


def _after(machine: Automaton, head: str) -> frozenset[str]:
    """The terminals that can follow a head that is a whole filter.

    A character that begins no token makes the automaton say what it could have gone on with.
    """
    try:
        machine.run(head + " \x01", _Nothing())
    except Stop as stop:
        return frozenset(map(base_name, machine.expected(stop.states)))
    except ProblemError:
        pass
    return frozenset()
