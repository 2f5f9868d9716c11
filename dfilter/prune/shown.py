"""What may be shown of a frame where most of a capture is left out.

In: the fields that will be asked of selected frames.  Out: whether their values depend on nothing but the frame's own
conversation and on when frames were captured; for a packet list, a session that notices where they do not.  What
always holds: what is shown is what dissecting every frame shows.

Dissectors keep what one conversation tells of another in the session's memory and nowhere else, under a name each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from dfilter.packets.dispatch import COLUMNS, catalogue
from dfilter.packets.session import Needs, Session
from dfilter.packets.shapes import HEADERS
from dfilter.packets.view import View

T = TypeVar("T")

TIMES = frozenset({"frame.time_relative", "frame.time_delta", "frame.time_delta_displayed"})
"""Fields that depend on when other frames were captured, and on nothing else of them."""

ANNOUNCERS = ("ftp",)
"""Protocols that tell of TCP conversations to come: behind their ports everything is dissected."""

_OWN = frozenset({
    "tcp", "tcp.wanted", "tls.wanted", "tls.bodies", "tls.secrets", "x509.wanted", "eth", "ip.stream", "ipv6.stream",
    "udp", "ip.fragments", "ipv6.fragments", "mime_multipart", "ftp", "dns",
})  # fmt: skip
"""Memories of one conversation at a time, of fragments, which are never left out, of `ANNOUNCERS`, and of numbers that
no packet list shows."""
_DATAGRAMS = _OWN | {"icmp", "icmpv6", "arp", "ntp", "dtls", "quic", "ssdp", "tftp", "cldap", "rdpudp", "rtp", "rtcp"}
"""Those that only frames outside of TCP fill. RTP is asked about every datagram; see `is_told`."""
_ANNOUNCED = frozenset({"udp", "data", "rtp", "rtcp"})


class DependsError(Exception):
    """A frame depends on others that may have been left out."""


class Careful(Session):
    """A session that notices whether dissecting a frame needs what frames left out may have told.

    Attributes:
        in_tcp: the next frame is one of a followed TCP conversation, not one of all the others together.
        depends: it was so of any frame so far.
    """

    in_tcp = True
    depends = False

    def memory(self, name: str, make: Callable[[], T]) -> T:
        if name not in (_OWN if self.in_tcp else _DATAGRAMS):
            self.depends = True
        return super().memory(name, make)


def is_told(view: View) -> bool:
    """Is it no datagram, or one of which it is told what is in it, and that is not media? Those are announced in frames
    that may be left out."""
    names = [layer.protocol.name for layer in view.layers]
    return "udp" not in names or names[-1] not in _ANNOUNCED


def can_show(fields: Iterable[str], shown: Needs) -> bool:
    """Can these fields, whose needs are `shown` or part of it, be shown at all? Of a packet list's columns it is found
    out as they are shown."""
    known = catalogue()
    names = frozenset(fields) - COLUMNS if shown.names is None else shown.names
    if shown.names is None and COLUMNS.isdisjoint(fields):
        return False
    carriers = {carrier for name in names for carrier in known.carriers[name]}
    remembered = {name for name in names if name in known.fields and known.fields[name].stateful}
    return (all(known.outlines[name].evidence.alone for name in carriers - HEADERS)
            and all(name in TIMES or known.owner[name] == "tcp" or known.owner[name] not in HEADERS
                    for name in remembered))  # fmt: skip
