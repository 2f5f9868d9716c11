"""The bodies of HTTP messages as files.

In: the HTTP messages of a stream.  Out: `Body`, with a file name that is safe to use.  What always holds: a name that
packets propose is one component of letters, digits and ``._-``, does not begin with a dot, and is at most
`MAX_NAME` characters long; no two bodies of a stream have the same name.
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator
from os import PathLike
from typing import BinaryIO, Final

from dfilter.filter import Filter
from dfilter.follow.follow import stream_index, views_of
from dfilter.follow.sources import HttpSource
from dfilter.packets.protocols.http_fields import Message
from dfilter.packets.protocols.http_head import Kind
from dfilter.packets.view import View
from dfilter.scan import DecodeAs
from dfilter.slotted import frozen

Capture = str | PathLike[str] | BinaryIO

MAX_NAME: Final = 100
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_FILENAME: Final = re.compile(rb'filename="?([^";]*)', re.IGNORECASE)


@frozen
class Body:
    """The body of one HTTP message.

    Attributes:
        frame: the frame that completes the message.
        node: 0 or 1, the index of the sender in `Followed.nodes`.
        name: a file name for it: the frame's number, and what the response or its request calls it.
        content_type: as the message says, without parameters; "" if it does not.
        data: without transfer and content codings; as sent where a coding cannot be undone.
    """

    frame: int
    node: int
    name: str
    content_type: str
    data: bytes


def _bodies_of(view: View, source: HttpSource) -> Iterator[Body]:
    taken: set[str] = set()
    for layer, node in source.layers(view):
        message: Message | None = layer.state
        if message is None or message.tunnel is not None or message.head.kind is Kind.OTHER:
            continue
        body = message.body() or message.unchunked()
        if body.length:
            name = _unique(f"{view.number}-{file_name(message)}", taken)
            yield Body(view.number, node, name, _content_type(message), body.rest())


def http_bodies(capture: Capture, stream: int | str | Filter, *, decode_as: DecodeAs | None = None) -> Iterator[Body]:
    """The bodies of the HTTP/1 messages of a stream, in the order in which they are complete.

    Args and errors as for `follow_stream`.
    """
    source = HttpSource(stream_index(capture, "http", stream, decode_as))
    for view in views_of(capture, "http", source, decode_as):
        yield from _bodies_of(view, source)


def file_name(message: Message) -> str:
    """What a message calls its body: by Content-Disposition (RFC 6266), else the last part of the URI's path."""
    disposition = message.head.last(b"content-disposition") or b""
    proposed = _FILENAME.search(disposition)
    if proposed is not None and proposed[1].strip():
        raw = proposed[1].decode("utf-8", "replace").replace("\\", "/")
    else:
        exchange = message.link.exchange
        raw = re.split(r"[?#]", exchange.uri, maxsplit=1)[0] if exchange is not None else ""
    name = _UNSAFE.sub("_", raw.rstrip("/").rpartition("/")[2]).lstrip(".")[-MAX_NAME:].lstrip(".")
    name = name or "body"
    if "." in name:
        return name
    return name + (mimetypes.guess_extension(_content_type(message), strict=True) or "")


def _content_type(message: Message) -> str:
    value = message.head.last(b"content-type") or b""
    return value.split(b";", 1)[0].strip().decode("ascii", "replace").lower()


def _unique(name: str, taken: set[str]) -> str:
    """`name`, with a number before its suffix if a body of the same frame has it."""
    stem, dot, suffix = name.partition(".")
    wished, count = name, 1
    while wished in taken:
        count += 1
        wished = f"{stem}-{count}{dot}{suffix}"
    taken.add(wished)
    return wished
