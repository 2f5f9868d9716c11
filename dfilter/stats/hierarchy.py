"""Which protocols lie in which, and how much of each: the protocol hierarchy, as `tshark -z io,phs` counts it.

In: views that dissect everything.  Out: a tree.  What always holds: a frame counts once for each of its layers, with
its whole length; at most `MAX_NODES` places of the tree are kept, deeper or further ones count in what holds them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dfilter.packets.view import Layer, View
from dfilter.slotted import field, slotted

MAX_NODES: Final = 100_000
_SEGMENTS: Final = "tcp.segments"
_ANYWHERE: Final[frozenset[str]] = frozenset()
_INSIDE: Final[dict[str, frozenset[str]]] = {
    **dict.fromkeys(("frame", "_ws.expert", "gss-api", "spnego", "ntlmssp", "ipv6.hopopts", "ipv6.dstopts",
                     "ipv6.routing", "ipv6.fraghdr"), _ANYWHERE),
    "data": frozenset({"icmp", "icmpv6"}),
    "data-text-lines": frozenset({"imf", "mime_multipart", "smtp"}),
    "mime_multipart": frozenset({"imf"}),
    "media": frozenset({"imf", "mime_multipart"}),
}  # fmt: skip
"""Protocols that Wireshark's tree shows inside others: which others; empty for any."""

_QUOTED: Final = frozenset({"ip", "ipv6", "tcp", "udp", "icmp", "icmpv6", "sctp"})
"""Of a packet that an error message quotes, what the tree shows inside the message."""

_REMARKS: Final = {
    "ftp": ("ftp.current-working-directory",),
    "ftp-data": ("ftp-data.setup-frame", "ftp-data.setup-method", "ftp-data.command", "ftp-data.command-frame",
                 "ftp-data.current-working-directory"),
}  # fmt: skip
"""Fields that the tree shows beside their protocol, not inside, as if they were one."""


@slotted(eq=True)
class Node:
    """A protocol at one place of the tree; `inner` in order of appearance."""

    name: str
    frames: int = 0
    bytes: int = 0
    inner: dict[str, Node] = field(default_factory=dict)

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Node]]:
        """(depth, node) of all that lies in it."""
        for node in self.inner.values():
            yield depth, node
            yield from node.walk(depth + 1)


class Hierarchy:
    """The protocol hierarchy; `root` has no name and counts the frames."""

    def __init__(self) -> None:
        self.root = Node("")
        self._count = 0

    def add(self, view: View) -> None:
        view.complete()
        length = view.frame.wire_length
        node = self.root
        node.frames += 1
        node.bytes += length
        for name in names(view):
            below = node.inner.get(name)
            if below is None:
                if self._count >= MAX_NODES:
                    return
                self._count += 1
                below = node.inner[name] = Node(name)
            node = below
            node.frames += 1
            node.bytes += length

    def rows(self) -> list[tuple[int, Node]]:
        """(depth, node) of each protocol, from the top; what each holds comes right behind it."""
        return list(self.root.walk())


def names(view: View) -> Iterator[str]:
    """What the frame's tree shows below the frame itself, from the top."""
    waiting: Layer | None = None
    path: list[str] = []
    for layer in view.layers:
        name = layer.protocol.name
        if not layer.number or _is_inside(name, path) or (layer.quoted and name in _QUOTED):
            continue
        if waiting is not None and layer.buf is waiting.buf:
            yield _SEGMENTS  # it stands behind what was dissected from the segments put together
            waiting = None
        path.append(name)
        yield name
        yield from (field for field in _REMARKS.get(name, ()) if layer.items.get(field))
        if name == "tcp" and _SEGMENTS in layer.items:
            waiting = layer
    if waiting is not None:
        yield _SEGMENTS


def _is_inside(name: str, path: list[str]) -> bool:
    """Does the tree show it inside another protocol's part?"""
    holders = _INSIDE.get(name)
    return holders is not None and (not holders or not holders.isdisjoint(path))
