"""The LALR automaton: runs a dialect's tables over a text, one token at a time.

In: tables and patterns, a text, an object with one method for each rule: (children, start, end) -> value,
where the
children of a repetition come as one flat list.  Out: what the last rule returned, or a
`Stop` that says which token could not go on and which terminals could have.

Nothing here recurses.  Two depths are bounded: the pending symbols (`MAX_PENDING`: what is open and waits
for its end)
and the height of the tree that the rules build (`MAX_HEIGHT`), so that whoever walks a tree may recurse.
"""

from __future__ import annotations

from enum import Enum
from types import ModuleType

from dfilter.fields.versions import Version
from dfilter.language.lexer import CONTEXTUAL, Lexer, Token, base_name, make_lexer

TYPE_CHECKING = False  # as in `typing`, which costs more to load than this module
if TYPE_CHECKING:
    from typing import Any

MAX_PENDING = 100
"""Symbols that may wait for their end. Wireshark's own limit, beyond which it misreads: 97 nested brackets
fit.
"""

MAX_HEIGHT = 250
"""Levels of the syntax tree."""

END = "$END"

SLICES = "operand"
"""The rule whose action makes a tree as high as its repetition is long, and that is walked by recursion.

Arithmetic makes such trees too, but whoever walks them does so in a loop: Wireshark takes 10,000 terms.
"""

_COMPARING = frozenset({"comparison", "chain"})


class StopKind(Enum):
    UNEXPECTED = "unexpected"
    UNREADABLE = "unreadable"
    TOO_DEEP = "too deep"
    TOO_HIGH = "too high"


class Stop(Exception):  # noqa: N818
    """Where the automaton stopped. UNREADABLE: no terminal matches at `token.start`."""

    def __init__(self, kind: StopKind, token: Token, previous: Token | None, states: tuple[int, ...]) -> None:
        super().__init__(kind, token)
        self.kind = kind
        self.token = token
        self.previous = previous
        self.states = states


class Rule:
    """One production, with what a reduction needs to know."""

    __slots__ = ("action", "chains", "compares", "grows", "hidden", "name", "size")

    def __init__(self, name: str, action: str, size: int) -> None:
        self.name = name
        self.action = action
        """The name of the builder's method; "" hands a single value through."""
        self.size = size
        self.grows = base_name(name) == SLICES
        self.compares = action in _COMPARING
        self.chains = 0 if not name.startswith(("__relation", "__condition")) else 2 if "_3_4" in name else 1
        """Symbols that Wireshark keeps for each element of the repetition: those of a chain of comparisons."""
        self.hidden = name.startswith("_")
        """A repetition's helper: its value is a list that the next reduction takes in."""


class Stack:
    """What is pending: for each symbol its value, where it starts and ends, and the height of its tree."""

    __slots__ = ("ends", "heights", "starts", "states", "values")

    def __init__(self, states: list[int]) -> None:
        self.states = states
        self.values: list[Any] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.heights: list[int] = []

    def push(self, token: Token, state: int) -> None:
        self.states.append(state)
        self.values.append(token)
        self.starts.append(token.start)
        self.ends.append(token.end)
        self.heights.append(0)

    def _replace(self, size: int, value: Any, height: int) -> None:
        """Put one value in the place of the last `size`, which are at least one."""
        del self.values[-size:], self.heights[-size:], self.states[-size:]
        self.values.append(value)
        self.heights.append(height)
        if size > 1:
            del self.starts[1 - size :], self.ends[-size:-1]

    def collect(self, size: int) -> None:
        """Reduce a repetition: its first child is the list so far, or a first element."""
        children = self.values[-size:]
        if type(children[0]) is list:
            children[0].extend(children[1:])
            children = children[0]
        self._replace(size, children, max(self.heights[-size:]))

    def reduce(self, rule: Rule, action: Any, here: int) -> None:
        """Reduce with an action; an empty rule stands at `here`."""
        size = rule.size
        if size == 0:
            self.push(Token("", "", here, here), 0)
            self.states.pop()
            self.values[-1] = action([], here, here)
            return
        if size == 1:
            self.values[-1] = action([self.values[-1]], self.starts[-1], self.ends[-1])
            self.heights[-1] += 1
            self.states.pop()
            return
        children = self.values[-size:]
        for child in children:
            if type(child) is list:
                children = _flatten(children)
                break
        height = max(self.heights[-size:]) + (len(children) - 1 if rule.grows else 1)
        self._replace(size, action(children, self.starts[-size], self.ends[-1]), height)


class Automaton:
    """A dialect's tables, ready to run."""

    def __init__(self, tables: ModuleType, version: Version) -> None:
        self.lexer: Lexer = make_lexer(tables.TERMINALS, version)
        self.actions: list[dict[str, int]] = tables.ACTIONS
        self.gotos: list[dict[str, int]] = tables.GOTOS
        self.start: int = tables.START
        self.end: int = tables.END
        self.rules = [Rule(name, action, size) for name, action, size in tables.RULES]
        self.patterns = [self.lexer.inner if CONTEXTUAL in row else self.lexer.main for row in self.actions]

    def token_at(self, text: str, position: int, state: int) -> Token:
        """The token after the blanks at `position`; kind "" where none can be read."""
        match = self.patterns[state].match(text, position) or self.lexer.main.match(text, position)
        if match is not None and match.lastgroup is not None:
            start, end = match.span(match.lastgroup)
            return Token(match.lastgroup, text[start:end], start, end)
        blank = self.lexer.blank.match(text, position)
        start = blank.end() if blank is not None else position
        return Token(
            END if start == len(text) else "", text[start : start + 1], start, min(start + 1, len(text))
        )

    def run(self, text: str, builder: object, position: int = 0, opened: int = 0) -> Any:
        """The value of the text from `position` on, as if `opened` round brackets stood before; raises
        `Stop`.
        """
        stack = Stack([self.start])
        states = stack.states
        for _ in range(min(opened, MAX_PENDING // 2)):
            stack.push(Token("LPAR", "(", position, position), self.actions[states[-1]]["LPAR"])
        previous: Token | None = None
        token = self.token_at(text, position, states[-1])
        actions, gotos, rules = self.actions, self.gotos, self.rules
        methods = [
            getattr(builder, rule.action) if rule.action and not rule.hidden else None for rule in rules
        ]
        chained = 0  # comparisons that wait for the end of their chain: two symbols each in Wireshark
        while True:
            action = actions[states[-1]].get(token.kind)
            if action is None:
                kind = StopKind.UNEXPECTED if token.kind else StopKind.UNREADABLE
                raise Stop(kind, token, previous, tuple(states))
            if action >= 0:
                stack.push(token, action)
                if len(states) + chained > MAX_PENDING:
                    raise Stop(StopKind.TOO_DEEP, token, previous, tuple(states))
                previous = token
                token = self.token_at(text, token.end, action)
                continue
            rule, method = rules[~action], methods[~action]
            if method is not None:
                if rule.compares:
                    chained = 0
                stack.reduce(rule, method, token.start)
                if stack.heights[-1] > MAX_HEIGHT:
                    raise Stop(StopKind.TOO_HIGH, previous or token, previous, tuple(states))
            elif rule.hidden:
                stack.collect(rule.size)
                if rule.chains:
                    chained = rule.chains * len(stack.values[-1]) - 1
            else:
                states.pop()
            states.append(gotos[states[-1]][rule.name])
            if token.kind == END and states[-1] == self.end:
                return stack.values[-1]

    def expected(self, states: tuple[int, ...]) -> list[str]:
        """The terminals that could follow, in the order of their names."""
        return [kind for kind in sorted(self.actions[states[-1]]) if self._accepts(states, kind)]

    def _accepts(self, states: tuple[int, ...], kind: str) -> bool:
        stack = list(states)
        while True:
            action = self.actions[stack[-1]].get(kind)
            if action is None:
                return False
            if action >= 0:
                return True
            rule = self.rules[~action]
            if rule.size:
                del stack[-rule.size :]
            stack.append(self.gotos[stack[-1]][rule.name])
            if kind == END and stack[-1] == self.end:
                return True


def _flatten(children: list[Any]) -> list[Any]:
    flat: list[Any] = []
    for child in children:
        if type(child) is list:
            flat.extend(child)
        else:
            flat.append(child)
    return flat
