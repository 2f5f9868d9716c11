"""Distinguished Encoding Rules (X.690), read in place: tags, lengths and the few primitive types certificates use.

In: bytes and bounds.  Out: `Node`s.  What always holds: every node lies within its parent; what does not raises
`BadDer`, nothing else; no recursion.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from dfilter.packets.view import Layer
from dfilter.slotted import frozen

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, OID, SEQUENCE = 1, 2, 3, 4, 6, 0x30
UTF8_STRING, PRINTABLE_STRING, TELETEX_STRING, IA5_STRING, UTC_TIME, GENERALIZED_TIME = 12, 19, 20, 22, 23, 24
VISIBLE_STRING, UNIVERSAL_STRING, BMP_STRING = 26, 28, 30
NUMBER_MASK, CONTEXT = 0x1F, 0x80

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ENCODINGS = {BMP_STRING: "utf-16-be", UNIVERSAL_STRING: "utf-32-be", TELETEX_STRING: "latin-1"}


class BadDer(Exception):  # noqa: N818 - a condition of the input, contained by every caller
    """The bytes are not what the encoding rules demand; what was read before counts."""


@frozen
class Node:
    """One value: its identifier byte and the absolute offsets of its start, of its content and of its end."""

    tag: int
    start: int
    content: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.content

    @property
    def number(self) -> int:
        """The tag's number, without class and form."""
        return self.tag & NUMBER_MASK

    @property
    def is_context(self) -> bool:
        return self.tag & 0xC0 == CONTEXT


class Der:
    """Reads nodes of `buf` and adds fields to `layer`.

    Attributes:
        foreign: `buf` is not the layer's own, so fields cover nothing.
        named: TLS signatures in it say their algorithm (the connection's version is 1.2 or later).
    """

    __slots__ = ("_add", "buf", "foreign", "layer", "named")

    def __init__(self, layer: Layer, buf: bytes, foreign: bool, named: bool = True) -> None:
        self.named = named
        self.layer = layer
        self.buf = buf
        self.foreign = foreign
        self._add = layer.add

    def add(self, name: str, value: object, start: int, end: int) -> None:
        """Add a field that covers the bytes from `start` to `end`."""
        self._add(name, value, 0 if self.foreign else start, 0 if self.foreign else end - start)

    def put(self, name: str, value: object, node: Node) -> None:
        """Add a field that covers a node's content."""
        self.add(name, value, node.content, node.end)

    def mark(self, name: str, node: Node) -> None:
        """Add a field without a value that covers a node's content."""
        self.add(name, None, node.content, node.end)

    def node(self, at: int, end: int) -> Node:
        """The node that starts at `at`."""
        buf = self.buf
        if at + 2 > end or buf[at] & NUMBER_MASK == NUMBER_MASK:
            raise BadDer
        length, content = buf[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            if not 1 <= size <= 4 or content + size > end:
                raise BadDer
            length = int.from_bytes(buf[content : content + size], "big")
            content += size
        if content + length > end:
            raise BadDer
        return Node(buf[at], at, content, content + length)

    def children(self, parent: Node) -> Iterator[Node]:
        """The nodes inside `parent`, one after the other."""
        at = parent.content
        while at < parent.end:
            child = self.node(at, parent.end)
            yield child
            at = child.end

    def all_children(self, parent: Node) -> list[Node]:
        return list(self.children(parent))

    def only(self, node: Node) -> Node:
        """The node that an explicitly tagged node or an octet string wraps."""
        return self.node(node.content, node.end)

    def bytes(self, node: Node) -> bytes:
        return self.buf[node.content : node.end]

    def integer(self, node: Node) -> int:
        return int.from_bytes(self.bytes(node), "big", signed=True)

    def text(self, node: Node, tag: int | None = None) -> str:
        """A string, decoded as its own tag (or the given one) says."""
        encoding = _ENCODINGS.get(node.tag if tag is None else tag, "utf-8")
        return self.bytes(node).decode(encoding, "replace")

    def time(self, node: Node) -> int | None:
        """A generalized time as nanoseconds since 1970 UTC; None if it is none."""
        text = self.bytes(node).decode("ascii", "replace")
        try:
            moment = datetime.strptime(text[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            return None
        return (moment - _EPOCH) // timedelta(microseconds=1) * 1000

    def utc_time(self, node: Node) -> str:
        """A UTC time as Wireshark shows it: "2006-09-17 22:46:36 (UTC)"."""
        text = self.bytes(node).decode("ascii", "replace")
        digits, zone = text[:12], text[12:]
        if not digits.isdigit() or len(digits) != 12:
            return text
        century = "19" if digits >= "5" else "20"
        pairs = [digits[i : i + 2] for i in range(0, 12, 2)]
        shown = "UTC" if zone == "Z" else zone
        return f"{century}{'-'.join(pairs[:3])} {':'.join(pairs[3:])} ({shown})"
