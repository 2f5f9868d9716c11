"""A followed stream as text, as `tshark -q -z follow` of Wireshark 4.4 prints it.

In: `Followed`.  Out: lines without their ends, each with the node whose bytes it shows, None for what frames them.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from dfilter.follow.pieces import Piece

if TYPE_CHECKING:
    from dfilter.follow.follow import Followed

Line = tuple[int | None, str]

_RULE: Final = "=" * 67
_DOTS: Final = bytes(code if 0x20 <= code < 0x7F else 0x2E for code in range(256))
_DOTS_BUT_LINES: Final = bytes(code if code in b"\r\n" else _DOTS[code] for code in range(256))
_INDENT: Final = "\t"
"""Before what node 1 sent."""


def lines(followed: Followed, form: str) -> Iterator[Line]:
    """The stream in one of `FORMS`."""
    return _yaml(followed) if form == "yaml" else _framed(followed, form, FORMS[form]())


def _framed(followed: Followed, form: str, show: Callable[[Piece], Iterator[str]]) -> Iterator[Line]:
    begun = False
    for piece in followed:
        if not begun:
            yield from _heading(followed, form)
            begun = True
        for line in show(piece):
            yield piece.node, line
    if not begun:
        yield from _heading(followed, form)
    yield None, _RULE


def _heading(followed: Followed, form: str) -> Iterator[Line]:
    yield None, ""
    yield None, _RULE
    yield None, f"Follow: {followed.kind},{form}"
    yield None, f"Filter: {followed.filter}"
    for number in (0, 1):
        yield None, f"Node {number}: {followed.nodes[number] if followed.nodes else ':0'}"


def _raw() -> Callable[[Piece], Iterator[str]]:
    """A line of hexadecimal digits for each piece."""

    def show(piece: Piece) -> Iterator[str]:
        yield _INDENT * piece.node + piece.shown.hex()

    return show


def _text(decode: Callable[[bytes], str], length: Callable[[str], int]) -> Callable[[Piece], Iterator[str]]:
    """The length of each piece, and its text."""

    def show(piece: Piece) -> Iterator[str]:
        text = decode(piece.shown)
        yield _INDENT * piece.node + str(length(text))
        yield text

    return show


def _ascii() -> Callable[[Piece], Iterator[str]]:
    return _text(lambda data: data.translate(_DOTS_BUT_LINES).decode("ascii"), len)


def _utf8() -> Callable[[Piece], Iterator[str]]:
    return _text(lambda data: data.decode("utf-8", "replace"), lambda text: len(text.encode()))


def _hex() -> Callable[[Piece], Iterator[str]]:
    """A hex dump; each direction has its own offsets."""
    at = [0, 0]

    def show(piece: Piece) -> Iterator[str]:
        data, base = piece.shown, at[piece.node]
        at[piece.node] += len(data)
        for start in range(0, len(data), 16):
            yield _INDENT * piece.node + _dump_line(base + start, data[start : start + 16])

    return show


def _dump_line(offset: int, row: bytes) -> str:
    texts = [row[i : i + 8].translate(_DOTS).decode("ascii") for i in (0, 8)]
    digits = [row[i : i + 8].hex(" ") for i in (0, 8)]
    line = f"{offset:08X}  {digits[0]:<23}  {digits[1]:<23}  {' '.join(filter(None, texts))}"
    return line[:-1] if row[15:] == b" " else line  # as the reference does in full rows, and in those only


def _yaml(followed: Followed) -> Iterator[Line]:
    begun = False
    for piece in followed:
        if not begun:
            yield from _peers(followed)
            begun = True
        yield piece.node, f"  - packet: {piece.frame}"
        yield piece.node, f"    peer: {piece.node}"
        yield piece.node, f"    timestamp: {_seconds(piece.time)}"
        yield piece.node, "    data: !!binary |"
        text = base64.b64encode(piece.shown).decode("ascii")
        for start in range(0, len(text), 76):
            yield piece.node, "      " + text[start : start + 76]
    if not begun:
        yield from _peers(followed)


def _peers(followed: Followed) -> Iterator[Line]:
    yield None, "peers:"
    for number in (0, 1):
        node = followed.nodes[number] if followed.nodes else None
        yield None, f"  - peer: {number}"
        yield None, f"    host: {node.address if node else ''}"
        yield None, f"    port: {node.port if node else 0}"
    yield None, "packets:"


def _seconds(nanoseconds: int | None) -> str:
    """Seconds as the reference has them: a binary fraction of 53 bits, printed with nine decimals."""
    seconds, rest = divmod(nanoseconds or 0, 10**9)
    return f"{seconds + rest / 10**9:.9f}"


FORMS: Final[dict[str, Callable[[], Callable[[Piece], Iterator[str]]]]] = {
    "ascii": _ascii, "hex": _hex, "raw": _raw, "utf-8": _utf8,
}  # fmt: skip
NAMES: Final = (*FORMS, "yaml")
