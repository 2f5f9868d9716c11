"""Which protocol the application data of a TLS connection holds, by the name that Wireshark shows for it.

In: what ALPN chose, and the ports.  Out: the name, empty where nothing tells.
Source: `tshark -G decodes` of Wireshark 4.4 (tables tls.alpn and tls.port), and protocols that hand over to TLS.
"""

from __future__ import annotations

from dfilter.packets.view import View

_HTTP, _DNS = "Hypertext Transfer Protocol", "Domain Name System"
_BY_ALPN = {
    b"h2": "HyperText Transfer Protocol 2", b"http/1.1": _HTTP, b"dot": _DNS,
    b"coap": "Constrained Application Protocol",
    b"stun.turn": "TURN Channel", b"stun.nat-discovery": "Session Traversal Utilities for NAT",
    b"sunrpc": "Remote Procedure Call",
}  # fmt: skip
_ALPN_PREFIXES = ((b"spdy/", "SPDY"), (b"h2-", "HyperText Transfer Protocol 2"))
_BY_PORT = {
    324: "RPKI-Router Protocol", 443: _HTTP, 465: "Simple Mail Transfer Protocol", 631: _HTTP,
    636: "Lightweight Directory Access Protocol", 802: "Modbus/TCP", 853: _DNS,
    993: "Internet Message Access Protocol", 995: "Post Office Protocol", 2221: "EtherNet/IP (Industrial Protocol)",
    3389: "TPKT - ISO on TCP - RFC1006", 3496: "DoIP (ISO13400) Protocol", 4420: "NVM Express Fabrics TCP",
    5061: "Session Initiation Protocol", 5671: "Advanced Message Queuing Protocol",
    5684: "Constrained Application Protocol", 5868: "Diameter Protocol", 6514: "Syslog Message",
    8883: "MQ Telemetry Transport Protocol", 10050: "Zabbix Protocol", 10051: "Zabbix Protocol",
    11207: "Couchbase Protocol", 19999: "Distributed Network Protocol 3.0", 27017: "Mongo Wire Protocol",
}  # fmt: skip
_HANDED_OVER = {
    21: "File Transfer Protocol (FTP)", 25: "Simple Mail Transfer Protocol", 110: "Post Office Protocol",
    143: "Internet Message Access Protocol", 389: "Lightweight Directory Access Protocol",
    587: "Simple Mail Transfer Protocol", 3306: "MySQL Protocol", 5222: "XMPP Protocol",
    5432: "PostgreSQL",
}  # fmt: skip
"""Ports whose protocols begin in the clear and hand over to TLS."""


def application_name(view: View, chosen: bytes | None) -> str:
    """The protocol inside, by the ALPN protocol `chosen`, by port, or by who handed the conversation over."""
    if chosen is not None:
        if chosen in _BY_ALPN:
            return _BY_ALPN[chosen]
        for prefix, name in _ALPN_PREFIXES:
            if chosen.startswith(prefix):
                return name
    for port in sorted(view.ports):
        if port in _BY_PORT:
            return _BY_PORT[port]
    for port in sorted(view.ports):
        if port in _HANDED_OVER:
            return _HANDED_OVER[port]
    return ""
