"""Plain DNS messages: a header and at most one question, whose name is spelt out (RFC 1035 section 4.1)."""

from __future__ import annotations

from typing import Any

from dfilter.packets.declare import Plain

_HEADER = 12
_LONGEST_LABEL = 63


def step(buf: bytes | bytearray, start: int, end: int, memory: Any) -> tuple[int, Any, Any] | None:
    """A whole datagram; its key is its flags and its question."""
    at = start + _HEADER
    if at > end or buf[start + 4] or buf[start + 5] > 1:
        return None
    if buf[start + 5]:
        while at < end and 0 < buf[at] <= _LONGEST_LABEL:
            at += 1 + buf[at]
        at += 5
        if at > end or buf[at - 5]:
            return None
    return end - start, bytes(buf[start + 2 : start + 6]) + bytes(buf[start + _HEADER : at]), None


PLAIN = Plain(
    frozenset({"dns", "mdns", "llmnr", "dns.qry.name", "dns.qry.type", "dns.qry.name.len", "dns.count.queries",
               "dns.flags", "dns.flags.response", "dns.flags.opcode", "dns.flags.rcode"}),
    step,
)  # fmt: skip
