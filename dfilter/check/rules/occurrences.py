"""How often a field occurs in a frame: what several rules need to know.

In: a field name.  Out: whether it usually has several values, or never more than one per header.
"""

from __future__ import annotations

_BOTH_ENDS = frozenset({
    "eth.addr", "eth.addr_resolved", "eth.addr.oui", "ip.addr", "ip.host", "ipv6.addr", "ipv6.host", "tcp.port",
    "udp.port", "udplite.port", "sctp.port", "dccp.port", "wlan.addr", "wlan.addr_resolved", "ipx.addr", "ipx.net",
    "ipx.node", "ipx.socket", "arp.addr", "smb.addr", "fc.addr", "sll.addr", "wpan.addr16", "wpan.addr64",
})  # fmt: skip
"""Fields that carry the source and the destination of a header: always two values."""

_REPEATED = frozenset({
    "dns.a", "dns.aaaa", "dns.cname", "dns.ns", "dns.txt", "dns.resp.name", "dns.resp.type", "dns.resp.class",
    "dns.resp.ttl", "dns.resp.len", "tcp.option_kind", "tcp.option_len", "tcp.options", "ip.opt.type", "vlan.id",
    "vlan.priority", "dhcp.option.type", "dhcp.option.length", "tls.record.content_type", "tls.record.version",
    "tls.record.length", "tls.handshake.type", "tls.handshake.length", "tls.handshake.version",
    "tls.handshake.ciphersuite", "tls.handshake.extension.type", "tls.handshake.extensions_supported_group",
    "http.request.line", "http.response.line", "http2.type", "http2.streamid", "http2.flags", "http2.length",
    "x509sat.printableString", "x509sat.uTF8String", "x509ce.dNSName", "smb2.cmd", "smb2.nt_status", "smb2.msg_id",
    "snmp.name", "sip.Via", "icmpv6.opt.type", "data-text-lines", "json.key", "json.value.string", "wlan.tag.number",
})  # fmt: skip
"""Fields that one message repeats as a matter of course."""

_SINGLE_HEADERS = ("frame.", "eth.", "arp.", "ip.", "ipv6.", "tcp.", "udp.", "icmp.", "icmpv6.")
_SINGLE_FIELDS = frozenset({
    "http.request.method", "http.response.code", "http.host", "dns.id", "dns.flags.response", "dns.flags.rcode",
    "dns.flags.opcode", "dns.count.answers", "dhcp.type", "dhcp.id",
})  # fmt: skip
_REPEATED_PARTS = (".opt", "options", ".addr", ".host", ".port", "protocols", "coloring", "analysis", "segment",
                   "fragment", ".reassembled", "comment", "ext.", "interface")  # fmt: skip


def often_several(name: str) -> bool:
    """Does the field usually have more than one value in a frame?"""
    return name in _BOTH_ENDS or name in _REPEATED


def one_per_header(name: str) -> bool:
    """Has every header at most one value of the field? Only tunnels and quoted headers bring a second one."""
    if name in _SINGLE_FIELDS:
        return True
    if not name.startswith(_SINGLE_HEADERS) or often_several(name):
        return False
    return not any(part in name for part in _REPEATED_PARTS)
