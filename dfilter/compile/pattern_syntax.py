"""The tree of a regular expression: PCRE2 in byte mode, every letter case and class already a set of bytes.

In: nothing.  Out: frozen node classes.  What always holds: case-insensitivity, `.`, `\\w` and the like
are resolved into `Bytes` by the parser, so no node but `Backreference` depends on a flag.
"""

from __future__ import annotations

from enum import Enum

from dfilter.slotted import frozen


class PatternError(ValueError):
    """Not a regular expression. `offset`: where, in bytes from the start of the pattern."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(f"{message} at offset {offset}")
        self.message = message
        self.offset = offset


class Where(Enum):
    """What a position must be."""

    START = "start of the value"
    END = "end of the value"
    LAST_LINE_END = "end, or before a final newline"
    LINE_START = "start, or after a newline that is not the last byte"
    LINE_END = "end, or before a newline"
    WORD_EDGE = "between a word byte and another"
    NO_WORD_EDGE = "not there"


class Newline(Enum):
    """What counts as a newline: `(*LF)` and its kin; the value is a regular expression of it."""

    LF = r"\n"
    CR = r"\r"
    CRLF = r"\r\n"
    ANYCRLF = r"(?>\r\n|\n|\r)"
    ANY = r"(?>\r\n|[\n\x0b\x0c\r\x85])"
    NUL = r"\x00"


class GroupKind(Enum):
    PLAIN = "(?:"
    CAPTURE = "("
    RESET = "(?|"
    ATOMIC = "(?>"
    AHEAD = "(?="
    NOT_AHEAD = "(?!"
    BEHIND = "(?<="
    NOT_BEHIND = "(?<!"
    DEFINE = "(?(DEFINE)"


@frozen
class Bytes:
    """One byte out of a set. `literal`: how it was typed, when it was a single character."""

    members: frozenset[int]
    literal: int | None = None


@frozen
class Position:
    where: Where
    newline: Newline = Newline.LF


@frozen
class Sequence:
    items: tuple[Node, ...]


@frozen
class Alternation:
    branches: tuple[Sequence, ...]


@frozen
class Group:
    kind: GroupKind
    body: Alternation
    name: str | None = None


@frozen
class Repeat:
    """`high` None: without limit."""

    item: Node
    low: int
    high: int | None
    lazy: bool
    possessive: bool


@frozen
class Backreference:
    target: str
    caseless: bool


@frozen
class Recursion:
    """`target`: a group's number or name, "0" for the whole pattern."""

    target: str


@frozen
class Conditional:
    """`condition`: a group's number or name, or a look-around."""

    condition: str | Group
    branches: tuple[Sequence, ...]


@frozen
class Special:
    """Something with a fixed text in the `regex` module: `\\R`, `\\X`, `(*FAIL)`, `(*PRUNE)`, `(*SKIP)`."""

    text: str
    width: int | None


Node = (
    Bytes
    | Position
    | Sequence
    | Alternation
    | Group
    | Repeat
    | Backreference
    | Recursion
    | Conditional
    | Special
)


def widest(node: Node) -> int | None:
    """The greatest number of bytes that `node` can match, None where there is no limit."""
    match node:
        case Bytes():
            return 1
        case Position():
            return 0
        case Sequence():
            widths = [widest(item) for item in node.items]
            return None if None in widths else sum(width or 0 for width in widths)
        case Alternation():
            return _greatest([widest(branch) for branch in node.branches])
        case Group():
            looks = (GroupKind.AHEAD, GroupKind.NOT_AHEAD, GroupKind.BEHIND, GroupKind.NOT_BEHIND)
            return 0 if node.kind in looks or node.kind is GroupKind.DEFINE else widest(node.body)
        case Repeat():
            width = widest(node.item)
            if width == 0:
                return 0
            return None if width is None or node.high is None else width * node.high
        case Conditional():
            return _greatest([widest(branch) for branch in node.branches])
        case Special():
            return node.width
        case _:
            return None


def _greatest(widths: list[int | None]) -> int | None:
    return None if None in widths else max((width or 0 for width in widths), default=0)
