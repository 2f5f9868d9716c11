"""A parsed regular expression as text for google-re2, for the `regex` module, or as a plain byte string.

In: the tree.  Out: text, or None where that engine could not give the same answer.  What always holds:
only whether a value matches counts, not where; so greedy and lazy are one for re2, and groups capture
nothing there.
"""

from __future__ import annotations

from typing import assert_never

from dfilter.compile.pattern_classes import ALL, fold
from dfilter.compile.pattern_syntax import (
    Alternation,
    Backreference,
    Bytes,
    Conditional,
    Group,
    GroupKind,
    Newline,
    Node,
    Position,
    Recursion,
    Repeat,
    Sequence,
    Special,
    Where,
)

_RE2_MAX_REPEAT = 1000


def plain_literal(tree: Alternation) -> tuple[bytes, bool] | None:
    """(bytes, case-insensitive) of a pattern that is nothing but characters."""
    if len(tree.branches) != 1 or not tree.branches[0].items:
        return None
    codes, caseless, exact = bytearray(), True, True
    for item in tree.branches[0].items:
        if not isinstance(item, Bytes) or item.literal is None:
            return None
        single = frozenset([item.literal])
        codes.append(item.literal)
        exact = exact and item.members == single
        caseless = caseless and item.members == fold(single)
    if not exact and not caseless:
        return None
    return bytes(codes), not exact


# --- re2 ---------------------------------------------------------------------------------------------------


def re2_text(node: Node, last: bool = True) -> str | None:
    """Text for re2 in Latin-1 mode; None where the meaning needs what re2 does not have.

    `last`: nothing follows `node`, so that "before a final newline" may consume that newline.
    """
    match node:
        case Bytes():
            return byte_set(node.members) if node.members else None
        case Position():
            return _re2_position(node, last)
        case Sequence():
            return _re2_sequence(node, last)
        case Alternation():
            return _joined([re2_text(branch, last) for branch in node.branches], "|")
        case Group():
            body = re2_text(node.body, last)
            transparent = node.kind in (GroupKind.PLAIN, GroupKind.CAPTURE, GroupKind.RESET)
            return f"(?:{body})" if transparent and body is not None else None
        case Repeat():
            return _re2_repeat(node)
        case _:
            return None


def _joined(parts: list[str | None], separator: str) -> str | None:
    texts = [part for part in parts if part is not None]
    return separator.join(texts) if len(texts) == len(parts) else None


def _re2_sequence(node: Sequence, last: bool) -> str | None:
    parts: list[str | None] = []
    final = len(node.items) - 1
    for place, item in enumerate(node.items):
        if isinstance(item, Position) and item.where is Where.LINE_START:
            # re2 also finds a line behind the final newline; PCRE does not. A byte that follows excludes it.
            follows = place < final and _consumes(node.items[place + 1])
            parts.append("(?m:^)" if follows and item.newline is Newline.LF else None)
        else:
            parts.append(re2_text(item, last and place == final))
    return _joined(parts, "")


def _consumes(item: Node) -> bool:
    return isinstance(item, Bytes) or (isinstance(item, Repeat) and item.low > 0 and _consumes(item.item))


def _re2_position(node: Position, last: bool) -> str | None:
    match node.where:
        case Where.START:
            return r"\A"
        case Where.END:
            return r"\z"
        case Where.WORD_EDGE:
            return r"\b"
        case Where.NO_WORD_EDGE:
            return r"\B"
        case Where.LAST_LINE_END:
            return r"(?:\n?\z)" if last and node.newline is Newline.LF else None
        case Where.LINE_END:
            return "(?m:$)" if node.newline is Newline.LF else None
        case Where.LINE_START:
            return None
    assert_never(node.where)


def _re2_repeat(node: Repeat) -> str | None:
    body = re2_text(node.item, last=False)
    if body is None or node.possessive or max(node.low, node.high or 0) > _RE2_MAX_REPEAT:
        return None
    return f"(?:{body}){_counts(node)}"


def _counts(node: Repeat) -> str:
    return f"{{{node.low},{'' if node.high is None else node.high}}}"


def byte_set(members: frozenset[int]) -> str:
    """A class of hex escapes, in ranges."""
    if members == ALL:
        return r"[\x00-\xff]"
    codes = sorted(members)
    if len(codes) == 1:
        return f"\\x{codes[0]:02x}"
    parts: list[str] = []
    first = previous = codes[0]
    for code in [*codes[1:], -1]:
        if code == previous + 1:
            previous = code
            continue
        parts.append(f"\\x{first:02x}" if first == previous else f"\\x{first:02x}-\\x{previous:02x}")
        first = previous = code
    return f"[{''.join(parts)}]"


# --- the regex module --------------------------------------------------------------------------------------


def regex_text(node: Node) -> str:
    """Text for the `regex` module, over bytes, without flags."""
    match node:
        case Bytes():
            return byte_set(node.members) if node.members else "(?!)"
        case Position():
            return _regex_position(node)
        case Sequence():
            return "".join(regex_text(item) for item in node.items)
        case Alternation():
            return "|".join(regex_text(branch) for branch in node.branches)
        case Group():
            opener = node.kind.value if node.name is None else f"(?P<{node.name}>"
            return f"{opener}{regex_text(node.body)})"
        case Repeat():
            lazy = "?" if node.lazy and not node.possessive else ""
            text = f"(?:{regex_text(node.item)}){_counts(node)}{lazy}"
            return f"(?>{text})" if node.possessive else text
        case Backreference():
            text = f"(?P={node.target})" if not node.target.isdigit() else f"\\g<{node.target}>"
            return f"(?i:{text})" if node.caseless else f"(?:{text})"
        case Recursion():
            return _regex_recursion(node.target)
        case Conditional():
            return _regex_conditional(node)
        case Special():
            return node.text
    assert_never(node)


def _regex_recursion(target: str) -> str:
    if target == "0":
        return "(?R)"
    return f"(?{target})" if target.isdigit() else f"(?&{target})"


def _regex_conditional(node: Conditional) -> str:
    test = node.condition
    condition = f"({test})" if isinstance(test, str) else regex_text(test)
    return f"(?{condition}{'|'.join(regex_text(branch) for branch in node.branches)})"


def _regex_position(node: Position) -> str:
    newline = node.newline.value
    match node.where:
        case Where.START:
            return r"\A"
        case Where.END:
            return r"\Z"
        case Where.WORD_EDGE:
            return r"\b"
        case Where.NO_WORD_EDGE:
            return r"\B"
        case Where.LAST_LINE_END:
            return rf"(?:\Z|(?={newline}\Z))"
        case Where.LINE_END:
            return rf"(?:\Z|(?={newline}))"
        case Where.LINE_START:
            return rf"(?:\A|(?<={newline})(?!\Z))"
    assert_never(node.where)
