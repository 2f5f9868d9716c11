"""Which DNS response answers which query, and which message repeats an earlier one.

In: each message in file order.  Out: the fields of TRANSACTION_FIELDS on its layer.
What always holds: at most MAX_QUERIES queries are remembered; beyond that the oldest is forgotten.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from dfilter.fields.types import FieldType as T
from dfilter.packets.declare import computed
from dfilter.packets.view import Layer, View
from dfilter.slotted import slotted

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


@slotted(eq=True)
class _Query:
    frame: int
    time: int
    answered_in: int | None = None


def link(layer: Layer, base: int) -> None:
    """Connect the message of `layer`, whose header starts `base` bytes into it, with earlier ones.

    A damaged message is remembered like any other, but shows nothing of this.
    """
    session, view = layer.view.session, layer.view
    if not session.needs.wants(*_NAMES):
        return
    region = layer.region
    response = region.u16(base + 2) & 0x8000 != 0
    layer.complete()
    undamaged = layer.state is None
    if view.quoted:
        facts = {"dns.unsolicited": True} if response else {"dns.response_missing": None}
    else:
        queries: OrderedDict[Any, _Query] = session.memory("dns", OrderedDict)
        ends = sorted(zip(view.addresses, view.ports, strict=True))
        key = (tuple(ends), region.u16(base), layer.protocol.name)
        facts = _response_facts(view, queries.get(key)) if response else _query_facts(view, queries, key)
    if undamaged:
        for name, value in facts.items():
            layer.add(name, value)


def _query_facts(view: View, queries: OrderedDict[Any, _Query], key: Any) -> dict[str, Any]:
    frame, time, session = view.frame.number, view.frame.time or 0, view.session
    query = queries.get(key)
    if query is not None and query.answered_in is None and time - query.time < RETRANSMISSION:
        return {"dns.retransmission": True, "dns.retransmit_request": None, "dns.retransmit_request_in": query.frame}
    queries[key] = _Query(frame, time)
    queries.move_to_end(key)
    if len(queries) > MAX_QUERIES:
        queries.popitem(last=False)
    answered = session.foresight_for("dns.response_in", frame)
    if answered:
        return {"dns.response_in": answered[0]}
    return {"dns.response_missing": None} if session.is_second_pass else {}


def _response_facts(view: View, query: _Query | None) -> dict[str, Any]:
    frame = view.frame.number
    if query is None:
        return {"dns.unsolicited": True}
    if query.answered_in is not None and query.answered_in != frame:
        return {"dns.retransmission": True, "dns.retransmit_response": None,
                "dns.retransmit_response_in": query.answered_in}  # fmt: skip
    query.answered_in = frame
    view.session.foresee("dns.response_in", query.frame, frame)
    return {"dns.response_to": query.frame, "dns.time": (view.frame.time or 0) - query.time}
