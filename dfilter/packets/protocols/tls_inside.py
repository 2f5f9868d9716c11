"""What a decrypted TLS connection carries: application data, given to the protocol that ALPN, the port or the bytes
name, with messages put together across records.

In: the plain content of data records, in order.  Out: the layers of the protocol inside, and on the `tls` layer
which records a message was put together from.  What always holds: the protocol inside has a conversation of its
own, so what it remembers never mixes with TLS.
"""

from __future__ import annotations

from typing import Any

from dfilter.packets.declare import Protocol
from dfilter.packets.region import DissectionError, Region
from dfilter.packets.streams.conversation import Conversation, Stream
from dfilter.packets.streams.reassembly import UNTIL_FIN, NeedMore
from dfilter.packets.streams.sequence import SEQ_MASK
from dfilter.packets.view import Layer, View
from dfilter.slotted import field, slotted

MAX_WAITING = 16 * 1024 * 1024
"""Bytes of one message beyond which it is given up."""
MAX_OPEN = 1024 * 1024
"""Bytes of one message whose length is not known beyond which it is given up: each attempt reads all of it."""
MAX_ATTEMPTS = 4096
"""Records after which a message that always asks for one more is given up: each attempt reads all of it."""

PROTOCOLS = {
    "Hypertext Transfer Protocol": "http", "HyperText Transfer Protocol 2": "http2", "Domain Name System": "dns",
    "Simple Mail Transfer Protocol": "smtp", "Internet Message Access Protocol": "imap", "Post Office Protocol": "pop",
    "Lightweight Directory Access Protocol": "ldap", "Session Initiation Protocol": "sip",
    "MQ Telemetry Transport Protocol": "mqtt", "Syslog Message": "syslog", "File Transfer Protocol (FTP)": "ftp",
    "MySQL Protocol": "mysql", "PostgreSQL": "pgsql", "XMPP Protocol": "xmpp", "TPKT - ISO on TCP - RFC1006": "tpkt",
}  # fmt: skip
"""The protocols inside that dfilter dissects, by the names that Wireshark shows for them."""
_METHODS = (b"GET ", b"POST ", b"HEAD ", b"PUT ", b"DELETE ", b"OPTIONS ", b"CONNECT ", b"PATCH ", b"HTTP/1.")
_PREFACE = b"PRI * HTTP/2.0"


@slotted
class Waiting:
    """The message of one direction that lacks its end.

    Attributes:
        wanted: how long it must be, or a constant of the reassembly module.
        frames: of each record that it is made of, the frame.
    """

    data: bytearray = field(default_factory=bytearray)
    wanted: int = 0
    frames: list[int] = field(default_factory=list)
    attempts: int = 0


@slotted
class Inside:
    """What is carried inside a connection.

    Attributes:
        conversation: in which the protocol inside keeps its state.
        sent: bytes that each end has sent, as far as they were dissected.
        waiting: for each end, the message that lacks its end.
        until_fin: for each end, that what it sends belongs to one message until it closes; Wireshark 4.4 shows no
            more of it.
    """

    conversation: Conversation
    sent: list[int] = field(default_factory=lambda: [0, 0])
    waiting: list[Waiting | None] = field(default_factory=lambda: [None, None])
    until_fin: list[bool] = field(default_factory=lambda: [False, False])


def begin(outer: Conversation) -> Inside:
    """The inside of a connection, with the same ends and number."""
    return Inside(Conversation(outer.index, outer.ends, outer.client, outer.first_time, outer.previous_time))


def dissect_inside(view: View, layer: Layer, inside: Inside, name: str, data: bytes) -> None:
    """Dissect the next bytes of application data that the frame's sender sent.

    Args:
        layer: the `tls` layer.
        name: the protocol inside as Wireshark names it; empty if nothing tells.
    """
    outer = view.stream
    if outer is None:
        return
    sender = outer.sender
    position = 0
    while position < len(data):
        waiting = inside.waiting[sender]
        if waiting is None:
            _dissect(view, layer, inside, sender, name, data[position:], None)
            return
        room = max(waiting.wanted - len(waiting.data), 1) if waiting.wanted >= 0 else len(data)
        piece = data[position : position + room]
        position += len(piece)
        waiting.data += piece
        waiting.frames.append(view.number)
        layer.add("tls.segment.data", piece)
        if len(waiting.data) < waiting.wanted or waiting.wanted == UNTIL_FIN:
            _announce(view, layer)
        else:
            inside.waiting[sender] = None
            _dissect(view, layer, inside, sender, name, bytes(waiting.data), waiting)


def _announce(view: View, layer: Layer) -> None:
    shown = layer.items.get("tls.reassembled_in", ())
    for frame in view.session.foresight_for("tls.reassembled_in", view.number):
        if frame not in shown:
            layer.add("tls.reassembled_in", frame)


def _dissect(view: View, layer: Layer, inside: Inside, sender: int, name: str, data: bytes,
             before: Waiting | None) -> None:  # fmt: skip
    """One attempt at what is there; what lacks its end waits."""
    region = Region(data, 0, len(data))
    outer = view.stream
    assert outer is not None
    view.stream = Stream(inside.conversation, sender, outer.finished, inside.sent[sender] & SEQ_MASK)
    done = len(data)
    try:
        _call(view, region, inside, name)
    except NeedMore as need:
        done = need.offset
        attempts = 1 if before is None else before.attempts + 1
        most = MAX_OPEN if need.count < 0 else MAX_WAITING
        if len(data) - done > most or need.count > most or attempts > MAX_ATTEMPTS:
            done = len(data)
        else:
            _wait(view, layer, inside, sender, data[done:], need.count, before if done == 0 else None)
            if not done:  # not shown where whole messages come before (Wireshark 4.4)
                _announce(view, layer)
    except DissectionError as error:
        view.damaged(error)
    finally:
        view.stream = outer
    inside.sent[sender] += done
    if before is not None and done:
        _add_reassembled(view, layer, before, data[:done])


def _wait(view: View, layer: Layer, inside: Inside, sender: int, rest: bytes, count: int,
          before: Waiting | None) -> None:  # fmt: skip
    waiting = Waiting(bytearray(rest), count if count < 0 else len(rest) + count, [view.number])
    if before is None:
        layer.add("tls.segment.data", rest)
    else:
        waiting.frames, waiting.attempts = before.frames, before.attempts + 1
    inside.waiting[sender] = waiting
    inside.until_fin[sender] = count == UNTIL_FIN


def _add_reassembled(view: View, layer: Layer, waiting: Waiting, message: bytes) -> None:
    layer.add("tls.segments", None)
    for frame in waiting.frames:
        layer.add("tls.segment", frame)
        if frame != view.number:
            view.session.foresee("tls.reassembled_in", frame, view.number)
    layer.add("tls.segment.count", len(waiting.frames))
    layer.add("tls.reassembled.length", len(message))
    layer.add("tls.reassembled.data", message)


def _call(view: View, region: Region, inside: Inside, name: str) -> None:
    """The protocol that claimed the inside, the one that is named, or one that the bytes name; else `data`."""
    conversation = inside.conversation
    protocols = view.session.catalogue.protocols
    named = protocols.get(PROTOCOLS.get(name, ""))
    found: Protocol | None = conversation.protocol or named
    if found is None and not name:
        found = recognised(view, region.rest())
        conversation.protocol = found
    if found is not None:
        if _call_on_its_port(view, found, region) is not False:
            return
    elif name:
        return  # Wireshark dissects it, dfilter does not
    view.call_data(region)


def _call_on_its_port(view: View, protocol: Protocol, region: Region) -> Any:
    """Dissect as `protocol`, which sees its own port without TLS where that tells it who is the server."""
    ports, known = view.ports, protocol.over.get("tcp.port", ())
    if known and not any(view.lookup("tcp.port", port) is protocol for port in ports) and view.stream is not None:
        view.ports = (ports[0], known[0]) if view.stream.from_client else (known[0], ports[1])
    try:
        return view.call(protocol, region)
    finally:
        view.ports = ports


def recognised(view: View, data: bytes) -> Protocol | None:
    """A protocol that tells by the first bytes."""
    protocols = view.session.catalogue.protocols
    if data.startswith(_PREFACE):
        return protocols.get("http2")
    return protocols.get("http") if data.startswith(_METHODS) else None
