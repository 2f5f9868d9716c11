"""TCP segments where columns do not see them: in tunnels, fragments, ICMP errors, odd link layers.

In: frames that belong to no conversation of columns, in file order.  Out: their views, and the segments that each of
them has.  What always holds: these are the segments that a session would track.
"""

from __future__ import annotations

from dfilter.packets.region import Region
from dfilter.packets.session import FrameLike, Needs, Session
from dfilter.packets.view import View
from dfilter.prune.conversations import Segments
from dfilter.prune.segments import key_of
from dfilter.slotted import field, slotted


@slotted(eq=True)
class _Noting:
    """Stands in for the tracker of TCP conversations: notes segments and tracks nothing."""

    found: list[tuple[Segments, bool]] = field(default_factory=list)
    dissects: bool = False

    def track(self, view: View, region: Region, payload_length: int | None) -> None:
        self._note(view, region, quoted=False)

    def track_quoted(self, view: View, region: Region) -> None:
        self._note(view, region, quoted=True)

    def _note(self, view: View, region: Region, *, quoted: bool) -> None:
        buf, start = region.buf, region.start
        key, sender = key_of(view.addresses, view.ports)
        seq, ack = (int.from_bytes(buf[start + at : start + at + 4], "big") for at in (4, 8))
        self.found.append((Segments.single(key, sender, view.ports, seq, ack, buf[start + 13]), quoted))


class Probe:
    """Dissects frames, which it is given in file order, as far as TCP; `needs`: what else will be asked of them."""

    def __init__(self, needs: Needs) -> None:
        self._session = Session(needs)
        self._noting = self._session.memory("tcp", _Noting)

    def dissect(self, frame: FrameLike) -> tuple[View, list[tuple[Segments, bool]]]:
        """The view of a frame, and its segments, outermost first, each with whether an ICMP error quotes it."""
        self._noting.found = []
        return self._session.dissect(frame), self._noting.found
