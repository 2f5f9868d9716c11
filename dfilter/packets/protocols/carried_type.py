"""The media type under which a body was sent, for the packet list.

In: the layer of a body.  Out: its type, as written in the header of the message around it, or of its part.
"""

from __future__ import annotations

from dfilter.packets.columns import Columns
from dfilter.packets.view import Layer


def carried_type(layer: Layer) -> str:
    """type/subtype in lower case; "" where nothing says it."""
    for before in reversed(layer.view.layers[: layer.index]):
        head = getattr(before.state, "head", None)
        if head is not None:
            value: bytes = head.last(b"content-type") or b""
            return value.split(b";", 1)[0].split(b",", 1)[0].strip().decode("ascii", "replace").lower()
        if before.protocol.name == "imf":
            return "".join(before.computed("imf.content.type")[:1]).partition(";")[0].strip().lower()
    return ""


def append_type(layer: Layer, columns: Columns) -> None:
    """Add the media type to the line: ` (text/html)`."""
    name = carried_type(layer)
    if name:
        columns.append(f" ({name})")
