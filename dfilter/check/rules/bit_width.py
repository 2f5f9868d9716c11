"""H102: a value that a bit field can never have.

`ip.version == 200` fits the type (eight bits), so Wireshark accepts it, but not the four bits of the field.
"""

from __future__ import annotations

from collections.abc import Iterator

from dfilter.check.diagnostics import Diagnostic, diagnostic
from dfilter.check.rules.context import Context
from dfilter.check.typed import Comparison, Constant, FieldRead, Relation, TypedOperand
from dfilter.fields.types import UNSIGNED

CODE = "H102"

LARGEST = {
    "ip.version": 15,
    "ip.hdr_len": 60,
    "ip.dsfield.dscp": 63,
    "ip.dsfield.ecn": 3,
    "ip.flags": 7,
    "ip.frag_offset": 65528,
    "ipv6.version": 15,
    "ipv6.tclass": 255,
    "ipv6.tclass.dscp": 63,
    "ipv6.tclass.ecn": 3,
    "ipv6.flow": 0xFFFFF,
    "tcp.hdr_len": 60,
    "tcp.flags": 0xFFF,
    "vlan.id": 4095,
    "vlan.priority": 7,
    "dns.flags.opcode": 15,
    "dns.flags.rcode": 15,
    "ntp.flags.vn": 7,
    "ntp.flags.mode": 7,
    "ntp.flags.li": 3,
    "rtp.version": 3,
    "rtp.p_type": 127,
    "mqtt.msgtype": 15,
}
"""The largest value of fields narrower than their type, as displayed (RFC 791, 793, 1035, 3550, 5905, 8200;
IEEE 802.1Q; MQTT 3.1.1, 2.2.1)."""

_NEVER = {
    Relation.EQ: lambda value, largest: value > largest,
    Relation.GE: lambda value, largest: value > largest,
    Relation.GT: lambda value, largest: value >= largest,
}
_MIRRORED = {Relation.LT: Relation.GT, Relation.LE: Relation.GE, Relation.EQ: Relation.EQ}


def check(context: Context) -> Iterator[Diagnostic]:
    """One hint for each comparison that is false whatever the packet."""
    for node in context.tests:
        if not isinstance(node, Comparison):
            continue
        found = _impossible(node.relation, node.left, node.right)
        if found is None and node.relation in _MIRRORED:
            found = _impossible(_MIRRORED[node.relation], node.right, node.left)
        if found is not None:
            yield found


def _impossible(relation: Relation, left: TypedOperand, right: TypedOperand) -> Diagnostic | None:
    if not isinstance(left, FieldRead) or left.raw or not isinstance(right, Constant):
        return None
    if relation is Relation.EQ and left.type in UNSIGNED and isinstance(right.value, int) and right.value < 0:
        return diagnostic(CODE, f"this can never be true: {left.name} has no sign", right.span)
    largest, value = LARGEST.get(left.name), right.value
    never = _NEVER.get(relation)
    if largest is None or never is None or not isinstance(value, int) or not never(value, largest):
        return None
    return diagnostic(CODE, f"this can never be true: {left.name} is at most {largest}", right.span)
