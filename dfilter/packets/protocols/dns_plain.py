"""Plain DNS messages: a standard query or its answer with at most one question, whose name is spelt out (RFC 1035
section 4.1)."""

from __future__ import annotations

from dfilter.packets.plain import Bytes, Plain

_HEADER = 12
_OPCODE = 0x78
_LONGEST_LABEL = 63

_NAMES = frozenset({"dns", "mdns", "llmnr"})
_QUESTION = frozenset({"dns.qry.name", "dns.qry.type", "dns.qry.name.len", "dns.count.queries"})
_FLAGS = frozenset({"dns.flags", "dns.flags.response", "dns.flags.opcode", "dns.flags.rcode"})


def datagram(buf: Bytes, start: int, end: int) -> int:
    """Where the question ends; its type and class are the last four bytes."""
    at = start + _HEADER
    if at > end or buf[start + 2] & _OPCODE != 0 or buf[start + 4] != 0 or buf[start + 5] > 1:
        return 0
    if buf[start + 5] == 1:
        while at < end and 0 < buf[at] <= _LONGEST_LABEL:
            at += 1 + buf[at]
        at += 5
        if at > end or buf[at - 5] != 0:
            return 0
    return at


PLAIN = Plain(
    _NAMES | _QUESTION | _FLAGS,
    datagram=datagram,
    is_lowered=True,
    key_at=2,  # everything but the transaction's number and how many records follow
    key_gap=(6, _HEADER),
    can_end=True,
    narrow=((_NAMES, 4, 6), (_NAMES | _QUESTION, 4, 0), (_NAMES | _FLAGS, 2, 6)),
)  # fmt: skip
