"""Regular expressions, PCRE2 syntax in byte mode, from text to tree.

In: the bytes of a pattern.  Out: an `Alternation`.  Errors: `PatternError` with the byte offset, for what
PCRE2 10.46 (Wireshark 4.4 and 4.6) refuses, and for the few things it accepts that dfilter does not run.

What always holds: matching is case-insensitive until `(?-i)`; groups nest at most 60 deep.
Source: the pcre2pattern(3) manual page, and the verdicts of Wireshark 4.4 and 4.6.
"""

from __future__ import annotations

import re

from dfilter.compile.pattern_classes import ALL, ASCII_CHARACTERS
from dfilter.compile.pattern_cursor import QUANTIFIER, Cursor, Flags
from dfilter.compile.pattern_escapes import ClassReader, read_character
from dfilter.compile.pattern_syntax import (
    Alternation,
    Bytes,
    Conditional,
    Group,
    GroupKind,
    Newline,
    Node,
    Position,
    Repeat,
    Sequence,
    Special,
    Where,
    widest,
)
from dfilter.slotted import replace

_MAX_DEPTH = 60
_INLINE = re.compile(r"\(\?(\^?)([a-zA-Z]*)(?:(-)([a-zA-Z]*))?([:)])")
_OPENERS = {
    "(?:": GroupKind.PLAIN,
    "(?|": GroupKind.RESET,
    "(?>": GroupKind.ATOMIC,
    "(?=": GroupKind.AHEAD,
    "(?!": GroupKind.NOT_AHEAD,
    "(?<=": GroupKind.BEHIND,
    "(?<!": GroupKind.NOT_BEHIND,
}
_WORD_OPENERS = {
    **dict.fromkeys(("atomic",), GroupKind.ATOMIC),
    **dict.fromkeys(("pla", "positive_lookahead"), GroupKind.AHEAD),
    **dict.fromkeys(("nla", "negative_lookahead"), GroupKind.NOT_AHEAD),
    **dict.fromkeys(("plb", "positive_lookbehind"), GroupKind.BEHIND),
    **dict.fromkeys(("nlb", "negative_lookbehind"), GroupKind.NOT_BEHIND),
    **dict.fromkeys(("sr", "script_run"), GroupKind.PLAIN),  # no scripts outside UTF mode
    **dict.fromkeys(("asr", "atomic_script_run"), GroupKind.ATOMIC),
}
_LOOKAROUND = {GroupKind.AHEAD, GroupKind.NOT_AHEAD, GroupKind.BEHIND, GroupKind.NOT_BEHIND}
_WORD_EDGES = {"[[:<:]]": GroupKind.AHEAD, "[[:>:]]": GroupKind.BEHIND}
_NAMED_CLASS = re.compile(r"\[([:.=])[^\]\\]*?\1\]")
_NAMED = re.compile(r"\(\?P?<([^>)]*)>|\(\?'([^')]*)'")
_CONDITION = re.compile(r"\(\?\((?:(\d+)|([+-]\d+)|<(\w+)>|'(\w+)'|(\w+))\)")
_VERB = re.compile(r"\(\*([A-Z]*)(?::([^)]*))?\)")


_LETTERS = {
    "i": "caseless",
    "m": "multiline",
    "s": "dot_all",
    "x": "extended",
    "n": "no_capture",
    "J": "duplicates",
    "U": "ungreedy",
}


def parse_pattern(pattern: bytes) -> Alternation:
    """The tree of `pattern`. Raises `PatternError`."""
    text = pattern.decode("latin-1")
    counting = _Parser(text, groups=None)
    counting.parse()
    parser = _Parser(text, groups=counting.count)
    parser.names_known = counting.names
    return parser.parse()


class _Parser(Cursor):
    """Recursive descent."""

    def parse(self) -> Alternation:
        self._start_options()
        tree = self._alternation()
        if self.at < len(self.text):
            raise self._error("unmatched closing parenthesis")
        return tree

    # --- structure

    def _alternation(self) -> Alternation:
        branches = [self._sequence()]
        while self.text[self.at : self.at + 1] == "|":
            self.at += 1
            branches.append(self._sequence())
        return Alternation(tuple(branches))

    def _sequence(self) -> Sequence:
        items: list[Node] = []
        repeatable = False
        while self.at < len(self.text):
            char = self.text[self.at]
            if char in "|)":
                break
            if self._skip_ignored():
                continue
            if char in "*+?" or (char == "{" and QUANTIFIER.match(self.text, self.at)):
                if not repeatable:
                    raise self._error("quantifier does not follow a repeatable item")
                items[-1] = self._quantified(items[-1])
                repeatable = False
                continue
            if self.text.startswith("\\Q", self.at):
                repeatable = self._quoted(items) or repeatable
                continue
            node = self._atom()
            if node is None:
                repeatable = False
                continue
            items.append(node)
            repeatable = not isinstance(node, Position)
        return Sequence(tuple(items))

    def _skip_ignored(self) -> bool:
        """Comments, callouts, an `\\E` by itself, blanks under (?x)."""
        text, at = self.text, self.at
        if text.startswith("\\E", at):
            self.at += 2
            return True
        if text.startswith("(?#", at):
            end = text.find(")", at)
            if end < 0:
                raise self._error("missing ) after (?# comment", len(text))
            self.at = end + 1
            return True
        if not self.flags.extended:
            return False
        if text[at] in " \t\n\v\f\r":
            self.at += 1
            return True
        if text[at] == "#":
            end = text.find("\n", at)
            self.at = len(text) if end < 0 else end + 1
            return True
        return False

    def _quoted(self, items: list[Node]) -> bool:
        """`\\Q…\\E`; true if there was something between them."""
        end = self.text.find("\\E", self.at + 2)
        stop = len(self.text) if end < 0 else end
        quoted = self.text[self.at + 2 : stop]
        items.extend(self._literal(ord(char)) for char in quoted)
        self.at = stop if end < 0 else stop + 2
        return bool(quoted)

    def _literal(self, code: int) -> Bytes:
        members = frozenset([code])
        return Bytes(self.characters.fold(members) if self.flags.caseless else members, literal=code)

    def _quantified(self, item: Node) -> Node:
        low, high = self._counts()
        mark = self.text[self.at : self.at + 1]
        lazy, possessive = self.flags.ungreedy, False
        if mark == "?":
            lazy = not lazy
            self.at += 1
        elif mark == "+":
            possessive = True
            self.at += 1
        return Repeat(item, low, high, lazy, possessive)

    # --- atoms

    def _atom(self) -> Node | None:
        char = self.text[self.at]
        if char == "(":
            return self._group()
        if char == "[":
            return self._class()
        if char == "\\":
            return self._escape()
        self.at += 1
        if char == ".":
            return Bytes(ALL) if self.flags.dot_all else self._not_newline()
        if char == "^":
            multiline = self.flags.multiline
            return Position(Where.LINE_START if multiline else Where.START, self.newline)
        if char == "$":
            multiline = self.flags.multiline
            return Position(Where.LINE_END if multiline else Where.LAST_LINE_END, self.newline)
        return self._literal(ord(char))

    def _not_newline(self) -> Node:
        if self.newline is Newline.CRLF:
            ahead = Group(GroupKind.NOT_AHEAD, Alternation((Sequence((_byte(13), _byte(10))),)))
            return Group(GroupKind.PLAIN, Alternation((Sequence((ahead, Bytes(ALL))),)))
        excluded = {
            Newline.LF: b"\n",
            Newline.CR: b"\r",
            Newline.ANYCRLF: b"\r\n",
            Newline.ANY: b"\n\x0b\x0c\r\x85",
            Newline.NUL: b"\0",
        }[self.newline]
        return Bytes(ALL - frozenset(excluded))

    def _class(self) -> Node:
        edge = _WORD_EDGES.get(self.text[self.at : self.at + 7])
        if edge is not None:
            self.at += 7
            look = self._look(edge)
            return Group(GroupKind.PLAIN, Alternation((Sequence((self._word_edge(), look)),)))
        if _NAMED_CLASS.match(self.text, self.at):
            raise self._error("POSIX named classes are supported only within a class")
        reader = ClassReader(
            self.text, self.at, self.characters, self.flags.caseless, self.flags.more_extended
        )
        members = reader.read()
        self.at = reader.at
        return Bytes(members)

    def _word_edge(self, *, present: bool = True) -> Node:
        if self.characters is ASCII_CHARACTERS:
            return Position(Where.WORD_EDGE if present else Where.NO_WORD_EDGE, self.newline)
        before, after = self._look(GroupKind.BEHIND), self._look(GroupKind.AHEAD)
        none_before, none_after = self._look(GroupKind.NOT_BEHIND), self._look(GroupKind.NOT_AHEAD)
        one, other = (none_after, after) if present else (after, none_after)
        return Group(GroupKind.PLAIN, Alternation((Sequence((before, one)), Sequence((none_before, other)))))

    def _look(self, kind: GroupKind) -> Group:
        """At a byte of a word, or not."""
        return Group(kind, Alternation((Sequence((Bytes(self.characters.shorthands["w"]),)),)))

    def _escape(self) -> Node | None:
        start, letter = self.at, self.text[self.at + 1 : self.at + 2]
        if letter in self.characters.shorthands:
            self.at += 2
            return Bytes(self.characters.shorthands[letter])
        if letter in ("p", "P"):
            return self._property()
        if letter in ("g", "k"):
            return self._reference()
        if letter.isdigit() and letter != "0":
            numbered = self._numbered(start)
            if numbered is not None:
                return numbered
        special = self._special_escape(letter)
        if special is not None or letter == "K":
            return special
        code, self.at = read_character(self.text, start)
        return self._literal(code)

    def _special_escape(self, letter: str) -> Node | None:
        positions = {
            "A": Where.START,
            "G": Where.START,
            "z": Where.END,
            "Z": Where.LAST_LINE_END,
        }
        if letter in ("b", "B"):
            self.at += 2
            return self._word_edge(present=letter == "b")
        if letter in positions:
            self.at += 2
            return Position(positions[letter], self.newline)
        if letter == "K":
            if self.looking:
                raise self._error("\\K is not allowed in lookarounds")
            self.at += 2  # it moves the start of what matched, which nobody sees
            return None
        if letter == "N":
            if self.text[self.at + 2 : self.at + 5] == "{U+":
                raise self._error("\\N{U+dddd} is supported only in Unicode (UTF) mode")
            self.at += 2
            return self._not_newline()
        if letter == "C":
            self.at += 2
            return Bytes(ALL)
        if letter == "R":
            self.at += 2
            return Special(self.any_newline.value, 2)
        if letter == "X":
            self.at += 2
            return Special(r"(?>\r\n|[\x00-\xff])", None)
        return None

    # --- groups

    def _group(self) -> Node | None:
        text, at = self.text, self.at
        if text.startswith("(*", at):
            return self._starred()
        if not text.startswith("(?", at):
            self.at += 1
            return self._body(GroupKind.PLAIN if self.flags.no_capture else GroupKind.CAPTURE)
        for opener, kind in _OPENERS.items():
            if text.startswith(opener, at):
                self.at += len(opener)
                return self._body(kind)
        for special in (self._call, self._callout, self._named, self._conditional):
            found = special()
            if not isinstance(found, bool):
                return found
        return self._inline_flags()

    def _body(self, kind: GroupKind, name: str | None = None) -> Node:
        opened = self.at
        if kind is GroupKind.CAPTURE:
            self.count += 1
            if name is not None:
                self._declare(name)
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise self._error("parentheses are too deeply nested")
        flags, self.looking = self.flags, self.looking + (kind in _LOOKAROUND)
        body = self._reset_body() if kind is GroupKind.RESET else self._alternation()
        self._close()
        self.flags, self.looking = flags, self.looking - (kind in _LOOKAROUND)
        self.depth -= 1
        behind = kind in (GroupKind.BEHIND, GroupKind.NOT_BEHIND)
        if behind and self.groups is not None and widest(body) is None:
            raise self._error("length of lookbehind assertion is not limited", opened)
        return Group(kind, body, name)

    def _reset_body(self) -> Alternation:
        """`(?|a|b)`: the groups of every branch have the same numbers."""
        first = highest = self.count
        branches = [self._sequence()]
        while self.text[self.at : self.at + 1] == "|":
            self.at += 1
            highest = max(highest, self.count)
            self.count = first
            branches.append(self._sequence())
        self.count = max(highest, self.count)
        return Alternation(tuple(branches))

    def _close(self) -> None:
        if self.text[self.at : self.at + 1] != ")":
            raise self._error("missing closing parenthesis", len(self.text))
        self.at += 1

    def _declare(self, name: str) -> None:
        if self.names.get(name, self.count) != self.count and not self.flags.duplicates:
            raise self._error("two named subpatterns have the same name (PCRE2_DUPNAMES not set)")
        self.names[name] = self.count

    def _named(self) -> Node | bool | None:
        found = _NAMED.match(self.text, self.at)
        if found is None:
            return False
        name = found[1] if found[1] is not None else found[2]
        if name[:1].isdigit():
            raise self._error("subpattern name must start with a non-digit")
        if not re.fullmatch(r"[A-Za-z_][A-Za-z_0-9]{0,127}", name):
            raise self._error("subpattern name expected")
        self.at = found.end()
        return self._body(GroupKind.CAPTURE, name)

    def _conditional(self) -> Node | bool | None:
        if not self.text.startswith("(?(", self.at):
            return False
        condition: str | Group
        if found := _CONDITION.match(self.text, self.at):
            number, name = found[1] or found[2], found[3] or found[4] or found[5]
            self.at = found.end()
            if name == "DEFINE":
                return self._body(GroupKind.DEFINE)
            if name is not None and re.fullmatch(r"R(\d+|&.*)?", name) and name not in self.names_known:
                raise self._error("a condition on recursion is not run")
            condition = self._absolute(number) if number else name
            self._require(condition)
        else:
            self.at += 2
            look = self._group()
            if not isinstance(look, Group) or look.kind not in _LOOKAROUND:
                raise self._error("assertion expected after (?( or (?(?C)")
            condition = look
        body = self._body(GroupKind.PLAIN)
        assert isinstance(body, Group)
        if len(body.body.branches) > 2:
            raise self._error("conditional subpattern contains more than two branches")
        return Conditional(condition, body.body.branches)

    def _inline_flags(self) -> Node | None:
        found = _INLINE.match(self.text, self.at)
        if found is None:
            closed = ")" in self.text[self.at :]
            message = "unrecognized character after (? or (?-" if closed else "missing closing parenthesis"
            raise self._error(message, self.at if closed else len(self.text))
        unset, on, off = found[1], found[2], found[4] or ""
        if unset and found[3]:
            raise self._error("invalid hyphen in option setting")
        if on.startswith("P"):
            raise self._error("unrecognized character after (?P")
        outer = self.flags
        flags = (
            Flags(caseless=False, duplicates=outer.duplicates, ungreedy=outer.ungreedy) if unset else outer
        )
        flags = self._switched(self._switched(flags, on, True), off, False)
        self.at = found.end()
        if found[5] == ")":
            self.flags = flags
            return None
        self.flags = flags
        group = self._body(GroupKind.PLAIN)
        self.flags = outer
        return group

    def _switched(self, flags: Flags, letters: str, value: bool) -> Flags:
        if "xx" in letters or ("x" in letters and not value):
            flags = replace(flags, more_extended=value)
        for letter in letters:
            if letter in _LETTERS:
                flags = replace(flags, **{_LETTERS[letter]: value})
            elif letter not in "aDSWPTr":  # ASCII restrictions: they change something after (*UCP) only
                raise self._error("unrecognized character after (? or (?-")
            elif self.characters is not ASCII_CHARACTERS:
                raise self._error(f"(?{letter}) after (*UCP) is not run")
        return flags

    def _starred(self) -> Node | None:
        """`(*atomic:…)` and its kin, and the backtracking verbs."""
        if found := re.compile(r"\(\*([a-z_]+):").match(self.text, self.at):
            if found[1] not in _WORD_OPENERS:
                raise self._error(f"(*{found[1]}:…) is not run")
            self.at = found.end()
            return self._body(_WORD_OPENERS[found[1]])
        found = _VERB.match(self.text, self.at)
        if found is None:
            raise self._error("(*VERB) not recognized or malformed")
        name, argument = found[1], found[2]
        if name in ("FAIL", "F"):
            node: Node | None = Special("(?!)", 0)
        elif name == "PRUNE" or (name == "SKIP" and argument is None):
            node = Special(f"(*{name})", 0)
        elif name in ("MARK", "") and argument:
            node = None
        elif name in ("ACCEPT", "COMMIT", "SKIP", "THEN"):
            raise self._error(f"the verb {found[0]} is not run")
        else:
            raise self._error("(*VERB) not recognized or malformed")
        self.at = found.end()
        return node


def _byte(code: int) -> Bytes:
    return Bytes(frozenset([code]), literal=code)
