"""The media streams that a session description announces (RFC 3264, 4566).

In: addresses and ports of RTP and RTCP.  Out: which announcement a datagram belongs to.  What always holds: as in
Wireshark 4.4 one end at the announced address is enough; the number of announcements is bounded.
"""

from __future__ import annotations

from collections import OrderedDict

from dfilter.packets.view import View
from dfilter.slotted import frozen, slotted

MAX_ANNOUNCED = 65_536
"""Announced addresses that are remembered; beyond that the oldest is forgotten."""


@slotted
class Origin:
    """What carries the session description that is being dissected: the call, and the frame of its offer."""

    call_id: str | None = None
    frame: int = 0


@frozen
class Announcement:
    """One announced address: the frame that set it up, how, and for which call."""

    frame: int
    method: str
    call_id: str | None


class MediaSessions:
    """The announced addresses of one protocol."""

    def __init__(self) -> None:
        self._open: OrderedDict[tuple[bytes, int], Announcement] = OrderedDict()

    def announce(self, address: bytes, port: int, announcement: Announcement) -> None:
        if len(self._open) >= MAX_ANNOUNCED:
            self._open.popitem(last=False)
        self._open[(address, port)] = announcement

    def find(self, view: View) -> Announcement | None:
        """The announcement that this datagram belongs to, by either end."""
        if not self._open:
            return None
        (source, target), (source_port, target_port) = view.addresses, view.ports
        return self._open.get((target, target_port)) or self._open.get((source, source_port))


def rtp_sessions(view: View) -> MediaSessions:
    return view.session.memory("rtp", MediaSessions)


def rtcp_sessions(view: View) -> MediaSessions:
    return view.session.memory("rtcp", MediaSessions)
