"""The head of an HTTP message (RFC 9112): start line and header lines, as Wireshark 4.4 reads them.

In: a region that begins where a message should.  Out: `Head`, with absolute offsets into the region's buffer.
What always holds: parsing is linear, touches no state, and never fails; a header ends at the first empty line
or the first line without a colon, whatever follows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

from dfilter.packets.region import Region
from dfilter.slotted import field, frozen, slotted

_LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")
_BLANK_LINE = re.compile(rb"\n\r?\n")
_ODD_NAME = re.compile(rb"[^!#$%&'*+\-.^_`|~0-9A-Za-z\\]")
_HEADER_LINE = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}:")
_DIGITS = re.compile(rb"[0-9]{1,20}\Z")

METHODS = frozenset(b"""
    GET POST HEAD PUT DELETE OPTIONS TRACE CONNECT PATCH PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK
    VERSION-CONTROL REPORT CHECKOUT CHECKIN UNCHECKOUT MKWORKSPACE UPDATE LABEL MERGE BASELINE-CONTROL MKACTIVITY
    SEARCH POLL BCOPY BDELETE BMOVE BPROPFIND BPROPPATCH M-SEARCH RPC_CONNECT RPC_IN_DATA RPC_OUT_DATA CCM_POST
""".split())
"""The request methods that Wireshark 4.4 knows; it takes a line with another one for the rest of a body."""

NOTIFICATIONS = frozenset((b"NOTIFY", b"SUBSCRIBE", b"UNSUBSCRIBE"))
"""Methods of GENA (UPnP), which it shows as notifications."""


class Kind(Enum):
    """What a first line begins; `HEADERS`: it is a header itself, the start line was lost."""

    REQUEST = "request"
    RESPONSE = "response"
    NOTIFICATION = "notification"
    HEADERS = "headers"
    OTHER = "other"


@frozen
class HeaderLine:
    """One header: the line with its line end, and where name and value lie in it (absolute offsets)."""

    start: int
    end: int
    name: bytes
    name_end: int
    value_start: int
    value_end: int


@slotted(eq=True)
class Head:
    """A start line with its headers.

    Attributes:
        start, line_end: the start line without its line end; `end`: where the body begins.
        headers: in order of appearance; names in lower case.
        cut: the message ends within the name of a header.
        unfinished: the capture ends within the head.
    """

    kind: Kind
    buf: bytes
    start: int
    line_end: int
    end: int
    headers: list[HeaderLine] = field(default_factory=list)
    cut: bool = False
    unfinished: bool = False

    def last(self, name: bytes) -> bytes | None:
        """The value of the last header called `name` (lower case)."""
        for line in reversed(self.headers):
            if line.name == name:
                return self.buf[line.value_start : line.value_end]
        return None

    def words(self) -> list[tuple[int, int]]:
        """The start line's three parts as (start, end); one that is not there is empty, at the end of the line.

        Any number of spaces parts the words, but an empty request target counts.
        """
        first_end = self._word_end(self.start)
        second = min(first_end + 1, self.line_end)
        if self.kind is Kind.RESPONSE:
            second = self._skip_spaces(second)
        second_end = self._word_end(second)
        return [(self.start, first_end), (second, second_end), (self._skip_spaces(second_end), self.line_end)]

    def _word_end(self, at: int) -> int:
        space = self.buf.find(b" ", at, self.line_end)
        return self.line_end if space < 0 else space

    def _skip_spaces(self, at: int) -> int:
        while at < self.line_end and self.buf[at] == 0x20:
            at += 1
        return at

    @property
    def method(self) -> bytes:
        start, end = self.words()[0]
        return self.buf[start:end]

    @property
    def content_length(self) -> int | None:
        """The last Content-Length, where it is a number (RFC 9112 section 6.2)."""
        value = self.last(b"content-length")
        return parse_length(value) if value is not None else None


def parse_length(value: bytes) -> int | None:
    """A Content-Length that counts; None for anything but digits, and for what 64 bits do not hold."""
    value = value.strip()
    if not _DIGITS.match(value):
        return None
    number = int(value)
    return number if number < 1 << 63 else None


def first_line_end(region: Region, offset: int = 0) -> tuple[int, int] | None:
    """(end of the text, start of the next line) of the line at `offset`; None if the line does not end here."""
    found = _LINE_END.search(region.buf, region.start + offset, region.end)
    return found.span() if found else None


def head_is_complete(region: Region, offset: int = 0, searched: int = 0) -> bool:
    """Is there an empty line after the start line, which begins at `offset`; not in the first `searched` bytes?"""
    if searched < 4:
        line = first_line_end(region, offset)
        if line is None:
            return False
        searched = line[1] - region.start + 2
    return _BLANK_LINE.search(region.buf, region.start + searched - 3, region.end) is not None


def classify(buf: bytes, start: int, end: int) -> Kind:
    """What the start line `buf[start:end]` begins."""
    if buf.startswith((b"HTTP/", b"ICY "), start, end):
        return Kind.RESPONSE
    space = buf.find(b" ", start, min(end, start + 32))
    word = buf[start : space if space >= 0 else min(end, start + 32)]
    if word in METHODS:
        return Kind.REQUEST
    if word in NOTIFICATIONS:
        return Kind.NOTIFICATION
    return Kind.HEADERS if _HEADER_LINE.match(buf, start, end) else Kind.OTHER


def parse_head(region: Region, offset: int, kind: Kind) -> Head:
    """The head that begins at `offset` of the region."""
    buf, start = region.buf, region.start + offset
    line = first_line_end(region, offset)
    if line is None:
        return Head(kind, buf, start, region.end, region.end, unfinished=region.end < region.reported_end)
    first = start if kind is Kind.HEADERS else line[1]
    head = Head(kind, buf, start, line[0], first)
    for text_end, at, next_at in _lines(region, first):
        if text_end == at:
            head.end = next_at
            return head
        colon = buf.find(b":", at, text_end)
        if colon < 0:
            head.cut = next_at == text_end
            return head
        value = colon + 1
        while value < text_end and buf[value] in b" \t":
            value += 1
        head.end = next_at
        if value == region.end < region.reported_end:  # its value was not captured
            break
        head.headers.append(HeaderLine(at, next_at, buf[at:colon].lower(), colon, value, text_end))
    head.unfinished = region.end < region.reported_end
    return head


def _lines(region: Region, at: int) -> Iterator[tuple[int, int, int]]:
    """(end of the text, start, start of the next line) of each line; the last may lack its end."""
    buf, stop = region.buf, region.end
    while at < stop:
        found = _LINE_END.search(buf, at, stop)
        text_end, next_at = found.span() if found else (stop, stop)
        yield text_end, at, next_at
        at = next_at


def has_odd_name(line: HeaderLine) -> bool:
    """Does the header's name hold characters that names must not have, or none at all?"""
    return not line.name or _ODD_NAME.search(line.name) is not None


def text(raw: bytes) -> str:
    """Bytes as Wireshark shows them in these fields: ASCII, up to a NUL, anything else replaced byte by byte."""
    return raw.split(b"\0", 1)[0].decode("ascii", "replace")
