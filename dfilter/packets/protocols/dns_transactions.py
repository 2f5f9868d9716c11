"""Which DNS response answers which query, and which message repeats an earlier one.

In: each message in file order.  Out: the fields of TRANSACTION_FIELDS on its layer.
What always holds: at most MAX_QUERIES queries are remembered; beyond that the oldest is forgotten.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import computed
from dfilter.packets.view import Layer

MAX_QUERIES = 65536

RETRANSMISSION = 5 * 10**9
"""Nanoseconds within which the same query counts as sent again (Wireshark 4.4's preset)."""

TRANSACTION_FIELDS = (
    computed("dns.response_in", T.FRAMENUM, look_ahead=True),
    computed("dns.response_to", T.FRAMENUM, stateful=True),
    computed("dns.time", T.RELATIVE_TIME, stateful=True),
    computed("dns.retransmission", T.BOOLEAN, stateful=True),
    computed("dns.retransmit_request_in", T.FRAMENUM, stateful=True),
    computed("dns.retransmit_response_in", T.FRAMENUM, stateful=True),
    computed("dns.retransmit_request", T.NONE, stateful=True),
    computed("dns.retransmit_response", T.NONE, stateful=True),
    computed("dns.response_missing", T.NONE, look_ahead=True),
    computed("dns.unsolicited", T.BOOLEAN, stateful=True),
)
_NAMES = tuple(field.name for field in TRANSACTION_FIELDS)


@dataclass(slots=True)
class _Query:
    frame: int
    time: int
    answered_in: int | None = None


def link(layer: Layer, base: int) -> None:
    """Connect the message of `layer`, whose header starts `base` bytes into it, with earlier ones."""
    session, view = layer.view.session, layer.view
    if not session.needs.wants(*_NAMES):
        return
    region = layer.region
    if region.length < base + 4:
        return
    queries: OrderedDict[Any, _Query] = session.memory("dns", OrderedDict)
    ends = sorted(zip(view.addresses, view.ports, strict=True))
    key = (tuple(ends), region.u16(base), layer.protocol.name)
    query = queries.get(key)
    if region.u16(base + 2) & 0x8000:
        if query is not None:
            _link_response(layer, query)
        else:
            layer.add("dns.unsolicited", True)
        return
    frame, time = view.frame.number, view.frame.time or 0
    if query is not None and query.answered_in is None and time - query.time < RETRANSMISSION:
        layer.add("dns.retransmission", True)
        layer.add("dns.retransmit_request", None)
        layer.add("dns.retransmit_request_in", query.frame)
        return
    queries[key] = _Query(frame, time)
    queries.move_to_end(key)
    if len(queries) > MAX_QUERIES:
        queries.popitem(last=False)
    answered = session.foresight_for("dns.response_in", frame)
    for number in answered[:1]:
        layer.add("dns.response_in", number)
    if session.is_second_pass and not answered:
        layer.add("dns.response_missing", None)


def _link_response(layer: Layer, query: _Query) -> None:
    view = layer.view
    frame = view.frame.number
    if query.answered_in is not None and query.answered_in != frame:
        layer.add("dns.retransmission", True)
        layer.add("dns.retransmit_response", None)
        layer.add("dns.retransmit_response_in", query.answered_in)
        return
    query.answered_in = frame
    layer.add("dns.response_to", query.frame)
    layer.add("dns.time", (view.frame.time or 0) - query.time)
    view.session.foresee("dns.response_in", query.frame, frame)
