"""Requests and replies of ICMP and ICMPv6: which echo reply answers which request.

In: messages in file order.  Out: `PREFIX.resp_to`, `.resptime` on a reply; `.resp_in` or `.no_resp` on a request.
What always holds: memory is bounded; the oldest unanswered request is forgotten first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

from dfilter.packets.view import Layer, View

MAX_PENDING = 65536
"""Requests that wait for a reply; beyond that the oldest is forgotten."""


def _is_group(address: bytes) -> bool:
    """Broadcast and multicast: nobody in particular is asked, so no reply is missed."""
    if len(address) == 4:
        return address[0] >> 4 == 0xE or address == b"\xff" * 4
    return address[:1] == b"\xff"


class Echoes:
    """The requests of one protocol that were seen, by addresses and what identifies them."""

    def __init__(self) -> None:
        self._pending: OrderedDict[Hashable, tuple[int, int]] = OrderedDict()

    def pair(self, view: View, layer: Layer, prefix: str, key: Hashable, request: bool) -> None:
        """Note a request, or find the request that a reply answers; `key` is equal for both."""
        source, target = view.addresses
        number, time = view.frame.number, view.frame.time or 0
        if request:
            self._note((source, target, key), number, time)
            answers = view.session.foresight_for(f"{prefix}.resp_in", number)
            for answer in answers:
                layer.add(f"{prefix}.resp_in", answer, layer.start)
            if not answers and view.session.is_second_pass and not _is_group(target):
                layer.add(f"{prefix}.no_resp", None)
                layer.add(f"{prefix}.resp_not_found", None)
            return
        found = self._pending.pop((target, source, key), None)
        if found is None:
            return
        asked, asked_at = found
        layer.add(f"{prefix}.resp_to", asked, layer.start)
        layer.add(f"{prefix}.resptime", (time - asked_at) / 1e6, layer.start)
        view.session.foresee(f"{prefix}.resp_in", asked, number)

    def _note(self, key: Hashable, number: int, time: int) -> None:
        self._pending[key] = (number, time)
        if len(self._pending) > MAX_PENDING:
            self._pending.popitem(last=False)
