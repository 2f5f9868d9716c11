"""What SMB 1 dissection remembers of a connection: which response answers which request.

In: headers in file order.  Out: the fields that link them.  What always holds: memory is bounded.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from dfilter.packets.region import Region
from dfilter.packets.view import Layer, View

MAX_PENDING = 4096
"""Requests of one connection that wait for a response; the oldest is forgotten first."""
_TITLES = {0x04: "Close", 0x25: "Trans", 0x2B: "Echo", 0x2D: "Open AndX", 0x2E: "Read AndX", 0x2F: "Write AndX",
           0x32: "Trans2", 0x71: "Tree Disconnect", 0x72: "Negotiate Protocol", 0x73: "Session Setup AndX",
           0x74: "Logoff AndX", 0x75: "Tree Connect AndX", 0xA0: "NT Trans", 0xA2: "NT Create AndX"}  # fmt: skip


@dataclass(slots=True)
class Header:
    """The facts of an SMB header (MS-CIFS section 2.2.3.1) and the request that a response answers."""

    region: Region
    command: int
    response: bool
    unicode: bool
    nt_status: bool
    status: int
    tid: int
    pid: int
    uid: int
    mid: int
    request: tuple[int, int] | None = None

    @property
    def title(self) -> str:
        return _TITLES.get(self.command, f"unknown-0x{self.command:02x}")


def note(view: View, header: Header) -> None:
    """Remember a request; find the request of a response, by multiplex and process id."""
    if view.stream is None:
        return
    pending: OrderedDict[tuple[int, int, int], tuple[int, int]]
    pending = view.stream.conversation.state.setdefault("smb", OrderedDict())
    key = (header.pid, header.mid, header.command)
    if not header.response:
        pending[key] = (view.frame.number, view.frame.time or 0)
        if len(pending) > MAX_PENDING:
            pending.popitem(last=False)
        return
    header.request = pending.get(key)
    if header.request is not None:
        view.session.foresee("smb.response_in", header.request[0], (key, view.frame.number))


def link(layer: Layer, header: Header) -> None:
    """`smb.response_in`, or `smb.response_to` and the time it took."""
    view = layer.view
    if not header.response:
        for key, frame in view.session.foresight_for("smb.response_in", view.frame.number):
            if key == (header.pid, header.mid, header.command):
                layer.add("smb.response_in", frame, layer.start)
                return
    elif header.request is not None:
        layer.add("smb.response_to", header.request[0], layer.start)
        layer.add("smb.time", (view.frame.time or 0) - header.request[1], layer.start)
