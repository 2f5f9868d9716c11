"""How many steps a backtracking search takes, without taking them: where Wireshark gives up.

In: a pattern's tree, a value.  Out: whether a search that tries one way after the other finds a match within
`MATCH_LIMIT` steps.  What always holds: the answer takes time in proportion to the value, not to the steps; patterns
that cannot explode are not asked.

PCRE2 stops a search after ten million steps, and Wireshark counts the value as not matching (observed with 4.4 and 4.6:
`^(a+)+$|b$` finds "a…ab" with 21 a's and not with 22).  A step is counted for each end of a run of single bytes that
is tried, each branch, each further round of a group and each group that captures; the limit holds for each place where
a match may start.  The count is near PCRE2's, not equal: the longest value in which such a pattern is found may differ
by a byte.
"""

from __future__ import annotations

from collections.abc import Callable

from dfilter.compile.pattern_syntax import (
    Alternation,
    Bytes,
    Group,
    GroupKind,
    Node,
    Position,
    Repeat,
    Sequence,
    Where,
)
from dfilter.slotted import replace, slotted

MATCH_LIMIT = 10_000_000
MOST_STATES = 100_000
"""Pairs of a place in the pattern and one in the value that are looked at; beyond, the value counts as found."""
_MANY = 12
"""Rounds from which on a repetition inside another can explode."""
_MOST_INSTRUCTIONS = 500


@slotted(eq=True)
class _Step:
    """One instruction: a set of bytes, a position, or a choice between the instructions `ways`, tried in order."""

    members: frozenset[int] | None = None
    where: Where | None = None
    ways: tuple[int, ...] = ()
    costs: tuple[int, ...] = ()


def explodes(node: Node, inside: bool = False) -> bool:
    """Is there a long repetition of something that can match in several ways?"""
    match node:
        case Repeat():
            long = node.high is None or node.high >= _MANY
            varies = node.high is None or node.high > node.low
            return (inside and varies) or explodes(node.item, inside or long)
        case Sequence():
            return any(explodes(item, inside) for item in node.items)
        case Alternation():
            several = inside and len(node.branches) > 1
            return several or any(explodes(branch, inside) for branch in node.branches)
        case Group():
            return explodes(node.body, inside)
    return False


def effort_test(tree: Alternation) -> Callable[[bytes], bool] | None:
    """Is a match found in time? None for a pattern whose steps are not counted here."""
    program: list[_Step] = [_Step()]  # 0: found
    try:
        start = _compile(tree, 0, program)
    except _NotCountedError:
        return None
    return lambda value: _found_in_time(program, start, value)


class _NotCountedError(Exception):
    """The pattern has something whose steps are not known, or is too long."""


def _compile(node: Node, then: int, program: list[_Step]) -> int:
    """The number of the instruction where `node` begins, with `then` behind it."""
    match node:
        case Bytes():
            return _add(program, _Step(node.members, ways=(then,)))
        case Position() if node.where in (Where.START, Where.END, Where.LAST_LINE_END):
            return _add(program, _Step(where=node.where, ways=(then,)))
        case Sequence():
            for item in reversed(node.items):
                then = _compile(item, then, program)
            return then
        case Alternation():
            ways = tuple(_compile(branch, then, program) for branch in node.branches)
            return ways[0] if len(ways) == 1 else _add(program, _Step(ways=ways, costs=(1,) * len(ways)))
        case Group() if node.kind is GroupKind.PLAIN:
            return _compile(node.body, then, program)
        case Group() if node.kind is GroupKind.CAPTURE:
            closed = _add(program, _Step(ways=(then,), costs=(1,)))
            return _compile(node.body, closed, program)
        case Repeat() if not node.possessive:
            return _repeat(node, then, program)
    raise _NotCountedError


def _repeat(node: Repeat, then: int, program: list[_Step]) -> int:
    item, behind = node.item, then
    if node.high is None:
        item = _not_empty(item)
        loop = _add(program, _Step())
        program[loop] = _choice(_compile(item, loop, program), behind, node)
        then = loop
    else:
        for _ in range(node.high - node.low):
            then = _add(program, _choice(_compile(item, then, program), behind, node))
    for _ in range(node.low):
        then = _compile(item, then, program)
    return then


def _choice(again: int, out: int, node: Repeat) -> _Step:
    """One more round, or go on: the further round of a group counts, or the end of a run of single bytes."""
    cost = (0, 1) if isinstance(node.item, Bytes) else (1, 0)
    return _Step(ways=(out, again), costs=cost[::-1]) if node.lazy else _Step(ways=(again, out), costs=cost)


def _not_empty(node: Node) -> Node:
    """`a+` for the `a*` of `(a*)*`: an empty round ends the repetition."""
    match node:
        case Repeat() if node.low == 0:
            return replace(node, low=1)
        case Group(body=Alternation(branches=(Sequence(items=(only,)),))):
            return replace(node, body=Alternation((Sequence((_not_empty(only),)),)))
    return node


def _add(program: list[_Step], step: _Step) -> int:
    if len(program) >= _MOST_INSTRUCTIONS:
        raise _NotCountedError
    program.append(step)
    return len(program) - 1


def _found_in_time(program: list[_Step], start: int, value: bytes) -> bool:
    known: dict[tuple[int, int], tuple[int, bool]] = {}
    for place in range(len(value) + 1):
        steps, found = _count(program, (start, place), value, known)
        if steps > MATCH_LIMIT:
            return False
        if found or len(known) > MOST_STATES:
            return True
    return True


def _count(program: list[_Step], goal: tuple[int, int], value: bytes,
           known: dict[tuple[int, int], tuple[int, bool]]) -> tuple[int, bool]:  # fmt: skip
    """Steps from a state on until a match is found or every way has failed; each state is counted once."""
    pending = [goal]
    while pending and len(known) <= MOST_STATES:
        state = pending[-1]
        if known.get(state, _OPEN) is not _OPEN:
            pending.pop()
            continue
        known[state] = _OPEN  # a way that comes back here without a byte fails
        total, found, waiting = 0, state[0] == 0, False
        for way, cost in _ways(program[state[0]], state[1], value):
            answer = known.get(way)
            if answer is None:
                pending.append(way)
                waiting = True
                break
            total, found = total + cost + answer[0], answer[1]
            if found:
                break
        if not waiting:
            known[state] = (min(total, MATCH_LIMIT + 1), found)
            pending.pop()
    return known.get(goal, _OPEN)


_OPEN = (0, False)


def _ways(step: _Step, place: int, value: bytes) -> list[tuple[tuple[int, int], int]]:
    """The states that follow, each with what it costs to try."""
    if step.members is not None:
        return [((step.ways[0], place + 1), 0)] if place < len(value) and value[place] in step.members else []
    if step.where is not None:
        at_end = place == len(value)
        last = step.where is Where.LAST_LINE_END and value[place:] == b"\n"
        fits = place == 0 if step.where is Where.START else at_end or last
        return [((step.ways[0], place), 0)] if fits else []
    return [((way, place), cost) for way, cost in zip(step.ways, step.costs, strict=True)]
