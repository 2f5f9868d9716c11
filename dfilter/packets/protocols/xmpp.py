"""XMPP (RFC 6120): which stanza a segment begins with, and the change to TLS.

In: a TCP stream.  Out: an `xmpp` layer a segment, with an `xml` layer inside.  What always holds: once a server
answers a client's <starttls/> with <proceed/> the conversation belongs to TLS.
"""

from __future__ import annotations

import re

from dfilter.fields.types import FieldType
from dfilter.packets.declare import Protocol, computed_table
from dfilter.packets.region import Region
from dfilter.packets.streams.reassembly import ONE_MORE_SEGMENT, NeedMore
from dfilter.packets.view import Layer, View

CLIENT_PORT = 5222
MAX_STANZA = 1 << 16
"""A stanza longer than this is not waited for."""

XMPP = Protocol(
    "xmpp",
    "XMPP",
    fields=computed_table(
        """
        xmpp.in         BOOLEAN
        xmpp.out        BOOLEAN
        xmpp.stream     NONE
        xmpp.stream_end NONE
        xmpp.features   NONE
        xmpp.starttls   NONE
        xmpp.proceed    NONE
        xmpp.auth       NONE
        xmpp.challenge  NONE
        xmpp.response   NONE
        xmpp.success    NONE
        xmpp.failure    NONE
        xmpp.message    NONE
        xmpp.presence   NONE
        xmpp.iq         NONE
        """,
        stateful=True,
    ),
    over={"tcp.port": (CLIENT_PORT,)},
    carries=("xml", "tls"),
)

_TAG = re.compile(rb"<([?/!]?)(?:([\w.-]{1,64}):)?([\w.-]{1,64})[^<>]*>")
_STANZAS = frozenset(field.name.removeprefix("xmpp.") for field in XMPP.fields if field.type is FieldType.NONE)


@XMPP.dissector
def dissect_xmpp(view: View, region: Region) -> None:
    found, open_elements = top_level(region.rest())
    stream = view.stream
    if open_elements and stream is not None and region.length < MAX_STANZA and region.end == region.reported_end:
        raise NeedMore(region.start, ONE_MORE_SEGMENT)
    outwards = view.lookup("tcp.port", view.ports[1]) is XMPP
    view.push(XMPP, region).state = (found, outwards)
    view.call(view.session.catalogue.protocols["xml"], region)
    if stream is None:
        return
    state = stream.conversation.state
    if "starttls" in found and outwards:
        state["xmpp.starttls"] = True
    elif "proceed" in found and state.get("xmpp.starttls"):
        stream.conversation.protocol = view.session.catalogue.protocols["tls"]


def top_level(text: bytes) -> tuple[list[str], bool]:
    """The names of a stream's elements in `text`, "" for its XML declaration, and whether the last one is open.

    The stream itself is an element that stays open; what ends it is "stream_end".
    """
    found: list[str] = []
    depth = end = 0
    for tag in _TAG.finditer(text):
        end = tag.end()
        mark, name = tag[1], tag[3].decode()
        if mark == b"?":
            found.append("")
        elif mark == b"!":
            continue
        elif name == "stream" and tag[2] == b"stream":
            found.append("stream_end" if mark else "stream")
        elif mark:
            depth = max(depth - 1, 0)
        else:
            if not depth:
                found.append(name)
            depth += not tag[0].endswith(b"/>")
    return found, depth > 0 or b"<" in text[end:]


@XMPP.filler
def fill_xmpp(layer: Layer) -> None:
    found, outwards = layer.state
    for name in found:
        layer.add("xmpp.out" if outwards else "xmpp.in", True, layer.start)
        if name in _STANZAS:
            layer.add("xmpp." + name, None, layer.start, layer.end - layer.start)


@XMPP.info_line
def xmpp_info(layer: Layer) -> str:
    return " ".join(name.upper() for name in layer.state[0] if name)
