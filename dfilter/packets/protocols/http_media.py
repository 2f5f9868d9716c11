"""From an HTTP body to the protocol of its media type.

In: a layer and its message.  Out: the layers of what the body holds.  What always holds: as in Wireshark 4.4 the
layer of HTTP ends where the protocol of its body begins, if there is one, else it holds the body too.
"""

from __future__ import annotations

from dfilter.packets.declare import Protocol
from dfilter.packets.protocols.http_fields import Message
from dfilter.packets.protocols.images import picture_in
from dfilter.packets.protocols.media_types import UNDISSECTED
from dfilter.packets.region import Malformed, Region
from dfilter.packets.view import Layer, View


def media_type(value: bytes) -> str:
    """type/subtype of a Content-Type, in lower case (RFC 9110 section 8.3.1)."""
    return value.split(b";", 1)[0].split(b",", 1)[0].strip().decode("ascii", "replace").lower()


def dissect_body(view: View, layer: Layer, message: Message) -> None:
    """Hand the body to the protocol of its type; `media` for a type without one, `data` without a type."""
    content_type = message.head.last(b"content-type")
    name = media_type(content_type) if content_type is not None else ""
    handler = _handler(view, name)
    head_length = message.head.end - layer.start
    if view.session.reachable.isdisjoint((handler.name if handler else "media", *_LAST_RESORTS)):
        if handler is not None or name in UNDISSECTED:
            layer.set_length(head_length)
        return
    body = message.body()
    if body is None:
        view.call_data(message.unchunked())
    elif body.reported_length == 0:
        return
    elif name in UNDISSECTED or (handler is not None and view.ask(handler, body) is not False):
        layer.set_length(head_length)
    else:
        if handler is not None:
            message.failed = True
            view.damaged(Malformed(f"not {name}"))
        _dissect_unknown(view, name, body)


_LAST_RESORTS = ("media", "data", "json", "xml", "png", "image-gif", "image-jfif")


def _handler(view: View, name: str) -> Protocol | None:
    handler = view.lookup("media_type", name)
    return view.lookup("media_type", "multipart/") if handler is None and name.startswith("multipart/") else handler


def _dissect_unknown(view: View, name: str, body: Region) -> None:
    """A body without a protocol of its own: by its type's suffix (RFC 6839), its first bytes, or not at all."""
    protocols = view.session.catalogue.protocols
    picture = picture_in(body)
    if picture is not None:
        view.call(picture, body)
    elif name in ("", "application/octet-stream"):
        view.call_data(body)
    elif name.endswith(("+json", "+xml")):
        view.call(protocols[name.rpartition("+")[2]], body)
    else:
        view.call(protocols["media"], body)
